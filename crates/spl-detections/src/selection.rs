//! Searches picked by name, tag or ATT&CK technique.

use crate::queries::Query;

/// Which searches are meant. `*` in a pattern is a wildcard; `name:`, `tag:`, `technique:` in front compare only that.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'s> {
    /// Patterns of which one must match; none = all searches.
    pub select: &'s [String],
    /// Patterns of which none may match.
    pub exclude: &'s [String],
}

/// The searches that are left.
#[derive(Debug)]
pub struct Selected {
    /// In the order that they were found.
    pub queries: Vec<Query>,
    /// Patterns of `exclude` that match no search.
    pub unused: Vec<String>,
}

/// Why a selection can't be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectionError {
    /// A pattern of `select` matches no search.
    NoMatch(String),
    /// All searches are excluded.
    NothingLeft,
}

/// What a pattern is compared with.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Name,
    Tag,
    Technique,
}

/// A pattern as it is compared.
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
/// A pattern of `select` that matches no search; nothing left.
pub fn select(queries: Vec<Query>, selection: Selection<'_>) -> Result<Selected, SelectionError> {
    let selected: Vec<Pattern<'_>> = selection.select.iter().map(|written| Pattern::new(written)).collect();
    let excluded: Vec<Pattern<'_>> = selection.exclude.iter().map(|written| Pattern::new(written)).collect();
    let any = |patterns: &[Pattern<'_>], query: &Query| patterns.iter().any(|pattern| pattern.matches(query));
    let unused = |pattern: &&Pattern<'_>| !queries.iter().any(|query| pattern.matches(query));
    if let Some(pattern) = selected.iter().find(unused) {
        return Err(SelectionError::NoMatch(pattern.written.to_owned()));
    }
    let unused = excluded.iter().filter(unused).map(|pattern| pattern.written.to_owned()).collect();
    let kept: Vec<Query> =
        queries.into_iter().filter(|query| (selected.is_empty() || any(&selected, query)) && !any(&excluded, query)).collect();
    if kept.is_empty() { Err(SelectionError::NothingLeft) } else { Ok(Selected { queries: kept, unused }) }
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
