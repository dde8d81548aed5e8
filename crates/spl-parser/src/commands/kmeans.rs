//! `kmeans`: groups rows around k means.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `kmeans`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "kmeans",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "groups rows around k means",
    syntax: "kmeans [reps=<int>] [maxiters=<int>] [t=<num>] [k=<int>|<int>-<int>] [cfield=<field>] [dt=l1|l2|cos] [showcentroid=<bool>] [<field>...]",
    options: &[
        super::option("reps", OptionKind::Integer, "10", "how often it starts anew"),
        super::option("maxiters", OptionKind::Integer, "10000", "most rounds of a start"),
        super::option("t", OptionKind::Number, "0", "gain at which a start ends"),
        super::option("k", OptionKind::Text, "2", "number of groups, or a range of numbers"),
        super::option("cfield", OptionKind::Field, "CLUSTERNUM", "field of the group's number"),
        super::option(
            "dt",
            OptionKind::OneOf(&["l1", "l1norm", "cityblock", "cb", "l2", "l2norm", "sq", "sqeuclidean", "cos", "cosine"]),
            "sqeuclidean",
            "distance",
        ),
        super::option("showcentroid", OptionKind::Boolean, "true", "adds the group's means"),
    ],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[Read::ArgumentsOrAll], Makes::Adds(&[Made::Unknown]), Rows::Whole),
    status: Status::Partial("Splunk's random starts, and its columns for a range of k, which are not documented"),
};
