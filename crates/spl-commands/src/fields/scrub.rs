//! Planning of `scrub`: what identifies persons and machines is replaced by inventions of the same length.
//!
//! Each term (a run of letters and digits) that is no common word is replaced, the same term always by the same invention,
//! with capitals where they were. All fields are scrubbed but those that start with `_` other than `_raw`, those that
//! start with `date_`, and `eventtype`, `linecount`, `punct`, `sourcetype`, `timeendpos` and `timestartpos` (Splunk
//! search reference, scrub).
//!
//! # Differences
//!
//! * Splunk's dictionaries are not public. The words that stay are those in `scrub/words.txt`: common English, words of
//!   logs, months and days. Files of terms are not read, which a warning says.
//! * Parts of IP addresses and numbers of six digits or more are replaced digit by digit; shorter numbers, fractions of
//!   seconds and the `T` and `Z` of timestamps stay.
//! * Inventions follow from the term alone, so that scrubbed events of two runs fit together. Who can guess a term can
//!   check the guess: the result is for showing, not a protection against an adversary.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, ArrayRef};
use futures::future::BoxFuture;
use spl_functions::column::{ColumnBuilder, ValueType};
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::collected::Rows;

const WORDS: &str = include_str!("scrub/words.txt");
const UNTOUCHED: [&str; 6] = ["eventtype", "linecount", "punct", "sourcetype", "timeendpos", "timestartpos"];

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        for option in call.options.iter().filter(|option| option.name.value.ends_with("-terms")) {
            let message = format!("the file of `{}` is not read: `scrub` has a dictionary of its own", option.name.value);
            context.warn(Diagnostic::warning("plan/terms-not-read", message, Some(option.name.span.to(option.value.span))));
        }
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`scrub` needs rows", call.span))?;
        let most = context.limits().get("searchresults_maxresultrows");
        let rows = Rows::of(context, context.limited(frame, "searchresults_maxresultrows", most, call.span).await?).await?;
        let mut scrubber = Scrubber { words: WORDS.split_whitespace().collect(), texts: HashMap::new() };
        let names: Vec<String> =
            rows.fields().map(|(name, _)| name).filter(|name| is_scrubbed(name)).map(str::to_owned).collect();
        let set =
            names.into_iter().filter_map(|name| Some((scrubber.column(&rows, &name)?, name))).map(|(array, name)| (name, array));
        rows.with_columns(context, set.collect(), None)
    })
}

fn is_scrubbed(name: &str) -> bool {
    name == "_raw" || !(name.starts_with('_') || name.starts_with("date_") || UNTOUCHED.contains(&name))
}

struct Scrubber {
    words: HashSet<&'static str>,
    texts: HashMap<String, String>,
}

impl Scrubber {
    /// A field's scrubbed values; none when they are the same as before.
    fn column(&mut self, rows: &Rows, name: &str) -> Option<ArrayRef> {
        let column = rows.column(name)?;
        let place = rows.schema.index_of(name).ok()?;
        let several = ValueType::of(rows.batch.column(place).data_type()) == ValueType::Multivalue;
        let mut built = ColumnBuilder::new(if several { ValueType::Multivalue } else { ValueType::Text }, rows.len());
        let mut changed = false;
        for row in 0..rows.len() {
            let texts = column.value(row).each_text();
            let scrubbed: Vec<String> = texts.iter().map(|text| self.text(text)).collect();
            changed |= texts.iter().zip(&scrubbed).any(|(before, after)| before != after);
            match scrubbed.as_slice() {
                [] => built.append_null(),
                [only] if !several => built.append_text(only),
                all => built.append_values(all),
            }
        }
        changed.then(|| built.finish())
    }

    fn text(&mut self, text: &str) -> String {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let scrubbed = self.scrubbed(text);
        self.texts.insert(text.to_owned(), scrubbed.clone());
        scrubbed
    }

