//! The fields that events must carry so that others can be computed of them, whatever sourcetypes they turn out to have.

use std::sync::Arc;

use hashbrown::HashMap;
use spl_functions::extraction::names::group_names;
use spl_knowledge::event_type::NamePart;
use spl_knowledge::props::ResolvedProps;
use spl_knowledge::{Knowledge, LookupTable};

use crate::cells::rules;
use crate::events::parsed_knowledge::{Inputs, ParsedKnowledge};
use crate::scan::default_fields::DEFAULT_FIELDS;
use spl_parser::Diagnostic;
use spl_parser::effects::RequiredFields;

/// Stands for any column of a table that an automatic lookup gives as a whole; no field has this name.
const ANY_COLUMN: &str = "";

/// What a name is made of.
#[derive(Clone, Copy, Debug)]
pub enum MadeOf<'a> {
    /// These fields.
    Fields(&'a [String]),
    /// An eval expression.
    Expression(&'a str),
}

/// Names that props define, each with what it is made of.
pub fn defined_names(
    props: &ResolvedProps,
    knowledge: &Knowledge,
    find_lookup: &dyn Fn(&str) -> Result<Arc<LookupTable>, Diagnostic>,
    visit: &mut dyn FnMut(&str, MadeOf<'_>),
) {
    for extraction in &props.extractions {
        let source = vec![extraction.source_field.clone().unwrap_or_else(|| "_raw".to_owned())];
        group_names(&extraction.regex).into_iter().for_each(|name| visit(name, MadeOf::Fields(&source)));
    }
    for transform in props.reports.iter().flat_map(|report| &report.transforms) {
        let Ok(transform) = knowledge.transform(transform) else { continue };
        let Some(rule) = rules::of_transform(transform) else { continue };
        let source = vec![rules::source_field(&transform.source_key).to_owned()];
        let groups = rule.regex().map(group_names).unwrap_or_default();
        rule.names(groups.into_iter()).iter().for_each(|name| visit(name, MadeOf::Fields(&source)));
    }
    for alias in &props.aliases {
        visit(&alias.to, MadeOf::Fields(std::slice::from_ref(&alias.from)));
    }
    for lookup in &props.lookups {
        let inputs: Vec<String> = lookup.inputs.iter().map(|input| input.event.clone()).collect();
        if lookup.outputs.is_empty() {
            let table = find_lookup(&lookup.table);
            for name in table.iter().flat_map(|table| &table.header) {
                if !lookup.inputs.iter().any(|input| input.lookup == *name) {
                    visit(name, MadeOf::Fields(&inputs));
                }
            }
        }
        lookup.outputs.iter().for_each(|output| visit(&output.event, MadeOf::Fields(&inputs)));
    }
    for field in &props.calculated {
        visit(&field.name, MadeOf::Expression(&field.expression));
    }
}

/// The fields that the data must carry so that these can be computed, for whatever sourcetypes it turns out to have.
pub fn carried_fields(knowledge: &Knowledge, parsed: &ParsedKnowledge, required: RequiredFields) -> RequiredFields {
    let RequiredFields::Only(mut names) = required else { return RequiredFields::All };
    if names.is_empty() {
        return RequiredFields::Only(names);
    }
    let edges = parsed.inputs(|| {
        let mut edges: HashMap<String, Inputs> = HashMap::new();
        let find_lookup = |name: &str| parsed.lookup_table(&knowledge.lookup(name)?);
        let all = knowledge.all_props();
        for props in all.iter().flat_map(|props| std::iter::once(props).chain(props.pack.as_deref())) {
            defined_names(props, knowledge, &find_lookup, &mut |name, made_of| {
                let inputs = edges.entry(name.to_owned()).or_default();
                match made_of {
                    MadeOf::Fields(fields) => inputs.fields.extend(fields.iter().cloned()),
                    MadeOf::Expression(expression) => inputs.expressions.push(expression.to_owned()),
                }
            });
            for lookup in props.lookups.iter().filter(|lookup| lookup.outputs.is_empty()) {
                let any = edges.entry(ANY_COLUMN.to_owned()).or_default();
                any.fields.extend(lookup.inputs.iter().map(|input| input.event.clone()));
            }
        }
        edges
    });
    let wants_knowledge = names.iter().any(|name| matches!(name.as_str(), "tag" | "eventtype") || name.starts_with("tag::"));
    if wants_knowledge {
        names.extend(["tag".to_owned(), "eventtype".to_owned()]);
        for rule in &knowledge.tags {
            names.insert(rule.field.clone());
        }
        for kind in knowledge.enabled_event_types() {
            names.extend(kind.name_parts().into_iter().filter_map(|part| match part {
                NamePart::Field(field) => Some(field.to_owned()),
                NamePart::Text(_) => None,
            }));
            // An event type that can't be read is left out of the search too.
            let Ok(search) = parsed.search(knowledge, &kind.search) else { continue };
            let mut inner = RequiredFields::none();
            spl_parser::effects::search_fields(&search, &mut inner);
            match inner {
                RequiredFields::Only(inner) => names.extend(inner),
                RequiredFields::All => return RequiredFields::All,
            }
        }
    }
    let default_fields: Vec<_> = DEFAULT_FIELDS.iter().filter(|field| field.is_asked(&names)).collect();
    names.extend(default_fields.iter().flat_map(|field| field.inputs).map(|input| (*input).to_owned()));
    // A search of the session may give such a table any column.
    names.extend(edges.get(ANY_COLUMN).into_iter().flat_map(|any| &any.fields).cloned());
    // Any name can be one that stands in the events.
    names.extend(crate::events::keyed_extraction::sources(knowledge));
    let patterns: Vec<String> = names.iter().filter(|name| name.contains('*')).cloned().collect();
    for pattern in patterns {
        names.extend(
            edges.keys().filter(|name| *name != ANY_COLUMN && crate::names::wildcards::wildcard_matches(&pattern, name)).cloned(),
        );
    }
    let mut open: Vec<String> = names.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let Some(inputs) = edges.get(&name) else { continue };
        let mut found = inputs.fields.clone();
        for expression in &inputs.expressions {
            let Ok(expression) = parsed.expression(expression) else { continue };
            let mut read = RequiredFields::none();
            spl_parser::effects::expression_fields(&expression, &mut read);
            // Fields that only a run tells can't be used in a definition: such an expression is left out.
            if let RequiredFields::Only(read) = read {
                found.extend(read);
            }
        }
        for input in found {
            if names.insert(input.clone()) {
                open.push(input);
            }
        }
    }
    RequiredFields::Only(names)
}
