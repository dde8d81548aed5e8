//! Planning of `join`: rows of a subsearch beside the rows that have the same values.

use datafusion::common::JoinType;
use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr, ExprFunctionExt, lit};
use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_operators::errors::engine_error;
use spl_operators::nodes::most_rows::MostRows;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;
use spl_parser::effects::{RequiredFields, pipeline_effects};
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, FrameField, column, ordinal};
use spl_plan::function_call;
use spl_plan::function_call::choose;

const RIGHT: &str = "__right_";
const PLACE: &str = "__place";
/// The limit of the rows that joins make.
pub const MOST_ROWS: &str = "join_maxrows";

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let (Some(left), Some(subsearch)) = (input.frame, call.subsearch()) else {
            return Err(Diagnostic::error("plan/argument", "`join` needs rows and a subsearch", call.span));
        };
        // Without rows on the left nothing is joined, whatever the subsearch would find.
        let right = if left.has_no_rows() && pipeline_effects(&subsearch.pipeline).only_reads() {
            context.subpipeline(subsearch, RequiredFields::All).await?.filter(lit(false))?
        } else {
            context.subsearch(subsearch, "join_subsearch_maxout", RequiredFields::All).await?
        };
        let kind = call.text("type");
        let outer = !kind.eq_ignore_ascii_case("inner");
        let overwrite = call.flag("overwrite");
        let most = call.count("max")?;
        let mut time = call.flag("usetime").then(|| call.flag("earlier"));
        if time.is_some() && (left.field("_time").is_none() || right.field("_time").is_none()) {
            if context.is_running() {
                return Err(Diagnostic::error("plan/argument", "`usetime` needs the field `_time` on both sides", call.span));
            }
            // A search that is only checked has no data that could bring the field.
            time = None;
        }
        let aliases = (
            call.option("left").map(|option| option.value.value.clone()),
            call.option("right").map(|option| option.value.value.clone()),
        );
        let (left, right, keys) = match (aliases, call.clause("where")) {
            ((Some(left_alias), Some(right_alias)), Some(clause)) => {
                let left = prefixed(left, &left_alias)?;
                let right = prefixed(right, &right_alias)?;
                let mut keys = Vec::new();
                for argument in &clause.arguments {
                    if let Argument::Pair { name, value } = argument {
                        let swapped = name.value.starts_with(&format!("{right_alias}."));
                        let pair = if swapped {
                            (value.value.clone(), name.value.clone())
                        } else {
                            (name.value.clone(), value.value.clone())
                        };
                        keys.push(pair);
                    }
                }
                (left, right, keys)
            }
            ((None, None), None) => {
                let mut named: Vec<String> = call.fields().map(|field| field.name.clone()).collect();
                if named.is_empty() {
                    // Without fields, those that both sides have (Splunk search reference, join).
                    named = left
                        .fields()
                        .into_iter()
                        .map(|field| field.name)
                        .filter(|name| !name.starts_with('_') && right.field(name).is_some())
                        .collect();
                }
                (left, right, named.into_iter().map(|name| (name.clone(), name)).collect())
            }
            _ => {
                return Err(Diagnostic::error("plan/argument", "`left`, `right` and `where` belong together", call.span)
                    .with_help("`join left=L right=R where L.id=R.product [...]`"));
            }
        };
        join(context, left, right, &keys, Matching { outer, overwrite, most, time })
    })
}

fn prefixed(frame: Frame, alias: &str) -> Result<Frame, Diagnostic> {
    let columns = frame
        .fields()
        .into_iter()
        .map(|field| {
            let name = if field.name.starts_with('_') { field.name.clone() } else { format!("{alias}.{}", field.name) };
            (name, column(&field.name))
        })
        .collect();
    frame.select(columns)
}

/// How rows are joined.
struct Matching {
    /// Rows of the left side without a partner are kept.
    outer: bool,
    /// Fields of the right side replace those of the left.
    overwrite: bool,
    /// Most partners of a row; 0 = all.
    most: u64,
    /// Only with earlier rows (else later ones); rows of the same second are both.
    time: Option<bool>,
}

