//! The rule that groups and partitions by the codes of dictionary columns instead of by their texts.
//!
//! An aggregation over a dictionary column becomes an aggregation over codes whose groups get their texts back above it;
//! a window that is partitioned by one reads a column of codes.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, LogicalPlan, Projection, Window};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use spl_functions::settings::SplOptions;

use super::codes;

/// The rule.
#[derive(Debug)]
pub struct GroupByCodes;

/// The name of a column of codes.
fn code_name(place: usize) -> String {
    format!("__code{place}")
}

impl OptimizerRule for GroupByCodes {
    fn name(&self) -> &str {
        "group_by_codes"
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let options = config.options();
        if options.extensions.get::<SplOptions>().is_some_and(|options| !options.group_by_code) {
            return Ok(Transformed::no(plan));
        }
        plan.transform_up(|node| match node {
            LogicalPlan::Aggregate(aggregate) => aggregated(aggregate),
            LogicalPlan::Window(window) => partitioned(window),
            other => Ok(Transformed::no(other)),
        })
    }
}

fn is_coded(expression: &Expr, input: &LogicalPlan) -> Result<bool> {
    Ok(codes::applies(&expression.get_type(input.schema())?))
}

fn aggregated(aggregate: Aggregate) -> Result<Transformed<LogicalPlan>> {
    let mut any = false;
    for group in &aggregate.group_expr {
        if matches!(group, Expr::GroupingSet(_)) {
            return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
        }
        any |= is_coded(group, &aggregate.input)?;
    }
    if !any {
        return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
    }
    let mut groups = Vec::with_capacity(aggregate.group_expr.len());
    let mut columns = Vec::with_capacity(aggregate.schema.fields().len());
    for (place, (group, (qualifier, field))) in aggregate.group_expr.into_iter().zip(aggregate.schema.iter()).enumerate() {
        let name = code_name(place);
        if codes::applies(&group.get_type(aggregate.input.schema())?) {
            let (code, text) = codes::pair();
            groups.push(code.call(vec![group.unalias()]).alias(&name));
            let text = text.call(vec![Expr::Column(datafusion::common::Column::new_unqualified(&name))]);
            columns.push(text.alias_qualified(qualifier.cloned(), field.name()));
        } else {
            groups.push(group);
            columns.push(Expr::Column(datafusion::common::Column::from((qualifier, field))));
        }
    }
    let results = aggregate.schema.iter().skip(groups.len());
    columns.extend(results.map(|(qualifier, field)| Expr::Column(datafusion::common::Column::from((qualifier, field)))));
    let coded = LogicalPlan::Aggregate(Aggregate::try_new(aggregate.input, groups, aggregate.aggr_expr)?);
    Ok(Transformed::yes(LogicalPlan::Projection(Projection::try_new(columns, Arc::new(coded))?)))
}

fn partitioned(window: Window) -> Result<Transformed<LogicalPlan>> {
    // The name of a window without an alias holds what it is partitioned by.
    let named = |expression: &Expr| matches!(expression, Expr::Alias(alias) if matches!(*alias.expr, Expr::WindowFunction(_)));
    if !window.window_expr.iter().all(named) {
        return Ok(Transformed::no(LogicalPlan::Window(window)));
    }
    let mut coded: Vec<Expr> = Vec::new();
    for expression in &window.window_expr {
        for key in partition_of(expression) {
            if is_coded(key, &window.input)? && !coded.contains(key) {
                coded.push(key.clone());
            }
        }
    }
    if coded.is_empty() {
        return Ok(Transformed::no(LogicalPlan::Window(window)));
    }
    let column = |(qualifier, field)| Expr::Column(datafusion::common::Column::from((qualifier, field)));
    let mut below: Vec<Expr> = window.input.schema().iter().map(column).collect();
    for (place, key) in coded.iter().enumerate() {
        let (code, _) = codes::pair();
        below.push(code.call(vec![key.clone()]).alias(code_name(place)));
    }
    let by_code = |key: Expr| match coded.iter().position(|known| *known == key) {
        Some(place) => Expr::Column(datafusion::common::Column::new_unqualified(code_name(place))),
        None => key,
    };
    let above: Vec<Expr> = window.schema.iter().map(column).collect();
    let input = LogicalPlan::Projection(Projection::try_new(below, window.input.clone())?);
    let expressions = window
        .window_expr
        .into_iter()
        .map(|expression| match expression {
            Expr::Alias(mut alias) => {
                if let Expr::WindowFunction(function) = alias.expr.as_mut() {
                    let WindowFunction { params, .. } = function.as_mut();
                    params.partition_by = std::mem::take(&mut params.partition_by).into_iter().map(by_code).collect();
                }
                Expr::Alias(alias)
            }
            other => other,
        })
        .collect();
    let window = LogicalPlan::Window(Window::try_new(expressions, Arc::new(input))?);
    Ok(Transformed::yes(LogicalPlan::Projection(Projection::try_new(above, Arc::new(window))?)))
}

fn partition_of(expression: &Expr) -> &[Expr] {
    match expression {
        Expr::Alias(alias) => match alias.expr.as_ref() {
            Expr::WindowFunction(function) => &function.params.partition_by,
            _ => &[],
        },
        _ => &[],
    }
}
