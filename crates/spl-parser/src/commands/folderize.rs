//! `folderize`: groups paths into folders.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `folderize`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "folderize",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "groups paths into folders",
    syntax: "folderize attr=<field> [sep=<string>] [size=<field>] [minfolders=<int>] [maxfolders=<int>]",
    options: &[
        super::option("attr", OptionKind::Field, "", "field with the path"),
        super::option("sep", OptionKind::Text, "::", "what separates the parts of a path"),
        super::option("size", OptionKind::Field, "totalCount", "field that is added up"),
        super::option("minfolders", OptionKind::Integer, "2", "least number of folders"),
        super::option("maxfolders", OptionKind::Integer, "20", "greatest number of folders"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Option("attr"), Read::Option("size")], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Partial("Splunk's choice of depth, which is not documented"),
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    reader.refuse_unknown_option(call.spec)?;
    if call.option("attr").is_none() {
        return Err(super::missing_argument("`folderize` needs `attr=`", call.name.span));
    }
    reader.expect_end_of_command("an option or the end of the command")
}
