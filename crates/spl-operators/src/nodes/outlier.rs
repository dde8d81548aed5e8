//! The step of `outlier`: numbers far from the median are cut, or their rows removed.

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::value::{Value, format_number};

use crate::columns::{Places, with_columns, with_fields};
use crate::nodes::whole_table::TableStep;

/// Cuts numbers far from the median, or removes their rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outlier {
    /// The fields with the numbers.
    pub fields: Vec<String>,
    /// How many times the range between the quartiles a number may be away from the median.
    pub threshold: f64,
    /// Removes the rows of outliers instead of cutting the numbers.
    pub removes: bool,
    /// Writes `000` before a number that was cut.
    pub marks: bool,
    /// Cuts numbers below the median too.
    pub lower: bool,
}

impl Outlier {
    /// The least and the greatest number that is no outlier.
    fn bounds(&self, mut numbers: Vec<f64>) -> Option<(f64, f64)> {
        numbers.sort_by(f64::total_cmp);
        let quantile = |part: f64| -> Option<f64> {
            let place = part * numbers.len().checked_sub(1)? as f64;
            let (low, high) = (numbers.get(place.floor() as usize)?, numbers.get(place.ceil() as usize)?);
            Some(low + (high - low) * place.fract())
        };
        let reach = (quantile(0.75)? - quantile(0.25)?) * self.threshold;
        let median = quantile(0.5)?;
        Some((if self.lower { median - reach } else { f64::NEG_INFINITY }, median + reach))
    }
}

impl TableStep for Outlier {
    fn command(&self) -> &'static str {
        "outlier"
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        if self.removes {
            return Ok(input.clone());
        }
        let places = Places::of(input);
        let mut set: Vec<(&str, DataType)> = Vec::new();
        for name in &self.fields {
            let value_type = places.field(name).map_or(ValueType::Text, |field| ValueType::of(field.data_type()));
            match value_type {
                ValueType::Multivalue | ValueType::Null => {}
                ValueType::Integer | ValueType::Float if !self.marks => set.push((name, DataType::Float64)),
                _ => set.push((name, ValueType::Text.arrow())),
            }
        }
        Ok(with_fields(input, set))
    }

    fn apply(&self, rows: RecordBatch, output: &SchemaRef) -> Result<RecordBatch> {
        let mut kept = vec![true; rows.num_rows()];
        let mut changed: Vec<(String, ArrayRef)> = Vec::new();
        let schema = rows.schema();
        let (read, written) = (Places::of(&schema), Places::of(output));
        for name in &self.fields {
            let Some(array) = read.get(name).map(|place| rows.column(place)) else { continue };
            let column = Column::new(array)?;
            let single = |row: usize| match column.value(row) {
                Value::Multivalue(_) => None,
                value => value.number(),
            };
            let bounds = self.bounds((0..rows.num_rows()).filter_map(single).collect());
            let value_type = ValueType::of(output.field(written.place(name)?).data_type());
            let mut built = ColumnBuilder::new(value_type, rows.num_rows());
            for (row, keep) in kept.iter_mut().enumerate() {
                let limit = match (single(row), bounds) {
                    (Some(number), Some((_, high))) if number > high => Some(high),
                    (Some(number), Some((low, _))) if number < low => Some(low),
                    _ => None,
                };
                match limit {
                    None => built.append(column.value(row)),
                    Some(limit) => {
                        *keep = false;
                        if self.marks {
                            built.append_text(&format!("000{}", format_number(limit)))
                        } else {
                            built.append(Value::Float(limit))
                        }
                    }
                }
            }
            changed.push((name.clone(), built.finish()));
        }
        if self.removes {
            return Ok(filter_record_batch(&rows, &BooleanArray::from(kept))?);
        }
        changed.retain(|(name, column)| written.field(name).is_some_and(|field| field.data_type() == column.data_type()));
        with_columns(&rows, output, &changed)
    }
}
