//! A frame: the plan of a pipeline up to a command, with the rule that its row order is its hidden ordinal column.
//!
//! It builds on `names` only. Commands build on it; a node of `spl-operators` never sees it.

pub mod conditions;
pub mod ordinals;
pub mod scope;
mod steps;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, HashMap, ScalarValue};
use datafusion::logical_expr::{Case, Expr, Extension, Filter, LogicalPlan, LogicalPlanBuilder, Projection, SortExpr, lit};
use datafusion::prelude::cast;
use spl_functions::column::ValueType;
use spl_functions::value::Precision;
use spl_operators::errors::engine_error;
use spl_operators::node::{Operator, OperatorNode};
use spl_operators::nodes::optimizer_fence::OptimizerFence;
use spl_operators::ordinal::{FRESH, ORDINAL, PLACE};
use spl_parser::Diagnostic;

use self::steps::{Steps, is_of_one_row};
use crate::names::wildcards::wildcard_matches;

/// The plan of a pipeline so far.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The plan but for the conditions and steps below; its columns are unqualified and named as the fields, plus [`ORDINAL`].
    plan: LogicalPlan,
    /// Conditions over the plan: those of many commands in a row become one filter.
    conditions: Vec<Expr>,
    /// What was set and selected over the plan since the frame was found to be wide or its chain of assignments long.
    steps: Option<Steps>,
    /// Number of results appended so far; each has its own range of ordinals.
    pub appended: i64,
    /// An order that the ordinal does not carry yet: whoever needs the ordinal numbers the rows first, and a `sort` that
    /// follows takes these keys for its ties, so that groups are not sorted twice.
    pending: Option<Vec<SortExpr>>,
    /// Assignments since the last operator.
    assignments: usize,
    /// Fields that are absent only where a column of the loaded events is: the column by the field's name.
    carried: Arc<HashMap<String, String>>,
    /// Whether rows are events in their order that were changed one by one only. The command that finds or merges events
    /// says so, and the walk over the commands keeps it where a command is streaming.
    pub is_event_stream: bool,
}

/// Assignments that the optimiser may merge into one expression. Those that follow in a row are steps of one operator.
const MERGED_ASSIGNMENTS: usize = 48;

/// Columns from which on what is set and selected are steps of one operator: DataFusion looks each column of a projection up
/// among all of them, in each of its rules.
const WIDE: usize = 1_000;

/// Whether so many columns are computed by an operator of their own rather than by an expression each.
pub fn is_wide(columns: usize) -> bool {
    columns > WIDE
}

/// Whether events have so many columns that steps are faster for them although conditions are not looked at where events are read.
pub fn is_very_wide(columns: usize) -> bool {
    columns > 4 * WIDE
}

/// Conditions that DataFusion's rules may join. They join them as a list, in which each is nested in the next, and go through
/// it by recursion; a step keeps them as a balanced tree.
const MOST_CONJUNCTS: usize = 5_000;

/// A field of a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameField {
    /// Field name.
    pub name: String,
    /// Arrow type.
    pub data_type: DataType,
    /// How precisely its numbers are known.
    pub precision: Precision,
}

impl FrameField {
    fn of(field: &Field) -> Self {
        Self { name: field.name().clone(), data_type: field.data_type().clone(), precision: Precision::of(field) }
    }

    /// The field's SPL type.
    pub fn value_type(&self) -> ValueType {
        ValueType::of(&self.data_type)
    }

    /// Whether the name is one that splq keeps for itself.
    pub fn is_hidden(&self) -> bool {
        self.name.starts_with("__")
    }
}

/// A column by its exact name.
pub fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// The ordinal column.
pub fn ordinal() -> Expr {
    column(ORDINAL)
}

/// A text literal.
pub fn text(value: impl Into<String>) -> Expr {
    lit(ScalarValue::Utf8View(Some(value.into())))
}

/// A value, or another one where it is absent. DataFusion's `coalesce` can't be evaluated unless its simplifier has seen it, which
/// sees neither steps nor what its own rules make.
pub fn or_else(value: Expr, other: Expr) -> Expr {
    let present = (Box::new(value.clone().is_not_null()), Box::new(value));
    Expr::Case(Case { expr: None, when_then_expr: vec![present], else_expr: Some(Box::new(other)) })
}

