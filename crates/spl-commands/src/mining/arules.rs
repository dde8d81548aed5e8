//! Planning of `arules`: association rules between field values.
//!
//! Sets of values that occur together in at least `sup` rows are found level by level (Apriori). A rule leads from such a
//! set less one value to that value; its strength is the share of the rows with the given values that have the implied
//! one too, and must be at least `conf` (Splunk search reference, arules).
//!
//! # Differences
//!
//! * As in the package that Splunk names as its source, one value is implied at a time.
//! * Splunk does not document how values are written. Here they are `field=value`, several of them joined by `, `.
//!   Both supports are numbers of rows. Rules come by strength, then by support, then by name.

use std::collections::{BTreeMap, HashSet};

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::{count_within, number_within};
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

use crate::mining::statistics;
use crate::mining::statistics::{Coded, named_fields};

/// Sets of values, and rules, that are kept in memory at most.
const MOST_SETS: usize = 200_000;

/// Field and value, by number.
type Item = (usize, usize);

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let support = count_within(call, "sup", 3, 1, u64::MAX)? as usize;
        let confidence = number_within(call, "conf", 0.5, 0.0, 1.0)?;
        let rows = statistics::rows(context, call, input).await?;
        let fields: Vec<Coded> = named_fields(context, call, &rows).iter().map(|name| Coded::of(&rows, name)).collect();
        let too_many = || {
            Diagnostic::error("plan/too-many", format!("`arules` found more than {MOST_SETS} sets of values"), call.span)
                .with_help("raise `sup`, or name fewer fields")
        };
        let sets = frequent(&fields, rows.len(), support).ok_or_else(too_many)?;
        rules(&fields, &sets, confidence).frame(context)
    })
}

/// Sets with the rows that hold them; none when there are too many.
fn frequent(fields: &[Coded], rows: usize, support: usize) -> Option<BTreeMap<Vec<Item>, Vec<u32>>> {
    let mut level: BTreeMap<Vec<Item>, Vec<u32>> = BTreeMap::new();
    for (place, field) in fields.iter().enumerate() {
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); field.values.len()];
        for row in 0..rows {
            if let (Some(code), Ok(row)) = (field.code(row), u32::try_from(row)) {
                members[code].push(row);
            }
        }
        let kept = members.into_iter().enumerate().filter(|(_, rows)| rows.len() >= support);
        level.extend(kept.map(|(code, rows)| (vec![(place, code)], rows)));
    }
    let mut all = level.clone();
    while !level.is_empty() {
        let mut next = BTreeMap::new();
        let sets: Vec<(&Vec<Item>, &Vec<u32>)> = level.iter().collect();
        for (index, (left, left_rows)) in sets.iter().enumerate() {
            let head = left.len() - 1;
            // Sets that share all but their last value stand together.
            for (right, right_rows) in sets[index + 1..].iter().take_while(|(right, _)| right[..head] == left[..head]) {
                if right[head].0 == left[head].0 {
                    continue;
                }
                let known: HashSet<&u32> = left_rows.iter().collect();
                let both: Vec<u32> = right_rows.iter().filter(|row| known.contains(row)).copied().collect();
                if both.len() >= support {
                    let mut set = (*left).clone();
                    set.push(right[head]);
                    next.insert(set, both);
                }
                if all.len() + next.len() > MOST_SETS {
                    return None;
                }
            }
        }
        all.extend(next.clone());
        level = next;
    }
    Some(all)
}

fn rules(fields: &[Coded], sets: &BTreeMap<Vec<Item>, Vec<u32>>, confidence: f64) -> Table {
    let shown = |set: &[Item]| -> String {
        let texts: Vec<String> = set
            .iter()
            .filter_map(|(field, value)| {
                let field = fields.get(*field)?;
                Some(format!("{}={}", field.name, field.values.get(*value)?))
            })
            .collect();
        texts.join(", ")
    };
    let support = |set: &[Item]| sets.get(set).map_or(0, Vec::len);
    let mut found: Vec<(f64, usize, usize, String, String)> = Vec::new();
    for (set, rows) in sets.iter().filter(|(set, _)| set.len() > 1) {
        for place in 0..set.len() {
            let mut given = set.clone();
            let implied = [given.remove(place)];
            let given_support = support(&given);
            let strength = rows.len() as f64 / given_support.max(1) as f64;
            if strength >= confidence - 1e-12 {
                found.push((strength, given_support, support(&implied), shown(&given), shown(&implied)));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| b.1.cmp(&a.1)).then_with(|| (&a.3, &a.4).cmp(&(&b.3, &b.4))));
    const COLUMNS: [&str; 5] = ["Given fields", "Implied fields", "Strength", "Given fields support", "Implied fields support"];
    let mut table = Table::new(found.len());
    COLUMNS.into_iter().for_each(|name| table.add_column(name));
    let whole = |number: usize| Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    for (row, (strength, given_support, implied_support, given, implied)) in found.into_iter().enumerate() {
        table.set(row, COLUMNS[0], Cell::Text(given));
        table.set(row, COLUMNS[1], Cell::Text(implied));
        table.set(row, COLUMNS[2], Cell::Float(strength));
        table.set(row, COLUMNS[3], whole(given_support));
        table.set(row, COLUMNS[4], whole(implied_support));
    }
    table
}
