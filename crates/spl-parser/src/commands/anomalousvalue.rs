//! `anomalousvalue`: rows with improbable field values.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `anomalousvalue`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "anomalousvalue",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "rows with improbable field values",
    syntax: "anomalousvalue [minsupcount=<int>] [maxanofreq=<num>] [minsupfreq=<num>] [minnormfreq=<num>] [action=annotate|filter|summary] [pthresh=<num>] [<field>...]",
    options: &[
        super::option("minsupcount", OptionKind::Integer, "100", "how often a field must occur"),
        super::option("maxanofreq", OptionKind::Number, "0.05", "greatest share of anomalous values that a field may have"),
        super::option("minsupfreq", OptionKind::Number, "0.05", "least share of rows that must have a field"),
        super::option("minnormfreq", OptionKind::Number, "0.01", "least share of anomalous values that a field must have"),
        super::option(
            "action",
            OptionKind::OneOf(&["annotate", "filter", "summary"]),
            "filter",
            "what is done with anomalous rows",
        ),
        super::option("pthresh", OptionKind::Number, "0.01", "probability at which a value is anomalous"),
    ],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[Read::ArgumentsOrAll], Makes::Adds(&[Made::Unknown]), Rows::Whole),
    status: Status::Partial("Splunk's scores, which are not documented; here they are probabilities"),
};
