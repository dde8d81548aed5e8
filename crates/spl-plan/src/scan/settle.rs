//! Expressions settled by what is known of the events: a condition that is the same for each value that a field has among
//! the events of a kind is a constant.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, ExprSchemable, lit};
use spl_functions::column::ValueType;
use spl_operators::compiled::compile;
use spl_operators::distinct::dictionary_type;

use crate::events::data::EventData;
use crate::events::statistics::{ColumnStatistics, MOST_TEXTS};
use crate::frame::scope::Typed;
use crate::frame::{conditions, null};

/// The events of one kind, as expressions are settled for them.
pub struct Events<'a> {
    /// The loaded events.
    pub data: &'a EventData,
    /// The kind's number.
    pub kind: usize,
    /// The settings of the search.
    pub options: &'a Arc<ConfigOptions>,
}

impl Events<'_> {
    fn statistics(&self, name: &str) -> Option<(DataType, ColumnStatistics)> {
        self.data.statistics(name, self.kind)
    }
}

/// Settles an expression over the carried columns of events of one kind.
pub fn settle(typed: Typed, events: &Events<'_>) -> Typed {
    let value_type = typed.value_type;
    let expression = settle_expression(typed.expression, events);
    let expression = match expression {
        // A text column needs no other type once nothing else has to fit with it.
        Expr::Cast(cast) if value_type == ValueType::Text => match *cast.expr {
            Expr::Column(column) if events.statistics(&column.name).is_some_and(|(known, _)| known == dictionary_type()) => {
                Expr::Column(column)
            }
            other => Expr::Cast(datafusion::logical_expr::Cast { expr: Box::new(other), ..cast }),
        },
        Expr::Literal(ScalarValue::Null, _) => return Typed::new(null(value_type), ValueType::Null),
        other => other,
    };
    Typed::new(expression, value_type)
}

/// Settles a condition; see [`settle`].
pub fn settle_expression(expression: Expr, events: &Events<'_>) -> Expr {
    if matches!(expression, Expr::Column(_) | Expr::Literal(..)) {
        return expression;
    }
    let original = expression.clone();
    expression.transform_up(|node| Ok(settle_node(node, events))).map_or(original, |settled| settled.data)
}

fn settle_node(node: Expr, events: &Events<'_>) -> Transformed<Expr> {
    use datafusion::logical_expr::{BinaryExpr, Operator};
    match node {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => Transformed::yes(conditions::and(*left, *right)),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => Transformed::yes(conditions::or(*left, *right)),
        Expr::Case(case) if case.expr.is_none() => settle_case(case),
        other => match constant(&other, events) {
            Some(known) => Transformed::yes(lit(known)),
            None => Transformed::no(other),
        },
    }
}

/// Branches whose condition never holds go; one that always holds is the last.
fn settle_case(case: Case) -> Transformed<Expr> {
    let mut branches = Vec::with_capacity(case.when_then_expr.len());
    let mut otherwise = case.else_expr;
    for (when, then) in case.when_then_expr {
        match when.as_ref() {
            Expr::Literal(ScalarValue::Boolean(Some(true)), _) => {
                otherwise = Some(then);
                break;
            }
            Expr::Literal(ScalarValue::Boolean(_), _) => {}
            _ => branches.push((when, then)),
        }
    }
    match (branches.is_empty(), otherwise) {
        (true, Some(only)) => Transformed::yes(*only),
        (true, None) => Transformed::yes(lit(ScalarValue::Null)),
        (false, otherwise) => Transformed::yes(Expr::Case(Case { expr: None, when_then_expr: branches, else_expr: otherwise })),
    }
}

/// The value of a condition that reads at most one column and is the same for all of its values.
fn constant(node: &Expr, events: &Events<'_>) -> Option<bool> {
    if !matches!(node, Expr::ScalarFunction(_) | Expr::IsNull(_) | Expr::IsNotNull(_) | Expr::Not(_)) || node.is_volatile() {
        return None;
    }
    let mut columns = node.column_refs().into_iter();
    let (only, None) = (columns.next(), columns.next()) else { return None };
    let Some(only) = only else { return evaluate(node, None, events.options).ok().flatten() };
    let (data_type, facts) = events.statistics(&only.name)?;
    match presence_test(node) {
        Some(wants_present) if facts.always_present => return Some(wants_present),
        Some(wants_present) if facts.always_absent => return Some(!wants_present),
        Some(_) => return None,
        None => {}
    }
    let known = facts.values.filter(|values| values.len() <= MOST_TEXTS)?;
    evaluate(node, Some((&only.name, &data_type, &known, facts.always_present)), events.options).ok().flatten()
}

/// Whether a condition only asks if a column has a value (true) or lacks one (false).
fn presence_test(node: &Expr) -> Option<bool> {
    let is_column = |expression: &Expr| matches!(expression, Expr::Column(_));
    match node {
        Expr::IsNotNull(inner) if is_column(inner) => Some(true),
        Expr::IsNull(inner) if is_column(inner) => Some(false),
        Expr::ScalarFunction(call) if call.args.len() == 1 && is_column(&call.args[0]) => match call.func.name() {
            "isnotnull" => Some(true),
            "isnull" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

type KnownColumn<'a> = (&'a str, &'a DataType, &'a ArrayRef, bool);

/// A condition for all values of its column, if it is the same for all of them.
fn evaluate(node: &Expr, known: Option<KnownColumn<'_>>, options: &Arc<ConfigOptions>) -> Result<Option<bool>> {
    let (schema, batch) = match known {
        Some((name, data_type, values, always_present)) => {
            let schema = Arc::new(Schema::new(vec![Field::new(name, data_type.clone(), true)]));
            let values = if always_present { values.clone() } else { with_absent(values)? };
            let batch = RecordBatch::try_new(schema.clone(), vec![values])?;
            (schema, batch)
        }
        None => {
            let schema = Arc::new(Schema::new(vec![Field::new("none", DataType::Null, true)]));
            let batch = RecordBatch::try_new(schema.clone(), vec![arrow::array::new_null_array(&DataType::Null, 1)])?;
            (schema, batch)
        }
    };
    if node.get_type(&DFSchema::try_from(schema.as_ref().clone())?)? != DataType::Boolean || batch.num_rows() == 0 {
        return Ok(None);
    }
    let compiled = compile(node, &schema, options)?;
    let results = compiled.evaluate(&batch)?.into_array(batch.num_rows())?;
    let results = results.as_boolean();
    if results.null_count() > 0 {
        return Ok(None);
    }
    Ok(match results.true_count() {
        0 => Some(false),
        all if all == results.len() => Some(true),
        _ => None,
    })
}

/// The values and, last, an absent one.
fn with_absent(values: &ArrayRef) -> Result<ArrayRef> {
    if let Some(dictionary) = values.as_dictionary_opt::<Int32Type>() {
        // Keeps the dictionary, by which functions know results that they have already.
        let keys: Int32Array = dictionary.keys().iter().chain([None]).collect();
        return Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, dictionary.values().clone())?));
    }
    let absent = arrow::array::new_null_array(values.data_type(), 1);
    Ok(arrow::compute::concat(&[values.as_ref(), absent.as_ref()])?)
}
