//! `top` and, with it, `rare`: the most and least common values.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::{Fields, Reader};
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, OptionSpec, Read, Rows, Status};
use crate::syntax::CommandCall;

/// Syntax of `top`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "top",
    aliases: &[],
    kind: CommandKind::Transforming,
    summary: "the most common values with count and percent",
    syntax: "top [<count>] [limit=<int>] [countfield=<string>] [percentfield=<string>] [showcount=<bool>] [showperc=<bool>] [useother=<bool>] [otherstr=<string>] <field>... [BY <field>...]",
    options: OPTIONS,
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments, Read::Clause("by"), Read::Named(&["_time"])], Makes::Only(&[Made::Arguments, Made::Clause("by"), Made::Option("countfield"), Made::Option("percentfield")]), Rows::FewGroups(&[Read::Arguments, Read::Clause("by")])),
    status: Status::Full,
};

/// Options of `top` and its summary-index form.
pub(super) const OPTIONS: &[OptionSpec] = &[
    super::option("limit", OptionKind::Integer, "10", "how many values; 0 for all"),
    super::option("countfield", OptionKind::Text, "count", "name of the count"),
    super::option("percentfield", OptionKind::Text, "percent", "name of the percentage"),
    super::option("showcount", OptionKind::Boolean, "true", "whether the count is shown"),
    super::option("showperc", OptionKind::Boolean, "true", "whether the percentage is shown"),
    super::option("useother", OptionKind::Boolean, "false", "adds a row for the values left out"),
    super::option("otherstr", OptionKind::Text, "OTHER", "value in that row"),
];

/// Count, options, fields, by-clause.
pub(super) fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if let Some(count) = reader.whole_number() {
        super::refuse_count_and_limit(call, &count)?;
        call.arguments.push(count);
    }
    reader.field_list(call, Fields::Plain, &["by"])?;
    if call.fields().next().is_none() {
        return Err(missing_argument(&format!("`{}` needs at least one field", call.spec.name), call.name.span));
    }
    reader.field_clause(call, "by", &[])?;
    Ok(())
}
