//! `eventcount`: number of events per index.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Source, Status};
use crate::syntax::CommandCall;

/// Syntax of `eventcount`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "eventcount",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "number of events per index",
    syntax: "eventcount [index=<string>]... [summarize=<bool>] [report_size=<bool>] [list_vix=<bool>] [list_federated_remote=<bool>] [tstats=<bool>]",
    options: &[
        super::option("index", OptionKind::Text, "", "index that is counted"),
        super::option("summarize", OptionKind::Boolean, "true", "one number for all"),
        super::option("report_size", OptionKind::Boolean, "false", "adds the size"),
        super::option("list_vix", OptionKind::Boolean, "true", "also virtual indexes"),
        super::option("list_federated_remote", OptionKind::Boolean, "false", "also remote indexes"),
        super::option("tstats", OptionKind::Boolean, "false", "counts with tstats"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::NamedWith("_raw", "report_size")], Makes::Only(&[Made::Unknown]), Rows::NewFew).from(Source::Events),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options_joined_by_or(call)?;
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("an option or the end of the command")
}
