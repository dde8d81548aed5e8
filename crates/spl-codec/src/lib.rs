//! Plans as bytes: DataFusion's own nodes and expressions in its protobuf form, SPL's operators, functions and tables by name.
//!
//! [`logical`] writes and reads logical plans, [`physical`] physical ones; both use `operators`, `functions` and `tables`.
//! Whoever reads a plan needs a [`TaskContext`] with DataFusion's functions. Read `logical.rs` first.

mod functions;
mod logical;
mod memory;
mod operators;
mod physical;
mod tables;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::bytes::{
    logical_plan_from_bytes_with_extension_codec, logical_plan_to_bytes_with_extension_codec,
    physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
};

pub use logical::SplLogicalCodec;
pub use operators::{read_operator, write_operator};
pub use physical::SplPhysicalCodec;

/// The stack that writing and reading take: expressions are nested, and each level takes several frames.
const STACK: usize = 128 << 20;

/// Writes a logical plan.
///
/// # Errors
/// What has no written form: tables whose rows are not in memory.
pub fn write_logical(plan: &LogicalPlan) -> Result<Vec<u8>> {
    let written = stacker::grow(STACK, || logical_plan_to_bytes_with_extension_codec(plan, &SplLogicalCodec::default()));
    Ok(written?.to_vec())
}

/// Reads a logical plan.
///
/// # Errors
/// Bytes that are of no plan; operators and functions that are not known.
pub fn read_logical(bytes: &[u8], context: &TaskContext) -> Result<LogicalPlan> {
    stacker::grow(STACK, || logical_plan_from_bytes_with_extension_codec(bytes, context, &SplLogicalCodec::default()))
}

/// Writes a physical plan.
///
/// # Errors
/// What has no written form: nodes that read rows from disk.
pub fn write_physical(plan: Arc<dyn ExecutionPlan>) -> Result<Vec<u8>> {
    let plan = memory::projected(plan)?;
    let written = stacker::grow(STACK, || physical_plan_to_bytes_with_extension_codec(plan, &SplPhysicalCodec::default()));
    Ok(written?.to_vec())
}

/// Reads a physical plan.
///
/// # Errors
/// Bytes that are of no plan; nodes and functions that are not known.
pub fn read_physical(bytes: &[u8], context: &TaskContext) -> Result<Arc<dyn ExecutionPlan>> {
    stacker::grow(STACK, || physical_plan_from_bytes_with_extension_codec(bytes, context, &SplPhysicalCodec::default()))
}
