//! `splq check`: searches expanded, parsed and planned without data, every problem with file, line and caret.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use indicatif::HumanCount;
use spl_exec::{Engine, Results};
use spl_macros::Expansion;
use spl_parser::Diagnostic;

use crate::arguments::CheckArguments;
use crate::diagnostics::{first_error, position, report};
use crate::output::{self, Sink};
use crate::queries::{Queries, Query, find};
use crate::session;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// How one search was found.
struct Checked {
    query: String,
    file: String,
    error: Option<Problem>,
}

/// The first error of a search.
struct Problem {
    code: String,
    message: String,
    /// Line and column in the file, when it has a place.
    place: Option<(usize, usize)>,
}

/// Checks the searches: problems are drawn on stderr, rows go to stdout unless it is a terminal and no format was asked
/// for.
///
/// # Errors
/// What [`Stop`] lists; [`Stop::Reported`] when a search has an error.
pub async fn check(arguments: &CheckArguments, terminal: &Terminal) -> Result<(), Stop> {
    let output = crate::arguments::OutputOptions { format: None, output: arguments.output.clone() };
    Sink::check(&output, terminal)?;
    let Queries { queries, skipped } = find(&arguments.paths)?;
    if skipped > 0 {
        terminal.note(format_args!("{skipped} YAML files without a `search` skipped"));
    }
    let engine = session::engine(&arguments.knowledge, &arguments.settings, terminal)?;
    let mut checked = Vec::with_capacity(queries.len());
    for query in &queries {
        checked.push(check_one(&engine, query, terminal).await);
    }
    let people_only = terminal.stdout && arguments.format.is_none() && arguments.output.is_none();
    if !people_only {
        let mut sink = Sink::open(&output, terminal, engine.settings().time_zone)?;
        sink.write_rows(&rows(&checked)?)?;
    }
    finish(&checked, terminal)
}

async fn check_one(engine: &Engine, query: &Query, terminal: &Terminal) -> Checked {
    let mut checked = Checked { query: query.name.clone(), file: query.file.display().to_string(), error: None };
    let text = match &query.search {
        Ok(text) => text,
        Err(message) => {
            terminal.error_text(&format!("error: {message}\n\n"));
            checked.error = Some(Problem { code: "file/unreadable".to_owned(), message: message.clone(), place: None });
            return checked;
        }
    };
    let found = match engine.compile(text) {
        Err(failure) => Err((failure.diagnostics, failure.expansion)),
        Ok(search) => match engine.check(&search).await {
            Ok(warnings) => Ok((warnings, Some(search.expansion))),
            Err(failure) => Err((failure.diagnostics, failure.expansion)),
        },
    };
    match found {
        Ok((warnings, expansion)) => report(terminal, &query.source, expansion.as_ref(), &warnings),
        Err((diagnostics, expansion)) => {
            report(terminal, &query.source, expansion.as_ref(), &diagnostics);
            checked.error = Some(error(&diagnostics, query, expansion.as_ref()));
        }
    }
    checked
}

fn error(diagnostics: &[Diagnostic], query: &Query, expansion: Option<&Expansion>) -> Problem {
    match first_error(diagnostics).or(diagnostics.first()) {
        Some(first) => Problem {
            code: first.code.to_owned(),
            message: first.message.clone(),
            place: position(first, &query.source, expansion),
        },
        None => Problem { code: "plan/failed".to_owned(), message: "failed".to_owned(), place: None },
    }
}

fn rows(checked: &[Checked]) -> Result<Results, Stop> {
    let texts =
        |value: fn(&Checked) -> Option<&str>| -> ArrayRef { Arc::new(checked.iter().map(value).collect::<StringArray>()) };
    let places = |value: fn((usize, usize)) -> usize| -> ArrayRef {
        let place = |checked: &Checked| checked.error.as_ref().and_then(|problem| problem.place);
        Arc::new(checked.iter().map(|checked| place(checked).map(|place| value(place) as i64)).collect::<Int64Array>())
    };
    output::rows(vec![
        ("query", texts(|checked| Some(&checked.query))),
        ("file", texts(|checked| Some(&checked.file))),
        ("status", texts(|checked| Some(if checked.error.is_none() { "ok" } else { "error" }))),
        ("code", texts(|checked| checked.error.as_ref().map(|problem| problem.code.as_str()))),
        ("message", texts(|checked| checked.error.as_ref().map(|problem| problem.message.as_str()))),
        ("line", places(|(line, _)| line)),
        ("column", places(|(_, column)| column)),
    ])
}

/// The last lines: how many of each problem, and whether there are any.
fn finish(checked: &[Checked], terminal: &Terminal) -> Result<(), Stop> {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for problem in checked.iter().filter_map(|checked| checked.error.as_ref()) {
        *codes.entry(problem.code.as_str()).or_default() += 1;
    }
    let failed: usize = codes.values().sum();
    let count = |number: usize| HumanCount(number as u64);
    if failed > 1 {
        let mut codes: Vec<(&str, usize)> = codes.into_iter().collect();
        codes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (code, number) in codes {
            terminal.note(format_args!("{:>7}  {code}", count(number).to_string()));
        }
    }
    let plural = if checked.len() == 1 { "search" } else { "searches" };
    terminal.note(format_args!(
        "{} {plural}: {} ok, {} with errors",
        count(checked.len()),
        count(checked.len() - failed),
        count(failed)
    ));
    if failed == 0 { Ok(()) } else { Err(Stop::Reported) }
}
