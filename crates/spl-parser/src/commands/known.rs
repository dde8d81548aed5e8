//! Commands that are known by name only: used, they are an error that says whether they will come.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

const fn planned(name: &'static str, aliases: &'static [&'static str], summary: &'static str) -> CommandSpec {
    unread(name, aliases, summary, Status::Planned)
}

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
        status,
    }
}

/// The commands, by name.
pub const KNOWN: &[CommandSpec] = &[
    refused("apply", &[], "scores rows with a saved model", "it belongs to the Machine Learning Toolkit app"),
    refused("awssnsalert", &[], "sends an SNS message", "it belongs to the AWS add-on"),
    refused("collapse", &[], "condenses a multi-file result into few files", "it is internal to a Splunk server"),
    refused(
        "collect",
        &["stash"],
        "writes rows into a summary index",
        "it writes to an index of a Splunk server; outputlookup keeps rows for later searches",
    ),
    refused("cyberchef", &[], "runs a CyberChef recipe", "it belongs to the CyberChef app"),
    refused("dbinspect", &[], "bucket-level facts of an index", "it inspects the buckets of a Splunk server"),
    refused("dbxquery", &[], "runs SQL (listed in the Search Reference table of contents)", "it belongs to the DB Connect app"),
    refused("delete", &[], "marks events as deleted (needs can_delete)", "it deletes events of a Splunk server"),
    refused("dump", &[], "exports results to files", "it exports from a Splunk server"),
    refused("entitymerge", &[], "merges asset/identity rows", "it belongs to the Enterprise Security app"),
    planned("findkeywords", &[], "keywords typical for groups of events"),
    planned("geom", &[], "adds polygon geometry for choropleth maps"),
    planned("geomfilter", &[], "clips geometry to a bounding box"),
    refused("history", &[], "returns the search history", "it reads the search history of a Splunk server"),
    refused("ingestpreview", &[], "previews ingest rules", "it needs a Splunk server"),
    refused("inputintelligence", &[], "reads threat intelligence", "it belongs to the Enterprise Security app"),
    planned("localize", &[], "time ranges in which results occur"),
    planned("makejson", &[], "builds a JSON object from fields"),
    refused("mcatalog", &[], "lists metric names and dimensions", "it lists the metrics of a Splunk server"),
    refused("mcollect", &[], "converts rows to metric points (search head)", "it writes to a metrics index of a Splunk server"),
    planned("metasearch", &[], "event metadata only, from indexed terms"),
    refused("meventcollect", &[], "converts rows to metric points (indexers)", "it writes to a metrics index of a Splunk server"),
    refused("mpreview", &["msearch"], "raw metric points preview", "it reads the metrics of a Splunk server"),
    planned("noop", &[], "no operation; carries search optimization switches"),
    planned("outputtext", &[], "copies _raw into _xml for output"),
    refused("overlap", &[], "finds overlaps or gaps in a summary index", "it inspects the summary indexes of a Splunk server"),
    planned("pivot", &[], "runs a pivot report over a data model dataset"),
    refused("prjob", &[], "parallel reduce of an SPL search", "it is internal to a Splunk server"),
    planned("redistribute", &[], "spreads reduce work over indexers"),
    refused("rest", &[], "reads a REST endpoint", "it asks a Splunk server"),
    refused("rtorder", &[], "re-orders real-time events by time", "there are no real-time searches"),
    refused("runshellscript", &[], "runs a scripted alert", "it runs scripts of a Splunk server"),
    refused("script", &["run"], "runs an external script", "it runs scripts of a Splunk server"),
    planned("searchtxn", &[], "finds transactions by type"),
    refused("sendalert", &[], "runs a custom alert action", "it runs alert actions of a Splunk server"),
    refused("sendemail", &[], "mails the results", "it sends mail from a Splunk server"),
    planned("sichart", &[], "chart, in summary-index form"),
    planned("sirare", &[], "rare, in summary-index form"),
    planned("sistats", &[], "stats, in summary-index form"),
    planned("sitimechart", &[], "timechart, in summary-index form"),
    planned("sitop", &[], "top, in summary-index form"),
    refused("snowincident", &[], "creates an incident", "it belongs to the ServiceNow add-on"),
    refused("summary", &[], "inspects a saved model", "it belongs to the Machine Learning Toolkit app"),
    refused("tscollect", &[], "writes rows to tsidx files", "it writes index files of a Splunk server"),
    refused("typeahead", &[], "suggestions for a prefix", "it reads the index files of a Splunk server"),
    refused("walklex", &[], "terms or indexed fields per bucket", "it reads the index files of a Splunk server"),
];
