//! How many rows are left at each step of a search: behind each command and behind each condition within one, so that a
//! search that finds nothing can say where the last row went, and what the rows before had in the fields that were compared.

use spl_functions::column::Column;
use spl_parser::Span;
use spl_parser::effects::pipeline::writes;
use spl_parser::effects::walk::walk_expression;
use spl_parser::effects::{RequiredFields, expression_fields, search_fields};
use spl_parser::syntax::{
    Argument, BinaryOperator, Clause, CommandCall, Expression, ExpressionKind, Pipeline, SearchExpression, SearchKind,
    SearchOperator,
};

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

/// A field that a condition compares, and what it holds in the rows that the condition was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesBefore {
    /// The field, as the search names it.
    pub field: String,
    /// Its most frequent values with the rows that have them, at most [`VALUES`]; empty when no row has the field.
    pub values: Vec<(String, u64)>,
}

/// How many values of a field are told.
pub const VALUES: usize = 5;

/// A command with some of its conditions.
pub(crate) struct Step {
    /// The command, with the conditions up to this step.
    pub(crate) call: CommandCall,
    /// The fields that the condition which came with the step compares.
    pub(crate) fields: Vec<String>,
    /// The field and the text, when the condition is `field=text`.
    pub(crate) compared: Option<(String, String)>,
    /// Comparisons of a field with another name: `where user=admin`.
    pub(crate) words: Vec<(String, String)>,
    /// What came with the step.
    pub(crate) span: Span,
    /// Whether its rows are groups with a `count` of events.
    pub(crate) counts_events: bool,
}

impl Step {
    /// A step that compares nothing.
    fn of(call: CommandCall, span: Span) -> Self {
        Self { call, fields: Vec::new(), compared: None, words: Vec::new(), span, counts_events: false }
    }

    /// A step by a condition on events.
    fn searching(call: CommandCall, condition: &SearchExpression) -> Self {
        let compared = match &condition.kind {
            SearchKind::Comparison { field, operator, value } if operator.value == SearchOperator::Equal => {
                value.pattern.as_literal().map(|text| (field.name.clone(), text.to_owned()))
            }
            _ => None,
        };
        Self { fields: fields_of_search(condition), compared, ..Self::of(call, condition.span) }
    }

