//! `addtotals`: totals of rows and columns.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `addtotals`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "addtotals",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "totals of rows and columns",
    syntax: "addtotals [row=<bool>] [col=<bool>] [labelfield=<field>] [label=<string>] [fieldname=<field>] [<field>...]",
    options: &[
        super::option("row", OptionKind::Boolean, "true", "adds a total to every row"),
        super::option("col", OptionKind::Boolean, "false", "adds a row of totals"),
        super::option("labelfield", OptionKind::Field, "", "field of the total row that gets the label"),
        super::option("label", OptionKind::Text, "Total", "label of the total row"),
        super::option("fieldname", OptionKind::Field, "Total", "field of the row totals"),
    ],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[Read::ArgumentsOrAll], Makes::Adds(&[Made::Option("fieldname"), Made::Option("labelfield")]), Rows::Whole),
    status: Status::Full,
};
