//! Runs row operators: the physical node and the planner that makes it.

use std::fmt;
use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    Distribution, EquivalenceProperties, LexOrdering, OrderingRequirements, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::StreamExt;

use crate::node::{Operator, OperatorNode};
use crate::ordinal::ORDINAL;

/// A row operator over an input.
#[derive(Debug)]
pub struct OperatorExec {
    input: Arc<dyn ExecutionPlan>,
    operator: Arc<dyn Operator>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl OperatorExec {
    fn try_new(input: Arc<dyn ExecutionPlan>, operator: Arc<dyn Operator>) -> Result<Self> {
        let schema = operator.schema(&input.schema())?;
        let mut equivalence = EquivalenceProperties::new(schema.clone());
        // An operator that takes rows in any order keeps the order that they come in.
        let in_order = operator.ordered()
            || match input.schema().index_of(ORDINAL) {
                Ok(place) => input.equivalence_properties().ordering_satisfy([ascending(place)])?,
                Err(_) => false,
            };
        if in_order && let Ok(place) = schema.index_of(ORDINAL) {
            equivalence.add_ordering([ascending(place)]);
        }
        let partitioning = if operator.ordered() {
            Partitioning::UnknownPartitioning(1)
        } else {
            Partitioning::UnknownPartitioning(input.output_partitioning().partition_count())
        };
        let properties =
            Arc::new(PlanProperties::new(equivalence, partitioning, EmissionType::Incremental, Boundedness::Bounded));
        Ok(Self { input, operator, schema, properties })
    }
}

fn ascending(place: usize) -> PhysicalSortExpr {
    PhysicalSortExpr {
        expr: Arc::new(Column::new(ORDINAL, place)),
        options: SortOptions { descending: false, nulls_first: false },
    }
}

impl DisplayAs for OperatorExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OperatorExec: {} {}", self.operator.name(), self.operator.parameters())
    }
}

impl ExecutionPlan for OperatorExec {
    fn name(&self) -> &str {
        "OperatorExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match children.pop() {
            Some(input) => Ok(Arc::new(Self::try_new(input, self.operator.clone())?)),
            None => internal_err!("a row operator needs an input"),
        }
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        vec![if self.operator.ordered() { Distribution::SinglePartition } else { Distribution::UnspecifiedDistribution }]
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        if !self.operator.ordered() {
            return vec![None];
        }
        let ordering = self.input.schema().index_of(ORDINAL).ok().and_then(|place| LexOrdering::new([ascending(place)]));
        vec![ordering.map(OrderingRequirements::from)]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        // An ordered operator states its order itself; no limit of a sort above may be carried below it.
        vec![!self.operator.ordered()]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let state = self.operator.start(&self.schema);
        let stream = futures::stream::unfold((input, state, false), |(mut input, mut state, ended)| async move {
            if ended {
                return None;
            }
            loop {
                if state.is_done() {
                    return match state.finish() {
                        Ok(Some(batch)) => Some((Ok(batch), (input, state, true))),
                        Ok(None) => None,
                        Err(error) => Some((Err(error), (input, state, true))),
                    };
                }
                match input.next().await {
                    Some(Ok(batch)) => match state.push(batch) {
                        Ok(Some(batch)) => return Some((Ok(batch), (input, state, false))),
                        Ok(None) => {}
                        Err(error) => return Some((Err(error), (input, state, true))),
                    },
                    Some(Err(error)) => return Some((Err(error), (input, state, true))),
                    None => {
                        return match state.finish() {
                            Ok(Some(batch)) => Some((Ok(batch), (input, state, true))),
                            Ok(None) => None,
                            Err(error) => Some((Err(error), (input, state, true))),
                        };
                    }
                }
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), stream)))
    }
}

/// Makes physical row operators out of logical ones.
#[derive(Debug)]
pub struct OperatorPlanner;

#[async_trait]
impl ExtensionPlanner for OperatorPlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(node) = node.as_any().downcast_ref::<OperatorNode>() else {
            return Ok(None);
        };
        match physical_inputs.first() {
            Some(input) => Ok(Some(Arc::new(OperatorExec::try_new(input.clone(), node.operator.clone())?))),
            None => internal_err!("a row operator needs an input"),
        }
    }
}
