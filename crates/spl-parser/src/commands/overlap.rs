//! `overlap`: finds overlaps and gaps in a summary index.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Read, Rows, Status};

/// Syntax of `overlap`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "overlap",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "finds overlaps and gaps in a summary index",
    syntax: "overlap",
    options: &[],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::Named(&["info_min_time", "info_max_time", "info_search_id", "info_search_name"])], Makes::Only(&[Made::Unknown]), Rows::New),
    status: Status::Full,
};