/// An absent value of a type.
pub fn null(value_type: ValueType) -> Expr {
    match value_type {
        ValueType::Null => null(ValueType::Text),
        ValueType::Text => lit(ScalarValue::Utf8View(None)),
        ValueType::Integer => lit(ScalarValue::Int64(None)),
        ValueType::Float => lit(ScalarValue::Float64(None)),
        ValueType::Boolean => lit(ScalarValue::Boolean(None)),
        ValueType::Multivalue => cast(lit(ScalarValue::Null), ValueType::Multivalue.arrow()),
    }
}

impl Frame {
    /// A frame over a plan that has an ordinal column.
    pub fn new(plan: LogicalPlan) -> Self {
        Self::over(plan, 0)
    }

    /// A frame over a scan of a table, all of whose columns are fields.
    pub fn of_table(scan: LogicalPlanBuilder, table: &str) -> Result<Self, Diagnostic> {
        let columns = scan.schema().fields();
        if columns.len() > WIDE {
            let scan = scan.build().map_err(engine_error)?;
            return Ok(Self { steps: Some(Steps::over(&scan)), ..Self::new(scan) });
        }
        let names: Vec<String> = columns.iter().map(|field| field.name().clone()).collect();
        let projected = scan.project(ordinals::unqualified(table, &names)).and_then(LogicalPlanBuilder::build);
        Ok(Self::new(projected.map_err(engine_error)?))
    }

    /// All loaded events: each field is a column of theirs. Those of very wide events are steps from the scan on.
    pub fn of_events(plan: LogicalPlan) -> Self {
        let columns = plan.schema().fields();
        let names = columns.iter().map(|field| (field.name().clone(), field.name().clone())).collect();
        let steps = is_very_wide(columns.len()).then(|| Steps::over(&plan));
        Self { carried: Arc::new(names), steps, ..Self::new(plan) }
    }

    /// The column of the loaded events without which this field is absent, and with which it is there.
    pub fn carried(&self, field: &str) -> Option<&str> {
        self.carried.get(field).map(String::as_str)
    }

    /// The fields in order, hidden ones left out.
    pub fn fields(&self) -> Vec<FrameField> {
        self.all_fields().into_iter().filter(|field| !field.is_hidden()).collect()
    }

    /// The fields in order with hidden ones.
    pub fn all_fields(&self) -> Vec<FrameField> {
        match &self.steps {
            Some(steps) => steps.fields().map(|field| FrameField::of(field)).collect(),
            None => self.plan.schema().fields().iter().map(|field| FrameField::of(field)).collect(),
        }
    }

    /// A field by its exact name.
    pub fn field(&self, name: &str) -> Option<FrameField> {
        self.arrow_field(name).map(|field| FrameField::of(field))
    }

    /// A field by its exact name, as Arrow knows it.
    pub fn arrow_field(&self, name: &str) -> Option<&FieldRef> {
        match &self.steps {
            Some(steps) => steps.field(name),
            None => self.plan.schema().fields().iter().find(|field| field.name() == name),
        }
    }

    /// The plan. An order that is still to be numbered is lost.
    pub fn into_plan(self) -> Result<LogicalPlan, Diagnostic> {
        Ok(self.planned()?.plan)
    }

    /// The same with its conditions and steps in the plan.
    fn planned(mut self) -> Result<Self, Diagnostic> {
        if let Some(condition) = conditions::balanced(std::mem::take(&mut self.conditions), conditions::and) {
            self.plan = if conditions::conjuncts(&condition) > MOST_CONJUNCTS {
                let mut steps = Steps::over(&self.plan);
                steps.keep(condition).map_err(engine_error)?;
                operator_over(self.plan, steps)?
            } else {
                // DataFusion's builder would look through the whole plan below for each column of the condition.
                LogicalPlan::Filter(Filter::try_new(condition, Arc::new(self.plan)).map_err(engine_error)?)
            };
        }
        if let Some(steps) = self.steps.take() {
            self.plan = operator_over(self.plan, steps)?;
            self.assignments = 0;
        }
        Ok(self)
    }

