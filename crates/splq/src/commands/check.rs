//! `splq check`: searches expanded, parsed and planned without data, every problem with file, line and caret, and what is
//! valid but probably a mistake.

#[path = "check_app.rs"]
mod check_app;
#[path = "check_content.rs"]
mod check_content;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use indicatif::HumanCount;
use spl_detections::report::sarif::{self, Finding, Rule};
use spl_exec::{Engine, Results, Search};
use spl_macros::Expansion;
use spl_parser::diagnostic::nearest;
use spl_parser::{Diagnostic, Severity};

use crate::arguments::{CheckArguments, CheckFormat, OutputOptions};
use crate::diagnostics::{report, severity_name};
use crate::lints::{self, LINTS, Levels, Subject};
use crate::output::{self, Sink, create};
use crate::queries::{Queries, Query, check_standard_input, find, select};
use crate::session;
use crate::source::line_and_column;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// What is known of one search.
struct Checked {
    query: String,
    file: String,
    /// Errors and warnings; notes are shown only.
    problems: Vec<Problem>,
}

impl Checked {
    /// The first error, when there is one.
    fn error(&self) -> Option<&Problem> {
        self.problems.iter().find(|problem| problem.severity == Severity::Error)
    }
}

/// Something wrong or doubtful.
#[derive(Clone)]
struct Problem {
    severity: Severity,
    code: String,
    message: String,
    help: Option<String>,
    /// Line and column of beginning and end in the file, when it has a place.
    region: Option<((usize, usize), (usize, usize))>,
}

/// Checks the searches: problems are drawn on stderr, rows go to stdout unless it is a terminal and no format was asked
/// for.
///
/// # Errors
/// What [`Stop`] lists; [`Stop::Reported`] when a search has an error or a lint that is denied.
pub async fn check(arguments: &CheckArguments, terminal: &Terminal) -> Result<(), Stop> {
    if let Some(code) = &arguments.lints.explain {
        return explain(code);
    }
    if arguments.lints.list_lints {
        return list(arguments, terminal);
    }
    let levels = Levels::new(&arguments.lints).map_err(Stop::Usage)?;
    let output = output_options(arguments);
    if arguments.format != Some(CheckFormat::Sarif) {
        Sink::check(&output, terminal)?;
    }
    if arguments.paths.is_empty() && !arguments.knowledge.app.is_empty() {
        let found = check_app::problems(&arguments.knowledge, terminal);
        write(&found, arguments, &output, terminal)?;
        return check_app::finish(&found, &arguments.knowledge.app, terminal);
    }
    check_standard_input(&arguments.paths, &arguments.data.data)?;
    let Queries { queries, skipped } = find(&arguments.paths)?;
    if skipped > 0 {
        terminal.note(format_args!("{skipped} YAML files without a `search` skipped"));
    }
    let queries = select(queries, &arguments.selection, terminal)?;
    // Macros and lookups of the repository that the searches stand in come first, what the options name over them.
    let mut knowledge = arguments.knowledge.clone();
    let roots = check_content::roots(&arguments.paths).into_iter().filter(|root| !arguments.knowledge.content.contains(root));
    knowledge.content = roots.chain(arguments.knowledge.content.clone()).collect();
    let mut engine = session::engine(&knowledge, &arguments.settings, terminal)?;
    let compiled: Vec<_> = queries.iter().map(|query| query.search.as_ref().ok().map(|text| engine.compile(text))).collect();
    if !arguments.data.data.is_empty() {
        let searches = compiled.iter().flatten().filter_map(|compiled| compiled.as_ref().ok());
        session::load(&mut engine, &arguments.data, searches, terminal)?;
    }
    let mut checked: Vec<Checked> = Vec::with_capacity(queries.len());
    for (query, compiled) in queries.iter().zip(compiled) {
        let (diagnostics, expansion) = match compiled {
            None => (Vec::new(), None),
            Some(Err(failure)) => (failure.diagnostics, failure.expansion),
            Some(Ok(search)) => check_search(&engine, query, search, &levels).await,
        };
        checked.push(summed_up(query, &diagnostics, expansion.as_ref(), terminal));
    }
    let searches = checked.len();
    let content = check_content::problems(&arguments.paths, terminal);
    // A warning refuses nothing, as `contentctl` accepts what it warns of.
    let refused = content.iter().any(|one| one.error().is_some());
    checked.extend(content);
    write(&checked, arguments, &output, terminal)?;
    finish(&checked[..searches], terminal)?;
    if refused { Err(Stop::Reported) } else { Ok(()) }
}

