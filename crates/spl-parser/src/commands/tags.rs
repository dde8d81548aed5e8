//! `tags`: adds the tags of field values.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `tags`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "tags",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "adds the tags of field values",
    syntax: "tags [outputfield=<field>] [inclname=<bool>] [inclvalue=<bool>] [allowed_tags=<string>] [<field>...]",
    options: &[
        super::option("outputfield", OptionKind::Field, "tag", "field that gets the tags"),
        super::option("inclname", OptionKind::Boolean, "false", "adds the field to the tag"),
        super::option("inclvalue", OptionKind::Boolean, "false", "adds the value to the tag"),
        super::option("allowed_tags", OptionKind::Text, "", "tags that are looked for"),
    ],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[Read::ArgumentsOrAll], Makes::Adds(&[Made::Unknown]), Rows::Each),
    status: Status::Full,
};
