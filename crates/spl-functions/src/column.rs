//! Reading and building Arrow columns as SPL values.
//!
//! The Arrow types of SPL's columns: text is `Utf8View` or `Dictionary(Int32, Utf8View)` (`Utf8` and `LargeUtf8` are read too),
//! numbers are `Int64` and `Float64`, a multivalue field is `List(Utf8View)`, an absent field is `Null`, and
//! `Boolean` exists only inside expressions. An absent value is an Arrow null; an empty list is never built.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, Float64Array, Float64Builder, Int64Array, Int64Builder, ListArray,
    ListBuilder, StringViewArray, StringViewBuilder,
};
use arrow::datatypes::{DataType, Field, Float64Type, Int32Type, Int64Type};
use datafusion_common::{DataFusionError, Result, ScalarValue};
use datafusion_expr::ColumnarValue;

use serde::{Deserialize, Serialize};

use crate::value::{Multivalue, Value};

/// The static type of an SPL column or expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ValueType {
    /// Always absent.
    Null,
    /// Text, or a mixture.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers.
    Float,
    /// Inside expressions only.
    Boolean,
    /// Several values.
    Multivalue,
}

impl ValueType {
    /// The type of an Arrow column.
    pub fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float,
            other if other.is_integer() => Self::Integer,
            DataType::List(_) | DataType::LargeList(_) => Self::Multivalue,
            _ => Self::Text,
        }
    }

    /// The Arrow type that functions return for it.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Text => DataType::Utf8View,
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Multivalue => DataType::List(Arc::new(Field::new("item", DataType::Utf8View, true))),
        }
    }

    /// Whether it is a number.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Float)
    }

    /// The type that can hold values of both: what `if`, `coalesce` and `append` yield.
    pub fn common(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Null, b) => b,
            (a, Self::Null) => a,
            (Self::Multivalue, _) | (_, Self::Multivalue) => Self::Multivalue,
            (a, b) if a.is_number() && b.is_number() => Self::Float,
            _ => Self::Text,
        }
    }
}

/// An Arrow column or a literal, read as SPL values row by row.
pub enum Column {
    /// Absent in every row.
    Null,
    /// Texts.
    Text(StringViewArray),
    /// Texts by key.
    Dictionary {
        /// Key per row.
        keys: arrow::array::Int32Array,
        /// The distinct texts (distinctness is not guaranteed).
        values: StringViewArray,
    },
    /// Whole numbers.
    Integer(Int64Array),
    /// Numbers.
    Float(Float64Array),
    /// Conditions.
    Boolean(BooleanArray),
    /// Multivalue texts.
    Multivalue {
        /// Offsets and validity.
        lists: ListArray,
        /// The items of all rows.
        items: StringViewArray,
    },
    /// The same value in every row.
    Literal(Box<Column>),
}

