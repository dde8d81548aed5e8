//! `geostats`: aggregates into geographic cells.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `geostats`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "geostats",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "aggregates into geographic cells",
    syntax: "geostats [<option>...] <aggregation>... [BY <field>]",
    options: &[
        super::option("translatetoxy", OptionKind::Boolean, "true", "one row per cell"),
        super::option("latfield", OptionKind::Field, "lat", "field with the latitude"),
        super::option("longfield", OptionKind::Field, "lon", "field with the longitude"),
        super::option("globallimit", OptionKind::Integer, "10", "how many series are kept"),
        super::option("locallimit", OptionKind::Integer, "10", "how many series per cell are kept"),
        super::option("outputlatfield", OptionKind::Field, "latitude", "field that gets the latitude"),
        super::option("outputlongfield", OptionKind::Field, "longitude", "field that gets the longitude"),
        super::option("binspanlat", OptionKind::Number, "22.5", "height of a cell"),
        super::option("binspanlong", OptionKind::Number, "45.0", "width of a cell"),
        super::option("maxzoomlevel", OptionKind::Integer, "9", "how many zoom levels"),
    ],
    arguments: ArgumentShape::Own(super::split_aggregations),
    effects: Effects::of(&[Read::Arguments, Read::Clause("by"), Read::Option("latfield"), Read::Option("longfield"), Read::Named(&["_time"])], Makes::Only(&[Made::Results, Made::Unknown]), Rows::Groups(&[Read::Clause("by")])),
    status: Status::Full,
};
