//! The first step of `stats ... by` over codes: a physical rule that takes it from DataFusion's hash aggregation, and the
//! node that numbers groups by table and feeds DataFusion's accumulators.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{EmitTo, GroupsAccumulator};
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, InputOrderMode, PlanProperties};
use futures::StreamExt;

use crate::grouping::codes;
use crate::grouping::indices::{GroupIndices, is_supported};

/// Replaces aggregations over codes; see [`GroupingExec`].
#[derive(Debug)]
pub struct GroupByCode;

impl PhysicalOptimizerRule for GroupByCode {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_down(|node| {
            Ok(match replaced(&node)? {
                Some(grouping) => Transformed::yes(grouping),
                None => Transformed::no(node),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "GroupByCode"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The node in place of an aggregation that groups by at least one code and otherwise by numbers.
fn replaced(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(aggregate) = node.downcast_ref::<AggregateExec>() else { return Ok(None) };
    let group_by = aggregate.group_expr();
    let plain = matches!(aggregate.mode(), AggregateMode::Partial | AggregateMode::Single)
        && group_by.is_single()
        && !group_by.is_empty()
        && aggregate.limit_options().is_none()
        && *aggregate.input_order_mode() == InputOrderMode::Linear;
    let is_code = |expression: &Arc<dyn PhysicalExpr>| {
        expression.downcast_ref::<ScalarFunctionExpr>().is_some_and(|call| call.name() == codes::CODE)
    };
    let groups = group_by.input_exprs();
    if !plain || !groups.iter().any(is_code) {
        return Ok(None);
    }
    let input = aggregate.input().schema();
    for group in &groups {
        // Only codes are known to be small numbers from 0.
        let data_type = group.data_type(&input)?;
        if !is_supported(&data_type) || (data_type == DataType::Int32 && !is_code(group)) {
            return Ok(None);
        }
    }
    let simple = aggregate
        .aggr_expr()
        .iter()
        .all(|call| call.groups_accumulator_supported() && call.order_bys().is_empty() && !call.is_distinct());
    if !simple {
        return Ok(None);
    }
    Ok(Some(Arc::new(GroupingExec { aggregate: node.clone() })))
}

/// Groups rows by codes and numbers. Codes are small, so that the group of a row is found in a table instead of by hash.
/// Gives what the aggregation in its place would give: states in a first step, results in an only one.
#[derive(Debug)]
pub struct GroupingExec {
    /// The aggregation in whose place it stands.
    aggregate: Arc<dyn ExecutionPlan>,
}

impl GroupingExec {
    /// The grouping in place of an aggregation; the aggregation itself where it does not group by code.
    ///
    /// # Errors
    /// Expressions that have no type over the input.
    pub fn in_place_of(aggregate: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(replaced(&aggregate)?.unwrap_or(aggregate))
    }

    /// The aggregation in whose place it stands.
    pub fn replaced(&self) -> &Arc<dyn ExecutionPlan> {
        &self.aggregate
    }

    fn aggregate(&self) -> Result<&AggregateExec> {
        match self.aggregate.downcast_ref::<AggregateExec>() {
            Some(aggregate) => Ok(aggregate),
            None => internal_err!("a grouping stands in the place of an aggregation"),
        }
    }
}

impl DisplayAs for GroupingExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupingExec: ")?;
        match self.aggregate() {
            Ok(aggregate) => aggregate.fmt_as(kind, f),
            Err(_) => Ok(()),
        }
    }
}

impl ExecutionPlan for GroupingExec {
    fn name(&self) -> &str {
        "GroupingExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.aggregate.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.aggregate.children()
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Self::in_place_of(replace_children_if_necessary(self.aggregate.clone(), children)?)
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.aggregate.apply_expressions(visit)
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        self.aggregate.benefits_from_input_partitioning()
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let aggregate = self.aggregate()?;
        // Only a step behind a first one can take groups back; under a limit an only step must be able to spill them.
        let bounded = matches!(context.memory_pool().memory_limit(), MemoryLimit::Finite(_));
        if bounded && *aggregate.mode() == AggregateMode::Single {
            return aggregate.execute(partition, context);
        }
        let input = aggregate.input().execute(partition, context.clone())?;
        let grouping = Grouping::new(aggregate, &context, partition)?;
        let schema = self.schema();
        let stream = futures::stream::try_unfold((input, grouping), |(mut input, mut grouping)| async move {
            loop {
                if let Some(batch) = grouping.ready() {
                    return Ok(Some((batch, (input, grouping))));
                }
                match input.next().await {
                    Some(batch) => grouping.push(&batch?)?,
                    None if grouping.is_empty() => return Ok(None),
                    None => grouping.emit()?,
                }
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream)))
    }
}

/// The groups of one partition and their accumulators.
struct Grouping {
    mode: AggregateMode,
    groups: Vec<Arc<dyn PhysicalExpr>>,
    types: Vec<DataType>,
    calls: Vec<Call>,
    indices: GroupIndices,
    row_groups: Vec<usize>,
    schema: SchemaRef,
    batch_rows: usize,
    reservation: MemoryReservation,
    /// Groups that were given up, still to be handed out in parts.
    out: Option<(RecordBatch, usize)>,
}

struct Call {
    function: Arc<AggregateFunctionExpr>,
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    filter: Option<Arc<dyn PhysicalExpr>>,
    accumulator: Box<dyn GroupsAccumulator>,
}

impl Grouping {
    fn new(aggregate: &AggregateExec, context: &TaskContext, partition: usize) -> Result<Self> {
        let input = aggregate.input().schema();
        let groups = aggregate.group_expr().input_exprs();
        let types = groups.iter().map(|group| group.data_type(&input)).collect::<Result<Vec<_>>>()?;
        let calls = aggregate
            .aggr_expr()
            .iter()
            .zip(aggregate.filter_expr())
            .map(|(function, filter)| {
                Ok(Call {
                    arguments: function.expressions(),
                    filter: filter.clone(),
                    accumulator: function.create_groups_accumulator()?,
                    function: function.clone(),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            mode: *aggregate.mode(),
            indices: GroupIndices::new(types.iter())?,
            groups,
            types,
            calls,
            row_groups: Vec::new(),
            schema: aggregate.schema(),
            batch_rows: context.session_config().batch_size(),
            reservation: MemoryConsumer::new(format!("GroupingExec[{partition}]")).register(context.memory_pool()),
            out: None,
        })
    }

    fn is_empty(&self) -> bool {
        self.indices.len() == 0
    }

    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = batch.num_rows();
        let array = |expression: &Arc<dyn PhysicalExpr>| expression.evaluate(batch)?.into_array(rows);
        let keys: Vec<ArrayRef> = self.groups.iter().map(array).collect::<Result<_>>()?;
        self.indices.number(&keys, &mut self.row_groups)?;
        for call in &mut self.calls {
            let arguments: Vec<ArrayRef> = call.arguments.iter().map(array).collect::<Result<_>>()?;
            let kept = call.filter.as_ref().map(array).transpose()?;
            let kept: Option<&BooleanArray> = kept.as_ref().map(|kept| kept.as_boolean());
            call.accumulator.update_batch(&arguments, &self.row_groups, kept, self.indices.len())?;
        }
        self.account()
    }

    /// Accounts for what is held. Without room a first step hands its groups on, as the step behind it merges them.
    fn account(&mut self) -> Result<()> {
        let size = self.indices.size()
            + self.row_groups.capacity() * size_of::<usize>()
            + self.calls.iter().map(|call| call.accumulator.size()).sum::<usize>();
        match self.reservation.try_resize(size) {
            Err(DataFusionError::ResourcesExhausted(_)) if self.mode == AggregateMode::Partial => self.emit(),
            other => other,
        }
    }

    /// Gives all groups up, to be handed out.
    fn emit(&mut self) -> Result<()> {
        let mut columns = self.indices.values();
        for call in &mut self.calls {
            if self.mode == AggregateMode::Partial {
                columns.extend(call.accumulator.state(EmitTo::All)?);
            } else {
                columns.push(call.accumulator.evaluate(EmitTo::All)?);
            }
            call.accumulator = call.function.create_groups_accumulator()?;
        }
        self.indices = GroupIndices::new(self.types.iter())?;
        self.reservation.free();
        self.out = Some((RecordBatch::try_new(self.schema.clone(), columns)?, 0));
        Ok(())
    }

    /// The next part of groups that were given up.
    fn ready(&mut self) -> Option<RecordBatch> {
        let (batch, from) = self.out.as_mut()?;
        let rows = self.batch_rows.min(batch.num_rows() - *from);
        if rows == 0 {
            self.out = None;
            return None;
        }
        let part = batch.slice(*from, rows);
        *from += rows;
        Some(part)
    }
}
