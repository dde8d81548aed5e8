//! `iconify`: an icon per distinct value on screen.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Rows, Status};

/// Syntax of `iconify`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "iconify",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "shows an icon per distinct value in the UI",
    syntax: "iconify <field>...",
    options: &[],
    arguments: ArgumentShape::Fields,
    effects: Effects::of(&[], Makes::Keeps, Rows::Each),
    status: Status::Full,
};
