//! Planning of `bucketdir`: files become folders until there are at most `maxcount` rows.
//!
//! Again and again the folder with most files for its events is taken, and its files become one row with the sums of
//! `sizefield` and `countfield` (Splunk search reference, bucketdir).
//!
//! # Differences
//!
//! * Of folders with the same share the deeper one is taken, then the one that comes first by name. A folder is written
//!   with the separator at its end.
//! * `sep` is `/` unless it is given, on every system. Rows without a path are left out.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::{count_within, option_text};
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

use crate::mining::folderize::whole_or_not;
use crate::mining::statistics;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let path_field = option_text(call, "pathfield", "source");
        let size_field = option_text(call, "sizefield", "totalCount");
        let count_field = option_text(call, "countfield", "totalCount");
        let separator = option_text(call, "sep", "/");
        if separator.is_empty() {
            return Err(Diagnostic::error("plan/argument", "`sep` of `bucketdir` can't be empty", call.span));
        }
        let most = count_within(call, "maxcount", 20, 1, u64::MAX)? as usize;
        let rows = statistics::rows(context, call, input).await?;
        let mut entries: Vec<Entry> = (0..rows.len())
            .filter_map(|row| {
                Some(Entry {
                    path: rows.value(path_field, row).text()?.into_owned(),
                    files: 1,
                    size: rows.value(size_field, row).number().unwrap_or(0.0),
                    count: rows.value(count_field, row).number().unwrap_or(0.0),
                })
            })
            .collect();
        while entries.len() > most && roll_up(&mut entries, separator) {}
        let mut table = Table::new(entries.len());
        table.add_column(path_field);
        for (row, entry) in entries.into_iter().enumerate() {
            table.set(row, path_field, Cell::Text(entry.path));
            for (name, sum) in [(count_field, entry.count), (size_field, entry.size)] {
                if rows.column(name).is_some() {
                    table.set(row, name, whole_or_not(sum));
                }
            }
        }
        table.frame(context)
    })
}

struct Entry {
    path: String,
    files: usize,
    size: f64,
    count: f64,
}

/// The folder that a file or a folder is in, with the separator at its end; empty at the top.
fn parent<'p>(path: &'p str, separator: &str) -> &'p str {
    let path = path.strip_suffix(separator).unwrap_or(path);
    path.rfind(separator).map_or("", |at| path.get(..at + separator.len()).unwrap_or_default())
}

/// Makes one row of a folder; false when there is nothing left to do.
fn roll_up(entries: &mut Vec<Entry>, separator: &str) -> bool {
    let mut folders: BTreeMap<String, (usize, usize, f64)> = BTreeMap::new();
    for entry in entries.iter() {
        let folder = folders.entry(parent(&entry.path, separator).to_owned()).or_default();
        *folder = (folder.0 + 1, folder.1 + entry.files, folder.2 + entry.size);
    }
    // A folder with one row is worth taking only when no other is left: its row moves up.
    let several = folders.values().any(|(members, _, _)| *members > 1);
    let worth = |files: usize, size: f64| if size > 0.0 { files as f64 / size } else { f64::INFINITY };
    let depth = |path: &str| path.matches(separator).count();
    let best = folders
        .into_iter()
        .filter(|(path, (members, _, _))| *members > 1 || (!several && !path.is_empty()))
        .max_by(|(left, (_, a, a_size)), (right, (_, b, b_size))| {
            let by_worth = worth(*a, *a_size).total_cmp(&worth(*b, *b_size));
            by_worth.then_with(|| depth(left).cmp(&depth(right))).then_with(|| right.cmp(left))
        })
        .map(|(path, _)| path);
    let Some(folder) = best else { return false };
    let is_member = |entry: &Entry| parent(&entry.path, separator) == folder;
    let Some(place) = entries.iter().position(is_member) else { return false };
    let mut whole = Entry { path: folder.clone(), files: 0, size: 0.0, count: 0.0 };
    for entry in entries.iter().filter(|entry| is_member(entry)) {
        whole.files += entry.files;
        whole.size += entry.size;
        whole.count += entry.count;
    }
    if folder.is_empty() {
        whole.path = separator.to_owned();
    }
    let before: Vec<Entry> = std::mem::take(entries);
    let mut whole = Some(whole);
    for (index, entry) in before.into_iter().enumerate() {
        if index == place {
            entries.extend(whole.take());
        } else if parent(&entry.path, separator) != folder {
            entries.push(entry);
        }
    }
    true
}
