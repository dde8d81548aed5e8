//! `cluster`: groups events with similar texts.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `cluster`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "cluster",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "groups events with similar texts",
    syntax: "cluster [t=<num>] [delims=<string>] [showcount=<bool>] [countfield=<field>] [labelfield=<field>] [field=<field>] [labelonly=<bool>] [match=termlist|termset|ngramset]",
    options: &[
        super::option("t", OptionKind::Number, "0.8", "least similarity within a group, between 0 and 1"),
        super::option("delims", OptionKind::Text, "", "characters between terms; by default all but 0-9, A-Z, a-z and _"),
        super::option("showcount", OptionKind::Boolean, "false", "adds the size of the group"),
        super::option("countfield", OptionKind::Field, "cluster_count", "field of the size"),
        super::option("labelfield", OptionKind::Field, "cluster_label", "field of the group's number"),
        super::option("field", OptionKind::Field, "_raw", "field that is compared"),
        super::option("labelonly", OptionKind::Boolean, "false", "keeps all events instead of one of each group"),
        super::option("match", OptionKind::OneOf(&["termlist", "termset", "ngramset"]), "termlist", "what makes texts similar"),
    ],
    arguments: ArgumentShape::Nothing,
    effects: Effects::of(&[Read::Option("field")], Makes::Adds(&[Made::Option("countfield"), Made::Option("labelfield")]), Rows::Whole),
    status: Status::Partial("Splunk's measure of similarity, which is not documented"),
};
