//! `outputtext`: copies the text of events into _xml.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `outputtext`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "outputtext",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "copies the text of events into _xml",
    syntax: "outputtext [usexml=<bool>]",
    options: &[super::option("usexml", OptionKind::Boolean, "true", "escapes the text as XML")],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::Named(&["_raw"])], Makes::Adds(&[Made::Named(&["_xml"])]), Rows::Each),
    status: Status::Full,
};
