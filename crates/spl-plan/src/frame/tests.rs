//! The order of a frame's rows and fields, step by step.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray};
use arrow::datatypes::{Field, Int64Type, Schema};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::physical_plan::collect;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use datafusion::prelude::SessionContext;
use spl_operators::exec::OperatorPlanner;

use super::*;
use crate::frame::ordinals::unqualified;

/// Four rows: `number` 3 1 2 1 with the names a b c d, in this order.
fn rows() -> Frame {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("number", Arc::new(Int64Array::from(vec![3, 1, 2, 1]))),
        ("name", Arc::new(StringViewArray::from(vec!["a", "b", "c", "d"]))),
        (ORDINAL, Arc::new(Int64Array::from(vec![0, 1, 2, 3]))),
    ];
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), *name != ORDINAL)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, array)| array).collect()).unwrap();
    // Backwards, so that only the ordinal can bring the order.
    let parts = vec![vec![batch.slice(2, 2)], vec![batch.slice(0, 2)]];
    let table = Arc::new(MemTable::try_new(schema, parts).unwrap());
    let names = ["number", "name", ORDINAL].map(str::to_owned);
    let plan = LogicalPlanBuilder::scan("rows", provider_as_source(table), None)
        .and_then(|scan| scan.project(unqualified("rows", &names)))
        .and_then(LogicalPlanBuilder::build)
        .unwrap();
    Frame::new(plan)
}

/// The names in the order of the rows.
fn names(frame: Frame) -> String {
    column_of(frame, "name", |array| array.as_string_view().iter().flatten().map(str::to_owned).collect()).concat()
}

fn numbers(frame: Frame, field: &str) -> Vec<i64> {
    column_of(frame, field, |array| array.as_primitive::<Int64Type>().values().to_vec())
}

fn column_of<T>(frame: Frame, field: &str, read: impl Fn(&ArrayRef) -> Vec<T>) -> Vec<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let context = SessionContext::new();
    let state = context.state();
    let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(OperatorPlanner)]);
    let run = async {
        let plan = state.optimize(&frame.finished().unwrap()).unwrap();
        let plan = planner.create_physical_plan(&plan, &state).await.unwrap();
        collect(plan, context.task_ctx()).await.unwrap()
    };
    let batches: Vec<RecordBatch> = runtime.block_on(run);
    batches.iter().flat_map(|batch| read(batch.column_by_name(field).expect("the field"))).collect()
}

fn by_number() -> Vec<SortExpr> {
    vec![column("number").sort(true, false)]
}

#[test]
fn order_of_rows() {
    type Step = fn(Frame) -> Result<Frame, Diagnostic>;
    let steps: &[(&str, &str, Step)] = &[
        ("as they come", "abcd", Ok),
        ("a filter keeps the order", "acd", |frame| frame.filter(column("name").not_eq(text("b")))),
        ("ties of a sort keep their order", "bdca", |frame| frame.sorted(by_number(), None)),
        ("a limit takes the first of the sorted rows", "bd", |frame| frame.sorted(by_number(), Some(2))),
        ("a second sort keeps the first among its ties", "dbca", |frame| {
            let backwards = vec![column("name").sort(false, false)];
            frame.sorted(backwards, None)?.sorted(by_number(), None)
        }),
        ("an order that is not numbered yet orders the end", "dcba", |frame| {
            Ok(frame.with_pending_order(vec![column("name").sort(false, false)]))
        }),
        ("it breaks the ties of a sort", "dbca", |frame| {
            frame.with_pending_order(vec![column("name").sort(false, false)]).sorted(by_number(), None)
        }),
        ("it survives another name of its key", "dcba", |frame| {
            let pending = frame.with_pending_order(vec![column("name").sort(false, false)]);
            pending
                .select(vec![("renamed".to_owned(), column("name")), ("number".to_owned(), column("number"))])?
                .assign(vec![("name".to_owned(), column("renamed"))])
        }),
        ("it is numbered before its key goes", "dbca", |frame| {
            let pending = frame.with_pending_order(vec![column("number").sort(true, false), column("name").sort(false, false)]);
            pending.without(&["number".to_owned()])
        }),
        ("rows are numbered anew", "adbc", |frame| {
            let last_first = column("name").eq(text("d"));
            let first = column("name").eq(text("a"));
            frame.numbered(vec![first.sort(false, false), last_first.sort(false, false), ordinal().sort(true, false)])
        }),
    ];
    for (what, expected, step) in steps {
        assert_eq!(names(step(rows()).unwrap()), *expected, "{what}");
    }
}

#[test]
fn order_of_fields() {
    let fields = |frame: Frame| frame.fields().into_iter().map(|field| field.name).collect::<Vec<_>>();
    let frame = rows().assign(vec![("new".to_owned(), lit(1_i64)), ("number".to_owned(), lit(2_i64))]).unwrap();
    assert_eq!(fields(frame.clone()), ["number", "name", "new"]);
    assert_eq!(fields(frame.clone().without(&["name".to_owned()]).unwrap()), ["number", "new"]);
    let some = vec![("name".to_owned(), column("name")), ("number".to_owned(), column("number"))];
    assert_eq!(fields(frame.select(some).unwrap()), ["name", "number"]);
}

#[test]
fn a_field_that_is_set_from_itself_counts_each_time() {
    let more = |frame: Frame| frame.assign(vec![("number".to_owned(), column("number") + lit(1_i64))]).unwrap();
    for times in [1, 2, 5, MERGED_ASSIGNMENTS + 1] {
        let frame = (0..times).fold(rows(), |frame, _| more(frame));
        let most = i64::try_from(times).unwrap();
        assert_eq!(numbers(frame, "number"), [3 + most, 1 + most, 2 + most, 1 + most], "{times}");
    }
}
