//! Planning of `cofilter`: how many values of one field occur with both of two values of another.
//!
//! The first field says who, the second what: a row per pair of items, with the number of users of each and of both
//! (Splunk search reference, cofilter). Items come by the number of their users, equal ones by value.

use std::collections::{BTreeSet, HashMap};

use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_functions::value::{Value, sort_order};
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

use crate::mining::statistics;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let fields: Vec<&str> = call.fields().map(|field| field.name.as_str()).collect();
        let [user, item] = fields.as_slice() else {
            return Err(Diagnostic::error("plan/argument", "`cofilter` takes two fields", call.span));
        };
        let rows = statistics::rows(context, call, input).await?;
        let mut users: HashMap<String, usize> = HashMap::new();
        let mut items: IndexMap<String, BTreeSet<usize>> = IndexMap::new();
        for row in 0..rows.len() {
            let found = rows.texts(item, row);
            for name in rows.texts(user, row) {
                let next = users.len();
                let number = *users.entry(name.into_owned()).or_insert(next);
                for item in &found {
                    items.entry(item.clone().into_owned()).or_default().insert(number);
                }
            }
        }
        let mut items: Vec<(String, BTreeSet<usize>)> = items.into_iter().collect();
        items.sort_by(|(left, a), (right, b)| {
            b.len().cmp(&a.len()).then_with(|| sort_order(Value::Text(left), Value::Text(right)))
        });
        pairs(&items, users.len()).frame(context)
    })
}

fn pairs(items: &[(String, BTreeSet<usize>)], users: usize) -> Table {
    const COLUMNS: [&str; 5] = ["Item 1", "Item 1 user count", "Item 2", "Item 2 user count", "Pair count"];
    let mut table = Table::new(0);
    COLUMNS.into_iter().for_each(|name| table.add_column(name));
    let mut items_of: Vec<Vec<usize>> = vec![Vec::new(); users];
    for (place, (_, members)) in items.iter().enumerate() {
        members.iter().for_each(|user| items_of[*user].push(place));
    }
    let whole = |number: usize| Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    for (place, (item, members)) in items.iter().enumerate() {
        let mut together: HashMap<usize, usize> = HashMap::new();
        for other in members.iter().flat_map(|user| &items_of[*user]).filter(|other| **other > place) {
            *together.entry(*other).or_default() += 1;
        }
        let mut together: Vec<(usize, usize)> = together.into_iter().collect();
        together.sort_unstable();
        for (other, count) in together {
            let row = table.add_row();
            table.set(row, COLUMNS[0], Cell::Text(item.clone()));
            table.set(row, COLUMNS[1], whole(members.len()));
            table.set(row, COLUMNS[2], Cell::Text(items[other].0.clone()));
            table.set(row, COLUMNS[3], whole(items[other].1.len()));
            table.set(row, COLUMNS[4], whole(count));
        }
    }
    table
}
