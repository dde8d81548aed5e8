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
    /// The rows of a run at a time that are not held back; they hold back those that come after them, and those like them in
    /// this run. A run without rows that triggers (`number of events equal to 0`) is one row without values.
    ///
    /// Source: Splunk alerting manual, Throttle alerts.
    pub fn pass(&mut self, search: &str, throttle: &Throttle, time: f64, rows: Vec<ResultRow>) -> Vec<ResultRow> {
        let who = throttle.group.as_ref().map_or_else(|| format!("search {search}"), |group| format!("group {group}"));
        if throttle.fields.is_empty() {
            let key = (who, Vec::new());
            return if self.holds(&key, time) { Vec::new() } else { self.tell(key, time + throttle.period, rows) };
        }
        let mut passed = Vec::new();
        for row in rows {
            let values = throttle.fields.iter().map(|field| row.get(field).cloned().unwrap_or_default()).collect();
            let key = (who.clone(), values);
            if !self.holds(&key, time) {
                passed.extend(self.tell(key, time + throttle.period, vec![row]));
            }
        }
        passed
    }

    /// Whether a search without fields to compare is held back as a whole.
    pub fn is_silent(&self, search: &str, throttle: &Throttle, time: f64) -> bool {
        let who = throttle.group.as_ref().map_or_else(|| format!("search {search}"), |group| format!("group {group}"));
        throttle.fields.is_empty() && self.holds(&(who, Vec::new()), time)
    }

    fn holds(&self, key: &(String, Vec<Vec<String>>), time: f64) -> bool {
        self.until.get(key).is_some_and(|until| time < *until)
    }

    fn tell(&mut self, key: (String, Vec<Vec<String>>), until: f64, rows: Vec<ResultRow>) -> Vec<ResultRow> {
        self.until.insert(key, until);
        rows
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
        assert_eq!(pass(0.0, &["a", "b", "a"]), rows(&["a", "b"]));
        assert_eq!(pass(1_800.0, &["a", "c"]), rows(&["c"]));
        // What is held back does not begin the period anew.
        assert_eq!(pass(3_600.0, &["a", "c"]), rows(&["a"]));
    }

    #[test]
    fn without_fields_all_are_held_back() {
        let (mut throttled, all) = (Throttled::default(), throttle(&[]));
        assert_eq!(throttled.pass("s", &all, 0.0, rows(&["a", "b"])), rows(&["a", "b"]));
        assert!(throttled.is_silent("s", &all, 10.0) && !throttled.is_silent("t", &all, 10.0));
        assert_eq!(throttled.pass("s", &all, 10.0, rows(&["c"])), rows(&[]));
        let group = Throttle { group: Some("g".to_owned()), ..all };
        assert_eq!(throttled.pass("s", &group, 0.0, rows(&["a"])).len(), 1);
        assert_eq!(throttled.pass("t", &group, 5.0, rows(&["a"])).len(), 0);
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
