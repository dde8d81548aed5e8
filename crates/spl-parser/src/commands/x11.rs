//! `x11`: removes the seasonal pattern of a series.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::parser::lexical;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `x11`. Arguments: one conversion whose function is `mult15`, `add` or `add20`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "x11",
    aliases: &[],
    kind: CommandKind::CentralizedStreaming,
    summary: "removes the seasonal pattern of a series",
    syntax: "x11 [add|mult][<period>](<field>) [AS <field>]",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments], Makes::Adds(&[Made::Unknown]), Rows::InOrder),
    status: Status::Partial("Splunk's treatment of the ends of a series and its choice of a period"),
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    if reader.at_end_of_command() {
        return Err(super::missing_argument("`x11` needs a field in parentheses", call.name.span));
    }
    let before = reader.here();
    let word = reader.read(lexical::templated_field_word);
    let (text, span) = word.map_or(("", before), |word| (word.value, word.span));
    let lower = text.to_ascii_lowercase();
    let (kind, period) = match lower.strip_prefix("add") {
        Some(period) => ("add", period),
        None => ("mult", lower.strip_prefix("mult").unwrap_or(&lower)),
    };
    let period = match period {
        "" => String::new(),
        digits => match digits.parse::<u32>() {
            Ok(period) if (5..=1000).contains(&period) => period.to_string(),
            Ok(_) => return Err(Diagnostic::error("parse/option-value", "the period of `x11` is between 5 and 1000", span)),
            Err(_) => {
                return Err(Diagnostic::error("parse/unknown-conversion", format!("unknown type `{text}` of `x11`"), span)
                    .with_help("add or mult and a period between 5 and 1000, for example mult15(count)"));
            }
        },
    };
    let Some(opener) = reader.symbol("(") else {
        return Err(reader.unexpected("`(`"));
    };
    let field = reader.plain_field("a field name")?;
    reader.close(")", opener)?;
    let alias = reader.alias()?;
    let function = Spanned::new(format!("{kind}{period}"), span);
    call.arguments.push(Argument::Conversion { function, field, alias });
    reader.expect_end_of_command("the end of the command")
}
