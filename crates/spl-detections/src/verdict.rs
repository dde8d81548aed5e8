//! Whether the rows of a detection's search are what its risk needs: the rule by which `contentctl` passes a unit test.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use spl_exec::Results;

use crate::detection::Detection;
use crate::detection_test::TestStatus;

/// Rows beyond the first so many are not looked at: `contentctl` reads one page of results.
pub const ROWS_READ: usize = 100;

/// What a row has in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldState {
    /// The row lacks the field.
    Absent,
    /// The text `null`, with which `tstats fillnull_value=null` fills what is missing.
    NullText,
    /// Anything else, an empty text included.
    Filled,
}

/// A row that is asked for its fields.
pub trait Row {
    /// What the row has in a field; names are compared exactly.
    fn field(&self, name: &str) -> FieldState;
}

/// How a test ended and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Pass or fail.
    pub status: TestStatus,
    /// Why.
    pub reason: Reason,
}

/// Why a test passed or failed. Rows count from 0.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// No row came back.
    NoRows,
    /// The search found rows, and the detection names no risk objects and no threat objects.
    RowsFound,
    /// Each field was filled in one row.
    RowFits {
        /// The row.
        row: usize,
    },
    /// No row has all threat objects, but each was filled somewhere.
    FilledSomewhere,
    /// A risk object is no field of a row.
    RiskFieldMissing {
        /// The row.
        row: usize,
        /// The fields that it lacks.
        fields: Vec<String>,
    },
    /// A risk object is `null` in a row.
    RiskFieldNull {
        /// The row.
        row: usize,
        /// The field.
        field: String,
    },
    /// Threat objects that no row fills.
    ThreatFieldsNeverFilled {
        /// The fields.
        fields: Vec<String>,
    },
}

impl Reason {
    /// One sentence without a full stop. Rows count from 1 in it.
    pub fn message(&self) -> String {
        let listed = |fields: &[String]| fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
        match self {
            Self::NoRows => "the search found no rows".to_owned(),
            Self::RowsFound => "the search found rows; the detection has no risk objects and no threat objects".to_owned(),
            Self::RowFits { row } => format!("row {} has every risk object and threat object", row + 1),
            Self::FilledSomewhere => "each threat object has a value in some row, though no row has all of them".to_owned(),
            Self::RiskFieldMissing { row, fields } => {
                format!("row {} has no {}, which is a risk object", row + 1, listed(fields))
            }
            Self::RiskFieldNull { row, field } => format!("`{field}`, a risk object, is `null` in row {}", row + 1),
            Self::ThreatFieldsNeverFilled { fields } => {
                format!("no row has a value in {}, which is a threat object", listed(fields))
            }
        }
    }
}

/// Decides a unit test.
///
/// Rows are looked at in their order, the first hundred of them. A row without a risk object, or with `null` in it, fails
/// the test; a row with a value in each threat object passes it. When no row decides, the test passes if each threat
/// object had a value in some row.
pub fn decide<R: Row>(risk_fields: &[&str], threat_fields: &[&str], rows: impl IntoIterator<Item = R>) -> Verdict {
    let verdict = |status, reason| Verdict { status, reason };
    let mut seen = vec![false; threat_fields.len()];
    let mut any = false;
    for (place, row) in rows.into_iter().take(ROWS_READ).enumerate() {
        any = true;
        let lacks = risk_fields.iter().filter(|field| row.field(field) == FieldState::Absent);
        let missing: Vec<String> = lacks.map(|field| (*field).to_owned()).collect();
        if !missing.is_empty() {
            return verdict(TestStatus::Fail, Reason::RiskFieldMissing { row: place, fields: missing });
        }
        if let Some(field) = risk_fields.iter().find(|field| row.field(field) == FieldState::NullText) {
            return verdict(TestStatus::Fail, Reason::RiskFieldNull { row: place, field: (*field).to_owned() });
        }
        let mut fits = true;
        for (field, seen) in threat_fields.iter().zip(&mut seen) {
            let filled = row.field(field) == FieldState::Filled;
            *seen |= filled;
            fits &= filled;
        }
        if fits {
            let reason = match risk_fields.is_empty() && threat_fields.is_empty() {
                true => Reason::RowsFound,
                false => Reason::RowFits { row: place },
            };
            return verdict(TestStatus::Pass, reason);
        }
    }
    if !any {
        return verdict(TestStatus::Fail, Reason::NoRows);
    }
    let never = threat_fields.iter().zip(&seen).filter(|(_, seen)| !**seen);
    let fields: Vec<String> = never.map(|(field, _)| (*field).to_owned()).collect();
    match fields.is_empty() {
        true => verdict(TestStatus::Pass, Reason::FilledSomewhere),
        false => verdict(TestStatus::Fail, Reason::ThreatFieldsNeverFilled { fields }),
    }
}

/// Decides the unit test of a detection from the rows of its search.
pub fn decide_results(detection: &Detection, results: &Results) -> Verdict {
    let risk = detection.risk();
    let risk_fields: Vec<&str> = risk.risk_objects.iter().map(|object| object.field.value.as_str()).collect();
    let threat_fields: Vec<&str> = risk.threat_objects.iter().map(|object| object.field.value.as_str()).collect();
    let rows = results.batches.iter().flat_map(|batch| {
        let batch = Arc::new(batch.clone());
        (0..batch.num_rows()).map(move |row| BatchRow { batch: Arc::clone(&batch), row })
    });
    decide(&risk_fields, &threat_fields, rows)
}

/// A row of a batch of columns.
struct BatchRow {
    batch: Arc<RecordBatch>,
    row: usize,
}

impl Row for BatchRow {
    fn field(&self, name: &str) -> FieldState {
        let Some(column) = self.batch.column_by_name(name) else { return FieldState::Absent };
        state(column.as_ref(), self.row)
    }
}

/// What a column has in a row. Results leave out what is null, and write one value of several as that value.
fn state(column: &dyn Array, row: usize) -> FieldState {
    if column.is_null(row) {
        return FieldState::Absent;
    }
    if let DataType::List(_) = column.data_type() {
        let values = column.as_list::<i32>().value(row);
        return match values.len() {
            0 => FieldState::Absent,
            1 => state(values.as_ref(), 0),
            _ => FieldState::Filled,
        };
    }
    let options = FormatOptions::default();
    let is_null_text = ArrayFormatter::try_new(column, &options).is_ok_and(|column| column.value(row).to_string() == "null");
    if is_null_text { FieldState::NullText } else { FieldState::Filled }
}

#[cfg(test)]
#[path = "verdict/tests.rs"]
mod tests;
