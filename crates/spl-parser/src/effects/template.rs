//! Searches that are written with place holders: `$field$` of `map`, `<<FIELD>>` of `foreach`.

use super::required::{RequiredFields, of_pipeline};
use crate::syntax::{Argument, CommandCall, Pipeline};

/// Stands for a value that is not known yet.
const VALUE: &str = "splq_value";
/// Stands for a field that `foreach` goes through.
const FIELD: &str = "splq_field";
/// Stands for a part of its name.
const PART: &str = "splq_part";
/// Stands for the value that `foreach` goes through.
const ITEM: &str = "splq_item";

/// What `map` reads.
pub struct MapReads {
    /// Of each row.
    pub row: RequiredFields,
    /// Of the events, in its searches.
    pub events: RequiredFields,
}

/// What a `map` reads. The search is a text, a subsearch, or the name of a saved search, which knowledge objects hold.
pub fn of_map(call: &CommandCall) -> MapReads {
    let Some(text) = map_text(call) else {
        return MapReads { row: RequiredFields::All, events: RequiredFields::All };
    };
    // A macro can hold place holders too.
    let row = if text.contains('`') { RequiredFields::All } else { RequiredFields::only(tokens(&text).names) };
    let events = map_pipeline(call).map_or(RequiredFields::All, |pipeline| of_pipeline(&pipeline));
    MapReads { row, events }
}

/// The search of a `map` with its place holders filled in; none when it can't be known what it will be: outside of quotes a
/// value can become any part of a search.
pub fn map_pipeline(call: &CommandCall) -> Option<Pipeline> {
    let found = tokens(&map_text(call)?);
    if found.bare { None } else { crate::parse(&found.text).ok() }
}

fn map_text(call: &CommandCall) -> Option<String> {
    if let Some(option) = call.option("search") {
        return Some(option.value.value.clone());
    }
    match call.arguments.first() {
        Some(Argument::Subsearch(subsearch)) => Some(crate::print(&subsearch.pipeline)),
        _ => None,
    }
}

struct Tokens {
    names: Vec<String>,
    /// With values in their place.
    text: String,
    /// One of them stands outside of quotes.
    bare: bool,
}

fn tokens(text: &str) -> Tokens {
    let mut found = Tokens { names: Vec::new(), text: String::new(), bare: false };
    let (mut quoted, mut rest) = (false, text);
    while let Some(character) = rest.chars().next() {
        let mut width = character.len_utf8();
        match character {
            '\\' if quoted => width += rest[width..].chars().next().map_or(0, char::len_utf8),
            '"' => quoted = !quoted,
            '$' => {
                if let Some(name) = token(&rest[width..]) {
                    if name != "_serial_id" {
                        found.names.push(name.to_owned());
                        found.bare |= !quoted;
                    }
                    found.text.push_str(VALUE);
                    rest = &rest[name.len() + 2..];
                    continue;
                }
            }
            _ => {}
        }
        found.text.push_str(&rest[..width]);
        rest = &rest[width..];
    }
    found
}

/// The name up to the closing `$`.
fn token(rest: &str) -> Option<&str> {
    let name = &rest[..rest.find('$')?];
    let starts = name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    let plain = name.chars().all(|one| one.is_alphanumeric() || matches!(one, '_' | '.' | ':' | '-' | '{' | '}'));
    (starts && plain).then_some(name)
}

/// The commands that run over the rows at hand: those in brackets, or the template of `foreach` filled in for each of its
/// fields; none when they can't be read.
pub fn over_rows(call: &CommandCall) -> Option<Vec<Pipeline>> {
    match call.subsearch() {
        Some(inner) => Some(vec![inner.pipeline.clone()]),
        None => Some(rounds(call)?.into_iter().map(|(_, pipeline)| pipeline).collect()),
    }
}

/// The names that a template reads, with a star for what is filled in.
pub fn as_patterns(required: RequiredFields) -> RequiredFields {
    match required {
        RequiredFields::All => RequiredFields::All,
        RequiredFields::Only(names) => RequiredFields::only(
            names.into_iter().map(|name| [FIELD, PART, ITEM].iter().fold(name, |name, mark| name.replace(mark, "*"))),
        ),
    }
}

/// The fields that a `foreach` goes through, each with the commands for it.
fn rounds(call: &CommandCall) -> Option<Vec<(&str, Pipeline)>> {
    let template = call.arguments.iter().find_map(|argument| match argument {
        Argument::Text { text, .. } => Some(text.value.as_str()),
        _ => None,
    })?;
    let inside = template.trim();
    let inside = inside.strip_prefix('[').and_then(|inside| inside.strip_suffix(']')).unwrap_or(inside);
    let inside = inside.trim().trim_start_matches('|');
    let round = |field: &'_ crate::syntax::FieldName| {
        let name = if field.has_wildcard() { FIELD } else { field.name.as_str() };
        let place_holders = [
            ("fieldstr", name),
            ("matchstr", PART),
            ("matchseg1", PART),
            ("matchseg2", PART),
            ("matchseg3", PART),
            ("itemstr", ITEM),
            ("iterstr", "0"),
        ];
        crate::parse(&format!("|{}", filled(call, inside, &place_holders))).ok()
    };
    call.fields().map(|field| Some((field.name.as_str(), round(field)?))).collect()
}

/// What the commands of a `foreach` read, given what is required behind it.
pub fn of_foreach(call: &CommandCall, after: &RequiredFields) -> RequiredFields {
    let Some(rounds) = rounds(call) else { return RequiredFields::All };
    let mut required = RequiredFields::none();
    for (field, pipeline) in rounds {
        required = required.union(match RequiredFields::before(&pipeline.commands, after.clone()) {
            RequiredFields::All => return RequiredFields::All,
            RequiredFields::Only(names) => {
                RequiredFields::only(names.into_iter().filter(|read| read != ITEM).map(|read| match read == FIELD {
                    true => field.to_owned(),
                    false => read.replace(FIELD, "*").replace(PART, "*"),
                }))
            }
        });
    }
    required
}

/// A text with place holders replaced in one pass, as `foreach` does.
fn filled(call: &CommandCall, text: &str, replacements: &[(&str, &str)]) -> String {
    let holders: Vec<(&str, &str)> = replacements.iter().map(|(option, value)| (call.text(option), *value)).collect();
    let (mut whole, mut rest) = (String::new(), text);
    while let Some(character) = rest.chars().next() {
        match holders.iter().find(|(holder, _)| !holder.is_empty() && rest.starts_with(holder)) {
            Some((holder, value)) => {
                whole.push_str(value);
                rest = &rest[holder.len()..];
            }
            None => {
                whole.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
    }
    whole
}
