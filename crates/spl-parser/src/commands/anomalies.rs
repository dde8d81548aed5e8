//! `anomalies`: how unexpected each event is after those before it.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `anomalies`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "anomalies",
    aliases: &[],
    kind: CommandKind::DatasetProcessing,
    summary: "how unexpected each event is after those before it",
    syntax: "anomalies [threshold=<num>] [labelonly=<bool>] [normalize=<bool>] [maxvalues=<int>] [field=<field>] [denylist=<filename>] [denylistthreshold=<num>] [BY <field>...]",
    options: &[
        super::option("threshold", OptionKind::Number, "0.01", "unexpectedness above which an event is anomalous"),
        super::option("labelonly", OptionKind::Boolean, "false", "keeps all events"),
        super::option("normalize", OptionKind::Boolean, "true", "takes all digits for the same"),
        super::option("maxvalues", OptionKind::Integer, "100", "how many earlier events are compared, 10 to 10000"),
        super::option("field", OptionKind::Field, "_raw", "field that is compared"),
        super::option("denylist", OptionKind::Text, "", "lookup table of events that are expected"),
        super::option("denylistthreshold", OptionKind::Number, "0.05", "how far an event may be from a denied one"),
        super::option("blacklist", OptionKind::Text, "", "former name of denylist"),
        super::option("blacklistthreshold", OptionKind::Number, "0.05", "former name of denylistthreshold"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Option("field"), Read::Clause("by")], Makes::Adds(&[Made::Named(&["unexpectedness"])]), Rows::InOrder),
    status: Status::Partial("Splunk's measure of similarity, which is not documented"),
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if reader.field_clause(call, "by", &[])? && call.by_fields().is_empty() {
        return Err(super::missing_argument("no field after `by`", call.name.span));
    }
    reader.options(call)?;
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("`by`, an option or the end of the command")
}
