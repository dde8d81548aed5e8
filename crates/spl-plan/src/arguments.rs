//! Reading the options and arguments of a command while it is planned.

use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall, FieldName, OptionArgument};

use crate::frame::{Frame, FrameField};

/// Reads a truth value of an option; the parser has checked its form.
pub fn boolean(call: &CommandCall, name: &str, default: bool) -> bool {
    call.option(name)
        .map_or(default, |option| matches!(option.value.value.to_ascii_lowercase().as_str(), "true" | "t" | "1" | "yes" | "y"))
}

/// Reads a whole number of an option; negative ones are an error.
pub fn count(call: &CommandCall, name: &str, default: u64) -> Result<u64, Diagnostic> {
    call.option(name).map_or(Ok(default), |option| parse_count(&option.value.value, option.value.span))
}

/// Reads a whole number that is not negative.
pub fn parse_count(text: &str, span: spl_parser::Span) -> Result<u64, Diagnostic> {
    text.trim().parse().map_err(|_| Diagnostic::error("plan/number", format!("`{text}` is not a count"), span))
}

/// The first positional count (`head 5`, `sort 10 x`).
pub fn leading_count(call: &CommandCall) -> Result<Option<u64>, Diagnostic> {
    match call.arguments.first() {
        Some(Argument::Text { text, quoted: false })
            if text.value.chars().all(|c| c.is_ascii_digit() || c == '-') && !text.value.is_empty() && text.value != "-" =>
        {
            parse_count(&text.value, text.span).map(Some)
        }
        _ => Ok(None),
    }
}

/// Refuses options that would change the answer and are not built.
pub fn refuse_options(call: &CommandCall, names: &[(&str, &str)]) -> Result<(), Diagnostic> {
    for (name, harmless) in names {
        if let Some(OptionArgument { name: found, value, .. }) = call.option(name)
            && !value.value.eq_ignore_ascii_case(harmless)
            && !(is_false(harmless) && is_false(&value.value))
        {
            return Err(Diagnostic::error(
                "plan/not-built",
                format!("`{name}={}` of `{}` is not built yet", value.value, call.spec.name),
                found.span.to(value.span),
            ));
        }
    }
    Ok(())
}

fn is_false(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "false" | "f" | "0" | "no" | "n")
}

/// The fields of a frame that a name or a pattern stands for; a plain name that no event has stands for nothing.
pub fn expand(frame: &Frame, field: &FieldName) -> Vec<FrameField> {
    if field.has_wildcard() { frame.matching(&field.name) } else { frame.field(&field.name).into_iter().collect() }
}

/// Reads a number of an option; the parser has checked its form.
pub fn number(call: &CommandCall, name: &str, default: f64) -> f64 {
    call.option(name).and_then(|option| option.value.value.trim().parse().ok()).unwrap_or(default)
}

/// Reads a number of an option that must lie within bounds, both allowed.
pub fn number_within(call: &CommandCall, name: &str, default: f64, least: f64, most: f64) -> Result<f64, Diagnostic> {
    let value = number(call, name, default);
    match call.option(name) {
        Some(option) if value < least || value > most => Err(Diagnostic::error(
            "plan/number",
            format!("`{name}` of `{}` is between {least} and {most}", call.spec.name),
            option.value.span,
        )),
        _ => Ok(value),
    }
}

/// Reads a whole number of an option that must lie within bounds, both allowed.
pub fn count_within(call: &CommandCall, name: &str, default: u64, least: u64, most: u64) -> Result<u64, Diagnostic> {
    let value = count(call, name, default)?;
    match call.option(name) {
        Some(option) if value < least || value > most => {
            let bounds = if most == u64::MAX { format!("at least {least}") } else { format!("between {least} and {most}") };
            Err(Diagnostic::error("plan/number", format!("`{name}` of `{}` is {bounds}", call.spec.name), option.value.span))
        }
        _ => Ok(value),
    }
}

/// The text of an option, or its default.
pub fn option_text<'c>(call: &'c CommandCall, name: &str, default: &'c str) -> &'c str {
    call.option(name).map_or(default, |option| option.value.value.as_str())
}

/// An error for options that have no meaning beside another one.
pub fn refuse_beside(call: &CommandCall, names: &[&str], beside: &str) -> Result<(), Diagnostic> {
    for name in names {
        if let Some(option) = call.option(name) {
            return Err(Diagnostic::error(
                "plan/option",
                format!("`{name}` of `{}` has no meaning with `{beside}`", call.spec.name),
                option.name.span.to(option.value.span),
            ));
        }
    }
    Ok(())
}

/// `append` goes with `prestats`; without it the command stands first.
pub fn check_position(call: &CommandCall, follows: bool, prestats: bool, append: bool) -> Result<(), Diagnostic> {
    if append && !prestats {
        let place = call.option("append").map_or(call.span, |option| option.name.span.to(option.value.span));
        return Err(Diagnostic::error("plan/argument", "`append=true` goes with `prestats=true`", place)
            .with_help("the command `append` adds rows of another search"));
    }
    if follows && !append {
        let name = call.spec.name;
        return Err(Diagnostic::error("plan/position", format!("`{name}` must be the first command"), call.name.span)
            .with_help(format!("`{name} prestats=true append=true` adds to the rows of another one")));
    }
    Ok(())
}