/// The rows, unless they would go to a terminal and nobody asked for them; no time is among them.
fn write(checked: &[Checked], arguments: &CheckArguments, output: &OutputOptions, terminal: &Terminal) -> Result<(), Stop> {
    match arguments.format {
        Some(CheckFormat::Sarif) => write_sarif(checked, arguments),
        _ if terminal.stdout && arguments.format.is_none() && arguments.output.is_none() => Ok(()),
        _ => Sink::open(output, terminal, chrono_tz::Tz::UTC)?.write_rows(&rows(checked)?),
    }
}

fn output_options(arguments: &CheckArguments) -> OutputOptions {
    let format = match arguments.format {
        Some(CheckFormat::Rows(format)) => Some(format),
        _ => None,
    };
    OutputOptions { format, output: arguments.output.clone() }
}

/// Everything there is to say about a search that could be parsed; lints only where it has no error.
async fn check_search(engine: &Engine, query: &Query, search: Search, levels: &Levels) -> (Vec<Diagnostic>, Option<Expansion>) {
    let mut diagnostics = match engine.check(&search).await {
        Ok(warnings) => warnings,
        Err(failure) => return (failure.diagnostics, failure.expansion),
    };
    diagnostics.extend(lints::find(&Subject { query, search: &search, knowledge: engine.knowledge(), data: engine.data() }));
    if engine.data().is_some() {
        let in_data = lints::empty_by_field::find(engine, &search).await;
        diagnostics.extend(in_data.into_iter().filter(|diagnostic| lints::is_own(&search, diagnostic)));
    }
    let allowed = lints::allowed_by_comments(query);
    diagnostics.retain(|diagnostic| {
        !allowed.iter().any(|(code, _)| lints::resolve(code, false).is_ok_and(|code| code == diagnostic.code))
    });
    (levels.apply(diagnostics), Some(search.expansion))
}

/// Draws what was found and keeps what the rows tell.
fn summed_up(query: &Query, diagnostics: &[Diagnostic], expansion: Option<&Expansion>, terminal: &Terminal) -> Checked {
    let mut checked = Checked { query: query.name.clone(), file: query.file.display().to_string(), problems: Vec::new() };
    if let Err(message) = &query.search {
        let span = query.problem().and_then(|problem| problem.span());
        let region = span.map(|span| {
            let text = &query.source.text;
            (line_and_column(text, span.start), line_and_column(text, span.end))
        });
        // In a content repository its rules draw the place.
        terminal.error_text(&format!("error: {message}\n\n"));
        checked.problems.push(Problem {
            severity: Severity::Error,
            code: "file/unreadable".to_owned(),
            message: message.clone(),
            help: None,
            region,
        });
    }
    report(terminal, &query.source, expansion, diagnostics);
    let told = diagnostics.iter().filter(|diagnostic| diagnostic.severity != Severity::Note);
    checked.problems.extend(told.map(|diagnostic| Problem {
        severity: diagnostic.severity,
        code: diagnostic.code.to_owned(),
        message: diagnostic.message.clone(),
        help: diagnostic.help.clone(),
        region: region(diagnostic, query, expansion),
    }));
    // The first error tells, not what else was seen on the way.
    if checked.error().is_some() {
        checked.problems.retain(|problem| problem.severity == Severity::Error);
    }
    checked
}

fn region(diagnostic: &Diagnostic, query: &Query, expansion: Option<&Expansion>) -> Option<((usize, usize), (usize, usize))> {
    let span = diagnostic.span()?;
    let span = expansion.map_or(span, |expansion| expansion.map.locate(span).call);
    let place = query.source.place(span);
    let text = &query.source.text;
    Some((query.source.line_and_column(span.start), line_and_column(text, place.end)))
}

/// A search, the status of its row, and the problem that the row tells of.
type Row<'c> = (&'c Checked, &'static str, Option<&'c Problem>);