impl Column {
    /// Reads an Arrow array. Integers of other widths and other texts are cast first.
    pub fn new(array: &dyn Array) -> Result<Self> {
        let cast = |to: &DataType| arrow::compute::cast(array, to).map_err(DataFusionError::from);
        Ok(match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Utf8View => Self::Text(array.as_string_view().clone()),
            DataType::Int64 => Self::Integer(array.as_primitive::<Int64Type>().clone()),
            DataType::Float64 => Self::Float(array.as_primitive::<Float64Type>().clone()),
            DataType::Boolean => Self::Boolean(array.as_boolean().clone()),
            DataType::Dictionary(key, _) if **key == DataType::Int32 => {
                let dictionary = array.as_dictionary::<Int32Type>();
                let values = arrow::compute::cast(dictionary.values(), &DataType::Utf8View)?;
                Self::Dictionary { keys: dictionary.keys().clone(), values: values.as_string_view().clone() }
            }
            DataType::List(item) if *item.data_type() == DataType::Utf8View => {
                let lists = array.as_list::<i32>().clone();
                let items = lists.values().as_string_view().clone();
                Self::Multivalue { lists, items }
            }
            DataType::List(_) | DataType::LargeList(_) => {
                return Self::new(&cast(&ValueType::Multivalue.arrow())?);
            }
            other if other.is_integer() => return Self::new(&cast(&DataType::Int64)?),
            DataType::Float16 | DataType::Float32 => return Self::new(&cast(&DataType::Float64)?),
            _ => return Self::new(&cast(&DataType::Utf8View)?),
        })
    }

    /// Reads a function's argument; a literal stays one value.
    pub fn from_columnar(value: &ColumnarValue) -> Result<Self> {
        match value {
            ColumnarValue::Array(array) => Self::new(array),
            ColumnarValue::Scalar(ScalarValue::Null) => Ok(Self::Null),
            ColumnarValue::Scalar(scalar) => Ok(Self::Literal(Box::new(Self::new(&scalar.to_array()?)?))),
        }
    }

    /// The value in a row.
    pub fn value(&self, row: usize) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Text(array) => {
                if array.is_null(row) {
                    Value::Null
                } else {
                    Value::Text(array.value(row))
                }
            }
            Self::Dictionary { keys, values } => {
                if keys.is_null(row) {
                    return Value::Null;
                }
                let key = keys.value(row) as usize;
                if values.is_null(key) { Value::Null } else { Value::Text(values.value(key)) }
            }
            Self::Integer(array) => {
                if array.is_null(row) {
                    Value::Null
                } else {
                    Value::Integer(array.value(row))
                }
            }
            Self::Float(array) => {
                if array.is_null(row) {
                    Value::Null
                } else {
                    Value::Float(array.value(row))
                }
            }
            Self::Boolean(array) => {
                if array.is_null(row) {
                    Value::Null
                } else {
                    Value::Boolean(array.value(row))
                }
            }
            Self::Multivalue { lists, items } => {
                if lists.is_null(row) {
                    return Value::Null;
                }
                let start = lists.value_offsets()[row] as usize;
                let end = lists.value_offsets()[row + 1] as usize;
                if start == end { Value::Null } else { Value::Multivalue(Multivalue { items, start, len: end - start }) }
            }
            Self::Literal(column) => column.value(0),
        }
    }

    /// The value when it is the same in every row (a literal).
    pub fn literal(&self) -> Option<Value<'_>> {
        match self {
            Self::Literal(column) => Some(column.value(0)),
            Self::Null => Some(Value::Null),
            _ => None,
        }
    }

    /// Whether the rows hold numbers by type.
    pub fn is_number(&self) -> bool {
        match self {
            Self::Integer(_) | Self::Float(_) => true,
            Self::Literal(column) => column.is_number(),
            _ => false,
        }
    }
}

/// Most bytes of a text or a list that a function makes. No event is as long.
pub const MOST_TEXT: usize = 64 << 20;
/// Most bytes of a column that a function makes for one batch of rows, about sixteen of them for each item of a list.
pub const MOST_COLUMN: usize = 1 << 30;
/// What an item of a list takes beside its text.
const ITEM: usize = 16;

/// Builds a column of one [`ValueType`] from values or owned results. What is too large is absent, a list too long is cut, and both are
/// counted.
pub struct ColumnBuilder {
    built: Built,
    /// Bytes of texts so far.
    bytes: usize,
    too_large: Option<Arc<AtomicU64>>,
}

enum Built {
    /// Only nulls.
    Null(usize),
    /// Texts.
    Text(StringViewBuilder),
    /// Whole numbers.
    Integer(Int64Builder),
    /// Numbers.
    Float(Float64Builder),
    /// Conditions.
    Boolean(BooleanBuilder),
    /// Several values.
    Multivalue(ListBuilder<StringViewBuilder>),
}

impl ColumnBuilder {
    /// An empty builder for `rows` rows.
    pub fn new(value_type: ValueType, rows: usize) -> Self {
        let built = match value_type {
            ValueType::Null => Built::Null(0),
            ValueType::Text => Built::Text(StringViewBuilder::with_capacity(rows).with_deduplicate_strings()),
            ValueType::Integer => Built::Integer(Int64Builder::with_capacity(rows)),
            ValueType::Float => Built::Float(Float64Builder::with_capacity(rows)),
            ValueType::Boolean => Built::Boolean(BooleanBuilder::with_capacity(rows)),
            ValueType::Multivalue => Built::Multivalue(ListBuilder::with_capacity(StringViewBuilder::new(), rows)),
        };
        Self { built, bytes: 0, too_large: None }
    }

