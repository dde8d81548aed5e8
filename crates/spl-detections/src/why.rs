//! Why a test failed: the condition that removed the last event and what the events before had in its fields; the command that
//! lost a field which the risk of the detection needs.

use spl_exec::{Engine, RowCount, Search, ValuesBefore};
use spl_parser::diagnostic::nearest;
use spl_parser::effects::fields::by_names;
use spl_parser::effects::pipeline::writes;
use spl_parser::syntax::Pipeline;
use spl_parser::{Diagnostic, Span};

/// The code of what removed the last event.
pub const NO_ROWS: &str = "test/no-rows";

/// The code of a field that was lost.
pub const LOST_FIELD: &str = "test/lost-field";

/// Longest value that is shown whole, in characters.
const SHOWN: usize = 60;

/// Why a search found nothing: the place and text of the condition that removed what was left. None when the search itself
/// fails or finds rows.
pub async fn no_rows(engine: &Engine, search: &Search, events: usize) -> Option<Diagnostic> {
    let counts = engine.row_counts(search).await.ok()?;
    let (last, before) = counts.split_last()?;
    if last.rows > 0 {
        return None;
    }
    let values = engine.values_before(search, &counts).await.unwrap_or_default();
    let message = removed(last, before.last(), events);
    let diagnostic = Diagnostic::warning(NO_ROWS, message, Some(last.span));
    let mut told: Vec<String> = values.iter().map(|values| told(engine, values, before.is_empty())).collect();
    told.extend(empty_by_fields(engine, search, last.span).await);
    Some(match told.is_empty() {
        true => diagnostic,
        false => diagnostic.with_help(told.join("; ")),
    })
}

/// By-fields of the command at a place that no row before it has: rows without a by-field are left out.
async fn empty_by_fields(engine: &Engine, search: &Search, place: Span) -> Vec<String> {
    let commands = &search.pipeline.commands;
    let found = commands.iter().position(|command| command.span == place).filter(|place| *place > 0);
    let Some((command, before)) = found.map(|place| (&commands[place], &commands[..place])) else { return Vec::new() };
    let pipeline = Pipeline { commands: before.to_vec(), span: search.pipeline.span };
    let Ok(results) = engine.run(&Search { pipeline, ..search.clone() }).await else { return Vec::new() };
    let rows = crate::rows::rows(&results);
    let empty = by_names(command).filter(|field| !rows.iter().any(|row| row.contains_key(*field)));
    let told = |field: &str| {
        let near = nearest(field, results.fields.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        format!("no row before has the by-field `{field}`{near}")
    };
    empty.map(told).collect()
}

fn removed(last: &RowCount, before: Option<&RowCount>, events: usize) -> String {
    let condition = last.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let condition = shortened(&condition);
    match before {
        None if events == 1 => format!("`{condition}` finds none in 1 event"),
        None => format!("`{condition}` finds none in {events} events"),
        Some(before) if before.rows == 1 => format!("`{condition}` removes the row that was left"),
        Some(before) => format!("`{condition}` removes the {} rows that were left", before.rows),
    }
}

/// What the rows before had in a field.
fn told(engine: &Engine, values: &ValuesBefore, of_events: bool) -> String {
    let field = &values.field;
    if values.values.is_empty() {
        let known = engine.data().map(|data| data.schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>());
        let short = field.rsplit_once('.').map_or(field.as_str(), |(_, name)| name);
        let near = known.and_then(|known| nearest(short, known.into_iter().filter(|known| *known != short)).map(str::to_owned));
        let near = near.map(|near| format!("; the nearest field of the events is `{near}`")).unwrap_or_default();
        return format!("no {} has the field `{field}`{near}", if of_events { "event" } else { "row that was left" });
    }
    let each: Vec<String> = values.values.iter().map(|(value, rows)| format!("`{}` ({rows})", shortened(value))).collect();
    format!("`{field}` there is {}", each.join(", "))
}

/// Which command lost a field that results must have: the last one that was given rows with a value in it, other than the text
/// `null`. When no command had such rows, that is said.
pub async fn lost_field(engine: &Engine, search: &Search, field: &str) -> Option<Diagnostic> {
    if field.contains('\'') {
        return None;
    }
    let commands = &search.pipeline.commands;
    // What it is given can be looked at; it does not run, as it changes something outside of the search.
    let readable = commands.iter().position(writes).unwrap_or(commands.len());
    let counting = spl_parser::parse(&format!("| where isnotnull('{field}') AND '{field}'!=\"null\" | stats count")).ok()?;
    let mut place = readable;
    while place > 0 {
        let mut pipeline = Pipeline { commands: commands[..place].to_vec(), span: search.pipeline.span };
        pipeline.commands.extend(counting.commands.iter().cloned());
        let part = Search { pipeline, ..search.clone() };
        let rows = engine.run(&part).await.ok().and_then(|results| count(&results)).unwrap_or(0);
        if rows > 0 {
            let lost = commands.get(place)?;
            let message = format!("`{}` leaves out the field `{field}`, which {rows} rows before it have", lost.spec.name);
            let help = format!("name `{field}` in its by-clause or its list of fields");
            return Some(Diagnostic::warning(LOST_FIELD, message, Some(lost.span)).with_help(help));
        }
        place -= 1;
    }
    let first = commands.first()?;
    let known = engine.data().map(|data| data.schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>());
    let known = known.unwrap_or_default();
    let near = nearest(field, known.iter().map(String::as_str).filter(|known| *known != field));
    let diagnostic = Diagnostic::warning(LOST_FIELD, format!("no command ever has a value in `{field}`"), Some(first.span));
    Some(match near {
        Some(near) => diagnostic.with_help(format!("the nearest field of the events is `{near}`")),
        None => diagnostic,
    })
}

fn count(results: &spl_exec::Results) -> Option<u64> {
    let rows = crate::rows::rows(results);
    rows.first()?.get("count")?.first()?.parse().ok()
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
