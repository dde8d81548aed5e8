//! Planning of `xyseries`: rows of (x, series, value) to a table with a column per series.

use std::collections::{BTreeSet, HashMap};

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`xyseries` needs rows", call.span))?;
        let fields: Vec<String> = call.fields().map(|field| field.name.clone()).collect();
        let [x, series, values @ ..] = fields.as_slice() else {
            return Err(missing(call));
        };
        if values.is_empty() {
            return Err(missing(call));
        }
        let table = Table::of(context, frame).await?;
        reshaped(context, call, &table, x, series, values)?.frame(context)
    })
}

fn missing(call: &CommandCall) -> Diagnostic {
    Diagnostic::error("plan/argument", "`xyseries` needs a field for rows, one for series and at least one for values", call.span)
        .with_help(call.spec.syntax.to_owned())
}

fn reshaped(
    context: &PlanContext,
    call: &CommandCall,
    table: &Table,
    x: &str,
    series: &str,
    values: &[String],
) -> Result<Table, Diagnostic> {
    let separator = call.text("sep");
    let format = call.option("format").map(|option| option.value.value.as_str());
    let grouped = call.flag("grouped");
    let name_of = |value: &str, series: &str| match format {
        _ if values.len() == 1 => series.to_owned(),
        Some(format) => format.replace("$AGG$", value).replace("$VAL$", series),
        None => format!("{value}{separator}{series}"),
    };
    // Row of the result for each row that has both; rows that are grouped already start anew with each change of x.
    let mut keys: Vec<Cell> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut placed: Vec<(usize, usize, String)> = Vec::new();
    for row in 0..table.rows() {
        let cell = table.cell(row, x);
        let (Some(key), Some(name)) = (cell.text(), table.cell(row, series).text()) else {
            continue;
        };
        let place = match known.get(&key) {
            Some(place) => *place,
            None => {
                if grouped {
                    known.clear();
                }
                keys.push(cell.clone());
                known.insert(key, keys.len() - 1);
                keys.len() - 1
            }
        };
        placed.push((row, place, name));
    }
    let names: BTreeSet<&str> = placed.iter().map(|(_, _, name)| name.as_str()).collect();
    Table::check_size(context, keys.len(), names.len() * values.len())?;
    let mut order: Vec<usize> = (0..keys.len()).collect();
    if !grouped {
        order.sort_by(|left, right| keys[*left].order(&keys[*right]));
    }
    let mut position = vec![0; keys.len()];
    let mut result = Table::new(keys.len());
    result.add_column(x);
    for (row, key) in order.iter().enumerate() {
        position[*key] = row;
        result.set(row, x, keys[*key].clone());
    }
    for value in values {
        for name in &names {
            result.add_column(&name_of(value, name));
        }
    }
    for (row, place, name) in &placed {
        for value in values {
            let cell = table.cell(*row, value);
            if !cell.is_null() {
                result.set(position[*place], &name_of(value, name), cell.clone());
            }
        }
    }
    Ok(result)
}
