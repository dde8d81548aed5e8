//! The data of a test: found, looked at, loaded as the test says, moved in time.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, Float64Array, RecordBatch};
use arrow::compute::max;
use arrow::datatypes::Float64Type;
use spl_parser::Diagnostic;
use spl_sources::{EventTable, FieldSelection, LoadOptions, LoadReport, load_sets};

use crate::detection_test::{AttackData, DetectionTest};
use crate::downloads::is_url;
use crate::repository::Repository;

/// How the pointer begins that git keeps in place of a large file.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// The events of a test and how they were read.
#[derive(Clone, Debug)]
pub struct TestData {
    /// The events.
    pub table: EventTable,
    /// Files, counts, warnings.
    pub report: LoadReport,
}

/// What a test loads: one set for each file, as it is to be taken in. `defaults` gives everything that the test does not say.
///
/// # Errors
/// At the place of the data: those that are not there, are empty or a pointer of git-LFS; no data at all.
pub fn sets(
    repository: &Repository,
    test: &DetectionTest,
    defaults: &LoadOptions,
    fields: &FieldSelection,
) -> Result<Vec<LoadOptions>, Diagnostic> {
    if test.attack_data.is_empty() {
        return Err(Diagnostic::error("test/data", "the test names no data that can be read", test.span));
    }
    let set = |data: &AttackData| {
        let missing = || match is_url(&data.data) {
            true => format!("the data {} are not there; --download fetches them", data.data.value),
            false => format!("the data {} are not there", data.data.value),
        };
        let wrong = |message: String| Diagnostic::error("test/data", message, data.data.span);
        let file = repository.data_file(&data.data).ok_or_else(|| wrong(missing()))?;
        check(&file).map_err(wrong)?;
        let text = |text: &Option<spl_parser::span::Spanned<String>>| text.as_ref().map(|text| text.value.clone());
        Ok(LoadOptions {
            paths: vec![file.display().to_string()],
            source: text(&data.source),
            sourcetype: text(&data.sourcetype),
            index: Some(data.index().to_owned()),
            host: Some(data.host_name().to_owned()),
            fields: fields.clone(),
            ..defaults.clone()
        })
    };
    test.attack_data.iter().map(set).collect()
}

/// Loads sets into one table. With `newest` the newest event gets this time, and all others move with it.
///
/// # Errors
/// In one sentence: what can't be loaded.
pub fn loaded(sets: &[LoadOptions], newest: Option<f64>) -> Result<TestData, String> {
    let loaded = load_sets(sets).map_err(|problem| format!("the data can't be loaded: {problem}"))?;
    let table = match newest {
        Some(newest) => moved(loaded.table, newest),
        None => loaded.table,
    };
    Ok(TestData { table, report: loaded.report })
}

/// Says so when nothing at all could be read of the data of a test, though none of its files is empty.
pub fn unreadable(test: &DetectionTest, data: &TestData) -> Option<Diagnostic> {
    let first = test.attack_data.first().filter(|_| data.table.rows() == 0)?;
    let reason = data.report.files.iter().flat_map(|file| file.warnings.iter()).map(|warning| warning.to_string()).next();
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    Some(Diagnostic::error("test/data", format!("no event could be read of {}{reason}", first.data.value), first.data.span))
}

/// The files of a test that are there.
pub fn files(repository: &Repository, test: &DetectionTest) -> Vec<PathBuf> {
    test.attack_data.iter().filter_map(|data| repository.data_file(&data.data)).collect()
}

/// Refuses what is no data: an empty file, a pointer of git-LFS.
fn check(file: &Path) -> Result<(), String> {
    let beginning = beginning(file).map_err(|error| format!("can't read {}: {error}", file.display()))?;
    if beginning.is_empty() {
        return Err(format!("{} is empty", file.display()));
    }
    if beginning.starts_with(POINTER) {
        return Err(format!("{} is a pointer of git-LFS in place of the data; `git lfs pull` fetches them", file.display()));
    }
    Ok(())
}

fn beginning(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(POINTER.len());
    std::fs::File::open(file)?.take(POINTER.len() as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same events at other times: whole seconds are added, so that fractions stay as they are.
fn moved(table: EventTable, newest: f64) -> EventTable {
    let times = |batch: &RecordBatch| -> Option<Float64Array> {
        Some(batch.column_by_name("_time")?.as_primitive_opt::<Float64Type>()?.clone())
    };
    let last = table.batches.iter().filter_map(|batch| max(&times(batch)?)).fold(f64::NEG_INFINITY, f64::max);
    if !last.is_finite() {
        return table;
    }
    let shift = (newest - last).floor();
    let batches = table.batches.iter().map(|batch| {
        let place = batch.schema().index_of("_time").ok()?;
        let mut columns = batch.columns().to_vec();
        columns[place] = Arc::new(times(batch)?.unary::<_, Float64Type>(|time| time + shift));
        RecordBatch::try_new(batch.schema(), columns).ok()
    });
    match batches.collect::<Option<Vec<_>>>() {
        Some(batches) => EventTable { batches, ..table },
        None => table,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_one_table_differ_and_move() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let one = write("a.ndjson", "{\"_time\": 100.5, \"x\": 1}\n{\"_time\": 90, \"x\": 2}\n");
        let two = write("b.log", "1970-01-01 00:02:00 hello\n");
        let set = |path: String, source: &str, index: &str| LoadOptions {
            paths: vec![path],
            source: Some(source.to_owned()),
            index: Some(index.to_owned()),
            threads: 1,
            ..LoadOptions::default()
        };
        let data = loaded(&[set(one, "s1", "i1"), set(two, "s2", "i2")], Some(1000.2)).unwrap();
        assert_eq!((data.table.rows(), data.report.files.len()), (3, 2));
        let batch = &data.table.batches[0];
        let times = batch.column_by_name("_time").unwrap().as_primitive::<Float64Type>();
        assert_eq!(times.values(), &[1000.0, 980.5, 970.0]);
        let texts = |name: &str| -> Vec<String> {
            let column = arrow::compute::cast(batch.column_by_name(name).unwrap(), &arrow::datatypes::DataType::Utf8).unwrap();
            column.as_string::<i32>().iter().map(|text| text.unwrap().to_owned()).collect()
        };
        assert_eq!(
            (texts("source"), texts("index")),
            (vec!["s2".into(), "s1".into(), "s1".into()], vec!["i2".into(), "i1".into(), "i1".into()])
        );
        assert_eq!(loaded(&[], None).unwrap().table.rows(), 0);
    }
}
