//! `typelearner`: suggests event types for groups of events.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `typelearner`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "typelearner",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "suggests event types for groups of events",
    syntax: "typelearner [<field>] [maxlen=<int>]",
    options: &[super::option(
        "maxlen",
        OptionKind::Integer,
        "15",
        "characters of the grouping field that are looked at; all when negative",
    )],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Named(&["_raw", "punct", "sourcetype", "eventtype"]), Read::Arguments], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Partial("Splunk's choice of event types and its columns, which are not documented"),
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    super::optional_fields(reader, call)?;
    if call.arguments.len() > 1 { Err(super::too_many_fields(call)) } else { Ok(()) }
}
