//! `strcat`: joins fields and texts.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `strcat`. Arguments: fields and quoted texts; the last one is the new field.
pub const SPEC: CommandSpec = CommandSpec {
    name: "strcat",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "joins fields and texts into a new field",
    syntax: "strcat [allrequired=<bool>] (<field>|\"<text>\")... <field>",
    options: &[super::option("allrequired", OptionKind::Boolean, "false", "makes nothing when a field is absent")],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::ButLast], Makes::Adds(&[Made::LastField]), Rows::Each),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    loop {
        reader.options(call)?;
        if reader.at_end_of_command() {
            break;
        }
        reader.refuse_unknown_option(call.spec)?;
        let quoted = reader.next_character() == Some('"');
        let argument = if quoted { reader.text_argument("a text")? } else { Argument::Field(reader.field("a field name")?) };
        call.arguments.push(argument);
        reader.separator();
    }
    if call.arguments.len() < 2 || !matches!(call.arguments.last(), Some(Argument::Field(_))) {
        return Err(missing_argument("`strcat` needs sources and, at the end, a field", call.name.span));
    }
    Ok(())
}
