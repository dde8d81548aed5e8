//! `iplocation`: adds country, region, city, lat and lon of an address.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `iplocation`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "iplocation",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "adds country, region, city, lat and lon of an address",
    syntax: "iplocation [prefix=<string>] [allfields=<bool>] [lang=<string>] <field>",
    options: &[
        super::option("prefix", OptionKind::Text, "", "start of the names of the new fields"),
        super::option("allfields", OptionKind::Boolean, "false", "adds all fields of the database"),
        super::option("lang", OptionKind::Text, "en", "language of the names"),
    ],
    arguments: ArgumentShape::Own(super::one_field),
    effects: Effects::of(&[Read::Arguments], Makes::Adds(&[Made::Unknown]), Rows::Each),
    status: Status::Partial("needs a MaxMind database, given with --geoip"),
};
