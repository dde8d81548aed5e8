//! `metasearch`: events without their text and extracted fields.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Status};

/// Syntax of `metasearch`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "metasearch",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "events without their text and extracted fields",
    syntax: "metasearch [<search-expression>]",
    options: &[],
    arguments: ArgumentShape::Search,
    status: Status::Full,
};
