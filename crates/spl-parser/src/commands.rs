//! The commands: one module each with its syntax as data, and the table of them all.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::{Span, Spanned};
use crate::spec::{CommandSpec, OptionKind, OptionSpec};
use crate::syntax::{Argument, Clause, CommandCall};

pub(crate) use crate::parser::missing_argument;

/// Declares the modules of commands with a grammar and the table of their specs.
macro_rules! commands {
    ($($module:ident),* $(,)?) => {
        $(pub mod $module;)*
        const READ: &[&CommandSpec] = &[$(&$module::SPEC),*];
    };
}

commands!(
    append, bin, convert, dedup, eval, eventstats, fields, fillnull, head, inputlookup, join, lookup, makemv, makeresults, mvexpand,
    outputlookup, rare, regex, rename, rex, search, sort, stats, streamstats, table, tail, top, tstats, where_command,
);

/// Every known command.
pub const COMMANDS: &[&CommandSpec] = READ;

/// The command of this name or alias, in any case.
pub fn lookup(name: &str) -> Option<&'static CommandSpec> {
    COMMANDS
        .iter()
        .copied()
        .find(|spec| spec.name.eq_ignore_ascii_case(name) || spec.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name)))
}

/// All names and aliases.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().flat_map(|spec| std::iter::once(spec.name).chain(spec.aliases.iter().copied()))
}

/// A row of an option table.
pub(crate) const fn option(name: &'static str, kind: OptionKind, default: &'static str, summary: &'static str) -> OptionSpec {
    OptionSpec { name, kind, default, summary }
}

/// Options and exactly one field.
pub(crate) fn one_field(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.field_list(call, crate::parser::Fields::Plain, &[])?;
    match call.arguments.len() {
        0 => Err(missing_argument(&format!("`{}` needs a field", call.spec.name), call.name.span)),
        1 => Ok(()),
        _ => Err(too_many_fields(call)),
    }
}

/// Options and exactly one subsearch.
pub(crate) fn one_subsearch(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if reader.at_end_of_command() {
        return Err(missing_argument(&format!("`{}` needs a subsearch in [ ]", call.spec.name), call.name.span));
    }
    reader.refuse_unknown_option(call.spec)?;
    let subsearch = reader.subsearch()?;
    call.arguments.push(Argument::Subsearch(subsearch));
    reader.options(call)?;
    reader.expect_end_of_command("the end of the command")
}

/// The error for a second field where one is taken.
pub(crate) fn too_many_fields(call: &CommandCall) -> Diagnostic {
    let span = call
        .arguments
        .get(1)
        .and_then(|argument| match argument {
            Argument::Field(field) | Argument::Rename { from: field, .. } => Some(field.span),
            _ => None,
        })
        .unwrap_or(call.name.span);
    Diagnostic::error("parse/too-many-arguments", format!("`{}` takes one field", call.spec.name), span)
}

/// A `where` clause with a search expression, if it comes next.
pub(crate) fn search_clause(reader: &mut Reader<'_>, call: &mut CommandCall, stops: &[&str]) -> Result<bool, Diagnostic> {
    let Some(span) = reader.keyword("where") else {
        return Ok(false);
    };
    refuse_second_clause(call, "where", span)?;
    if reader.at_end_of_command() {
        return Err(missing_argument("no condition after `where`", span));
    }
    let expression = reader.search_expression_until(stops)?;
    let keyword = Spanned::new("where".to_owned(), span);
    call.clauses.push(Clause { keyword, arguments: vec![Argument::Search(expression)] });
    Ok(true)
}

/// An error when the clause has been given before.
pub(crate) fn refuse_second_clause(call: &CommandCall, keyword: &str, span: Span) -> Result<(), Diagnostic> {
    match call.clause(keyword) {
        None => Ok(()),
        Some(first) => Err(Diagnostic::error("parse/duplicate-clause", format!("`{keyword}` is given twice"), span)
            .with_place(first.keyword.span, "first given here")),
    }
}

/// An error when a count stands beside `limit=`.
pub(crate) fn refuse_count_and_limit(call: &CommandCall, count: &Argument) -> Result<(), Diagnostic> {
    let Argument::Text { text, .. } = count else {
        return Ok(());
    };
    match call.option("limit") {
        None => Ok(()),
        Some(limit) => Err(Diagnostic::error("parse/duplicate-argument", format!("`{}` has both a count and `limit`", call.spec.name), text.span)
            .with_place(limit.name.span.to(limit.value.span), "and here")),
    }
}
