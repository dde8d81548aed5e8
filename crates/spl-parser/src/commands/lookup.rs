//! `lookup`: adds fields from a lookup table.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::{Fields, Reader};
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Object, OptionKind, Read, Rows, Status};
use crate::syntax::{Argument, Clause, CommandCall};

/// Syntax of `lookup`. Arguments: the table as text, then the match fields (`Field`, or `Rename` from the table's name
/// to the event's); clauses `output` and `outputnew` with the same forms, which mean every field of the table when they are
/// empty.
pub const SPEC: CommandSpec = CommandSpec {
    name: "lookup",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "adds fields from a lookup table",
    syntax: "lookup [local=<bool>] [update=<bool>] [event_time_field=<field>] <table> (<lookup-field> [AS <event-field>])... [OUTPUT|OUTPUTNEW (<lookup-field> [AS <event-field>])...]",
    options: &[
        super::option("local", OptionKind::Boolean, "false", "runs on the search head only"),
        super::idle("update", OptionKind::Boolean, "false", "reads changes of the table during a real-time search; no effect, as there are none"),
        super::option("event_time_field", OptionKind::Field, "_time", "field with the time for temporal lookups"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::NewNames, Read::Option("event_time_field")], Makes::Adds(&[Made::NewNames(&["output", "outputnew"])]), Rows::Each).naming(&[Object::Lookup]),
    status: Status::Full,
};

const OUTPUTS: [&str; 2] = ["output", "outputnew"];

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if reader.at_end_of_command() {
        return Err(missing_argument("`lookup` needs the name of a lookup", call.name.span));
    }
    reader.refuse_unknown_option(call.spec)?;
    let name = reader.text_argument("the name of a lookup")?;
    call.arguments.push(name);
    reader.separator();
    reader.field_list(call, Fields::Renames, &OUTPUTS)?;
    if call.arguments.len() < 2 {
        return Err(missing_argument("`lookup` needs at least one field to match", call.name.span));
    }
    while let Some(keyword) = output_keyword(reader) {
        let arguments = output_fields(reader)?;
        call.clauses.push(Clause { keyword, arguments });
    }
    reader.expect_end_of_command("a field, `OUTPUT` or `OUTPUTNEW`")
}

fn output_keyword(reader: &mut Reader<'_>) -> Option<Spanned<String>> {
    OUTPUTS.into_iter().find_map(|word| reader.keyword(word).map(|span| Spanned::new(word.to_owned(), span)))
}

fn output_fields(reader: &mut Reader<'_>) -> Result<Vec<Argument>, Diagnostic> {
    let mut fields = Vec::new();
    reader.stray_commas();
    while !reader.at_end_of_command() && !OUTPUTS.into_iter().any(|word| reader.at_keyword(word)) {
        fields.push(reader.field_or_rename(Fields::Renames)?);
        reader.separator();
    }
    Ok(fields)
}
