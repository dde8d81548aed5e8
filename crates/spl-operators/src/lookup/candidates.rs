//! Which rows of a lookup table can match a value by wildcards or as an address in a network, found without looking at
//! every row.

use std::collections::HashMap;
use std::net::IpAddr;

use aho_corasick::AhoCorasick;
use ipnet::IpNet;
use spl_functions::search::{SearchMatcher, SearchPattern};

/// The patterns of a column. Each distinct pattern is compiled once; the literal parts of all are looked for in a value at
/// the same time, and only patterns whose part occurs are tried.
#[derive(Debug)]
pub struct Wildcards {
    patterns: Vec<SearchMatcher>,
    /// The rows of each pattern, in file order.
    rows: Vec<Vec<usize>>,
    /// The pattern of each row.
    pattern_of: Vec<usize>,
    literals: Option<AhoCorasick>,
    /// The patterns of each literal part.
    by_literal: Vec<Vec<usize>>,
    /// Patterns without a literal part.
    always: Vec<usize>,
    case_sensitive: bool,
}

impl Wildcards {
    /// Indexes the cells of a column.
    pub fn new<'a>(cells: impl Iterator<Item = &'a str>, case_sensitive: bool) -> Self {
        let mut known: HashMap<&str, usize> = HashMap::new();
        let (mut patterns, mut rows, mut pattern_of) = (Vec::new(), Vec::<Vec<usize>>::new(), Vec::new());
        let mut literals: HashMap<String, usize> = HashMap::new();
        let (mut parts, mut by_literal, mut always) = (Vec::new(), Vec::<Vec<usize>>::new(), Vec::new());
        for (row, cell) in cells.enumerate() {
            let number = *known.entry(cell).or_insert_with(|| {
                let pattern = SearchPattern::new(cell);
                let pattern = if case_sensitive { pattern.with_case() } else { pattern };
                let number = patterns.len();
                // The longest part occurs in the fewest values.
                let longest = pattern.literal_parts().into_iter().max_by_key(String::len).filter(|part| !part.is_empty());
                match longest {
                    None => always.push(number),
                    Some(part) => {
                        let part = if case_sensitive { part } else { part.to_lowercase() };
                        let place = *literals.entry(part.clone()).or_insert_with(|| {
                            parts.push(part);
                            by_literal.push(Vec::new());
                            parts.len() - 1
                        });
                        by_literal[place].push(number);
                    }
                }
                patterns.push(pattern.matcher());
                rows.push(Vec::new());
                number
            });
            rows[number].push(row);
            pattern_of.push(number);
        }
        let literals = AhoCorasick::new(&parts).ok();
        if literals.is_none() {
            always = (0..patterns.len()).collect();
        }
        Self { patterns, rows, pattern_of, literals, by_literal, always, case_sensitive }
    }

    /// The rows whose pattern matches, in no order.
    pub fn rows(&self, value: &str, found: &mut Vec<usize>) {
        let mut tried: Vec<usize> = self.always.clone();
        if let Some(literals) = &self.literals {
            let folded;
            let text = if self.case_sensitive {
                value
            } else {
                folded = value.to_lowercase();
                &folded
            };
            let mut seen = vec![false; self.by_literal.len()];
            for part in literals.find_overlapping_iter(text) {
                if !std::mem::replace(&mut seen[part.pattern().as_usize()], true) {
                    tried.extend(&self.by_literal[part.pattern().as_usize()]);
                }
            }
        }
        let mut scratch = Vec::new();
        for number in tried {
            if self.patterns[number].matches_text(value, &mut scratch) {
                found.extend(&self.rows[number]);
            }
        }
    }

    /// Whether the pattern of one row matches.
    pub fn matches(&self, row: usize, value: &str) -> bool {
        let pattern = self.pattern_of.get(row).and_then(|number| self.patterns.get(*number));
        pattern.is_some_and(|pattern| pattern.matches_text(value, &mut Vec::new()))
    }
}

