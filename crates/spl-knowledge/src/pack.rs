//! What splq brings, as files in Splunk's own formats under `pack/`.

use spl_macros::{Conf, MacroTable, Origin};
use spl_parser::diagnostic::Diagnostic;

use crate::data_model::DataModel;
use crate::knowledge::Knowledge;

const EVENT_TYPES: &str = include_str!("../pack/default/eventtypes.conf");
const TAGS: &str = include_str!("../pack/default/tags.conf");
const PROPS: &str = include_str!("../pack/default/props.conf");
const TRANSFORMS: &str = include_str!("../pack/default/transforms.conf");

/// File name and text of every data model.
const MODELS: &[(&str, &str)] = &[
    ("Alerts.json", include_str!("../pack/data/models/Alerts.json")),
    ("Authentication.json", include_str!("../pack/data/models/Authentication.json")),
    ("Change.json", include_str!("../pack/data/models/Change.json")),
    ("Email.json", include_str!("../pack/data/models/Email.json")),
    ("Endpoint.json", include_str!("../pack/data/models/Endpoint.json")),
    ("Network_Resolution.json", include_str!("../pack/data/models/Network_Resolution.json")),
    ("Network_Traffic.json", include_str!("../pack/data/models/Network_Traffic.json")),
    ("Risk.json", include_str!("../pack/data/models/Risk.json")),
    ("Web.json", include_str!("../pack/data/models/Web.json")),
];

/// The pack as knowledge. Its files are part of the program; the tests below keep them free of problems.
pub(crate) fn load() -> Knowledge {
    load_checked().0
}

fn load_checked() -> (Knowledge, Vec<Diagnostic>) {
    let mut knowledge = Knowledge { macros: MacroTable::built_in(), ..Knowledge::default() };
    let mut problems = Vec::new();
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
