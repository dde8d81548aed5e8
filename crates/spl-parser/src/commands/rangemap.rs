//! `rangemap`: gives numbers the names of ranges.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `rangemap`. Arguments: pairs of range name and `low-high`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "rangemap",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "gives numbers the names of ranges",
    syntax: "rangemap field=<field> (<name>=<low>-<high>)... [default=<string>]",
    options: &[
        super::option("field", OptionKind::Field, "", "field with the number"),
        super::option("default", OptionKind::Text, "None", "name outside all ranges"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Option("field")], Makes::Adds(&[Made::Named(&["range"])]), Rows::Each),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    loop {
        reader.options(call)?;
        if reader.at_end_of_command() {
            break;
        }
        let name = reader.field("the name of a range")?;
        if reader.symbol("=").is_none() {
            return Err(reader.unexpected("`=`"));
        }
        let (value, _) = reader.text_or_word(&format!("a range for `{}`", name.name))?;
        if !is_range(&value.value) {
            let message = format!("range `{}` takes `low-high`, not `{}`", name.name, value.value);
            return Err(Diagnostic::error("parse/option-value", message, value.span));
        }
        call.arguments.push(Argument::Pair { name: Spanned::new(name.name, name.span), value });
        reader.separator();
    }
    if call.option("field").is_none() {
        return Err(missing_argument("`rangemap` needs `field=`", call.name.span));
    }
    Ok(())
}

/// Two numbers joined by a dash; either may have a sign.
fn is_range(text: &str) -> bool {
    text.char_indices()
        .filter(|(at, c)| *at > 0 && *c == '-')
        .any(|(at, _)| is_number(text.get(..at)) && is_number(text.get(at + 1..)))
}

fn is_number(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite))
}
