//! Extractions whose field names stand in the events themselves: `FORMAT = $1::$2`, groups named `_KEY_1`, pairs between
//! `DELIMS`. Which columns they give is known only when the events are there, so they run on loaded events.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use indexmap::IndexMap;
use spl_functions::column::{Column, ValueType};
use spl_functions::extraction::rule::Compiled;
use spl_functions::extraction::steps::CompiledExtraction;
use spl_functions::pattern::PatternCache;
use spl_knowledge::Knowledge;
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;

use crate::cells::cell::{Cell, push};
use crate::cells::rules;
use crate::events::extractions::{Extractions, FILLED_PREFIX, KEYED_PREFIX, PlannedExtraction, RulesOf};
use crate::events::level::STORED_FIELDS;
use crate::events::parsed_knowledge::ParsedKnowledge;

/// Values by field, then by row.
type FoundRows = IndexMap<String, HashMap<usize, Vec<String>>>;

/// Events with what was found in them.
pub struct Keyed {
    /// The columns, those that were found behind the others.
    pub schema: SchemaRef,
    /// The events.
    pub batches: Vec<RecordBatch>,
}

/// The fields that such extractions read, each with the places of the stanzas of props.conf that have them.
pub fn sources(knowledge: &Knowledge) -> BTreeMap<String, BTreeSet<usize>> {
    let mut found: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (place, stanza) in knowledge.props.iter().enumerate() {
        for (key, setting) in &stanza.settings {
            if key.starts_with("EXTRACT-") && setting.value.contains("<_KEY_") {
                found.entry("_raw".to_owned()).or_default().insert(place);
            }
            if !key.starts_with("REPORT-") {
                continue;
            }
            for name in setting.value.split(',') {
                let Some(transform) = knowledge.transforms.get(name.trim().trim_matches('"')) else { continue };
                let groups = || transform.regex.as_deref().map(spl_functions::extraction::names::group_names).unwrap_or_default();
                if rules::of_transform(transform).is_some_and(|rule| rule.reads_names(groups().into_iter())) {
                    found.entry(rules::source_field(&transform.source_key).to_owned()).or_default().insert(place);
                }
            }
        }
    }
    found
}

/// An extraction that is ready for use, with the text that it reads.
struct Ready<'r> {
    rule: Compiled<'r>,
    source: CompiledExtraction<'r>,
    /// The columns that the source numbers.
    columns: &'r [String],
    several: bool,
    /// Before the names of its columns.
    prefix: &'static str,
}

/// The batches with the fields that such extractions find, in columns of their own; none when no event has one. `numbers`
/// has the kind of each row.
///
/// # Errors
/// Columns that can't be read.
pub fn extend(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    numbers: &[ArrayRef],
    kinds: &[Extractions],
    parsed: &ParsedKnowledge,
) -> Result<Option<Keyed>, Diagnostic> {
    let names: HashSet<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let has = |name: &str| names.contains(name);
    let patterns = PatternCache::default();
    let mut planned: Vec<Vec<(usize, PlannedExtraction)>> = Vec::with_capacity(kinds.len());
    for kind in kinds {
        planned.push(kind.keyed().filter_map(|(number, ..)| Some((number, kind.source_of(number, &has, parsed)?))).collect());
    }
    if planned.iter().all(Vec::is_empty) {
        return Ok(None);
    }
    let mut ready: Vec<Vec<Ready<'_>>> = Vec::with_capacity(kinds.len());
    for (kind, planned) in kinds.iter().zip(&planned) {
        let rules: HashMap<usize, _> = kind.keyed().map(|(number, rule, of)| (number, (rule, of))).collect();
        let of_kind = planned.iter().filter_map(|(number, source)| {
            let (rule, of) = *rules.get(number)?;
            // What can't be compiled was left out before.
            let compiled = rule.compile(None, &patterns).ok()?;
            let source_ready = source.extraction.compile(&patterns).ok()?;
            let prefix = if of == RulesOf::Pack { FILLED_PREFIX } else { KEYED_PREFIX };
            Some(Ready { rule: compiled, source: source_ready, columns: &source.columns, several: rule.several, prefix })
        });
        ready.push(of_kind.collect());
    }
    let mut found: Vec<FoundRows> = Vec::with_capacity(batches.len());
    for (batch, numbers) in batches.iter().zip(numbers) {
        found.push(find(batch, numbers, &ready)?);
    }
    // One type per field, over all batches.
    let mut types: IndexMap<String, ValueType> = IndexMap::new();
    for (name, rows) in found.iter().flatten() {
        let kind = types.entry(name.clone()).or_insert(ValueType::Null);
        *kind = rows.values().fold(*kind, |kind, values| kind.common(type_of(values)));
    }
    if types.is_empty() {
        return Ok(None);
    }
    let mut extended = Vec::with_capacity(batches.len());
    let mut with_found = schema.clone();
    for (batch, found) in batches.iter().zip(&found) {
        let (next, batch) = extend_batch(schema, batch, found, &types)?;
        with_found = next;
        extended.push(batch);
    }
    Ok(Some(Keyed { schema: with_found, batches: extended }))
}

