//! What splq brings, as files in Splunk's own formats under `pack/`.

use std::sync::Arc;

use spl_macros::{Conf, MacroTable, Origin};
use spl_parser::diagnostic::Diagnostic;

use crate::data_model::DataModel;
use crate::knowledge::Knowledge;
use crate::lookup::LookupTable;

/// The .conf files of one source, as text.
struct Source {
    name: &'static str,
    event_types: &'static str,
    tags: &'static str,
    props: &'static str,
    transforms: &'static str,
}

/// The files, which `build.rs` lists.
mod files {
    use super::Source;
    include!(concat!(env!("OUT_DIR"), "/pack.rs"));
}
use files::{LOOKUPS, MODELS, SOURCES};

/// What Splunk's own installation defines and apps refer to.
const SYSTEM_TRANSFORMS: &str = include_str!("../pack/system/transforms.conf");
const MACROS: &str = include_str!("../pack/default/macros.conf");
/// Lookups that belong to no source.
const TRANSFORMS: &str = include_str!("../pack/default/transforms.conf");

/// The pack as knowledge. Its files are part of the program; the tests below keep them free of problems.
pub(crate) fn load() -> Knowledge {
    load_checked(SOURCES).0
}

/// The data models, macros and lookups of the pack, without fields, event types and tags of any source.
pub(crate) fn load_without_sources() -> Knowledge {
    load_checked(&[]).0
}

fn load_checked(sources: &[Source]) -> (Knowledge, Vec<Diagnostic>) {
    let mut knowledge = Knowledge::default();
    knowledge.layers.base_macros = MacroTable::built_in();
    let mut problems = Vec::new();
    match Conf::parse_built_in(MACROS).map(|macros| knowledge.layers.base_macros.add_conf(&macros)) {
        Ok(Ok(())) => {}
        Ok(Err(wrong)) | Err(wrong) => problems.extend(wrong),
    }
    for (name, text) in LOOKUPS {
        match LookupTable::parse(text.as_bytes()) {
            Ok(table) => drop(knowledge.layers.tables.insert((*name).to_owned(), Arc::new(table))),
            Err(wrong) => problems.push(Diagnostic::general("lookup/file", format!("{name}: {wrong}"))),
        }
    }
    let layers = &mut knowledge.layers.base;
    let mut add = |name: &str, text: &str, conf: &mut Conf| match Conf::parse_built_in(text) {
        Ok(read) => conf.layer(read),
        Err(wrong) => {
            problems.extend(wrong.into_iter().map(|problem| Diagnostic::general(problem.code, format!("{name}: {problem}"))))
        }
    };
    add("system", SYSTEM_TRANSFORMS, &mut layers.transforms);
    add("default", TRANSFORMS, &mut layers.transforms);
    for source in sources {
        add(source.name, source.event_types, &mut layers.event_types);
        add(source.name, source.tags, &mut layers.tags);
        add(source.name, source.props, &mut layers.props);
        add(source.name, source.transforms, &mut layers.transforms);
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
    problems.extend(knowledge.rebuild_macros());
    problems.extend(knowledge.rebuild());
    (knowledge, problems)
}

#[cfg(test)]
mod tests;
