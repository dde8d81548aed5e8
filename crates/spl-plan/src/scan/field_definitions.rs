//! Which events may have a value of a field that is no piece of their text.
//!
//! A value stands in the event's text wherever its field is taken from there: as the loader finds it, by an extraction, under an
//! alias, or as a piece of another field. Definitions that give a field other values are exceptions: what their stanzas are for
//! is named, so that those events are read in any case.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use spl_functions::extraction::names::group_names;
use spl_functions::extraction::rule::Reads;
use spl_knowledge::props::ResolvedProps;
use spl_knowledge::{CalculationKind, Knowledge, StanzaMatcher};
use spl_sources::RequiredTexts;

use crate::cells::rules;
use crate::events::keyed_extraction;
use crate::events::level::STORED_FIELDS;
use crate::events::parsed_knowledge::ParsedKnowledge;
use crate::models::dataset_name::DatasetName;
use crate::scan::default_fields::DEFAULT_FIELDS;
use crate::scan::{needed_texts, stanzas, text_pieces};

/// What stanzas of props.conf are for whose events may be found without a text.
#[derive(Default)]
pub struct Exceptions {
    matchers: Vec<StanzaMatcher>,
}

impl Exceptions {
    /// Adds others.
    pub fn extend(&mut self, others: Self) {
        self.matchers.extend(others.matchers);
    }

    /// Texts for a loader that reads the events of these exceptions in any case.
    pub fn texts(self, any: BTreeSet<String>) -> RequiredTexts {
        let (mut sourcetypes, mut by_origin, mut by_sourcetype) = (Vec::new(), false, false);
        for matcher in &self.matchers {
            match matcher {
                // Such a name stands in the event as it is.
                StanzaMatcher::Sourcetype(name) if name.is_literal() && needed_texts::is_plain(name.text()) => {
                    sourcetypes.push(name.text().to_owned());
                }
                StanzaMatcher::Sourcetype(_) | StanzaMatcher::Default => (by_origin, by_sourcetype) = (true, true),
                StanzaMatcher::Host(_) | StanzaMatcher::Source(_) => by_origin = true,
            }
        }
        let is_excepted = move |sourcetype: &str, source: &str, host: &str| {
            self.matchers.iter().any(|matcher| matcher.matches(sourcetype, source, host))
        };
        let texts = RequiredTexts::new(any, sourcetypes, Arc::new(is_excepted));
        if by_origin { texts.with_own_origin(by_sourcetype) } else { texts }
    }
}

/// The definitions of fields in props.conf and in data models.
pub struct FieldDefinitions<'k> {
    knowledge: &'k Knowledge,
    parsed: &'k ParsedKnowledge,
    /// What each stanza of props.conf says by itself, in their order.
    props: OnceCell<Vec<ResolvedProps>>,
}

impl<'k> FieldDefinitions<'k> {
    /// Those of these knowledge objects.
    pub fn new(knowledge: &'k Knowledge, parsed: &'k ParsedKnowledge) -> Self {
        Self { knowledge, parsed, props: OnceCell::new() }
    }

    /// The stanzas that may give a field such a value though it is no piece of the event's text; none where others than
    /// stanzas may.
    pub fn exceptions(&self, field: &str, wanted: &BTreeSet<String>, dataset: Option<&DatasetName<'_>>) -> Option<Exceptions> {
        let field = dataset.and_then(|dataset| dataset.unprefixed(field)).unwrap_or(field);
        if !stands_in_text(field) {
            return None;
        }
        let mut excepted = BTreeSet::new();
        let mut names = BTreeSet::from([field.to_owned()]);
        let mut open = vec![field.to_owned()];
        // Rules whose names of fields stand in the events may give any field.
        for source in keyed_extraction::sources(self.knowledge).into_keys().filter(|source| source != "_raw") {
            if !stands_in_text(&source) {
                return None;
            }
            if names.insert(source.clone()) {
                open.push(source);
            }
        }
        while let Some(name) = open.pop() {
            if let Some(dataset) = dataset {
                for input in self.calculated(dataset, &name, wanted)? {
                    if !stands_in_text(&input) {
                        return None;
                    }
                    if names.insert(input.clone()) {
                        open.push(input);
                    }
                }
            }
            for (place, props) in self.props.get_or_init(|| self.knowledge.all_props()).iter().enumerate() {
                for props in std::iter::once(props).chain(props.pack.as_deref()) {
                    match self.defined(props, &name, wanted) {
                        Some(inputs) if inputs.iter().all(|input| input == "_raw" || stands_in_text(input)) => {
                            for input in inputs.into_iter().filter(|input| input != "_raw") {
                                if names.insert(input.clone()) {
                                    open.push(input);
                                }
                            }
                        }
                        _ => drop(excepted.insert(place)),
                    }
                }
            }
        }
        stanzas::matchers(self.knowledge, &excepted).map(|matchers| Exceptions { matchers })
    }

