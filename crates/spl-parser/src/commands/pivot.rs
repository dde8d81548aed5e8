//! `pivot`: a table over a dataset of a data model.

use super::missing_argument;
use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::{Span, Spanned};
use crate::spec::{ArgumentShape, CommandKind, CommandSpec, Effects, Made, Makes, Object, Read, Rows, Source, Status};
use crate::syntax::{Argument, Clause, CommandCall};

/// Syntax of `pivot`. Arguments: model, dataset, aggregations. Clauses in the order written:
/// `splitrow` and `splitcol` (a field, `as` and other settings as pairs), `filter` (field, operator, values), `limit`
/// (field, `top` or `bottom`, number, an aggregation), `sort` (number, keys), and one text for `rowsummary`, `colsummary`,
/// `showother`, `numcols`.
pub const SPEC: CommandSpec = CommandSpec {
    name: "pivot",
    aliases: &[],
    kind: CommandKind::Generating,
    summary: "a table over a dataset of a data model",
    syntax: "pivot <model> <dataset> <aggregation>... [SPLITROW <field> [AS <name>] [<settings>]]... [SPLITCOL <field> [<settings>]] [FILTER <field> <operator> <value>]... [LIMIT <field> BY TOP|BOTTOM <number> <aggregation>]... [ROWSUMMARY <bool>] [COLSUMMARY <bool>] [SHOWOTHER <bool>] [NUMCOLS <number>] [SORT <number> <field>...]",
    options: &[],
    arguments: ArgumentShape::Own(grammar),
    effects: Effects::of(&[Read::All], Makes::Only(&[Made::Results, Made::Unknown]), Rows::New).from(Source::Events).naming(&[Object::DataModel, Object::Dataset]),
    status: Status::Full,
};

const KEYWORDS: [&str; 10] =
    ["splitrow", "splitcol", "filter", "limit", "rowsummary", "colsummary", "showother", "numcols", "sort", "rowsort"];

fn grammar(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    for what in ["a data model", "a dataset of the model"] {
        if reader.at_end_of_command() {
            return Err(missing_argument(&format!("`pivot` needs {what}"), call.name.span));
        }
        let name = reader.text_argument(what)?;
        call.arguments.push(name);
    }
    while !reader.at_end_of_command() {
        let found = KEYWORDS.into_iter().find_map(|word| reader.keyword(word).map(|span| (word, span)));
        let Some((word, span)) = found else {
            if !call.clauses.is_empty() {
                return Err(reader.unexpected("SPLITROW, SPLITCOL, FILTER, LIMIT, SORT or the end of the command"));
            }
            let aggregation = reader.aggregation()?;
            call.arguments.push(Argument::Aggregation(aggregation));
            reader.separator();
            continue;
        };
        let arguments = element(reader, word, span)?;
        let keyword = if word == "rowsort" { "sort" } else { word };
        call.clauses.push(Clause { keyword: Spanned::new(keyword.to_owned(), span), arguments });
        reader.separator();
    }
    Ok(())
}

fn at_next(reader: &mut Reader<'_>) -> bool {
    reader.at_end_of_command() || KEYWORDS.into_iter().any(|word| reader.at_keyword(word))
}

fn element(reader: &mut Reader<'_>, word: &str, span: Span) -> Result<Vec<Argument>, Diagnostic> {
    if reader.at_end_of_command() {
        return Err(missing_argument(&format!("nothing after `{word}`"), span));
    }
    match word {
        "splitrow" | "splitcol" => split(reader),
        "filter" => filter(reader),
        "limit" => limit(reader),
        "sort" | "rowsort" => {
            let mut arguments = vec![reader.text_argument("a number of rows")?];
            while !at_next(reader) {
                let minus = reader.symbol("-").is_some();
                if !minus {
                    reader.symbol("+");
                }
                let field = reader.field("a field to sort by")?;
                let sign = if minus { "-" } else { "" };
                let text = Spanned::new(format!("{sign}{}", field.name), field.span);
                arguments.push(Argument::Text { text, quoted: true });
                reader.separator();
            }
            Ok(arguments)
        }
        _ => Ok(vec![reader.text_argument("a value")?]),
    }
}

fn pair(name: &str, span: Span, value: Spanned<String>) -> Argument {
    Argument::Pair { name: Spanned::new(name.to_owned(), span), value }
}

fn split(reader: &mut Reader<'_>) -> Result<Vec<Argument>, Diagnostic> {
    let mut arguments = vec![Argument::Field(reader.field("a field")?)];
    loop {
        if let Some(span) = reader.keyword("as") {
            let (label, _) = reader.text_or_word("a name")?;
            arguments.push(pair("as", span, label));
        } else if reader.keyword("range").is_some() {
            while let Some(name) = reader.pair_ahead() {
                if !["start", "end", "max", "size"].contains(&name.value.to_ascii_lowercase().as_str()) {
                    return Err(reader.unexpected("start=, end=, max= or size="));
                }
                arguments.push(reader.pair()?);
            }
        } else if let Some(span) = reader.keyword("period") {
            let (period, _) = reader.text_or_word("auto, year, month, day, hour, minute or second")?;
            arguments.push(pair("period", span, period));
        } else if let Some(span) = reader.keyword("truelabel") {
            let (label, _) = reader.text_or_word("a label")?;
            arguments.push(pair("truelabel", span, label));
        } else if let Some(span) = reader.keyword("falselabel") {
            let (label, _) = reader.text_or_word("a label")?;
            arguments.push(pair("falselabel", span, label));
        } else {
            return Ok(arguments);
        }
    }
}

fn filter(reader: &mut Reader<'_>) -> Result<Vec<Argument>, Diagnostic> {
    let mut arguments = vec![Argument::Field(reader.field("a field")?)];
    let symbol = ["!=", "<=", ">=", "=", "<", ">"]
        .into_iter()
        .find_map(|symbol| reader.symbol(symbol).map(|span| Spanned::new(symbol.to_owned(), span)));
    let operator = match symbol {
        Some(symbol) => symbol,
        None => reader.text_or_word("an operator such as `is`, `contains`, `=` or `in`")?.0,
    };
    arguments.push(Argument::Text { text: operator, quoted: false });
    let bracket = reader.symbol("(");
    while !at_next(reader) && !reader.at_symbol(")") {
        arguments.push(reader.text_argument("a value")?);
        reader.separator();
    }
    if let Some(bracket) = bracket {
        reader.close(")", bracket)?;
    }
    Ok(arguments)
}

fn limit(reader: &mut Reader<'_>) -> Result<Vec<Argument>, Diagnostic> {
    let mut arguments = vec![Argument::Field(reader.field("a field")?)];
    if reader.keyword("by").is_none() {
        return Err(reader.unexpected("`BY`"));
    }
    arguments.push(reader.text_argument("`TOP` or `BOTTOM`")?);
    arguments.push(reader.text_argument("a number")?);
    arguments.push(Argument::Aggregation(reader.aggregation()?));
    Ok(arguments)
}
