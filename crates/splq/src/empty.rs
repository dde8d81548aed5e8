//! Why a search found nothing, in one to three lines: the wording of what `spl-exec` finds out.

use std::time::Duration;

use indicatif::HumanCount;
use spl_exec::empty_reasons::{EmptyReason, Meant, Present, Rows};
use spl_exec::{Engine, Results, Search};
use spl_functions::value::Value;
use spl_sources::FieldSelection;

use crate::arguments::DataOptions;
use crate::loading::Loading;
use crate::output::{columns, shown_fields, table::clean, time_text};
use crate::terminal::Terminal;

/// How long the user waits for reasons that were not asked for.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// How long for those that were.
pub const ASKED: Duration = Duration::from_secs(60);
/// Files up to this size are read once more, with all fields, to find out what they have in place of what was looked for.
const READ_AGAIN: u64 = 128 << 20;
/// Longest text of a condition or a value, in characters.
const SHOWN: usize = 60;

/// Whether a search found nothing: no row, or one row of counts that are all zero.
pub fn is_nothing(results: &Results) -> bool {
    let shown = shown_fields(results);
    match results.rows() {
        0 => true,
        1 => results.batches.iter().filter(|batch| batch.num_rows() > 0).all(|batch| {
            columns(batch, &shown).is_ok_and(|columns| {
                !columns.is_empty() && columns.iter().all(|column| matches!(column.value(0), Value::Integer(0)))
            })
        }),
        _ => false,
    }
}

/// The lines that say why a search has no rows; none when nothing was found out in this time.
pub async fn reasons(engine: &Engine, search: &Search, patience: Duration) -> Vec<String> {
    let mut reasons = Vec::new();
    // What was found before the time ended counts, and so does what was found before something failed.
    let _ = tokio::time::timeout(patience, engine.empty_reasons(search, &mut reasons)).await;
    reasons.iter().map(|reason| line(reason, engine)).collect()
}

/// Says on a terminal why a search of the command line found nothing. The loaded events are those that the search may need
/// with the fields that it names, so the data are read again where that is quickly done. `before` stands before each line.
pub async fn explain(engine: &Engine, search: &Search, data: &DataOptions, before: &str, terminal: &Terminal) {
    if !terminal.stderr || terminal.quiet || data.data.is_empty() && !data.configured {
        return;
    }
    if data.data.iter().any(|path| path == "-") {
        terminal.note("stdin can be read only once; for files splq says why nothing was found");
        return;
    }
    let quiet = Terminal { quiet: true, ..*terminal };
    let loading = match Loading::new(data, engine.settings(), FieldSelection::All, &quiet) {
        Ok(Some(loading)) => loading.knowing(engine),
        _ => return,
    };
    if loading.bytes().is_ok_and(|bytes| bytes > READ_AGAIN) {
        terminal.note("`splq explain --why-empty` with the same options says why nothing was found");
        return;
    }
    let Ok(loaded) = loading.read() else { return };
    let Ok(engine) = engine.with_data(loaded.table) else { return };
    for line in reasons(&engine, search, PATIENCE).await {
        terminal.note(format_args!("{before}{line}"));
    }
}

