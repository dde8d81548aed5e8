//! Planning of `cluster`: rows with similar texts are of one group.
//!
//! Rows are taken in order. Each is compared with the first row of every group so far and joins the most similar one, the
//! older of equals, if their similarity is at least `t`; otherwise it starts a group of its own. Groups are numbered
//! from 1 in the order of their first rows.
//!
//! # Differences
//!
//! * Splunk does not document the measure. Here a text is a set of features, and two texts are as similar as the number of
//!   features that they share, divided by the square root of the product of their numbers (the cosine of the sets).
//!   Features are terms with their places (`termlist`), terms (`termset`) or runs of three characters (`ngramset`).
//! * A row without the field is in no group: it is left out, or has no label with `labelonly=true`.

use std::collections::HashMap;

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::{number, option_text};
use spl_plan::cells::cell::{Cell, array};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;

use crate::mining::statistics;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let threshold = number(call, "t", 0.8);
        if let Some(option) = call.option("t")
            && !(threshold > 0.0 && threshold < 1.0)
        {
            return Err(Diagnostic::error(
                "plan/number",
                "`t` of `cluster` is greater than 0 and less than 1",
                option.value.span,
            ));
        }
        let matching = match option_text(call, "match", "termlist").to_ascii_lowercase().as_str() {
            "termset" => Match::Terms,
            "ngramset" => Match::Runs,
            _ => Match::Places,
        };
        let delimiters = call.option("delims").map(|option| option.value.value.clone());
        let field = option_text(call, "field", "_raw");
        let label_only = call.flag("labelonly");
        let rows = statistics::rows(context, call, input).await?;
        let mut groups = Groups { threshold, ..Groups::default() };
        let mut features = Features { matching, delimiters, terms: HashMap::new() };
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut labels: Vec<Option<usize>> = Vec::with_capacity(rows.len());
        for row in 0..rows.len() {
            let label = rows.value(field, row).text().map(|text| match known.get(text.as_ref()) {
                Some(group) => groups.join(*group),
                None => {
                    let group = groups.place(features.of(&text), row);
                    known.insert(text.into_owned(), group);
                    group
                }
            });
            labels.push(label);
        }
        let whole = |number: usize| Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        let cells = |read: &dyn Fn(usize) -> usize| -> Vec<Cell> {
            labels.iter().map(|label| label.map_or(Cell::Null, |group| whole(read(group)))).collect()
        };
        let mut set = Vec::new();
        if call.flag("showcount") {
            let counts = cells(&|group| groups.sizes.get(group).copied().unwrap_or(0));
            set.push((option_text(call, "countfield", "cluster_count").to_owned(), array(&counts)));
        }
        set.push((option_text(call, "labelfield", "cluster_label").to_owned(), array(&cells(&|group| group + 1))));
        rows.with_columns(context, set, (!label_only).then_some(groups.first_rows.as_slice()))
    })
}

#[derive(Clone, Copy)]
enum Match {
    Places,
    Terms,
    Runs,
}

/// What makes up texts, as numbers.
struct Features {
    matching: Match,
    /// Characters between terms; without any all but ASCII letters, digits and `_`.
    delimiters: Option<String>,
    terms: HashMap<String, u64>,
}

impl Features {
    fn of(&mut self, text: &str) -> Vec<u64> {
        let mut features: Vec<u64> = match self.matching {
            Match::Runs => runs(text),
            Match::Places | Match::Terms => {
                let is_delimiter = |c: char| match &self.delimiters {
                    Some(delimiters) => delimiters.contains(c),
                    None => !(c.is_ascii_alphanumeric() || c == '_'),
                };
                let terms: Vec<&str> = text.split(is_delimiter).filter(|term| !term.is_empty()).collect();
                let with_places = matches!(self.matching, Match::Places);
                terms
                    .into_iter()
                    .enumerate()
                    .map(|(place, term)| {
                        let next = self.terms.len() as u64;
                        let number = match self.terms.get(term) {
                            Some(number) => *number,
                            None => *self.terms.entry(term.to_owned()).or_insert(next),
                        };
                        if with_places { ((place as u64) << 32) | (number & 0xffff_ffff) } else { number }
                    })
                    .collect()
            }
        };
        features.sort_unstable();
        features.dedup();
        features
    }
}

