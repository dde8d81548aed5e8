//! `xmlunescape`: replaces XML entities by what they mean.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `xmlunescape`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "xmlunescape",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "replaces XML entities by what they mean",
    syntax: "xmlunescape [maxinputs=<int>]",
    options: &[
        super::option("maxinputs", OptionKind::Integer, "50000", "how many events per round; no effect on results"),
    ],
    arguments: ArgumentShape::Own(super::optional_count),
    effects: Effects::of(&[Read::Named(&["_raw"])], Makes::Keeps, Rows::Each),
    status: Status::Full,
};
