//! Planning of `findtypes` and `typelearner`: searches that could become event types.
//!
//! Events are put in groups that look alike; a group's search names what all of its events have in common and few others.
//!
//! # Differences
//!
//! * Splunk does not document how it finds event types, nor the columns. Here `findtypes` groups at most 5000 events by
//!   sourcetype and the first 15 characters of `punct`, `typelearner` all events by its field. The search has the
//!   sourcetype and up to three terms that all events of the group hold, those first that the fewest other events hold.
//!   `useraw` adds the longest run of words that all events of the group hold, as a phrase. `notcovered` looks only at
//!   events without `eventtype`.
//! * The columns are `search`, `count` and `percent` (of the events looked at); the largest groups come first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::BoxFuture;
use spl_functions::scalar::default_fields::write_punct;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::arguments::{count_within, number};
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::sort_keys;
use spl_plan::rows::table::Table;

use crate::mining::statistics;

/// Events that `findtypes` looks at (Splunk search reference, findtypes).
const MOST_EVENTS: u64 = 5000;
/// Characters of `punct` that tell groups apart.
const PUNCT_LENGTH: usize = 15;
/// Terms of a search at most.
const MOST_TERMS: usize = 3;

/// Plans `findtypes`.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let most = count_within(call, "max", 10, 1, u64::MAX)? as usize;
        let has = |word: &str| {
            call.arguments.iter().any(|argument| matches!(argument, Argument::Text { text, .. } if text.value == word))
        };
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`findtypes` needs events", call.span))?;
        let rows = Rows::of(context, sort_keys::first_rows(frame, MOST_EVENTS)?).await?;
        let considered = (0..rows.len()).filter(|row| !has("notcovered") || rows.value("eventtype", *row).is_null());
        let groups = groups(considered, |row| {
            let sourcetype = rows.value("sourcetype", row).text().unwrap_or_default().into_owned();
            Some((sourcetype, punct(&rows, row).chars().take(PUNCT_LENGTH).collect()))
        });
        let mut found = searches(&rows, &groups, has("useraw"));
        found.truncate(most);
        table(&found, groups.values().map(Vec::len).sum()).frame(context)
    })
}

/// Plans `typelearner`.
pub fn plan_typelearner<'a>(
    context: &'a PlanContext,
    call: &'a CommandCall,
    input: Input,
) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let length = number(call, "maxlen", 15.0);
        let field = call.fields().next().map_or("punct", |field| field.name.as_str());
        let rows = statistics::rows(context, call, input).await?;
        let groups = groups(0..rows.len(), |row| {
            let text = if field == "punct" { punct(&rows, row) } else { rows.value(field, row).text()?.into_owned() };
            Some((String::new(), if length < 0.0 { text } else { text.chars().take(length as usize).collect() }))
        });
        table(&searches(&rows, &groups, false), groups.values().map(Vec::len).sum()).frame(context)
    })
}

type Key = (String, String);

fn groups(rows: impl Iterator<Item = usize>, key: impl Fn(usize) -> Option<Key>) -> BTreeMap<Key, Vec<usize>> {
    let mut groups: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for row in rows {
        if let Some(key) = key(row) {
            groups.entry(key).or_default().push(row);
        }
    }
    groups
}

/// The field `punct`, or what it would be: the first 30 marks of the first line, blanks as `_` and tabs as `t`.
fn punct(rows: &Rows, row: usize) -> String {
    if let Some(punct) = rows.value("punct", row).text() {
        return punct.into_owned();
    }
    let mut marks = String::new();
    write_punct(&rows.value("_raw", row).text().unwrap_or_default(), &mut marks);
    marks
}

/// The terms of an event that a search could name: words of at least three letters, lower-case.
fn words(raw: &str) -> Vec<String> {
    raw.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|term| {
            term.chars().count() >= 3 && term.chars().any(char::is_alphabetic) && !term.chars().any(|c| c.is_ascii_digit())
        })
        .map(str::to_lowercase)
        .collect()
}

/// Searches with the number of events of their groups; groups with the same search are one.
fn searches(rows: &Rows, groups: &BTreeMap<Key, Vec<usize>>, phrases: bool) -> Vec<(String, usize)> {
    let mut holders: HashMap<String, usize> = HashMap::new();
    let mut terms: HashMap<usize, BTreeSet<String>> = HashMap::new();
    for row in groups.values().flatten() {
        let own: BTreeSet<String> = words(&rows.value("_raw", *row).text().unwrap_or_default()).into_iter().collect();
        own.iter().for_each(|term| *holders.entry(term.clone()).or_default() += 1);
        terms.insert(*row, own);
    }
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for ((sourcetype, _), members) in groups {
        let mut common: Option<BTreeSet<String>> = None;
        for own in members.iter().filter_map(|row| terms.get(row)) {
            common = Some(match common {
                None => own.clone(),
                Some(common) => common.intersection(own).cloned().collect(),
            });
        }
        let mut common: Vec<String> = common.unwrap_or_default().into_iter().collect();
        common.sort_by_key(|term| (holders.get(term).copied().unwrap_or(0), term.clone()));
        common.truncate(MOST_TERMS);
        let mut parts: Vec<String> = Vec::new();
        if !sourcetype.is_empty() {
            parts.push(format!("sourcetype=\"{}\"", sourcetype.replace('"', "\\\"")));
        }
        parts.extend(common);
        if phrases && let Some(phrase) = phrase(rows, members) {
            parts.push(format!("\"{phrase}\""));
        }
        if !parts.is_empty() {
            *found.entry(parts.join(" ")).or_default() += members.len();
        }
    }
    let mut found: Vec<(String, usize)> = found.into_iter().collect();
    found.sort_by(|(left, a), (right, b)| b.cmp(a).then_with(|| left.cmp(right)));
    found
}

/// The longest run of words, at least two with single blanks between them, that all events hold.
fn phrase(rows: &Rows, members: &[usize]) -> Option<String> {
    let texts: Vec<String> = members.iter().filter_map(|row| Some(rows.value("_raw", *row).text()?.into_owned())).collect();
    let first = texts.first()?;
    let is_word = |word: &str| !word.is_empty() && word.chars().all(char::is_alphabetic);
    let pieces: Vec<&str> = first.split(' ').collect();
    let mut best: Option<String> = None;
    for start in 0..pieces.len() {
        for end in start + 2..=pieces.len() {
            let run = pieces.get(start..end)?;
            if !run.iter().all(|word| is_word(word)) {
                break;
            }
            let text = run.join(" ");
            if !texts.iter().all(|other| other.contains(&text)) {
                break;
            }
            if best.as_ref().is_none_or(|best| text.len() > best.len()) {
                best = Some(text);
            }
        }
    }
    best
}

fn table(found: &[(String, usize)], events: usize) -> Table {
    let mut table = Table::new(found.len());
    ["search", "count", "percent"].into_iter().for_each(|name| table.add_column(name));
    for (row, (search, count)) in found.iter().enumerate() {
        table.set(row, "search", Cell::Text(search.clone()));
        table.set(row, "count", Cell::Integer(i64::try_from(*count).unwrap_or(i64::MAX)));
        table.set(row, "percent", Cell::Float(100.0 * *count as f64 / events.max(1) as f64));
    }
    table
}
