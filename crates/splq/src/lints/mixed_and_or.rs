//! `a=1 AND b=2 OR c=3` in a search: OR binds tighter there.

use spl_parser::Diagnostic;
use spl_parser::syntax::SearchKind;

use super::{Find, Level, Lint, Subject, walk};

/// The lint.
pub const LINT: Lint = Lint {
    code: "lint/mixed-and-or",
    summary: "AND and OR side by side in a search: OR binds tighter there than AND",
    page: include_str!("../../../../docs/lints/mixed-and-or.md"),
    level: Level::Warning,
    find: Find::InSearch(find),
};

fn find(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let text = &subject.search.expansion.text;
    walk::search_conditions(&subject.search.pipeline, &mut |part, _| {
        let SearchKind::And(parts) = &part.kind else { return };
        for (position, inner) in parts.iter().enumerate() {
            if !matches!(inner.kind, SearchKind::Or(_)) || inner.span.text(text).starts_with('(') {
                continue;
            }
            let before = position.checked_sub(1).and_then(|position| parts.get(position));
            let gap_before = before.and_then(|before| text.get(before.span.end..inner.span.start)).unwrap_or_default();
            let after = parts.get(position + 1);
            let gap_after = after.and_then(|after| text.get(inner.span.end..after.span.start)).unwrap_or_default();
            let bracketed = gap_before.contains('(') || gap_after.contains(')');
            if !bracketed && (says_and(gap_before) || says_and(gap_after)) {
                found.push(
                    Diagnostic::warning(LINT.code, "this OR is computed before the AND beside it", Some(inner.span))
                        .with_help("put parentheses around what belongs together; `where` has it the other way round"),
                );
            }
        }
    });
}

fn says_and(gap: &str) -> bool {
    gap.split_whitespace().any(|word| word.trim_matches(['(', ')']).eq_ignore_ascii_case("AND"))
}
