//! `where user=admin`, `if(x>1, high, low)`: the word is a field, not a text.

use spl_parser::Diagnostic;
use spl_parser::syntax::{BinaryOperator, Expression, ExpressionKind, FieldName, Quoting};

use super::fields::used;
use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/bare-word",
    summary: "a word without double quotes in where or eval is a field, not a text",
    page: include_str!("../../../../docs/lints/bare-word.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    branches(subject, found);
    let known = used(&subject.search.pipeline);
    walk::expression_parts(&subject.search.pipeline, &mut |part| {
        let ExpressionKind::Binary { operator, left, right } = &part.kind else { return };
        if !matches!(operator.value, BinaryOperator::Equal | BinaryOperator::NotEqual | BinaryOperator::Like) {
            return;
        }
        let ExpressionKind::Field(word) = &right.kind else { return };
        let about_a_value = matches!(&left.kind, ExpressionKind::Field(_) | ExpressionKind::Call { .. });
        if about_a_value && !known.contains(&word.name) && is_word(word) && !is_field(subject, &word.name) {
            let message = match word.quoting {
                Quoting::None => {
                    format!("`{}` is read as a field here, and nothing else in the search uses such a field", word.name)
                }
                _ => format!("'{}' is a field in single quotes, and nothing else in the search uses such a field", word.name),
            };
            found.push(
                Diagnostic::warning(LINT.code, message, Some(word.span))
                    .with_help(format!("a text is written in double quotes: \"{}\"", word.name)),
            );
        }
    });
}

/// The results that a conditional function chooses from: all of them words that stand nowhere else, or words beside texts.
fn branches(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let text = &subject.search.expansion.text;
    walk::expression_parts(&subject.search.pipeline, &mut |part| {
        let ExpressionKind::Call { name, arguments } = &part.kind else { return };
        let results: Vec<&Expression> = match name.value.to_ascii_lowercase().as_str() {
            "if" => arguments.iter().skip(1).collect(),
            "case" => arguments.iter().skip(1).step_by(2).collect(),
            _ => return,
        };
        let mut words: Vec<&FieldName> = Vec::new();
        let mut others = 0;
        for result in &results {
            match &result.kind {
                ExpressionKind::Field(word) => words.push(word),
                ExpressionKind::Text(_) => {}
                _ => others += 1,
            }
        }
        let is_new = |word: &&FieldName| is_word(word) && stands_once(text, &word.name) && !is_field(subject, &word.name);
        let plain = |word: &&FieldName| word.name.chars().all(|character| character.is_ascii_lowercase());
        let doubtful = others == 0 && !words.is_empty() && words.iter().all(is_new);
        if doubtful && (words.len() > 1 || words.iter().all(plain)) {
            let all: Vec<String> = words.iter().map(|word| format!("`{}`", word.name)).collect();
            let are = if all.len() == 1 { "is read as a field" } else { "are read as fields" };
            let message = format!("{} {are} here, and nothing else in the search uses such a field", all.join(", "));
            found.push(
                Diagnostic::warning(LINT.code, message, Some(words[0].span))
                    .with_help(format!("a text is written in double quotes: \"{}\"", words[0].name)),
            );
        }
    });
}

/// Whether a word stands once in a text.
fn stands_once(text: &str, word: &str) -> bool {
    let is_part = |character: Option<char>| character.is_some_and(|character| character.is_alphanumeric() || character == '_');
    let whole = text
        .match_indices(word)
        .filter(|(at, _)| !is_part(text[..*at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next()));
    whole.count() == 1
}

/// Whether it looks like a text: names of fields mostly have several parts.
fn is_word(field: &FieldName) -> bool {
    let special = ["true", "false", "null", "_time", "_raw"].iter().any(|word| field.name.eq_ignore_ascii_case(word));
    !special && (field.quoting != Quoting::None || !field.name.contains(['_', '.', '{', '$', '<', ':']))
}

/// Whether the data, a data model or the events of a source type known here have such a field.
fn is_field(subject: &Subject<'_>, name: &str) -> bool {
    const DEFAULT: [&str; 9] =
        ["host", "source", "sourcetype", "index", "linecount", "punct", "splunk_server", "tag", "eventtype"];
    let knowledge = subject.knowledge;
    let in_model = || {
        let datasets = knowledge.data_models.values().flat_map(|model| model.datasets.values());
        datasets.flat_map(|dataset| &dataset.fields).any(|field| field.name == name)
    };
    let in_props = || {
        let all = knowledge.all_props();
        all.iter().flat_map(|props| std::iter::once(props).chain(props.pack.as_deref())).any(|props| {
            props.aliases.iter().any(|alias| alias.to == name || alias.from == name)
                || props.calculated.iter().any(|calculated| calculated.name == name)
        })
    };
    let in_data = subject.data.is_some_and(|data| data.schema.field_with_name(name).is_ok());
    DEFAULT.contains(&name) || in_data || in_model() || in_props()
}
