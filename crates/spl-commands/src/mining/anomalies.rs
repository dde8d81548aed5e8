//! Planning of `anomalies`: how unexpected each row's text is after the texts before it.
//!
//! unexpectedness = [s(P and X) - s(P)] / [s(P) + s(X)], where X is the row and P the rows before it, at most
//! `maxvalues` of them (Splunk search reference, anomalies).
//!
//! # Differences
//!
//! * Splunk does not document s(). Here it is the number of distinct runs of three characters in a set of texts, so that a
//!   text that was there before adds nothing and one that has nothing in common with P adds all of itself.
//! * A row without the field is not unexpected: its score is 0, and it is not compared.
//! * `denylist` names a lookup table. A row is as expected as the table says when the formula, with a row of the table as
//!   P, gives at most `denylistthreshold`.

use std::collections::{HashMap, HashSet, VecDeque};

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::arguments::{count_within, expand, number, option_text};
use spl_plan::cells::cell::{Cell, array};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;

use crate::mining::statistics;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let field = option_text(call, "field", "_raw");
        let digits_alike = call.flag("normalize");
        let most = count_within(call, "maxvalues", 100, 10, 10_000)? as usize;
        let denied = denied(context, call, field, digits_alike)?;
        let near = number(
            call,
            if call.option("denylistthreshold").is_some() { "denylistthreshold" } else { "blacklistthreshold" },
            0.05,
        );
        let frame =
            input.frame.as_ref().ok_or_else(|| Diagnostic::error("plan/no-input", "`anomalies` needs rows", call.span))?;
        let by: Vec<String> = call
            .by_fields()
            .iter()
            .filter_map(Argument::as_field)
            .flat_map(|field| {
                if field.has_wildcard() {
                    expand(frame, field).into_iter().map(|found| found.name).collect()
                } else {
                    vec![field.name.clone()]
                }
            })
            .collect();
        let rows = statistics::rows(context, call, input).await?;
        let mut windows: HashMap<Vec<Option<String>>, Window> = HashMap::new();
        let mut scores = Vec::with_capacity(rows.len());
        for row in 0..rows.len() {
            let Some(text) = rows.value(field, row).text() else {
                scores.push(0.0);
                continue;
            };
            let grams = grams(&text, digits_alike);
            let key: Vec<Option<String>> =
                by.iter().map(|name| rows.value(name, row).text().map(|text| text.into_owned())).collect();
            let window = windows.entry(key).or_insert_with(|| Window::new(most));
            let score = window.unexpectedness(&grams);
            let expected =
                denied.iter().any(|denied| unexpectedness(grams.difference(denied).count(), denied.len(), grams.len()) <= near);
            scores.push(if expected { 0.0 } else { score });
            window.take(grams);
        }
        let threshold = number(call, "threshold", 0.01);
        let kept: Vec<u32> =
            (0..rows.len() as u32).filter(|row| scores.get(*row as usize).is_some_and(|score| *score > threshold)).collect();
        let cells: Vec<Cell> = scores.iter().map(|score| Cell::Float(*score)).collect();
        let set = vec![("unexpectedness".to_owned(), array(&cells))];
        rows.with_columns(context, set, (!call.flag("labelonly")).then_some(kept.as_slice()))
    })
}

type Gram = [char; 3];

/// The runs of three characters of a text; a shorter text is one, filled up.
fn grams(text: &str, digits_alike: bool) -> HashSet<Gram> {
    let mut characters: Vec<char> =
        text.chars().map(|character| if digits_alike && character.is_ascii_digit() { '0' } else { character }).collect();
    if characters.is_empty() {
        return HashSet::new();
    }
    while characters.len() < 3 {
        characters.push('\0');
    }
    characters.windows(3).filter_map(|window| Gram::try_from(window).ok()).collect()
}

fn unexpectedness(added: usize, before: usize, own: usize) -> f64 {
    if before + own == 0 { 0.0 } else { added as f64 / (before + own) as f64 }
}

/// The last texts of a group, with the number of texts that hold each run of characters.
struct Window {
    most: usize,
    texts: VecDeque<HashSet<Gram>>,
    counts: HashMap<Gram, usize>,
}

impl Window {
    fn new(most: usize) -> Self {
        Self { most, texts: VecDeque::new(), counts: HashMap::new() }
    }

    fn unexpectedness(&self, grams: &HashSet<Gram>) -> f64 {
        let added = grams.iter().filter(|gram| !self.counts.contains_key(*gram)).count();
        unexpectedness(added, self.counts.len(), grams.len())
    }

    fn take(&mut self, grams: HashSet<Gram>) {
        for gram in &grams {
            *self.counts.entry(*gram).or_default() += 1;
        }
        self.texts.push_back(grams);
        if self.texts.len() <= self.most {
            return;
        }
        for gram in self.texts.pop_front().into_iter().flatten() {
            if let Some(count) = self.counts.get_mut(&gram) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&gram);
                }
            }
        }
    }
}

/// The texts that are expected.
fn denied(context: &PlanContext, call: &CommandCall, field: &str, digits_alike: bool) -> Result<Vec<HashSet<Gram>>, Diagnostic> {
    if let (Some(_), Some(second)) = (call.option("denylist"), call.option("blacklist")) {
        return Err(Diagnostic::error("plan/option", "`denylist` and `blacklist` are the same option", second.name.span));
    }
    let Some(option) = call.option("denylist").or_else(|| call.option("blacklist")) else {
        return Ok(Vec::new());
    };
    let name = &option.value;
    let file = format!("{}.csv", name.value);
    let definition = context
        .lookup(&name.value)
        .or_else(|error| context.lookup(&file).map_err(|_| error))
        .map_err(|error| error.at(name.span))?;
    let table = context.lookup_table(&definition).map_err(|error| error.at(name.span))?;
    let Some(place) = table.header.iter().position(|header| header == field) else {
        let message = format!("the table `{}` has no field `{field}`", name.value);
        return Err(Diagnostic::error("plan/lookup-field", message, name.span));
    };
    Ok(table.rows.iter().filter_map(|row| row.get(place)).map(|text| grams(text, digits_alike)).collect())
}
