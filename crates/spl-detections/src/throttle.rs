//! Throttling: rows that were told of are held back for a while.

use std::collections::HashMap;

use spl_exec::time::parse_span;

use crate::rows::ResultRow;

/// Which rows are held back, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Throttle {
    /// The fields whose values are compared; none = every row is like any other.
    pub fields: Vec<String>,
    /// In seconds.
    pub period: f64,
    /// All searches of a group are held back together; none = each for itself.
    pub group: Option<String>,
}

impl Throttle {
    /// Reads a period: a number and a unit, seconds when there is none: `60`, `30m`, `1h`.
    ///
    /// Source: Splunk admin manual, savedsearches.conf, alert.suppress.period.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn period(text: &str) -> Result<f64, String> {
        let wrong = || format!("`{text}` is no period: expected a number and a unit, such as `3600s`, `30m` or `1h`");
        let span = parse_span(text.trim()).map_err(|_| wrong())?;
        if span.seconds() >= 1.0 { Ok(span.seconds()) } else { Err(wrong()) }
    }
}

/// What was told of, and until when it is held back.
#[derive(Clone, Debug, Default)]
pub struct Throttled {
    /// By who holds back (a search or a group) and the values.
    until: HashMap<(String, Vec<Vec<String>>), f64>,
}

impl Throttled {
    /// The rows of a run at a time that are not held back, none when the run is; they hold back those that come after them, and
    /// those like them in this run. A run without rows that triggers (`number of events equal to 0`) is one row without values.
    ///
    /// Source: Splunk alerting manual, Throttle alerts.
    pub fn pass(&mut self, search: &str, throttle: &Throttle, time: f64, mut rows: Vec<ResultRow>) -> Option<Vec<ResultRow>> {
        let who = throttle.group.as_ref().map_or_else(|| format!("search {search}"), |group| format!("group {group}"));
        let mut passes = |row: &ResultRow| {
            let values = throttle.fields.iter().map(|field| row.get(field).cloned().unwrap_or_default()).collect();
            let key = (who.clone(), values);
            let held = self.until.get(&key).is_some_and(|until| time < *until);
            if !held {
                self.until.insert(key, time + throttle.period);
            }
            !held
        };
        if throttle.fields.is_empty() || rows.is_empty() {
            return passes(&ResultRow::new()).then_some(rows);
        }
        rows.retain(passes);
        (!rows.is_empty()).then_some(rows)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rows(values: &[&str]) -> Vec<ResultRow> {
        let row = |value: &&str| ResultRow::from([("dest".to_owned(), vec![(*value).to_owned()])]);
        values.iter().map(row).collect()
    }

    fn throttle(fields: &[&str]) -> Throttle {
        Throttle { fields: fields.iter().map(|field| (*field).to_owned()).collect(), period: 3_600.0, group: None }
    }

    #[test]
    fn values_are_held_back_one_by_one() {
        let (mut throttled, by_dest) = (Throttled::default(), throttle(&["dest"]));
        let mut pass = |time: f64, values: &[&str]| throttled.pass("s", &by_dest, time, rows(values));
        assert_eq!(pass(0.0, &["a", "b", "a"]), Some(rows(&["a", "b"])));
        assert_eq!(pass(1_800.0, &["a", "c"]), Some(rows(&["c"])));
        assert_eq!(pass(1_900.0, &["a", "c"]), None);
        // What is held back does not begin the period anew.
        assert_eq!(pass(3_600.0, &["a", "c"]), Some(rows(&["a"])));
    }

    #[test]
    fn a_run_without_rows_is_a_row_without_values() {
        for fields in [&[][..], &["dest"][..]] {
            let (mut throttled, throttle) = (Throttled::default(), throttle(fields));
            let mut pass = |time: f64| throttled.pass("s", &throttle, time, Vec::new());
            assert_eq!((pass(0.0), pass(1_800.0), pass(3_600.0)), (Some(Vec::new()), None, Some(Vec::new())));
        }
    }

    #[test]
    fn without_fields_all_are_held_back() {
        let (mut throttled, all) = (Throttled::default(), throttle(&[]));
        assert_eq!(throttled.pass("s", &all, 0.0, rows(&["a", "b"])), Some(rows(&["a", "b"])));
        assert_eq!(throttled.pass("s", &all, 10.0, rows(&["c"])), None);
        assert_eq!(throttled.pass("t", &all, 10.0, rows(&["c"])), Some(rows(&["c"])));
        let group = Throttle { group: Some("g".to_owned()), ..all };
        assert_eq!(throttled.pass("s", &group, 0.0, rows(&["a"])), Some(rows(&["a"])));
        assert_eq!(throttled.pass("t", &group, 5.0, rows(&["a"])), None);
    }

    #[test]
    fn periods() {
        for (text, seconds) in [("60", 60.0), ("3600s", 3_600.0), ("30m", 1_800.0), ("1h", 3_600.0), ("1d", 86_400.0)] {
            assert_eq!(Throttle::period(text), Ok(seconds));
        }
        for text in ["", "0", "m m", "-1h", "500ms", "one"] {
            assert!(Throttle::period(text).is_err(), "{text}");
        }
    }
}
