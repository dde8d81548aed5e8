//! `union`: the rows of several datasets and subsearches.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, OptionKind, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `union`. Arguments: dataset names as texts (`lookup:users`), subsearches.
pub const SPEC: CommandSpec = CommandSpec {
    name: "union",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "the rows of several datasets and subsearches",
    syntax: "union [maxtime=<int>] [maxout=<int>] [timeout=<int>] (<dataset>|[<subsearch>])...",
    options: &[
        super::option("maxtime", OptionKind::Integer, "60", "seconds that a subsearch may take in Splunk; splq waits for all of it"),
        super::option("maxout", OptionKind::Integer, "50000", "how many rows of a subsearch at most"),
        super::option("timeout", OptionKind::Integer, "60", "seconds that Splunk waits for a subsearch; splq waits for all of it"),
    ],
    arguments: ArgumentShape::Own(grammar),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    loop {
        reader.options(call)?;
        if reader.at_end_of_command() {
            break;
        }
        reader.refuse_unknown_option(call.spec)?;
        let argument = if reader.at_symbol("[") { Argument::Subsearch(reader.subsearch()?) } else { reader.text_argument("a dataset or a subsearch")? };
        call.arguments.push(argument);
        reader.symbol(",");
    }
    if call.arguments.is_empty() {
        return Err(super::missing_argument("`union` needs a dataset or a subsearch", call.name.span));
    }
    Ok(())
}
