//! Planning of `contingency`: how often the values of two fields occur together.

use std::collections::HashMap;

use datafusion::logical_expr::lit;
use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::aggregation;
use spl_plan::aggregation::function;
use spl_plan::arguments::count;
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column};
use spl_plan::function_call;
use spl_plan::rows::table::Table;

const COUNT: &str = "__count";
const ROW: &str = "__row";
const COLUMN: &str = "__column";
/// Splunk's limit where none is given (limits.conf, ctable, maxvalues).
const MOST_VALUES: u64 = 1000;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`contingency` needs rows", call.span))?;
        let fields: Vec<String> = call.fields().map(|field| field.name.clone()).collect();
        let [row, split] = fields.as_slice() else {
            return Err(Diagnostic::error("plan/argument", "`contingency` takes two fields", call.span)
                .with_help(call.spec.syntax.to_owned()));
        };
        let (Some(row_field), Some(split_field)) = (frame.field(row), frame.field(split)) else {
            return Table::new(0).frame(context);
        };
        let frame = frame.assign(vec![(ROW.to_owned(), column(row)), (COLUMN.to_owned(), column(split))])?;
        let frame = aggregation::expand_groups(context, frame, &[ROW.to_owned(), COLUMN.to_owned()])?;
        let single = |kind: ValueType| {
            if kind == ValueType::Multivalue { ValueType::Text } else { kind }
        };
        let name =
            function_call::convert(context, Typed::new(column(COLUMN), single(split_field.value_type())), ValueType::Text)?;
        let key = function_call::convert(context, Typed::new(column(ROW), single(row_field.value_type())), ValueType::Text)?;
        let (_, counting) = function::lookup(context, "count", call.span)?;
        let counted = frame.build(|plan| {
            plan.aggregate(vec![key.alias(ROW), name.alias(COLUMN)], vec![counting.call(vec![lit(1_i64)]).alias(COUNT)])
        })?;
        let mut columns: Vec<_> = [ROW, COLUMN, COUNT].iter().map(|name| ((*name).to_owned(), column(name))).collect();
        columns.push((ORDINAL.to_owned(), lit(0_i64)));
        let table = Table::of(context, counted.select(columns)?).await?;
        crossed(call, &table, row)?.frame(context)
    })
}

/// Values by frequency, the most common first, until enough are covered.
fn chosen(counts: HashMap<String, i64>, most: u64, cover: f64) -> Vec<String> {
    let total: i64 = counts.values().sum();
    let mut counts: Vec<(String, i64)> = counts.into_iter().collect();
    counts.sort_by(|(left, a), (right, b)| b.cmp(a).then_with(|| left.cmp(right)));
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut covered = 0;
    let mut names = Vec::new();
    for (name, count) in counts {
        if names.len() >= most || (covered as f64) >= cover * total as f64 {
            break;
        }
        covered += count;
        names.push(name);
    }
    names
}

fn crossed(call: &CommandCall, table: &Table, row_name: &str) -> Result<Table, Diagnostic> {
    let cover = |name: &str| call.option(name).and_then(|option| option.value.value.parse::<f64>().ok()).unwrap_or(1.0);
    let most = |name: &str| count(call, name, 0).map(|most| if most == 0 { MOST_VALUES } else { most });
    let total = call.text("totalstr");
    let cells: Vec<(String, String, i64)> = (0..table.rows())
        .filter_map(|row| {
            let count = table.cell(row, COUNT).number()? as i64;
            Some((table.cell(row, ROW).text()?, table.cell(row, COLUMN).text()?, count))
        })
        .collect();
    let (mut by_row, mut by_column): (HashMap<String, i64>, HashMap<String, i64>) = (HashMap::new(), HashMap::new());
    for (row, split, count) in &cells {
        *by_row.entry(row.clone()).or_default() += count;
        *by_column.entry(split.clone()).or_default() += count;
    }
    let rows = chosen(by_row, most("maxrows")?, cover("minrowcover"));
    let columns = chosen(by_column, most("maxcols")?, cover("mincolcover"));
    let places: HashMap<&str, usize> = rows.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    let known: HashMap<&str, usize> = columns.iter().enumerate().map(|(place, name)| (name.as_str(), place)).collect();
    let mut counts = vec![vec![0_i64; columns.len()]; rows.len()];
    for (row, split, count) in &cells {
        if let (Some(row), Some(split)) = (places.get(row.as_str()), known.get(split.as_str())) {
            counts[*row][*split] += count;
        }
    }
    let mut result = Table::new(rows.len());
    result.add_column(row_name);
    columns.iter().for_each(|name| result.add_column(name));
    let totals = call.flag("usetotal") && !rows.is_empty();
    for (place, row) in rows.iter().enumerate() {
        result.set(place, row_name, Cell::Text(row.clone()));
        for (split, name) in columns.iter().enumerate() {
            result.set(place, name, Cell::Integer(counts[place][split]));
        }
        if totals {
            result.set(place, total, Cell::Integer(counts[place].iter().sum()));
        }
    }
    if totals {
        let place = result.add_row();
        result.set(place, row_name, Cell::Text(total.to_owned()));
        for (split, name) in columns.iter().enumerate() {
            result.set(place, name, Cell::Integer(counts.iter().map(|row| row[split]).sum()));
        }
        result.set(place, total, Cell::Integer(counts.iter().flatten().sum()));
    }
    Ok(result)
}
