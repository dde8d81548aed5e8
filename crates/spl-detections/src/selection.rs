//! `--select` and `--exclude`: searches by name, tag or ATT&CK technique.

use crate::arguments::SelectionOptions;
use crate::queries::Query;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// What a pattern is compared with.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Name,
    Tag,
    Technique,
}

/// A pattern of the command line.
struct Pattern<'a> {
    written: &'a str,
    part: Option<Part>,
    text: &'a str,
}

impl<'a> Pattern<'a> {
    fn new(written: &'a str) -> Self {
        let prefixes = [("name:", Part::Name), ("tag:", Part::Tag), ("technique:", Part::Technique)];
        let found = prefixes.iter().find_map(|(prefix, part)| Some((*part, written.strip_prefix(prefix)?.trim())));
        Self { written, part: found.map(|(part, _)| part), text: found.map_or(written, |(_, text)| text) }
    }

    fn matches(&self, query: &Query) -> bool {
        let asked = |part: Part| self.part.is_none_or(|only| only == part);
        let metadata = &query.metadata;
        let name = || {
            let title = metadata.title.iter().map(String::as_str);
            std::iter::once(query.name.as_str()).chain(title).any(|name| matches(self.text, name))
        };
        let tag = || metadata.tags.iter().any(|tag| matches(self.text, tag));
        // A technique stands for its sub-techniques too.
        let technique = || {
            metadata.techniques.iter().any(|technique| {
                let whole = technique.split_once('.').map_or(technique.as_str(), |(whole, _)| whole);
                matches(self.text, technique) || matches(self.text, whole)
            })
        };
        asked(Part::Name) && name() || asked(Part::Tag) && tag() || asked(Part::Technique) && technique()
    }
}

/// Keeps the searches that are selected and not excluded.
///
/// # Errors
/// A `--select` that matches no search, as wrong usage; nothing left.
pub fn select(queries: Vec<Query>, options: &SelectionOptions, terminal: &Terminal) -> Result<Vec<Query>, Stop> {
    let selected: Vec<Pattern<'_>> = options.select.iter().map(|written| Pattern::new(written)).collect();
    let excluded: Vec<Pattern<'_>> = options.exclude.iter().map(|written| Pattern::new(written)).collect();
    let any = |patterns: &[Pattern<'_>], query: &Query| patterns.iter().any(|pattern| pattern.matches(query));
    let unused = |pattern: &&Pattern<'_>| !queries.iter().any(|query| pattern.matches(query));
    if let Some(pattern) = selected.iter().find(unused) {
        let message = format!("--select {} matches none of {} searches", pattern.written, queries.len());
        return Err(Stop::Usage(message));
    }
    for pattern in excluded.iter().filter(unused) {
        terminal.warn(format_args!("--exclude {} matches none of {} searches", pattern.written, queries.len()));
    }
    let kept: Vec<Query> =
        queries.into_iter().filter(|query| (selected.is_empty() || any(&selected, query)) && !any(&excluded, query)).collect();
    if kept.is_empty() {
        return Err(Stop::Usage("no search is left after --exclude".to_owned()));
    }
    Ok(kept)
}

/// Whether a text matches a pattern as a whole: `*` stands for any text, letter case does not matter.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(previous) = last.replace(part) {
            match rest.find(previous) {
                Some(at) => rest = &rest[at + previous.len()..],
                None => return false,
            }
        }
    }
    match last {
        None => rest.is_empty(),
        Some(part) => rest.ends_with(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text) in
            [("abc", "ABC"), ("a*", "abc"), ("*c", "abc"), ("a*c", "abc"), ("*", ""), ("*b*", "abc"), ("a*b*c", "a-b-b-c")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "abc"), ("a*b", "abc"), ("*x*", "abc"), ("ab*bc", "abc"), ("", "a")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
