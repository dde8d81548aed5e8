//! The commands: one module each with its syntax as data, and the table of them all.

use crate::diagnostic::Diagnostic;
use crate::parser::Reader;
use crate::span::{Span, Spanned};
use crate::spec::{CommandSpec, OptionKind, OptionSpec};
use crate::syntax::{Argument, Clause, CommandCall};

pub use known::KNOWN;

use crate::parser::given_twice;
pub(crate) use crate::parser::missing_argument;

mod known;

/// Declares the modules of commands with a grammar and the table of their specs.
macro_rules! commands {
    ($($module:ident),* $(,)?) => {
        $(pub mod $module;)*
        const READ: &[&CommandSpec] = &[$(&$module::SPEC),*];
    };
}

commands!(
    abstract_command,
    accum,
    addcoltotals,
    addinfo,
    addtotals,
    analyzefields,
    anomalies,
    anomalousvalue,
    anomalydetection,
    append,
    appendcols,
    appendpipe,
    arules,
    associate,
    autoregress,
    bin,
    bucketdir,
    chart,
    cluster,
    cofilter,
    collect,
    concurrency,
    contingency,
    convert,
    correlate,
    datamodel,
    dedup,
    delta,
    diff,
    erex,
    eval,
    eventcount,
    eventstats,
    extract,
    fieldformat,
    fields,
    fieldsummary,
    filldown,
    fillnull,
    findtypes,
    folderize,
    foreach,
    format,
    from,
    fromjson,
    gauge,
    gentimes,
    geostats,
    head,
    highlight,
    iconify,
    inputcsv,
    inputlookup,
    iplocation,
    join,
    kmeans,
    kvform,
    loadjob,
    localize,
    localop,
    lookup,
    makecontinuous,
    makejson,
    makemv,
    makeresults,
    map,
    mcatalog,
    metadata,
    metasearch,
    mpreview,
    mstats,
    multikv,
    multisearch,
    mvcombine,
    mvexpand,
    nomv,
    noop,
    outlier,
    outputcsv,
    outputlookup,
    outputtext,
    overlap,
    pivot,
    predict,
    rangemap,
    rare,
    redistribute,
    regex,
    reltime,
    rename,
    replace,
    require,
    return_command,
    reverse,
    rex,
    savedsearch,
    scrub,
    search,
    searchtxn,
    selfjoin,
    set,
    setfields,
    sichart,
    sirare,
    sistats,
    sitimechart,
    sitop,
    sort,
    spath,
    stats,
    strcat,
    streamstats,
    table,
    tags,
    tail,
    timechart,
    timewrap,
    tojson,
    top,
    transaction,
    transpose,
    trendline,
    tstats,
    typelearner,
    typer,
    union_command,
    uniq,
    untable,
    where_command,
    x11,
    xmlkv,
    xmlunescape,
    xpath,
    xyseries,
);

/// The commands whose arguments are read. [`KNOWN`] holds the others.
pub const COMMANDS: &[&CommandSpec] = READ;

/// Every known command: those that are read and those known by name.
pub fn all() -> impl Iterator<Item = &'static CommandSpec> {
    COMMANDS.iter().copied().chain(KNOWN)
}

/// The command of this name or alias, in any case.
pub fn lookup(name: &str) -> Option<&'static CommandSpec> {
    all().find(|spec| spec.name.eq_ignore_ascii_case(name) || spec.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name)))
}

/// All names and aliases.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().flat_map(|spec| std::iter::once(spec.name).chain(spec.aliases.iter().copied()))
}

/// A row of an option table.
pub(crate) const fn option(name: &'static str, kind: OptionKind, default: &'static str, summary: &'static str) -> OptionSpec {
    OptionSpec { name, kind, default, summary, has_effect: true }
}

/// A row of an option table for an option that changes nothing here: it is about a Splunk server.
pub(crate) const fn idle(name: &'static str, kind: OptionKind, default: &'static str, summary: &'static str) -> OptionSpec {
    OptionSpec { name, kind, default, summary, has_effect: false }
}

/// Options and exactly one field.
pub(crate) fn one_field(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.field_list(call, crate::parser::Fields::Plain, &[])?;
    match call.arguments.len() {
        0 => Err(missing_argument(&format!("`{}` needs a field", call.spec.name), call.name.span)),
        1 => Ok(()),
        _ => Err(too_many_fields(call)),
    }
}

/// Options and exactly one subsearch.
pub(crate) fn one_subsearch(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if reader.at_end_of_command() {
        return Err(missing_argument(&format!("`{}` needs a subsearch in [ ]", call.spec.name), call.name.span));
    }
    reader.refuse_unknown_option(call.spec)?;
    let subsearch = reader.subsearch()?;
    call.arguments.push(Argument::Subsearch(subsearch));
    reader.options(call)?;
    reader.expect_end_of_command("the end of the command")
}

/// The error for a second field where one is taken.
pub(crate) fn too_many_fields(call: &CommandCall) -> Diagnostic {
    let span = call
        .arguments
        .get(1)
        .and_then(|argument| match argument {
            Argument::Field(field) | Argument::Rename { from: field, .. } => Some(field.span),
            _ => None,
        })
        .unwrap_or(call.name.span);
    Diagnostic::error("parse/too-many-arguments", format!("`{}` takes one field", call.spec.name), span)
}

/// A `where` clause with a search expression, if it comes next.
pub(crate) fn search_clause(reader: &mut Reader<'_>, call: &mut CommandCall, stops: &[&str]) -> Result<bool, Diagnostic> {
    let Some(span) = reader.keyword("where") else {
        return Ok(false);
    };
    refuse_second_clause(call, "where", span)?;
    if reader.at_end_of_command() {
        return Err(missing_argument("no condition after `where`", span));
    }
    let expression = reader.search_expression_with_commas(stops)?;
    let keyword = Spanned::new("where".to_owned(), span);
    call.clauses.push(Clause { keyword, arguments: vec![Argument::Search(expression)] });
    Ok(true)
}

