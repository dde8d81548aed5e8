//! Lookups: their YAML files in both layouts, and the tables beside them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use spl_parser::{Diagnostic, Span};

use super::shape::{self, Key, Kind, Strictness, optional};
use super::{Content, File};
use crate::yaml::Value;

const FLAGS: &[Key] = &[optional("case_sensitive_match", Kind::Flag), optional("default_match", Kind::TextOrFlag)];

/// Checks all lookups and the tables in their folder.
pub(super) fn check(content: &Content) -> Vec<(PathBuf, Vec<Diagnostic>)> {
    let mut all = Vec::new();
    let mut tables: BTreeSet<PathBuf> = BTreeSet::new();
    for file in content.files.get("lookups").into_iter().flatten().filter(|file| file.root.is_some()) {
        let mut problems = Vec::new();
        match file.text_of("lookup_type") {
            Some(kind) => layout_5(file, kind, &mut tables, &mut problems),
            None => layout_4(content, file, &mut tables, &mut problems),
        }
        matches(file, &mut problems);
        if let Some(root) = &file.root {
            shape::check(root, FLAGS, "", Strictness::AlsoOthers, &mut problems);
        }
        all.push((file.path.clone(), problems));
    }
    for entry in std::fs::read_dir(content.root.join("lookups")).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_table = path.extension().is_some_and(|extension| extension == "csv" || extension == "mlmodel");
        if is_table && !tables.contains(&path) {
            all.push((path, vec![Diagnostic::general("content/lookup-table", "no lookup names this file")]));
        }
    }
    all.retain(|(_, problems)| !problems.is_empty());
    all
}

fn layout_5(file: &File, kind: &str, tables: &mut BTreeSet<PathBuf>, problems: &mut Vec<Diagnostic>) {
    let span = |key: &str| file.get(key).map_or(Span::default(), |node| node.span);
    match kind {
        "csv" => table(file.path.with_extension("csv"), span("lookup_type"), tables, problems),
        "mlmodel" => {
            let path = file.path.with_extension("mlmodel");
            if !file.stem().starts_with("__mlspl_") {
                problems.push(Diagnostic::error("content/file-name", "the file of a model begins with `__mlspl_`", span("name")));
            }
            if !path.is_file() {
                let message = format!("{} is not there", path.display());
                problems.push(Diagnostic::error("content/lookup-table", message, span("lookup_type")));
            }
            tables.insert(path);
        }
        "kvstore" => match file.get("fields").map(|node| (&node.value, node.span)) {
            Some((Value::List(fields), at)) => {
                let first = fields.first().map(|field| &field.value);
                if first != Some(&Value::Text("_key".to_owned())) {
                    problems.push(Diagnostic::error("content/value", "`fields` must begin with `_key`", at));
                }
            }
            _ => problems.push(Diagnostic::error("content/missing", "`fields` is missing", span("lookup_type"))),
        },
        other => {
            let message = format!("`lookup_type: {other}` is unknown; expected one of csv, kvstore, mlmodel");
            problems.push(Diagnostic::error("content/value", message, span("lookup_type")));
        }
    }
}

fn layout_4(content: &Content, file: &File, tables: &mut BTreeSet<PathBuf>, problems: &mut Vec<Diagnostic>) {
    let first = file.entries().first().map_or(Span::default(), |(key, _)| key.span);
    match (file.text_of("filename"), file.text_of("collection")) {
        (Some(name), None) => {
            let span = file.get("filename").map_or(first, |node| node.span);
            table(content.root.join("lookups").join(name), span, tables, problems);
        }
        (None, Some(_)) => {
            if file.get("fields_list").is_none() {
                problems.push(Diagnostic::error("content/missing", "`fields_list` is missing", first));
            }
        }
        (Some(_), Some(_)) => {
            problems.push(Diagnostic::error("content/value", "a lookup has either `filename` or `collection`", first));
        }
        (None, None) => problems.push(Diagnostic::error("content/missing", "`filename` or `collection` is missing", first)),
    }
}

fn matches(file: &File, problems: &mut Vec<Diagnostic>) {
    if let Some(node) = file.get("match_type")
        && let Value::List(items) = &node.value
    {
        for item in items {
            let text = if let Value::Text(text) = &item.value { text.as_str() } else { "" };
            let fits = ["WILDCARD(", "CIDR("].iter().any(|start| text.starts_with(start)) && text.ends_with(')');
            if !fits {
                let message = format!("`{text}` is no match type; expected WILDCARD(field) or CIDR(field)");
                problems.push(Diagnostic::error("content/value", message, item.span));
            }
        }
    }
    for (key, least, most) in [("min_matches", 0, i64::MAX), ("max_matches", 1, 1000)] {
        let Some(node) = file.get(key) else { continue };
        match node.value {
            Value::Integer(number) if (least..=most).contains(&number) => {}
            Value::Integer(number) => {
                problems.push(Diagnostic::error("content/value", format!("`{key}: {number}` is out of range"), node.span));
            }
            _ => problems.push(Diagnostic::error("content/type", format!("`{key}` is no whole number"), node.span)),
        }
    }
}

/// A table must be there, have a header, and rows as wide as it.
fn table(path: PathBuf, span: Span, tables: &mut BTreeSet<PathBuf>, problems: &mut Vec<Diagnostic>) {
    let wrong = |message: String| Diagnostic::error("content/lookup-table", message, span);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !path.is_file() {
        problems.push(wrong(format!("{name} is not there")));
    } else if has_extension(&path, "csv")
        && let Some(problem) = shape(&path)
    {
        problems.push(wrong(format!("{name}: {problem}")));
    }
    tables.insert(path);
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// The first thing that is wrong with the shape of a table.
fn shape(path: &Path) -> Option<String> {
    let mut reader = match csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path) {
        Ok(reader) => reader,
        Err(error) => return Some(error.to_string()),
    };
    let mut width = None;
    for (row, record) in reader.byte_records().enumerate() {
        let columns = match record {
            Ok(record) => record.len(),
            Err(error) => return Some(error.to_string()),
        };
        match width {
            None => width = Some(columns),
            Some(width) if width != columns => return Some(format!("row {} has {columns} columns, the header {width}", row + 1)),
            Some(_) => {}
        }
    }
    width.is_none().then(|| "the table has no header".to_owned())
}
