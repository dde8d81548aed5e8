//! Planning of `folderize`: rows whose paths begin alike become one row.
//!
//! Paths are cut at `sep`. The folders are those of the least depth that has at least `minfolders` of them, unless there are
//! more than `maxfolders` and a lower depth had at least one; a folder with several members is written as its
//! path and `*`, one with a single member as that member. `size` is added up, `memberCount` is the number of
//! distinct members (Splunk search reference, folderize).
//!
//! # Differences
//!
//! * The documentation does not say how deep folders reach; the above is the plainest reading of its example.
//! * Rows without a path are left out. The size is absent when no row has the field.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use indexmap::IndexMap;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::{count_within, option_text};
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

use crate::mining::statistics;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let path_field = option_text(call, "attr", "");
        let size_field = option_text(call, "size", "totalCount");
        let separator = option_text(call, "sep", "::");
        if separator.is_empty() {
            return Err(Diagnostic::error("plan/argument", "`sep` of `folderize` can't be empty", call.span));
        }
        let least = count_within(call, "minfolders", 2, 1, u64::MAX)?;
        let most = count_within(call, "maxfolders", 20, 1, u64::MAX)?;
        if most < least {
            return Err(Diagnostic::error("plan/number", "`maxfolders` of `folderize` is less than `minfolders`", call.span));
        }
        let rows = statistics::rows(context, call, input).await?;
        let members: Vec<(String, f64)> = (0..rows.len())
            .filter_map(|row| {
                Some((rows.value(path_field, row).text()?.into_owned(), rows.value(size_field, row).number().unwrap_or(0.0)))
            })
            .collect();
        let mut table = Table::new(0);
        [path_field, size_field, "memberCount"].into_iter().for_each(|name| table.add_column(name));
        for (folder, members) in folders(&members, separator, least as usize, most as usize) {
            let distinct: BTreeSet<&str> = members.iter().map(|(path, _)| path.as_str()).collect();
            let path = match distinct.first() {
                Some(only) if distinct.len() == 1 => (*only).to_owned(),
                _ => format!("{folder}*"),
            };
            let row = table.add_row();
            table.set(row, path_field, Cell::Text(path));
            if rows.column(size_field).is_some() {
                table.set(row, size_field, whole_or_not(members.iter().map(|(_, size)| size).sum()));
            }
            table.set(row, "memberCount", Cell::Integer(i64::try_from(distinct.len()).unwrap_or(i64::MAX)));
        }
        table.frame(context)
    })
}

/// A sum as a whole number where it is one.
pub fn whole_or_not(number: f64) -> Cell {
    if number.fract() == 0.0 && number.abs() < 9e15 { Cell::Integer(number as i64) } else { Cell::Float(number) }
}

type Folders<'m> = IndexMap<String, Vec<&'m (String, f64)>>;

fn folders<'m>(members: &'m [(String, f64)], separator: &str, least: usize, most: usize) -> Folders<'m> {
    let deepest = members.iter().map(|(path, _)| path.matches(separator).count()).max().unwrap_or(0);
    let mut chosen = at_depth(members, separator, 1);
    for depth in 2..=deepest + 1 {
        if chosen.len() >= least {
            break;
        }
        let next = at_depth(members, separator, depth);
        if next.len() > most {
            break;
        }
        chosen = next;
    }
    chosen
}

/// Members by the start of their path up to the separator after so many parts; a leading separator is no part.
fn at_depth<'m>(members: &'m [(String, f64)], separator: &str, depth: usize) -> Folders<'m> {
    let mut folders: Folders<'m> = IndexMap::new();
    for member in members {
        let path = member.0.as_str();
        let skipped = if path.starts_with(separator) { separator.len() } else { 0 };
        let ends = path.match_indices(separator).map(|(at, _)| at + separator.len()).filter(|end| *end > skipped);
        let end = ends.take(depth).last().unwrap_or(path.len());
        // A path that is not deep enough is a folder of its own.
        let is_deep = path.get(skipped..).unwrap_or_default().matches(separator).count() >= depth;
        let folder = if is_deep { path.get(..end).unwrap_or(path) } else { path };
        folders.entry(folder.to_owned()).or_default().push(member);
    }
    folders
}
