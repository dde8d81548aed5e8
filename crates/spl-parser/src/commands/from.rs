//! `from`: the rows of a dataset: data model, lookup, saved search.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Object, Read, ReadsEvents, Rows, Source, Status};
use crate::syntax::{Argument, CommandCall};

/// Syntax of `from`. Its argument is the pair of dataset type (lower-case) and name.
pub const SPEC: CommandSpec = CommandSpec {
    name: "from",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "the rows of a dataset",
    syntax: "from (datamodel|lookup|inputlookup|savedsearch|sid|federated):<name>",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Unknown]), Rows::New).from(Source::Named(reads_events)).naming(&[Object::KindAndName]),
    status: Status::Full,
};

const TYPES: [&str; 6] = ["datamodel", "lookup", "inputlookup", "savedsearch", "sid", "federated"];

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    if reader.at_end_of_command() {
        return Err(missing_argument("`from` needs a dataset such as `datamodel:Endpoint.Processes`", call.name.span));
    }
    let (kind, value) = match reader.quoted('"')? {
        Some(raw) => {
            let Some((kind, value)) = raw.value.split_once(':') else {
                return Err(Diagnostic::error("parse/unexpected", "expected `type:name`", raw.span));
            };
            (Spanned::new(kind.to_owned(), raw.span), Spanned::new(value.to_owned(), raw.span))
        }
        None => {
            let Some(kind) = reader.read(crate::parser::lexical::name) else {
                return Err(reader.unexpected("a dataset type"));
            };
            if reader.symbol(":").is_none() {
                reader.symbol("=");
            }
            let value = reader.dataset_name("the name of a dataset")?;
            (Spanned::new(kind.value.to_owned(), kind.span), value)
        }
    };
    let kind = Spanned::new(kind.value.to_ascii_lowercase(), kind.span);
    if !TYPES.contains(&kind.value.as_str()) {
        return Err(Diagnostic::error("parse/unknown-dataset-type", format!("unknown dataset type `{}`", kind.value), kind.span)
            .with_help(format!("one of {}", TYPES.join(", "))));
    }
    call.arguments.push(Argument::Pair { name: kind, value });
    reader.expect_end_of_command("the end of the command")
}

/// Events are read of a data model; a saved search is known to the knowledge objects only.
fn reads_events(call: &CommandCall) -> ReadsEvents {
    match call.arguments.first() {
        Some(Argument::Pair { name, .. }) => dataset_reads_events(&name.value),
        _ => ReadsEvents::Maybe,
    }
}

/// Whether a kind of dataset reads events.
pub(super) fn dataset_reads_events(kind: &str) -> ReadsEvents {
    match kind.to_ascii_lowercase().as_str() {
        "datamodel" => ReadsEvents::Yes,
        "lookup" | "inputlookup" => ReadsEvents::No,
        _ => ReadsEvents::Maybe,
    }
}