    /// How many steps are gathered for the next operator.
    pub fn gathered_steps(&self) -> usize {
        self.steps.as_ref().map_or(0, Steps::len)
    }

    /// Whether so many columns more are steps.
    fn goes_by_steps(&self, more: usize) -> bool {
        let is_long = self.assignments >= MERGED_ASSIGNMENTS;
        self.steps.is_some() || is_long || self.plan.schema().fields().len() + more > WIDE
    }

    /// The steps, begun where there are none.
    fn by_steps(self) -> Result<(Self, Steps), Diagnostic> {
        let mut frame = if self.pending.is_some() { self.settled()? } else { self };
        let steps = match frame.steps.take() {
            Some(steps) => steps,
            None => {
                frame = frame.planned()?;
                Steps::over(&frame.plan)
            }
        };
        Ok((frame, steps))
    }

    /// The fields whose names match a pattern with `*`.
    pub fn matching(&self, pattern: &str) -> Vec<FrameField> {
        self.fields().into_iter().filter(|field| wildcard_matches(pattern, &field.name)).collect()
    }

    /// Goes on with what a plan builder makes of the plan.
    pub fn build(
        self,
        make: impl FnOnce(LogicalPlanBuilder) -> datafusion::common::Result<LogicalPlanBuilder>,
    ) -> Result<Self, Diagnostic> {
        let settled = self.settled()?;
        let plan = make(LogicalPlanBuilder::from(settled.plan)).and_then(LogicalPlanBuilder::build).map_err(engine_error)?;
        Ok(Self { assignments: settled.assignments, ..Self::over(plan, settled.appended) })
    }

    /// The same rows with an order that is still to be numbered.
    pub fn with_pending_order(self, keys: Vec<SortExpr>) -> Self {
        Self { pending: Some(keys), ..self }
    }

    /// Numbers the rows if their order is still to be numbered.
    pub fn settled(mut self) -> Result<Self, Diagnostic> {
        match self.pending.take() {
            Some(keys) => self.numbered(keys)?.planned(),
            None => self.planned(),
        }
    }

    /// A frame over another plan that stands behind the same appended results.
    pub fn over(plan: LogicalPlan, appended: i64) -> Self {
        Self {
            plan,
            conditions: Vec::new(),
            steps: None,
            appended,
            pending: None,
            assignments: 0,
            carried: Arc::default(),
            is_event_stream: false,
        }
    }

    /// Whether the plan shows that there are no rows, before anything is run. No means that there may be some.
    pub fn has_no_rows(&self) -> bool {
        self.conditions.iter().any(conditions::is_false) || makes_no_rows(&self.plan)
    }

    /// Keeps the rows where the condition is true.
    pub fn filter(self, condition: Expr) -> Result<Self, Diagnostic> {
        let mut frame = if self.pending.is_some() { self.settled()? } else { self };
        if is_of_one_row(&condition) {
            match &mut frame.steps {
                Some(steps) => steps.keep(condition).map_err(engine_error)?,
                None => frame.conditions.push(condition),
            }
            return Ok(Self { is_event_stream: false, ..frame });
        }
        let carried = frame.carried.clone();
        Ok(Self { carried, ..frame.build(|plan| plan.filter(condition))? })
    }

    /// Exactly these columns, plus the ordinal.
    pub fn select(self, columns: Vec<(String, Expr)>) -> Result<Self, Diagnostic> {
        let has_ordinal = columns.iter().any(|(name, _)| name == ORDINAL);
        if self.goes_by_steps(columns.len()) && columns.iter().all(|(_, value)| is_of_one_row(value)) {
            return self.select_by_steps(columns, has_ordinal);
        }
        let mut projected: Vec<Expr> = columns.into_iter().map(|(name, expression)| named(expression, &name)).collect();
        if !has_ordinal {
            projected.push(ordinal());
        }
        let pending = self.pending.as_deref().and_then(|keys| renamed_keys(keys, &projected));
        let settled = if pending.is_some() { Self { pending: None, ..self }.planned()? } else { self.settled()? };
        let carried = Arc::new(projected.iter().filter_map(|expression| settled.carried_by(expression)).collect());
        Ok(Self { pending, carried, is_event_stream: false, ..settled.select_expressions(projected)? })
    }