    /// The fields that the calculations of a dataset make a field of; none where a value may be no piece of them.
    fn calculated(&self, dataset: &DatasetName<'_>, name: &str, wanted: &BTreeSet<String>) -> Option<Vec<String>> {
        let mut inputs = Vec::new();
        for calculation in dataset.model.all_calculations(dataset.dataset).ok()? {
            if !calculation.outputs.iter().any(|output| output.name == name) {
                continue;
            }
            match &calculation.kind {
                CalculationKind::Eval { expression } => inputs.extend(self.pieces(expression, wanted)?),
                CalculationKind::Rex { input, .. } => inputs.push(input.clone()),
                CalculationKind::Lookup { .. } | CalculationKind::GeoIp { .. } => return None,
            }
        }
        Some(inputs)
    }

    /// The fields that the values of an expression are pieces of; none where that can't be told, or where a text that stands in
    /// the expression has one of those that are looked for.
    fn pieces(&self, expression: &str, wanted: &BTreeSet<String>) -> Option<BTreeSet<String>> {
        let pieces = text_pieces::of(self.parsed.expression(expression).ok()?.as_ref())?;
        let has_wanted = |constant: &String| {
            let constant = constant.to_ascii_lowercase();
            wanted.iter().any(|text| constant.contains(text))
        };
        (!pieces.constants.iter().any(has_wanted)).then_some(pieces.fields)
    }

    /// The fields that definitions make a field of; none where a value may be no piece of them.
    fn defined(&self, props: &ResolvedProps, name: &str, wanted: &BTreeSet<String>) -> Option<Vec<String>> {
        let mut inputs = Vec::new();
        for extraction in &props.extractions {
            if extraction.regex.contains(name) && group_names(&extraction.regex).contains(&name) {
                inputs.extend(extraction.source_field.clone());
            }
        }
        for transform in props.reports.iter().flat_map(|report| &report.transforms) {
            let Ok(transform) = self.knowledge.transform(transform) else { continue };
            let Some(rule) = rules::of_transform(transform) else { continue };
            // A name that stands in the text may be this one.
            if let Reads::Format { pairs, .. } = &rule.reads
                && pairs.iter().any(|(given, value)| given.constant().is_none_or(|given| given == name) && !value.is_one_group())
            {
                return None;
            }
            let groups = rule.regex().map(group_names).unwrap_or_default();
            if !rule.names(groups.into_iter()).iter().any(|given| given == name) {
                continue;
            }
            inputs.push(rules::source_field(&transform.source_key).to_owned());
        }
        for alias in props.aliases.iter().filter(|alias| alias.to == name) {
            inputs.push(alias.from.clone());
        }
        for lookup in &props.lookups {
            let gives = if lookup.outputs.is_empty() {
                let table = self.knowledge.lookup(&lookup.table).and_then(|definition| self.parsed.lookup_table(&definition));
                table.map_or(true, |table| table.header.iter().any(|column| column == name))
            } else {
                lookup.outputs.iter().any(|output| output.event == name)
            };
            if gives {
                return None;
            }
        }
        for field in props.calculated.iter().filter(|field| field.name == name) {
            inputs.extend(self.pieces(&field.expression, wanted)?);
        }
        Some(inputs)
    }
}

/// Whether a field is one of the event's text, unless a definition says otherwise: not where it comes from, not what is known
/// of it, not what is counted in it.
fn stands_in_text(name: &str) -> bool {
    let is_known = STORED_FIELDS.contains(&name) || DEFAULT_FIELDS.iter().any(|field| field.name == name);
    let is_of_knowledge =
        ["tag", "eventtype", "savedsearch", "savedsplunk", "nodename"].iter().any(|known| name.ends_with(known));
    !(is_known || is_of_knowledge || name.contains("::") || name.starts_with('_') || name.starts_with("splunk_"))
}
