//! The search that reads the events: its time range, and each of its conditions alone.

use std::sync::Arc;

use spl_parser::spec::Source;
use spl_parser::syntax::{Argument, CommandCall, FieldName, SearchExpression, SearchKind, SearchOperator, SearchValue};

use super::probes::{field_named, first_numbers, has_field, parsed, search_for};
use super::{EmptyReason, MOST, Rows};
use crate::engine::{Engine, Failure, Search};

/// Conditions that are looked at one by one.
const LOOKED_AT: usize = 12;

impl Engine {
    /// Reasons in the first command, when it searches events: what each of its conditions finds without the others.
    pub(super) async fn reasons_of_conditions(&self, search: &Search, reasons: &mut Vec<EmptyReason>) -> Result<(), Failure> {
        let reads_events = |call: &&CommandCall| matches!(call.spec.effects.source, Source::EventsWhenFirst);
        let Some(first) = search.pipeline.commands.first().filter(reads_events) else { return Ok(()) };
        let [Argument::Search(whole)] = first.arguments.as_slice() else { return Ok(()) };
        let parts = match &whole.kind {
            SearchKind::And(parts) => parts.clone(),
            _ => vec![whole.clone()],
        };
        let (times, conditions): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|part| matches!(part.kind, SearchKind::TimeModifier { .. }));
        let events = self.count_behind(search, search_for(times.clone())).await?;
        if events == 0 {
            reasons.extend(self.outside_times(search).await?);
            return Ok(());
        }
        for condition in conditions.iter().take(LOOKED_AT) {
            if reasons.len() >= MOST {
                break;
            }
            let mut narrowed = times.clone();
            narrowed.push(condition.clone());
            if self.count_behind(search, search_for(narrowed)).await? == 0 {
                self.reasons_of_condition(search, &times, condition, events, reasons).await?;
            }
        }
        Ok(())
    }

    /// The times of the events beside the time range that none of them lies in.
    async fn outside_times(&self, search: &Search) -> Result<Option<EmptyReason>, Failure> {
        let range = self.time_range_of(search);
        let any_time = at_any_time(search);
        let mut commands = search_for(Vec::new());
        commands.extend(parsed("| stats min(_time) AS first max(_time) AS last"));
        let results = self.ask(&any_time, commands).await?;
        Ok(first_numbers(&results, ["first", "last"]).map(|(first, last)| EmptyReason::OutsideTimes {
            earliest: range.earliest,
            latest: range.latest,
            first,
            last,
        }))
    }

    /// Why no event meets a condition.
    async fn reasons_of_condition(
        &self,
        search: &Search,
        times: &[SearchExpression],
        condition: &SearchExpression,
        events: u64,
        reasons: &mut Vec<EmptyReason>,
    ) -> Result<(), Failure> {
        let mut leaves = Vec::new();
        positive_leaves(condition, &mut leaves);
        let mut explained = false;
        for leaf in leaves {
            if reasons.len() >= MOST {
                return Ok(());
            }
            if let Some(reason) = self.reason_of_leaf(search, times, leaf).await? {
                explained = true;
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
        if !explained {
            let text = written(search, condition);
            reasons.push(EmptyReason::Removed { text, rows: Rows::Events, before: events, values: Vec::new() });
        }
        Ok(())
    }

    async fn reason_of_leaf(
        &self,
        search: &Search,
        times: &[SearchExpression],
        leaf: &SearchExpression,
    ) -> Result<Option<EmptyReason>, Failure> {
        let condition = written(search, leaf);
        let with = |part: SearchExpression| {
            let mut parts = times.to_vec();
            parts.push(part);
            search_for(parts)
        };
        let (field, wanted, of_numbers): (FieldName, Option<&SearchValue>, bool) = match &leaf.kind {
            SearchKind::Comparison { field, operator, value } => {
                let of_numbers = !matches!(operator.value, SearchOperator::Equal | SearchOperator::NotEqual);
                (field.clone(), Some(value), of_numbers)
            }
            SearchKind::In { field, values } => (field.clone(), values.first(), false),
            SearchKind::Term(value) => match value.indexed_field() {
                Some((name, _)) => (field_named(name), None, false),
                None => return self.reason_of_text(search, times, value, condition).await.map(Some),
            },
            _ => return Ok(None),
        };
        let filled = with(has_field(&field));
        if self.count_behind(search, filled.clone()).await? == 0 {
            let nearest = self.nearest_field(search, &search_for(times.to_vec()), &field.name).await?;
            return Ok(Some(EmptyReason::NoField { field: field.name, rows: Rows::Events, nearest }));
        }
        let literal = wanted.map(text_of);
        let (mut present, meant) = self.present_behind(search, filled.clone(), &field.name, literal.as_deref()).await?;
        if of_numbers {
            present.range = self.range_behind(search, filled, &field.name).await?;
        }
        let has_times = !times.is_empty() || search.clock.earliest.is_some() || search.clock.latest.is_some();
        let at_other_times = match has_times {
            true => self.count_behind(&at_any_time(search), search_for(vec![leaf.clone()])).await?,
            false => 0,
        };
        let meant = meant.filter(|_| !of_numbers);
        Ok(Some(EmptyReason::NoValue { field: field.name, condition, rows: Rows::Events, present, meant, at_other_times }))
    }

    async fn reason_of_text(
        &self,
        search: &Search,
        times: &[SearchExpression],
        value: &SearchValue,
        condition: String,
    ) -> Result<EmptyReason, Failure> {
        use spl_parser::syntax::PatternPart::{Literal, Wildcard};
        let mut within = value.clone();
        if let [Literal(_)] = value.pattern.parts.as_slice() {
            within.pattern.parts = [vec![Wildcard], value.pattern.parts.clone(), vec![Wildcard]].concat();
        }
        let mut parts = times.to_vec();
        parts.push(SearchExpression { kind: SearchKind::Term(within), span: value.span });
        let within_words = self.count_behind(search, search_for(parts)).await?;
        Ok(EmptyReason::NoText { condition, within_words })
    }
}

/// The same search over all time.
fn at_any_time(search: &Search) -> Search {
    let clock = Arc::new(search.clock.as_ref().clone().with_range(None, None));
    Search { clock, ..search.clone() }
}

/// The comparisons and texts of which an event must meet one.
fn positive_leaves<'c>(condition: &'c SearchExpression, leaves: &mut Vec<&'c SearchExpression>) {
    match &condition.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().for_each(|part| positive_leaves(part, leaves)),
        SearchKind::Comparison { .. } | SearchKind::In { .. } | SearchKind::Term(_) => leaves.push(condition),
        _ => {}
    }
}

/// The text of a pattern without its wildcards.
fn text_of(value: &SearchValue) -> String {
    use spl_parser::syntax::PatternPart;
    let literals = value.pattern.parts.iter().filter_map(|part| match part {
        PatternPart::Literal(text) => Some(text.as_str()),
        PatternPart::Wildcard => None,
    });
    literals.max_by_key(|text| text.len()).unwrap_or_default().to_owned()
}

/// A condition as it stands in the search.
fn written(search: &Search, condition: &SearchExpression) -> String {
    let text = search.expansion.text.get(condition.span.start..condition.span.end).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