    fn select_by_steps(self, mut columns: Vec<(String, Expr)>, has_ordinal: bool) -> Result<Self, Diagnostic> {
        if !has_ordinal {
            columns.push((ORDINAL.to_owned(), ordinal()));
        }
        let (frame, mut steps) = self.by_steps()?;
        let carried = columns.iter().filter_map(|(name, value)| Some((name.clone(), frame.carried_as(value)?))).collect();
        steps.select(columns).map_err(engine_error)?;
        Ok(Self { steps: Some(steps), carried: Arc::new(carried), is_event_stream: false, ..frame })
    }

    fn assign_by_steps(self, assignments: Vec<(String, Expr)>) -> Result<Self, Diagnostic> {
        let (mut frame, mut steps) = self.by_steps()?;
        if !frame.carried.is_empty() {
            let found: Vec<_> = assignments.iter().map(|(name, value)| (name.clone(), frame.carried_as(value))).collect();
            let carried = Arc::make_mut(&mut frame.carried);
            for (name, column) in found {
                match column {
                    Some(column) => carried.insert(name, column),
                    None => carried.remove(&name),
                };
            }
        }
        steps.set(assignments).map_err(engine_error)?;
        Ok(Self { steps: Some(steps), is_event_stream: false, ..frame })
    }

    fn select_expressions(self, projected: Vec<Expr>) -> Result<Self, Diagnostic> {
        let settled = self;
        let LogicalPlan::Projection(below) = &settled.plan else {
            return settled.project(projected);
        };
        if let Some(merged) = merge(below, &projected) {
            let input = below.input.as_ref().clone();
            return Self { plan: input, ..settled }.project(merged);
        }
        let apart = if reads_what_it_sets(&below.expr) { settled.operate(OptimizerFence { ordered: false })? } else { settled };
        apart.project(projected)
    }

    /// The name of a projected column with the column of the events that it is absent with.
    fn carried_by(&self, projected: &Expr) -> Option<(String, String)> {
        let (name, expression) = match projected {
            Expr::Column(found) => (&found.name, projected),
            Expr::Alias(alias) => (&alias.name, alias.expr.as_ref()),
            _ => return None,
        };
        Some((name.clone(), self.carried_as(expression)?))
    }

    /// The column of the events that a value is absent with.
    fn carried_as(&self, value: &Expr) -> Option<String> {
        let source = match value {
            Expr::Column(found) => found,
            // A bin of a number is a number.
            Expr::ScalarFunction(call) if call.name() == "bin_time" => match call.args.as_slice() {
                [Expr::Column(found), Expr::Literal(..), Expr::Literal(..)]
                    if self.field(&found.name)?.data_type.is_numeric() =>
                {
                    found
                }
                _ => return None,
            },
            _ => return None,
        };
        self.carried.get(&source.name).cloned()
    }

    /// A projection of unqualified columns. DataFusion's builder would look through the whole plan below for each
    /// expression, which takes minutes in a chain of hundreds of assignments.
    fn project(self, columns: Vec<Expr>) -> Result<Self, Diagnostic> {
        let projection = Projection::try_new(columns, Arc::new(self.plan)).map_err(engine_error)?;
        Ok(Self { plan: LogicalPlan::Projection(projection), ..self })
    }

    /// All columns, with these set: a known name keeps its place, a new one goes to the end.
    pub fn assign(self, assignments: Vec<(String, Expr)>) -> Result<Self, Diagnostic> {
        if self.goes_by_steps(assignments.len()) && assignments.iter().all(|(_, value)| is_of_one_row(value)) {
            return self.assign_by_steps(assignments);
        }
        let mut columns: Vec<(String, Expr)> =
            self.all_fields().into_iter().map(|field| (field.name.clone(), column(&field.name))).collect();
        for (name, expression) in assignments {
            match columns.iter_mut().find(|(known, _)| *known == name) {
                Some(found) => found.1 = expression,
                None => columns.push((name, expression)),
            }
        }
        let mut assigned = self.select(columns)?;
        assigned.assignments += 1;
        Ok(assigned)
    }

