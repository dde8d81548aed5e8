//! Texts of which an event must have one, so that a search can find it: known before any event is read.

use std::collections::BTreeSet;

use spl_knowledge::Knowledge;
use spl_parser::effects::{over_rows, pipeline_effects, reads_events, walk};
use spl_parser::spec::{CommandKind, Makes, ReadsEvents, Rows, Subsearches};
use spl_parser::syntax::{
    Argument, BinaryOperator, CommandCall, Expression, ExpressionKind, Pipeline, SearchExpression, SearchKind, SearchOperator,
    SearchValue,
};
use spl_sources::RequiredTexts;

use crate::events::parsed_knowledge::ParsedKnowledge;
use crate::models::dataset_name::DatasetName;
use crate::scan::field_definitions::{Exceptions, FieldDefinitions};
use crate::scan::{needed_texts, text_pieces};

/// More texts are not looked for.
const MOST: usize = 24;

/// The texts of which an event must have one so that one of the searches can find it; none where one may find any event.
pub fn required_texts<'p>(
    searches: impl IntoIterator<Item = &'p Pipeline>,
    knowledge: &Knowledge,
    parsed: &ParsedKnowledge,
) -> Option<RequiredTexts> {
    let analysis = Analysis { knowledge, definitions: FieldDefinitions::new(knowledge, parsed) };
    let mut found = Needed::default();
    for search in searches {
        let effects = pipeline_effects(search);
        if effects.reads_events == ReadsEvents::No && !effects.is_open {
            continue;
        }
        if effects.is_open {
            return None;
        }
        analysis.pipeline(search, &mut found)?;
        if found.any.len() > MOST {
            return None;
        }
    }
    (!found.any.is_empty()).then(|| found.exceptions.texts(found.any))
}

/// What a condition needs: one of some texts, but for the events of exceptions.
#[derive(Default)]
struct Needed {
    /// The texts, in lower case. The event may have them in any case.
    any: BTreeSet<String>,
    exceptions: Exceptions,
}

impl Needed {
    fn extend(&mut self, other: Self) {
        self.any.extend(other.any);
        self.exceptions.extend(other.exceptions);
    }
}

struct Analysis<'k> {
    knowledge: &'k Knowledge,
    definitions: FieldDefinitions<'k>,
}

impl Analysis<'_> {
    /// Adds what the commands need that read events; none where one of them may find any event.
    fn pipeline(&self, pipeline: &Pipeline, found: &mut Needed) -> Option<()> {
        for (place, call) in pipeline.commands.iter().enumerate() {
            if call.parts().is_some() {
                return None;
            }
            match call.spec.effects.subsearches {
                Subsearches::PerRow => return None,
                Subsearches::OverRows => {
                    if over_rows(call)?.iter().any(|inner| pipeline_effects(inner).reads_events != ReadsEvents::No) {
                        return None;
                    }
                }
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
            found.extend(needed);
        }
        Some(())
    }

    /// What a command needs that reads events.
    fn command(&self, call: &CommandCall) -> Option<Needed> {
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
    fn filter(&self, call: &CommandCall) -> Option<Needed> {
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
    fn expression(&self, condition: &Expression) -> Option<Needed> {
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
    fn value(&self, expression: &Expression, wanted: String) -> Option<Needed> {
        let pieces = text_pieces::of(expression)?;
        if pieces.constants.iter().any(|constant| constant.to_ascii_lowercase().contains(&wanted)) {
            return None;
        }
        let any = BTreeSet::from([wanted]);
        let mut exceptions = Exceptions::default();
        for field in &pieces.fields {
            exceptions.extend(self.definitions.exceptions(field, &any, None)?);
        }
        Some(Needed { any, exceptions })
    }

    /// What it needs that a text stands in the value of a field.
    fn field(&self, field: &str, wanted: String) -> Option<Needed> {
        let any = BTreeSet::from([wanted]);
        let exceptions = if field == "_raw" { Exceptions::default() } else { self.definitions.exceptions(field, &any, None)? };
        Some(Needed { any, exceptions })
    }

    fn condition(&self, condition: &SearchExpression, dataset: Option<&DatasetName<'_>>) -> Option<Needed> {
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
    fn values(&self, field: &str, values: &[SearchValue], dataset: Option<&DatasetName<'_>>) -> Option<Needed> {
        let any: BTreeSet<String> = values.iter().map(|value| needed_texts::of_pattern(&value.pattern)).collect::<Option<_>>()?;
        let exceptions = self.definitions.exceptions(field, &any, dataset)?;
        (!any.is_empty()).then_some(Needed { any, exceptions })
    }
}

/// Of things that are all needed, the one that says most: that whose shortest text is longest.
fn best(needed: impl Iterator<Item = Needed>) -> Option<Needed> {
    needed.max_by_key(|needed| needed.any.iter().map(String::len).min())
}

/// What it needs that one of these is true.
fn either(parts: impl Iterator<Item = Option<Needed>>) -> Option<Needed> {
    let mut all = Needed::default();
    for part in parts {
        let needed = part?;
        all.extend(needed);
    }
    (!all.any.is_empty()).then_some(all)
}

/// Whether a command looks at each row by itself, and keeps it as it is or drops it.
fn is_filter(call: &CommandCall) -> bool {
    let effects = &call.spec.effects;
    call.spec.kind == CommandKind::DistributableStreaming && matches!((&effects.rows, &effects.makes), (Rows::Some, Makes::Keeps))
}
