//! Planning of `transaction`: events that belong together become one row.

use datafusion::logical_expr::Expr;
use spl_functions::column::ValueType;
use spl_functions::time::parse_span;
use spl_operators::nodes::transaction::{Listed, Transactions};
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Span};
use spl_plan::arguments::count;
use spl_plan::context::PlanContext;
use spl_plan::expression;
use spl_plan::frame::{Frame, column, null, text};
use spl_plan::names::quoting::escaped;
use spl_plan::search::predicate;

const STARTS: &str = "__starts";
const ENDS: &str = "__ends";

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    if let Some(option) = call.option("name") {
        let typed = of_type(context, call, &option.value.value, option.value.span)?;
        let made = plan(context, &typed, frame)?;
        return made.assign(vec![("transactiontype".to_owned(), text(option.value.value.clone()))]);
    }
    // A search that is only checked has no data that could bring the field.
    let frame = match frame.field("_time") {
        None if !context.is_running() => frame.assign(vec![("_time".to_owned(), null(ValueType::Float))])?,
        _ => frame,
    };
    if frame.field("_time").is_none() {
        return Err(Diagnostic::error("plan/argument", "`transaction` needs the field `_time`, which no row has", call.span));
    }
    let mut conditions = Vec::new();
    let mut condition = |keyword: &str, name: &str| -> Result<Option<String>, Diagnostic> {
        let Some(argument) = call.clause(keyword).and_then(|clause| clause.arguments.first()) else { return Ok(None) };
        conditions.push((name.to_owned(), filter(context, argument, &frame, call)?));
        Ok(Some(name.to_owned()))
    };
    let (starts, ends) = (condition("startswith", STARTS)?, condition("endswith", ENDS)?);
    let optional_count = |name: &str| -> Result<Option<usize>, Diagnostic> {
        match call.option(name) {
            Some(option) if option.value.value.trim().starts_with('-') => Ok(None),
            Some(_) => Ok(Some(usize::try_from(count(call, name, 0)?).unwrap_or(usize::MAX))),
            None => Ok(None),
        }
    };
    let max_events = match call.option("maxevents") {
        Some(_) => optional_count("maxevents")?,
        None => Some(1000),
    };
    let operator = Transactions {
        fields: call.fields().map(|field| field.name.clone()).collect(),
        max_span: seconds(call, "maxspan")?,
        max_pause: seconds(call, "maxpause")?,
        max_events: max_events.filter(|most| *most > 0),
        starts,
        ends,
        connected: call.flag("connected"),
        unify_ends: call.flag("unifyends"),
        keep_orphans: call.flag("keeporphans"),
        keep_evicted: call.flag("keepevicted"),
        max_open: optional_count("maxopentxn")?,
        max_open_events: optional_count("maxopenevents")?,
        listed: listed(call),
        delimiter: call.text("delim").to_owned(),
        null_text: call.text("nullstr").to_owned(),
        raw_list: call.flag("mvraw"),
    };
    // Transactions are found from their end, so that the latest event must come first.
    let latest_first = column("_time").sort(false, false);
    frame.assign(conditions)?.sorted(vec![latest_first], None)?.operate(operator)
}

/// The call with the settings of a transaction type; what it says itself wins.
fn of_type(context: &PlanContext, call: &CommandCall, name: &str, span: Span) -> Result<CommandCall, Diagnostic> {
    let kind = context.knowledge().transaction_type(name).map_err(|error| error.at(span))?;
    let mut written = String::from("| transaction");
    for field in &kind.fields {
        written.push_str(&format!(" \"{}\"", escaped(field)));
    }
    for (option, value) in &kind.options {
        let condition = matches!(option.as_str(), "startswith" | "endswith");
        if value.starts_with('"') || condition && (value.starts_with('(') || value.starts_with("eval")) {
            written.push_str(&format!(" {option}={value}"));
        } else {
            written.push_str(&format!(" {option}=\"{}\"", escaped(value)));
        }
    }
    let mut typed = call.clone();
    typed.options.retain(|option| option.name.value != "name");
    if kind.fields.is_empty() && kind.options.is_empty() {
        return Ok(typed);
    }
    let wrong = |message: String| {
        Diagnostic::error("knowledge/definition", format!("transaction type `{name}` can't be used: {message}"), span)
    };
    let parsed = spl_parser::parse(&written)
        .map_err(|errors| wrong(errors.into_iter().next().map(|error| error.message).unwrap_or_default()))?;
    let Some(mut definition) = parsed.commands.into_iter().next() else { return Ok(typed) };
    for option in &mut definition.options {
        (option.name.span, option.value.span) = (span, span);
    }
    definition.options.append(&mut typed.options);
    typed.options = definition.options;
    if typed.arguments.is_empty() {
        typed.arguments = definition.arguments;
    }
    for clause in definition.clauses {
        if typed.clause(&clause.keyword.value).is_none() {
            typed.clauses.push(clause);
        }
    }
    Ok(typed)
}

/// A start or end condition: an eval expression, a search, or a text that is a search.
fn filter(context: &PlanContext, argument: &Argument, frame: &Frame, call: &CommandCall) -> Result<Expr, Diagnostic> {
    match argument {
        Argument::Expression(condition) => expression::condition(context, condition, frame),
        Argument::Search(condition) => predicate::plan(context, condition, frame),
        Argument::Text { text, .. } => {
            let parsed = spl_parser::parse_search_expression(&text.value).map_err(|errors| {
                let message = errors.into_iter().next().map_or_else(|| "not a search".to_owned(), |error| error.message);
                Diagnostic::error("plan/argument", message, text.span)
            })?;
            predicate::plan(context, &parsed, frame)
        }
        _ => Err(Diagnostic::error("plan/argument", "not a condition", call.span)),
    }
}

/// A length of time; negative = no limit, without a unit = seconds.
fn seconds(call: &CommandCall, name: &str) -> Result<Option<f64>, Diagnostic> {
    let Some(option) = call.option(name) else { return Ok(None) };
    let text = option.value.value.trim();
    if text.starts_with('-') {
        return Ok(None);
    }
    if let Ok(number) = text.parse::<f64>() {
        return Ok(Some(number));
    }
    let span = parse_span(text).map_err(|message| Diagnostic::error("plan/span", message, option.value.span))?;
    Ok(Some(span.seconds()))
}

fn listed(call: &CommandCall) -> Listed {
    let Some(option) = call.option("mvlist") else { return Listed::Nothing };
    match option.value.value.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "y" => Listed::All,
        "false" | "f" | "0" | "no" | "n" => Listed::Nothing,
        _ => {
            let names = option.value.value.split([',', ' ']).filter(|name| !name.is_empty());
            Listed::Fields(names.map(str::to_owned).collect())
        }
    }
}
