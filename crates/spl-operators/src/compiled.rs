//! Expressions that are evaluated beside the plan, with the settings of the search.

use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::config::ConfigOptions;
use datafusion::common::{DFSchema, Result};
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};

/// Compiles an expression over columns. The options carry the search's time zone and its now: without them functions of
/// time would take UTC.
pub fn compile(expression: &Expr, schema: &Schema, options: &Arc<ConfigOptions>) -> Result<Arc<dyn PhysicalExpr>> {
    let mut properties = ExecutionProps::new();
    properties.mark_start_execution(options.clone());
    let schema = DFSchema::try_from(schema.clone())?;
    create_physical_expr(expression, &schema, &properties, &PhysicalPlanningContext::default())
}
