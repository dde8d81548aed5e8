//! How many rows are left at each step of a search: behind each command and behind each condition within one, so that a
//! search that finds nothing can say where the last row went.

use spl_functions::column::Column;
use spl_parser::Span;
use spl_parser::effects::pipeline::writes;
use spl_parser::syntax::{Argument, BinaryOperator, Clause, CommandCall, Expression, ExpressionKind, Pipeline, SearchKind};

use crate::engine::{Engine, Failure, Results, Search};

/// A step of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowCount {
    /// The text that was added by the step, macros expanded.
    pub text: String,
    /// Where it stands in the expanded text.
    pub span: Span,
    /// Rows that are left behind it.
    pub rows: u64,
}

/// A command with some of its conditions.
struct Step {
    call: CommandCall,
    /// What came with the step.
    span: Span,
    /// Whether its rows are groups with a `count` of events.
    counts_events: bool,
}

impl Engine {
    /// The rows behind each step of a search, until none is left.
    ///
    /// # Errors
    /// What the search itself fails with.
    pub async fn row_counts(&self, search: &Search) -> Result<Vec<RowCount>, Failure> {
        let mut counts = Vec::new();
        let counting = |text: &str| spl_parser::parse(text).map(|pipeline| pipeline.commands).unwrap_or_default();
        let (rows_counted, events_counted) = (counting("| stats count"), counting("| stats sum(count) AS count"));
        let commands = &search.pipeline.commands;
        for (place, command) in commands.iter().enumerate() {
            // What it is given is counted; it does not run, as it changes something outside of the search.
            if writes(command) {
                break;
            }
            for Step { call, span, counts_events } in steps(command, place == 0) {
                let mut pipeline = Pipeline { commands: commands[..place].to_vec(), span: search.pipeline.span };
                pipeline.commands.push(call);
                let counted = if counts_events { &events_counted } else { &rows_counted };
                pipeline.commands.extend(counted.iter().cloned());
                let part = Search { pipeline, ..search.clone() };
                let rows = count_of(&self.run(&part).await?);
                let text = search.expansion.text.get(span.start..span.end).unwrap_or_default();
                counts.push(RowCount { text: text.trim().to_owned(), span, rows });
                if rows == 0 {
                    return Ok(counts);
                }
            }
        }
        Ok(counts)
    }
}

/// The number that `stats count` gave.
fn count_of(results: &Results) -> u64 {
    let first = results.batches.iter().find(|batch| batch.num_rows() > 0);
    let count = first.and_then(|batch| Column::new(batch.column_by_name("count")?).ok()?.value(0).number());
    count.map_or(0, |count| count as u64)
}

/// A command with more and more of its conditions, the whole command last; each with the text that came with it.
fn steps(command: &CommandCall, first: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    if let [Argument::Search(search)] = command.arguments.as_slice()
        && let SearchKind::And(parts) = &search.kind
        && parts.len() > 1
    {
        for place in 0..parts.len() {
            let mut narrowed = search.clone();
            narrowed.kind = SearchKind::And(parts[..=place].to_vec());
            let call = CommandCall { arguments: vec![Argument::Search(narrowed)], ..command.clone() };
            steps.push(Step { call, span: parts[place].span, counts_events: false });
        }
        return steps;
    }
    if let [Argument::Expression(expression)] = command.arguments.as_slice()
        && command.spec.name == "where"
    {
        for part in conjuncts(expression) {
            let call = CommandCall { arguments: vec![Argument::Expression(part.0)], ..command.clone() };
            steps.push(Step { call, span: part.1, counts_events: false });
        }
        return steps;
    }
    if command.spec.name == "tstats" && first && steps_of_tstats(command, &mut steps) {
        return steps;
    }
    vec![Step { call: command.clone(), span: command.span, counts_events: false }]
}

/// The conditions of an expression joined by `AND`: each with those before it, and where it stands.
fn conjuncts(expression: &Expression) -> Vec<(Expression, Span)> {
    match &expression.kind {
        ExpressionKind::Binary { operator, left, right } if operator.value == BinaryOperator::And => {
            let mut parts = conjuncts(left);
            parts.push((expression.clone(), right.span));
            parts
        }
        _ => vec![(expression.clone(), expression.span)],
    }
}

/// `tstats` as a count of its events, first without conditions, then with one more each time, then by one more field each
/// time, as events without a by-field are left out. False when it has neither.
fn steps_of_tstats(command: &CommandCall, steps: &mut Vec<Step>) -> bool {
    let condition = |clause: &Clause| match clause.arguments.as_slice() {
        [Argument::Search(search)] if clause.keyword.value == "where" => Some(search.clone()),
        _ => None,
    };
    let by: Vec<Argument> = command.by_fields().iter().filter(|argument| argument.as_field().is_some()).cloned().collect();
    let (Some(from), false) = (command.clause("from"), by.is_empty()) else { return false };
    let Some(count) = spl_parser::parse("| tstats count").ok().and_then(|pipeline| pipeline.commands.into_iter().next()) else {
        return false;
    };
    // By the fields that were asked for so far; `source` stands for none, as every event has one.
    let grouped = |conditions: Option<Argument>, by: &[Argument]| {
        let mut call = CommandCall { arguments: count.arguments.clone(), ..command.clone() };
        call.clauses.retain(|clause| clause.keyword.value != "where" && clause.keyword.value != "by");
        if let Some(conditions) = conditions {
            let place = command.clause("where").map(|clause| clause.keyword.clone());
            call.clauses.extend(place.map(|keyword| Clause { keyword, arguments: vec![conditions] }));
        }
        let keyword = command.clause("by").map(|clause| clause.keyword.clone());
        call.clauses.extend(keyword.map(|keyword| Clause { keyword, arguments: by.to_vec() }));
        call
    };
    let source = |span: Span| {
        let name = spl_parser::syntax::FieldName { name: "source".to_owned(), span, quoting: spl_parser::syntax::Quoting::None };
        [Argument::Field(name)]
    };
    let span = from.keyword.span.to(from.arguments.iter().fold(from.keyword.span, |whole, argument| match argument {
        Argument::Pair { value, .. } => whole.to(value.span),
        _ => whole,
    }));
    let mut push = |call, span| steps.push(Step { call, span, counts_events: true });
    push(grouped(None, &source(span)), span);
    let search = command.clauses.iter().find_map(condition);
    if let Some(search) = &search {
        let parts = match &search.kind {
            SearchKind::And(parts) if !parts.is_empty() => parts.clone(),
            _ => vec![search.clone()],
        };
        for place in 0..parts.len() {
            let mut narrowed = search.clone();
            narrowed.kind = SearchKind::And(parts[..=place].to_vec());
            push(grouped(Some(Argument::Search(narrowed)), &source(span)), parts[place].span);
        }
    }
    let all = || search.clone().map(Argument::Search);
    for place in 0..by.len() {
        let Some(field) = by[place].as_field() else { continue };
        push(grouped(all(), &by[..=place]), field.span);
    }
    true
}
