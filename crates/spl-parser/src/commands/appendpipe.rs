//! `appendpipe`: runs commands over the rows and adds their result.

use crate::effects::{fields, required};
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Own, Rows, Status, Subsearches};

/// Syntax of `appendpipe`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "appendpipe",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "runs commands over the rows and adds their result",
    syntax: "appendpipe [run_in_preview=<bool>] [<commands>]",
    options: &[
        super::idle("run_in_preview", OptionKind::Boolean, "true", "whether previews show the result; splq has no previews"),
    ],
    arguments: ArgumentShape::Own(super::one_pipeline),
    effects: Effects::of(&[], Makes::Own(&Own { required: required::of_appendpipe, behind: fields::behind_appendpipe }), Rows::Whole).with(Subsearches::OverRows),
    status: Status::Full,
};
