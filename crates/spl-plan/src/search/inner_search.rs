//! Searches that are text inside a search: saved searches and those of `map`, with `$name$` filled in.

use spl_parser::syntax::{Argument, Pipeline, SearchExpression, SearchKind};
use spl_parser::{Diagnostic, Span, Spanned};

use crate::context::PlanContext;
use crate::frame::Frame;
use spl_parser::effects::RequiredFields;

/// Expands the macros of a search's text.
pub fn expand(context: &PlanContext, text: &str, span: Span, what: &str) -> Result<String, Diagnostic> {
    context
        .knowledge()
        .macros
        .expand(text, &|definition| context.evaluate_constant(definition))
        .map(|expansion| expansion.text)
        .map_err(|errors| inside(errors, text, span, what))
}

/// Plans a search by its text, in which macros are expanded.
pub async fn plan(context: &PlanContext, text: &str, times: &SearchTimes, span: Span, what: &str) -> Result<Frame, Diagnostic> {
    let mut pipeline = spl_parser::parse(text).map_err(|errors| inside(errors, text, span, what))?;
    times.apply(context, &mut pipeline, span);
    let inner = context.nested(span)?.over_source(text);
    inner.pipeline(&pipeline, RequiredFields::All).await.map_err(|error| inside(vec![error], text, span, what))
}

/// The time range that a search brings along; it counts where the search around it has none.
#[derive(Clone, Debug, Default)]
pub struct SearchTimes {
    /// Inclusive.
    pub earliest: Option<String>,
    /// Exclusive.
    pub latest: Option<String>,
}

impl SearchTimes {
    fn apply(&self, context: &PlanContext, pipeline: &mut Pipeline, span: Span) {
        let clock = context.clock();
        if clock.earliest.is_some() || clock.latest.is_some() {
            return;
        }
        let modifiers: Vec<SearchExpression> = [("earliest", &self.earliest), ("latest", &self.latest)]
            .into_iter()
            .filter_map(|(name, value)| {
                let value = value.clone().filter(|value| !value.is_empty())?;
                let kind =
                    SearchKind::TimeModifier { name: Spanned::new(name.to_owned(), span), value: Spanned::new(value, span) };
                Some(SearchExpression { kind, span })
            })
            .collect();
        if modifiers.is_empty() {
            return;
        }
        match pipeline.commands.first_mut() {
            Some(first) if first.spec.name == "search" => match first.arguments.first_mut() {
                Some(Argument::Search(search)) if crate::search::time_range::has_time_modifier(search) => {}
                Some(Argument::Search(search)) => {
                    let mut parts = vec![search.clone()];
                    parts.extend(modifiers);
                    search.kind = SearchKind::And(parts);
                }
                _ => first.arguments.push(Argument::Search(SearchExpression { kind: SearchKind::And(modifiers), span })),
            },
            _ => context.warn(
                Diagnostic::warning(
                    "plan/saved-times",
                    "the time range of the saved search is not used: it does not start with a search",
                    Some(span),
                )
                .with_help("give a time range with --earliest and --latest"),
            ),
        }
    }
}

/// An error inside the text, told at the place of the text.
fn inside(errors: Vec<Diagnostic>, text: &str, span: Span, what: &str) -> Diagnostic {
    let first = errors.into_iter().next();
    let place =
        first.as_ref().and_then(Diagnostic::span).and_then(|at| text.get(at.start..at.end)).filter(|part| !part.is_empty());
    let (code, message, help) = match &first {
        Some(error) => (error.code, error.message.clone(), error.help.clone()),
        None => ("plan/search", "it can't be read".to_owned(), None),
    };
    let place = place.map_or_else(String::new, |part| format!(" (at `{}`)", part.chars().take(80).collect::<String>()));
    let error = Diagnostic::error(code, format!("in {what}: {message}{place}"), span);
    match help {
        Some(help) => error.with_help(help),
        None => error,
    }
}

/// Replaces each `$name$` by its value; inside double quotes the quotes and backslashes of the value are escaped.
///
/// # Errors
/// The first name without a value.
pub fn fill(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::with_capacity(text.len());
    let mut quoted = false;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let width = character.len_utf8();
        match character {
            '\\' if quoted => {
                let next = rest[width..].chars().next().map_or(0, char::len_utf8);
                filled.push_str(&rest[..width + next]);
                rest = &rest[width + next..];
                continue;
            }
            '"' => quoted = !quoted,
            '$' => {
                if let Some(name) = token(&rest[width..]) {
                    let found = value(name).ok_or_else(|| name.to_owned())?;
                    filled.push_str(&if quoted { crate::names::quoting::escaped(&found) } else { found });
                    rest = &rest[name.len() + 2..];
                    continue;
                }
            }
            _ => {}
        }
        filled.push(character);
        rest = &rest[width..];
    }
    Ok(filled)
}

/// The name up to the closing `$`.
fn token(rest: &str) -> Option<&str> {
    let name = &rest[..rest.find('$')?];
    let starts = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
    let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '-' | '{' | '}'));
    (starts && plain).then_some(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::fill;

    #[test]
    fn values_are_filled_in_and_escaped_inside_quotes() {
        let value = |name: &str| match name {
            "user" => Some("a\"b".to_owned()),
            "_serial_id_" => None,
            "_serial_id" => Some("1".to_owned()),
            _ => None,
        };
        assert_eq!(fill(r#"x=$_serial_id$ y="$user$" z=$user$"#, &value).unwrap(), r#"x=1 y="a\"b" z=a"b"#);
        assert_eq!(fill(r#"rex "^a$|b$" "\"$user$""#, &value).unwrap(), r#"rex "^a$|b$" "\"a\"b""#);
        assert_eq!(fill("$none$", &value), Err("none".to_owned()));
    }
}
