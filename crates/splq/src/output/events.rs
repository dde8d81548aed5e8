//! Events for reading: a compact list, or one event in full with its fields in groups.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Write;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::ValueEnum;
use spl_exec::Results;
use spl_functions::column::Column;
use spl_functions::value::Value;
use spl_parser::Pipeline;
use spl_parser::effects::walk;
use spl_parser::syntax::{FieldName, PatternPart, SearchKind, SearchValue};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::table::{cell_text, clean, cut, pieces};
use super::{Layout, columns, shown_fields};
use crate::stop::Stop;

/// How events are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EventView {
    /// Number, time, host and sourcetype, then the text or the fields that say most
    List,
    /// The text of each event
    Raw,
    /// A row for each event, a column for each field
    Table,
    /// Each event in full, its fields in groups
    Fields,
}

/// The fields that every event has.
const GENERAL: [&str; 5] = ["_time", "host", "source", "sourcetype", "index"];
/// Lines that the text of an event takes in a list.
const BODY_LINES: usize = 2;
/// Longest value of a field in a list, in columns.
const VALUE: usize = 72;
/// Texts shorter than this are not marked.
const SHORTEST_TERM: usize = 2;

/// Names of fields that say what happened, the plainest first; the part behind the last dot counts.
const TELLING: [&str; 62] = [
    "EventCode",
    "EventID",
    "eventName",
    "operationName",
    "Operation",
    "displayMessage",
    "eventType",
    "event_type",
    "ruleName",
    "alert",
    "signature",
    "action",
    "Action",
    "outcome",
    "status",
    "Status",
    "errorCode",
    "Message",
    "message",
    "msg",
    "log",
    "Image",
    "NewProcessName",
    "ProcessName",
    "process",
    "CommandLine",
    "ProcessCommandLine",
    "ScriptBlockText",
    "ParentImage",
    "ParentProcessName",
    "ParentCommandLine",
    "TargetFilename",
    "TargetObject",
    "Details",
    "ImageLoaded",
    "SourceImage",
    "TargetImage",
    "ServiceName",
    "ImagePath",
    "ServiceFileName",
    "TaskName",
    "PipeName",
    "QueryName",
    "ShareName",
    "RelativeTargetName",
    "ObjectName",
    "TargetUserName",
    "SubjectUserName",
    "LogonType",
    "User",
    "user",
    "userName",
    "arn",
    "IpAddress",
    "sourceIPAddress",
    "SourceIp",
    "src_ip",
    "DestinationIp",
    "dest_ip",
    "DestinationPort",
    "method",
    "uri",
];

/// What an event list needs beside the rows.
#[derive(Clone, Debug, Default)]
pub struct EventStyle {
    /// Texts that the search looks for, which are marked.
    pub terms: Vec<String>,
    /// Fields that the search compares: they come first.
    pub compared: Vec<String>,
    /// The fields of the events as they were loaded; others come from knowledge objects. None = not known.
    pub own: Option<HashSet<String>>,
}

impl EventStyle {
    /// What a search looks for.
    pub fn of(pipeline: &Pipeline) -> Self {
        let mut style = Self::default();
        let Some(first) = pipeline.commands.first() else { return style };
        let mut compare = |field: &FieldName| {
            if !GENERAL.contains(&field.name.as_str()) && !style.compared.contains(&field.name) {
                style.compared.push(field.name.clone());
            }
        };
        let mut terms: Vec<String> = Vec::new();
        for condition in walk::conditions(first) {
            walk::condition_parts(condition, &mut |part, positive| match &part.kind {
                SearchKind::Comparison { field, value, .. } => {
                    compare(field);
                    if positive {
                        terms.extend(longest_text(value));
                    }
                }
                SearchKind::In { field, values } => {
                    compare(field);
                    if positive {
                        terms.extend(values.iter().filter_map(longest_text));
                    }
                }
                SearchKind::Term(value) if positive => terms.extend(longest_text(value)),
                _ => {}
            });
        }
        style.terms = terms;
        style
    }
}

/// The longest text between the wildcards of a pattern.
fn longest_text(value: &SearchValue) -> Option<String> {
    let texts = value.pattern.parts.iter().filter_map(|part| match part {
        PatternPart::Literal(text) => Some(text.to_lowercase()),
        PatternPart::Wildcard => None,
    });
    texts.max_by_key(String::len).filter(|text| text.chars().count() >= SHORTEST_TERM)
}