/// A reason in words.
pub fn line(reason: &EmptyReason, engine: &Engine) -> String {
    let zone = engine.clock().time_zone;
    let time = |seconds: f64| time_text(seconds.floor(), zone).unwrap_or_else(|| seconds.to_string());
    match reason {
        EmptyReason::NoEvents => "there are no events to search".to_owned(),
        EmptyReason::OutsideTimes { earliest, latest, first, last } => {
            let asked = match (earliest, latest) {
                (Some(earliest), Some(latest)) => format!("from {} to {}", time(*earliest), time(*latest)),
                (Some(earliest), None) => format!("since {}", time(*earliest)),
                (None, Some(latest)) => format!("before {}", time(*latest)),
                (None, None) => "in the time of the search".to_owned(),
            };
            format!("no event {asked}; the events are from {} to {}", time(*first), time(*last))
        }
        EmptyReason::NoField { field, rows, nearest } => {
            let near = nearest.as_ref().map(|near| format!("; did you mean `{}`?", shortened(near)));
            format!("no {} has the field `{}`{}", one(*rows), shortened(field), near.unwrap_or_default())
        }
        EmptyReason::NoValue { field, condition, rows, present, meant, at_other_times } => {
            let no = format!("no {} has `{}`", one(*rows), shortened(condition));
            let elsewhere = match at_other_times {
                0 => String::new(),
                many => format!("; outside of the time range {} {}", count(*many), if *many == 1 { "has" } else { "have" }),
            };
            let hint = match meant {
                Some(Meant::Value(value, rows)) => {
                    let meant = if condition.contains('"') { quoted(field, value) } else { assigned(field, value) };
                    format!("; did you mean {meant}? ({})", count(*rows))
                }
                Some(Meant::PartOf(value, rows)) => {
                    let part = assigned(field, &format!("*{value}*"));
                    format!("; it is a part of longer values: {part} finds {}", count(*rows))
                }
                None => format!("; {}", there_is(field, present)),
            };
            format!("{no}{elsewhere}{hint}{}", marks(condition))
        }
        EmptyReason::NoText { condition, within_words } => {
            let within = match within_words {
                0 => String::new(),
                many => format!(
                    "; {} {} it as a part of a longer word: `*{}*`",
                    count(*many),
                    if *many == 1 { "has" } else { "have" },
                    condition.trim_matches('"')
                ),
            };
            let operator = ["AND", "OR", "NOT"].into_iter().find(|operator| operator.eq_ignore_ascii_case(condition));
            let operator = operator.map(|name| format!("; the operator is written in capitals: {name}")).unwrap_or_default();
            format!("no event contains `{}`{within}{operator}{}", shortened(condition), marks(condition))
        }
        EmptyReason::WordIsField { field, word } => {
            format!("`{word}` is read as a field here, and no row has it; a text is written in quotes: {field}=\"{word}\"")
        }
        EmptyReason::Removed { text, rows, before, values } => {
            let left = match (rows, before) {
                (Rows::Events, 1) => "no event of the 1 that there is meets".to_owned(),
                (Rows::Events, many) => format!("no event of the {} that there are meets", count(*many)),
                (Rows::Before, _) => String::new(),
            };
            let told: Vec<String> = values
                .iter()
                .filter(|(_, present)| !present.values.is_empty())
                .map(|(field, present)| there_is(field, present))
                .collect();
            let told = if told.is_empty() { String::new() } else { format!("; {}", told.join("; ")) };
            match (left.is_empty(), before) {
                (false, _) => format!("{left} `{}`{told}", shortened(text)),
                (true, 1) => format!("`{}` removes the row that was left{told}", shortened(text)),
                (true, many) => format!("`{}` removes the {} rows that were left{told}", shortened(text), count(*many)),
            }
        }
        EmptyReason::NothingToBeginWith { text, sourcetypes } => {
            let there = match sourcetypes.as_slice() {
                [] => String::new(),
                some => format!("; the events are of sourcetype {}", listed(some, some.len())),
            };
            format!("`{}` finds nothing to begin with{there}", shortened(text))
        }
    }
}

/// What the rows are called.
fn one(rows: Rows) -> &'static str {
    match rows {
        Rows::Events => "event",
        Rows::Before => "row that was left",
    }
}

/// What rows have in a field.
fn there_is(field: &str, present: &Present) -> String {
    if let Some((least, greatest)) = &present.range {
        let is_number = |text: &String| text.parse::<f64>().is_ok();
        if is_number(least) && is_number(greatest) {
            return format!("`{field}` goes from {} to {}", shortened(least), shortened(greatest));
        }
    }
    if present.values.is_empty() {
        return format!("no row has `{field}`");
    }
    format!("`{field}` is {}", listed(&present.values, present.distinct))
}

/// Values with the number of rows that have each.
fn listed(values: &[(String, u64)], distinct: usize) -> String {
    let each: Vec<String> = values.iter().map(|(value, rows)| format!("{} ({})", shortened(value), count(*rows))).collect();
    let more = if distinct > values.len() { ", …" } else { "" };
    format!("{}{more}", each.join(", "))
}

/// `field=value` as it is typed, with quotes where the value needs them.
fn assigned(field: &str, value: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | '*' | '/' | ':' | '@');
    let named = if field.contains(char::is_whitespace) { format!("'{field}'") } else { field.to_owned() };
    if !value.is_empty() && value.chars().all(plain) {
        return format!("{named}={value}");
    }
    quoted(&named, value)
}

/// `field="value"`
fn quoted(field: &str, value: &str) -> String {
    format!("{field}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What is to be said of quotes that enclose nothing in a search.
fn marks(condition: &str) -> &'static str {
    let typographic = condition.contains(['“', '”', '„', '‘', '’', '«', '»']);
    if typographic || condition.contains("='") || condition.starts_with('\'') {
        "; such quotes belong to the value, only \" encloses it"
    } else {
        ""
    }
}

fn count(number: u64) -> String {
    HumanCount(number).to_string()
}

/// The beginning of a text on one line, without what could steer the terminal.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = clean(&line).chars().take(SHOWN).collect();
    if shown.chars().count() < line.chars().count() {
        shown.push('…');
    }
    shown
}
