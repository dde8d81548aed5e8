//! Texts of which an event must have one, so that a search can find it: known before any event is read.
//!
//! A value that a search looks for stands in the event's text wherever its field is taken from there: as the loader finds it,
//! by an extraction, under an alias, or as a piece of another field. Definitions that give a field other values than pieces of
//! the text are exceptions: they are named, so that the events that they are for are read in any case.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use spl_functions::extraction::names::group_names;
use spl_functions::extraction::rule::Reads;
use spl_knowledge::props::{PropsStanza, ResolvedProps};
use spl_knowledge::{CalculationKind, Knowledge, StanzaMatcher};
use spl_parser::effects::{pipeline_effects, reads_events, walk};
use spl_parser::spec::{CommandKind, Makes, ReadsEvents, Rows, Subsearches};
use spl_parser::syntax::{
    Argument, BinaryOperator, CommandCall, Expression, ExpressionKind, Pipeline, SearchExpression, SearchKind, SearchOperator,
    SearchValue,
};

use crate::cells::rules;
use crate::events::level::STORED_FIELDS;
use crate::events::parsed_knowledge::ParsedKnowledge;
use crate::models::dataset_name::DatasetName;
use crate::scan::default_fields::DEFAULT_FIELDS;
use crate::scan::{needed_texts, text_pieces};

/// Texts of which an event must have one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequiredTexts {
    /// The texts, in lower case. The event may have them in any case.
    pub any: BTreeSet<String>,
    /// What stanzas of props.conf are for whose events may be found without.
    pub exceptions: Vec<StanzaMatcher>,
}

/// More texts are not looked for.
const MOST: usize = 24;

/// The texts of which an event must have one so that a search can find it; none where the search may find any event.
pub fn required_texts(pipeline: &Pipeline, knowledge: &Knowledge, parsed: &ParsedKnowledge) -> Option<RequiredTexts> {
    if pipeline_effects(pipeline).is_open {
        return None;
    }
    let analysis = Analysis { knowledge, parsed, props: OnceCell::new() };
    let mut found = RequiredTexts::default();
    analysis.pipeline(pipeline, &mut found)?;
    (!found.any.is_empty() && found.any.len() <= MOST).then_some(found)
}

/// Both, for two searches over the same events.
#[must_use]
pub fn union(mut left: RequiredTexts, right: RequiredTexts) -> Option<RequiredTexts> {
    left.any.extend(right.any);
    left.exceptions.extend(right.exceptions);
    (left.any.len() <= MOST).then_some(left)
}

struct Analysis<'k> {
    knowledge: &'k Knowledge,
    parsed: &'k ParsedKnowledge,
    /// What each stanza of props.conf says by itself, in their order.
    props: OnceCell<Vec<ResolvedProps>>,
}

/// What a condition needs.
type Needed = Option<RequiredTexts>;

impl<'k> Analysis<'k> {
    /// Adds what the commands need that read events; none where one of them may find any event.
    fn pipeline(&self, pipeline: &Pipeline, found: &mut RequiredTexts) -> Option<()> {
        for (place, call) in pipeline.commands.iter().enumerate() {
            if call.parts().is_some() {
                return None;
            }
            match call.spec.effects.subsearches {
                Subsearches::PerRow | Subsearches::OverRows => return None,
                Subsearches::AsText | Subsearches::AsRows(_) => {
                    let mut all = Some(());
                    walk::subsearches(call, &mut |inner| {
                        all = all.and_then(|()| self.pipeline(&inner.pipeline, found));
                    });
                    all?;
                }
            }
            if reads_events(call, place == 0) == ReadsEvents::No {
                continue;
            }
            // Filters behind a search see the events as it does.
            let filters = pipeline.commands.get(place + 1..).unwrap_or_default().iter().take_while(|call| is_filter(call));
            let filters = filters.filter(|_| place == 0).filter_map(|filter| self.filter(filter));
            let needed = best(self.command(call).into_iter().chain(filters))?;
            found.any.extend(needed.any);
            found.exceptions.extend(needed.exceptions);
        }
        Some(())
    }

    /// What a command needs that reads events.
    fn command(&self, call: &CommandCall) -> Needed {
        if call.spec.name == "tstats" {
            let Some(Argument::Search(condition)) = call.clause("where").and_then(|clause| clause.arguments.first()) else {
                return None;
            };
            let dataset = match call.clause("from").and_then(|clause| clause.arguments.first()) {
                Some(Argument::Pair { value, .. }) => Some(DatasetName::find(self.knowledge, &value.value, value.span).ok()?),
                Some(_) => return None,
                None => None,
            };
            return self.condition(condition, dataset.as_ref());
        }
        self.filter(call)
    }

