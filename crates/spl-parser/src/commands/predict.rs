//! `predict`: forecasts series of numbers over time.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `predict`.
///
/// Arguments: fields and renames, each run of them followed by its options as pairs, as options belong to the fields before them.
pub const SPEC: CommandSpec = CommandSpec {
    name: "predict",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "forecasts series of numbers over time",
    syntax: "predict (<field> [AS <field>])... [algorithm=LL|LLT|LLP|LLP5|LLB|BiLL] [future_timespan=<int>] [holdback=<int>] [period=<int>] [correlate=<field>] [suppress=<field>] [lower<int>=<field>] [upper<int>=<field>]",
    options: &[
        super::option(
            "algorithm",
            OptionKind::OneOf(&["ll", "llt", "llp", "llp5", "llb", "bill"]),
            "LLP5",
            "model of the series",
        ),
        super::option("future_timespan", OptionKind::Integer, "5", "how many values are forecast"),
        super::option("holdback", OptionKind::Integer, "0", "how many values at the end are left out"),
        super::option("period", OptionKind::Integer, "", "length of a cycle, in rows"),
        super::option("correlate", OptionKind::Field, "", "the other series of algorithm=LLB"),
        super::option("correlate_field", OptionKind::Field, "", "another name of correlate"),
        super::option("suppress", OptionKind::Field, "", "field of algorithm=LLB or BiLL whose forecast is not shown"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments, Read::Pairs("correlate"), Read::Named(&["_time", "_span", "_spandays"])], Makes::Adds(&[Made::Unknown]), Rows::InOrder),
    status: Status::Partial("Splunk's own fit of the models, which is not documented; forecasts are close, not the same"),
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    while !reader.at_end_of_command() {
        if reader.option(call)? {
            let Some(option) = call.options.pop() else { continue };
            call.arguments.push(Argument::Pair { name: option.name, value: option.value });
            reader.separator();
            continue;
        }
        if let Some(name) = reader.pair_ahead() {
            if !is_bound(name.value) {
                reader.refuse_unknown_option(call.spec)?;
            }
            let Argument::Pair { name, value } = reader.pair()? else { continue };
            call.arguments.push(Argument::Pair { name: Spanned::new(name.value.to_ascii_lowercase(), name.span), value });
            reader.separator();
            continue;
        }
        let from = reader.field("a field name")?;
        let argument = match reader.alias()? {
            Some(to) => Argument::Rename { from, to },
            None => Argument::Field(from),
        };
        call.arguments.push(argument);
        reader.separator();
    }
    let is_field = |argument: &Argument| !matches!(argument, Argument::Pair { .. });
    if !call.arguments.iter().any(is_field) {
        return Err(super::missing_argument("`predict` needs a field", call.name.span));
    }
    Ok(())
}

/// `lower95`, `upper90`: a percentage between 0 and 100.
fn is_bound(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["lower", "upper"]
        .into_iter()
        .find_map(|kind| lower.strip_prefix(kind))
        .and_then(|digits| digits.parse::<u32>().ok())
        .is_some_and(|percentage| percentage < 100)
}
