//! `sort`: orders rows. The count and a final `desc` are text arguments, the keys sort keys.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall, Quoting};

/// Syntax of `sort`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "sort",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "orders rows by fields",
    syntax: "sort [<count>] [+|-]<field>|auto(<field>)|str(<field>)|ip(<field>)|num(<field>)... [desc]",
    options: &[super::option("limit", OptionKind::Integer, "10000", "how many rows are returned; 0 for all")],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments], Makes::Keeps, Rows::Sorted),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    let before = reader.position();
    if let Some(count) = reader.whole_number() {
        if reader.at_end_of_command() && call.options.is_empty() {
            reader.return_to(before);
        } else {
            super::refuse_count_and_limit(call, &count)?;
            call.arguments.push(count);
        }
    }
    let mut keys = reader.sort_keys(call)?;
    if let Some(count @ Argument::Text { .. }) = call.arguments.first() {
        super::refuse_count_and_limit(call, &count.clone())?;
    }
    if keys.is_empty() {
        return Err(missing_argument("`sort` needs at least one field", call.name.span));
    }
    let reversed = match keys.as_slice() {
        [_, .., Argument::SortKey(last)] if !last.descending && last.kind.is_none() && last.field.quoting == Quoting::None => {
            matches!(last.field.name.as_str(), "d" | "desc").then_some(last.field.span)
        }
        _ => None,
    };
    if let Some(span) = reversed {
        keys.pop();
        keys.push(Argument::Text { text: Spanned::new("desc".to_owned(), span), quoted: false });
    }
    call.arguments.append(&mut keys);
    Ok(())
}
