//! Two event tables as one: the columns of both, rows in the order of a search.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, DictionaryArray, Int32Array, Int64Array, ListBuilder, RecordBatch,
    RecordBatchOptions, StringViewArray, StringViewBuilder, new_null_array,
};
use arrow::compute::{concat, interleave};
use arrow::datatypes::{DataType, Field, Float64Type, Int32Type, Schema};
use arrow::error::ArrowError;
use spl_functions::column::Column;
use spl_functions::dictionary::is_same_dictionary;
use spl_functions::value::Value;

use crate::table::{BATCH_ROWS, EventTable, ORDINAL};

impl EventTable {
    /// The events of both tables, in descending time, those of this table first where times are equal. A field whose type
    /// differs is text in both, or several values.
    ///
    /// # Errors
    /// Columns that Arrow can't join; more events than a table holds.
    pub fn joined(&self, other: &Self) -> Result<Self, ArrowError> {
        let (left, right) = (self.rows(), other.rows());
        if left + right > i32::MAX as usize {
            return Err(ArrowError::InvalidArgumentError(format!("{} events are too many for one table", left + right)));
        }
        let order = order(&times(self)?, &times(other)?);
        let mut names: Vec<&String> = self.schema.fields().iter().map(|field| field.name()).collect();
        names.extend(other.schema.fields().iter().map(|field| field.name()).filter(|name| self.schema.index_of(name).is_err()));
        names.retain(|name| *name != ORDINAL);
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        for name in names {
            let (one, two) = alike(whole(self, name)?, whole(other, name)?, left, right)?;
            let column = merged(&one, &two, &order)?;
            fields.push(Field::new(name, column.data_type().clone(), true));
            columns.push(column);
        }
        fields.push(Field::new(ORDINAL, DataType::Int64, false));
        columns.push(Arc::new(Int64Array::from_iter_values(0..order.len() as i64)));
        let schema = Arc::new(Schema::new(fields));
        let options = RecordBatchOptions::new().with_row_count(Some(order.len()));
        let batch = RecordBatch::try_new_with_options(schema.clone(), columns, &options)?;
        let starts = (0..order.len()).step_by(BATCH_ROWS);
        let batches = starts.map(|start| batch.slice(start, BATCH_ROWS.min(order.len() - start))).collect();
        Ok(Self { schema, batches })
    }
}

/// The rows of two tables in descending time: which table, which row.
fn order(left: &[f64], right: &[f64]) -> Vec<(usize, usize)> {
    let mut order = Vec::with_capacity(left.len() + right.len());
    let (mut one, mut two) = (0, 0);
    while one < left.len() || two < right.len() {
        let takes_left = match (left.get(one), right.get(two)) {
            (Some(left), Some(right)) => left >= right,
            (left, _) => left.is_some(),
        };
        if takes_left {
            order.push((0, one));
            one += 1;
        } else {
            order.push((1, two));
            two += 1;
        }
    }
    order
}

fn times(table: &EventTable) -> Result<Vec<f64>, ArrowError> {
    let mut times = Vec::with_capacity(table.rows());
    if let Some(column) = whole(table, "_time")? {
        match column.as_primitive_opt::<Float64Type>() {
            Some(column) => times.extend(column.iter().map(|time| time.unwrap_or(f64::NEG_INFINITY))),
            None => return Err(ArrowError::SchemaError("`_time` is no column of times".to_owned())),
        }
    }
    Ok(times)
}

/// A column of all batches; none when the table has no such column or no rows.
fn whole(table: &EventTable, name: &str) -> Result<Option<ArrayRef>, ArrowError> {
    let Ok(place) = table.schema.index_of(name) else { return Ok(None) };
    let arrays: Vec<&ArrayRef> = table.batches.iter().map(|batch| batch.column(place)).collect();
    let Some(first) = arrays.first() else { return Ok(None) };
    // All batches share their texts: only the keys are put together.
    if let Some(dictionary) = first.as_dictionary_opt::<Int32Type>() {
        let values = dictionary.values();
        let texts = |array: &ArrayRef| array.as_dictionary_opt::<Int32Type>()?.values().as_string_view_opt().cloned();
        let shared =
            |array: &&ArrayRef| texts(array).zip(texts(first)).is_some_and(|(one, other)| is_same_dictionary(&one, &other));
        if arrays.iter().all(shared) {
            let keys =
                arrays.iter().filter_map(|array| array.as_dictionary_opt::<Int32Type>()).flat_map(|array| array.keys().iter());
            let keys: Int32Array = keys.collect();
            return Ok(Some(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values.clone())?)));
        }
    }
    let arrays: Vec<&dyn Array> = arrays.into_iter().map(AsRef::as_ref).collect();
    concat(&arrays).map(Some)
}

/// The two halves of a column in one type.
fn alike(one: Option<ArrayRef>, two: Option<ArrayRef>, left: usize, right: usize) -> Result<(ArrayRef, ArrayRef), ArrowError> {
    Ok(match (one, two) {
        (Some(one), Some(two)) if one.data_type() == two.data_type() => (one, two),
        (Some(one), Some(two)) => {
            let is_list = |array: &ArrayRef| matches!(array.data_type(), DataType::List(_));
            if is_list(&one) || is_list(&two) { (lists(&one)?, lists(&two)?) } else { (texts(&one)?, texts(&two)?) }
        }
        (Some(one), None) => (one.clone(), new_null_array(one.data_type(), right)),
        (None, Some(two)) => (new_null_array(two.data_type(), left), two),
        (None, None) => (new_null_array(&DataType::Utf8View, left), new_null_array(&DataType::Utf8View, right)),
    })
}

