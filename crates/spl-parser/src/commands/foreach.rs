//! `foreach`: runs a template of commands for each of several fields, values or items.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::{Fields, Reader};
use crate::span::Spanned;
use crate::effects::{fields, required};
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Own, Read, Rows, Status, Subsearches};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `foreach`. Arguments: fields, then the template as an unquoted text with its brackets, place holders such
/// as `<<FIELD>>` left in. The template was checked to be readable; its text is to be filled in and parsed per field.
pub const SPEC: CommandSpec = CommandSpec {
    name: "foreach",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "runs a template of commands for each of several fields, values or items",
    syntax: "foreach [mode=multifield|multivalue|json_array|auto_collections] [fieldstr=<string>] [matchstr=<string>] [matchseg1=<string>] [matchseg2=<string>] [matchseg3=<string>] [itemstr=<string>] [iterstr=<string>] <field>... [<commands>]",
    options: &[
        super::option("mode", OptionKind::OneOf(&["multifield", "multivalue", "json_array", "auto_collections"]), "multifield", "what is gone through"),
        super::option("fieldstr", OptionKind::Text, "<<FIELD>>", "place holder of the field"),
        super::option("matchstr", OptionKind::Text, "<<MATCHSTR>>", "place holder of what the wildcards matched"),
        super::option("matchseg1", OptionKind::Text, "<<MATCHSEG1>>", "place holder of what the first wildcard matched"),
        super::option("matchseg2", OptionKind::Text, "<<MATCHSEG2>>", "place holder of what the second wildcard matched"),
        super::option("matchseg3", OptionKind::Text, "<<MATCHSEG3>>", "place holder of what the third wildcard matched"),
        super::option("itemstr", OptionKind::Text, "<<ITEM>>", "place holder of the value or item"),
        super::option("iterstr", OptionKind::Text, "<<ITER>>", "place holder of the number of the round"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments], Makes::Own(&Own { required: required::of_foreach, behind: fields::behind_foreach }), Rows::Each).with(Subsearches::OverRows),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.field_list(call, Fields::Plain, &[])?;
    if call.arguments.is_empty() {
        return Err(missing_argument("`foreach` needs at least one field", call.name.span));
    }
    if reader.at_end_of_command() {
        return Err(missing_argument("`foreach` needs commands in [ ]", call.name.span));
    }
    let template = reader.inner_commands()?;
    let text = reader.text(template.span).to_owned();
    call.arguments.push(Argument::Text { text: Spanned::new(text, template.span), quoted: false });
    reader.options(call)?;
    reader.expect_end_of_command("the end of the command")
}
