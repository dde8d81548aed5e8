//! Each branch of the rule.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, ListBuilder, RecordBatch, StringArray, StringViewArray, StringViewBuilder};
use spl_exec::Results;

use super::*;
use crate::yaml::parse;

/// A row of fields with their texts.
struct Texts(&'static [(&'static str, &'static str)]);

impl Row for &Texts {
    fn field(&self, name: &str) -> FieldState {
        match self.0.iter().find(|(field, _)| *field == name) {
            None => FieldState::Absent,
            Some((_, "null")) => FieldState::NullText,
            Some(_) => FieldState::Filled,
        }
    }
}

#[test]
fn rows_decide_in_their_order() {
    use TestStatus::{Fail, Pass};
    let missing = |row, field: &str| Reason::RiskFieldMissing { row, fields: vec![field.to_owned()] };
    let never = |field: &str| Reason::ThreatFieldsNeverFilled { fields: vec![field.to_owned()] };
    let good = Texts(&[("dest", "a"), ("user", "u"), ("process", "p"), ("hash", "h")]);
    let without_dest = Texts(&[("user", "u"), ("process", "p"), ("hash", "h")]);
    let null_user = Texts(&[("dest", "a"), ("user", "null"), ("process", "p"), ("hash", "h")]);
    let without_hash = Texts(&[("dest", "a"), ("user", "u"), ("process", "p")]);
    let without_process = Texts(&[("dest", "a"), ("user", "u"), ("process", "null"), ("hash", "h")]);
    let empty_user = Texts(&[("dest", "a"), ("user", ""), ("process", "p"), ("hash", "h")]);
    let risk = ["dest", "user"].as_slice();
    let threat = ["process", "hash"].as_slice();
    for (risk, threat, rows, status, reason) in [
        (risk, threat, vec![], Fail, Reason::NoRows),
        (risk, threat, vec![&good], Pass, Reason::RowFits { row: 0 }),
        // One good row ends the test, whatever follows; a bad row before it does too.
        (risk, threat, vec![&good, &without_dest], Pass, Reason::RowFits { row: 0 }),
        (risk, threat, vec![&without_hash, &without_dest, &good], Fail, missing(1, "dest")),
        (risk, threat, vec![&without_hash, &good], Pass, Reason::RowFits { row: 1 }),
        (risk, threat, vec![&null_user], Fail, Reason::RiskFieldNull { row: 0, field: "user".to_owned() }),
        // An empty text is a value.
        (risk, threat, vec![&empty_user], Pass, Reason::RowFits { row: 0 }),
        (risk, threat, vec![&without_hash, &without_process], Pass, Reason::FilledSomewhere),
        (risk, threat, vec![&without_hash, &without_hash], Fail, never("hash")),
        (risk, threat, vec![&without_process], Fail, never("process")),
        // Without threat objects the first row decides; without risk any row passes.
        (risk, &[], vec![&without_hash, &without_dest], Pass, Reason::RowFits { row: 0 }),
        (&[], &[], vec![&without_dest], Pass, Reason::RowsFound),
        // Names are compared exactly.
        (&["Dest"], &[], vec![&good], Fail, missing(0, "Dest")),
    ] {
        let verdict = decide(risk, threat, rows.clone());
        assert_eq!(verdict, Verdict { status, reason }, "{risk:?} {threat:?} {}", rows.len());
    }
}

#[test]
fn rows_behind_the_first_hundred_do_not_count() {
    let (without, good) = (Texts(&[("dest", "a")]), Texts(&[("dest", "a"), ("hash", "h")]));
    let rows = |before: usize| std::iter::repeat_n(&without, before).chain([&good]);
    assert_eq!(decide(&["dest"], &["hash"], rows(99)).reason, Reason::RowFits { row: 99 });
    assert_eq!(decide(&["dest"], &["hash"], rows(100)).status, TestStatus::Fail);
}

#[test]
fn results_are_read_as_the_server_writes_them() {
    let mut lists = ListBuilder::new(StringViewBuilder::new());
    for values in [&["a", "null"][..], &["null"], &[]] {
        for value in values {
            lists.values().append_value(value);
        }
        lists.append(true);
    }
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("text", Arc::new(StringViewArray::from(vec![Some("x"), Some("null"), None]))),
        ("number", Arc::new(Int64Array::from(vec![Some(0), None, Some(1)]))),
        ("several", Arc::new(lists.finish())),
        ("empty", Arc::new(StringArray::from(vec!["", " null", "NULL"]))),
    ];
    let batch = Arc::new(RecordBatch::try_from_iter(columns).unwrap());
    let states =
        |field: &str| -> Vec<FieldState> { (0..3).map(|row| BatchRow { batch: Arc::clone(&batch), row }.field(field)).collect() };
    use FieldState::{Absent, Filled, NullText};
    assert_eq!(states("text"), [Filled, NullText, Absent]);
    assert_eq!(states("number"), [Filled, Absent, Filled]);
    assert_eq!(states("several"), [Filled, NullText, Absent]);
    assert_eq!(states("empty"), [Filled, Filled, Filled]);
    assert_eq!(states("other"), [Absent, Absent, Absent]);
}

#[test]
fn a_detection_decides_by_its_risk() {
    let v4 = "tags:\n  observable:\n  - {name: dest, type: Hostname, role: [Victim]}\n  - {name: parent, type: Process, role: [Attacker]}\n";
    let (detection, _) = Detection::read(&parse(v4).unwrap());
    let rows = |names: &[&str]| {
        let columns = names.iter().map(|name| (*name, Arc::new(StringViewArray::from(vec!["x"])) as ArrayRef));
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        Results { fields: names.iter().map(|name| (*name).to_owned()).collect(), batches: vec![batch], warnings: Vec::new() }
    };
    assert_eq!(decide_results(&detection, &rows(&["dest", "parent"])).status, TestStatus::Pass);
    let lost = decide_results(&detection, &rows(&["parent"]));
    assert_eq!(lost.reason.message(), "row 1 has no `dest`, which is a risk object");
    let never = decide_results(&detection, &rows(&["dest"]));
    assert_eq!(never.reason.message(), "no row has a value in `parent`, which is a threat object");
}
