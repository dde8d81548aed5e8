//! `splq inspect`: what is in the data - files, sourcetypes, times, fields with fill rate and examples, and what knowledge
//! objects make of them.

mod knowledge;

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, ListBuilder, StringArray, StringViewBuilder};
use arrow::datatypes::Int32Type;
use chrono_tz::Tz;
use spl_exec::Results;
use spl_functions::column::Column;
use spl_functions::value::Value;
use spl_sources::{EventTable, FieldSelection, LoadReport};

use self::knowledge::KnowledgeFacts;
use crate::arguments::InspectArguments;
use crate::loading::Loading;
use crate::output::{self, Format, Layout, Sink, time_text};
use crate::session;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Distinct values are counted up to here.
const COUNTED: usize = 100_000;
/// Examples of a field's values, and how long each may be.
const EXAMPLES: usize = 3;
const EXAMPLE_LENGTH: usize = 40;

/// Loads everything and prints what it is.
///
/// # Errors
/// What [`Stop`] lists.
pub async fn inspect(arguments: &InspectArguments, terminal: &Terminal) -> Result<(), Stop> {
    Sink::check(&arguments.output, terminal)?;
    if arguments.engine.data.data.is_empty() {
        return Err(Stop::Usage("--data is needed: a file, folder or glob to inspect".to_owned()));
    }
    if arguments.engine.settings.earliest.is_some() || arguments.engine.settings.latest.is_some() {
        return Err(Stop::Usage("--earliest and --latest are about searches; `splq inspect` shows all events".to_owned()));
    }
    let mut engine = session::engine_of(&arguments.engine, terminal)?;
    let zone = engine.clock().time_zone;
    let Some(loading) = Loading::new(&arguments.engine.data, engine.settings(), FieldSelection::All, terminal)? else {
        return Ok(());
    };
    let loading = loading.knowing(&engine);
    let loaded = loading.finish(loading.read(), terminal)?;
    let facts = Facts::new(&loaded.table)?;
    engine = engine.with_data(loaded.table).map_err(|problem| session::stop(terminal, &problem))?;
    let known = KnowledgeFacts::new(&engine).await;
    for problem in &known.problems {
        terminal.warn(problem);
    }
    let mut sink = Sink::open(&arguments.output, terminal, zone)?;
    if sink.format != Format::Table {
        return sink.write_rows(&machine_rows(&loaded.report, &facts, &known)?);
    }
    let layout = sink.layout;
    let sections = [
        ("Files", file_rows(&loaded.report)?),
        ("Sourcetypes", sourcetype_rows(&facts, zone)?),
        ("Event types and tags", known.name_rows()?),
        ("Data models", known.dataset_rows()?),
        ("Fields", field_rows(&facts, "")?),
    ];
    let mut first = true;
    for (heading, rows) in sections {
        if rows.rows() > 0 {
            print_section(&mut sink, heading, &rows, layout, first)?;
            first = false;
        }
    }
    Ok(())
}

