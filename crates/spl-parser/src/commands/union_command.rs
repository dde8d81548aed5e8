//! `union`: the rows of several datasets and subsearches.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, ReadsEvents, Rows, Source, Status, Subsearches};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `union`. Arguments: dataset names as texts (`lookup:users`), subsearches.
pub const SPEC: CommandSpec = CommandSpec {
    name: "union",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "the rows of several datasets and subsearches",
    syntax: "union [maxtime=<int>] [maxout=<int>] [timeout=<int>] (<dataset>|[<subsearch>])...",
    options: &[
        super::idle("maxtime", OptionKind::Integer, "60", "seconds that a subsearch may take in Splunk; splq waits for all of it"),
        super::option("maxout", OptionKind::Integer, "50000", "how many rows of a subsearch at most"),
        super::idle("timeout", OptionKind::Integer, "60", "seconds that Splunk waits for a subsearch; splq waits for all of it"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[], Makes::Adds(&[Made::Subsearches]), Rows::New).from(Source::Named(reads_events)).with(Subsearches::AsRows(Some("union_maxout"))),
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
        reader.separator();
    }
    if call.arguments.is_empty() {
        return Err(super::missing_argument("`union` needs a dataset or a subsearch", call.name.span));
    }
    Ok(())
}

/// Datasets that are named read events as `from` does; subsearches are searches of their own.
fn reads_events(call: &CommandCall) -> ReadsEvents {
    let datasets = call.arguments.iter().filter_map(|argument| match argument {
        Argument::Text { text, .. } => text.value.split_once(':'),
        _ => None,
    });
    datasets.map(|(kind, _)| super::from::dataset_reads_events(kind)).max().unwrap_or(ReadsEvents::No)
}
