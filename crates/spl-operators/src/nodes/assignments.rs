//! Fields set, kept, renamed and filtered, step by step: one node in place of many projections.
//!
//! A projection names each of its columns, and each rule looks each name up: the work grows with the square of the columns,
//! and with the projections in a chain. Wide rows and long chains are planned as this node, which names only what changes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{cast, filter, prep_null_mask_filter};
use arrow::datatypes::{Field, FieldRef, Schema, SchemaRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{TransformedResult, TreeNode};
use datafusion::common::{DFSchema, Result, plan_err};
use datafusion::logical_expr::Expr;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercionRewriter;
use datafusion::physical_expr::PhysicalExpr;
use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::compiled::compile;
use crate::node::{Operator, OperatorContext, OperatorState, to_json};

/// The name of the node.
pub const NAME: &str = "assignments";

/// One step over the values at hand, which are known by the names of their slots. The columns that go in have their own names
/// as slots.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum Step {
    /// Computes a new slot.
    Set {
        /// Its name, which no slot before it has.
        slot: FieldRef,
        /// What it holds.
        expression: Expr,
    },
    /// Keeps the rows for which the condition is true.
    Keep(Expr),
}

impl Step {
    /// What the step computes.
    pub fn expression(&self) -> &Expr {
        match self {
            Self::Set { expression, .. } | Self::Keep(expression) => expression,
        }
    }

    /// The slots that it reads.
    fn reads(&self) -> HashSet<&str> {
        self.expression().column_refs().into_iter().map(|column| column.name.as_str()).collect()
    }
}

/// A column that comes out.
#[derive(Clone, Debug, PartialEq, Hash, Serialize, Deserialize)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// The slot whose values it has.
    pub slot: String,
}

/// The steps, and the columns that come out behind them.
#[derive(Clone, Debug)]
pub struct Assignments {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    steps: Vec<Step>,
    outputs: Vec<Output>,
}

impl Assignments {
    /// The node of steps. Steps that nothing behind them needs are left out.
    pub fn new(steps: Vec<Step>, outputs: Vec<Output>) -> Self {
        let mut needed: HashSet<String> = outputs.iter().map(|output| output.slot.clone()).collect();
        let mut kept: Vec<Step> = Vec::with_capacity(steps.len());
        for step in steps.into_iter().rev() {
            let is_needed = match &step {
                Step::Set { slot, .. } => needed.contains(slot.name()),
                Step::Keep(_) => true,
            };
            if is_needed {
                needed.extend(step.reads().into_iter().map(str::to_owned));
                kept.push(step);
            }
        }
        kept.reverse();
        Self { inner: Arc::new(Inner { steps: kept, outputs }) }
    }

    /// The steps in their order.
    pub fn steps(&self) -> &[Step] {
        &self.inner.steps
    }

    /// The columns that come out, in their order.
    pub fn outputs(&self) -> &[Output] {
        &self.inner.outputs
    }
}

impl Operator for Assignments {
    fn name(&self) -> &'static str {
        NAME
    }

    fn parameters(&self) -> Result<Json> {
        let mut hasher = DefaultHasher::new();
        self.inner.steps.hash(&mut hasher);
        self.inner.outputs.hash(&mut hasher);
        let (steps, columns) = (self.inner.steps.len(), self.inner.outputs.len());
        to_json(&json!({"steps": steps, "columns": columns, "fingerprint": format!("{:016x}", hasher.finish())}))
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let mut slots: HashMap<&str, &FieldRef> = input.fields().iter().map(|field| (field.name().as_str(), field)).collect();
        for step in &self.inner.steps {
            if let Step::Set { slot, .. } = step {
                slots.insert(slot.name(), slot);
            }
        }
        let mut fields: Vec<FieldRef> = Vec::with_capacity(self.inner.outputs.len());
        for output in &self.inner.outputs {
            match slots.get(output.slot.as_str()) {
                Some(field) if *field.name() == output.name => fields.push((*field).clone()),
                Some(field) => fields.push(Arc::new(field.as_ref().clone().with_name(&output.name))),
                None => return plan_err!("there is no column `{}`", output.slot),
            }
        }
        Ok(Arc::new(Schema::new_with_metadata(fields, input.metadata().clone())))
    }

    fn ordered(&self) -> bool {
        false
    }

    fn start(&self, output: &SchemaRef, context: &OperatorContext) -> Box<dyn OperatorState> {
        let options = context.task().session_config().options().clone();
        Box::new(State { inner: self.inner.clone(), schema: output.clone(), options, compiled: None })
    }
}

struct State {
    inner: Arc<Inner>,
    schema: SchemaRef,
    options: Arc<ConfigOptions>,
    compiled: Option<Vec<CompiledStep>>,
}

