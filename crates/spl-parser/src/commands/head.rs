//! `head`: the first rows, or rows while a condition holds.

use super::refuse_count_and_limit;
use crate::diagnostic::{Diagnostic, nearest};
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `head`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "head",
    aliases: &[],
    kind: CommandKind::CentralizedStreaming,
    summary: "the first rows, or the rows until a condition fails",
    syntax: "head [<count>|(<eval-expression>)] [limit=<int>] [null=<bool>] [keeplast=<bool>]",
    options: &[
        super::option("limit", OptionKind::Integer, "10", "how many rows at most"),
        super::option("null", OptionKind::Boolean, "false", "whether a condition without value counts as true"),
        super::option("keeplast", OptionKind::Boolean, "false", "whether the first row that fails the condition is kept"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments], Makes::Keeps, Rows::First),
    status: Status::Full,
};

/// `limt=5` is taken for a misspelt option; a condition on a field of such a name is written in parentheses.
fn refuse_misspelt_option(reader: &mut Reader<'_>, call: &CommandCall) -> Result<(), Diagnostic> {
    let near = reader.pair_ahead().and_then(|name| nearest(name.value, call.spec.options.iter().map(|option| option.name)));
    if near.is_some() { reader.refuse_unknown_option(call.spec) } else { Ok(()) }
}

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if reader.at_end_of_command() {
        return Ok(());
    }
    let before = reader.position();
    let count = reader.whole_number().filter(|_| reader.at_symbol(",") || reader.at_end_of_command() || reader.pair_ahead().is_some());
    match count {
        Some(count) => {
            call.arguments.push(count);
            reader.separator();
        }
        None => {
            reader.return_to(before);
            refuse_misspelt_option(reader, call)?;
            if reader.at_symbol("[") {
                return Err(reader.unexpected("a whole number or a condition"));
            }
            let condition = reader.expression()?;
            call.arguments.push(Argument::Expression(condition));
        }
    }
    reader.options(call)?;
    if let Some(count @ Argument::Text { .. }) = call.arguments.first() {
        refuse_count_and_limit(call, count)?;
    }
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("an option or the end of the command")
}
