//! `status=500 stats count by host`: without a pipe in front a command is a word that events must contain.

use spl_parser::Diagnostic;
use spl_parser::commands::lookup;
use spl_parser::syntax::{Argument, CommandCall, SearchExpression, SearchKind};

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/missing-pipe",
    summary: "a command without a pipe in front is a word that events must contain",
    page: include_str!("../../../../docs/lints/missing-pipe.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let text = &subject.search.expansion.text;
    walk::commands(&subject.search.pipeline, &mut |calls, place| {
        let Some(call) = calls.get(place) else { return };
        for condition in walk::conditions(call) {
            let SearchKind::And(parts) = &condition.kind else { continue };
            for (position, part) in parts.iter().enumerate() {
                let Some(word) = command_word(part) else { continue };
                let rest = text.get(part.span.start..call.span.end).unwrap_or_default();
                let compared = parts[..position].iter().any(is_comparison);
                if is_command(rest, compared) {
                    found.push(
                        Diagnostic::warning(
                            LINT.code,
                            format!("`{word}` is a word here that events must contain, not the command"),
                            Some(part.span),
                        )
                        .with_help(format!("a pipe in front makes it one: | {word} ...")),
                    );
                    return;
                }
            }
        }
    });
}

/// The word, when it is the name of a command.
fn command_word(part: &SearchExpression) -> Option<&str> {
    match &part.kind {
        SearchKind::Term(value) if !value.quoted => value.pattern.as_literal().filter(|word| lookup(word).is_some()),
        _ => None,
    }
}

fn is_comparison(part: &SearchExpression) -> bool {
    match &part.kind {
        SearchKind::Comparison { .. } | SearchKind::In { .. } => true,
        SearchKind::Not(inner) => is_comparison(inner),
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().any(is_comparison),
        _ => false,
    }
}

/// Whether a text is a command with what follows it. Words alone are arguments only where comparisons stand before: `top
/// secret` may be looked for.
fn is_command(text: &str, compared: bool) -> bool {
    let Ok(pipeline) = spl_parser::parse(&format!("| {text}")) else { return false };
    let Some(call) = pipeline.commands.first() else { return false };
    let is_search = matches!(call.arguments.as_slice(), [Argument::Search(_)]);
    !is_search && (has_form(call) || compared && !call.arguments.is_empty())
}

/// Whether the arguments have a form that a list of words has not.
fn has_form(call: &CommandCall) -> bool {
    let formed = call.arguments.iter().any(|argument| !matches!(argument, Argument::Field(_) | Argument::Text { .. }));
    formed || !call.options.is_empty() || call.clauses.iter().any(|clause| !clause.arguments.is_empty())
}
