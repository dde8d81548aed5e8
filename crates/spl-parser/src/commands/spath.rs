//! `spath`: extracts fields from JSON or XML.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `spath`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "spath",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "extracts fields from JSON or XML",
    syntax: "spath [input=<field>] [output=<field>] [path=<path>|<path>]",
    options: &[
        super::option("input", OptionKind::Field, "_raw", "field that is read"),
        super::option("output", OptionKind::Field, "", "field that gets the value"),
        super::option("path", OptionKind::Text, "", "path of the value"),
    ],
    arguments: ArgumentShape::Own(super::optional_text),
    effects: Effects::of(&[Read::Option("input")], Makes::Adds(&[Made::Unknown]), Rows::Each),
    status: Status::Full,
};