    fn scrubbed(&self, text: &str) -> String {
        let mut written = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let start = rest.find(char::is_alphanumeric).unwrap_or(rest.len());
            let (between, from_term) = rest.split_at(start);
            written.push_str(between);
            let end = from_term.find(|c: char| !c.is_alphanumeric()).unwrap_or(from_term.len());
            let (mut term, mut after) = from_term.split_at(end);
            if let Some(address) = address_length(from_term).filter(|_| !written.ends_with('.')) {
                (term, after) = from_term.split_at(address);
                let parts: Vec<String> = term.split('.').map(part_of_address).collect();
                written.push_str(&parts.join("."));
            } else if self.stays(term, &written) {
                written.push_str(term);
            } else {
                written.push_str(&invention(term));
            }
            rest = after;
        }
        written
    }

    fn stays(&self, term: &str, before: &str) -> bool {
        let is_digit = |c: char| c.is_ascii_digit();
        let fraction = || before.strip_suffix('.').is_some_and(|before| before.ends_with(is_digit));
        if term.chars().all(is_digit) {
            return term.len() < 6 || (term.len() <= 9 && fraction());
        }
        let time = term.split('T').collect::<Vec<_>>();
        let clock = |part: &str| !part.is_empty() && part.len() <= 9 && part.chars().all(is_digit);
        if matches!(time.as_slice(), [day, hour] if clock(day) && clock(hour)) || term.strip_suffix('Z').is_some_and(clock) {
            return true;
        }
        term.chars().count() <= 2 && term.chars().all(char::is_alphabetic) || self.words.contains(term.to_lowercase().as_str())
    }
}

/// The length of the IPv4 address that a text starts with.
fn address_length(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    if text.get(end..).is_some_and(|after| after.starts_with(|c: char| c.is_alphanumeric())) {
        return None;
    }
    let address = text.get(..end)?.trim_end_matches('.');
    let parts: Vec<&str> = address.split('.').collect();
    let fits = parts.len() == 4
        && parts.iter().all(|part| (1..=3).contains(&part.len()) && part.parse::<u16>().is_ok_and(|part| part < 256));
    fits.then_some(address.len())
}

/// Another number below 256 with as many digits.
fn part_of_address(part: &str) -> String {
    let chosen = hash(part);
    let number = match part.len() {
        1 => chosen % 10,
        2 => 10 + chosen % 90,
        _ => 100 + chosen % 156,
    };
    number.to_string()
}

/// A term of the same length: letters for letters, digits for digits; other characters stay.
fn invention(term: &str) -> String {
    const CONSONANTS: &[u8] = b"bcdfghklmnprstvw";
    const VOWELS: &[u8] = b"aeiou";
    let mut state = hash(&term.to_lowercase());
    let mut pick = |letters: &[u8]| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        letters.get((state >> 33) as usize % letters.len().max(1)).copied().map_or('x', char::from)
    };
    let starts_with_digit = term.starts_with(|c: char| c.is_ascii_digit());
    let mut written = String::with_capacity(term.len());
    let mut vowel = false;
    for (place, c) in term.chars().enumerate() {
        if c.is_ascii_digit() {
            // A number stays one of as many digits.
            written.push(pick(if place == 0 && starts_with_digit { b"123456789" } else { b"0123456789" }));
        } else if c.is_alphabetic() {
            let letter = pick(if vowel { VOWELS } else { CONSONANTS });
            vowel = !vowel;
            written.push(if c.is_uppercase() { letter.to_ascii_uppercase() } else { letter });
        } else {
            written.push(c);
        }
    }
    written
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(text: &str) -> String {
        Scrubber { words: WORDS.split_whitespace().collect(), texts: HashMap::new() }.text(text)
    }

    #[test]
    fn length_shape_and_common_words_stay() {
        let before = "2024-01-05T10:00:00.123Z failed login user=carol@adalberto.com from 10.20.130.4 port 51022 id 12345678";
        let after = scrubbed(before);
        assert_eq!(after.len(), before.len());
        assert!(after.starts_with("2024-01-05T10:00:00.123Z failed login user="), "{after}");
        assert!(after.contains(".com from ") && after.contains(" port 51022 id "), "{after}");
        for secret in ["carol", "adalberto", "10.20.130.4", "12345678"] {
            assert!(!after.contains(secret), "{after}");
        }
    }

    #[test]
    fn the_same_term_has_the_same_invention() {
        let after = scrubbed("Carol carol");
        let (first, second) = after.split_once(' ').unwrap_or_default();
        assert_eq!(first.to_lowercase(), second);
        assert!(first.starts_with(|c: char| c.is_ascii_uppercase()));
    }
}
