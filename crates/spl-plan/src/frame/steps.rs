//! Columns of a wide frame or of a long chain of assignments, as steps for one operator.
//!
//! Each value that is computed has a slot of its own, so that a step reads what it saw when it was written, whatever is set
//! or renamed behind it. See [`Assignments`].

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DataFusionError, ExprSchema, Result};
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};
use indexmap::IndexMap;
use spl_operators::nodes::assignments::{Assignments, Output, Step, slot};

use super::conditions::{and, balanced};
use super::named;

/// Conditions that one step looks at.
const CONJUNCTS_OF_A_STEP: usize = 512;

/// What the name of a slot begins with. Names that begin so belong to splq.
const SLOT: &str = "__slot";

/// The steps so far, and the columns behind them.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    steps: Vec<Step>,
    columns: IndexMap<String, Held>,
    slots: usize,
}

/// A column: its field, under its own name, and the slot with its values.
#[derive(Clone, Debug)]
struct Held {
    field: FieldRef,
    slot: Arc<str>,
}

impl ExprSchema for Steps {
    fn field_from_column(&self, column: &Column) -> Result<&FieldRef> {
        match self.columns.get(&column.name) {
            Some(held) => Ok(&held.field),
            None => Err(DataFusionError::Plan(format!("there is no column `{}`", column.name))),
        }
    }
}

impl Steps {
    /// No steps over a plan.
    pub(super) fn over(plan: &LogicalPlan) -> Self {
        let held = |field: &FieldRef| Held { field: field.clone(), slot: Arc::from(field.name().as_str()) };
        let columns = plan.schema().fields().iter().map(|field| (field.name().clone(), held(field))).collect();
        Self { steps: Vec::new(), columns, slots: 0 }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// The columns in their order.
    pub(super) fn fields(&self) -> impl Iterator<Item = &FieldRef> {
        self.columns.values().map(|held| &held.field)
    }

    /// A column.
    pub(super) fn field(&self, name: &str) -> Option<&FieldRef> {
        self.columns.get(name).map(|held| &held.field)
    }

    /// Sets columns at once: a known name keeps its place, a new one goes to the end.
    pub(super) fn set(&mut self, assignments: Vec<(String, Expr)>) -> Result<()> {
        let held = assignments.into_iter().map(|(name, value)| self.held(name, value)).collect::<Result<Vec<_>>>()?;
        self.columns.extend(held);
        Ok(())
    }

    /// Exactly these columns.
    pub(super) fn select(&mut self, columns: Vec<(String, Expr)>) -> Result<()> {
        self.columns = columns.into_iter().map(|(name, value)| self.held(name, value)).collect::<Result<_>>()?;
        Ok(())
    }

    /// Keeps the rows for which a condition is true.
    pub(super) fn keep(&mut self, condition: Expr) -> Result<()> {
        // A step looks each of its columns up among all that it reads: very many conditions are several steps.
        let mut conjuncts: Vec<Expr> = split_conjunction_owned(condition);
        while conjuncts.len() > CONJUNCTS_OF_A_STEP {
            let rest = conjuncts.split_off(CONJUNCTS_OF_A_STEP);
            self.keep_all(std::mem::replace(&mut conjuncts, rest))?;
        }
        self.keep_all(conjuncts)
    }

    fn keep_all(&mut self, conjuncts: Vec<Expr>) -> Result<()> {
        if let Some(condition) = balanced(conjuncts, and) {
            let condition = self.over_slots(condition)?;
            self.steps.push(Step::Keep(condition));
        }
        Ok(())
    }

    /// The operator of the steps.
    pub(super) fn into_operator(self) -> Assignments {
        let output = |(name, held): (String, Held)| Output { name, slot: held.slot.to_string() };
        Assignments::new(self.steps, self.columns.into_iter().map(output).collect())
    }

    /// A column of this name with this value: the slot of a column that is passed on, a new slot for what is computed.
    fn held(&mut self, name: String, value: Expr) -> Result<(String, Held)> {
        let passed = match &value {
            Expr::Column(found) => Some(found),
            Expr::Alias(alias) if alias.metadata.is_none() => match alias.expr.as_ref() {
                Expr::Column(found) => Some(found),
                _ => None,
            },
            _ => None,
        };
        if let Some(held) = passed.and_then(|found| self.columns.get(&found.name)) {
            let field = if *held.field.name() == name { held.field.clone() } else { slot(name.clone(), &held.field) };
            return Ok((name, Held { field, slot: held.slot.clone() }));
        }
        let value = named(value, &name);
        let (_, field) = value.to_field(self)?;
        let value = self.over_slots(value)?;
        self.slots += 1;
        let place = format!("{SLOT}{}", self.slots);
        // A value without a type is a text that no row has.
        let field = match field.data_type() {
            DataType::Null => Arc::new(Field::new(&name, DataType::Utf8View, true)),
            _ => field,
        };
        self.steps.push(Step::Set { slot: slot(place.clone(), &field), expression: value });
        Ok((name, Held { field, slot: Arc::from(place) }))
    }

    /// An expression over columns as one over their slots.
    fn over_slots(&self, expression: Expr) -> Result<Expr> {
        let translated = expression.transform(|part| {
            Ok(match &part {
                Expr::Column(found) => match self.columns.get(&found.name) {
                    Some(held) if *held.slot != *found.name => {
                        Transformed::yes(Expr::Column(Column::new_unqualified(held.slot.to_string())))
                    }
                    _ => Transformed::no(part),
                },
                _ => Transformed::no(part),
            })
        })?;
        Ok(translated.data)
    }
}

/// Whether an expression is computed of a row alone, without other rows and tables.
pub(super) fn is_of_one_row(expression: &Expr) -> bool {
    let reads_more = expression.exists(|part| {
        Ok(matches!(
            part,
            Expr::AggregateFunction(_)
                | Expr::WindowFunction(_)
                | Expr::ScalarSubquery(_)
                | Expr::InSubquery(_)
                | Expr::Exists(_)
                | Expr::OuterReferenceColumn(..)
                | Expr::Placeholder(_)
        ))
    });
    matches!(reads_more, Ok(false))
}