/// A column as plain texts, as they print.
fn texts(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let column = column(array)?;
    let mut builder = StringViewBuilder::new();
    (0..array.len()).for_each(|row| builder.append_option(column.value(row).text()));
    Ok(Arc::new(builder.finish()))
}

/// A column as lists of texts.
fn lists(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let column = column(array)?;
    let mut builder = ListBuilder::new(StringViewBuilder::new());
    for row in 0..array.len() {
        let value = column.value(row);
        match &value {
            Value::Null => builder.append_null(),
            Value::Multivalue(values) => {
                values.iter().for_each(|value| builder.values().append_value(value));
                builder.append(true);
            }
            other => {
                builder.values().append_option(other.text());
                builder.append(true);
            }
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn column(array: &ArrayRef) -> Result<Column, ArrowError> {
    Column::new(array).map_err(|problem| ArrowError::CastError(problem.to_string()))
}

/// The rows of two halves in their order. Texts with keys share one set of distinct texts.
fn merged(one: &ArrayRef, two: &ArrayRef, order: &[(usize, usize)]) -> Result<ArrayRef, ArrowError> {
    let (Some(left), Some(right)) = (one.as_dictionary_opt::<Int32Type>(), two.as_dictionary_opt::<Int32Type>()) else {
        return interleave(&[one.as_ref(), two.as_ref()], order);
    };
    let (Some(known), Some(more)) = (left.values().as_string_view_opt(), right.values().as_string_view_opt()) else {
        return interleave(&[one.as_ref(), two.as_ref()], order);
    };
    let (values, places) = united(known, more);
    let keys: Int32Array = right.keys().iter().map(|key| places.get(key? as usize).copied()).collect();
    let keys = interleave(&[left.keys(), &keys], order)?;
    let keys = keys.as_primitive::<Int32Type>().clone();
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::new(values))?))
}

/// The distinct texts of both, and the place of each of the second among them.
fn united(known: &StringViewArray, more: &StringViewArray) -> (StringViewArray, Vec<i32>) {
    let mut places: HashMap<&str, i32> = HashMap::with_capacity(known.len());
    let mut builder = StringViewBuilder::new();
    for text in known {
        if let Some(text) = text {
            places.entry(text).or_insert(builder.len() as i32);
        }
        builder.append_option(text);
    }
    let of_more = more.iter().map(|text| {
        let text = text.unwrap_or_default();
        *places.entry(text).or_insert_with(|| {
            builder.append_value(text);
            builder.len() as i32 - 1
        })
    });
    let of_more = of_more.collect();
    (builder.finish(), of_more)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{LoadOptions, load};

    fn table(text: &str) -> EventTable {
        let standard_input = Some(Arc::new(text.as_bytes().to_vec()));
        let options = LoadOptions { paths: vec!["-".to_owned()], standard_input, threads: 1, ..LoadOptions::default() };
        load(&options).unwrap().table
    }

    fn shown(table: &EventTable, name: &str) -> Vec<String> {
        let batch = &table.batches[0];
        let column = Column::new(batch.column_by_name(name).unwrap()).unwrap();
        (0..batch.num_rows())
            .map(|row| match column.value(row) {
                Value::Multivalue(values) => values.iter().collect::<Vec<_>>().join("+"),
                other => other.text().map(|text| text.into_owned()).unwrap_or_default(),
            })
            .collect()
    }

    #[test]
    fn columns_of_both_and_the_order_of_time() {
        let one = table(
            "{\"_time\": 30, \"a\": \"x\", \"n\": 1, \"m\": \"p\"}\n{\"_time\": 10, \"a\": \"x\", \"n\": 2, \"m\": \"p\"}\n",
        );
        let two = table(
            "{\"preview\":false,\"result\":{\"_time\": 20, \"a\": \"y\", \"n\": \"007\", \"m\": [\"q\", \"r\"], \"z\": 1.5}}\n\
             {\"preview\":false,\"result\":{\"_time\": 30, \"a\": \"x\", \"n\": \"8\", \"z\": 2}}\n",
        );
        let both = one.joined(&two).unwrap();
        assert_eq!(shown(&both, "_time"), ["30", "30", "20", "10"]);
        assert_eq!(shown(&both, "a"), ["x", "x", "y", "x"]);
        assert_eq!(shown(&both, "n"), ["1", "8", "007", "2"]);
        assert_eq!(shown(&both, "m"), ["p", "", "q+r", "p"]);
        assert_eq!(shown(&both, "z"), ["", "2", "1.5", ""]);
        assert_eq!(shown(&both, ORDINAL), ["0", "1", "2", "3"]);
        let none = EventTable { schema: one.schema.clone(), batches: Vec::new() };
        assert_eq!((none.joined(&two).unwrap().rows(), two.joined(&none).unwrap().rows()), (2, 2));
    }
}
