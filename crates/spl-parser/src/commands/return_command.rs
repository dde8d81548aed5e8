//! `return`: hands values of a subsearch to the search around it.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::Spanned;
use crate::effects::RequiredFields;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `return`. Arguments: the count as text; then fields (`name="value"`), pairs (`alias="value"`), and texts
/// that start with `$` (the bare value).
pub const SPEC: CommandSpec = CommandSpec {
    name: "return",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "hands values of a subsearch to the search around it",
    syntax: "return [<count>] (<field>|<alias>=<field>|$<field>)...",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Own(returned_fields)], Makes::Only(&[Made::Unknown]), Rows::First),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    if let Some(count) = reader.whole_number() {
        call.arguments.push(count);
    }
    while !reader.at_end_of_command() {
        let field = reader.field("a field name")?;
        let argument = if reader.symbol("=").is_some() {
            let of = reader.field("a field name")?;
            Argument::Pair { name: Spanned::new(field.name, field.span), value: Spanned::new(of.name, of.span) }
        } else if field.name.starts_with('$') {
            Argument::Text { text: Spanned::new(field.name, field.span), quoted: false }
        } else {
            Argument::Field(field)
        };
        call.arguments.push(argument);
        reader.separator();
    }
    let has_field = call.arguments.iter().any(|argument| match argument {
        Argument::Text { text, .. } => text.value.starts_with('$'),
        _ => true,
    });
    if has_field { Ok(()) } else { Err(missing_argument("`return` needs at least one field", call.name.span)) }
}

/// Fields, the fields of pairs, and texts that start with `$`.
fn returned_fields(call: &CommandCall) -> RequiredFields {
    RequiredFields::only(call.arguments.iter().filter_map(|argument| match argument {
        Argument::Field(field) => Some(field.name.as_str()),
        Argument::Pair { value, .. } => Some(value.value.as_str()),
        Argument::Text { text, .. } => text.value.strip_prefix('$'),
        _ => None,
    }))
}