    /// What a command needs that looks at each event by itself.
    fn filter(&self, call: &CommandCall) -> Needed {
        match call.arguments.as_slice() {
            [Argument::Search(condition), ..] => self.condition(condition, None),
            [Argument::Expression(condition)] => self.expression(condition),
            [Argument::Field(field), Argument::Text { text: operator, .. }, Argument::Text { text: regex, .. }]
                if call.spec.name == "regex" && operator.value == "=" =>
            {
                self.field(&field.name, needed_texts::of_regex(&regex.value)?)
            }
            _ => None,
        }
    }

    /// What an eval expression needs to be true.
    fn expression(&self, condition: &Expression) -> Needed {
        let text = |expression: &'_ Expression| match &expression.kind {
            ExpressionKind::Text(text) => Some(text.clone()),
            _ => None,
        };
        match &condition.kind {
            ExpressionKind::Binary { operator, left, right } => match operator.value {
                BinaryOperator::And => best([self.expression(left), self.expression(right)].into_iter().flatten()),
                BinaryOperator::Or => either([self.expression(left), self.expression(right)].into_iter()),
                BinaryOperator::Like => self.value(left, needed_texts::of_like(&text(right)?)?),
                BinaryOperator::Equal => match (text(left), text(right)) {
                    (None, Some(wanted)) => self.value(left, needed_texts::of_text(&wanted)?),
                    (Some(wanted), None) => self.value(right, needed_texts::of_text(&wanted)?),
                    _ => None,
                },
                _ => None,
            },
            ExpressionKind::In { operand, list } => {
                either(list.iter().map(|item| self.value(operand, needed_texts::of_text(&text(item)?)?)))
            }
            ExpressionKind::Call { name, arguments } => match (name.value.to_ascii_lowercase().as_str(), arguments.as_slice()) {
                ("like", [value, pattern]) => self.value(value, needed_texts::of_like(&text(pattern)?)?),
                ("match", [value, regex]) => self.value(value, needed_texts::of_regex(&text(regex)?)?),
                _ => None,
            },
            _ => None,
        }
    }

    /// What it needs that a text stands in the value of an expression.
    fn value(&self, expression: &Expression, wanted: String) -> Needed {
        let pieces = text_pieces::of(expression)?;
        if pieces.constants.iter().any(|constant| constant.to_ascii_lowercase().contains(&wanted)) {
            return None;
        }
        let mut exceptions = Vec::new();
        for field in &pieces.fields {
            exceptions.extend(self.exceptions(field, &BTreeSet::from([wanted.clone()]), None)?);
        }
        Some(RequiredTexts { any: BTreeSet::from([wanted]), exceptions })
    }

    /// What it needs that a text stands in the value of a field.
    fn field(&self, field: &str, wanted: String) -> Needed {
        let any = BTreeSet::from([wanted]);
        let exceptions = if field == "_raw" { Vec::new() } else { self.exceptions(field, &any, None)? };
        Some(RequiredTexts { any, exceptions })
    }

    fn condition(&self, condition: &SearchExpression, dataset: Option<&DatasetName<'_>>) -> Needed {
        match &condition.kind {
            SearchKind::And(parts) => best(parts.iter().filter_map(|part| self.condition(part, dataset))),
            SearchKind::Or(parts) => either(parts.iter().map(|part| self.condition(part, dataset))),
            SearchKind::Comparison { field, operator, value } if operator.value == SearchOperator::Equal => {
                self.values(&field.name, std::slice::from_ref(value), dataset)
            }
            SearchKind::In { field, values } => self.values(&field.name, values, dataset),
            SearchKind::Term(value) => match value.indexed_field() {
                Some((field, pattern)) => self.field(field, needed_texts::of_pattern(&pattern)?),
                None => self.field("_raw", needed_texts::of_pattern(&value.pattern)?),
            },
            _ => None,
        }
    }

    /// What a field needs that must have one of these values.
    fn values(&self, field: &str, values: &[SearchValue], dataset: Option<&DatasetName<'_>>) -> Needed {
        let any: BTreeSet<String> = values.iter().map(|value| needed_texts::of_pattern(&value.pattern)).collect::<Option<_>>()?;
        let exceptions = self.exceptions(field, &any, dataset)?;
        (!any.is_empty()).then_some(RequiredTexts { any, exceptions })
    }

    fn props(&self) -> &[ResolvedProps] {
        self.props.get_or_init(|| self.knowledge.all_props())
    }

    /// The stanzas that may give a field such a value though it is no piece of the event's text; none where others than
    /// stanzas may.
    fn exceptions(
        &self,
        field: &str,
        wanted: &BTreeSet<String>,
        dataset: Option<&DatasetName<'_>>,
    ) -> Option<Vec<StanzaMatcher>> {
        let field = dataset.and_then(|dataset| dataset.unprefixed(field)).unwrap_or(field);
        if !stands_in_text(field) {
            return None;
        }
        let mut excepted = vec![false; self.knowledge.props.len()];
        let mut names = BTreeSet::from([field.to_owned()]);
        let mut open = vec![field.to_owned()];
        // Rules whose names of fields stand in the events may give any field.
        for source in crate::events::keyed_extraction::sources(self.knowledge).into_iter().filter(|source| source != "_raw") {
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
            for (place, props) in self.props().iter().enumerate() {
                for props in std::iter::once(props).chain(props.pack.as_deref()) {
                    match self.defined(props, &name, wanted) {
                        Some(inputs) if inputs.iter().all(|input| input == "_raw" || stands_in_text(input)) => {
                            for input in inputs.into_iter().filter(|input| input != "_raw") {
                                if names.insert(input.clone()) {
                                    open.push(input);
                                }
                            }
                        }
                        _ => excepted[place] = true,
                    }
                }
            }
        }
        self.matchers(&excepted)
    }

    /// What these stanzas are for, sourcetypes that are called so at search time among them.
    fn matchers(&self, excepted: &[bool]) -> Option<Vec<StanzaMatcher>> {
        let stanzas: Vec<&PropsStanza> =
            self.knowledge.props.iter().zip(excepted).filter(|(_, excepted)| **excepted).map(|(stanza, _)| stanza).collect();
        let mut matchers: Vec<StanzaMatcher> = Vec::with_capacity(stanzas.len());
        for stanza in stanzas {
            if stanza.matcher == StanzaMatcher::Default {
                return None;
            }
            matchers.push(stanza.matcher.clone());
            for other in &self.knowledge.props {
                let renamed = other.settings.get("rename").map(|setting| setting.value.as_str());
                if renamed.is_some_and(|name| stanza.matcher.matches(name, "", "")) {
                    matchers.push(other.matcher.clone());
                }
            }
        }
        Some(matchers)
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
            let groups = rule.regex().map(group_names).unwrap_or_default();
            if !rule.names(groups.into_iter()).iter().any(|given| given == name) {
                continue;
            }
            if let Reads::Format { pairs, .. } = &rule.reads
                && pairs.iter().any(|(given, value)| given.constant() == Some(name) && !value.is_one_group())
            {
                return None;
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

/// Of things that are all needed, the one that says most: that whose shortest text is longest.
fn best(needed: impl Iterator<Item = RequiredTexts>) -> Needed {
    needed.max_by_key(|needed| needed.any.iter().map(String::len).min())
}

/// What it needs that one of these is true.
fn either(parts: impl Iterator<Item = Needed>) -> Needed {
    let mut all = RequiredTexts::default();
    for part in parts {
        let needed = part?;
        all.any.extend(needed.any);
        all.exceptions.extend(needed.exceptions);
    }
    (!all.any.is_empty()).then_some(all)
}

/// Whether a command looks at each row by itself, and keeps it as it is or drops it.
fn is_filter(call: &CommandCall) -> bool {
    let effects = &call.spec.effects;
    call.spec.kind == CommandKind::DistributableStreaming && matches!((&effects.rows, &effects.makes), (Rows::Some, Makes::Keeps))
}

/// Whether a field is one of the event's text, unless a definition says otherwise: not where it comes from, not what is known
/// of it, not what is counted in it.
fn stands_in_text(name: &str) -> bool {
    let is_known = STORED_FIELDS.contains(&name) || DEFAULT_FIELDS.iter().any(|field| field.name == name);
    let is_of_knowledge =
        ["tag", "eventtype", "savedsearch", "savedsplunk", "nodename"].iter().any(|known| name.ends_with(known));
    !(is_known || is_of_knowledge || name.contains("::") || name.starts_with('_') || name.starts_with("splunk_"))
}
