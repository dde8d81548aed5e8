//! The rule that filters rows before they are sorted and numbered, so that only those are sorted that are left.
//!
//! DataFusion takes a filter below what computes columns, below joins and below aggregations, but never below a window. A window
//! that only numbers rows for their order gives the rows that are left the same order when the others go first. On its way a filter
//! passes fences, which only keep chains of assignments apart.

use std::any::Any;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{HashMap, Result};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Expr, Extension, Filter, LogicalPlan, Window};
use datafusion::optimizer::push_down_filter::PushDownFilter;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use spl_functions::settings::SplOptions;

use crate::node::OperatorNode;
use crate::nodes::optimizer_fence::OptimizerFence;
use crate::ordinal::FRESH;

/// The rule. It runs ahead of all others, while conditions still stand over plain columns.
#[derive(Debug)]
pub struct FilterBelowNumbers;

/// Numbered sorts, one above another, that a filter goes below.
const MOST_SORTS: usize = 16;

/// The parts of a condition, written over what stands below a fence, up to which it goes below.
const MOST_PARTS: usize = 400;

impl OptimizerRule for FilterBelowNumbers {
    fn name(&self) -> &str {
        "filter_below_numbers"
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let options = config.options();
        let is_off = options.extensions.get::<SplOptions>().is_some_and(|options| !options.filter_below_numbers);
        if is_off || !has_numbers_below_a_filter(&plan)? {
            return Ok(Transformed::no(plan));
        }
        let push_down = PushDownFilter::new();
        let mut plan = plan;
        for _ in 0..MOST_SORTS {
            let pushed = plan.transform_down(|node| push_down.rewrite(node, config))?.data;
            let moved = pushed.transform_down(|node| below_numbers(node)?.transform_data(below_fence))?;
            plan = moved.data;
            if !moved.transformed {
                break;
            }
        }
        Ok(Transformed::yes(plan))
    }
}

fn has_numbers_below_a_filter(plan: &LogicalPlan) -> Result<bool> {
    plan.exists(|node| match node {
        LogicalPlan::Filter(filter) => filter.input.exists(|node| Ok(matches!(node, LogicalPlan::Window(w) if numbers_rows(w)))),
        _ => Ok(false),
    })
}

/// Whether all that a window does is to number rows for their order.
fn numbers_rows(window: &Window) -> bool {
    let [Expr::Alias(alias)] = window.window_expr.as_slice() else { return false };
    let Expr::WindowFunction(function) = alias.expr.as_ref() else { return false };
    let WindowFunction { fun, params } = function.as_ref();
    alias.name == FRESH && fun.name() == "row_number" && params.partition_by.is_empty()
}

/// A filter over numbers as one below them, but for what reads the numbers.
fn below_numbers(node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Filter(filter) = node else { return Ok(Transformed::no(node)) };
    let LogicalPlan::Window(window) = filter.input.as_ref() else {
        return Ok(Transformed::no(LogicalPlan::Filter(filter)));
    };
    if !numbers_rows(window) {
        return Ok(Transformed::no(LogicalPlan::Filter(filter)));
    }
    let reads_numbers =
        |condition: &Expr| condition.is_volatile() || condition.column_refs().iter().any(|column| column.name == FRESH);
    let (above, below): (Vec<Expr>, Vec<Expr>) =
        split_conjunction_owned(filter.predicate.clone()).into_iter().partition(reads_numbers);
    // What stays above may pick rows by their numbers: then none may go before.
    let Some(below) = conjunction(below).filter(|_| above.is_empty()) else {
        return Ok(Transformed::no(LogicalPlan::Filter(filter)));
    };
    let input = LogicalPlan::Filter(Filter::try_new(below, window.input.clone())?);
    let numbered = Window::try_new(window.window_expr.clone(), Arc::new(input))?;
    Ok(Transformed::yes(LogicalPlan::Window(numbered)))
}

