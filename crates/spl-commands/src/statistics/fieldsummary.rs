//! Planning of `fieldsummary`: a row of statistics per field.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use futures::future::BoxFuture;
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::value::{Value, parse_number};
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::expand;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`fieldsummary` needs rows", call.span))?;
        let most = match call.count("maxvals")? {
            0 => usize::MAX,
            most => usize::try_from(most).unwrap_or(usize::MAX),
        };
        let mut names: Vec<String> = call.fields().flat_map(|field| expand(&frame, field)).map(|field| field.name).collect();
        if call.fields().next().is_none() {
            names = frame.fields().into_iter().map(|field| field.name).filter(|name| !name.starts_with('_')).collect();
        }
        names.sort();
        names.dedup();
        let (_, batches) = context.collect(frame).await?;
        let mut summaries = Vec::new();
        for name in names {
            let summary = Summary::of(&name, &batches).map_err(engine_error)?;
            if summary.count > 0 {
                summaries.push(summary);
            }
        }
        let (schema, batch) = table(&summaries, most).map_err(|error| engine_error(error.into()))?;
        context.from_batches(schema, vec![batch])
    })
}

/// What is known about a field.
struct Summary {
    name: String,
    count: i64,
    numbers: Vec<f64>,
    values: HashMap<String, i64>,
}

impl Summary {
    fn of(name: &str, batches: &[RecordBatch]) -> datafusion::common::Result<Self> {
        let mut summary = Self { name: name.to_owned(), count: 0, numbers: Vec::new(), values: HashMap::new() };
        for batch in batches {
            let Some(array) = batch.column_by_name(name) else { continue };
            let column = Column::new(array)?;
            for row in 0..batch.num_rows() {
                let value = column.value(row);
                if value.is_null() {
                    continue;
                }
                summary.count += 1;
                for text in value.each_text() {
                    summary.numbers.extend(parse_number(&text));
                    match summary.values.get_mut(text.as_ref()) {
                        Some(seen) => *seen += 1,
                        None => {
                            summary.values.insert(text.into_owned(), 1);
                        }
                    }
                }
            }
        }
        Ok(summary)
    }

    fn mean(&self) -> Option<f64> {
        (!self.numbers.is_empty()).then(|| self.numbers.iter().sum::<f64>() / self.numbers.len() as f64)
    }

    fn deviation(&self) -> Option<f64> {
        let mean = self.mean()?;
        let squares: f64 = self.numbers.iter().map(|number| (number - mean).powi(2)).sum();
        Some(if self.numbers.len() > 1 { (squares / (self.numbers.len() - 1) as f64).sqrt() } else { 0.0 })
    }

    /// The most frequent values as JSON, equal counts by value.
    fn most_frequent(&self, most: usize) -> String {
        let mut values: Vec<(&String, &i64)> = self.values.iter().collect();
        values.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let entries: Vec<serde_json::Value> =
            values.into_iter().take(most).map(|(value, count)| serde_json::json!({"value": value, "count": count})).collect();
        serde_json::Value::Array(entries).to_string()
    }
}

fn table(summaries: &[Summary], most: usize) -> Result<(SchemaRef, RecordBatch), arrow::error::ArrowError> {
    type Read<'r> = &'r dyn Fn(&Summary, &mut ColumnBuilder);
    let integer =
        |built: &mut ColumnBuilder, number: usize| built.append(Value::Integer(i64::try_from(number).unwrap_or(i64::MAX)));
    let float = |built: &mut ColumnBuilder, number: Option<f64>| match number {
        Some(number) => built.append(Value::Float(number)),
        None => built.append_null(),
    };
    let columns: [(&str, ValueType, Read<'_>); 10] = [
        ("field", ValueType::Text, &|one, built| built.append_text(&one.name)),
        ("count", ValueType::Integer, &|one, built| built.append(Value::Integer(one.count))),
        ("distinct_count", ValueType::Integer, &|one, built| integer(built, one.values.len())),
        ("is_exact", ValueType::Integer, &|one, built| built.append(Value::Integer(i64::from(one.values.len() <= most)))),
        ("max", ValueType::Float, &|one, built| float(built, one.numbers.iter().copied().reduce(f64::max))),
        ("mean", ValueType::Float, &|one, built| float(built, one.mean())),
        ("min", ValueType::Float, &|one, built| float(built, one.numbers.iter().copied().reduce(f64::min))),
        ("numeric_count", ValueType::Integer, &|one, built| integer(built, one.numbers.len())),
        ("stdev", ValueType::Float, &|one, built| float(built, one.deviation())),
        ("values", ValueType::Text, &|one, built| built.append_text(&one.most_frequent(most))),
    ];
    let (mut fields, mut arrays): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (name, value_type, read) in columns {
        let mut built = ColumnBuilder::new(value_type, summaries.len());
        summaries.iter().for_each(|one| read(one, &mut built));
        fields.push(Field::new(name, value_type.arrow(), true));
        arrays.push(built.finish());
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    Ok((schema.clone(), RecordBatch::try_new(schema, arrays)?))
}
