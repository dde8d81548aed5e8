//! The rule that has expressions over one dictionary column evaluated once per distinct value.
//!
//! It runs ahead of DataFusion's own rules, so that they see one call in place of a long expression. What an expression
//! over a dictionary gives is a dictionary again, so that the column types of the nodes above change; where a node wants the
//! types it was planned with (a join, a union), a cast brings them back.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, DFSchemaRef, Result};
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, Filter, LogicalPlan, Projection, ScalarUDF};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::prelude::cast;
use hashbrown::HashMap;
use spl_functions::column::ValueType;
use spl_functions::scalar::{self, FunctionSpec};
use spl_functions::settings::SplOptions;

use super::function::{KeptBytes, dictionary_type, once_per_distinct};

/// The rule. One instance serves all searches of an engine, which share what the functions keep.
#[derive(Debug)]
pub struct EvaluateOncePerDistinct {
    functions: Mutex<HashMap<Key, Arc<ScalarUDF>>>,
    /// What the functions of all searches keep.
    kept_bytes: KeptBytes,
    most_bytes: usize,
}

impl EvaluateOncePerDistinct {
    /// The rule for one engine. When its functions keep more bytes than this, the next search starts with none of them;
    /// searches that run have theirs to their end.
    pub fn new(most_bytes: usize) -> Self {
        Self { functions: Mutex::default(), kept_bytes: KeptBytes::default(), most_bytes }
    }
}

/// What tells two functions apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    column: String,
    body: Expr,
    texts_as_dictionary: bool,
    time_zone: String,
    /// The now of the search, for bodies that read it.
    now: u64,
}

/// Functions that are kept; all are dropped when there are more.
const MOST_FUNCTIONS: usize = 8_192;

impl OptimizerRule for EvaluateOncePerDistinct {
    fn name(&self) -> &str {
        "evaluate_once_per_distinct"
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let options = config.options();
        let options = options.extensions.get::<SplOptions>().cloned().unwrap_or_default();
        if !options.once_per_distinct {
            return Ok(Transformed::no(plan));
        }
        if self.kept_bytes.get() > self.most_bytes {
            self.functions.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        let planned = plan.schema().clone();
        // The schemas of the inputs of each node that is open, as they were planned.
        let open: RefCell<Vec<Vec<DFSchemaRef>>> = RefCell::default();
        let rewritten = plan.transform_down_up(
            |node| {
                open.borrow_mut().push(node.inputs().into_iter().map(|input| input.schema().clone()).collect());
                Ok(Transformed::no(node))
            },
            |node| {
                let inputs = open.borrow_mut().pop().unwrap_or_default();
                self.node(node, &inputs, &options)
            },
        )?;
        if !rewritten.transformed {
            return Ok(rewritten);
        }
        Ok(Transformed::yes(as_planned(rewritten.data, &planned)?))
    }
}

impl EvaluateOncePerDistinct {
    /// A node whose inputs are done. `planned` are the schemas that its inputs had.
    fn node(&self, node: LogicalPlan, planned: &[DFSchemaRef], options: &SplOptions) -> Result<Transformed<LogicalPlan>> {
        let changed = node.inputs().iter().zip(planned).any(|(input, planned)| !same_types(input.schema(), planned));
        let node = match (changed, takes_dictionaries(&node)) {
            (false, _) => node,
            (true, true) => node.recompute_schema()?,
            (true, false) => {
                let mut planned = planned.iter();
                node.map_children(|input| match planned.next() {
                    Some(planned) => as_planned(input, planned).map(Transformed::yes),
                    None => Ok(Transformed::no(input)),
                })?
                .data
            }
        };
        let done = match node {
            LogicalPlan::Projection(Projection { expr, input, schema, .. }) => {
                let mut any = false;
                let expr: Vec<Expr> =
                    expr.into_iter().map(|one| self.column(one, input.schema(), options, &mut any)).collect::<Result<_>>()?;
                let projection = match any {
                    true => Projection::try_new(expr, input)?,
                    false => Projection::try_new_with_schema(expr, input, schema)?,
                };
                Transformed::new(LogicalPlan::Projection(projection), any, TreeNodeRecursion::Continue)
            }
            LogicalPlan::Filter(Filter { predicate, input, .. }) => {
                let mut any = false;
                let predicate = self.parts(predicate, input.schema(), options, &mut any)?;
                Transformed::new(LogicalPlan::Filter(Filter::try_new(predicate, input)?), any, TreeNodeRecursion::Continue)
            }
            other => Transformed::no(other),
        };
        Ok(Transformed::new(done.data, done.transformed || changed, TreeNodeRecursion::Continue))
    }

