//! `where`: keeps the rows for which an eval expression is true.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Read, Rows, Status};

/// Syntax of `where`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "where",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "keeps the rows for which an expression is true",
    syntax: "where <eval-expression>",
    options: &[],
    arguments: ArgumentShape::Expression,
    effects: Effects::of(&[Read::Arguments], Makes::Keeps, Rows::Some),
    status: Status::Full,
};
