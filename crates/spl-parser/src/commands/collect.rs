//! `collect`: adds the rows to a summary index.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status, Writes};
use crate::syntax::CommandCall;

/// Syntax of `collect`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "collect",
    aliases: &["stash", "summaryindex", "sumindex"],
    kind: CommandKind::DatasetProcessing,
    summary: "adds the rows to a summary index",
    syntax: "collect [index=<string>] [<option>...]",
    options: &[
        super::option("index", OptionKind::Text, "summary", "index that gets the rows"),
        super::option("addinfo", OptionKind::Boolean, "true", "starts each event with times of the search"),
        super::option("addtime", OptionKind::Boolean, "true", "starts each event with a time"),
        super::idle("file", OptionKind::Text, "", "file that Splunk writes; splq keeps the events in the session"),
        super::idle("spool", OptionKind::Boolean, "true", "hands the file over for indexing; no effect without an indexer"),
        super::option("marker", OptionKind::Text, "", "key and value pairs that end each event"),
        super::idle("uselb", OptionKind::Boolean, "true", "breaks events by a line of their own; no effect without an indexer"),
        super::option("output_format", OptionKind::OneOf(&["raw", "hec"]), "raw", "format of events"),
        super::option("testmode", OptionKind::Boolean, "false", "shows the events as they would be sent"),
        super::idle("run_in_preview", OptionKind::Boolean, "false", "runs for previews too; splq has no previews"),
        super::option("host", OptionKind::Text, "", "host of the events"),
        super::option("source", OptionKind::Text, "", "source of the events"),
        super::option("sourcetype", OptionKind::Text, "stash", "sourcetype of the events"),
        super::option("timeformat", OptionKind::Text, "%m/%d/%Y %H:%M:%S %z", "format of the time"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::All], Makes::Adds(&[Made::UnknownWith("testmode")]), Rows::Each).writing(Writes::Events),
    status: Status::Partial("there is no index to add to: the rows pass on, with a note; testmode=true shows the events"),
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("an option or the end of the command")
}
