//! `nomv`: joins the values of a field by newlines.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Read, Rows, Status};

/// Syntax of `nomv`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "nomv",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "joins the values of a field by newlines",
    syntax: "nomv <field>",
    options: &[],
    arguments: ArgumentShape::Own(super::one_field),
    effects: Effects::of(&[Read::Arguments], Makes::Keeps, Rows::Each),
    status: Status::Full,
};
