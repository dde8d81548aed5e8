//! `loadjob`: the results of an earlier job.

use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Source, Status};

/// Syntax of `loadjob`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "loadjob",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "the results of an earlier job",
    syntax: "loadjob (<sid>|savedsearch=<name>) [<option>...]",
    options: &[
        super::option("savedsearch", OptionKind::Text, "", "saved search: user:app:name"),
        super::option("events", OptionKind::Boolean, "false", "loads events"),
        super::option("job_delegate", OptionKind::Text, "", "user that runs it"),
        super::option("artifact_offset", OptionKind::Integer, "0", "how many runs ago"),
        super::option("ignore_running", OptionKind::Boolean, "true", "passes over running jobs"),
    ],
    arguments: ArgumentShape::Own(super::optional_text),
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Unknown]), Rows::New).from(Source::Itself),
    status: Status::Refused("there are no finished search jobs: it reads those of a Splunk server"),
};
