//! `arules`: association rules between field values.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `arules`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "arules",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "association rules between field values",
    syntax: "arules [sup=<int>] [conf=<num>] <field> <field>...",
    options: &[
        super::option("sup", OptionKind::Integer, "3", "how many rows must support a rule"),
        super::option("conf", OptionKind::Number, "0.5", "least confidence of a rule, 0 to 1"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::ArgumentsOrAll], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Partial("Splunk's spelling of given and implied values, which is not documented"),
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    super::optional_fields(reader, call)?;
    match call.arguments.len() {
        0 | 1 => Err(super::missing_argument("`arules` needs at least two fields", call.name.span)),
        _ => Ok(()),
    }
}
