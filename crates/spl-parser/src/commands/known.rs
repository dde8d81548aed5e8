//! Commands that are known by name only: used, they are an error that says whether they will come.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Status, Writes};

const fn refused(
    name: &'static str,
    aliases: &'static [&'static str],
    summary: &'static str,
    reason: &'static str,
) -> CommandSpec {
    unread(name, aliases, summary, Status::Refused(reason))
}

const fn unread(name: &'static str, aliases: &'static [&'static str], summary: &'static str, status: Status) -> CommandSpec {
    CommandSpec {
        name,
        aliases,
        kind: CommandKind::DatasetProcessing,
        summary,
        syntax: "",
        options: &[],
        arguments: ArgumentShape::Unread,
        effects: Effects::UNKNOWN,
        status,
    }
}

/// The same for a command that changes something outside of the search.
const fn refused_writer(name: &'static str, summary: &'static str, reason: &'static str, writes: Writes) -> CommandSpec {
    let mut spec = refused(name, &[], summary, reason);
    spec.effects = Effects::UNKNOWN.writing(writes);
    spec
}

/// The commands, by name.
pub const KNOWN: &[CommandSpec] = &[
    refused("apply", &[], "scores rows with a saved model", "it belongs to the Machine Learning Toolkit app"),
    refused_writer("awssnsalert", "sends an SNS message", "it belongs to the AWS add-on", Writes::Sends),
    refused("collapse", &[], "condenses a multi-file result into few files", "it is internal to a Splunk server"),
    refused("cyberchef", &[], "runs a CyberChef recipe", "it belongs to the CyberChef app"),
    refused("dbinspect", &[], "bucket-level facts of an index", "it inspects the buckets of a Splunk server"),
    refused("dbxquery", &[], "runs SQL (listed in the Search Reference table of contents)", "it belongs to the DB Connect app"),
    refused_writer(
        "delete",
        "marks events as deleted (needs can_delete)",
        "it deletes events of a Splunk server",
        Writes::Deletes,
    ),
    refused_writer("dump", "exports results to files", "it exports from a Splunk server", Writes::File),
    refused("entitymerge", &[], "merges asset/identity rows", "it belongs to the Enterprise Security app"),
    refused("deletemodel", &[], "removes a saved model", "it belongs to the Machine Learning Toolkit app"),
    refused("fit", &[], "fits a model to rows", "it belongs to the Machine Learning Toolkit app"),
    refused("listmodels", &[], "lists saved models", "it belongs to the Machine Learning Toolkit app"),
    refused("sample", &[], "a random sample of rows", "it belongs to the Machine Learning Toolkit app"),
    refused("score", &[], "scores predictions", "it belongs to the Machine Learning Toolkit app"),
    refused("findkeywords", &[], "keywords typical for groups of events", "it is internal to a Splunk server"),
    refused(
        "geom",
        &[],
        "adds polygon geometry for choropleth maps",
        "it needs the polygons of a geospatial lookup (KMZ), which is not read",
    ),
    refused(
        "geomfilter",
        &[],
        "clips geometry to a bounding box",
        "it needs the polygons that `geom` adds from a geospatial lookup (KMZ), which is not read",
    ),
    refused("history", &[], "returns the search history", "it reads the search history of a Splunk server"),
    refused("ingestpreview", &[], "previews ingest rules", "it needs a Splunk server"),
    refused("inputintelligence", &[], "reads threat intelligence", "it belongs to the Enterprise Security app"),
    refused_writer(
        "mcollect",
        "converts rows to metric points (search head)",
        "it writes to a metrics index of a Splunk server",
        Writes::Events,
    ),
    refused_writer(
        "meventcollect",
        "converts rows to metric points (indexers)",
        "it writes to a metrics index of a Splunk server",
        Writes::Events,
    ),
    refused(
        "multireport",
        &[],
        "puts the results of several pipelines over the same rows together",
        "Splunk does not document it; `appendpipe` adds what one pipeline makes of the rows to them",
    ),
    refused("prjob", &[], "parallel reduce of an SPL search", "it is internal to a Splunk server"),
    refused("rest", &[], "reads a REST endpoint", "it asks a Splunk server"),
    refused("rtorder", &[], "re-orders real-time events by time", "there are no real-time searches"),
    refused_writer("runshellscript", "runs a scripted alert", "it runs scripts of a Splunk server", Writes::Sends),
    CommandSpec {
        effects: Effects::UNKNOWN.writing(Writes::Sends),
        ..refused("script", &["run"], "runs an external script", "it runs scripts of a Splunk server")
    },
    refused_writer("sendalert", "runs a custom alert action", "it runs alert actions of a Splunk server", Writes::Sends),
    refused_writer("sendemail", "mails the results", "it sends mail from a Splunk server", Writes::Sends),
    refused_writer("snowincident", "creates an incident", "it belongs to the ServiceNow add-on", Writes::Sends),
    refused("summary", &[], "inspects a saved model", "it belongs to the Machine Learning Toolkit app"),
    refused_writer("tscollect", "writes rows to tsidx files", "it writes index files of a Splunk server", Writes::Events),
    refused("typeahead", &[], "suggestions for a prefix", "it reads the index files of a Splunk server"),
    refused("walklex", &[], "terms or indexed fields per bucket", "it reads the index files of a Splunk server"),
];
