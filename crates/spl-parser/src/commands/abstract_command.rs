//! `abstract`: shortens the text of each event.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `abstract`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "abstract",
    aliases: &["excerpt"],
    kind: CommandKind::DistributableStreaming,
    summary: "shortens the text of each event",
    syntax: "abstract [maxterms=<int>] [maxlines=<int>]",
    options: &[
        super::option("maxterms", OptionKind::Integer, "1000", "how many terms are kept, 1 to 1000"),
        super::option("maxlines", OptionKind::Integer, "10", "how many lines are kept, 1 to 500"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::Named(&["_raw"])], Makes::Keeps, Rows::Each),
    status: Status::Partial("preference for lines with terms of the search"),
};
