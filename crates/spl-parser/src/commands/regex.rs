//! `regex`: keeps the rows that match a regular expression, or do not.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `regex`. Arguments: the regular expression alone, or field, operator (`=`, `!=`, a text) and expression.
pub const SPEC: CommandSpec = CommandSpec {
    name: "regex",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "keeps the rows that match a regular expression, or do not",
    syntax: "regex (<field>=\"<regex>\" | <field>!=\"<regex>\" | \"<regex>\")",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::ArgumentsOr("_raw")], Makes::Keeps, Rows::Some),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    if reader.at_end_of_command() {
        return Err(missing_argument("`regex` needs a regular expression", call.name.span));
    }
    let before = reader.position();
    let field = reader.optional_field()?;
    let operator = ["!=", "="].into_iter().find_map(|operator| reader.symbol(operator).map(|span| Spanned::new(operator.to_owned(), span)));
    match (field, operator) {
        (Some(field), Some(operator)) => {
            if reader.at_end_of_command() {
                return Err(missing_argument(&format!("no regular expression for `{}`", field.name), field.span.to(operator.span)));
            }
            call.arguments.push(Argument::Field(field));
            call.arguments.push(Argument::Text { text: operator, quoted: false });
        }
        _ => reader.return_to(before),
    }
    let expression = reader.regular_expression("a regular expression in double quotes")?;
    call.arguments.push(expression);
    reader.expect_end_of_command("the end of the command")
}
