//! `tojson`: each row as a JSON object in a field.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value as Json};
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::value::{Value, parse_number};

use crate::node::{Operator, OperatorContext, OperatorState, to_json};

/// How a field's values become JSON.
///
/// Source: Splunk search reference, tojson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JsonType {
    /// Number, boolean, null or JSON where the text is one, else a string.
    Auto,
    /// A boolean; other texts have none.
    Boolean,
    /// The text is JSON; other texts have none.
    Json,
    /// A number where the field is one, else a string.
    None,
    /// A number; other texts have none.
    Number,
    /// A string.
    Text,
}

impl JsonType {
    /// By the name that searches have for it.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "auto" => Self::Auto,
            "bool" => Self::Boolean,
            "json" => Self::Json,
            "none" => Self::None,
            "num" => Self::Number,
            "str" => Self::Text,
            _ => return None,
        })
    }

    fn of_text(self, text: &str) -> Option<Json> {
        match self {
            Self::None | Self::Text => Some(Json::String(text.to_owned())),
            Self::Number => number(text),
            Self::Boolean => boolean(text),
            Self::Json => serde_json::from_str(text).ok(),
            Self::Auto => Some(match text {
                "null" => Json::Null,
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                _ => number(text)
                    .or_else(|| text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten())
                    .unwrap_or_else(|| Json::String(text.to_owned())),
            }),
        }
    }

    fn of(self, value: Value<'_>) -> Option<Json> {
        match (value, self) {
            (Value::Multivalue(values), _) => {
                let items: Vec<Json> = values.iter().filter_map(|text| self.of_text(text)).collect();
                match <[Json; 1]>::try_from(items) {
                    Ok([single]) => Some(single),
                    Err(items) if items.is_empty() => None,
                    Err(items) => Some(Json::Array(items)),
                }
            }
            (Value::Integer(number), Self::None | Self::Number | Self::Auto) => Some(Json::Number(number.into())),
            (Value::Float(number), Self::None | Self::Number | Self::Auto) => {
                json_number(number).or_else(|| value.text().map(|text| Json::String(text.into_owned())))
            }
            _ => self.of_text(&value.text()?),
        }
    }
}

fn json_number(number: f64) -> Option<Json> {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Some(Json::Number((number as i64).into()));
    }
    Number::from_f64(number).map(Json::Number)
}

fn number(text: &str) -> Option<Json> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(Json::Number(number.into()));
    }
    parse_number(text).and_then(json_number)
}

fn boolean(text: &str) -> Option<Json> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" => Some(Json::Bool(true)),
        "false" | "f" | "no" => Some(Json::Bool(false)),
        other => parse_number(other).map(|number| Json::Bool(number != 0.0)),
    }
}

/// Writes the listed fields of each row into one field, as a JSON object.
#[derive(Debug, Serialize, Deserialize)]
pub struct ToJson {
    /// Fields and what they become, in order.
    pub fields: Vec<(String, JsonType)>,
    /// Where the object goes.
    pub output: String,
    /// Values that can't be converted, and absent ones, are null instead of missing.
    pub fill_null: bool,
}

impl Operator for ToJson {
    fn name(&self) -> &'static str {
        "tojson"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let made = Arc::new(Field::new(&self.output, ValueType::Text.arrow(), true));
        let mut fields: Vec<Arc<Field>> = input.fields().iter().cloned().collect();
        match fields.iter_mut().find(|field| *field.name() == self.output) {
            Some(field) => *field = made,
            None => fields.push(made),
        }
        Ok(Arc::new(Schema::new(fields)))
    }

    fn ordered(&self) -> bool {
        false
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State {
            fields: self.fields.clone(),
            output: self.output.clone(),
            fill_null: self.fill_null,
            schema: output.clone(),
        })
    }
}

struct State {
    fields: Vec<(String, JsonType)>,
    output: String,
    fill_null: bool,
    schema: SchemaRef,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let columns: Vec<(&String, JsonType, Column)> = self
            .fields
            .iter()
            .filter_map(|(name, kind)| Some((name, *kind, batch.column_by_name(name)?)))
            .map(|(name, kind, array)| Ok((name, kind, Column::new(array)?)))
            .collect::<Result<_>>()?;
        let mut built = ColumnBuilder::new(ValueType::Text, batch.num_rows());
        for row in 0..batch.num_rows() {
            let mut object = Map::new();
            for (name, kind, column) in &columns {
                match kind.of(column.value(row)) {
                    Some(value) => drop(object.insert((*name).clone(), value)),
                    None if self.fill_null => drop(object.insert((*name).clone(), Json::Null)),
                    None => {}
                }
            }
            built.append_text(&Json::Object(object).to_string());
        }
        let made = built.finish();
        let arrays: Vec<ArrayRef> = self
            .schema
            .fields()
            .iter()
            .map(|field| match batch.column_by_name(field.name()) {
                Some(array) if *field.name() != self.output => array.clone(),
                _ => made.clone(),
            })
            .collect();
        Ok(Some(RecordBatch::try_new(self.schema.clone(), arrays)?))
    }
}
