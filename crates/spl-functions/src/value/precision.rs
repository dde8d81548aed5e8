//! What a column says about how precisely its numbers are known; calculations and printing read it from the metadata of the Arrow field.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use arrow::datatypes::{DataType, Field, Float64Type};

/// The key in a field's metadata.
const KEY: &str = "spl.decimals";
/// Its value for [`Precision::Written`].
const WRITTEN: &str = "written";
/// Most decimals that are kept as zeros: a number has no more digits that mean anything.
const MOST: i16 = 17;

/// How precisely the numbers of a column are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// They are exact: whole numbers, and what functions and statistics give.
    #[default]
    Exact,
    /// Each is known to the decimals that it is written with: texts, numbers of the data, results of calculations.
    Written,
    /// Each is known to so many decimals, and shows them, zeros among them: what `round` gives, and a number in a search.
    Decimals(i16),
}

impl Precision {
    /// What a column's field says. Texts are written, whatever made them; columns of whole numbers are exact.
    pub fn of(field: &Field) -> Self {
        match field.data_type() {
            DataType::Float64 => field.metadata().get(KEY).map_or(Self::Exact, |written| Self::read(written)),
            DataType::Int64 | DataType::Boolean | DataType::Null => Self::Exact,
            _ => Self::Written,
        }
    }

    /// Reads what [`Precision::write`] wrote; what it did not write is exact.
    pub fn read(written: &str) -> Self {
        match written.parse() {
            Ok(decimals) => Self::Decimals(decimals),
            Err(_) if written == WRITTEN => Self::Written,
            Err(_) => Self::Exact,
        }
    }

    /// As a word: `exact`, `written` or a number of decimals.
    pub fn write(self) -> String {
        match self {
            Self::Exact => "exact".to_owned(),
            Self::Written => WRITTEN.to_owned(),
            Self::Decimals(decimals) => decimals.to_string(),
        }
    }

    /// The metadata of a field of such numbers.
    pub fn metadata(self) -> HashMap<String, String> {
        match self {
            Self::Exact => HashMap::new(),
            other => HashMap::from([(KEY.to_owned(), other.write())]),
        }
    }

    /// The decimals that each number shows although they may be zeros; none where numbers show what they have.
    pub fn shown_decimals(self) -> Option<i64> {
        match self {
            Self::Decimals(decimals @ 1..=MOST) => Some(decimals.into()),
            _ => None,
        }
    }
}

/// A column as it is shown: numbers that show zeros at their end become texts, other columns stay as they are.
pub fn shown(field: &Field, array: &ArrayRef) -> ArrayRef {
    let numbers = array.as_primitive_opt::<Float64Type>();
    let (Some(decimals), Some(numbers)) = (Precision::of(field).shown_decimals(), numbers) else { return array.clone() };
    let mut text = String::new();
    let texts = numbers.iter().map(|number| {
        text.clear();
        super::write_decimals(number?, Some(decimals), &mut text);
        Some(text.clone())
    });
    Arc::new(texts.collect::<StringViewArray>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_says_how_precise_numbers_are() {
        for precision in [Precision::Exact, Precision::Written, Precision::Decimals(2), Precision::Decimals(-3)] {
            let field = Field::new("x", DataType::Float64, true).with_metadata(precision.metadata());
            assert_eq!(Precision::of(&field), precision);
            assert_eq!(Precision::read(&precision.write()), precision);
        }
        assert_eq!(Precision::of(&Field::new("x", DataType::Utf8View, true)), Precision::Written);
        assert_eq!(
            Precision::of(&Field::new("x", DataType::Int64, true).with_metadata(Precision::Written.metadata())),
            Precision::Exact
        );
        assert_eq!(Precision::Decimals(2).shown_decimals(), Some(2));
        assert_eq!(Precision::Decimals(0).shown_decimals(), None);
        assert_eq!(Precision::Written.shown_decimals(), None);
    }

    #[test]
    fn zeros_are_shown() {
        let numbers: ArrayRef = Arc::new(arrow::array::Float64Array::from(vec![Some(50.0), None, Some(2.25)]));
        let field = Field::new("x", DataType::Float64, true);
        let texts = shown(&field.clone().with_metadata(Precision::Decimals(1).metadata()), &numbers);
        assert_eq!(texts.as_string_view(), &StringViewArray::from(vec![Some("50.0"), None, Some("2.3")]));
        assert_eq!(shown(&field, &numbers).as_ref(), numbers.as_ref());
    }
}