/// The networks of a column, by the length of their prefixes: a value is looked up once for each length there is.
#[derive(Debug, Default)]
pub struct Networks {
    lengths: Vec<(u8, bool, HashMap<u128, Vec<usize>>)>,
    /// Rows whose cell is no network, by the cell as it is compared.
    others: HashMap<String, Vec<usize>>,
}

impl Networks {
    /// Indexes the cells of a column.
    pub fn new<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        let mut indexed = Self::default();
        for (row, cell) in cells.enumerate() {
            match network(cell) {
                Some(network) => {
                    let (length, is_v6) = (network.prefix_len(), network.addr().is_ipv6());
                    let key = prefix(network.addr(), length);
                    let place = indexed.lengths.iter().position(|(known, v6, _)| (*known, *v6) == (length, is_v6));
                    let place = place.unwrap_or_else(|| {
                        indexed.lengths.push((length, is_v6, HashMap::new()));
                        indexed.lengths.len() - 1
                    });
                    indexed.lengths[place].2.entry(key).or_default().push(row);
                }
                None => indexed.others.entry(cell.to_lowercase()).or_default().push(row),
            }
        }
        indexed
    }

    /// The rows whose network holds the address, in no order.
    pub fn rows(&self, value: &str, found: &mut Vec<usize>) {
        if let Ok(address) = value.trim().parse::<IpAddr>() {
            for (length, is_v6, networks) in &self.lengths {
                if *is_v6 == address.is_ipv6() {
                    found.extend(networks.get(&prefix(address, *length)).into_iter().flatten());
                }
            }
        }
        found.extend(self.others.get(&value.to_lowercase()).into_iter().flatten());
    }
}

/// The network or the address of a cell.
fn network(cell: &str) -> Option<IpNet> {
    let cell = cell.trim();
    cell.parse::<IpNet>().ok().or_else(|| cell.parse::<IpAddr>().ok().map(IpNet::from))
}

/// The first bits of an address.
fn prefix(address: IpAddr, length: u8) -> u128 {
    let (bits, width) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    let dropped = u32::from(width - length.min(width));
    bits.checked_shr(dropped).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(find: impl FnOnce(&mut Vec<usize>)) -> Vec<usize> {
        let mut found = Vec::new();
        find(&mut found);
        found.sort_unstable();
        found
    }

    #[test]
    fn wildcards() {
        let cells = ["*.evil.com", "ev*", "*", "plain", "EV*", "*x*y*", "ev*"];
        let folded = Wildcards::new(cells.into_iter(), false);
        assert_eq!(sorted(|found| folded.rows("a.Evil.com", found)), [0, 2]);
        assert_eq!(sorted(|found| folded.rows("evx", found)), [1, 2, 4, 6]);
        assert_eq!(sorted(|found| folded.rows("PLAIN", found)), [2, 3]);
        assert_eq!(sorted(|found| folded.rows("axbyc", found)), [2, 5]);
        let exact = Wildcards::new(cells.into_iter(), true);
        assert_eq!(sorted(|found| exact.rows("EVx", found)), [2, 4]);
        assert!(exact.matches(4, "EVx") && !exact.matches(1, "EVx"));
    }

    #[test]
    fn networks() {
        let cells = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "2001:db8::/32", "word", "0.0.0.0/0"];
        let networks = Networks::new(cells.into_iter());
        assert_eq!(sorted(|found| networks.rows("10.1.2.3", found)), [0, 1, 2, 5]);
        assert_eq!(sorted(|found| networks.rows("10.9.2.3", found)), [0, 5]);
        assert_eq!(sorted(|found| networks.rows("2001:db8::1", found)), [3]);
        assert_eq!(sorted(|found| networks.rows("WORD", found)), [4]);
        assert_eq!(sorted(|found| networks.rows("", found)), Vec::<usize>::new());
    }
}