/// Runs of three characters; a shorter text is one run.
fn runs(text: &str) -> Vec<u64> {
    let characters: Vec<u64> = text.chars().map(|c| u64::from(u32::from(c))).collect();
    let run = |characters: &[u64]| characters.iter().fold(0, |run, c| (run << 21) | c);
    if characters.len() < 3 { vec![run(&characters)] } else { characters.windows(3).map(run).collect() }
}

#[derive(Default)]
struct Groups {
    threshold: f64,
    /// Rows of each group.
    sizes: Vec<usize>,
    /// The row that each group is compared by.
    first_rows: Vec<u32>,
    /// Features of that row, ascending.
    features: Vec<Vec<u64>>,
    /// The groups with a feature, ascending.
    with: HashMap<u64, Vec<u32>>,
    /// Groups whose first row has no feature at all.
    empty: Option<usize>,
}

impl Groups {
    fn join(&mut self, group: usize) -> usize {
        self.sizes[group] += 1;
        group
    }

    fn place(&mut self, features: Vec<u64>, row: usize) -> usize {
        if features.is_empty()
            && let Some(group) = self.empty
        {
            return self.join(group);
        }
        let best = self.most_similar(&features);
        if let Some(group) = best {
            return self.join(group);
        }
        let group = self.sizes.len();
        if features.is_empty() {
            self.empty = Some(group);
        }
        self.sizes.push(1);
        self.first_rows.push(u32::try_from(row).unwrap_or(u32::MAX));
        for feature in &features {
            self.with.entry(*feature).or_default().push(u32::try_from(group).unwrap_or(u32::MAX));
        }
        self.features.push(features);
        group
    }

    /// The group whose first row is most similar, the older of equals.
    ///
    /// Two texts of f and w features are similar enough only when they share at least threshold * sqrt(f * w) of them, and
    /// so at least threshold^2 * f, as they share no more than w. A group that holds none of the rarest features, as many
    /// as that leaves over, need not be looked at.
    fn most_similar(&self, features: &[u64]) -> Option<usize> {
        let width = features.len() as f64;
        let least_shared = (self.threshold * self.threshold * width - 1e-9).ceil().max(1.0) as usize;
        let holders = |feature: &u64| self.with.get(feature).map_or(&[][..], Vec::as_slice);
        let mut by_rarity: Vec<&[u32]> = features.iter().map(holders).collect();
        by_rarity.sort_by_key(|holders| holders.len());
        let mut candidates: Vec<u32> =
            by_rarity.into_iter().take((features.len() + 1).saturating_sub(least_shared)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let mut best: Option<(f64, usize)> = None;
        for group in candidates {
            let Some(other) = self.features.get(group as usize) else { continue };
            let similarity = shared(features, other) as f64 / (width * other.len() as f64).sqrt();
            if similarity >= self.threshold - 1e-12 && best.is_none_or(|(highest, _)| similarity > highest) {
                best = Some((similarity, group as usize));
            }
        }
        best.map(|(_, group)| group)
    }
}

/// How many numbers two ascending lists share.
fn shared(left: &[u64], right: &[u64]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        count += usize::from(a == b);
        i += usize::from(a <= b);
        j += usize::from(b <= a);
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_joins_the_most_similar_group() {
        for threshold in [0.3, 0.5, 0.7, 0.9] {
            let mut groups = Groups { threshold, ..Groups::default() };
            let mut state = 7_u64;
            let mut firsts: Vec<Vec<u64>> = Vec::new();
            for row in 0..300 {
                let mut features: Vec<u64> = Vec::new();
                for _ in 0..8 {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    features.push((state >> 40) % 14);
                }
                features.sort_unstable();
                features.dedup();
                let similarity =
                    |other: &Vec<u64>| shared(&features, other) as f64 / (features.len() as f64 * other.len() as f64).sqrt();
                let mut expected = firsts.len();
                let mut highest = threshold - 1e-12;
                for (group, first) in firsts.iter().enumerate() {
                    let similarity = similarity(first);
                    if similarity >= threshold - 1e-12 && (expected == firsts.len() || similarity > highest) {
                        (expected, highest) = (group, similarity);
                    }
                }
                assert_eq!(groups.place(features.clone(), row), expected);
                if expected == firsts.len() {
                    firsts.push(features);
                }
            }
        }
    }
}
