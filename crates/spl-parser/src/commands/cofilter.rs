//! `cofilter`: how often values of a field occur with the same value of another.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `cofilter`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "cofilter",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "how often values of a field occur with the same value of another",
    syntax: "cofilter <field> <field>",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::ArgumentsOrAll], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    super::optional_fields(reader, call)?;
    match call.arguments.as_slice() {
        [_, _] => Ok(()),
        [] | [_] => Err(super::missing_argument("`cofilter` needs two fields", call.name.span)),
        [_, _, third, ..] => {
            let span = third.as_field().map_or(call.name.span, |field| field.span);
            Err(Diagnostic::error("parse/too-many-arguments", "`cofilter` takes two fields", span))
        }
    }
}
