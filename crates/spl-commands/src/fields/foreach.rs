//! Planning of `foreach`: a template of commands filled in for each field, value or item.

use datafusion::logical_expr::lit;
use futures::future::BoxFuture;
use spl_functions::column::{Column, ValueType};
use spl_operators::errors::engine_error;
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::{Argument, CommandCall, FieldName, Pipeline};
use spl_parser::{Diagnostic, Span, Spanned};
use spl_plan::context::{Input, PlanContext};
use spl_plan::expression;
use spl_plan::frame::scope::{Typed, assign};
use spl_plan::frame::{Frame, column, null};
use spl_plan::function_call;
use spl_plan::function_call::{call as function, choose};
use spl_plan::names::wildcards::wildcard_captures;

/// Hidden field of a row's values while they are gone through.
const ITEMS: &str = "__items";
/// Hidden field of the value at hand.
const ITEM: &str = "__item";
/// Rounds of a stage; see [`staged`]. Assignments in a row are gathered as steps by then.
const ROUNDS_PER_STAGE: usize = 64;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`foreach` needs rows", call.span))?;
        let template = call.arguments.iter().find_map(|argument| match argument {
            Argument::Text { text, .. } => Some(text),
            _ => None,
        });
        let template =
            template.ok_or_else(|| Diagnostic::error("plan/argument", "`foreach` needs commands in [ ]", call.span))?;
        let fields: Vec<&FieldName> = call.fields().collect();
        let mode = call.option("mode").map_or_else(|| "multifield".to_owned(), |option| option.value.value.to_ascii_lowercase());
        if mode == "multifield" {
            return each_field(context, call, frame, &fields, template).await;
        }
        let [field] = fields.as_slice() else {
            return Err(Diagnostic::error("plan/argument", format!("`foreach mode={mode}` goes through one field"), call.span));
        };
        if field.has_wildcard() {
            return Err(Diagnostic::error("plan/argument", format!("`foreach mode={mode}` takes no wildcard"), field.span));
        }
        each_item(context, call, frame, field, &mode, template).await
    })
}

/// The text that stands for something in the template.
fn place_holder<'c>(call: &'c CommandCall, option: &str, default: &'c str) -> &'c str {
    call.option(option).map(|option| option.value.value.as_str()).filter(|text| !text.is_empty()).unwrap_or(default)
}

async fn each_field(
    context: &PlanContext,
    call: &CommandCall,
    frame: Frame,
    patterns: &[&FieldName],
    template: &Spanned<String>,
) -> Result<Frame, Diagnostic> {
    let mut rounds: Vec<(String, Vec<String>)> = Vec::new();
    for pattern in patterns {
        if !pattern.has_wildcard() {
            rounds.push((pattern.name.clone(), Vec::new()));
            continue;
        }
        for found in frame.fields() {
            if found.name.starts_with('_') && !pattern.name.starts_with('_') {
                continue;
            }
            if let Some(captures) = wildcard_captures(&pattern.name, &found.name) {
                rounds.push((found.name.clone(), captures.into_iter().map(str::to_owned).collect()));
            }
        }
    }
    check_rounds(context, call, rounds.len())?;
    let mut frame = frame;
    let mut gathered = 0;
    for (round, (name, captures)) in rounds.iter().enumerate() {
        let segment = |place: usize| captures.get(place).map_or("", String::as_str).to_owned();
        let replacements = [
            (place_holder(call, "fieldstr", "<<FIELD>>"), name.clone()),
            (place_holder(call, "matchstr", "<<MATCHSTR>>"), captures.concat()),
            (place_holder(call, "matchseg1", "<<MATCHSEG1>>"), segment(0)),
            (place_holder(call, "matchseg2", "<<MATCHSEG2>>"), segment(1)),
            (place_holder(call, "matchseg3", "<<MATCHSEG3>>"), segment(2)),
            (place_holder(call, "iterstr", "<<ITER>>"), round.to_string()),
        ];
        let pipeline = filled(&template.value, template.span, &replacements)?;
        frame = context
            .pipeline_from(Some(frame), &pipeline.commands, RequiredFields::All)
            .await
            .map_err(|error| located(error, template.span))?;
        if (round + 1).is_multiple_of(ROUNDS_PER_STAGE) {
            frame = staged(context, frame, &mut gathered).await?;
        }
    }
    Ok(frame)
}

