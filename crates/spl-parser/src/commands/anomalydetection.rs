//! `anomalydetection`: rows of small probability.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, OptionKind, Status};

/// Syntax of `anomalydetection`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "anomalydetection",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "rows of small probability",
    syntax: "anomalydetection [method=histogram|zscore|iqr] [action=...] [pthresh=<num>] [cutoff=<bool>] [<field>...]",
    options: &[
        super::option("method", OptionKind::OneOf(&["histogram", "zscore", "iqr"]), "histogram", "method"),
        super::option("action", OptionKind::OneOf(&["filter", "annotate", "summary", "tf", "transform", "rm", "remove"]), "", "what is done"),
        super::option("pthresh", OptionKind::Number, "", "probability below which a row is an anomaly"),
        super::option("cutoff", OptionKind::Boolean, "true", "adapts the threshold"),
        super::option("mark", OptionKind::Boolean, "false", "marks what was changed"),
        super::option("param", OptionKind::Number, "2.5", "threshold of iqr"),
        super::option("uselower", OptionKind::Boolean, "false", "also looks at low values"),
    ],
    arguments: ArgumentShape::Own(super::optional_fields),
    status: Status::Planned,
};
