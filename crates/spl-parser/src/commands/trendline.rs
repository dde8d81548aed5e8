//! `trendline`: moving averages.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `trendline`. Arguments: conversions whose function is `sma5`, `ema5` or `wma5`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "trendline",
    aliases: &[],
    kind: CommandKind::CentralizedStreaming,
    summary: "moving averages",
    syntax: "trendline ((sma|ema|wma)<period>(<field>) [AS <field>])...",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments], Makes::Adds(&[Made::Results]), Rows::InOrder),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    while !reader.at_end_of_command() {
        let Some(function) = reader.function_ahead() else {
            return Err(reader.unexpected("a trend such as `sma5(field)`"));
        };
        let lower = function.value.to_ascii_lowercase();
        let period = ["sma", "ema", "wma"]
            .into_iter()
            .find_map(|kind| lower.strip_prefix(kind))
            .and_then(|period| period.parse::<u32>().ok());
        if !period.is_some_and(|period| (2..=10_000).contains(&period)) {
            return Err(Diagnostic::error(
                "parse/unknown-conversion",
                format!("unknown trend `{}`", function.value),
                function.span,
            )
            .with_help("sma, ema or wma and a period between 2 and 10000, for example sma5"));
        }
        let Some(opener) = reader.symbol("(") else {
            return Err(reader.unexpected("`(`"));
        };
        let field = reader.plain_field("a field name")?;
        reader.close(")", opener)?;
        let alias = reader.alias()?;
        call.arguments.push(Argument::Conversion { function: Spanned::new(lower, function.span), field, alias });
        reader.separator();
    }
    if call.arguments.is_empty() {
        return Err(missing_argument("`trendline` needs a trend such as `sma5(field)`", call.name.span));
    }
    Ok(())
}
