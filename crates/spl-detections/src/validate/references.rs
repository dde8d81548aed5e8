//! What files name of each other: macros and lookups of searches, names and ids that are unique.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use spl_parser::spec::Object;
use spl_parser::{Diagnostic, Span};

use super::Content;
use crate::detection_type::Layout;

/// Macros that other apps define: the Common Information Model and Enterprise Security.
const MACROS_OF_OTHERS: [&str; 5] =
    ["drop_dm_object_name", "get_asset", "get_risk_severity", "cim_corporate_web_domain_search", "globedistance"];

/// Lookups that other apps define.
const LOOKUPS_OF_OTHERS: [&str; 13] = [
    "outputlookup",
    "ut_shannon_lookup",
    "identity_lookup_expanded",
    "cim_corporate_web_domain_lookup",
    "cim_corporate_email_domain_lookup",
    "cim_cloud_domain_lookup",
    "alexa_lookup_by_str",
    "interesting_ports_lookup",
    "asset_lookup_by_str",
    "admon_groups_def",
    "asn_lookup_by_cidr",
    "mitre_attack_lookup",
    "other_lookups",
];

/// Names and ids that two files have, at the later file.
pub(super) fn unique(content: &Content) -> Vec<(PathBuf, Vec<Diagnostic>)> {
    let mut names: HashMap<String, String> = HashMap::new();
    let mut ids: HashMap<String, String> = HashMap::new();
    let mut all = Vec::new();
    for file in content.files.values().flatten() {
        let shown = file.path.strip_prefix(&content.root).unwrap_or(&file.path).display().to_string();
        let mut problems = Vec::new();
        for (key, seen) in [("name", &mut names), ("id", &mut ids)] {
            let Some(value) = file.text_of(key) else { continue };
            let span = file.get(key).map_or(Span::default(), |node| node.span);
            // A UUID is one, whatever the case of its digits.
            let same = if key == "id" { value.to_lowercase() } else { value.to_owned() };
            match seen.get(&same) {
                Some(other) => {
                    let message = format!("`{key}: {value}` is that of {other} too");
                    problems.push(Diagnostic::error("content/unique", message, span));
                }
                None => drop(seen.insert(same, shown.clone())),
            }
        }
        if !problems.is_empty() {
            all.push((file.path.clone(), problems));
        }
    }
    all
}

/// What is wrong with the macros that the search of a detection names; `stem` is that of its file, whose filter macro needs no
/// file. `contentctl` 5 asks for no file of any filter macro.
pub(super) fn of_macros(content: &Content, search: &str, span: Span, stem: &str, layout: Layout) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    if search.contains("````") {
        problems.push(Diagnostic::error("content/macro", "four backticks follow each other in the search", span));
        return problems;
    }
    let own = format!("{stem}_filter");
    for name in macros(&without_comments(search)) {
        let is_filter = name == own || layout == Layout::V5 && name.ends_with("_filter");
        // Names that hold one of these are known, too.
        let is_of_others = MACROS_OF_OTHERS.iter().any(|known| name.contains(known));
        if !is_filter && !is_of_others && !content.has("macros", &name) {
            problems.push(Diagnostic::error("content/macro", format!("no file defines the macro `{name}`"), span));
        }
    }
    problems
}

/// What is wrong with the lookups that a search names. Tables that `inputlookup` and its kin name are held against files by
/// `contentctl` 5 only: for layout 4 they are warnings.
pub(super) fn of_lookups(content: &Content, search: &str, span: Span, layout: Layout) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (name, is_joined) in lookups(&without_comments(search)) {
        if !LOOKUPS_OF_OTHERS.contains(&name.as_str()) && !content.has("lookups", &name) {
            let message = format!("no file defines the lookup `{name}`");
            problems.push(match layout {
                Layout::V4 if !is_joined => Diagnostic::warning("content/reference", message, Some(span)),
                _ => Diagnostic::error("content/reference", message, span),
            });
        }
    }
    problems
}

fn without_comments(search: &str) -> String {
    let mut text = String::with_capacity(search.len());
    for (place, part) in search.split("```").enumerate() {
        text.push_str(if place % 2 == 0 { part } else { " " });
    }
    text
}

/// Names between backticks, as far as the bracket; a run with blanks is no macro.
fn macros(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('`') {
        let Some((call, behind)) = after.split_once('`') else { break };
        rest = behind;
        if call.contains(char::is_whitespace) && !call.contains('(') {
            continue;
        }
        let name = call.split('(').next().unwrap_or_default();
        if !name.is_empty() && !name.contains(char::is_whitespace) {
            names.insert(name.to_owned());
        }
    }
    names
}

/// Names behind the commands that name a lookup first, options skipped, and whether it is `lookup` itself.
fn lookups(text: &str) -> BTreeSet<(String, bool)> {
    let mut names = BTreeSet::new();
    let words: Vec<&str> = text.split(|character: char| character.is_whitespace() || matches!(character, '|' | '[')).collect();
    let mut words = words.into_iter().filter(|word| !word.is_empty()).peekable();
    let names_a_lookup = |word: &str| {
        let command = spl_parser::commands::lookup(&word.to_ascii_lowercase());
        command.is_some_and(|command| command.effects.objects.first() == Some(&Object::Lookup))
    };
    while let Some(word) = words.next() {
        if !names_a_lookup(word) {
            continue;
        }
        while words.peek().is_some_and(|next| next.contains('=')) {
            words.next();
        }
        if let Some(name) = words.peek() {
            let is_word = |character: char| character.is_alphanumeric() || character == '_';
            let name: String = name.chars().take_while(|character| is_word(*character)).collect();
            if !name.is_empty() {
                names.insert((name, word.eq_ignore_ascii_case("lookup")));
            }
        }
    }
    names
}
