//! `kvform`: extracts fields by a form.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `kvform`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "kvform",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "extracts fields with a form template",
    syntax: "kvform [form=<string>] [field=<field>]",
    options: &[
        super::option("form", OptionKind::Text, "", "form that is used: a file forms/<name>.form of an app"),
        super::option("field", OptionKind::Field, "sourcetype", "field whose value names the form"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::Named(&["_raw"]), Read::Option("field")], Makes::Adds(&[Made::Unknown]), Rows::Each),
    status: Status::Full,
};
