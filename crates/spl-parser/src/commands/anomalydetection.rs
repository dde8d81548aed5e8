//! `anomalydetection`: rows of small probability.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `anomalydetection`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "anomalydetection",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "rows of small probability",
    syntax: "anomalydetection [method=histogram|zscore|iqr] [action=filter|annotate|summary|remove|transform] [pthresh=<num>] [cutoff=<bool>] [<field>...]",
    options: &[
        super::option("method", OptionKind::OneOf(&["histogram", "zscore", "iqr"]), "histogram", "how anomalies are found"),
        super::option(
            "action",
            OptionKind::OneOf(&["filter", "annotate", "summary", "tf", "transform", "rm", "remove"]),
            "filter",
            "what is done with anomalies; transform for method=iqr",
        ),
        super::option("pthresh", OptionKind::Number, "", "probability at which a row is an anomaly; 0.01 for method=zscore"),
        super::option(
            "cutoff",
            OptionKind::Boolean,
            "true",
            "finds fewer anomalies than the quartiles alone would (method=histogram)",
        ),
        super::option("minsupcount", OptionKind::Integer, "100", "how often a field must occur"),
        super::option("maxanofreq", OptionKind::Number, "0.05", "greatest share of anomalous values that a field may have"),
        super::option("minsupfreq", OptionKind::Number, "0.05", "least share of rows that must have a field"),
        super::option("minnormfreq", OptionKind::Number, "0.01", "least share of anomalous values that a field must have"),
        super::option("mark", OptionKind::Boolean, "false", "marks what was changed (method=iqr)"),
        super::option("param", OptionKind::Number, "2.5", "threshold of method=iqr"),
        super::option("uselower", OptionKind::Boolean, "false", "also looks at low values (method=iqr)"),
    ],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[Read::ArgumentsOrAll], Makes::Adds(&[Made::Unknown]), Rows::Whole),
    status: Status::Partial("Splunk's bins of histograms and its way of cutoff=true, which are not documented"),
};
