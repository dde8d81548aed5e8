//! `outputtext`: copies the text of events into _xml.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, OptionKind, Status};

/// Syntax of `outputtext`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "outputtext",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "copies the text of events into _xml",
    syntax: "outputtext [usexml=<bool>]",
    options: &[super::option("usexml", OptionKind::Boolean, "true", "escapes the text as XML")],
    arguments: ArgumentShape::Nothing,
    status: Status::Full,
};
