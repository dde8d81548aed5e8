//! Physical plans as bytes: SPL's row operators and groupings by code, and what DataFusion asks for beside its own nodes.

use std::sync::Arc;

use datafusion::common::{Result, plan_err};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalPlanDecodeContext, PhysicalProtoConverterExtension};
use datafusion_proto::protobuf::PhysicalPlanNode;
use prost::Message;
use spl_operators::exec::OperatorExec;
use spl_operators::grouping::order::RankedSortExec;
use spl_operators::grouping::rule::GroupingExec;

use crate::functions::FunctionCodec;
use crate::operators::{read_operator, write_operator};

/// Ahead of an operator's bytes.
const OPERATOR: u8 = b'o';
/// Ahead of the aggregation in whose place a grouping stands.
const GROUPING: u8 = b'g';
/// Ahead of the sort in whose place a sort by ranks stands.
const RANKED_SORT: u8 = b'r';

/// Writes and reads SPL's nodes and functions in physical plans. One value is for one plan.
#[derive(Debug, Default)]
pub struct SplPhysicalCodec {
    functions: FunctionCodec,
}

impl PhysicalExtensionCodec for SplPhysicalCodec {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = inputs else { return plan_err!("a node of SPL has one input, not {}", inputs.len()) };
        match bytes.split_first() {
            Some((&OPERATOR, operator)) => Ok(Arc::new(OperatorExec::try_new(input.clone(), read_operator(operator)?)?)),
            Some((&kind @ (GROUPING | RANKED_SORT), replaced)) => {
                let Ok(node) = PhysicalPlanNode::decode(replaced) else { return plan_err!("a node of SPL that can't be read") };
                let replaced = converter.proto_to_execution_plan(&node, &PhysicalPlanDecodeContext::new(context, self))?;
                let replaced = replace_children_if_necessary(replaced, vec![input.clone()])?;
                if kind == GROUPING { GroupingExec::in_place_of(replaced) } else { RankedSortExec::in_place_of(replaced) }
            }
            _ => plan_err!("a node of SPL that is not known"),
        }
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        bytes: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        if let Some(operator) = node.downcast_ref::<OperatorExec>() {
            bytes.push(OPERATOR);
            bytes.extend(write_operator(operator.operator().as_ref())?);
            return Ok(());
        }
        let grouping = node.downcast_ref::<GroupingExec>().map(|node| (GROUPING, node.replaced()));
        let sort = || node.downcast_ref::<RankedSortExec>().map(|node| (RANKED_SORT, node.replaced()));
        if let Some((kind, replaced)) = grouping.or_else(sort) {
            // The input is written as the input of the node; what the node stands for is written over nothing.
            let nothing = replaced.children().into_iter().map(|input| Arc::new(EmptyExec::new(input.schema())) as _).collect();
            let replaced = replace_children_if_necessary(replaced.clone(), nothing)?;
            bytes.push(kind);
            bytes.extend(converter.execution_plan_to_proto(&replaced, self)?.encode_to_vec());
            return Ok(());
        }
        plan_err!("the node `{}` can't be written", node.name())
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
