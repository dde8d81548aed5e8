//! How the rows of an answer are compared with those of a case.

use std::collections::HashMap;

use serde_json::Value as Json;
use spl_functions::value::parse_number;

use crate::Row;

/// What differs, if anything. With `ordered` the order of the rows counts.
pub fn compare(expected: &[Row], found: &[Row], ordered: bool) -> Result<(), String> {
    if expected.len() != found.len() {
        let shown: Vec<String> = found.iter().take(5).map(|row| Json::Object(row.clone()).to_string()).collect();
        return Err(format!("{} rows, expected {}: {}", found.len(), expected.len(), shown.join(" ")));
    }
    if ordered {
        for (index, (want, row)) in expected.iter().zip(found).enumerate() {
            if !row_equal(want, row) {
                let named: HashMap<&String, Option<&Json>> = want.keys().map(|name| (name, row.get(name))).collect();
                return Err(format!(
                    "row {}: got {}, expected {}",
                    index + 1,
                    serde_json::json!(named),
                    Json::Object(want.clone())
                ));
            }
        }
        return Ok(());
    }
    let mut left: Vec<&Row> = found.iter().collect();
    for want in expected {
        match left.iter().position(|row| row_equal(want, row)) {
            Some(position) => drop(left.remove(position)),
            None => return Err(format!("no row {}", Json::Object(want.clone()))),
        }
    }
    Ok(())
}

fn row_equal(want: &Row, row: &Row) -> bool {
    want.iter().all(|(name, value)| equal(value, row.get(name)))
}

fn equal(want: &Json, found: Option<&Json>) -> bool {
    let Some(found) = found.filter(|found| **found != "" && **found != Json::Array(Vec::new())) else {
        // A field without a value may be left out or empty.
        return want.is_null() || *want == "" && found.is_some();
    };
    match want {
        Json::Null => false,
        Json::Array(items) => {
            let found: Vec<&Json> = found.as_array().map_or_else(|| vec![found], |found| found.iter().collect());
            items.len() == found.len() && items.iter().zip(found).all(|(want, found)| equal(want, Some(found)))
        }
        _ => match found.as_array().map(Vec::as_slice) {
            Some([single]) => equal(want, Some(single)),
            Some(_) => false,
            None => scalar_equal(want, found),
        },
    }
}

fn scalar_equal(want: &Json, found: &Json) -> bool {
    match want {
        Json::Bool(truth) => {
            let text = text(found).to_lowercase();
            if *truth { text == "true" || text == "1" } else { text == "false" || text == "0" }
        }
        Json::Number(number) => {
            let (want, found) = (number.as_f64().unwrap_or(f64::NAN), found.as_f64().or_else(|| parse_number(&text(found))));
            found.is_some_and(|found| (want - found).abs() <= (1e-9 * want.abs().max(found.abs())).max(1e-9))
        }
        _ => text(want) == text(found),
    }
}

fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
