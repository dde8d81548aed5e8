//! `join`: joins the rows with those of a subsearch.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::{Fields, Reader};
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status, Subsearches};
use crate::syntax::{Argument, Clause, CommandCall};

/// Syntax of `join`. Arguments: fields, then the subsearch; `where L.a=R.b` is a clause of pairs (left name, right name).
pub const SPEC: CommandSpec = CommandSpec {
    name: "join",
    aliases: &[],
    kind: CommandKind::CentralizedStreaming,
    summary: "joins the rows with those of a subsearch",
    syntax: "join [type=inner|outer|left] [usetime=<bool>] [earlier=<bool>] [overwrite=<bool>] [max=<int>] (<field>... | left=<alias> right=<alias> where <alias>.<field>=<alias>.<field>...) [<subsearch>]",
    options: &[
        super::option("type", OptionKind::OneOf(&["inner", "outer", "left"]), "inner", "whether rows without a partner are kept"),
        super::option("usetime", OptionKind::Boolean, "false", "joins only with earlier or later rows"),
        super::option("earlier", OptionKind::Boolean, "true", "with usetime: with earlier rows"),
        super::option("overwrite", OptionKind::Boolean, "true", "whether fields of the subsearch replace those of the row"),
        super::option("max", OptionKind::Integer, "1", "how many partners a row gets; 0 for all"),
        super::option("left", OptionKind::Text, "", "alias of the rows that are there"),
        super::option("right", OptionKind::Text, "", "alias of the subsearch's rows"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::ArgumentsOrAll, Read::AllWith("left"), Read::Named(&["_time"])], Makes::Adds(&[Made::Subsearches, Made::UnknownWith("left")]), Rows::Whole).with(Subsearches::AsRows(Some("join_subsearch_maxout"))),
    status: Status::Full,
};

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.field_list(call, Fields::Plain, &["where"])?;
    if let Some(span) = reader.keyword("where") {
        let arguments = conditions(reader, call)?;
        if arguments.is_empty() {
            return Err(missing_argument("no condition after `where`", span));
        }
        call.clauses.push(Clause { keyword: Spanned::new("where".to_owned(), span), arguments });
    }
    if !reader.at_symbol("[") {
        return Err(if reader.at_end_of_command() {
            missing_argument("`join` needs a subsearch in [ ]", call.name.span)
        } else {
            reader.unexpected("a subsearch in [ ]")
        });
    }
    let subsearch = reader.subsearch()?;
    call.arguments.push(Argument::Subsearch(subsearch));
    reader.options(call)?;
    reader.expect_end_of_command("the end of the command")
}

fn conditions(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<Vec<Argument>, Diagnostic> {
    let mut conditions = Vec::new();
    while !reader.at_end_of_command() && !reader.at_symbol("[") {
        if reader.option(call)? {
            continue;
        }
        let left = reader.field("`left.field=right.field`")?;
        if reader.symbol("=").is_none() {
            return Err(reader.unexpected("`=`"));
        }
        let right = reader.field("a field of the right side")?;
        conditions.push(Argument::Pair { name: Spanned::new(left.name, left.span), value: Spanned::new(right.name, right.span) });
        if reader.keyword("AND").is_none() {
            reader.separator();
        }
    }
    Ok(conditions)
}
