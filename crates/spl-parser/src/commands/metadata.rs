//! `metadata`: hosts, sources or sourcetypes of an index.

use crate::diagnostic::Diagnostic;
use crate::parser::{Reader, lexical};
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Source, Status};
use crate::syntax::CommandCall;

/// What can be listed.
const TYPES: &[&str] = &["hosts", "sources", "sourcetypes"];

/// Syntax of `metadata`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "metadata",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "hosts, sources or sourcetypes of an index",
    syntax: "metadata type=hosts|sources|sourcetypes [index=<index>] [datatype=metric|event] [splunk_server=<string>] [splunk_server_group=<string>]",
    options: &[
        super::option("type", OptionKind::OneOf(TYPES), "", "what is listed"),
        super::option("index", OptionKind::Text, "main", "index that is read"),
        super::option("datatype", OptionKind::OneOf(&["metric", "event", "*"]), "event", "kind of index"),
        super::idle("splunk_server", OptionKind::Text, "", "server that is asked"),
        super::idle("splunk_server_group", OptionKind::Text, "", "server group that is asked"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Named(&["_time", "host", "source", "sourcetype", "index"])], Makes::Only(&[Made::Unknown]), Rows::NewFew).from(Source::Events),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options_joined_by_or(call)?;
    let before = reader.position();
    match reader.read(lexical::name) {
        Some(word) if call.option("type").is_none() && TYPES.iter().any(|kind| word.value.eq_ignore_ascii_case(kind)) => {
            reader.option_without_name(call, "type", Spanned::new(word.value.to_ascii_lowercase(), word.span));
            reader.options_joined_by_or(call)?;
        }
        _ => reader.return_to(before),
    }
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("an option or the end of the command")
}
