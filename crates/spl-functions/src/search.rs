//! The comparisons of the `search` command: case-insensitive, with `*` wildcards, never null.
//!
//! The patterns travel inside plans as literal texts in the encoding of [`SearchPattern::encode`].

mod pattern;
mod term;

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::buffer::BooleanBuffer;
use datafusion_common::{Result, exec_datafusion_err, exec_err};
use hashbrown::HashSet;

pub use self::pattern::{PatternPart, SearchMatcher, SearchPattern};
pub use self::term::{AnyTermMatcher, TermBoundaries, TermMatcher};
use crate::column::Column;
use crate::scalar::{Call, FunctionSpec, Kernel, OPERATORS};
use crate::value::Value;

/// Comparison of `search` other than equality: numeric when both are numbers, else by text without case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchComparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl SearchComparison {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Reads a symbol.
    pub fn of(symbol: &str) -> Option<Self> {
        [Self::Less, Self::LessOrEqual, Self::Greater, Self::GreaterOrEqual]
            .into_iter()
            .find(|comparison| comparison.symbol() == symbol)
    }

    fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// The operators of `search`, which the planner calls by name.
pub const FUNCTIONS: &[FunctionSpec] = &[
    FunctionSpec::new(
        "search_equal",
        OPERATORS,
        "search_equal(<field>,<pattern>)",
        "whether the field, or any of its values, matches the pattern; false when it is absent",
        (2, Some(2)),
        crate::scalar::kernels::boolean,
        Kernel::Columns(search_equal),
    ),
    FunctionSpec::new(
        "search_not_equal",
        OPERATORS,
        "search_not_equal(<field>,<pattern>)",
        "whether the field has a value that does not match the pattern; false when it is absent",
        (2, Some(2)),
        crate::scalar::kernels::boolean,
        Kernel::Columns(search_not_equal),
    ),
    FunctionSpec::new(
        "search_compare",
        OPERATORS,
        "search_compare(<field>,<operator>,<value>)",
        "whether the field, or any of its values, is less or greater than the value; false when it is absent",
        (3, Some(3)),
        crate::scalar::kernels::boolean,
        Kernel::Columns(search_compare),
    ),
    FunctionSpec::new(
        "search_in",
        OPERATORS,
        "search_in(<field>,<pattern>,...)",
        "whether the field, or any of its values, matches one of the patterns; false when it is absent",
        (2, None),
        crate::scalar::kernels::boolean,
        Kernel::Columns(search_in),
    ),
    FunctionSpec::new(
        "search_term",
        OPERATORS,
        "search_term(<raw>,<pattern>,<boundaries>)",
        "whether the term occurs in the event's text; false when there is none",
        (3, Some(3)),
        crate::scalar::kernels::boolean,
        Kernel::Columns(search_term),
    ),
    FunctionSpec::new(
        "search_any_term",
        OPERATORS,
        "search_any_term(<raw>,<patterns>,<boundaries>)",
        "whether one of the terms occurs in the event's text; false when there is none",
        (3, Some(3)),
        crate::scalar::kernels::boolean,
        Kernel::Columns(search_any_term),
    ),
];

fn conditions(rows: usize, test: impl FnMut(usize) -> bool) -> ArrayRef {
    Arc::new(BooleanArray::new(BooleanBuffer::collect_bool(rows, test), None))
}

fn pattern_argument(call: &Call<'_>, argument: usize) -> Result<SearchPattern> {
    crate::scalar::kernels::literal_text(call, argument)
        .and_then(|encoded| SearchPattern::decode(&encoded))
        .ok_or_else(|| exec_datafusion_err!("a search pattern must be an encoded literal"))
}

fn search_equal(call: &Call<'_>) -> Result<ArrayRef> {
    Ok(pattern_argument(call, 1)?.matcher().matches_column(call))
}

fn search_not_equal(call: &Call<'_>) -> Result<ArrayRef> {
    let mut matcher = pattern_argument(call, 1)?.matcher();
    Ok(conditions(call.rows, |row| match call.value(0, row) {
        Value::Null => false,
        Value::Multivalue(values) => values.iter().any(|text| !matcher.matches(text)),
        value => !matcher.matches_value(value),
    }))
}