fn find(batch: &RecordBatch, numbers: &ArrayRef, ready: &[Vec<Ready<'_>>]) -> Result<FoundRows, Diagnostic> {
    let mut found = FoundRows::new();
    let Some(numbers) = numbers.as_any().downcast_ref::<Int32Array>() else { return Ok(found) };
    let columns_of = |names: &[String]| -> Result<Vec<Column>, Diagnostic> {
        let column = |name: &String| batch.column_by_name(name).map_or(Ok(Column::Null), |array| Column::new(array));
        names.iter().map(column).collect::<datafusion::common::Result<_>>().map_err(engine_error)
    };
    let mut columns: Vec<Vec<Vec<Column>>> = Vec::with_capacity(ready.len());
    for kind in ready {
        columns.push(kind.iter().map(|one| columns_of(one.columns)).collect::<Result<_, _>>()?);
    }
    for row in 0..batch.num_rows() {
        let Ok(kind) = usize::try_from(numbers.value(row)) else { continue };
        let (Some(of_kind), Some(columns)) = (ready.get(kind), columns.get(kind)) else { continue };
        for (one, columns) in of_kind.iter().zip(columns) {
            for text in one.source.texts(columns, row) {
                for (name, values) in one.rule.fields(&text) {
                    // Names in front of which two underscores stand are those of hidden columns.
                    if name.starts_with("__") || STORED_FIELDS.contains(&name.as_str()) {
                        continue;
                    }
                    // The first extraction that finds a field gives it, unless a later one adds values.
                    let known = found.entry(format!("{}{name}", one.prefix)).or_default().entry(row).or_default();
                    if known.is_empty() || one.several {
                        known.extend(values);
                    }
                }
            }
        }
    }
    Ok(found)
}

fn type_of(values: &[String]) -> ValueType {
    match values {
        [one] if one.parse::<i64>().is_ok_and(|number| number.to_string() == *one) => ValueType::Integer,
        [_] => ValueType::Text,
        _ => ValueType::Multivalue,
    }
}

fn extend_batch(
    schema: &SchemaRef,
    batch: &RecordBatch,
    found: &FoundRows,
    types: &IndexMap<String, ValueType>,
) -> Result<(SchemaRef, RecordBatch), Diagnostic> {
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    let empty = HashMap::new();
    for (name, kind) in types {
        let rows = found.get(name).unwrap_or(&empty);
        push(&mut fields, &mut columns, name, *kind, batch.num_rows(), |row| {
            rows.get(&row).map_or(Cell::Null, |values| Cell::of_texts(values.clone()))
        });
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns).map_err(|error| engine_error(error.into()))?;
    Ok((schema, batch))
}
