//! `findtypes`: suggests event types.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `findtypes`. Arguments: the keywords as texts.
pub const SPEC: CommandSpec = CommandSpec {
    name: "findtypes",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "suggests event types",
    syntax: "findtypes [max=<int>] [notcovered] [useraw]",
    options: &[super::option("max", OptionKind::Integer, "10", "how many are suggested")],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Named(&["_raw", "punct", "sourcetype", "eventtype"])], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Partial("Splunk's choice of event types and its columns, which are not documented"),
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    loop {
        reader.options(call)?;
        let word = ["notcovered", "useraw"]
            .into_iter()
            .find_map(|word| reader.keyword(word).map(|span| Spanned::new(word.to_owned(), span)));
        let Some(word) = word else { break };
        call.arguments.push(Argument::Text { text: word, quoted: false });
    }
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("`notcovered`, `useraw`, an option or the end of the command")
}