    /// A step by a condition on rows.
    fn comparing(call: CommandCall, condition: &Expression) -> Self {
        let compared = match &condition.kind {
            ExpressionKind::Binary { operator, left, right } if operator.value == BinaryOperator::Equal => {
                match (&left.kind, &right.kind) {
                    (ExpressionKind::Field(field), ExpressionKind::Text(text)) => Some((field.name.clone(), text.clone())),
                    _ => None,
                }
            }
            _ => None,
        };
        let mut words = Vec::new();
        walk_expression(condition, &mut |part| {
            if let ExpressionKind::Binary { operator, left, right } = &part.kind
                && matches!(operator.value, BinaryOperator::Equal | BinaryOperator::NotEqual)
                && let (ExpressionKind::Field(field), ExpressionKind::Field(word)) = (&left.kind, &right.kind)
            {
                words.push((field.name.clone(), word.name.clone()));
            }
        });
        Self { fields: fields_of_expression(condition), compared, words, ..Self::of(call, condition.span) }
    }
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
            for Step { call, span, counts_events, .. } in steps(command, place == 0) {
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

    /// What the rows that were left last had in the fields of the condition that removed them: `counts` are those of the same
    /// search and end with 0. Empty when the last step is no condition, or nothing stands before it.
    ///
    /// # Errors
    /// What the search itself fails with.
    pub async fn values_before(&self, search: &Search, counts: &[RowCount]) -> Result<Vec<ValuesBefore>, Failure> {
        let commands = &search.pipeline.commands;
        let all = commands.iter().enumerate();
        let all = all.flat_map(|(place, command)| steps(command, place == 0).into_iter().map(move |step| (place, step)));
        let mut all = all.take(counts.len()).collect::<Vec<_>>().into_iter().rev();
        let (Some((place, step)), true) = (all.next(), counts.last().is_some_and(|last| last.rows == 0)) else {
            return Ok(Vec::new());
        };
        let before = all.next();
        let mut values = Vec::new();
        for field in &step.fields {
            let rows = match &before {
                // A condition before it in the same command.
                Some((same, before)) if *same == place => {
                    let mut calls = commands[..place].to_vec();
                    match before.counts_events {
                        true => calls.push(by_field(&before.call, field)),
                        false => calls.push(before.call.clone()),
                    }
                    (calls, before.counts_events)
                }
                Some(_) => (commands[..place].to_vec(), false),
                None => (parsed("search index=*"), false),
            };
            if let Some(counted) = self.values_of(search, rows, field).await? {
                values.push(counted);
            }
        }
        Ok(values)
    }

    /// The values of a field behind commands; none when its name can't be written.
    async fn values_of(
        &self,
        search: &Search,
        (mut commands, counts_events): (Vec<CommandCall>, bool),
        field: &str,
    ) -> Result<Option<ValuesBefore>, Failure> {
        if field == "count" || field.contains(['"', '\\', '*']) {
            return Ok(None);
        }
        let function = if counts_events { "sum(count) AS count" } else { "count" };
        let counting = parsed(&format!("| stats {function} by \"{field}\" | rename \"{field}\" AS value | sort {VALUES} -count"));
        if counting.is_empty() || commands.is_empty() {
            return Ok(None);
        }
        commands.extend(counting);
        let part = Search { pipeline: Pipeline { commands, span: search.pipeline.span }, ..search.clone() };
        let results = self.run(&part).await?;
        let mut values = Vec::new();
        for batch in &results.batches {
            let column = |name: &str| batch.column_by_name(name).and_then(|column| Column::new(column).ok());
            let (Some(texts), Some(counts)) = (column("value"), column("count")) else { continue };
            values.extend((0..batch.num_rows()).filter_map(|row| {
                let count = counts.value(row).number().unwrap_or_default() as u64;
                Some((texts.value(row).text()?.into_owned(), count))
            }));
        }
        Ok(Some(ValuesBefore { field: field.to_owned(), values }))
    }
}

/// The commands of a text that is known to be right.
fn parsed(text: &str) -> Vec<CommandCall> {
    spl_parser::parse(text).map(|pipeline| pipeline.commands).unwrap_or_default()
}

/// A `tstats` that counts its events by another field.
fn by_field(call: &CommandCall, field: &str) -> CommandCall {
    let mut call = call.clone();
    for clause in call.clauses.iter_mut().filter(|clause| clause.keyword.value == "by") {
        let span = clause.keyword.span;
        let name = spl_parser::syntax::FieldName { name: field.to_owned(), span, quoting: spl_parser::syntax::Quoting::None };
        clause.arguments = vec![Argument::Field(name)];
    }
    call
}

fn fields_of_search(search: &spl_parser::syntax::SearchExpression) -> Vec<String> {
    let mut fields = RequiredFields::none();
    search_fields(search, &mut fields);
    names(fields)
}

fn fields_of_expression(expression: &Expression) -> Vec<String> {
    let mut fields = RequiredFields::none();
    expression_fields(expression, &mut fields);
    names(fields)
}

fn names(fields: RequiredFields) -> Vec<String> {
    match fields {
        RequiredFields::Only(names) => names.into_iter().filter(|name| !name.starts_with('_') || name == "_time").collect(),
        RequiredFields::All => Vec::new(),
    }
}

/// The number that `stats count` gave.
fn count_of(results: &Results) -> u64 {
    let first = results.batches.iter().find(|batch| batch.num_rows() > 0);
    let count = first.and_then(|batch| Column::new(batch.column_by_name("count")?).ok()?.value(0).number());
    count.map_or(0, |count| count as u64)
}

/// A command with more and more of its conditions, the whole command last; each with the text that came with it.
pub(crate) fn steps(command: &CommandCall, first: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    if let [Argument::Search(search)] = command.arguments.as_slice()
        && let SearchKind::And(parts) = &search.kind
        && parts.len() > 1
    {
        for place in 0..parts.len() {
            let mut narrowed = search.clone();
            narrowed.kind = SearchKind::And(parts[..=place].to_vec());
            let call = CommandCall { arguments: vec![Argument::Search(narrowed)], ..command.clone() };
            steps.push(Step::searching(call, &parts[place]));
        }
        return steps;
    }
    if let [Argument::Expression(expression)] = command.arguments.as_slice()
        && command.spec.name == "where"
    {
        for (whole, last) in conjuncts(expression) {
            let call = CommandCall { arguments: vec![Argument::Expression(whole)], ..command.clone() };
            steps.push(Step::comparing(call, &last));
        }
        return steps;
    }
    if command.spec.name == "tstats" && first && steps_of_tstats(command, &mut steps) {
        return steps;
    }
    let step = match command.arguments.as_slice() {
        [Argument::Search(search)] => Step::searching(command.clone(), search),
        _ => Step::of(command.clone(), command.span),
    };
    vec![Step { span: command.span, ..step }]
}

/// The conditions of an expression joined by `AND`: each with those before it, and alone.
fn conjuncts(expression: &Expression) -> Vec<(Expression, Expression)> {
    match &expression.kind {
        ExpressionKind::Binary { operator, left, right } if operator.value == BinaryOperator::And => {
            let mut parts = conjuncts(left);
            parts.push((expression.clone(), right.as_ref().clone()));
            parts
        }
        _ => vec![(expression.clone(), expression.clone())],
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
    let mut push = |call, span, fields| steps.push(Step { fields, counts_events: true, ..Step::of(call, span) });
    push(grouped(None, &source(span)), span, Vec::new());
    let search = command.clauses.iter().find_map(condition);
    if let Some(search) = &search {
        let parts = match &search.kind {
            SearchKind::And(parts) if !parts.is_empty() => parts.clone(),
            _ => vec![search.clone()],
        };
        for place in 0..parts.len() {
            let mut narrowed = search.clone();
            narrowed.kind = SearchKind::And(parts[..=place].to_vec());
            let fields = fields_of_search(&parts[place]);
            push(grouped(Some(Argument::Search(narrowed)), &source(span)), parts[place].span, fields);
        }
    }
    let all = || search.clone().map(Argument::Search);
    for place in 0..by.len() {
        let Some(field) = by[place].as_field() else { continue };
        push(grouped(all(), &by[..=place]), field.span, Vec::new());
    }
    true
}
