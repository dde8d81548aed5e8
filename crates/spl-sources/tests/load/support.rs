//! Loading for tests, and the values of a table as text.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type};
use spl_sources::{EventTable, LoadOptions, Loaded, load};

pub fn options(paths: &[&Path]) -> LoadOptions {
    LoadOptions {
        paths: paths.iter().map(|path| path.display().to_string()).collect(),
        now: 1_720_000_000.0,
        ..LoadOptions::default()
    }
}

pub fn load_bytes(bytes: &[u8], change: impl FnOnce(&mut LoadOptions)) -> Loaded {
    let mut options = LoadOptions {
        paths: vec!["-".into()],
        standard_input: Some(Arc::new(bytes.to_vec())),
        now: 1_720_000_000.0,
        ..LoadOptions::default()
    };
    change(&mut options);
    load(&options).unwrap()
}

pub fn load_text(text: &str) -> Loaded {
    load_bytes(text.as_bytes(), |_| {})
}

/// Every value of a column as text; several values joined by `|`.
pub fn column(table: &EventTable, name: &str) -> Vec<Option<String>> {
    let Ok(index) = table.schema.index_of(name) else {
        return vec![None; table.rows()];
    };
    table
        .batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| value(batch.column(index).as_ref(), row)))
        .collect()
}

pub fn value(array: &dyn Array, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Utf8View => array.as_string_view().value(row).to_owned(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
        DataType::Dictionary(..) => {
            let dictionary = array.as_dictionary::<Int32Type>();
            return value(dictionary.values().as_ref(), dictionary.keys().value(row) as usize);
        }
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            (0..items.len()).map(|item| value(items.as_ref(), item).unwrap()).collect::<Vec<_>>().join("|")
        }
        other => panic!("{other}"),
    })
}

pub fn texts(table: &EventTable, name: &str) -> Vec<String> {
    column(table, name).into_iter().map(|value| value.unwrap_or_else(|| "(none)".into())).collect()
}

pub fn data_type(table: &EventTable, name: &str) -> DataType {
    table.schema.field_with_name(name).unwrap().data_type().clone()
}

pub fn text_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8View))
}

/// The collections of real logs beside a checkout; None when they are not there.
pub fn packs() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/packs");
    if !folder.is_dir() {
        eprintln!("{} is not there: skipped", folder.display());
        return None;
    }
    Some(folder)
}

pub fn files_below(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            files.push(path);
        }
    }
    files.sort();
    files
}
