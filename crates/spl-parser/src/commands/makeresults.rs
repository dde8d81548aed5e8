//! `makeresults`: rows out of nothing or out of inline data.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Rows, Source, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `makeresults`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "makeresults",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "rows out of nothing, or out of inline CSV or JSON",
    syntax: "makeresults [count=<num>] [annotate=<bool>] [splunk_server=<string>] [splunk_server_group=<string>] [format=csv|json data=\"<string>\"]",
    options: &[
        super::option("count", OptionKind::Integer, "1", "how many rows"),
        super::option("annotate", OptionKind::Boolean, "false", "adds _raw, host, source and the other default fields"),
        super::option("splunk_server", OptionKind::Text, "local", "server that makes the rows"),
        super::option("splunk_server_group", OptionKind::Text, "", "server group that makes the rows"),
        super::option("format", OptionKind::OneOf(&["csv", "json"]), "", "format of `data`"),
        super::option("data", OptionKind::Text, "", "the rows as text"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[], Makes::Only(&[Made::Named(&["_time"]), Made::UnknownWith("annotate"), Made::UnknownWith("format"), Made::UnknownWith("data")]), Rows::NewFew).from(Source::Itself),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if call.option("count").is_none()
        && let Some(Argument::Text { text, .. }) = reader.whole_number()
    {
        reader.option_without_name(call, "count", text);
        reader.options(call)?;
    }
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("an option or the end of the command")
}
