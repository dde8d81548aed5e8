//! `convert`: converts values of fields to numbers or times.

use super::missing_argument;
use crate::diagnostic::{Diagnostic, nearest};
use crate::parser::Reader;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall, FieldName, Quoting};

/// Syntax of `convert`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "convert",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "converts values of fields to numbers or times",
    syntax: "convert [timeformat=<string>] (<function>(<field>) [AS <field>])...",
    options: &[super::option("timeformat", OptionKind::Text, "%m/%d/%Y %H:%M:%S", "format that ctime and mktime use")],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments], Makes::Adds(&[Made::Aliases]), Rows::Each),
    status: Status::Full,
};

/// The conversion functions.
pub const FUNCTIONS: &[&str] = &["auto", "ctime", "dur2sec", "memk", "mktime", "mstime", "none", "num", "rmcomma", "rmunit"];

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    loop {
        reader.options(call)?;
        if reader.at_end_of_command() {
            break;
        }
        reader.refuse_unknown_option(call.spec)?;
        let conversion = conversion(reader)?;
        call.arguments.push(conversion);
        reader.separator();
    }
    if call.arguments.is_empty() {
        return Err(missing_argument("`convert` needs a conversion such as `ctime(field)`", call.name.span));
    }
    Ok(())
}

fn conversion(reader: &mut Reader<'_>) -> Result<Argument, Diagnostic> {
    let Some(name) = reader.function_ahead() else {
        return Err(reader.unexpected("a conversion such as `ctime(field)`"));
    };
    let lower = name.value.to_ascii_lowercase();
    if !FUNCTIONS.contains(&lower.as_str()) {
        let error = Diagnostic::error("parse/unknown-conversion", format!("unknown conversion `{}`", name.value), name.span);
        return Err(match nearest(&lower, FUNCTIONS.iter().copied()) {
            Some(near) => error.with_help(format!("did you mean `{near}`?")),
            None => error.with_help(format!("one of {}", FUNCTIONS.join(", "))),
        });
    }
    let Some(opener) = reader.symbol("(") else {
        return Err(reader.unexpected("`(`"));
    };
    let here = reader.here();
    let field = if reader.at_symbol(")") {
        reader.note_practice(here, "a conversion without a field is one of every field", "write *");
        FieldName { name: "*".to_owned(), span: name.span, quoting: Quoting::None }
    } else {
        reader.plain_field("a field name")?
    };
    reader.close(")", opener)?;
    let alias = reader.alias()?;
    Ok(Argument::Conversion { function: Spanned::new(lower, name.span), field, alias })
}
