//! Logical plans as bytes: what DataFusion asks for beside its own nodes.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::{Result, TableReference, plan_err};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, Extension, LogicalPlan, ScalarUDF};
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use spl_operators::node::OperatorNode;

use crate::functions::FunctionCodec;
use crate::operators::{read_operator, write_operator};
use crate::tables;

/// Writes and reads SPL's nodes, functions and tables in logical plans. One value is for one plan.
#[derive(Debug, Default)]
pub struct SplLogicalCodec {
    functions: FunctionCodec,
}

impl LogicalExtensionCodec for SplLogicalCodec {
    fn try_decode(&self, bytes: &[u8], inputs: &[LogicalPlan], _: &TaskContext) -> Result<Extension> {
        let [input] = inputs else { return plan_err!("a row operator has one input, not {}", inputs.len()) };
        let node = OperatorNode::new(input.clone(), read_operator(bytes)?)?;
        Ok(Extension { node: Arc::new(node) })
    }

    fn try_encode(&self, extension: &Extension, bytes: &mut Vec<u8>) -> Result<()> {
        let Some(node) = extension.node.as_any().downcast_ref::<OperatorNode>() else {
            return plan_err!("the node `{}` can't be written", extension.node.name());
        };
        bytes.extend(write_operator(node.operator().as_ref())?);
        Ok(())
    }

    fn try_decode_table_provider(
        &self,
        bytes: &[u8],
        _: &TableReference,
        schema: SchemaRef,
        _: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        tables::read(bytes, schema)
    }

    fn try_encode_table_provider(&self, _: &TableReference, table: Arc<dyn TableProvider>, bytes: &mut Vec<u8>) -> Result<()> {
        tables::write(table.as_ref(), bytes)
    }

    fn try_decode_udf(&self, name: &str, bytes: &[u8]) -> Result<Arc<ScalarUDF>> {
        self.functions.read_scalar(name, bytes)
    }

    fn try_encode_udf(&self, function: &ScalarUDF, bytes: &mut Vec<u8>) -> Result<()> {
        self.functions.write_scalar(function, bytes)
    }

    fn try_decode_udaf(&self, name: &str, bytes: &[u8]) -> Result<Arc<AggregateUDF>> {
        self.functions.read_aggregate(name, bytes)
    }

    fn try_encode_udaf(&self, function: &AggregateUDF, bytes: &mut Vec<u8>) -> Result<()> {
        self.functions.write_aggregate(function, bytes)
    }
}
