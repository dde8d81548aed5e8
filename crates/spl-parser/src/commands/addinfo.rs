//! `addinfo`: adds the time range and id of the search to each row.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Rows, Status};

/// Syntax of `addinfo`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "addinfo",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "adds the time range and id of the search to each row",
    syntax: "addinfo",
    options: &[],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[], Makes::Adds(&[Made::Named(&["info_min_time", "info_max_time", "info_search_time", "info_sid"])]), Rows::Each),
    status: Status::Full,
};
