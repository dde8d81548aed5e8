//! `tojson`: turns rows into JSON objects.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall};

const TYPES: &[&str] = &["auto", "bool", "json", "none", "num", "str"];

/// Syntax of `tojson`. Arguments: fields, or conversions `num(field)`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "tojson",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "turns rows into JSON objects",
    syntax: "tojson [(<field>|auto(<field>)|bool(<field>)|json(<field>)|none(<field>)|num(<field>)|str(<field>))...] [default_type=<type>] [fill_null=<bool>] [include_internal=<bool>] [output_field=<field>]",
    options: &[
        super::option("default_type", OptionKind::OneOf(TYPES), "none", "type of fields without one"),
        super::option("fill_null", OptionKind::Boolean, "false", "writes null for what can't be converted"),
        super::option("include_internal", OptionKind::Boolean, "false", "also fields that start with _"),
        super::option("output_field", OptionKind::Field, "_raw", "field that gets the object"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::ArgumentsOrAll], Makes::Adds(&[Made::Option("output_field")]), Rows::Each),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    loop {
        reader.options(call)?;
        if reader.at_end_of_command() {
            return Ok(());
        }
        reader.refuse_unknown_option(call.spec)?;
        let argument = field_of_type(reader)?;
        call.arguments.push(argument);
        reader.separator();
    }
}

fn field_of_type(reader: &mut Reader<'_>) -> Result<Argument, Diagnostic> {
    let Some(function) = reader.function_ahead() else {
        return Ok(Argument::Field(reader.field("a field name")?));
    };
    let lower = function.value.to_ascii_lowercase();
    if !TYPES.contains(&lower.as_str()) {
        return Err(Diagnostic::error("parse/unknown-conversion", format!("unknown type `{}`", function.value), function.span)
            .with_help(format!("one of {}", TYPES.join(", "))));
    }
    let Some(opener) = reader.symbol("(") else {
        return Err(reader.unexpected("`(`"));
    };
    let field = reader.plain_field("a field name")?;
    reader.close(")", opener)?;
    Ok(Argument::Conversion { function: Spanned::new(lower, function.span), field, alias: None })
}
