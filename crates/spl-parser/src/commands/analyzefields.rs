//! `analyzefields`: how well each numeric field predicts a field.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `analyzefields`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "analyzefields",
    aliases: &["af"],
    kind: CommandKind::Transforming,
    summary: "how well each numeric field predicts a field",
    syntax: "analyzefields classfield=<field>",
    options: &[super::option("classfield", OptionKind::Field, "", "the field that is predicted")],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Named(&["field", "count", "cocur", "acc", "balacc"])]), Rows::New),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    reader.refuse_unknown_option(call.spec)?;
    if call.option("classfield").is_none() {
        return Err(super::missing_argument("`analyzefields` needs `classfield=`", call.name.span));
    }
    reader.expect_end_of_command("the end of the command")
}
