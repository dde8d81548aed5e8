//! `extract`: extracts key and value pairs.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};

/// Syntax of `extract`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "extract",
    aliases: &["kv"],
    kind: CommandKind::DistributableStreaming,
    summary: "extracts key and value pairs",
    syntax: "extract [reload=<bool>] [segment=<bool>] [limit=<int>] [maxchars=<int>] [mv_add=<bool>] [clean_keys=<bool>] [kvdelim=<string>] [pairdelim=<string>] [<extractor>...]",
    options: &[
        super::option("auto", OptionKind::Boolean, "true", "whether keys are found without a definition"),
        super::idle("reload", OptionKind::Boolean, "false", "reads the definitions again"),
        super::idle("segment", OptionKind::Boolean, "false", "records where the pairs stand"),
        super::option("limit", OptionKind::Integer, "50", "how many pairs at most"),
        super::option("maxchars", OptionKind::Integer, "10240", "how many characters are looked at"),
        super::option("mv_add", OptionKind::Boolean, "false", "repeated keys become multivalue fields"),
        super::option("clean_keys", OptionKind::Boolean, "true", "replaces characters of keys that are no letters or digits"),
        super::option("kvdelim", OptionKind::Text, "", "characters between key and value"),
        super::option("pairdelim", OptionKind::Text, "", "characters between pairs"),
    ],
    arguments: ArgumentShape::Own(super::optional_fields),
    effects: Effects::of(&[Read::Named(&["_raw"]), Read::AllWithArguments], Makes::Adds(&[Made::Unknown]), Rows::Each),
    status: Status::Full,
};
