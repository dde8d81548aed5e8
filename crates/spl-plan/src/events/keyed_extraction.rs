//! Extractions of transforms whose field names stand in the events themselves: `FORMAT = $1::$2`, groups named `_KEY_1`,
//! pairs between `DELIMS`. Which columns they give is known only when the events are there, so they run on loaded events.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use indexmap::IndexMap;
use spl_functions::column::{Column, ValueType};
use spl_knowledge::{Knowledge, Transform};
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;

use crate::cells::cell::{Cell, push};
use crate::cells::transform_reader::{Reader, reader};
use crate::events::level::STORED_FIELDS;
use crate::events::profile::EventProfile;

/// Values by field, then by row.
type FoundRows = IndexMap<String, HashMap<usize, Found>>;

/// The values of a field, and whether they only fill it where an event has none.
type Found = (Vec<String>, bool);

/// A transform with what reads by it, and whether it is the knowledge pack's, which fills fields.
type OfKind<'k> = (&'k Transform, Reader<'k>, bool);

/// Whether a transform takes names from events, or puts texts together for values.
fn is_keyed(transform: &Transform) -> bool {
    let composed = |format: &String| {
        format.split_whitespace().any(|part| {
            let group = |value: &str| value.strip_prefix('$').is_some_and(|number| number.parse::<usize>().is_ok());
            part.split_once("::").is_some_and(|(name, value)| name.contains('$') || !group(value.trim_matches('"')))
        })
    };
    transform.dest_key.is_none()
        && (transform.delimiters.as_ref().is_some_and(|delimiters| delimiters.key_value.is_some())
            || transform.format.as_ref().is_some_and(composed)
            || transform.regex.as_ref().is_some_and(|regex| regex.contains("<_KEY_")))
}

/// The fields that such extractions read, of all stanzas of props.conf.
pub fn sources(knowledge: &Knowledge) -> BTreeSet<String> {
    let settings = knowledge.props.iter().flat_map(|stanza| &stanza.settings);
    let names = settings.filter(|(key, _)| key.starts_with("REPORT-")).flat_map(|(_, setting)| setting.value.split(','));
    names
        .filter_map(|name| knowledge.transforms.get(name.trim().trim_matches('"')))
        .filter(|transform| is_keyed(transform))
        .map(|transform| transform.source_key.clone())
        .collect()
}

/// The batches with the fields that such extractions find; none when no event has one. `numbers` has the kind of each row.
/// A found value goes before what the event has, except for fields that are stored with it.
///
/// # Errors
/// A regular expression that can't be read, or that takes too many steps.
pub fn extend(
    schema: &SchemaRef,
    batches: &[RecordBatch],
    numbers: &[ArrayRef],
    kinds: &[EventProfile],
    knowledge: &Knowledge,
) -> Result<Option<(SchemaRef, Vec<RecordBatch>)>, Diagnostic> {
    let mut readers: Vec<Vec<OfKind<'_>>> = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let mut of_kind = Vec::new();
        let pack = kind.props.pack.iter().map(|pack| (&pack.reports, true));
        for (reports, fills) in std::iter::once((&kind.props.reports, false)).chain(pack) {
            for name in reports.iter().flat_map(|(_, names)| names) {
                let Some(transform) = knowledge.transforms.get(name).filter(|transform| is_keyed(transform)) else { continue };
                let read =
                    reader(transform, transform.clean_keys, transform.mv_add).map_err(|wrong| failed(transform, &wrong))?;
                of_kind.push((transform, read, fills));
            }
        }
        readers.push(of_kind);
    }
    if readers.iter().all(Vec::is_empty) {
        return Ok(None);
    }
    let mut found: Vec<FoundRows> = Vec::with_capacity(batches.len());
    for (batch, numbers) in batches.iter().zip(numbers) {
        found.push(find(batch, numbers, &readers)?);
    }
    // One type per field, over all batches.
    let mut types: IndexMap<String, ValueType> = IndexMap::new();
    for (name, rows) in found.iter().flatten() {
        let kind = types.entry(name.clone()).or_insert(ValueType::Null);
        *kind = rows.values().fold(*kind, |kind, (values, _)| kind.common(type_of(values)));
    }
    if types.is_empty() {
        return Ok(None);
    }
    for (name, kind) in &mut types {
        if let Ok(field) = schema.field_with_name(name) {
            *kind = kind.common(ValueType::of(field.data_type()));
        }
    }
    let mut extended = Vec::with_capacity(batches.len());
    let mut with_found = schema.clone();
    for (batch, found) in batches.iter().zip(&found) {
        let (next, batch) = extend_batch(schema, batch, found, &types)?;
        with_found = next;
        extended.push(batch);
    }
    Ok(Some((with_found, extended)))
}

