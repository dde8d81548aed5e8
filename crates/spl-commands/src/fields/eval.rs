//! Planning of `eval`: assignments one after the other, each seeing those before it.

use datafusion::logical_expr::Expr;
use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_functions::column::{Column, ValueType};
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;
use spl_parser::effects::{RequiredFields, expression_fields};
use spl_parser::syntax::{Argument, Assignment, CommandCall, Expression, TemplatePart};
use spl_plan::context::{Input, PlanContext};
use spl_plan::expression;
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column, null, text};
use spl_plan::function_call;
use spl_plan::function_call::{call, choose};
use spl_plan::search::subsearch;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let mut frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`eval` needs rows", call.span))?;
        // Assignments that read nothing which one of them sets are planned as one projection.
        let mut together: IndexMap<String, Expr> = IndexMap::new();
        for argument in &call.arguments {
            if let Argument::Assignment(assignment) = argument {
                let resolved = subsearch::resolve_expression(context, &assignment.expression).await?;
                if !together.is_empty()
                    && (!assignment.template.is_empty() || depends_on(&resolved, &assignment.target.name, &together))
                {
                    frame = frame.assign(std::mem::take(&mut together).into_iter().collect())?;
                }
                let value = expression::value(context, &resolved, &frame)?;
                if assignment.template.is_empty() {
                    let held = if value.value_type == ValueType::Null { null(ValueType::Text) } else { value.expression };
                    together.insert(assignment.target.name.clone(), held);
                } else {
                    frame = assign_template(context, frame, assignment, value).await?;
                }
            }
        }
        if together.is_empty() { Ok(frame) } else { frame.assign(together.into_iter().collect()) }
    })
}

/// Whether an assignment sets or reads a field that others set.
fn depends_on(expression: &Expression, target: &str, set: &IndexMap<String, Expr>) -> bool {
    let mut read = RequiredFields::none();
    expression_fields(expression, &mut read);
    set.contains_key(target)
        || match &read {
            RequiredFields::All => true,
            RequiredFields::Only(names) => names.iter().any(|name| match name.contains('*') {
                true => set.keys().any(|known| read.contains(known)),
                false => set.contains_key(name),
            }),
        }
}

/// `eval {a}=x`: each row sets the field that its value of `a` names, so the names are known only from the rows.
async fn assign_template(
    context: &PlanContext,
    frame: Frame,
    assignment: &Assignment,
    value: Typed,
) -> Result<Frame, Diagnostic> {
    const NAME: &str = "__target";
    const VALUE: &str = "__value";
    let mut name: Option<Typed> = None;
    for part in &assignment.template {
        let part = match part {
            TemplatePart::Text(literal) => Typed::new(text(literal.clone()), ValueType::Text),
            TemplatePart::Field(field) => match frame.field(field) {
                Some(found) => Typed::new(column(field), found.value_type()),
                None => Typed::new(null(ValueType::Text), ValueType::Null),
            },
        };
        name = Some(match name {
            None => part,
            Some(before) => call(context, "spl_concatenate", vec![before, part])?,
        });
    }
    let name = name.ok_or_else(|| Diagnostic::error("plan/field", "empty field name", assignment.target.span))?;
    let name = function_call::convert(context, name, ValueType::Text)?;
    let value_type = value.value_type;
    let held = if value_type == ValueType::Null { null(ValueType::Text) } else { value.expression };
    let frame = context.materialise(frame.assign(vec![(NAME.to_owned(), name), (VALUE.to_owned(), held)])?).await?;
    let (_, batches) = context.collect(frame.clone()).await?;
    let mut names: Vec<String> = Vec::new();
    for batch in &batches {
        let Some(array) = batch.column_by_name(NAME) else { continue };
        let column = Column::new(array).map_err(engine_error)?;
        for row in 0..batch.num_rows() {
            if let Some(name) = column.value(row).text().filter(|name| !name.is_empty())
                && !names.iter().any(|known| *known == *name)
            {
                if name.contains('{') && name.contains('}') {
                    return Err(Diagnostic::error(
                        "run/field-name",
                        format!("the field name `{name}` would have to be replaced again"),
                        assignment.target.span,
                    ));
                }
                names.push(name.into_owned());
            }
        }
    }
    let mut assignments = Vec::new();
    for name in names {
        let chosen = column(NAME).eq(text(name.clone()));
        let base = frame.field(&name).map_or_else(
            || Typed::new(null(ValueType::Text), ValueType::Null),
            |field| Typed::new(column(&name), field.value_type()),
        );
        let set = choose(context, vec![(chosen, Typed::new(column(VALUE), value_type))], Some(base))?;
        assignments.push((name, set.expression));
    }
    frame.assign(assignments)?.without(&[NAME.to_owned(), VALUE.to_owned()])
}
