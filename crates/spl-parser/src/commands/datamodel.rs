//! `datamodel`: describes data models or runs one of their datasets.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, OptionKind, Status};
use crate::syntax::CommandCall;

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