/// Refuses to begin with more rounds than the limit says.
fn check_rounds(context: &PlanContext, call: &CommandCall, rounds: usize) -> Result<(), Diagnostic> {
    let most = context.limits().get("foreach_maxrounds");
    if most == 0 || rounds as u64 <= most {
        return Ok(());
    }
    let message = format!("`foreach` would go through {rounds} fields or values, more than {most}");
    Err(Diagnostic::error("run/too-many-rounds", message, call.span).with_help("the limit is `foreach_maxrounds`"))
}

/// The rows so far, computed so that plans do not grow without end. Where the rounds of the stage were `gathered` as steps of one
/// operator, the plan did not grow, and the next stage adds to them.
async fn staged(context: &PlanContext, frame: Frame, gathered: &mut usize) -> Result<Frame, Diagnostic> {
    let before = std::mem::replace(gathered, frame.gathered_steps());
    if *gathered > before {
        return Ok(frame);
    }
    *gathered = 0;
    context.materialise(frame).await
}

/// An error of a filled-in template stands at the template: the places inside are those of another text.
fn located(error: Diagnostic, span: Span) -> Diagnostic {
    let placed = Diagnostic::error(error.code, error.message.clone(), span);
    match &error.help {
        Some(help) => placed.with_help(help.clone()),
        None => placed,
    }
}

/// The template with its place holders replaced, in one pass, as commands.
fn filled(template: &str, span: Span, replacements: &[(&str, String)]) -> Result<Pipeline, Diagnostic> {
    let inside = template.trim();
    let inside = inside.strip_prefix('[').and_then(|inside| inside.strip_suffix(']')).unwrap_or(inside);
    let inside = inside.trim().trim_start_matches('|');
    let mut text = String::from("|");
    let mut rest = inside;
    while !rest.is_empty() {
        match replacements.iter().find(|(holder, _)| rest.starts_with(holder)) {
            Some((holder, value)) => {
                text.push_str(value);
                rest = &rest[holder.len()..];
            }
            None => {
                let character = rest.chars().next().map_or(1, char::len_utf8);
                text.push_str(&rest[..character]);
                rest = &rest[character..];
            }
        }
    }
    spl_parser::parse(&text).map_err(|errors| {
        let why = errors.into_iter().next().map(|error| error.message).unwrap_or_default();
        Diagnostic::error("plan/template", format!("the commands can't be read once they are filled in: {why}"), span)
            .with_help(format!("filled in: {}", text.chars().skip(1).take(200).collect::<String>().trim()))
    })
}