/// An error when the clause has been given before.
pub(crate) fn refuse_second_clause(call: &CommandCall, keyword: &str, span: Span) -> Result<(), Diagnostic> {
    match call.clause(keyword) {
        None => Ok(()),
        Some(first) => Err(given_twice(keyword, span, first.keyword.span)),
    }
}

/// An error when a count stands beside `limit=`.
pub(crate) fn refuse_count_and_limit(call: &CommandCall, count: &Argument) -> Result<(), Diagnostic> {
    let Argument::Text { text, .. } = count else {
        return Ok(());
    };
    match call.option("limit") {
        None => Ok(()),
        Some(limit) => Err(Diagnostic::error(
            "parse/duplicate-argument",
            format!("`{}` has both a count and `limit`", call.spec.name),
            text.span,
        )
        .with_place(limit.name.span.to(limit.value.span), "and here")),
    }
}

/// Options and any number of fields, also none.
pub(crate) fn optional_fields(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.field_list(call, crate::parser::Fields::Plain, &[])
}

/// Options and a field, or `field AS name`; options may stand between them.
pub(crate) fn one_rename(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if reader.at_end_of_command() {
        return Err(missing_argument(&format!("`{}` needs a field", call.spec.name), call.name.span));
    }
    reader.refuse_unknown_option(call.spec)?;
    let from = reader.field("a field name")?;
    reader.separator();
    reader.options(call)?;
    let argument = match reader.alias()? {
        Some(to) => Argument::Rename { from, to },
        None => Argument::Field(from),
    };
    call.arguments.push(argument);
    reader.separator();
    reader.options(call)?;
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("`AS`, an option or the end of the command")
}

/// Options and, if given, a whole number.
pub(crate) fn optional_count(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if let Some(count) = reader.whole_number() {
        call.arguments.push(count);
        reader.separator();
    }
    reader.options(call)?;
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("a whole number, an option or the end of the command")
}

/// Options and, if given, one text.
pub(crate) fn optional_text(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if !reader.at_end_of_command() {
        reader.refuse_unknown_option(call.spec)?;
        let text = reader.text_argument("a text")?;
        call.arguments.push(text);
    }
    reader.options(call)?;
    reader.refuse_unknown_option(call.spec)?;
    reader.expect_end_of_command("an option or the end of the command")
}

/// At least one text.
pub(crate) fn texts(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    while !reader.at_end_of_command() {
        let text = reader.text_argument("a text")?;
        call.arguments.push(text);
        reader.separator();
    }
    if call.arguments.is_empty() {
        return Err(missing_argument(&format!("`{}` needs a text", call.spec.name), call.name.span));
    }
    Ok(())
}

/// Options and commands in brackets that run over the rows at hand: they start with a command, with or without a pipe.
pub(crate) fn one_pipeline(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    reader.options(call)?;
    if reader.at_end_of_command() {
        return Err(missing_argument(&format!("`{}` needs commands in [ ]", call.spec.name), call.name.span));
    }
    reader.refuse_unknown_option(call.spec)?;
    let commands = reader.inner_commands()?;
    call.arguments.push(Argument::Subsearch(commands));
    reader.options(call)?;
    reader.expect_end_of_command("the end of the command")
}

/// `chart` and its kin: aggregations, `over`, `by`, `where`, options anywhere.
pub(crate) fn split_aggregations(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<(), Diagnostic> {
    const CLAUSES: [&str; 3] = ["over", "by", "where"];
    reader.aggregations(call, &CLAUSES)?;
    if call.aggregations().next().is_none() {
        return Err(missing_argument(&format!("`{}` needs at least one aggregation", call.spec.name), call.name.span)
            .with_help("for example `count` or `sum(bytes)`"));
    }
    loop {
        reader.options(call)?;
        let over = matches!(call.spec.name, "chart" | "sichart") && reader.field_clause(call, "over", &["by", "where"])?;
        if !over && !reader.field_clause(call, "by", &["over", "where"])? && !series_filter(reader, call)? {
            reader.refuse_unknown_option(call.spec)?;
            return reader.expect_end_of_command("`by`, `where` or an option");
        }
    }
}

/// `where sum in top5`: the clause's texts are aggregation, operator and value.
fn series_filter(reader: &mut Reader<'_>, call: &mut CommandCall) -> Result<bool, Diagnostic> {
    let Some(span) = reader.keyword("where") else {
        return Ok(false);
    };
    refuse_second_clause(call, "where", span)?;
    let aggregation = reader.field("an aggregation such as `sum`")?;
    let operator = ["<=", ">=", "!=", "<", ">", "="]
        .into_iter()
        .find_map(|symbol| reader.symbol(symbol).map(|span| Spanned::new(symbol.to_owned(), span)));
    let operator = operator.or_else(|| {
        ["in", "notin"].into_iter().find_map(|word| reader.keyword(word).map(|span| Spanned::new(word.to_owned(), span)))
    });
    let Some(operator) = operator else {
        return Err(reader.unexpected("`in`, `notin` or a comparison"));
    };
    let (value, _) = reader.text_or_word("a number, or topN or bottomN")?;
    let texts = [Spanned::new(aggregation.name, aggregation.span), operator, value];
    let arguments = texts.into_iter().map(|text| Argument::Text { text, quoted: false }).collect();
    call.clauses.push(Clause { keyword: Spanned::new("where".to_owned(), span), arguments });
    Ok(true)
}