fn print_section(sink: &mut Sink, heading: &str, rows: &Results, layout: Layout, first: bool) -> Result<(), Stop> {
    let (bold, plain) = if layout.color { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
    let blank = if first { "" } else { "\n" };
    writeln!(sink, "{blank}{bold}{heading}{plain}")?;
    sink.write_rows(rows)
}

/// What the events of a table are.
#[derive(Debug, Default)]
pub struct Facts {
    sourcetypes: Vec<Sourcetype>,
}

/// The events of one sourcetype.
#[derive(Debug)]
struct Sourcetype {
    name: String,
    events: u64,
    earliest: f64,
    latest: f64,
    fields: Vec<FieldFacts>,
}

/// What is known of a field in the events of one sourcetype.
#[derive(Clone, Debug)]
struct FieldFacts {
    name: String,
    events: u64,
    kind: &'static str,
    distinct: HashSet<u64, BuildHasherDefault<DefaultHasher>>,
    examples: Vec<String>,
}

impl Facts {
    /// Looks at every value.
    ///
    /// # Errors
    /// A column of a type that SPL does not have.
    pub fn new(table: &EventTable) -> Result<Self, Stop> {
        let names: Vec<&str> =
            table.schema.fields().iter().map(|field| field.name().as_str()).filter(|name| !name.starts_with('_')).collect();
        let mut facts = Self::default();
        let mut places: HashMap<String, usize> = HashMap::new();
        for batch in &table.batches {
            let columns = output::columns(batch, &["sourcetype", "_time"])?;
            let [sourcetypes, times] = columns.as_slice() else {
                continue;
            };
            let groups: Vec<usize> = (0..batch.num_rows())
                .map(|row| {
                    let value = sourcetypes.value(row);
                    let name = value.text().unwrap_or_default();
                    let place = match places.get(name.as_ref()) {
                        Some(place) => *place,
                        None => facts.add(&name, &names, &mut places),
                    };
                    facts.sourcetypes[place].count(times.value(row).number());
                    place
                })
                .collect();
            for (position, name) in names.iter().enumerate() {
                if let Some(array) = batch.column_by_name(name) {
                    facts.look(position, array, &groups)?;
                }
            }
        }
        facts.sourcetypes.sort_by(|left, right| right.events.cmp(&left.events).then_with(|| left.name.cmp(&right.name)));
        for sourcetype in &mut facts.sourcetypes {
            sourcetype.fields.retain(|field| field.events > 0);
            sourcetype.fields.sort_by_key(|field| std::cmp::Reverse(field.events));
        }
        Ok(facts)
    }

    fn add(&mut self, name: &str, fields: &[&str], places: &mut HashMap<String, usize>) -> usize {
        let fields = fields
            .iter()
            .map(|name| FieldFacts {
                name: (*name).to_owned(),
                events: 0,
                kind: "",
                distinct: HashSet::default(),
                examples: Vec::new(),
            })
            .collect();
        self.sourcetypes.push(Sourcetype { name: name.to_owned(), events: 0, earliest: f64::MAX, latest: f64::MIN, fields });
        places.insert(name.to_owned(), self.sourcetypes.len() - 1);
        self.sourcetypes.len() - 1
    }

    /// Looks at a column of a batch; `groups` has the sourcetype of each row.
    fn look(&mut self, position: usize, array: &ArrayRef, groups: &[usize]) -> Result<(), Stop> {
        let column = Column::new(array).map_err(|error| Stop::Failed(error.to_string()))?;
        let kind = match &column {
            Column::Integer(_) => "integer",
            Column::Float(_) => "number",
            Column::Multivalue { .. } => "multivalue",
            _ => "text",
        };
        // Values of a dictionary are distinct, so its keys can be counted in their place.
        let keys = array.as_dictionary_opt::<Int32Type>().map(|dictionary| dictionary.keys().clone());
        let hasher: BuildHasherDefault<DefaultHasher> = BuildHasherDefault::default();
        for (row, group) in groups.iter().enumerate() {
            let value = column.value(row);
            if value.is_null() {
                continue;
            }
            let facts = &mut self.sourcetypes[*group].fields[position];
            facts.events += 1;
            facts.kind = kind;
            if facts.distinct.len() >= COUNTED {
                continue;
            }
            let mut note = |hash: u64, text: &dyn Fn() -> String| {
                if facts.distinct.insert(hash) && facts.examples.len() < EXAMPLES {
                    facts.examples.push(shortened(&text()));
                }
            };
            match (value, &keys) {
                (Value::Text(text), Some(keys)) => note(keys.value(row) as u64, &|| text.to_owned()),
                (Value::Multivalue(values), _) => {
                    values.iter().for_each(|text| note(hasher.hash_one(text), &|| text.to_owned()));
                }
                (Value::Text(text), None) => note(hasher.hash_one(text), &|| text.to_owned()),
                (Value::Integer(number), _) => note(number as u64, &|| number.to_string()),
                (other, _) => {
                    let number = other.number().unwrap_or_default();
                    note(number.to_bits(), &|| other.text().unwrap_or_default().into_owned());
                }
            }
        }
        Ok(())
    }
}

impl Sourcetype {
    fn count(&mut self, time: Option<f64>) {
        self.events += 1;
        if let Some(time) = time {
            self.earliest = self.earliest.min(time);
            self.latest = self.latest.max(time);
        }
    }
}

fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(EXAMPLE_LENGTH).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn numbers(values: impl Iterator<Item = Option<u64>>) -> ArrayRef {
    Arc::new(values.map(|number| number.map(|number| number as i64)).collect::<Int64Array>())
}

/// The files that were read.
///
/// # Errors
/// None in practice: the columns are of one length.
pub fn file_rows(report: &LoadReport) -> Result<Results, Stop> {
    let files = &report.files;
    let warnings: Vec<String> = files.iter().map(warnings_text).collect();
    let any = warnings.iter().any(|text| !text.is_empty());
    let mut columns = vec![
        ("file", texts(files.iter().map(|file| Some(file.path.as_str())))),
        ("format", texts(files.iter().map(|file| Some(file.format.name())))),
        ("compressed", texts(files.iter().map(|file| (!file.compressed.is_empty()).then_some(file.compressed.as_str())))),
        ("events", numbers(files.iter().map(|file| Some(file.events)))),
        ("bytes", numbers(files.iter().map(|file| Some(file.bytes)))),
    ];
    if any {
        columns.push(("warnings", texts(warnings.iter().map(|text| (!text.is_empty()).then_some(text.as_str())))));
    }
    columns.retain(|(name, column)| *name != "compressed" || column.null_count() < column.len());
    output::rows(columns)
}

fn warnings_text(file: &spl_sources::FileReport) -> String {
    file.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The sourcetypes with their number of events and times.
///
/// # Errors
/// None in practice: the columns are of one length.
pub fn sourcetype_rows(facts: &Facts, zone: Tz) -> Result<Results, Stop> {
    let all = &facts.sourcetypes;
    let times = |value: fn(&Sourcetype) -> f64| -> ArrayRef {
        Arc::new(all.iter().map(|sourcetype| time_text(value(sourcetype), zone)).collect::<StringArray>())
    };
    output::rows(vec![
        ("sourcetype", texts(all.iter().map(|sourcetype| Some(sourcetype.name.as_str())))),
        ("events", numbers(all.iter().map(|sourcetype| Some(sourcetype.events)))),
        ("fields", numbers(all.iter().map(|sourcetype| Some(sourcetype.fields.len() as u64)))),
        ("earliest", times(|sourcetype| sourcetype.earliest)),
        ("latest", times(|sourcetype| sourcetype.latest)),
    ])
}

/// Fields whose name contains a text, per sourcetype.
///
/// # Errors
/// None in practice: the columns are of one length.
pub fn field_rows(facts: &Facts, part: &str) -> Result<Results, Stop> {
    let part = part.to_ascii_lowercase();
    let all: Vec<(&Sourcetype, &FieldFacts)> = facts
        .sourcetypes
        .iter()
        .flat_map(|sourcetype| sourcetype.fields.iter().map(move |field| (sourcetype, field)))
        .filter(|(_, field)| field.name.to_ascii_lowercase().contains(&part))
        .collect();
    let distinct: Vec<String> = all.iter().map(|(_, field)| distinct_text(field)).collect();
    let fill: Vec<String> = all.iter().map(|(sourcetype, field)| percent(field.events, sourcetype.events)).collect();
    let examples: Vec<String> = all.iter().map(|(_, field)| field.examples.join(", ")).collect();
    output::rows(vec![
        ("sourcetype", texts(all.iter().map(|(sourcetype, _)| Some(sourcetype.name.as_str())))),
        ("field", texts(all.iter().map(|(_, field)| Some(field.name.as_str())))),
        ("type", texts(all.iter().map(|(_, field)| Some(field.kind)))),
        ("fill", texts(fill.iter().map(|text| Some(text.as_str())))),
        ("distinct", texts(distinct.iter().map(|text| Some(text.as_str())))),
        ("examples", texts(examples.iter().map(|text| Some(text.as_str())))),
    ])
}

fn distinct_text(field: &FieldFacts) -> String {
    let more = if field.distinct.len() >= COUNTED { "+" } else { "" };
    format!("{}{more}", field.distinct.len())
}

/// A share that is 100 % only when nothing is missing, and 0 % only when nothing is there.
fn percent(part: u64, whole: u64) -> String {
    let share = 100.0 * part as f64 / whole.max(1) as f64;
    match share {
        all if part == whole => format!("{all:.0} %"),
        tiny if tiny < 0.1 => "<0.1 %".to_owned(),
        most => format!("{:.1} %", most.min(99.9)),
    }
}

/// A file, a sourcetype or a field as a row for programs; what does not apply is absent.
#[derive(Default)]
struct MachineRow<'a> {
    kind: &'static str,
    file: Option<&'a str>,
    format: Option<&'a str>,
    compressed: Option<&'a str>,
    sourcetype: Option<&'a str>,
    field: Option<&'a str>,
    /// Of an event type, a tag or a dataset.
    name: Option<&'a str>,
    data_type: Option<&'a str>,
    events: u64,
    bytes: Option<u64>,
    earliest: Option<f64>,
    latest: Option<f64>,
    fill: Option<f64>,
    distinct: Option<u64>,
    examples: &'a [String],
    missing: &'a [String],
    warnings: Vec<String>,
}

/// Files, sourcetypes, fields and what knowledge objects make of them as rows of one table.
fn machine_rows(report: &LoadReport, facts: &Facts, known: &KnowledgeFacts) -> Result<Results, Stop> {
    let mut rows: Vec<MachineRow<'_>> = Vec::new();
    rows.extend(report.files.iter().map(|file| MachineRow {
        kind: "file",
        file: Some(&file.path),
        format: Some(file.format.name()),
        compressed: Some(file.compressed.as_str()).filter(|name| !name.is_empty()),
        events: file.events,
        bytes: Some(file.bytes),
        warnings: file.warnings.iter().map(ToString::to_string).collect(),
        ..MachineRow::default()
    }));
    rows.extend(facts.sourcetypes.iter().map(|sourcetype| MachineRow {
        kind: "sourcetype",
        sourcetype: Some(&sourcetype.name),
        events: sourcetype.events,
        earliest: Some(sourcetype.earliest).filter(|time| *time < f64::MAX),
        latest: Some(sourcetype.latest).filter(|time| *time > f64::MIN),
        ..MachineRow::default()
    }));
    for sourcetype in &facts.sourcetypes {
        rows.extend(sourcetype.fields.iter().map(|field| MachineRow {
            kind: "field",
            sourcetype: Some(&sourcetype.name),
            field: Some(&field.name),
            data_type: Some(field.kind),
            events: field.events,
            fill: Some(field.events as f64 / sourcetype.events.max(1) as f64),
            distinct: Some(field.distinct.len() as u64),
            examples: &field.examples,
            ..MachineRow::default()
        }));
    }
    rows.extend(known.names.iter().map(|named| MachineRow {
        kind: named.kind,
        sourcetype: Some(&named.sourcetype),
        name: Some(&named.name),
        events: named.events,
        ..MachineRow::default()
    }));
    rows.extend(known.datasets.iter().map(|fed| MachineRow {
        kind: "dataset",
        sourcetype: Some(&fed.sourcetype),
        name: Some(&fed.dataset),
        events: fed.events,
        missing: &fed.missing,
        ..MachineRow::default()
    }));
    let floats =
        |value: fn(&MachineRow<'_>) -> Option<f64>| -> ArrayRef { Arc::new(rows.iter().map(value).collect::<Float64Array>()) };
    output::rows(vec![
        ("kind", texts(rows.iter().map(|row| Some(row.kind)))),
        ("file", texts(rows.iter().map(|row| row.file))),
        ("format", texts(rows.iter().map(|row| row.format))),
        ("compressed", texts(rows.iter().map(|row| row.compressed))),
        ("sourcetype", texts(rows.iter().map(|row| row.sourcetype))),
        ("field", texts(rows.iter().map(|row| row.field))),
        ("name", texts(rows.iter().map(|row| row.name))),
        ("type", texts(rows.iter().map(|row| row.data_type))),
        ("events", numbers(rows.iter().map(|row| Some(row.events)))),
        ("bytes", numbers(rows.iter().map(|row| row.bytes))),
        ("earliest", floats(|row| row.earliest)),
        ("latest", floats(|row| row.latest)),
        ("fill", floats(|row| row.fill)),
        ("distinct", numbers(rows.iter().map(|row| row.distinct))),
        ("examples", lists(rows.iter().map(|row| row.examples))),
        ("missing", lists(rows.iter().map(|row| row.missing))),
        ("warnings", lists(rows.iter().map(|row| row.warnings.as_slice()))),
    ])
}

/// Lists of texts; an empty one is absent.
fn lists<'a>(values: impl Iterator<Item = &'a [String]>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringViewBuilder::new());
    for list in values {
        list.iter().for_each(|text| lists.values().append_value(text));
        lists.append(!list.is_empty());
    }
    Arc::new(lists.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        assert_eq!(percent(3, 3), "100 %");
        assert_eq!(percent(9999, 10_000), "99.9 %");
        assert_eq!(percent(1, 10_000), "<0.1 %");
        assert_eq!(percent(1, 2), "50.0 %");
    }
}