/// Whether rows are events as they were found: with their text, time and origin.
pub fn are_events(results: &Results) -> bool {
    ["_raw", "_time", "host", "sourcetype"].iter().all(|field| results.fields.iter().any(|known| known == field))
}

/// Writes events as a list, numbered from `first`.
///
/// # Errors
/// A writer that fails.
pub fn write_list(
    writer: &mut impl Write,
    results: &Results,
    style: &EventStyle,
    layout: Layout,
    first: usize,
) -> Result<(), Stop> {
    let fields = shown_fields(results);
    let order = told_first(&fields, style);
    let digits = (first + results.rows()).to_string().len();
    let mut number = first;
    for batch in &results.batches {
        let columns = columns(batch, &fields)?;
        let column = |name: &str| fields.iter().position(|field| *field == name).map(|place| &columns[place]);
        for row in 0..batch.num_rows() {
            let value = |name: &str| column(name).map(|column| column.value(row)).filter(|value| !value.is_null());
            let text = |name: &str| value(name).and_then(|value| value.text().map(Cow::into_owned)).unwrap_or_default();
            let time = value("_time").and_then(|time| local_time(time, layout.time_zone)).unwrap_or_default();
            let mut origin = vec![text("host"), text("sourcetype")];
            let source = text("source");
            let short = short_source(&source, &origin[1]);
            if short != origin[1] {
                origin.push(short.to_owned());
            }
            let origin: Vec<String> =
                origin.iter().filter(|part| !part.is_empty()).map(|part| clean(part).into_owned()).collect();
            let head = format!("{number:>digits$}  {time}  {}", origin.join("  "));
            writeln!(writer, "{}", dimmed(&cut(&head, layout.width.unwrap_or(usize::MAX)), layout))?;
            let room = layout.width.map_or(usize::MAX, |width| width.saturating_sub(digits + 2).max(20));
            let raw = text("_raw");
            let lines = match is_prose(&raw) {
                true => text_lines(&raw, room, style, layout),
                false => {
                    let told = told_fields(&order, &columns, &fields, row, &raw, &origin);
                    field_lines(&told, room, style, layout)
                }
            };
            for line in lines {
                writeln!(writer, "{:digits$}  {line}", "")?;
            }
            number += 1;
        }
    }
    Ok(())
}

/// Writes each event in full, its fields in groups: where it comes from, what it says, what knowledge objects make of it.
///
/// # Errors
/// A writer that fails.
pub fn write_fields(
    writer: &mut impl Write,
    results: &Results,
    style: &EventStyle,
    layout: Layout,
    first: usize,
    with_knowledge: bool,
) -> Result<(), Stop> {
    let fields = shown_fields(results);
    let is_own = |field: &str| style.own.as_ref().is_none_or(|own| own.contains(field));
    let width = layout.width.unwrap_or(120).max(30);
    let name_width = fields.iter().map(|field| field.width()).max().unwrap_or_default().min(width / 3);
    let room = width.saturating_sub(name_width + 4).max(10);
    let mut number = first;
    for batch in &results.batches {
        let columns = columns(batch, &fields)?;
        for row in 0..batch.num_rows() {
            let heading = format!("── {number} ");
            let line = format!("{heading}{}", "─".repeat(width.saturating_sub(heading.width())));
            writeln!(writer, "{}", dimmed(&line, layout))?;
            for (group, title) in ["", "fields of the event", "fields of knowledge objects"].into_iter().enumerate() {
                let belongs =
                    |place: &usize| group_of(fields[*place], &is_own) == Some(group) && !columns[*place].value(row).is_null();
                let members: Vec<usize> = (0..fields.len()).filter(belongs).collect();
                if members.is_empty() {
                    continue;
                }
                if !with_knowledge && group == OF_KNOWLEDGE {
                    let count = members.len();
                    let are = if count == 1 {
                        "1 field of knowledge objects is hidden"
                    } else {
                        "fields of knowledge objects are hidden"
                    };
                    let line = if count == 1 { are.to_owned() } else { format!("{count} {are}") };
                    writeln!(writer, "{}", dimmed(&line, layout))?;
                    continue;
                }
                if !title.is_empty() {
                    writeln!(writer, "{}", dimmed(title, layout))?;
                }
                for place in members {
                    let text = cell_text(columns[place].value(row), fields[place] == "_time", layout.time_zone);
                    let mut name = cut(&clean(fields[place]), name_width).into_owned();
                    for line in text.lines().flat_map(|line| pieces(&clean(line), room)) {
                        let blanks = " ".repeat(name_width.saturating_sub(name.width()));
                        writeln!(writer, "  {}{blanks}  {}", bold(&name, layout), marked(&line, &style.terms, layout))?;
                        name.clear();
                    }
                }
            }
            let raw = fields.iter().position(|field| *field == "_raw").and_then(|place| columns[place].value(row).text());
            if let Some(raw) = raw.filter(|raw| is_prose(raw)) {
                writeln!(writer, "{}", dimmed("text", layout))?;
                for line in raw.lines().flat_map(|line| pieces(&clean(line), width.saturating_sub(2))) {
                    writeln!(writer, "  {}", marked(&line, &style.terms, layout))?;
                }
            }
            number += 1;
        }
    }
    Ok(())
}

