//! `multikv`: extracts the rows of table-shaped events.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::{Argument, Clause, CommandCall};

/// Syntax of `multikv`. Clauses: `fields` with fields, `filter` with texts.
pub const SPEC: CommandSpec = CommandSpec {
    name: "multikv",
    aliases: &[],
    kind: CommandKind::DistributableStreaming,
    summary: "extracts the rows of table-shaped events",
    syntax: "multikv [conf=<stanza>] [copyattrs=<bool>] [fields <field>...] [filter <text>...] [forceheader=<int>] [multitable=<bool>] [noheader=<bool>] [rmorig=<bool>]",
    options: &[
        super::option("conf", OptionKind::Text, "", "stanza of multikv.conf"),
        super::option("copyattrs", OptionKind::Boolean, "true", "copies the fields of the event"),
        super::option("forceheader", OptionKind::Integer, "", "line of the header"),
        super::option("multitable", OptionKind::Boolean, "true", "whether there can be several tables"),
        super::option("noheader", OptionKind::Boolean, "false", "whether there is no header"),
        super::option("rmorig", OptionKind::Boolean, "true", "removes the original event"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Named(&["_raw"])], Makes::Adds(&[Made::Unknown]), Rows::Several),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    loop {
        reader.options(call)?;
        if let Some(span) = reader.keyword("fields") {
            let mut fields = Vec::new();
            while !reader.at_end_of_command() && !reader.at_keyword("filter") && reader.pair_ahead().is_none() {
                fields.push(Argument::Field(reader.field("a field name")?));
                reader.separator();
            }
            push(call, "fields", span, fields)?;
        } else if let Some(span) = reader.keyword("filter") {
            let mut texts = Vec::new();
            while !reader.at_end_of_command() && !reader.at_keyword("fields") && reader.pair_ahead().is_none() {
                texts.push(reader.text_argument("a text")?);
                reader.separator();
            }
            push(call, "filter", span, texts)?;
        } else {
            reader.refuse_unknown_option(call.spec)?;
            return reader.expect_end_of_command("`fields`, `filter` or an option");
        }
    }
}

fn push(call: &mut CommandCall, keyword: &str, span: crate::span::Span, arguments: Vec<Argument>) -> Result<(), Diagnostic> {
    super::refuse_second_clause(call, keyword, span)?;
    if arguments.is_empty() {
        return Err(missing_argument(&format!("nothing after `{keyword}`"), span));
    }
    call.clauses.push(Clause { keyword: Spanned::new(keyword.to_owned(), span), arguments });
    Ok(())
}
