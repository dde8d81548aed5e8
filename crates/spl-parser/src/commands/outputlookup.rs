//! `outputlookup`: writes rows to a lookup table.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Object, OptionKind, Read, Rows, Status, Writes};
use crate::syntax::CommandCall;

/// Syntax of `outputlookup`. Its text argument is the table.
pub const SPEC: CommandSpec = CommandSpec {
    name: "outputlookup",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "writes rows to a lookup table",
    syntax: "outputlookup [append=<bool>] [create_empty=<bool>] [override_if_empty=<bool>] [max=<int>] [key_field=<field>] [allow_updates=<bool>] [createinapp=<bool>] [create_context=app|user|system] [output_format=splunk_sv_csv|splunk_mv_csv] (<file>|<table>)",
    options: &[
        super::option("append", OptionKind::Boolean, "false", "adds to the table instead of replacing it"),
        super::option("create_empty", OptionKind::Boolean, "false", "writes a table without rows when there are none"),
        super::option("override_if_empty", OptionKind::Boolean, "true", "empties an existing table when there are no rows"),
        super::option("max", OptionKind::Integer, "", "how many rows at most"),
        super::option("key_field", OptionKind::Field, "", "field that tells which row of a collection is replaced"),
        super::option("allow_updates", OptionKind::Boolean, "", "whether existing rows of a collection are replaced; true with `append` or `key_field` unless it is set"),
        super::option("createinapp", OptionKind::Boolean, "true", "whether the file is made in the app; no effect, as splq makes no files in apps"),
        super::option("create_context", OptionKind::OneOf(&["app", "user", "system"]), "", "where the file is made; no effect, as splq makes no files in apps"),
        super::option("output_format", OptionKind::OneOf(&["splunk_sv_csv", "splunk_mv_csv"]), "splunk_sv_csv", "how multivalue fields are written"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::All], Makes::Keeps, Rows::Each).writing(Writes::Lookup).naming(&[Object::Lookup]),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if reader.at_end_of_command() {
        return Err(missing_argument("`outputlookup` needs the name of a lookup", call.name.span));
    }
    reader.refuse_unknown_option(call.spec)?;
    let name = reader.text_argument("the name of a lookup")?;
    call.arguments.push(name);
    reader.options(call)?;
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("an option or the end of the command")
}
