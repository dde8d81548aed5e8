//! Rows as lookup tables, with the cells that hold several values.

use spl_knowledge::LookupTable;

use crate::rows::collected::Rows;

/// The rows as a table. Fields that start with `_` are internal, but for the time, the text and the key of a row; the
/// values of a multivalue field stand one per line. With `several` they also stand one by one in a field `__mv_<name>`.
pub fn table_of(rows: &Rows, most: usize, several: bool) -> LookupTable {
    let columns: Vec<_> =
        rows.fields().filter(|(name, _)| !name.starts_with('_') || matches!(*name, "_time" | "_raw" | "_key")).collect();
    let listed: Vec<_> = columns
        .iter()
        .filter(|(_, column)| several && (0..rows.len().min(most)).any(|row| column.value(row).each_text().len() > 1))
        .collect();
    LookupTable {
        header: columns
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .chain(listed.iter().map(|(name, _)| format!("{MULTIVALUE_PREFIX}{name}")))
            .collect(),
        rows: (0..rows.len().min(most))
            .map(|row| {
                let single = columns.iter().map(|(_, column)| column.value(row).each_text().join("\n"));
                single.chain(listed.iter().map(|(_, column)| encoded(&column.value(row).each_text()))).collect()
            })
            .collect(),
    }
}

/// Fields of a table that hold the values of multivalue fields one by one.
pub const MULTIVALUE_PREFIX: &str = "__mv_";

/// Several values in one cell: each between `$`, in which `$` stands twice, and `;` between them. One value is none.
fn encoded(values: &[std::borrow::Cow<'_, str>]) -> String {
    if values.len() < 2 {
        return String::new();
    }
    values.iter().map(|value| format!("${}$", value.replace('$', "$$"))).collect::<Vec<_>>().join(";")
}

/// The values of a cell of a [`MULTIVALUE_PREFIX`] field; none when it holds none.
pub fn decoded(cell: &str) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut rest = cell.strip_prefix('$')?;
    let mut value = String::new();
    loop {
        let at = rest.find('$')?;
        value.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(more) = rest.strip_prefix('$') {
            value.push('$');
            rest = more;
            continue;
        }
        values.push(std::mem::take(&mut value));
        match rest.strip_prefix(";$") {
            Some(more) => rest = more,
            None => return rest.is_empty().then_some(values),
        }
    }
}

/// The same rows under another header: other fields are left out, missing ones are empty.
pub fn with_header(table: &LookupTable, header: &[String]) -> LookupTable {
    let places: Vec<Option<usize>> = header.iter().map(|name| table.header.iter().position(|known| known == name)).collect();
    let cell = |row: &Vec<String>, place: &Option<usize>| place.and_then(|place| row.get(place)).cloned().unwrap_or_default();
    LookupTable {
        header: header.to_vec(),
        rows: table.rows.iter().map(|row| places.iter().map(|place| cell(row, place)).collect()).collect(),
    }
}