    /// All columns but these.
    pub fn without(self, names: &[String]) -> Result<Self, Diagnostic> {
        let columns = self
            .all_fields()
            .into_iter()
            .filter(|field| !names.contains(&field.name))
            .map(|field| (field.name.clone(), column(&field.name)))
            .collect();
        self.select(columns)
    }

    /// Sorts by keys (ties keep their order) and numbers the rows anew.
    pub fn sorted(mut self, mut keys: Vec<SortExpr>, limit: Option<usize>) -> Result<Self, Diagnostic> {
        keys.extend(self.pending.take().unwrap_or_else(|| vec![ordinal().sort(true, false)]));
        let sorted = match limit {
            Some(limit) => self.build(|plan| plan.sort(keys.clone())?.limit(0, Some(limit)))?,
            None => self,
        };
        sorted.numbered(keys)
    }

    /// Numbers the rows in the order of the keys.
    pub fn numbered(self, keys: Vec<SortExpr>) -> Result<Self, Diagnostic> {
        self.numbered_as(FRESH, keys)
    }

    /// Numbers the rows from 1 on in their order, for what finds them by these numbers.
    pub fn with_places(self) -> Result<Self, Diagnostic> {
        self.numbered_as(PLACE, vec![ordinal().sort(true, false)])
    }

    fn numbered_as(self, numbers: &str, keys: Vec<SortExpr>) -> Result<Self, Diagnostic> {
        use datafusion::functions_window::expr_fn::row_number;
        use datafusion::logical_expr::ExprFunctionExt;
        let fresh = row_number().order_by(keys).build().map_err(engine_error)?.alias(numbers);
        let names: Vec<String> = self.all_fields().into_iter().map(|field| field.name).filter(|name| name != ORDINAL).collect();
        let numbered = self.build(|plan| plan.window(vec![fresh]))?;
        let mut columns: Vec<(String, Expr)> = names.into_iter().map(|name| (name.clone(), column(&name))).collect();
        columns.push((ORDINAL.to_owned(), cast(column(numbers), DataType::Int64)));
        numbered.select(columns)
    }

    /// Sorts the plan by its ordinal: for what reads rows in order.
    pub fn ordered(self) -> Result<Self, Diagnostic> {
        self.build(|plan| plan.sort(vec![ordinal().sort(true, false)]))
    }

    /// The plan with its rows in order, for the end of a pipeline; the ordinal need not be numbered.
    pub fn finished(mut self) -> Result<LogicalPlan, Diagnostic> {
        let keys = self.pending.take().unwrap_or_else(|| vec![ordinal().sort(true, false)]);
        LogicalPlanBuilder::from(self.planned()?.plan).sort(keys).and_then(LogicalPlanBuilder::build).map_err(engine_error)
    }
}

/// Steps over a plan as one operator.
fn operator_over(plan: LogicalPlan, steps: Steps) -> Result<LogicalPlan, Diagnostic> {
    let node = OperatorNode::new(plan, Arc::new(steps.into_operator())).map_err(engine_error)?;
    Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
}

/// The keys of an order by the names that a projection gives to what they read. None when it drops, repeats or computes
/// anything, or when a key is more than a call on a column.
fn renamed_keys(keys: &[SortExpr], projected: &[Expr]) -> Option<Vec<SortExpr>> {
    let mut names: HashMap<&str, &str> = HashMap::new();
    for expression in projected {
        let (from, to) = match expression {
            Expr::Column(found) => (found, &found.name),
            Expr::Alias(alias) => match alias.expr.as_ref() {
                Expr::Column(found) => (found, &alias.name),
                _ => return None,
            },
            _ => return None,
        };
        if from.name == ORDINAL && to != ORDINAL {
            return None;
        }
        names.insert(&from.name, to);
    }
    keys.iter()
        .map(|key| {
            let mut lost = false;
            let renamed = key.expr.clone().transform(|part| {
                Ok(match &part {
                    Expr::Column(found) => match names.get(found.name.as_str()) {
                        Some(name) => Transformed::yes(column(name)),
                        None => {
                            lost = true;
                            Transformed::no(part)
                        }
                    },
                    _ => Transformed::no(part),
                })
            });
            let expr = renamed.ok().filter(|_| !lost)?.data;
            Some(SortExpr { expr, ..key.clone() })
        })
        .collect()
}

