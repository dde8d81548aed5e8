//! `outputcsv`: writes rows to a CSV file.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Makes, OptionKind, Read, Rows, Status, Writes};

/// Syntax of `outputcsv`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "outputcsv",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "writes rows to a CSV file",
    syntax: "outputcsv [append=<bool>] [create_empty=<bool>] [override_if_empty=<bool>] [dispatch=<bool>] [usexml=<bool>] [singlefile=<bool>] [<file>]",
    options: &[
        super::option("append", OptionKind::Boolean, "false", "adds to the file"),
        super::option("create_empty", OptionKind::Boolean, "false", "writes a file without rows when there are none"),
        super::option("override_if_empty", OptionKind::Boolean, "true", "empties an existing file when there are no rows"),
        super::option("dispatch", OptionKind::Boolean, "false", "writes to the job directory"),
        super::option("usexml", OptionKind::Boolean, "false", "writes XML"),
        super::idle("singlefile", OptionKind::Boolean, "true", "writes one file"),
    ],
    arguments: ArgumentShape::Own(super::optional_text),
    effects: Effects::of(&[Read::All], Makes::Keeps, Rows::Each).writing(Writes::File),
    status: Status::Full,
};