fn search_compare(call: &Call<'_>) -> Result<ArrayRef> {
    let Some(comparison) = crate::scalar::kernels::literal_text(call, 1).and_then(|symbol| SearchComparison::of(&symbol)) else {
        return exec_err!("search compares with <, <=, > and >=");
    };
    let Some(wanted) = crate::scalar::kernels::literal_text(call, 2) else {
        return exec_err!("search compares with a literal value");
    };
    let number = crate::value::parse_number(&wanted);
    let wanted = wanted.to_lowercase();
    let holds = |value: Value<'_>| match (value.number(), number) {
        (Some(left), Some(right)) => left.partial_cmp(&right).is_some_and(|order| comparison.holds(order)),
        _ => value.text().is_some_and(|text| comparison.holds(text.to_lowercase().as_str().cmp(&wanted))),
    };
    Ok(conditions(call.rows, |row| match call.value(0, row) {
        Value::Multivalue(values) => values.iter().any(|text| holds(Value::Text(text))),
        value => holds(value),
    }))
}

fn search_in(call: &Call<'_>) -> Result<ArrayRef> {
    let mut literals: HashSet<String, rustc_hash::FxBuildHasher> = HashSet::default();
    let mut matchers = Vec::new();
    // The patterns are one literal list, or an argument each.
    let encoded = call.arguments.iter().skip(1).filter_map(Column::literal).flat_map(|literal| literal.each_text());
    for encoded in encoded {
        let pattern =
            SearchPattern::decode(&encoded).ok_or_else(|| exec_datafusion_err!("a search pattern must be an encoded literal"))?;
        match pattern.as_literal() {
            Some(literal) if !pattern.case_sensitive && !literal.contains('/') => {
                literals.insert(literal.to_lowercase());
            }
            _ => matchers.push(pattern.matcher()),
        }
    }
    let mut folded = String::new();
    let mut contains = |text: &str| {
        let found = if text.is_ascii() {
            folded.clear();
            folded.push_str(text);
            folded.make_ascii_lowercase();
            literals.contains(folded.as_str())
        } else {
            literals.contains(text.to_lowercase().as_str())
        };
        found || matchers.iter_mut().any(|matcher| matcher.matches(text))
    };
    Ok(conditions(call.rows, |row| match call.value(0, row) {
        Value::Null => false,
        Value::Text(text) => contains(text),
        Value::Multivalue(values) => values.iter().any(&mut contains),
        other => other.text().is_some_and(|text| contains(&text)),
    }))
}

fn search_term(call: &Call<'_>) -> Result<ArrayRef> {
    let pattern = pattern_argument(call, 1)?;
    let boundaries = boundaries_argument(call, 2)?;
    if pattern.is_everything() {
        return Ok(conditions(call.rows, |_| true));
    }
    let mut matcher = pattern.term_matcher(boundaries);
    Ok(conditions(call.rows, |row| match call.value(0, row) {
        Value::Null => false,
        Value::Text(text) => matcher.matches(text),
        other => other.text().is_some_and(|text| matcher.matches(&text)),
    }))
}

fn search_any_term(call: &Call<'_>) -> Result<ArrayRef> {
    let patterns = call.arguments.get(1).and_then(Column::literal).map(|literal| {
        literal.each_text().iter().map(|encoded| SearchPattern::decode(encoded)).collect::<Option<Vec<SearchPattern>>>()
    });
    let Some(Some(patterns)) = patterns else { return exec_err!("search patterns must be a list of encoded literals") };
    let mut matcher = AnyTermMatcher::new(&patterns, boundaries_argument(call, 2)?);
    Ok(conditions(call.rows, |row| match call.value(0, row) {
        Value::Null => false,
        Value::Text(text) => matcher.matches(text),
        other => other.text().is_some_and(|text| matcher.matches(&text)),
    }))
}

fn boundaries_argument(call: &Call<'_>, argument: usize) -> Result<TermBoundaries> {
    crate::scalar::kernels::literal_text(call, argument)
        .and_then(|name| TermBoundaries::of(&name))
        .ok_or_else(|| exec_datafusion_err!("the boundaries of a term are segments or major"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
