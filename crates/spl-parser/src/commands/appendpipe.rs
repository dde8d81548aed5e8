//! `appendpipe`: runs commands over the rows and adds their result.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, OptionKind, Status};

/// Syntax of `appendpipe`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "appendpipe",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "runs commands over the rows and adds their result",
    syntax: "appendpipe [run_in_preview=<bool>] [<commands>]",
    options: &[
        super::option("run_in_preview", OptionKind::Boolean, "true", "whether previews show the result; splq has no previews"),
    ],
    arguments: ArgumentShape::Own(super::one_pipeline),
    status: Status::Full,
};