/// A filter over a fence as one below it, unless what it reads is set by long expressions there: each place that reads a field
/// would get the whole of them.
fn below_fence(node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Filter(filter) = &node else { return Ok(Transformed::no(node)) };
    let LogicalPlan::Extension(extension) = filter.input.as_ref() else { return Ok(Transformed::no(node)) };
    let Some(fence) = extension.node.as_any().downcast_ref::<OperatorNode>() else { return Ok(Transformed::no(node)) };
    let operator: &dyn Any = fence.operator().as_ref();
    let is_open = operator.downcast_ref::<OptimizerFence>().is_some_and(|fence| !fence.ordered);
    let inputs = extension.node.inputs();
    let ([input], true, false) = (inputs.as_slice(), is_open, filter.predicate.is_volatile()) else {
        return Ok(Transformed::no(node));
    };
    if parts_below(&filter.predicate, input)? > MOST_PARTS {
        return Ok(Transformed::no(node));
    }
    let filtered = LogicalPlan::Filter(Filter::try_new(filter.predicate.clone(), Arc::new((*input).clone()))?);
    let fenced = OperatorNode::new(filtered, fence.operator().clone())?;
    Ok(Transformed::yes(LogicalPlan::Extension(Extension { node: Arc::new(fenced) })))
}

/// How many parts a condition has when the columns of a projection are written out in it.
fn parts_below(condition: &Expr, input: &LogicalPlan) -> Result<usize> {
    let LogicalPlan::Projection(projection) = input else { return parts(condition, &|_| 1) };
    let set: HashMap<String, usize> = projection
        .schema
        .fields()
        .iter()
        .zip(&projection.expr)
        .map(|(field, value)| Ok((field.name().clone(), parts(value, &|_| 1)?)))
        .collect::<Result<_>>()?;
    parts(condition, &|column| set.get(column).copied().unwrap_or(1))
}

fn parts(expression: &Expr, of_column: &dyn Fn(&str) -> usize) -> Result<usize> {
    let mut count = 0_usize;
    expression.apply(|part| {
        count = count.saturating_add(match part {
            Expr::Column(column) => of_column(&column.name),
            _ => 1,
        });
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(count)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use datafusion::functions_window::expr_fn::row_number;
    use datafusion::logical_expr::{ExprFunctionExt, LogicalPlanBuilder, col, lit};
    use datafusion::optimizer::OptimizerContext;

    use crate::ordinal::PLACE;

    /// A filter over numbers over two columns, optimized.
    fn optimized(numbers: &str, condition: Expr) -> String {
        let place = row_number().order_by(vec![col("column1").sort(true, false)]).build().unwrap().alias(numbers);
        let rows = LogicalPlanBuilder::values(vec![vec![lit(1), lit("a")]]).unwrap();
        let plan = rows.window(vec![place]).unwrap().filter(condition).unwrap().build().unwrap();
        let optimized = FilterBelowNumbers.rewrite(plan, &OptimizerContext::new()).unwrap();
        optimized.data.display_indent().to_string().lines().next().unwrap_or_default().trim().to_owned()
    }

    #[test]
    fn a_filter_goes_below_an_order() {
        assert!(optimized(FRESH, col("column2").eq(lit("a"))).starts_with("WindowAggr"));
    }

    /// A filter over a fence over a doubled column, optimized.
    fn fenced(ordered: bool, doublings: usize) -> String {
        let place = row_number().order_by(vec![col("column1").sort(true, false)]).build().unwrap().alias(FRESH);
        let rows = LogicalPlanBuilder::values(vec![vec![lit(1), lit("a")]]).unwrap();
        let sum = (0..doublings).fold(col("column1"), |sum, _| sum.clone() + sum);
        let below = rows.window(vec![place]).unwrap().project(vec![sum.alias("sum"), col("column2")]).unwrap().build().unwrap();
        let fence = OperatorNode::new(below, Arc::new(OptimizerFence { ordered })).unwrap();
        let plan = LogicalPlan::Extension(Extension { node: Arc::new(fence) });
        let plan = LogicalPlanBuilder::from(plan).filter(col("sum").gt(lit(1))).unwrap().build().unwrap();
        let optimized = FilterBelowNumbers.rewrite(plan, &OptimizerContext::new()).unwrap();
        optimized
            .data
            .display_indent()
            .to_string()
            .lines()
            .map(|line| line.split(':').next().unwrap_or_default().trim())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_filter_passes_an_open_fence() {
        assert_eq!(fenced(false, 1), "Spl Projection WindowAggr Filter Values");
        assert!(fenced(true, 1).starts_with("Filter Spl"));
        assert!(fenced(false, 9).starts_with("Filter Spl"), "long expressions stay as they are");
    }

    #[test]
    fn a_filter_stays_above_numbers_that_are_read() {
        let both = col(FRESH).lt(lit(3_u64)).and(col("column2").eq(lit("a")));
        assert!(optimized(FRESH, both).starts_with("Filter"));
        assert!(optimized(PLACE, col("column2").eq(lit("a"))).starts_with("Filter"));
    }
}
