//! The generated head of a page: name, one line, syntax, kind, status, options.

use spl_parser::spec::{ArgumentShape, CommandSpec, OptionKind};

use super::{BEGIN, Built, END, Entry, cell, code, sentence};

/// The head with its markers.
pub fn head(entry: &Entry) -> String {
    let mut lines = vec![BEGIN.to_owned(), format!("# {}", entry.name()), String::new()];
    lines.push(sentence(entry.summary()));
    lines.push(String::new());
    let syntax = syntax(entry);
    if !syntax.is_empty() {
        lines.extend(["```text".to_owned(), syntax, "```".to_owned(), String::new()]);
    }
    lines.extend(facts(entry));
    if let Entry::Command(spec) = entry
        && !spec.options.is_empty()
    {
        lines.push(String::new());
        lines.extend(options(spec));
    }
    lines.push(END.to_owned());
    lines.join("\n")
}

fn syntax(entry: &Entry) -> String {
    match entry {
        Entry::Command(spec) => spec.syntax.to_owned(),
        Entry::Function(spec) => spec.syntax.to_owned(),
        Entry::Statistic(spec) => spec.syntax.to_owned(),
    }
}

fn facts(entry: &Entry) -> Vec<String> {
    let mut facts = Vec::new();
    match entry {
        Entry::Command(spec) if matches!(spec.arguments, ArgumentShape::Unread) => {}
        Entry::Command(spec) => facts.push(format!("* Kind: {}", spec.kind.name())),
        Entry::Function(spec) => {
            facts.push(format!("* Family: {}", spec.category));
            facts.push(format!("* Arguments: {}", arity(spec.arity)));
        }
        Entry::Statistic(spec) => facts.push(format!("* Family: {}", spec.category)),
    }
    if let Entry::Command(spec) = entry
        && let Some(what) = spec.effects.writes.name()
    {
        facts.push(format!("* Writes: {what}"));
    }
    if !entry.aliases().is_empty() {
        let aliases: Vec<String> = entry.aliases().iter().map(|alias| code(alias)).collect();
        facts.push(format!("* Also called: {}", aliases.join(", ")));
    }
    let Built { status, missing } = entry.built();
    facts.push(match status {
        "partial" => format!("* Status: partial; missing: {missing}"),
        "refused" => format!("* Status: refused, as {missing}"),
        other => format!("* Status: {other}"),
    });
    facts
}

fn arity((fewest, most): (usize, Option<usize>)) -> String {
    match most {
        Some(most) if most == fewest => fewest.to_string(),
        Some(most) => format!("{fewest} to {most}"),
        None => format!("{fewest} or more"),
    }
}

fn options(spec: &CommandSpec) -> Vec<String> {
    let mut lines = vec!["| Option | Value | Default | What it does |".to_owned(), "|---|---|---|---|".to_owned()];
    for option in spec.options {
        let default = if option.default.is_empty() { String::new() } else { code(option.default) };
        let default = if option.default.trim().is_empty() && !option.default.is_empty() { "a blank".to_owned() } else { default };
        lines.push(format!("| {} | {} | {default} | {} |", code(option.name), value(option.kind), cell(option.summary)));
    }
    lines
}

fn value(kind: OptionKind) -> String {
    match kind {
        OptionKind::Boolean => "true or false".to_owned(),
        OptionKind::Integer => "whole number".to_owned(),
        OptionKind::Number => "number".to_owned(),
        OptionKind::Text => "text".to_owned(),
        OptionKind::Regex => "regular expression".to_owned(),
        OptionKind::Field => "field".to_owned(),
        OptionKind::FieldList => "fields".to_owned(),
        OptionKind::SpanLength => "span".to_owned(),
        OptionKind::OneOf(words) => words.iter().map(|word| code(word)).collect::<Vec<_>>().join(", "),
    }
}
