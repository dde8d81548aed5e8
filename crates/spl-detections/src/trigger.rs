//! When a search that ran is an alert: always, by the number of its rows, or by a search over them.

use std::collections::HashSet;

use crate::rows::ResultRow;

/// When an alert is raised.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// Each time that the search runs: its actions are carried out, but there is no alert to speak of.
    Always,
    /// When a number compares so.
    Count {
        /// What is counted.
        of: Counted,
        /// How it compares.
        relation: Relation,
        /// With what.
        quantity: f64,
        /// The quantity is a percentage of the number of the run before.
        percent: bool,
    },
    /// When this search over the rows finds some.
    Condition(String),
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Rows.
    Rows,
    /// Distinct values of `host`.
    Hosts,
    /// Distinct values of `source`.
    Sources,
}

/// How a number compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is more.
    Greater,
    /// It is less.
    Less,
    /// It is the same.
    Equal,
    /// It is another.
    NotEqual,
    /// It is so much less than that of the run before.
    Drops,
    /// It is so much more than that of the run before.
    Rises,
}

const COUNTED: [(&str, Counted); 3] =
    [("number of events", Counted::Rows), ("number of hosts", Counted::Hosts), ("number of sources", Counted::Sources)];

const RELATIONS: [(&str, Relation); 6] = [
    ("greater than", Relation::Greater),
    ("less than", Relation::Less),
    ("equal to", Relation::Equal),
    ("not equal to", Relation::NotEqual),
    ("drops by", Relation::Drops),
    ("rises by", Relation::Rises),
];

impl Trigger {
    /// Any row: what the saved searches of detections say.
    pub const ANY_ROW: Self = Self::Count { of: Counted::Rows, relation: Relation::Greater, quantity: 0.0, percent: false };

