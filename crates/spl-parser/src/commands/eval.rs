//! `eval`: computes expressions into fields.

use crate::effects::{fields, required};
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, Own, Read, Rows, Status};

/// Syntax of `eval`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "eval",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "computes expressions into fields",
    syntax: "eval <field>=<expression>[, <field>=<expression>]...",
    options: &[],
    arguments: ArgumentShape::Assignments,
    effects: Effects::of(&[Read::Arguments], Makes::Own(&Own { required: required::of_eval, behind: fields::behind_eval }), Rows::Each),
    status: Status::Full,
};
