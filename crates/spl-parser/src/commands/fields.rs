//! `fields`: keeps or removes fields. A leading `+` or `-` is the first argument, a text.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::{Fields, Reader};
use crate::span::Spanned;
use crate::effects::{fields, required};
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Own, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `fields`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "fields",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "keeps (+) or removes (-) fields",
    syntax: "fields [+|-] <field>...",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Kept], Makes::Own(&Own { required: required::of_fields, behind: fields::behind_fields }), Rows::Each),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    for sign in ["-", "+"] {
        if let Some(span) = reader.symbol(sign) {
            call.arguments.push(Argument::Text { text: Spanned::new(sign.to_owned(), span), quoted: false });
            break;
        }
    }
    reader.field_list(call, Fields::Plain, &[])?;
    if call.fields().next().is_none() {
        return Err(missing_argument("`fields` needs at least one field", call.name.span)
            .with_help("`fields - *` keeps the internal fields only"));
    }
    Ok(())
}
