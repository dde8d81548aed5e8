//! `addcoltotals`: adds a row of totals.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Rows, Status};

/// Syntax of `addcoltotals`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "addcoltotals",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "adds a row of totals",
    syntax: "addcoltotals [labelfield=<field>] [label=<string>] [<field>...]",
    options: &[
        super::option("labelfield", OptionKind::Field, "", "field of the total row that gets the label"),
        super::option("label", OptionKind::Text, "Total", "label of the total row"),
    ],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[], Makes::Adds(&[Made::Option("labelfield")]), Rows::Whole),
    status: Status::Full,
};
