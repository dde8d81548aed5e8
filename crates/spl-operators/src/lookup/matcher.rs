//! Finding the rows of a lookup table that match values: for the command, automatic lookups and data models.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use spl_functions::column::Column;
use spl_functions::time::strptime;
use spl_knowledge::lookup::MatchType;
use spl_knowledge::{LookupDefinition, LookupTable};
use spl_parser::Diagnostic;

use crate::held::{MOST_REMEMBERED, text_size};
use crate::lookup::candidates::{Networks, Wildcards};
use crate::lookup::form::{MatchTypeForm, TableForm, fingerprint};

/// Most values of a multivalue field that are looked up.
const MOST_VALUES: usize = 100;
/// Most combinations of values of several multivalue fields.
const MOST_COMBINATIONS: usize = 1_000;

/// A table indexed by the fields that match exactly.
#[derive(Debug)]
pub struct Matcher {
    /// The table.
    pub table: Arc<LookupTable>,
    /// Columns that are compared, with how.
    inputs: Vec<(usize, MatchType)>,
    case_sensitive: bool,
    max_matches: usize,
    exact: Vec<usize>,
    index: HashMap<Vec<String>, Vec<usize>>,
    /// For each column that is compared in another way, what finds rows in it; made when it is first needed.
    candidates: Vec<OnceLock<Candidates>>,
    times: Option<EntryTimes>,
    /// Of the table; see [`Self::is_same`].
    fingerprint: u64,
}

/// What finds rows by one column.
#[derive(Debug)]
enum Candidates {
    Wildcards(Wildcards),
    Networks(Networks),
}

/// Up to so many rows that have the exact values, each is looked at.
const FEW_ROWS: usize = 4;

/// The times of a table's rows, for lookups by time: a row matches events that are not too far behind it.
///
/// Source: Splunk admin manual, transforms.conf, `time_field`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntryTimes {
    /// Epoch seconds by row; a time that can't be read matches nothing.
    entries: Vec<Option<f64>>,
    least: f64,
    most: f64,
}

impl EntryTimes {
    /// The times of a definition's table; none when it is no lookup by time.
    pub fn of(definition: &LookupDefinition, table: &LookupTable, zone: Tz) -> Result<Option<Self>, Diagnostic> {
        let Some(field) = &definition.time_field else { return Ok(None) };
        let place = table.column(field)?;
        let format = definition.time_format.as_str();
        let seconds_only = matches!(format, "%s.%Q" | "%s");
        let read = |text: &str| {
            let number = if seconds_only { spl_functions::value::parse_number(text) } else { None };
            number.or_else(|| strptime(text, format, zone))
        };
        let entries = table.rows.iter().map(|row| row.get(place).and_then(|text| read(text.trim()))).collect();
        Ok(Some(Self { entries, least: definition.min_offset_seconds as f64, most: definition.max_offset_seconds as f64 }))
    }
}

/// Rows found for values seen before. They are forgotten when they take too much memory, as they can be found again.
#[derive(Default)]
pub struct Found {
    rows: HashMap<Vec<String>, Arc<Vec<usize>>>,
    size: usize,
}

impl Found {
    /// Nothing found yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of the values and the rows.
    pub fn size(&self) -> usize {
        self.size
    }

    fn remember(&mut self, values: Vec<String>, rows: Arc<Vec<usize>>) {
        if self.size > MOST_REMEMBERED {
            *self = Self::default();
        }
        self.size += values.iter().map(|text| text_size(text)).sum::<usize>();
        self.size += size_of::<(Vec<String>, Arc<Vec<usize>>)>() + rows.capacity() * size_of::<usize>();
        self.rows.insert(values, rows);
    }
}

/// A matcher as a value.
#[derive(Serialize, Deserialize)]
pub struct MatcherForm {
    table: TableForm,
    inputs: Vec<InputForm>,
    case_sensitive: bool,
    max_matches: usize,
    times: Option<EntryTimes>,
}

#[derive(Serialize, Deserialize)]
struct InputForm {
    column: usize,
    #[serde(with = "MatchTypeForm")]
    kind: MatchType,
}

impl Matcher {
    /// As a value.
    pub fn form(&self) -> MatcherForm {
        MatcherForm {
            table: TableForm::of(&self.table),
            inputs: self.inputs.iter().map(|(column, kind)| InputForm { column: *column, kind: *kind }).collect(),
            case_sensitive: self.case_sensitive,
            max_matches: self.max_matches,
            times: self.times.clone(),
        }
    }

    /// The matcher of a value.
    pub fn of(form: MatcherForm) -> Self {
        let inputs = form.inputs.into_iter().map(|input| (input.column, input.kind)).collect();
        Self::new(Arc::new(form.table.table()), inputs, form.case_sensitive, form.max_matches).by_time(form.times)
    }

    /// Indexes a table.
    pub fn new(table: Arc<LookupTable>, inputs: Vec<(usize, MatchType)>, case_sensitive: bool, max_matches: usize) -> Self {
        let exact: Vec<usize> = (0..inputs.len()).filter(|place| inputs[*place].1 == MatchType::Exact).collect();
        let fold = |text: &str| if case_sensitive { text.to_owned() } else { text.to_lowercase() };
        let mut index: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        for (row, cells) in table.rows.iter().enumerate() {
            let key = exact.iter().map(|place| fold(cells.get(inputs[*place].0).map_or("", String::as_str))).collect();
            index.entry(key).or_default().push(row);
        }
        let fingerprint = fingerprint(&table);
        let candidates = inputs.iter().map(|_| OnceLock::new()).collect();
        Self {
            table,
            inputs,
            case_sensitive,
            max_matches: max_matches.max(1),
            exact,
            index,
            candidates,
            times: None,
            fingerprint,
        }
    }

