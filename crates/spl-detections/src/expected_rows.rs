//! What a test wants of the rows of a search beyond the rule of `contentctl`: how many, and which.

use spl_parser::Span;
use spl_parser::span::Spanned;

use crate::expectation::Expectation;
use crate::rows::ResultRow;
use crate::yaml::{Mapping, Node, Reader, Value};

/// What a test wants of the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    /// How many there must be; none = as the rule of `contentctl` says.
    pub count: Option<Expectation>,
    /// Rows of which each must be found.
    pub rows: Vec<ExpectedRow>,
}

/// A row that must be found: other fields of the row don't matter.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedRow {
    /// The fields and the texts that they must have: none = the row must not have the field; one = a value of the field is
    /// this text; several = the field has these values and no others, in any order.
    pub fields: Vec<(Spanned<String>, Vec<String>)>,
    /// Where it stands in the file.
    pub span: Span,
}

/// What is wrong with the rows of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// One sentence.
    pub message: String,
    /// Where the file asks for what was not found; none for the number of rows.
    pub span: Option<Span>,
}

impl Expected {
    /// Reads `expect` and `rows` of a test.
    pub(crate) fn read(reading: &mut Reader, test: &Mapping<'_>) -> Self {
        let count = test.get("expect").and_then(|node| {
            let text = scalar(&node.value).unwrap_or_default();
            let expectation = Expectation::parse(&text);
            if expectation.is_none() {
                let expected = "a number of rows as `3`, `> 0`, `2..5`, `rows`, `no rows`";
                reading.wrong(format!("`expect: {text}` is not understood; expected {expected}"), node.span);
            }
            expectation
        });
        let rows = reading.list(test, "rows").iter().filter_map(|node| ExpectedRow::read(reading, node)).collect();
        Self { count, rows }
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.count.is_none() && self.rows.is_empty()
    }

    /// Whether no rows at all are as good.
    pub fn allows_none(&self) -> bool {
        self.rows.is_empty() && self.count.is_some_and(|count| count.mismatch(0).is_none())
    }

    /// The first thing that is not as it must be; none when all is.
    pub fn mismatch(&self, rows: &[ResultRow]) -> Option<Mismatch> {
        if let Some(message) = self.count.and_then(|count| count.mismatch(rows.len())) {
            return Some(Mismatch { message, span: None });
        }
        let lost = self.rows.iter().find(|row| !rows.iter().any(|found| row.matches(found)))?;
        let nearest = rows.iter().min_by_key(|found| lost.differences(found).count());
        let told = match nearest {
            None => String::new(),
            Some(found) => {
                let differences: Vec<String> = lost.differences(found).collect();
                format!("; in the nearest row {}", differences.join(", "))
            }
        };
        Some(Mismatch { message: format!("no row has {}{told}", lost.text()), span: Some(lost.span) })
    }
}

impl ExpectedRow {
    fn read(reading: &mut Reader, node: &Node) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            reading.wrong("an expected row is a mapping of fields", node.span);
            return None;
        };
        let mut fields = Vec::with_capacity(entries.len());
        for (name, value) in entries {
            match values(&value.value) {
                Some(values) => fields.push((name.clone(), values)),
                None => reading.wrong(format!("the value of `{}` is no text and no list of texts", name.value), value.span),
            }
        }
        Some(Self { fields, span: node.span })
    }

    fn matches(&self, row: &ResultRow) -> bool {
        self.differences(row).next().is_none()
    }

    /// What a row has in the fields that are not as they must be.
    fn differences<'a>(&'a self, row: &'a ResultRow) -> impl Iterator<Item = String> + 'a {
        self.fields.iter().filter_map(|(field, wanted)| {
            let found = row.get(field.as_str()).map_or(&[][..], Vec::as_slice);
            let fits = match wanted.as_slice() {
                [] => found.is_empty(),
                [one] => found.contains(one),
                several => {
                    let sorted = |values: &[String]| {
                        let mut values = values.to_vec();
                        values.sort();
                        values
                    };
                    sorted(several) == sorted(found)
                }
            };
            let told = match found {
                [] => format!("`{}` is not there", field.value),
                values => format!("`{}` is `{}`", field.value, values.join("`, `")),
            };
            (!fits).then_some(told)
        })
    }

    fn text(&self) -> String {
        let one = |(field, values): &(Spanned<String>, Vec<String>)| match values.as_slice() {
            [] => format!("no {}", field.value),
            values => format!("{}=`{}`", field.value, values.join("`, `")),
        };
        self.fields.iter().map(one).collect::<Vec<_>>().join(" ")
    }
}

fn values(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::List(items) => items.iter().map(|item| scalar(&item.value)).collect(),
        other => scalar(other).map(|text| vec![text]),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(spl_exec::value::format_number(*number)),
        Value::Flag(flag) => Some(flag.to_string()),
        Value::Null | Value::List(_) | Value::Mapping(_) => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    fn expected(text: &str) -> (Expected, Vec<String>) {
        let root = parse(text).unwrap();
        let mut reader = Reader::new("x/y");
        let file = reader.document(&root).unwrap();
        let expected = Expected::read(&mut reader, &file);
        (expected, reader.problems.into_iter().map(|problem| problem.message).collect())
    }

    fn row(fields: &[(&str, &[&str])]) -> ResultRow {
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        fields.iter().map(|(name, values)| ((*name).to_owned(), texts(values))).collect()
    }

    #[test]
    fn rows_are_compared() {
        let rows = [row(&[("a", &["1"]), ("b", &["x", "y"])]), row(&[("a", &["2"])])];
        let mismatch = |text: &str| expected(text).0.mismatch(&rows).map(|mismatch| mismatch.message);
        for good in ["expect: 2", "rows: [{a: 2}]", "rows: [{a: 1, b: ['y', x]}, {a: '2', b: ~}]", "rows: [{b: x}]", "{}"] {
            assert_eq!(mismatch(good), None, "{good}");
        }
        assert_eq!(mismatch("expect: no rows").as_deref(), Some("2 rows, expected 0"));
        let told = mismatch("rows: [{a: 2, b: x}]");
        assert_eq!(told.as_deref(), Some("no row has a=`2` b=`x`; in the nearest row `a` is `1`"));
        let told = mismatch("rows: [{a: 1, b: [x]}, {a: 3, b: [x, z]}]");
        assert_eq!(told.as_deref(), Some("no row has a=`3` b=`x`, `z`; in the nearest row `a` is `1`, `b` is `x`, `y`"));
        assert!(expected("expect: 0").0.allows_none() && !expected("expect: 0\nrows: [{a: 1}]").0.allows_none());
    }

    #[test]
    fn mistakes_are_told() {
        let (read, problems) = expected("expect: many\nrows: [1, {a: {b: c}}]");
        assert_eq!(read.rows.len(), 1);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].contains("`expect: many` is not understood"));
    }
}
