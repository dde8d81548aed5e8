//! `localop`: runs what follows on the search head.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Rows, Source, Status};

/// Syntax of `localop`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "localop",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "runs what follows on the search head",
    syntax: "localop",
    options: &[],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[], Makes::Keeps, Rows::Each).from(Source::NothingWhenFirst),
    status: Status::Full,
};