/// One row per search, and one for each warning of it.
fn rows(checked: &[Checked]) -> Result<Results, Stop> {
    let mut all: Vec<Row<'_>> = Vec::with_capacity(checked.len());
    for one in checked {
        let error = one.error();
        all.push((one, if error.is_some() { "error" } else { "ok" }, error));
        let others = one.problems.iter().filter(|problem| problem.severity == Severity::Warning);
        all.extend(others.map(|problem| (one, severity_name(problem.severity), Some(problem))));
    }
    let texts = |value: fn(&Row<'_>) -> Option<String>| -> ArrayRef { Arc::new(all.iter().map(value).collect::<StringArray>()) };
    let places = |value: fn((usize, usize)) -> usize| -> ArrayRef {
        let place = |problem: Option<&Problem>| problem.and_then(|problem| problem.region).map(|(start, _)| value(start) as i64);
        Arc::new(all.iter().map(|(_, _, problem)| place(*problem)).collect::<Int64Array>())
    };
    output::rows(vec![
        ("query", texts(|(checked, ..)| Some(checked.query.clone()))),
        ("file", texts(|(checked, ..)| Some(checked.file.clone()))),
        ("status", texts(|(_, status, _)| Some((*status).to_owned()))),
        ("code", texts(|(_, _, problem)| problem.map(|problem| problem.code.clone()))),
        ("message", texts(|(_, _, problem)| problem.map(|problem| problem.message.clone()))),
        ("line", places(|(line, _)| line)),
        ("column", places(|(_, column)| column)),
    ])
}

fn write_sarif(checked: &[Checked], arguments: &CheckArguments) -> Result<(), Stop> {
    let findings: Vec<Finding<'_>> = checked
        .iter()
        .flat_map(|one| one.problems.iter().map(move |problem| (one, problem)))
        .map(|(one, problem)| Finding {
            code: &problem.code,
            severity: problem.severity,
            message: &problem.message,
            help: problem.help.as_deref(),
            file: &one.file,
            region: problem.region,
        })
        .collect();
    let rules: Vec<Rule<'_>> =
        LINTS.iter().map(|lint| Rule { code: lint.code, summary: lint.summary, page: lint.page }).collect();
    let text = format!("{:#}\n", sarif::log(&findings, &rules, env!("CARGO_PKG_VERSION")));
    match &arguments.output {
        Some(file) => {
            let mut writer = create(file)?;
            writer.write_all(text.as_bytes())?;
            Ok(writer.flush()?)
        }
        None => Ok(std::io::stdout().write_all(text.as_bytes())?),
    }
}

/// Prints the page of a code.
fn explain(code: &str) -> Result<(), Stop> {
    let full = if code.contains('/') { code.to_owned() } else { format!("lint/{code}") };
    match LINTS.iter().find(|lint| lint.code == full) {
        Some(lint) => Ok(std::io::stdout().write_all(lint.page.as_bytes())?),
        None if check_content::explained(&full).is_some() => {
            Ok(std::io::stdout().write_all(check_content::explained(&full).unwrap_or_default().as_bytes())?)
        }
        None => {
            let near = nearest(&full, LINTS.iter().map(|lint| lint.code)).map(|near| format!("; did you mean {near}?"));
            Err(Stop::Usage(format!("no page explains `{code}`{}", near.unwrap_or_default())))
        }
    }
}

/// Prints the codes with one line each.
fn list(arguments: &CheckArguments, terminal: &Terminal) -> Result<(), Stop> {
    let column = |value: fn(&lints::Lint) -> &str| -> ArrayRef {
        Arc::new(LINTS.iter().map(|lint| Some(value(lint))).collect::<StringArray>())
    };
    let rows = output::rows(vec![
        ("code", column(|lint| lint.code)),
        ("level", column(|lint| lint.level.name())),
        ("summary", column(|lint| lint.summary)),
    ])?;
    let options = output_options(arguments);
    Sink::check(&options, terminal)?;
    Sink::open(&options, terminal, chrono_tz::Tz::UTC)?.write_rows(&rows)
}

/// The last lines: how many of each problem, and whether there are any.
fn finish(checked: &[Checked], terminal: &Terminal) -> Result<(), Stop> {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for problem in checked.iter().filter_map(Checked::error) {
        *codes.entry(problem.code.as_str()).or_default() += 1;
    }
    let failed: usize = codes.values().sum();
    let mut warnings = 0;
    for problem in checked.iter().flat_map(|one| &one.problems).filter(|problem| problem.severity == Severity::Warning) {
        *codes.entry(problem.code.as_str()).or_default() += 1;
        warnings += 1;
    }
    let count = |number: usize| HumanCount(number as u64);
    if failed + warnings > 1 {
        let mut codes: Vec<(&str, usize)> = codes.into_iter().collect();
        codes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (code, number) in codes {
            terminal.note(format_args!("{:>7}  {code}", count(number).to_string()));
        }
    }
    let plural = if checked.len() == 1 { "search" } else { "searches" };
    let doubts = match warnings {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        many => format!(", {} warnings", count(many)),
    };
    terminal.note(format_args!(
        "{} {plural}: {} ok, {} with errors{doubts}",
        count(checked.len()),
        count(checked.len() - failed),
        count(failed)
    ));
    if failed == 0 { Ok(()) } else { Err(Stop::Reported) }
}