/// The part of a source that tells it apart: what stands behind its sourcetype, else the name of its file.
fn short_source<'s>(source: &'s str, sourcetype: &str) -> &'s str {
    match source.strip_prefix(sourcetype).and_then(|rest| rest.strip_prefix(':')) {
        Some(channel) => channel,
        None => source.rsplit(['/', '\\']).next().unwrap_or_default(),
    }
}

/// The group of fields that knowledge objects define.
const OF_KNOWLEDGE: usize = 2;

/// The group of a field: where the event comes from, what it says, what knowledge objects make of it. None for its text.
fn group_of(field: &str, is_own: &impl Fn(&str) -> bool) -> Option<usize> {
    match field {
        "_raw" => None,
        general if GENERAL.contains(&general) => Some(0),
        own if is_own(own) => Some(1),
        _ => Some(OF_KNOWLEDGE),
    }
}

/// The time of an event for people, in their zone.
fn local_time(value: Value<'_>, zone: Tz) -> Option<String> {
    let seconds = value.number().filter(|seconds| seconds.is_finite() && seconds.abs() < 1e13)?;
    let time = DateTime::<Utc>::from_timestamp_micros((seconds * 1e6).round() as i64)?.with_timezone(&zone);
    Some(time.format("%Y-%m-%d %H:%M:%S%.3f").to_string())
}

/// Whether a text is for reading, rather than JSON, XML or lines of settings.
fn is_prose(raw: &str) -> bool {
    let start = raw.trim_start();
    let windows = start.contains("\nEventCode=") && start.contains("\nLogName=");
    !start.is_empty() && !start.starts_with(['{', '<']) && !windows
}

/// Places of the fields in the order in which they tell what happened.
fn told_first(fields: &[&str], style: &EventStyle) -> Vec<usize> {
    let last_part = |field: &str| field.rsplit('.').next().unwrap_or_default().trim_end_matches("{}").to_owned();
    let rank = |field: &str| {
        if let Some(place) = style.compared.iter().position(|compared| compared == field) {
            return place;
        }
        let own = style.own.as_ref().is_none_or(|own| own.contains(field));
        let telling = TELLING.iter().position(|telling| *telling == last_part(field));
        // What knowledge objects add says again what the event has.
        match (own, telling) {
            (true, Some(place)) => 100 + place,
            (true, None) => 1_000,
            (false, _) => 2_000,
        }
    };
    let mut places: Vec<usize> = (0..fields.len()).filter(|place| !is_beside_the_point(fields[*place])).collect();
    places.retain(|place| rank(fields[*place]) < 2_000);
    places.sort_by_key(|place| rank(fields[*place]));
    places
}

/// Fields that say when and where rather than what: the line above has that; and running numbers.
fn is_beside_the_point(field: &str) -> bool {
    if GENERAL.contains(&field) || field.starts_with('_') {
        return true;
    }
    let name = field.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let ends = ["time", "timestamp", "guid", "recordid", "version", "threadid", "keywords", "opcode", "hostname", "@xmlns"];
    ends.iter().any(|end| name.ends_with(end))
        || matches!(name.as_str(), "computer" | "level" | "task" | "provider" | "host" | "schema")
}

