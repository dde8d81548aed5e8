//! The fields that events must carry so that others can be computed of them, whatever sourcetypes they turn out to have.

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;
use spl_functions::extraction::names::group_names;
use spl_knowledge::event_type::NamePart;
use spl_knowledge::props::ResolvedProps;
use spl_knowledge::{Knowledge, LookupTable};

use crate::cells::rules;
use crate::events::origin_condition::OriginCondition;
use crate::events::parsed_knowledge::{Inputs, ParsedKnowledge};
use crate::scan::default_fields::DEFAULT_FIELDS;
use crate::scan::event_type_texts::origin_condition;
use crate::scan::stanzas;
use spl_parser::Diagnostic;
use spl_parser::effects::RequiredFields;
use spl_sources::KeptTexts;

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

/// The fields that events must carry.
#[derive(Debug)]
pub struct CarriedFields {
    /// Them all.
    pub fields: RequiredFields,
    /// Which events must carry `_raw`; none where all events must.
    pub of_text: Option<TextReaders>,
}

/// What reads the text of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextReaders {
    /// The places of stanzas of props.conf: each reads the texts of its events.
    pub stanzas: BTreeSet<usize>,
    /// Event types read the texts of events that come from where their searches say.
    pub event_types: bool,
}

impl TextReaders {
    fn is_empty(&self) -> bool {
        self.stanzas.is_empty() && !self.event_types
    }
}

impl CarriedFields {
    /// No fields.
    pub fn none() -> Self {
        Self::of_all(RequiredFields::none())
    }

    /// Adds those of another search.
    pub fn add(&mut self, other: Self) {
        let has_all = |carried: &Self| match &carried.fields {
            RequiredFields::All => true,
            RequiredFields::Only(names) => names.contains("_raw") && carried.of_text.is_none(),
        };
        self.of_text = match (has_all(self) || has_all(&other), self.of_text.take(), other.of_text) {
            (true, ..) | (_, None, None) => None,
            (_, Some(mut readers), Some(others)) => {
                readers.stanzas.extend(others.stanzas);
                readers.event_types |= others.event_types;
                Some(readers)
            }
            (_, Some(readers), None) | (_, None, Some(readers)) => Some(readers),
        };
        match (&mut self.fields, other.fields) {
            (RequiredFields::Only(names), RequiredFields::Only(others)) => names.extend(others),
            (fields, _) => *fields = RequiredFields::All,
        }
    }

    fn of_all(fields: RequiredFields) -> Self {
        Self { fields, of_text: None }
    }

    /// Which events keep their texts, for a loader; none where all do.
    pub fn kept_texts(&self, knowledge: &Arc<Knowledge>, parsed: &ParsedKnowledge) -> Option<KeptTexts> {
        let readers = self.of_text.as_ref()?;
        let matchers = stanzas::matchers(knowledge, &readers.stanzas)?;
        let event_types =
            if readers.event_types { parsed.event_type_texts(|| event_type_texts(knowledge, parsed)) } else { Arc::default() };
        let knowledge = knowledge.clone();
        let keeps = move |sourcetype: &str, source: &str, host: &str| {
            let name = knowledge.search_time_sourcetype(sourcetype);
            matchers.iter().any(|matcher| matcher.matches(sourcetype, source, host))
                || event_types.iter().any(|condition| condition.can_hold(name, source, host))
        };
        Some(KeptTexts::new(Arc::new(keeps)))
    }
}

/// What each field that props.conf defines is made of.
fn definitions<'p>(knowledge: &Knowledge, parsed: &'p ParsedKnowledge) -> &'p HashMap<String, Inputs> {
    parsed.inputs(|| {
        let mut edges: HashMap<String, Inputs> = HashMap::new();
        let find_lookup = |name: &str| parsed.lookup_table(&knowledge.lookup(name)?);
        let all = knowledge.all_props();
        let with_pack = all
            .iter()
            .enumerate()
            .flat_map(|(place, props)| std::iter::once(props).chain(props.pack.as_deref()).map(move |props| (place, props)));
        for (place, props) in with_pack {
            defined_names(props, knowledge, &find_lookup, &mut |name, made_of| {
                let inputs = edges.entry(name.to_owned()).or_default();
                match made_of {
                    MadeOf::Fields(fields) => {
                        let (texts, fields): (Vec<&String>, Vec<&String>) = fields.iter().partition(|field| *field == "_raw");
                        inputs.of_text.extend(texts.first().map(|_| place));
                        inputs.fields.extend(fields.into_iter().cloned());
                    }
                    MadeOf::Expression(expression) => inputs.expressions.push((place, expression.to_owned())),
                }
            });
            for lookup in props.lookups.iter().filter(|lookup| lookup.outputs.is_empty()) {
                let any = edges.entry(ANY_COLUMN.to_owned()).or_default();
                any.fields.extend(lookup.inputs.iter().map(|input| input.event.clone()));
            }
        }
        edges
    })
}

