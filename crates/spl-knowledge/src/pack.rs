//! What splq brings, as files in Splunk's own formats under `pack/`.

use spl_macros::{Conf, MacroTable, Origin};
use spl_parser::diagnostic::Diagnostic;

use crate::data_model::DataModel;
use crate::knowledge::Knowledge;
use crate::lookup::LookupTable;

const EVENT_TYPES: &str = include_str!("../pack/default/eventtypes.conf");
const TAGS: &str = include_str!("../pack/default/tags.conf");
const PROPS: &str = include_str!("../pack/default/props.conf");
const TRANSFORMS: &str = include_str!("../pack/default/transforms.conf");
const MACROS: &str = include_str!("../pack/default/macros.conf");

/// File name and text of every data model.
const MODELS: &[(&str, &str)] = &[
    ("Alerts.json", include_str!("../pack/data/models/Alerts.json")),
    ("Application_State.json", include_str!("../pack/data/models/Application_State.json")),
    ("Authentication.json", include_str!("../pack/data/models/Authentication.json")),
    ("Certificates.json", include_str!("../pack/data/models/Certificates.json")),
    ("Change.json", include_str!("../pack/data/models/Change.json")),
    ("Change_Analysis.json", include_str!("../pack/data/models/Change_Analysis.json")),
    ("Compute_Inventory.json", include_str!("../pack/data/models/Compute_Inventory.json")),
    ("DLP.json", include_str!("../pack/data/models/DLP.json")),
    ("Data_Access.json", include_str!("../pack/data/models/Data_Access.json")),
    ("Databases.json", include_str!("../pack/data/models/Databases.json")),
    ("Email.json", include_str!("../pack/data/models/Email.json")),
    ("Endpoint.json", include_str!("../pack/data/models/Endpoint.json")),
    ("Event_Signatures.json", include_str!("../pack/data/models/Event_Signatures.json")),
    ("Identity_Management.json", include_str!("../pack/data/models/Identity_Management.json")),
    ("Interprocess_Messaging.json", include_str!("../pack/data/models/Interprocess_Messaging.json")),
    ("Intrusion_Detection.json", include_str!("../pack/data/models/Intrusion_Detection.json")),
    ("JVM.json", include_str!("../pack/data/models/JVM.json")),
    ("Malware.json", include_str!("../pack/data/models/Malware.json")),
    ("Network_Resolution.json", include_str!("../pack/data/models/Network_Resolution.json")),
    ("Network_Sessions.json", include_str!("../pack/data/models/Network_Sessions.json")),
    ("Network_Traffic.json", include_str!("../pack/data/models/Network_Traffic.json")),
    ("Performance.json", include_str!("../pack/data/models/Performance.json")),
    ("Risk.json", include_str!("../pack/data/models/Risk.json")),
    ("Splunk_Audit.json", include_str!("../pack/data/models/Splunk_Audit.json")),
    ("Ticket_Management.json", include_str!("../pack/data/models/Ticket_Management.json")),
    ("UEBA.json", include_str!("../pack/data/models/UEBA.json")),
    ("Updates.json", include_str!("../pack/data/models/Updates.json")),
    ("Vulnerabilities.json", include_str!("../pack/data/models/Vulnerabilities.json")),
    ("Web.json", include_str!("../pack/data/models/Web.json")),
];

/// File name and text of every lookup table.
const LOOKUPS: &[(&str, &str)] = &[
    ("http_status.csv", include_str!("../pack/lookups/http_status.csv")),
    ("sysmon_events.csv", include_str!("../pack/lookups/sysmon_events.csv")),
    ("windows_channel_events.csv", include_str!("../pack/lookups/windows_channel_events.csv")),
    ("windows_integrity_levels.csv", include_str!("../pack/lookups/windows_integrity_levels.csv")),
    ("windows_security_events.csv", include_str!("../pack/lookups/windows_security_events.csv")),
];

/// The pack as knowledge. Its files are part of the program; the tests below keep them free of problems.
pub(crate) fn load() -> Knowledge {
    load_checked().0
}

fn load_checked() -> (Knowledge, Vec<Diagnostic>) {
    let mut knowledge = Knowledge { macros: MacroTable::built_in(), ..Knowledge::default() };
    let mut problems = Vec::new();
    match Conf::parse_built_in(MACROS).map(|macros| knowledge.macros.add_conf(&macros)) {
        Ok(Ok(())) => {}
        Ok(Err(wrong)) | Err(wrong) => problems.extend(wrong),
    }
    for (name, text) in LOOKUPS {
        match LookupTable::parse(text.as_bytes()) {
            Ok(table) => drop(knowledge.layers.tables.insert((*name).to_owned(), table)),
            Err(wrong) => problems.push(Diagnostic::general("lookup/file", format!("{name}: {wrong}"))),
        }
    }
    let layers = &mut knowledge.layers;
    for (text, conf) in [
        (EVENT_TYPES, &mut layers.event_types),
        (TAGS, &mut layers.tags),
        (PROPS, &mut layers.props),
        (TRANSFORMS, &mut layers.transforms),
    ] {
        match Conf::parse_built_in(text) {
            Ok(read) => conf.layer(read),
            Err(wrong) => problems.extend(wrong),
        }
    }
    for (name, json) in MODELS {
        match DataModel::parse_from(json, Origin::BuiltIn) {
            Ok(model) => {
                knowledge.data_models.insert(model.name.clone(), model);
            }
            Err(wrong) => {
                problems.extend(wrong.into_iter().map(|problem| Diagnostic::general(problem.code, format!("{name}: {problem}"))))
            }
        }
    }
    problems.extend(knowledge.rebuild());
    (knowledge, problems)
}

#[cfg(test)]
mod tests;
