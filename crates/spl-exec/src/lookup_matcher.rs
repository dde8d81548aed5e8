//! Finding the rows of a lookup table that match values: for the command, automatic lookups and data models.

use std::collections::HashMap;
use std::sync::Arc;

use spl_functions::column::Column;
use spl_functions::search::SearchPattern;
use spl_knowledge::LookupTable;
use spl_knowledge::lookup::MatchType;

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
}

/// Rows found for values seen before.
pub type Found = HashMap<Vec<String>, Arc<Vec<usize>>>;

impl Matcher {
    /// Indexes a table.
    pub fn new(table: Arc<LookupTable>, inputs: Vec<(usize, MatchType)>, case_sensitive: bool, max_matches: usize) -> Self {
        let exact: Vec<usize> = (0..inputs.len()).filter(|place| inputs[*place].1 == MatchType::Exact).collect();
        let fold = |text: &str| if case_sensitive { text.to_owned() } else { text.to_lowercase() };
        let mut index: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        for (row, cells) in table.rows.iter().enumerate() {
            let key = exact.iter().map(|place| fold(cells.get(inputs[*place].0).map_or("", String::as_str))).collect();
            index.entry(key).or_default().push(row);
        }
        Self { table, inputs, case_sensitive, max_matches: max_matches.max(1), exact, index }
    }

    /// The rows that match the values of a row, at most `max_matches`; none when a value is absent. A multivalue field
    /// matches with any of its values, the first that does.
    pub fn find(&self, inputs: &[Column], row: usize, known: &mut Found) -> Option<Vec<usize>> {
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
        let mut found: Vec<usize> = Vec::new();
        for candidate in candidates {
            for row in self.rows_for(candidate, known).iter() {
                if found.len() < self.max_matches && !found.contains(row) {
                    found.push(*row);
                }
            }
        }
        Some(found)
    }

    /// The values of a column in these rows; empty cells are no values.
    pub fn values<'a>(&'a self, rows: &'a [usize], column: usize) -> impl Iterator<Item = &'a str> {
        rows.iter().filter_map(move |row| self.table.rows[*row].get(column)).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn rows_for(&self, values: Vec<String>, known: &mut Found) -> Arc<Vec<usize>> {
        if let Some(found) = known.get(&values) {
            return found.clone();
        }
        let fold = |text: &str| if self.case_sensitive { text.to_owned() } else { text.to_lowercase() };
        let key: Vec<String> = self.exact.iter().map(|place| fold(&values[*place])).collect();
        let mut rows = Vec::new();
        for row in self.index.get(&key).map(Vec::as_slice).unwrap_or_default() {
            let matches = self.inputs.iter().zip(&values).all(|((column, kind), value)| {
                let cell = self.table.rows[*row].get(*column).map_or("", String::as_str);
                match kind {
                    MatchType::Exact => true,
                    MatchType::Wildcard => {
                        let pattern = SearchPattern::new(cell);
                        let pattern = if self.case_sensitive { pattern.with_case() } else { pattern };
                        pattern.matcher().matches(value)
                    }
                    MatchType::Cidr => SearchPattern::literal(cell).matcher().matches(value),
                }
            });
            if matches {
                rows.push(*row);
                if rows.len() >= self.max_matches {
                    break;
                }
            }
        }
        let rows = Arc::new(rows);
        known.insert(values, rows.clone());
        rows
    }
}