/// Names and values of an event that tell most; values that stand in the line above are left out, and doubles.
fn told_fields(
    order: &[usize],
    columns: &[Column],
    fields: &[&str],
    row: usize,
    raw: &str,
    origin: &[String],
) -> Vec<(String, String)> {
    let mut told: Vec<(String, String)> = Vec::new();
    for place in order {
        let Some(text) = columns[*place].value(row).text() else { continue };
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = clean(&text);
        // The same under another name says nothing more; small numbers are the same by chance.
        let is_code = fields[*place] == "EventID";
        let known = told.iter().any(|(name, value)| *value == *text && (value.len() > 2 || is_code && name == "EventCode"));
        if text.is_empty() || *text == *"-" || known || origin.iter().any(|part| *part == *text) {
            continue;
        }
        let name = fields[*place].rsplit('.').next().unwrap_or(fields[*place]);
        told.push((clean(name).into_owned(), cut(&text, VALUE).into_owned()));
    }
    if told.is_empty() {
        let line = raw.split_whitespace().collect::<Vec<_>>().join(" ");
        told.push((String::new(), clean(&line).into_owned()));
    }
    told
}

/// A text in as many lines as a list gives it.
fn text_lines(raw: &str, room: usize, style: &EventStyle, layout: Layout) -> Vec<String> {
    let line = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines: Vec<String> = pieces(&clean(&line), room.min(10_000));
    if lines.len() > BODY_LINES {
        lines.truncate(BODY_LINES);
        if let Some(last) = lines.last_mut() {
            *last = cut(&format!("{last}……"), room).into_owned();
        }
    }
    lines.iter().map(|line| marked(line, &style.terms, layout)).collect()
}

/// Names and values in as many lines as a list gives them.
fn field_lines(told: &[(String, String)], room: usize, style: &EventStyle, layout: Layout) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for (name, value) in told {
        let needs_quotes = value.contains(' ') && !value.contains('"') && !name.is_empty();
        let value = if needs_quotes { format!("\"{value}\"") } else { value.clone() };
        let name = if name.is_empty() { String::new() } else { format!("{name}=") };
        let wide = name.width() + value.width();
        if used > 0 && used + 2 + wide > room {
            if lines.len() == BODY_LINES {
                break;
            }
            lines.push(String::new());
            used = 0;
        }
        let value = cut(&value, room.saturating_sub(used + 2 + name.width()).max(8)).into_owned();
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push_str("  ");
                used += 2;
            }
            used += name.width() + value.width();
            line.push_str(&colored(&name, "36", layout));
            line.push_str(&marked(&value, &style.terms, layout));
        }
    }
    lines
}

/// A line with the texts that are looked for marked.
fn marked(line: &str, terms: &[String], layout: Layout) -> String {
    if !layout.color || terms.is_empty() {
        return line.to_owned();
    }
    let lower: Vec<char> = line.chars().flat_map(|character| character.to_lowercase().next()).collect();
    let characters: Vec<char> = line.chars().collect();
    let mut marks = vec![false; characters.len()];
    for term in terms {
        let wanted: Vec<char> = term.chars().collect();
        if wanted.is_empty() || wanted.len() > lower.len() {
            continue;
        }
        for start in 0..=lower.len() - wanted.len() {
            if lower[start..start + wanted.len()] == wanted[..] {
                marks[start..start + wanted.len()].fill(true);
            }
        }
    }
    let mut text = String::with_capacity(line.len() + 16);
    let mut inside = false;
    for (character, mark) in characters.iter().zip(marks) {
        if mark != inside {
            text.push_str(if mark { "\u{1b}[1;33m" } else { "\u{1b}[0m" });
            inside = mark;
        }
        text.push(*character);
    }
    if inside {
        text.push_str("\u{1b}[0m");
    }
    text
}

fn colored(text: &str, code: &str, layout: Layout) -> String {
    if layout.color && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

fn dimmed(text: &str, layout: Layout) -> String {
    colored(text, "2", layout)
}

fn bold(text: &str, layout: Layout) -> String {
    colored(text, "1", layout)
}

/// Columns that a line takes on a terminal, colours aside.
pub fn visible_width(line: &str) -> usize {
    let mut width = 0;
    let mut escaped = false;
    for character in line.chars() {
        match (escaped, character) {
            (false, '\u{1b}') => escaped = true,
            (false, other) => width += other.width().unwrap_or_default(),
            (true, end) if end.is_ascii_alphabetic() => escaped = false,
            (true, _) => {}
        }
    }
    width
}
