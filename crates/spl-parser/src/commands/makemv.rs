//! `makemv`: splits a field into values.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `makemv`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "makemv",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "splits a field into values",
    syntax: "makemv [delim=<string>|tokenizer=\"<regex>\"] [allowempty=<bool>] [setsv=<bool>] <field>",
    options: &[
        super::option("delim", OptionKind::Text, " ", "text between two values"),
        super::option("tokenizer", OptionKind::Regex, "", "regular expression whose first group is a value"),
        super::option("allowempty", OptionKind::Boolean, "false", "keeps empty values"),
        super::option("setsv", OptionKind::Boolean, "false", "also keeps the single-value form"),
    ],
    arguments: ArgumentShape::Own(super::one_field),
    effects: Effects::of(&[Read::Arguments], Makes::Keeps, Rows::Each),
    status: Status::Full,
};
