//! Dates of three numbers: which of them is the day, the month and the year.

use std::collections::BTreeSet;

use super::{TimeReader, Triple, forms};

/// What comes first in a date of three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateOrder {
    /// `03/04/2024`, Splunk's first choice.
    Month,
    /// `04/03/2024`
    Day,
    /// `24/03/04`
    Year,
}

/// Lines that are looked at.
const LINES: usize = 500;

impl DateOrder {
    /// The order that the dates at the beginning of a file show by what they can't be and by what changes from line to
    /// line; none when they leave it open.
    pub(crate) fn of(text: &str, lookahead: usize) -> Option<Self> {
        let triples: Vec<Triple> = text.lines().take(LINES).filter_map(|line| triple(line, lookahead)).collect();
        let long = triples.first()?.long;
        let triples: Vec<&Triple> = triples.iter().filter(|triple| triple.long == long).collect();
        let firsts: BTreeSet<u32> = triples.iter().map(|triple| triple.first).collect();
        let thirds: BTreeSet<i64> = triples.iter().map(|triple| triple.third).collect();
        let above = |most: u32| firsts.iter().any(|first| *first > most);
        if triples.iter().any(|triple| triple.second > 12) {
            return Some(Self::Month);
        }
        if !above(12) {
            return None;
        }
        if long || thirds.iter().any(|third| *third > 31) {
            return Some(Self::Day);
        }
        if above(31) {
            return Some(Self::Year);
        }
        // Days change, years stay.
        match (firsts.len(), thirds.len()) {
            (1, 2..) => Some(Self::Year),
            (2.., 1) => Some(Self::Day),
            _ => None,
        }
    }
}

/// The first date of numbers in a line.
fn triple(line: &str, lookahead: usize) -> Option<Triple> {
    let bytes = &line.as_bytes()[..line.len().min(lookahead)];
    let begins = |at: &usize| bytes[*at].is_ascii_digit() && (*at == 0 || !bytes[*at - 1].is_ascii_alphanumeric());
    (0..bytes.len()).filter(begins).find_map(|at| forms::slashed_date(&bytes[at..]).and_then(|(parts, _)| parts.triple))
}

impl TimeReader {
    /// Year, month and day of three numbers. Without an order the month comes first where it can. Of two readings that are
    /// left for a year of two digits the later one counts that is not in the future.
    pub(super) fn date_of(&self, triple: &Triple) -> (i64, u32, u32) {
        let full = |year: i64| if year < 70 { 2000 + year } else { 1900 + year };
        let Triple { first, second, third, long, points } = *triple;
        let year = if long { third } else { full(third) };
        let by_day = (year, second, first);
        let by_month = (year, first, second);
        let by_year = (full(i64::from(first)), second, u32::try_from(third).unwrap_or(0));
        match self.order {
            Some(DateOrder::Day) if second <= 12 => return by_day,
            Some(DateOrder::Month) if first <= 12 => return by_month,
            Some(DateOrder::Year) if !long && second <= 12 => return by_year,
            _ => {}
        }
        if points {
            return by_day;
        }
        if first <= 12 {
            return by_month;
        }
        if long || !(1..=31).contains(&third) {
            return by_day;
        }
        let seconds = |(year, month, day): (i64, u32, u32)| super::days(year, month, day) as f64 * 86_400.0;
        let latest = if self.now > 0.0 { self.now + 2.0 * 86_400.0 } else { f64::INFINITY };
        if first > 31 || (seconds(by_year) <= latest && (seconds(by_day) > latest || seconds(by_year) >= seconds(by_day))) {
            by_year
        } else {
            by_day
        }
    }
}
