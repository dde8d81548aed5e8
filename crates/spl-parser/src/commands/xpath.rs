//! `xpath`: extracts values from XML.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `xpath`. Its text argument is the path.
pub const SPEC: CommandSpec = CommandSpec {
    name: "xpath",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "extracts values from XML",
    syntax: "xpath \"<xpath>\" [field=<field>] [outfield=<field>] [default=<string>]",
    options: &[
        super::option("field", OptionKind::Field, "_raw", "field that is read"),
        super::option("outfield", OptionKind::Field, "xpath", "field that gets the value"),
        super::option("default", OptionKind::Text, "", "value when nothing is found"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Option("field")], Makes::Adds(&[Made::Option("outfield")]), Rows::Each),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    super::optional_text(reader, call)?;
    if call.arguments.is_empty() {
        return Err(super::missing_argument("`xpath` needs a path", call.name.span));
    }
    Ok(())
}