fn failed(transform: &Transform, wrong: &str) -> Diagnostic {
    Diagnostic::general(
        "knowledge/definition",
        format!("transform `{}` ({}) can't be used: {wrong}", transform.name, transform.origin),
    )
}

fn find(batch: &RecordBatch, numbers: &ArrayRef, readers: &[Vec<OfKind<'_>>]) -> Result<FoundRows, Diagnostic> {
    let mut found = FoundRows::new();
    let Some(numbers) = numbers.as_any().downcast_ref::<Int32Array>() else { return Ok(found) };
    let mut columns: HashMap<&str, Column> = HashMap::new();
    for transform in readers.iter().flatten().map(|(transform, _, _)| *transform) {
        if !columns.contains_key(transform.source_key.as_str()) {
            let column = batch.column_by_name(&transform.source_key).map_or(Ok(Column::Null), |array| Column::new(array));
            columns.insert(&transform.source_key, column.map_err(engine_error)?);
        }
    }
    for row in 0..batch.num_rows() {
        let kind = usize::try_from(numbers.value(row)).ok().and_then(|number| readers.get(number));
        for (transform, read, fills) in kind.into_iter().flatten() {
            let value = columns.get(transform.source_key.as_str()).map(|column| column.value(row));
            let Some(text) = value.as_ref().and_then(|value| value.text()) else { continue };
            for (name, mut values) in read(&text).map_err(|wrong| failed(transform, &wrong))? {
                if !transform.keep_empty_values {
                    values.retain(|value| !value.is_empty());
                }
                if name.is_empty() || name.starts_with('_') || STORED_FIELDS.contains(&name.as_str()) || values.is_empty() {
                    continue;
                }
                // The first extraction that finds a field gives it.
                found.entry(name).or_default().entry(row).or_insert((values, *fills));
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
    let (mut fields, mut columns): (Vec<Arc<Field>>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    let empty = HashMap::new();
    for (place, field) in schema.fields().iter().enumerate() {
        let Some(kind) = types.get(field.name()) else {
            fields.push(field.clone());
            columns.push(batch.column(place).clone());
            continue;
        };
        let rows = found.get(field.name()).unwrap_or(&empty);
        let old = Column::new(batch.column(place)).map_err(engine_error)?;
        push(&mut fields, &mut columns, field.name(), *kind, batch.num_rows(), |row| {
            let old = Cell::of(old.value(row));
            match rows.get(&row) {
                Some((values, fills)) if !fills || matches!(old, Cell::Null) => Cell::of_texts(values.clone()),
                _ => old,
            }
        });
    }
    for (name, kind) in types.iter().filter(|(name, _)| schema.field_with_name(name).is_err()) {
        let rows = found.get(name).unwrap_or(&empty);
        push(&mut fields, &mut columns, name, *kind, batch.num_rows(), |row| {
            rows.get(&row).map_or(Cell::Null, |(values, _)| Cell::of_texts(values.clone()))
        });
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns).map_err(|error| engine_error(error.into()))?;
    Ok((schema, batch))
}
