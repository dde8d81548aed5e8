//! `splq run`: many searches over data that is loaded once.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Int64Array, StringArray};
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use spl_exec::{Engine, Failure, Results, Search};

use crate::arguments::RunArguments;
use crate::commands::query::duration;
use crate::diagnostics::{first_error, report, report_failure};
use crate::output::{self, Format, Layout, Sink, create};
use crate::queries::{Queries, Query, find};
use crate::session;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// How one search ended.
struct Summary {
    query: String,
    rows: Option<usize>,
    elapsed: Duration,
    error: Option<String>,
}

/// A search ready to run, or why it is not.
struct Compiled {
    search: Result<Search, String>,
    elapsed: Duration,
}

/// Runs the searches one after another; one that fails does not stop the others.
///
/// # Errors
/// What [`Stop`] lists; [`Stop::Reported`] when a search failed.
pub async fn run(arguments: &RunArguments, terminal: &Terminal) -> Result<(), Stop> {
    Sink::check(&arguments.output, terminal)?;
    let Queries { queries, skipped } = find(&arguments.paths)?;
    if skipped > 0 {
        terminal.note(format_args!("{skipped} YAML files without a `search` skipped"));
    }
    let mut engine = session::engine_of(&arguments.engine, terminal)?;
    let compiled: Vec<Compiled> = queries.iter().map(|query| compile(&engine, query, terminal)).collect();
    let searches = compiled.iter().filter_map(|compiled| compiled.search.as_ref().ok());
    session::load(&mut engine, &arguments.engine.data, searches, terminal)?;
    if let Some(folder) = &arguments.out {
        std::fs::create_dir_all(folder).map_err(|error| Stop::Failed(format!("can't make {}: {error}", folder.display())))?;
    }
    let mut sink = Sink::open(&arguments.output, terminal, engine.settings().time_zone)?;
    let bar = if arguments.show { None } else { progress(queries.len(), terminal, sink.format) };
    let mut summaries = Vec::with_capacity(queries.len());
    let started = Instant::now();
    for (query, compiled) in queries.iter().zip(compiled) {
        if let Some(bar) = &bar {
            bar.set_message(query.name.clone());
        }
        let (summary, results) = run_one(&engine, query, compiled, terminal, bar.as_ref()).await;
        if let Some(results) = results {
            if let Some(folder) = &arguments.out {
                write_rows(folder, &query.name, &results)?;
            }
            if arguments.show {
                show(&query.name, &results, sink.layout)?;
            }
        }
        // Whoever reads lines gets them as they come.
        if sink.format == Format::Ndjson {
            sink.write_rows(&rows(std::slice::from_ref(&summary))?)?;
        }
        summaries.push(summary);
        if let Some(bar) = &bar {
            bar.inc(1);
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    if sink.format != Format::Ndjson {
        sink.write_rows(&rows(&summaries)?)?;
    }
    finish(&summaries, started.elapsed(), terminal)
}

fn compile(engine: &Engine, query: &Query, terminal: &Terminal) -> Compiled {
    let started = Instant::now();
    let search = match &query.search {
        Ok(text) => engine.compile(text).map_err(|failure| {
            report_failure(terminal, &query.source, &failure);
            message(&failure)
        }),
        Err(message) => {
            terminal.error_text(&format!("error: {message}\n"));
            Err(message.clone())
        }
    };
    Compiled { search, elapsed: started.elapsed() }
}

async fn run_one(
    engine: &Engine,
    query: &Query,
    compiled: Compiled,
    terminal: &Terminal,
    bar: Option<&ProgressBar>,
) -> (Summary, Option<Results>) {
    let mut summary = Summary { query: query.name.clone(), rows: None, elapsed: compiled.elapsed, error: None };
    let search = match compiled.search {
        Ok(search) => search,
        Err(message) => {
            summary.error = Some(message);
            return (summary, None);
        }
    };
    let started = Instant::now();
    let ran = engine.run(&search).await;
    summary.elapsed += started.elapsed();
    match ran {
        Ok(results) => {
            if !results.warnings.is_empty() && !terminal.quiet {
                above(bar, || report(terminal, &query.source, Some(&search.expansion), &results.warnings));
            }
            summary.rows = Some(results.rows());
            (summary, Some(results))
        }
        Err(failure) => {
            above(bar, || report_failure(terminal, &query.source, &failure));
            summary.error = Some(message(&failure));
            (summary, None)
        }
    }
}

/// Prints while the progress bar is out of the way.
fn above(bar: Option<&ProgressBar>, print: impl FnOnce()) {
    match bar {
        Some(bar) => bar.suspend(print),
        None => print(),
    }
}

fn message(failure: &Failure) -> String {
    first_error(&failure.diagnostics).map_or_else(|| "failed".to_owned(), |diagnostic| diagnostic.message.clone())
}

/// The summaries as rows.
fn rows(summaries: &[Summary]) -> Result<Results, Stop> {
    let text =
        |value: fn(&Summary) -> Option<&str>| -> ArrayRef { Arc::new(summaries.iter().map(value).collect::<StringArray>()) };
    let number =
        |value: fn(&Summary) -> Option<i64>| -> ArrayRef { Arc::new(summaries.iter().map(value).collect::<Int64Array>()) };
    output::rows(vec![
        ("query", text(|summary| Some(&summary.query))),
        ("status", text(|summary| Some(if summary.error.is_none() { "ok" } else { "error" }))),
        ("rows", number(|summary| summary.rows.map(|rows| rows as i64))),
        ("elapsed_ms", number(|summary| Some(summary.elapsed.as_millis() as i64))),
        ("error", text(|summary| summary.error.as_deref())),
    ])
}

fn write_rows(folder: &Path, name: &str, results: &Results) -> Result<(), Stop> {
    let path = folder.join(format!("{name}.ndjson"));
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| Stop::Failed(format!("can't make {}: {error}", parent.display())))?;
    }
    let mut file = create(&path)?;
    let written = output::json::write_lines(&mut file, results).and_then(|()| Ok(file.flush()?));
    written.map_err(|_| Stop::Failed(format!("can't write {}", path.display())))
}

/// The rows of one search below its name, as a table.
fn show(name: &str, results: &Results, layout: Layout) -> Result<(), Stop> {
    let mut output = std::io::stdout().lock();
    let (bold, plain) = if layout.color { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
    writeln!(output, "{bold}{name}{plain}")?;
    if results.rows() == 0 {
        writeln!(output, "no rows")?;
    }
    output::table::write(&mut output, results, layout)?;
    Ok(writeln!(output)?)
}

/// A bar that counts searches, when somebody watches and nothing else is printed meanwhile.
fn progress(count: usize, terminal: &Terminal, format: Format) -> Option<ProgressBar> {
    let lines = terminal.stdout && format == Format::Ndjson;
    if !terminal.stderr || terminal.quiet || lines || count < 10 {
        return None;
    }
    let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) = ProgressStyle::with_template("running {bar:30} {pos}/{len} {wide_msg}") {
        bar.set_style(style);
    }
    Some(bar)
}

/// The last line, and whether all went well.
fn finish(summaries: &[Summary], elapsed: Duration, terminal: &Terminal) -> Result<(), Stop> {
    let failed = summaries.iter().filter(|summary| summary.error.is_some()).count();
    let count = |number: usize| HumanCount(number as u64);
    terminal.note(format_args!(
        "{} {}, {} failed, {}",
        count(summaries.len()),
        if summaries.len() == 1 { "search" } else { "searches" },
        count(failed),
        duration(elapsed)
    ));
    if failed == 0 { Ok(()) } else { Err(Stop::Reported) }
}
