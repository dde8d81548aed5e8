//! `datamodel`: describes data models or runs one of their datasets.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Object, OptionKind, Read, ReadsEvents, Rows, Source, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `datamodel`. Arguments: model, dataset and mode as texts.
pub const SPEC: CommandSpec = CommandSpec {
    name: "datamodel",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "describes data models, or runs one of their datasets",
    syntax: "datamodel [<model>] [<dataset>] [search|flat|acceleration_search] [strict_fields=<bool>] [allow_old_summaries=<bool>] [summariesonly=<bool>]",
    options: &[
        super::option("strict_fields", OptionKind::Boolean, "true", "only fields of the model"),
        super::option("allow_old_summaries", OptionKind::Boolean, "false", "reads summaries of an older model definition; no effect, as a summary of splq accelerate is always read"),
        super::option("summariesonly", OptionKind::Boolean, "false", "reads only what has been summarised"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Unknown]), Rows::New).from(Source::Named(reads_events)).naming(&[Object::DataModel, Object::Dataset]),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    loop {
        reader.options(call)?;
        if reader.at_end_of_command() {
            return Ok(());
        }
        reader.refuse_unknown_option(call.spec)?;
        if call.arguments.len() == 3 {
            return Err(reader.unexpected("the end of the command"));
        }
        let text = reader.text_argument("a model, a dataset or a mode")?;
        call.arguments.push(text);
    }
}

/// Without a mode it describes the model; the modes with `_string` give the text of a search.
fn reads_events(call: &CommandCall) -> ReadsEvents {
    match call.arguments.get(2) {
        Some(Argument::Text { text, .. }) if !text.value.to_ascii_lowercase().ends_with("_string") => ReadsEvents::Yes,
        _ => ReadsEvents::No,
    }
}