/// The conditions of the event types that read texts, over what events come from.
fn event_type_texts(knowledge: &Knowledge, parsed: &ParsedKnowledge) -> Vec<OriginCondition> {
    let defined = definitions(knowledge, parsed);
    let is_defined = |name: &str| defined.contains_key(name);
    let mut conditions = Vec::new();
    for event_type in knowledge.enabled_event_types() {
        let Ok(search) = parsed.search(knowledge, &event_type.search) else { continue };
        let mut read = RequiredFields::none();
        spl_parser::effects::search_fields(&search, &mut read);
        if matches!(read, RequiredFields::Only(names) if names.contains("_raw")) {
            conditions.push(origin_condition(&search, knowledge, parsed, &is_defined));
        }
    }
    conditions
}

/// The fields that the data must carry so that these can be computed, for whatever sourcetypes it turns out to have.
pub fn carried_fields(knowledge: &Knowledge, parsed: &ParsedKnowledge, required: RequiredFields) -> CarriedFields {
    let RequiredFields::Only(mut names) = required else { return CarriedFields::of_all(RequiredFields::All) };
    if names.is_empty() {
        return CarriedFields::of_all(RequiredFields::Only(names));
    }
    let edges = definitions(knowledge, parsed);
    let mut of_text = TextReaders::default();
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
                RequiredFields::Only(mut inner) => {
                    of_text.event_types |= inner.remove("_raw");
                    names.extend(inner);
                }
                RequiredFields::All => return CarriedFields::of_all(RequiredFields::All),
            }
        }
    }
    let default_fields: Vec<_> = DEFAULT_FIELDS.iter().filter(|field| field.is_asked(&names)).collect();
    names.extend(default_fields.iter().flat_map(|field| field.inputs).map(|input| (*input).to_owned()));
    // A search of the session may give such a table any column.
    names.extend(edges.get(ANY_COLUMN).into_iter().flat_map(|any| &any.fields).cloned());
    // Any name can be one that stands in the events.
    let mut keyed = crate::events::keyed_extraction::sources(knowledge);
    of_text.stanzas.extend(keyed.remove("_raw").unwrap_or_default());
    names.extend(keyed.into_keys());
    let patterns: Vec<String> = names.iter().filter(|name| name.contains('*')).cloned().collect();
    for pattern in patterns {
        names.extend(
            edges.keys().filter(|name| *name != ANY_COLUMN && crate::names::wildcards::wildcard_matches(&pattern, name)).cloned(),
        );
    }
    let all_texts = names.contains("_raw");
    let mut open: Vec<String> = names.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let Some(inputs) = edges.get(&name) else { continue };
        of_text.stanzas.extend(&inputs.of_text);
        let mut found = inputs.fields.clone();
        for (place, expression) in &inputs.expressions {
            let Ok(expression) = parsed.expression(expression) else { continue };
            let mut read = RequiredFields::none();
            spl_parser::effects::expression_fields(&expression, &mut read);
            // Fields that only a run tells can't be used in a definition: such an expression is left out.
            if let RequiredFields::Only(mut read) = read {
                if read.remove("_raw") {
                    of_text.stanzas.insert(*place);
                }
                found.extend(read);
            }
        }
        for input in found {
            if names.insert(input.clone()) {
                open.push(input);
            }
        }
    }
    if all_texts || of_text.is_empty() {
        return CarriedFields::of_all(RequiredFields::Only(names));
    }
    names.insert("_raw".to_owned());
    CarriedFields { fields: RequiredFields::Only(names), of_text: Some(of_text) }
}