    /// The same, as a lookup by time when there are times.
    pub fn by_time(mut self, times: Option<EntryTimes>) -> Self {
        self.times = times;
        self
    }

    /// A number that is the same for matchers of the same table, and hardly for others.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Whether another matcher finds the same rows of the same table.
    pub fn is_same(&self, other: &Self) -> bool {
        let table = |matcher: &Self| (matcher.fingerprint, matcher.table.rows.len());
        table(self) == table(other)
            && (&self.inputs, self.case_sensitive, self.max_matches, &self.times)
                == (&other.inputs, other.case_sensitive, other.max_matches, &other.times)
    }

    /// Whether matches depend on the time of the event.
    pub fn is_by_time(&self) -> bool {
        self.times.is_some()
    }

    /// The most recent of these rows that an event at this time may match.
    fn in_time(&self, times: &EntryTimes, rows: Vec<usize>, time: Option<f64>) -> Vec<usize> {
        let Some(time) = time else { return Vec::new() };
        let mut timed: Vec<(f64, usize)> = rows
            .into_iter()
            .filter_map(|row| Some((times.entries.get(row).copied().flatten()?, row)))
            .filter(|(entry, _)| (times.least..=times.most).contains(&(time - entry)))
            .collect();
        timed.sort_by(|(left, _), (right, _)| right.total_cmp(left));
        timed.truncate(self.max_matches);
        timed.into_iter().map(|(_, row)| row).collect()
    }

    /// The rows that match the values of a row, at most `max_matches`; none when a value is absent. A multivalue field
    /// matches with any of its values, the first that does. `time` is that of the event, for lookups by time.
    pub fn find(&self, inputs: &[Column], row: usize, time: Option<f64>, known: &mut Found) -> Option<Vec<usize>> {
        let mut candidates: Vec<Vec<String>> = vec![Vec::new()];
        for input in inputs {
            let values = input.value(row).each_text();
            let mut longer = Vec::new();
            'combine: for candidate in &candidates {
                for value in values.iter().take(MOST_VALUES) {
                    if longer.len() == MOST_COMBINATIONS {
                        break 'combine;
                    }
                    let mut next = candidate.clone();
                    next.push(value.to_string());
                    longer.push(next);
                }
            }
            candidates = longer;
        }
        if candidates.is_empty() {
            return None;
        }
        // Rows of one candidate are different ones.
        let single = candidates.len() == 1;
        let mut found: Vec<usize> = Vec::new();
        for candidate in candidates {
            for row in self.rows_for(candidate, known).iter() {
                if found.len() < self.most() && (single || !found.contains(row)) {
                    found.push(*row);
                }
            }
        }
        Some(match &self.times {
            Some(times) => self.in_time(times, found, time),
            None => found,
        })
    }

    /// How many rows are looked for before their times are.
    fn most(&self) -> usize {
        if self.times.is_some() { usize::MAX } else { self.max_matches }
    }

    /// The values of a column in these rows; empty cells are no values.
    pub fn values<'a>(&'a self, rows: &'a [usize], column: usize) -> impl Iterator<Item = &'a str> {
        rows.iter().filter_map(move |row| self.table.rows[*row].get(column)).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn cell(&self, row: usize, column: usize) -> &str {
        self.table.rows.get(row).and_then(|cells| cells.get(column)).map_or("", String::as_str)
    }

    fn candidates(&self, place: usize) -> Option<&Candidates> {
        let (column, kind) = *self.inputs.get(place)?;
        let cells = || (0..self.table.rows.len()).map(|row| self.cell(row, column));
        let made = self.candidates.get(place)?.get_or_init(|| match kind {
            MatchType::Cidr => Candidates::Networks(Networks::new(cells())),
            _ => Candidates::Wildcards(Wildcards::new(cells(), self.case_sensitive)),
        });
        Some(made)
    }

    /// Of rows that have the exact values, in order, those whose other columns match.
    fn matching(&self, equal: &[usize], values: &[String]) -> Vec<usize> {
        let others: Vec<usize> = (0..self.inputs.len()).filter(|place| !self.exact.contains(place)).collect();
        let mut rows = equal.to_vec();
        for place in others {
            let (Some(value), Some(candidates)) = (values.get(place), self.candidates(place)) else { continue };
            match candidates {
                Candidates::Wildcards(wildcards) if rows.len() <= FEW_ROWS => rows.retain(|row| wildcards.matches(*row, value)),
                candidates => {
                    let mut found = Vec::new();
                    match candidates {
                        Candidates::Wildcards(wildcards) => wildcards.rows(value, &mut found),
                        Candidates::Networks(networks) => networks.rows(value, &mut found),
                    }
                    found.sort_unstable();
                    if rows.len() < self.table.rows.len() {
                        found.retain(|row| rows.binary_search(row).is_ok());
                    }
                    rows = found;
                }
            }
        }
        rows
    }

    fn rows_for(&self, values: Vec<String>, known: &mut Found) -> Arc<Vec<usize>> {
        if let Some(found) = known.rows.get(&values) {
            return found.clone();
        }
        let fold = |text: &str| if self.case_sensitive { text.to_owned() } else { text.to_lowercase() };
        let key: Vec<String> = self.exact.iter().map(|place| fold(&values[*place])).collect();
        let equal = self.index.get(&key).map(Vec::as_slice).unwrap_or_default();
        let mut rows = if self.exact.len() == self.inputs.len() { equal.to_vec() } else { self.matching(equal, &values) };
        rows.truncate(self.most());
        let rows = Arc::new(rows);
        known.remember(values, rows.clone());
        rows
    }
}
