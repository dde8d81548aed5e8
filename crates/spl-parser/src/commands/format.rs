//! `format`: turns rows into the text of a search expression.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `format`. Arguments: none or the six texts.
pub const SPEC: CommandSpec = CommandSpec {
    name: "format",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "turns rows into the text of a search expression",
    syntax: "format [mvsep=<string>] [maxresults=<int>] [\"<row prefix>\" \"<column prefix>\" \"<column separator>\" \"<column end>\" \"<row separator>\" \"<row end>\"] [emptystr=<string>]",
    options: &[
        super::option("mvsep", OptionKind::Text, "OR", "operator between the values of a multivalue field"),
        super::option("maxresults", OptionKind::Integer, "0", "how many rows are taken; 0 for all"),
        super::option("emptystr", OptionKind::Text, "NOT( )", "result without rows"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Named(&["search"])]), Rows::NewFew),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    loop {
        reader.options(call)?;
        if reader.at_end_of_command() {
            break;
        }
        reader.refuse_unknown_option(call.spec)?;
        let text = reader.text_argument("one of the six texts of `format`")?;
        call.arguments.push(text);
    }
    if matches!(call.arguments.len(), 0 | 6) {
        return Ok(());
    }
    let message = format!("`format` takes six texts or none, not {}", call.arguments.len());
    Err(Diagnostic::error("parse/missing-argument", message, call.name.span)
        .with_help("row prefix, column prefix, column separator, column end, row separator, row end"))
}
