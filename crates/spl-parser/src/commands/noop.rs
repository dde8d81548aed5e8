//! `noop`: changes nothing; carries switches of the search optimizer.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Rows, Source, Status};

/// Syntax of `noop`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "noop",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "changes nothing; carries switches of the search optimizer",
    syntax: "noop [<switch>=<value>...]",
    options: &[],
    arguments: ArgumentShape::Unread,
    effects: Effects::of(&[], Makes::Keeps, Rows::Each).from(Source::NothingWhenFirst),
    status: Status::Full,
};
