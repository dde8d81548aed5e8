//! Results in memory as owned cells, for commands that turn rows into columns and back.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::Field;
use spl_functions::column::{ColumnBuilder, ValueType};
use spl_functions::value::{Value, format_number, parse_number, sort_order};

/// One field value of one row, owned.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// The field is absent.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(String),
    /// Several values, in order.
    Multivalue(Vec<String>),
}

impl Cell {
    /// Takes a value out of its column. Conditions can't be in fields and are absent.
    pub fn of(value: Value<'_>) -> Self {
        match value {
            Value::Null | Value::Boolean(_) => Self::Null,
            Value::Integer(number) => Self::Integer(number),
            Value::Float(number) => Self::Float(number),
            Value::Text(text) => Self::Text(text.to_owned()),
            Value::Multivalue(values) => Self::Multivalue(values.iter().map(str::to_owned).collect()),
        }
    }

    /// Several texts as one cell: none is absent, one is a text.
    pub fn of_texts(mut texts: Vec<String>) -> Self {
        match texts.len() {
            0 => Self::Null,
            1 => texts.pop().map_or(Self::Null, Self::Text),
            _ => Self::Multivalue(texts),
        }
    }

    /// Whether the field is absent.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// As text; several values joined by a line feed, none for an absent value.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Integer(number) => Some(number.to_string()),
            Self::Float(number) => Some(format_number(*number)),
            Self::Text(text) => Some(text.clone()),
            Self::Multivalue(texts) => Some(texts.join("\n")),
        }
    }

    /// The values one by one.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Multivalue(texts) => texts.clone(),
            other => other.text().into_iter().collect(),
        }
    }

    /// As a number; texts that look like one are one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Text(text) => parse_number(text),
            Self::Null | Self::Multivalue(_) => None,
        }
    }

    /// The type of column that holds it.
    pub fn value_type(&self) -> ValueType {
        match self {
            Self::Null => ValueType::Null,
            Self::Integer(_) => ValueType::Integer,
            Self::Float(_) => ValueType::Float,
            Self::Text(_) => ValueType::Text,
            Self::Multivalue(_) => ValueType::Multivalue,
        }
    }

    /// The order of `sort`: numbers before texts, absent values last.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        let (left, right) = (self.text(), other.text());
        let value = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::Text).number();
        match (value(&left), value(&right)) {
            // One number written in several ways has an order of its own.
            (Some(a), Some(b)) => a.total_cmp(&b).then_with(|| left.cmp(&right)),
            _ => sort_order(left.as_deref().map_or(Value::Null, Value::Text), right.as_deref().map_or(Value::Null, Value::Text)),
        }
    }

    /// Appends it to a column; what the column can not hold is absent.
    pub fn append_to(&self, builder: &mut ColumnBuilder) {
        match self {
            Self::Null => builder.append_null(),
            Self::Integer(number) => builder.append(Value::Integer(*number)),
            Self::Float(number) => builder.append(Value::Float(*number)),
            Self::Text(text) => builder.append(Value::Text(text)),
            Self::Multivalue(texts) => builder.append_values(texts),
        }
    }
}

/// Cells as a column; its type follows from them.
pub fn array(cells: &[Cell]) -> ArrayRef {
    let value_type = match cells.iter().fold(ValueType::Null, |kind, cell| kind.common(cell.value_type())) {
        ValueType::Null => ValueType::Text,
        other => other,
    };
    let mut builder = ColumnBuilder::new(value_type, cells.len());
    cells.iter().for_each(|cell| cell.append_to(&mut builder));
    builder.finish()
}

/// Adds a column of cells of one type.
pub fn push(
    fields: &mut Vec<Arc<Field>>,
    columns: &mut Vec<ArrayRef>,
    name: &str,
    kind: ValueType,
    rows: usize,
    cell: impl Fn(usize) -> Cell,
) {
    let kind = if kind == ValueType::Null { ValueType::Text } else { kind };
    let mut builder = ColumnBuilder::new(kind, rows);
    (0..rows).for_each(|row| cell(row).append_to(&mut builder));
    fields.push(Arc::new(Field::new(name, kind.arrow(), true)));
    columns.push(builder.finish());
}