    /// An expression that gives a column: texts stay a dictionary.
    fn column(&self, expression: Expr, schema: &DFSchema, options: &SplOptions, any: &mut bool) -> Result<Expr> {
        match expression {
            Expr::Alias(mut alias) => {
                *alias.expr = self.column(*alias.expr, schema, options, any)?;
                Ok(Expr::Alias(alias))
            }
            other => match self.whole(&other, schema, options, true)? {
                Some(call) => {
                    *any = true;
                    let name = other.schema_name().to_string();
                    Ok(call.alias(name))
                }
                None => self.parts(other, schema, options, any),
            },
        }
    }

    /// An expression whose largest parts over one dictionary column are evaluated once per distinct value.
    fn parts(&self, expression: Expr, schema: &DFSchema, options: &SplOptions, any: &mut bool) -> Result<Expr> {
        let done = expression.transform_down(|part| {
            Ok(match self.whole(&part, schema, options, false)? {
                Some(call) => Transformed::new(call, true, TreeNodeRecursion::Jump),
                None => Transformed::no(part),
            })
        })?;
        *any |= done.transformed;
        Ok(done.data)
    }

    /// The call in place of an expression that reads exactly one column, a dictionary; none for other expressions, and for
    /// those that cost less than a call.
    fn whole(&self, expression: &Expr, schema: &DFSchema, options: &SplOptions, as_dictionary: bool) -> Result<Option<Expr>> {
        if !is_worth_it(expression) || expression.is_volatile() {
            return Ok(None);
        }
        let Some(column) = only_column(expression) else { return Ok(None) };
        let Ok(field) = schema.field_with_name(column.relation.as_ref(), &column.name) else { return Ok(None) };
        if *field.data_type() != dictionary_type() {
            return Ok(None);
        }
        let value_type = match expression.get_type(schema)? {
            DataType::Utf8View => ValueType::Text,
            other if other == dictionary_type() => ValueType::Text,
            DataType::Int64 => ValueType::Integer,
            DataType::Float64 => ValueType::Float,
            DataType::Boolean => ValueType::Boolean,
            _ => return Ok(None),
        };
        let key = Key {
            column: column.name.clone(),
            now: if reads_now(expression) { options.now.to_bits() } else { 0 },
            body: unqualified(expression.clone())?,
            texts_as_dictionary: as_dictionary,
            time_zone: options.time_zone.clone(),
        };
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        let function = match functions.get(&key) {
            Some(function) => function.clone(),
            None => {
                if functions.len() >= MOST_FUNCTIONS {
                    functions.clear();
                }
                let function =
                    Arc::new(once_per_distinct(&key.column, key.body.clone(), value_type, as_dictionary, &self.kept_bytes));
                functions.entry(key).or_insert(function).clone()
            }
        };
        Ok(Some(function.call(vec![Expr::Column(column)])))
    }
}

/// Whether an expression does more than compare or rename: it calls a function or chooses between values.
fn is_worth_it(expression: &Expr) -> bool {
    match expression {
        Expr::ScalarFunction(call) => !call.args.iter().all(|argument| matches!(argument, Expr::Literal(..))),
        Expr::Case(_) => true,
        Expr::BinaryExpr(binary) => is_worth_it(&binary.left) || is_worth_it(&binary.right),
        Expr::Not(inner) | Expr::IsNull(inner) | Expr::IsNotNull(inner) | Expr::IsTrue(inner) => is_worth_it(inner),
        Expr::Cast(cast) => is_worth_it(&cast.expr),
        _ => false,
    }
}

/// The column that an expression reads, if it is one and only one.
fn only_column(expression: &Expr) -> Option<Column> {
    let mut only: Option<&Column> = None;
    let mut several = false;
    let _ = expression.apply(|part| {
        if let Expr::Column(column) = part {
            match only {
                Some(known) if known != column => {
                    several = true;
                    return Ok(TreeNodeRecursion::Stop);
                }
                _ => only = Some(column),
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    if several { None } else { only.cloned() }
}

/// The expression over columns without the name of their table.
fn unqualified(expression: Expr) -> Result<Expr> {
    let done = expression.transform(|part| {
        Ok(match part {
            Expr::Column(column) if column.relation.is_some() => {
                Transformed::yes(Expr::Column(Column::new_unqualified(column.name)))
            }
            other => Transformed::no(other),
        })
    })?;
    Ok(done.data)
}

/// Whether an expression may depend on the now of the search: functions that the registry does not have may hold
/// expressions of their own.
fn reads_now(expression: &Expr) -> bool {
    let may = |name: &str| scalar::lookup(name).is_none_or(FunctionSpec::reads_now);
    expression.exists(|part| Ok(matches!(part, Expr::ScalarFunction(call) if may(call.name())))).unwrap_or(true)
}

/// Whether a node takes a dictionary in place of texts in any column. A sort does not: the casts that bring the planned
/// types back would stand above it, where the engine may spread its rows over partitions and lose their order.
fn takes_dictionaries(node: &LogicalPlan) -> bool {
    matches!(
        node,
        LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::Aggregate(Aggregate { .. })
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Extension(_)
    )
}

fn same_types(left: &DFSchema, right: &DFSchema) -> bool {
    left.fields().iter().zip(right.fields().iter()).all(|(left, right)| left.data_type() == right.data_type())
}

/// The plan with its columns in the types that they were planned with.
fn as_planned(plan: LogicalPlan, planned: &DFSchemaRef) -> Result<LogicalPlan> {
    if same_types(plan.schema(), planned) {
        return Ok(plan);
    }
    let columns = plan
        .schema()
        .iter()
        .zip(planned.fields().iter())
        .map(|((qualifier, field), planned)| {
            let column = Expr::Column(Column::from((qualifier, field)));
            match field.data_type() == planned.data_type() {
                true => column,
                false => cast(column, planned.data_type().clone()).alias_qualified(qualifier.cloned(), field.name()),
            }
        })
        .collect();
    Projection::try_new(columns, Arc::new(plan)).map(LogicalPlan::Projection)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use datafusion::logical_expr::{LogicalPlanBuilder, lit};
    use datafusion::optimizer::OptimizerContext;

    use super::*;

    fn with_a_function(most_bytes: usize) -> EvaluateOncePerDistinct {
        let rule = EvaluateOncePerDistinct::new(most_bytes);
        let key =
            Key { column: "x".to_owned(), body: lit(1_i64), texts_as_dictionary: false, time_zone: "UTC".to_owned(), now: 0 };
        let function = once_per_distinct("x", lit(1_i64), ValueType::Integer, false, &rule.kept_bytes);
        rule.functions.lock().unwrap().insert(key, Arc::new(function));
        rule
    }

    #[test]
    fn functions_go_when_they_keep_too_much() {
        let plan = LogicalPlanBuilder::empty(false).build().unwrap();
        for (most_bytes, left) in [(1_000, 1), (999, 0)] {
            let rule = with_a_function(most_bytes);
            rule.kept_bytes.add(1_000);
            rule.rewrite(plan.clone(), &OptimizerContext::new()).unwrap();
            assert_eq!(rule.functions.lock().unwrap().len(), left, "{most_bytes}");
        }
    }
}