    /// The same, which counts the values that are too large.
    #[must_use]
    pub fn counting(self, too_large: Arc<AtomicU64>) -> Self {
        Self { too_large: Some(too_large), ..self }
    }

    /// The type of the column.
    pub fn value_type(&self) -> ValueType {
        match self.built {
            Built::Null(_) => ValueType::Null,
            Built::Text(_) => ValueType::Text,
            Built::Integer(_) => ValueType::Integer,
            Built::Float(_) => ValueType::Float,
            Built::Boolean(_) => ValueType::Boolean,
            Built::Multivalue(_) => ValueType::Multivalue,
        }
    }

    /// An absent value.
    pub fn append_null(&mut self) {
        match &mut self.built {
            Built::Null(rows) => *rows += 1,
            Built::Text(builder) => builder.append_null(),
            Built::Integer(builder) => builder.append_null(),
            Built::Float(builder) => builder.append_null(),
            Built::Boolean(builder) => builder.append_null(),
            Built::Multivalue(builder) => builder.append_null(),
        }
    }

    /// An absent value in place of one that is too large.
    pub fn append_too_large(&mut self) {
        self.count();
        self.append_null();
    }

    fn count(&self) {
        if let Some(counter) = &self.too_large {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether a text fits, which then takes its room.
    fn takes(&mut self, bytes: usize) -> bool {
        let fits = bytes <= MOST_TEXT && self.bytes.saturating_add(bytes) <= MOST_COLUMN;
        if fits {
            self.bytes += bytes;
        }
        fits
    }

    /// A value, converted to the column's type; what can't be converted is null.
    pub fn append(&mut self, value: Value<'_>) {
        if value.is_null() {
            return self.append_null();
        }
        match &mut self.built {
            Built::Null(rows) => *rows += 1,
            Built::Text(_) => self.append_text(&value.text().unwrap_or_default()),
            Built::Integer(builder) => builder.append_option(match value {
                Value::Integer(number) => Some(number),
                other => other.number().map(|number| number as i64),
            }),
            Built::Float(builder) => builder.append_option(value.number()),
            Built::Boolean(builder) => builder.append_option(match value {
                Value::Boolean(flag) => Some(flag),
                _ => None,
            }),
            Built::Multivalue(_) => self.append_values(value.each_text()),
        }
    }

    /// A text.
    pub fn append_text(&mut self, text: &str) {
        if !matches!(self.built, Built::Text(_)) {
            return self.append(Value::Text(text));
        }
        if !self.takes(text.len()) {
            return self.append_too_large();
        }
        if let Built::Text(builder) = &mut self.built {
            builder.append_value(text);
        }
    }

    /// Several values; none of them makes the row null.
    pub fn append_values<T: AsRef<str>>(&mut self, values: impl IntoIterator<Item = T>) {
        if !matches!(self.built, Built::Multivalue(_)) {
            let joined: Vec<String> = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
            return if joined.is_empty() { self.append_null() } else { self.append_text(&joined.join("\n")) };
        }
        let mut any = false;
        let mut list_bytes = 0_usize;
        for value in values {
            let bytes = value.as_ref().len() + ITEM;
            list_bytes = list_bytes.saturating_add(bytes);
            // What is not counted may not be cut.
            let too_long = self.too_large.is_some() && list_bytes > MOST_TEXT;
            if too_long || !self.takes(bytes) {
                self.count();
                break;
            }
            if let Built::Multivalue(builder) = &mut self.built {
                builder.values().append_value(value);
                any = true;
            }
        }
        if let Built::Multivalue(builder) = &mut self.built {
            builder.append(any);
        }
    }

    /// The finished column.
    pub fn finish(self) -> ArrayRef {
        match self.built {
            Built::Null(rows) => Arc::new(arrow::array::NullArray::new(rows)),
            Built::Text(mut builder) => Arc::new(builder.finish()),
            Built::Integer(mut builder) => Arc::new(builder.finish()),
            Built::Float(mut builder) => Arc::new(builder.finish()),
            Built::Boolean(mut builder) => Arc::new(builder.finish()),
            Built::Multivalue(mut builder) => Arc::new(builder.finish()),
        }
    }
}