/// The value at hand inside a quoted text: the quotes are closed around it.
fn item_in_texts(template: &str, holder: &str) -> String {
    let mut result = String::new();
    let (mut rest, mut quoted) = (template, false);
    while let Some(character) = rest.chars().next() {
        if quoted && rest.starts_with(holder) {
            result.push_str(&format!("\".'{ITEM}'.\""));
            rest = &rest[holder.len()..];
            continue;
        }
        let mut length = character.len_utf8();
        match character {
            '\\' => length += rest[1..].chars().next().map_or(0, char::len_utf8),
            '"' => quoted = !quoted,
            _ => {}
        }
        result.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    result
}

async fn each_item(
    context: &PlanContext,
    call: &CommandCall,
    frame: Frame,
    field: &FieldName,
    mode: &str,
    template: &Spanned<String>,
) -> Result<Frame, Diagnostic> {
    let Some(found) = frame.field(&field.name) else {
        return Ok(frame);
    };
    let source = Typed::new(column(&field.name), found.value_type());
    let values = || {
        Ok::<_, Diagnostic>(Typed::new(
            function_call::convert(context, source.clone(), ValueType::Multivalue)?,
            ValueType::Multivalue,
        ))
    };
    let array = || function(context, "json_array_to_mv", vec![source.clone()]);
    let items = match (mode, found.value_type()) {
        ("json_array", _) => array()?,
        ("auto_collections", ValueType::Text) => {
            let array = array()?;
            choose(context, vec![(array.expression.clone().is_not_null(), array)], Some(values()?))?
        }
        _ => values()?,
    };
    let mut frame = context.materialise(frame.assign(vec![(ITEMS.to_owned(), items.expression)])?).await?;
    let rounds = most_items(context, &frame).await?;
    check_rounds(context, call, rounds)?;
    let holder = place_holder(call, "itemstr", "<<ITEM>>");
    let counter = place_holder(call, "iterstr", "<<ITER>>");
    let text = item_in_texts(&template.value, holder);
    let mut gathered = 0;
    for round in 0..rounds {
        let place = Typed::new(lit(round as i64), ValueType::Integer);
        let item = function(context, "mvindex", vec![Typed::new(column(ITEMS), ValueType::Multivalue), place])?;
        let item = function_call::convert(context, item, ValueType::Text)?;
        frame = frame.assign(vec![(ITEM.to_owned(), item)])?;
        let replacements = [
            (holder, format!("'{ITEM}'")),
            (counter, round.to_string()),
            (place_holder(call, "fieldstr", "<<FIELD>>"), field.name.clone()),
        ];
        let pipeline = filled(&text, template.span, &replacements)?;
        for command in &pipeline.commands {
            frame = assign_where_item(context, command, frame, mode, template.span)?;
        }
        if (round + 1).is_multiple_of(ROUNDS_PER_STAGE) {
            frame = staged(context, frame, &mut gathered).await?;
        }
    }
    frame.without(&[ITEMS.to_owned(), ITEM.to_owned()])
}

/// The assignments of an eval, for rows that have an item at this round; other rows stay as they are.
fn assign_where_item(
    context: &PlanContext,
    command: &CommandCall,
    frame: Frame,
    mode: &str,
    span: Span,
) -> Result<Frame, Diagnostic> {
    if command.spec.name != "eval" {
        return Err(Diagnostic::error(
            "plan/argument",
            format!("`foreach mode={mode}` runs `eval` only, not `{}`", command.spec.name),
            span,
        ));
    }
    let mut frame = frame;
    for argument in &command.arguments {
        let Argument::Assignment(assignment) = argument else {
            continue;
        };
        if !assignment.template.is_empty() {
            return Err(Diagnostic::error(
                "plan/not-built",
                format!("`{{field}}` targets in `foreach mode={mode}` are not built yet"),
                span,
            ));
        }
        let name = &assignment.target.name;
        let value = expression::value(context, &assignment.expression, &frame).map_err(|error| located(error, span))?;
        let old = frame.field(name).map_or_else(
            || Typed::new(null(ValueType::Text), ValueType::Null),
            |field| Typed::new(column(name), field.value_type()),
        );
        let value = choose(context, vec![(column(ITEM).is_not_null(), value)], Some(old))?;
        frame = assign(frame, name, value)?;
    }
    Ok(frame)
}

/// The number of items in the row that has the most.
async fn most_items(context: &PlanContext, frame: &Frame) -> Result<usize, Diagnostic> {
    let (_, batches) = context.collect(frame.clone().select(vec![(ITEMS.to_owned(), column(ITEMS))])?).await?;
    let mut most = 0;
    for batch in &batches {
        let Some(array) = batch.column_by_name(ITEMS) else {
            continue;
        };
        let items = Column::new(array).map_err(engine_error)?;
        for row in 0..batch.num_rows() {
            most = most.max(items.value(row).each_text().len());
        }
    }
    Ok(most)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_once() {
        let replacements = [("<<FIELD>>", "a<<FIELD>>".to_owned())];
        let pipeline = filled("[ | eval 'x'=\"<<FIELD>>\" ]", Span::default(), &replacements).unwrap();
        assert_eq!(pipeline.commands.len(), 1);
        assert!(filled("[eval <<FIELD>>=1]", Span::default(), &[("<<FIELD>>", "a )".to_owned())]).is_err());
    }

    #[test]
    fn items_inside_texts() {
        assert_eq!(item_in_texts(r#"x="a<<ITEM>>b".<<ITEM>>"#, "<<ITEM>>"), r#"x="a".'__item'."b".<<ITEM>>"#);
    }
}