/// A projection and the one below it as one. None when that would compute something twice.
///
/// DataFusion merges projections too, but takes two equal ones that follow each other for one, which is wrong for those
/// that read what they set (`x=x+1` twice). So none of these may be left to it with a projection above.
fn merge(below: &Projection, above: &[Expr]) -> Option<Vec<Expr>> {
    let inner: HashMap<&str, Expr> = below
        .schema
        .fields()
        .iter()
        .zip(&below.expr)
        .map(|(field, expression)| (field.name().as_str(), expression.clone().unalias()))
        .collect();
    let mut uses: HashMap<&Column, usize> = HashMap::new();
    above.iter().for_each(|expression| expression.add_column_ref_counts(&mut uses));
    for (column, count) in uses {
        let found = inner.get(column.name.as_str())?;
        if count > 1 && !matches!(found, Expr::Column(_) | Expr::Literal(..)) {
            return None;
        }
    }
    above
        .iter()
        .map(|expression| {
            let name = expression.schema_name().to_string();
            let replaced = expression.clone().unalias().transform(|part| {
                Ok(match &part {
                    Expr::Column(column) => match inner.get(column.name.as_str()) {
                        Some(found) => Transformed::new(found.clone(), true, TreeNodeRecursion::Jump),
                        None => Transformed::no(part),
                    },
                    _ => Transformed::no(part),
                })
            });
            replaced.ok().map(|replaced| named(replaced.data, &name))
        })
        .collect()
}

/// Whether a projection reads a column that it sets to something else.
fn reads_what_it_sets(projected: &[Expr]) -> bool {
    let is_set = |expression: &Expr| match expression {
        Expr::Column(_) => None,
        other => Some(other.schema_name().to_string()),
    };
    let set: Vec<String> = projected.iter().filter_map(is_set).collect();
    projected
        .iter()
        .filter(|expression| !matches!(expression, Expr::Column(_)))
        .any(|expression| expression.column_refs().iter().any(|found| set.contains(&found.name)))
}

/// Gives an expression a column name; a column of that name stays as it is.
pub fn named(expression: Expr, name: &str) -> Expr {
    match &expression {
        Expr::Column(found) if found.name == name && found.relation.is_none() => expression,
        _ => expression.alias(name),
    }
}

impl Frame {
    /// Goes on with a row operator.
    pub fn operate(self, operator: impl Operator) -> Result<Self, Diagnostic> {
        let settled = self.settled()?;
        let appended = settled.appended;
        // An operator reads columns by name, so the schema must keep what it names: order first, then operate.
        let node = OperatorNode::new(settled.plan, Arc::new(operator)).map_err(engine_error)?;
        let plan = LogicalPlan::Extension(Extension { node: Arc::new(node) });
        Ok(Self::over(plan, appended))
    }
}

/// Whether a plan shows that it makes no rows.
fn makes_no_rows(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::EmptyRelation(empty) => !empty.produce_one_row,
        LogicalPlan::Filter(filter) => conditions::is_false(&filter.predicate) || makes_no_rows(&filter.input),
        LogicalPlan::Aggregate(aggregate) => !aggregate.group_expr.is_empty() && makes_no_rows(&aggregate.input),
        LogicalPlan::Projection(projection) => makes_no_rows(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => makes_no_rows(&alias.input),
        LogicalPlan::Window(window) => makes_no_rows(&window.input),
        LogicalPlan::Sort(sort) => makes_no_rows(&sort.input),
        LogicalPlan::Limit(limit) => makes_no_rows(&limit.input),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
