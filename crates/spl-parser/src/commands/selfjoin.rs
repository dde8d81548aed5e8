//! `selfjoin`: joins the rows with themselves.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `selfjoin`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "selfjoin",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "joins the rows with themselves",
    syntax: "selfjoin [overwrite=<bool>] [max=<int>] [keepsingle=<bool>] <field>...",
    options: &[
        super::option("overwrite", OptionKind::Boolean, "true", "whether fields of the second row replace those of the first"),
        super::option("max", OptionKind::Integer, "1", "how many partners a row gets"),
        super::option("keepsingle", OptionKind::Boolean, "false", "keeps rows without a partner"),
    ],
    arguments: ArgumentShape::Fields,
    effects: Effects::of(&[Read::Arguments], Makes::Keeps, Rows::Whole),
    status: Status::Full,
};