fn join(
    context: &PlanContext,
    left: Frame,
    right: Frame,
    keys: &[(String, String)],
    matching: Matching,
) -> Result<Frame, Diagnostic> {
    let Matching { outer, overwrite, most, time } = matching;
    let known = keys.iter().all(|(in_left, in_right)| left.field(in_left).is_some() && right.field(in_right).is_some());
    if keys.is_empty() || !known {
        // Nothing can match: an outer join keeps its rows, an inner one has none.
        return if outer { Ok(left) } else { left.filter(lit(false)) };
    }
    // The right side: renamed so that no name meets one of the left, at most `max` rows per key.
    let right_fields = right.fields();
    let key_text = |frame: &Frame, name: &str| -> Result<Expr, Diagnostic> {
        let kind = frame.field(name).map_or(ValueType::Text, |field| field.value_type());
        function_call::convert(context, Typed::new(column(name), kind), ValueType::Text)
    };
    let mut right_columns: Vec<(String, Expr)> =
        right_fields.iter().map(|field| (format!("{RIGHT}{}", field.name), column(&field.name))).collect();
    for (place, (_, name)) in keys.iter().enumerate() {
        right_columns.push((format!("__right_key{place}"), key_text(&right, name)?));
    }
    right_columns.push((format!("{RIGHT}{ORDINAL}"), ordinal()));
    right_columns.push((ORDINAL.to_owned(), ordinal()));
    let right_keys: Vec<String> = (0..keys.len()).map(|place| format!("__right_key{place}")).collect();
    let mut right = right.select(right_columns)?;
    if most > 0 && time.is_none() {
        let place = row_number()
            .partition_by(right_keys.iter().map(|key| column(key)).collect())
            .order_by(vec![ordinal().sort(true, false)])
            .build()
            .map_err(engine_error)?
            .alias(PLACE);
        right = right.build(|plan| plan.window(vec![place])?.filter(column(PLACE).lt_eq(lit(most))))?;
    }
    let right_names: Vec<String> =
        right.all_fields().into_iter().map(|field| field.name).filter(|name| name != ORDINAL && name != PLACE).collect();
    let right = right.build(|plan| plan.project(right_names.iter().map(|name| column(name))))?;

    let left_fields = left.fields();
    let mut left_columns: Vec<(String, Expr)> =
        left_fields.iter().map(|field| (field.name.clone(), column(&field.name))).collect();
    for (place, (name, _)) in keys.iter().enumerate() {
        left_columns.push((format!("__left_key{place}"), key_text(&left, name)?));
    }
    let left = left.select(left_columns)?;
    let left_keys: Vec<String> = (0..keys.len()).map(|place| format!("__left_key{place}")).collect();
    let join_type = if outer { JoinType::Left } else { JoinType::Inner };
    let mut conditions: Vec<Expr> =
        left_keys.iter().zip(&right_keys).map(|(left, right)| column(left).eq(column(right))).collect();
    if let Some(earlier) = time {
        let second = |name: &str, kind: ValueType| -> Result<Expr, Diagnostic> {
            let number = Typed::new(column(name), kind);
            Ok(function_call::call(context, "floor", vec![number])?.expression)
        };
        let kind = |fields: &[FrameField]| {
            fields.iter().find(|field| field.name == "_time").map_or(ValueType::Float, |field| field.value_type())
        };
        let mine = second("_time", kind(&left_fields))?;
        let theirs = second(&format!("{RIGHT}_time"), kind(&right_fields))?;
        conditions.push(if earlier { theirs.lt_eq(mine) } else { theirs.gt_eq(mine) });
    }
    let right_plan = right.into_plan()?;
    let mut joined = left.build(|plan| plan.join_on(right_plan, join_type, conditions))?;
    let most_rows = usize::try_from(context.limits().get(MOST_ROWS)).unwrap_or(usize::MAX);
    if most != 1 && most_rows > 0 {
        joined = joined.operate(MostRows { command: "join".to_owned(), most: most_rows, limit: MOST_ROWS.to_owned() })?;
    }
    if time.is_some() && most > 0 {
        // Which partners are the first is known only when time has ruled out the others.
        let place = row_number()
            .partition_by(vec![ordinal()])
            .order_by(vec![column(&format!("{RIGHT}{ORDINAL}")).sort(true, false)])
            .build()
            .map_err(engine_error)?
            .alias(PLACE);
        joined = joined.build(|plan| plan.window(vec![place])?.filter(column(PLACE).lt_eq(lit(most))))?;
    }

    let mut columns: Vec<(String, Expr)> = Vec::new();
    for field in &left_fields {
        let is_key = keys.iter().any(|(in_left, in_right)| *in_left == field.name && in_left == in_right);
        let shared = right_fields.iter().find(|other| other.name == field.name).filter(|_| !is_key);
        let value = match shared {
            Some(other) => {
                let mine = Typed::new(column(&field.name), field.value_type());
                let theirs = Typed::new(column(&format!("{RIGHT}{}", field.name)), other.value_type());
                let (first, second) = if overwrite && !(field.name == "_raw" && outer) { (theirs, mine) } else { (mine, theirs) };
                if overwrite {
                    choose(context, vec![(first.expression.clone().is_not_null(), first)], Some(second))?.expression
                } else {
                    first.expression
                }
            }
            None => column(&field.name),
        };
        columns.push((field.name.clone(), value));
    }
    for field in right_fields.iter().filter(|field| !left_fields.iter().any(|known| known.name == field.name)) {
        columns.push((field.name.clone(), column(&format!("{RIGHT}{}", field.name))));
    }
    columns.push((ORDINAL.to_owned(), ordinal()));
    let order = format!("{RIGHT}{ORDINAL}");
    columns.push(("__second".to_owned(), column(&order)));
    let appended = joined.select(columns)?;
    appended.numbered(vec![ordinal().sort(true, false), column("__second").sort(true, false)])?.without(&["__second".to_owned()])
}
