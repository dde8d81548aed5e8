//! `mvmap` and `mvfilter`: an expression evaluated for each value of a multivalue field.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::Result as EngineResult;
use datafusion::logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_functions::scalar::FunctionSpec;
use spl_functions::value::Value;
use spl_operators::compiled::compile;
use spl_parser::syntax::{Expression, ExpressionKind};
use spl_parser::{Diagnostic, Span};

use crate::context::PlanContext;
use crate::expression;
use crate::frame::column;
use crate::frame::scope::{Scope, Typed};
use crate::function_call;
use spl_parser::effects::walk_expression;

/// Plans `mvmap(<mv>, <expression>)` and `mvfilter(<condition>)`.
pub fn plan(
    context: &PlanContext,
    span: Span,
    spec: &FunctionSpec,
    arguments: &[Expression],
    scope: &dyn Scope,
) -> Result<Typed, Diagnostic> {
    let filter = spec.name == "mvfilter";
    let inner = &arguments[arguments.len() - 1];
    let mut names: Vec<String> = Vec::new();
    walk_expression(inner, &mut |part| {
        if let ExpressionKind::Field(field) = &part.kind
            && !names.contains(&field.name)
        {
            names.push(field.name.clone());
        }
    });
    let (target, source) = if filter {
        let [target] = names.as_slice() else {
            return Err(Diagnostic::error("plan/argument", "`mvfilter` works on exactly one field", span)
                .with_help(spec.syntax.to_owned()));
        };
        (target.clone(), scope.resolve(target)?)
    } else {
        match &arguments[0].kind {
            ExpressionKind::Field(field) => (field.name.clone(), Some(expression::plan(context, &arguments[0], scope)?)),
            // Over an expression the inner expression names the field that the first argument is about.
            _ => {
                let mut outer: Vec<String> = Vec::new();
                walk_expression(&arguments[0], &mut |part| {
                    if let ExpressionKind::Field(field) = &part.kind {
                        outer.push(field.name.clone());
                    }
                });
                let target = outer.into_iter().find(|name| names.contains(name)).unwrap_or_default();
                (target, Some(expression::plan(context, &arguments[0], scope)?))
            }
        }
    };
    let Some(source) = source else {
        return Ok(Typed::new(crate::frame::null(ValueType::Text), ValueType::Null));
    };
    if source.value_type == ValueType::Null {
        return Ok(source);
    }
    let list = function_call::convert(context, source, ValueType::Multivalue)?;
    // Inside, the field is one value; other fields are what they are in the event.
    let mut fields = vec![Field::new(&target, DataType::Utf8View, true)];
    let mut others: Vec<(String, Expr)> = Vec::new();
    for name in names.iter().filter(|name| **name != target) {
        if let Some(found) = scope.resolve(name)? {
            fields.push(Field::new(name, found.value_type.arrow(), true));
            let plain = function_call::convert(context, found.clone(), found.value_type)?;
            others.push((name.clone(), plain));
        }
    }
    let schema = Arc::new(Schema::new(fields));
    let inside = ItemScope { schema: &schema };
    let (body, body_type) = if filter {
        (expression::condition(context, inner, &inside)?, ValueType::Boolean)
    } else {
        let planned = expression::value(context, inner, &inside)?;
        let result_type = planned.value_type;
        let converted = function_call::convert(
            context,
            planned,
            if result_type == ValueType::Multivalue { result_type } else { ValueType::Text },
        )?;
        (converted, result_type)
    };
    if body_type == ValueType::Null {
        return Ok(Typed::new(crate::frame::null(ValueType::Text), ValueType::Null));
    }
    let function = EachValue { signature: Signature::variadic_any(Volatility::Immutable), body, schema, filter };
    let mut call_arguments = vec![list];
    call_arguments.extend(others.into_iter().map(|(_, expression)| expression));
    Ok(Typed::new(ScalarUDF::from(function).call(call_arguments), ValueType::Multivalue))
}

struct ItemScope<'a> {
    schema: &'a Schema,
}

impl Scope for ItemScope<'_> {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        Ok(self.schema.field_with_name(name).ok().map(|field| Typed::new(column(name), ValueType::of(field.data_type()))))
    }

    fn names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }
}

/// Evaluates an expression over the items of its first argument, the others repeated per item.
#[derive(Debug, PartialEq, Eq)]
struct EachValue {
    signature: Signature,
    body: Expr,
    schema: Arc<Schema>,
    filter: bool,
}

impl Hash for EachValue {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.body.hash(state);
        self.filter.hash(state);
    }
}

impl ScalarUDFImpl for EachValue {
    fn name(&self) -> &str {
        if self.filter { "mvfilter" } else { "mvmap" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> EngineResult<DataType> {
        Ok(ValueType::Multivalue.arrow())
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> EngineResult<ColumnarValue> {
        let arrays: Vec<ArrayRef> =
            call.args.iter().map(|argument| argument.to_array(call.number_rows)).collect::<EngineResult<_>>()?;
        let lists: &ListArray = arrays[0].as_list::<i32>();
        let (mut rows, mut places) = (Vec::<u32>::new(), Vec::<u32>::new());
        for row in 0..lists.len() {
            if lists.is_valid(row) {
                for place in lists.value_offsets()[row]..lists.value_offsets()[row + 1] {
                    rows.push(row as u32);
                    places.push(place as u32);
                }
            }
        }
        let count = rows.len();
        let (rows_index, places) = (UInt32Array::from(rows.clone()), UInt32Array::from(places));
        let mut columns: Vec<ArrayRef> = vec![arrow::compute::take(lists.values(), &places, None)?];
        for array in &arrays[1..] {
            columns.push(arrow::compute::take(array, &rows_index, None)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        let body = compile(&self.body, &self.schema, &call.config_options)?;
        let results = body.evaluate(&batch)?.into_array(count)?;
        let (items, results) = (Column::new(batch.column(0))?, Column::new(&results)?);
        let mut built = ColumnBuilder::new(ValueType::Multivalue, lists.len());
        let mut at = 0;
        for row in 0..lists.len() {
            let mut values: Vec<String> = Vec::new();
            while at < count && rows[at] as usize == row {
                if self.filter {
                    if results.value(at) == Value::Boolean(true) {
                        values.extend(items.value(at).text().map(|text| text.into_owned()));
                    }
                } else {
                    values.extend(results.value(at).each_text().into_iter().map(|text| text.into_owned()));
                }
                at += 1;
            }
            built.append_values(values);
        }
        Ok(ColumnarValue::Array(built.finish()))
    }
}
