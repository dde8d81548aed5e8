//! `transaction`: groups events into transactions.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::{Reader, lexical};
use crate::span::Spanned;
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, OptionKind, Read, Rows, Status};
use crate::syntax::{Argument, Clause, CommandCall, FieldName, Quoting};

/// Syntax of `transaction`. Arguments: fields. Clauses `startswith` and `endswith`: an eval expression
/// (`eval(...)`), a search (`(...)`) or a quoted text that is a search.
pub const SPEC: CommandSpec = CommandSpec {
    name: "transaction",
    aliases: &["transam"],
    kind: CommandKind::CentralizedStreaming,
    summary: "groups events into transactions",
    syntax: "transaction [<field>...] [maxspan=<span>] [maxpause=<span>] [maxevents=<int>] [startswith=<filter>] [endswith=<filter>] [<option>...]",
    options: &[
        super::option("name", OptionKind::Text, "", "stanza of transactiontypes.conf"),
        super::option("maxspan", OptionKind::Text, "-1", "longest time between the first and the last event"),
        super::option("maxpause", OptionKind::Text, "-1", "longest time between two events"),
        super::option("maxevents", OptionKind::Integer, "1000", "how many events at most"),
        super::option("connected", OptionKind::Boolean, "true", "an event must share a field with the transaction"),
        super::option("unifyends", OptionKind::Boolean, "false", "start and end events must have the fields"),
        super::option("keeporphans", OptionKind::Boolean, "false", "keeps events without a transaction"),
        super::option("maxopentxn", OptionKind::Integer, "", "how many transactions are open at most"),
        super::option("maxopenevents", OptionKind::Integer, "", "how many events are open at most"),
        super::option("keepevicted", OptionKind::Boolean, "false", "keeps transactions that never ended"),
        super::option("mvlist", OptionKind::Text, "false", "keeps all values in order: true, false or fields"),
        super::option("delim", OptionKind::Text, " ", "text between values"),
        super::option("nullstr", OptionKind::Text, "NULL", "value of absent fields in lists"),
        super::option("mvraw", OptionKind::Boolean, "false", "keeps _raw as a multivalue field"),
    ],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::Arguments, Read::Clause("startswith"), Read::Clause("endswith"), Read::AllWith("name"), Read::Named(&["_time"])], Makes::Adds(&[Made::Named(&["duration", "eventcount", "closed_txn", "_txn_orphan"]), Made::UnknownWith("name")]), Rows::InOrder),
    status: Status::Full,
};

const FILTERS: [&str; 2] = ["startswith", "endswith"];

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    loop {
        reader.options(call)?;
        if reader.at_end_of_command() {
            break;
        }
        let filter = reader.pair_ahead().and_then(|name| {
            let lower = name.value.to_ascii_lowercase();
            FILTERS.contains(&lower.as_str()).then_some(Spanned::new(lower, name.span))
        });
        match filter {
            Some(keyword) => filter_clause(reader, call, keyword)?,
            None if reader.pair_ahead().is_some_and(|name| name.value.eq_ignore_ascii_case("fields")) => fields_option(reader, call)?,
            None => {
                reader.refuse_unknown_option(call.spec)?;
                call.arguments.push(Argument::Field(reader.field("a field name")?));
                reader.separator();
            }
        }
    }
    if call.arguments.is_empty() && call.options.is_empty() && call.clauses.is_empty() {
        return Err(missing_argument("`transaction` needs a field or a condition", call.name.span));
    }
    Ok(())
}

/// `fields=a,b`, as transactiontypes.conf names the fields.
fn fields_option(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    let Some(name) = reader.read(lexical::name) else { return Err(reader.unexpected("`fields`")) };
    reader.note_practice(name.span, "the fields stand in an option `fields`", "list them without it");
    reader.symbol("=");
    let list = match reader.quoted('"')? {
        Some(raw) => Spanned::new(lexical::unescape(raw.value), raw.span),
        None => match reader.read(lexical::option_word(true)) {
            Some(word) => Spanned::new(word.value.to_owned(), word.span),
            None => return Err(reader.unexpected("a list of fields")),
        },
    };
    let names = list.value.split([',', ' ']).filter(|name| !name.is_empty());
    call.arguments.extend(names.map(|name| {
        Argument::Field(FieldName { name: name.to_owned(), span: list.span, quoting: Quoting::None })
    }));
    Ok(())
}

fn filter_clause(reader: &mut Reader<'_>, call: &mut CommandCall, keyword: Spanned<String>) -> Result<(), Diagnostic> {
    super::refuse_second_clause(call, &keyword.value, keyword.span)?;
    reader.return_to(keyword.span.end);
    reader.symbol("=");
    let argument = if reader.at_symbol("(") {
        let Some(opener) = reader.symbol("(") else {
            return Err(reader.unexpected("`(`"));
        };
        let search = reader.search_expression_in_parentheses()?;
        reader.close(")", opener)?;
        Argument::Search(search)
    } else if reader.keyword("eval").is_some() {
        let Some(opener) = reader.symbol("(") else {
            return Err(reader.unexpected("`(` after `eval`"));
        };
        let expression = reader.expression()?;
        reader.close(")", opener)?;
        Argument::Expression(expression)
    } else if let Some(condition) = reader.bare_comparison()? {
        Argument::Search(condition)
    } else {
        reader.text_argument("eval(...), (...) or a text in quotes")?
    };
    call.clauses.push(Clause { keyword, arguments: vec![argument] });
    Ok(())
}
