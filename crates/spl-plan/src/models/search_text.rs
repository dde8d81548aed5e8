//! The search that a dataset of a data model stands for, as text.

use serde::{Deserialize, Serialize};
use spl_knowledge::{CalculationKind, DataModel, Dataset};
use spl_parser::Diagnostic;

use crate::names::quoting::escaped;

/// The search that gives the rows of a dataset, as text.
pub fn search_string(model: &DataModel, dataset: &Dataset, naming: Naming) -> Result<String, Diagnostic> {
    let quoted = |text: &str| format!("\"{}\"", escaped(text));
    let bracketed = |constraint: &str| format!("({constraint})");
    let mut chain = model.constraint_chain(&dataset.name)?;
    let mut text = match base_search(model, &dataset.name) {
        Some(base) => {
            chain.retain(|constraint| *constraint != base);
            let narrowed: String = chain.into_iter().map(|constraint| format!(" | search {}", bracketed(constraint))).collect();
            format!("{}{narrowed}", base.trim())
        }
        None if chain.is_empty() => "search *".to_owned(),
        None => format!("search {}", chain.into_iter().map(bracketed).collect::<Vec<_>>().join(" ")),
    };
    for calculation in model.all_calculations(&dataset.name)? {
        let outputs = || calculation.outputs.iter().map(|output| output.name.as_str());
        match &calculation.kind {
            CalculationKind::Eval { expression } => {
                outputs().for_each(|output| text.push_str(&format!(" | eval {}={expression}", quoted(output))));
            }
            CalculationKind::Rex { input, expression } => {
                text.push_str(&format!(" | rex field={} {}", quoted(input), quoted(expression)));
            }
            CalculationKind::Lookup { lookup, inputs, outputs } => {
                let pairs = |pairs: &[(String, String)]| {
                    pairs
                        .iter()
                        .map(|(table, event)| format!("{} AS {}", quoted(table), quoted(event)))
                        .collect::<Vec<_>>()
                        .join(" ")
                };
                text.push_str(&format!(" | lookup {} {} OUTPUT {}", quoted(lookup), pairs(inputs), pairs(outputs)));
            }
            CalculationKind::GeoIp { input } => text.push_str(&format!(" | iplocation {}", quoted(input))),
        }
    }
    if naming == Naming::Prefixed {
        let mut renames = Vec::new();
        for field in model.all_fields(&dataset.name)? {
            if !["_time", "host", "source", "sourcetype"].contains(&field.name.as_str()) {
                let owner = field.owner.rsplit('.').next().unwrap_or(&field.owner);
                renames.push(format!("{} AS {}", quoted(&field.name), quoted(&format!("{owner}.{}", field.name))));
            }
        }
        if !renames.is_empty() {
            text.push_str(&format!(" | rename {}", renames.join(" ")));
        }
    }
    Ok(text)
}

/// How the fields of a dataset are named in its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Naming {
    /// `user`.
    Plain,
    /// `Processes.user`, with the name of the dataset that defines the field.
    Prefixed,
}

/// The search with commands that a dataset or one of its ancestors starts from: of search and transaction datasets.
pub fn base_search<'k>(model: &'k DataModel, dataset: &str) -> Option<&'k str> {
    let lineage = model.lineage(dataset);
    lineage.into_iter().filter_map(|name| model.datasets.get(name)?.base_search.as_deref()).find(|search| search.contains('|'))
}
