//! Planning of `associate`: values whose presence makes another field more certain.
//!
//! For each value of a field that is frequent enough, the entropy of every other field among all rows that have it is
//! compared with its entropy among the rows with that value (Splunk search reference, associate).

use std::collections::HashMap;

use futures::future::BoxFuture;
use spl_functions::value::{Value, sort_order};
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::{number, number_within};
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

use crate::mining::statistics;
use crate::mining::statistics::{Coded, entropy, named_fields};

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if let Some(field) = call.fields().find(|field| field.has_wildcard()) {
            return Err(Diagnostic::error("plan/argument", "the fields of `associate` can't have wildcards", field.span));
        }
        let least = Least {
            count: call.count("supcnt")? as usize,
            share: number_within(call, "supfreq", 0.1, 0.0, 1.0)?,
            gain: number(call, "improv", 0.5),
        };
        let rows = statistics::rows(context, call, input).await?;
        let fields: Vec<Coded> = named_fields(context, call, &rows).iter().map(|name| Coded::of(&rows, name)).collect();
        associations(&fields, rows.len(), &least).frame(context)
    })
}

struct Least {
    count: usize,
    share: f64,
    gain: f64,
}

fn associations(fields: &[Coded], rows: usize, least: &Least) -> Table {
    const COLUMNS: [&str; 9] = [
        "Reference_Key",
        "Reference_Value",
        "Target_Key",
        "Unconditional_Entropy",
        "Conditional_Entropy",
        "Entropy_Improvement",
        "Top_Conditional_Value",
        "Description",
        "Support",
    ];
    let mut table = Table::new(0);
    COLUMNS.into_iter().for_each(|name| table.add_column(name));
    for (place, reference) in fields.iter().enumerate() {
        let mut values: Vec<usize> = (0..reference.values.len())
            .filter(|value| {
                let count = reference.counts[*value];
                count >= least.count && count as f64 >= least.share * rows as f64 - 1e-9
            })
            .collect();
        values.sort_by(|a, b| sort_order(Value::Text(&reference.values[*a]), Value::Text(&reference.values[*b])));
        let mut holders: Vec<Vec<usize>> = vec![Vec::new(); reference.values.len()];
        (0..rows).filter_map(|row| Some((row, reference.code(row)?))).for_each(|(row, value)| holders[value].push(row));
        for value in values {
            let places = &holders[value];
            for target in fields.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, target)| target) {
                association(&mut table, reference, value, target, places, rows, least);
            }
        }
    }
    table
}

fn association(table: &mut Table, reference: &Coded, value: usize, target: &Coded, places: &[usize], rows: usize, least: &Least) {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for code in places.iter().filter_map(|row| target.code(*row)) {
        *counts.entry(code).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    if total == 0 {
        return;
    }
    let before = entropy(target.counts.iter().copied(), target.present());
    let mut ordered: Vec<(usize, usize)> = counts.into_iter().collect();
    ordered.sort_by(|(a, left), (b, right)| right.cmp(left).then_with(|| target.values[*a].cmp(&target.values[*b])));
    let after = entropy(ordered.iter().map(|(_, count)| *count), total);
    let gain = before - after;
    if gain < least.gain - 1e-12 {
        return;
    }
    let Some((top, top_count)) = ordered.first() else { return };
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole as f64;
    let row = table.add_row();
    let shown = &reference.values[value];
    table.set(row, "Reference_Key", Cell::Text(reference.name.clone()));
    table.set(row, "Reference_Value", Cell::Text(shown.clone()));
    table.set(row, "Target_Key", Cell::Text(target.name.clone()));
    table.set(row, "Unconditional_Entropy", Cell::Float(before));
    table.set(row, "Conditional_Entropy", Cell::Float(after));
    table.set(row, "Entropy_Improvement", Cell::Float(gain));
    let (overall, conditional) = (percent(target.counts[*top], target.present()), percent(*top_count, total));
    let top = format!("{} ({overall:.2}% -> {conditional:.2}%)", target.values[*top]);
    table.set(row, "Top_Conditional_Value", Cell::Text(top));
    let (key, name) = (&reference.name, &target.name);
    let description =
        format!("When '{key}' has the value '{shown}', the entropy of '{name}' decreases from {before:.3} to {after:.3}.");
    table.set(row, "Description", Cell::Text(description));
    table.set(row, "Support", Cell::Float(reference.counts[value] as f64 / rows as f64));
}