/// A step over a batch of the slots that it reads.
struct CompiledStep {
    reads: SchemaRef,
    expression: Arc<dyn PhysicalExpr>,
    /// The slot that is set; none for a condition.
    slot: Option<FieldRef>,
    /// Slots that nothing behind this step needs.
    last: Vec<String>,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let mut compiled = match self.compiled.take() {
            Some(compiled) => compiled,
            None => compiled_steps(&self.inner, &batch.schema(), &self.options)?,
        };
        let result = self.run(&mut compiled, batch);
        self.compiled = Some(compiled);
        result
    }
}

impl State {
    fn run(&self, steps: &mut [CompiledStep], batch: RecordBatch) -> Result<Option<RecordBatch>> {
        let mut rows = batch.num_rows();
        let schema = batch.schema();
        let mut slots: HashMap<&str, ArrayRef> =
            schema.fields().iter().zip(batch.columns()).map(|(field, column)| (field.name().as_str(), column.clone())).collect();
        for step in steps.iter() {
            let columns: Vec<ArrayRef> =
                step.reads.fields().iter().map(|field| held(&slots, field.name())).collect::<Result<_>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let read = RecordBatch::try_new_with_options(step.reads.clone(), columns, &options)?;
            let value = step.expression.evaluate(&read)?.into_array(rows)?;
            match &step.slot {
                Some(slot) if slot.data_type() == value.data_type() => {
                    slots.insert(slot.name(), value);
                }
                Some(slot) => {
                    slots.insert(slot.name(), cast(&value, slot.data_type())?);
                }
                None => {
                    let prepared;
                    let mut mask = value.as_boolean();
                    if mask.null_count() > 0 {
                        prepared = prep_null_mask_filter(mask);
                        mask = &prepared;
                    }
                    let kept = mask.true_count();
                    if kept == 0 {
                        return Ok(None);
                    }
                    if kept < rows {
                        rows = kept;
                        for array in slots.values_mut() {
                            *array = filter(array, mask)?;
                        }
                    }
                }
            }
            for slot in &step.last {
                slots.remove(slot.as_str());
            }
        }
        let columns: Vec<ArrayRef> = self.inner.outputs.iter().map(|output| held(&slots, &output.slot)).collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(Some(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?))
    }
}

fn held(slots: &HashMap<&str, ArrayRef>, name: &str) -> Result<ArrayRef> {
    match slots.get(name) {
        Some(array) => Ok(array.clone()),
        None => plan_err!("there is no column `{name}`"),
    }
}

/// Compiles each step over the slots that it reads, and says which slots are needed for the last time.
fn compiled_steps(inner: &Inner, input: &SchemaRef, options: &Arc<ConfigOptions>) -> Result<Vec<CompiledStep>> {
    let mut slots: HashMap<&str, &FieldRef> = input.fields().iter().map(|field| (field.name().as_str(), field)).collect();
    let mut compiled: Vec<CompiledStep> = Vec::with_capacity(inner.steps.len());
    for step in &inner.steps {
        let mut fields: Vec<FieldRef> = Vec::new();
        for name in step.reads() {
            match slots.get(name) {
                Some(field) => fields.push((*field).clone()),
                None => return plan_err!("there is no column `{name}`"),
            }
        }
        let reads = Schema::new(fields);
        let names = DFSchema::try_from(reads.clone())?;
        let coerced = step.expression().clone().rewrite(&mut TypeCoercionRewriter::new(&names)).data()?;
        let expression = compile(&coerced, &reads, options)?;
        let slot = match step {
            Step::Set { slot, .. } => {
                slots.insert(slot.name(), slot);
                Some(slot.clone())
            }
            Step::Keep(_) => None,
        };
        compiled.push(CompiledStep { reads: Arc::new(reads), expression, slot, last: Vec::new() });
    }
    // The last step that reads a slot drops it, and so does the first where nothing reads it.
    let mut needed: HashSet<&str> = inner.outputs.iter().map(|output| output.slot.as_str()).collect();
    for (step, compiled) in inner.steps.iter().zip(&mut compiled).rev() {
        for name in step.reads() {
            if needed.insert(name) {
                compiled.last.push(name.to_owned());
            }
        }
    }
    if let Some(first) = compiled.first_mut() {
        let unread = input.fields().iter().map(|field| field.name()).filter(|name| !needed.contains(name.as_str()));
        first.last.extend(unread.cloned());
    }
    Ok(compiled)
}

/// A slot that holds values of a field.
pub fn slot(name: String, of: &Field) -> FieldRef {
    Arc::new(of.clone().with_name(name))
}
