//! `outlier`: removes or trims outlying numbers.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `outlier`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "outlier",
    aliases: &["outlierfilter"],
    kind: CommandKind::DatasetProcessing,
    summary: "removes or trims outlying numbers",
    syntax: "outlier [action=rm|remove|tf|transform] [mark=<bool>] [param=<num>] [uselower=<bool>] [<field>...]",
    options: &[
        super::option("action", OptionKind::OneOf(&["rm", "remove", "tf", "transform"]), "transform", "what happens to outliers"),
        super::option("mark", OptionKind::Boolean, "false", "marks what was changed"),
        super::option("param", OptionKind::Number, "2.5", "threshold"),
        super::option("uselower", OptionKind::Boolean, "false", "also looks at low values"),
        super::option("type", OptionKind::OneOf(&["iqr"]), "iqr", "method"),
    ],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[Read::ArgumentsOrAll], Makes::Keeps, Rows::Whole),
    status: Status::Full,
};