    /// Reads `counttype`, `relation`, `quantity` and `alert_condition`; the error names the setting that is wrong.
    ///
    /// Source: Splunk admin manual, savedsearches.conf, Notification options.
    ///
    /// # Errors
    /// The setting, and what is wrong with it.
    pub fn read(
        counttype: Option<&str>,
        relation: Option<&str>,
        quantity: Option<&str>,
        condition: Option<&str>,
    ) -> Result<Self, (&'static str, String)> {
        let known = |name: &str, names: &mut dyn Iterator<Item = &'static str>| {
            format!("`{name}` is unknown; expected one of {}", names.collect::<Vec<_>>().join(", "))
        };
        let counttype = counttype.unwrap_or("always").trim();
        let condition =
            condition.map(|condition| condition.trim().trim_start_matches('|').trim()).filter(|text| !text.is_empty());
        if counttype.eq_ignore_ascii_case("custom") || counttype.eq_ignore_ascii_case("always") {
            return match condition {
                Some(condition) => Ok(Self::Condition(condition.to_owned())),
                None if counttype.eq_ignore_ascii_case("custom") => {
                    Err(("counttype", "`custom` needs an `alert_condition`".to_owned()))
                }
                None => Ok(Self::Always),
            };
        }
        let Some((_, of)) = COUNTED.iter().find(|(name, _)| name.eq_ignore_ascii_case(counttype)) else {
            let mut names = COUNTED.iter().map(|(name, _)| *name).chain(["custom", "always"]);
            return Err(("counttype", known(counttype, &mut names)));
        };
        let text = relation.unwrap_or_default().trim();
        let Some((_, relation)) = RELATIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) else {
            return Err(match text {
                "" => ("counttype", format!("`{counttype}` needs a `relation`")),
                _ => ("relation", known(text, &mut RELATIONS.iter().map(|(name, _)| *name))),
            });
        };
        let text = quantity.unwrap_or_default().trim();
        let changes = matches!(relation, Relation::Drops | Relation::Rises);
        let (number, percent) = match text.strip_suffix('%').filter(|_| changes) {
            Some(number) => (number.trim_end(), true),
            None => (text, false),
        };
        match number.parse::<u32>() {
            Ok(quantity) => Ok(Self::Count { of: *of, relation: *relation, quantity: f64::from(quantity), percent }),
            Err(_) if text.is_empty() => Err(("relation", "a `relation` needs a `quantity`".to_owned())),
            Err(_) => Err(("quantity", format!("`{text}` is no number"))),
        }
    }

    /// The number that counts, of these rows out of so many; none for other triggers.
    pub fn count(&self, rows: &[ResultRow], found: usize) -> Option<f64> {
        let Self::Count { of, .. } = self else { return None };
        let distinct = |field: &str| {
            let values: HashSet<&String> = rows.iter().filter_map(|row| row.get(field)).flatten().collect();
            values.len()
        };
        Some(match of {
            Counted::Rows => found,
            Counted::Hosts => distinct("host"),
            Counted::Sources => distinct("source"),
        } as f64)
    }

    /// Whether a count raises the alert; `before` is that of the run before, without which nothing rises or drops.
    pub fn holds(&self, count: f64, before: Option<f64>) -> bool {
        let Self::Count { relation, quantity, percent, .. } = self else { return matches!(self, Self::Always) };
        let by = |before: f64| if *percent { before * quantity / 100.0 } else { *quantity };
        match relation {
            Relation::Greater => count > *quantity,
            Relation::Less => count < *quantity,
            Relation::Equal => count == *quantity,
            Relation::NotEqual => count != *quantity,
            Relation::Drops => before.is_some_and(|before| count < before && before - count >= by(before)),
            Relation::Rises => before.is_some_and(|before| count > before && count - before >= by(before)),
        }
    }

    /// Whether a run without rows can raise the alert.
    pub fn may_hold_without_rows(&self) -> bool {
        match self {
            Self::Always => false,
            Self::Condition(_) => true,
            Self::Count { relation: Relation::Drops | Relation::Rises, .. } => true,
            count => count.holds(0.0, None),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn count(relation: &str, quantity: &str) -> Trigger {
        Trigger::read(Some("number of events"), Some(relation), Some(quantity), None).unwrap()
    }

    #[test]
    fn numbers_that_raise_alerts() {
        for (relation, quantity, number, before, expected) in [
            ("greater than", "0", 1.0, None, true),
            ("greater than", "0", 0.0, None, false),
            ("less than", "2", 1.0, None, true),
            ("equal to", "0", 0.0, None, true),
            ("not equal to", "3", 3.0, None, false),
            ("rises by", "2", 5.0, Some(3.0), true),
            ("rises by", "2", 5.0, None, false),
            ("drops by", "50%", 4.0, Some(10.0), true),
            ("drops by", "50%", 6.0, Some(10.0), false),
        ] {
            assert_eq!(count(relation, quantity).holds(number, before), expected, "{relation} {quantity}: {number}");
        }
        assert!(count("equal to", "0").may_hold_without_rows() && !Trigger::ANY_ROW.may_hold_without_rows());
    }

    #[test]
    fn hosts_are_counted_once() {
        let trigger = Trigger::read(Some("number of hosts"), Some("greater than"), Some("1"), None).unwrap();
        let row = |host: &str| ResultRow::from([("host".to_owned(), vec![host.to_owned()])]);
        assert_eq!(trigger.count(&[row("a"), row("b"), row("a")], 3), Some(2.0));
    }

    #[test]
    fn what_is_written_is_read_or_refused() {
        assert_eq!(Trigger::read(None, None, None, None), Ok(Trigger::Always));
        assert_eq!(
            Trigger::read(Some("custom"), None, None, Some("| search count>5")),
            Ok(Trigger::Condition("search count>5".to_owned()))
        );
        assert_eq!(Trigger::read(None, None, None, Some("where x>1")), Ok(Trigger::Condition("where x>1".to_owned())));
        for (counttype, relation, quantity, key) in [
            ("number of evnts", Some("greater than"), Some("1"), "counttype"),
            ("number of events", None, None, "counttype"),
            ("number of events", Some("more than"), Some("1"), "relation"),
            ("number of events", Some("greater than"), Some("one"), "quantity"),
            ("number of events", Some("greater than"), None, "relation"),
            ("custom", None, None, "counttype"),
        ] {
            assert_eq!(Trigger::read(Some(counttype), relation, quantity, None).unwrap_err().0, key);
        }
    }
}
