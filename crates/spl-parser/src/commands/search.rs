//! `search`: terms and comparisons; implied at the start of a search.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Read, Rows, Source, Status};

/// Syntax of `search`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "search",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "keeps the events that match terms and field comparisons",
    syntax: "search <search-expression>",
    options: &[],
    arguments: ArgumentShape::Search,
    effects: Effects::of(&[Read::Arguments], Makes::Keeps, Rows::Some).from(Source::EventsWhenFirst),
    status: Status::Full,
};
