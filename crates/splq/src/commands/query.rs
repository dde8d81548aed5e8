//! `splq query`: one search over the data.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::HumanCount;
use spl_exec::{Engine, Results, Search};

use crate::arguments::QueryArguments;
use crate::diagnostics::{report, report_failure};
use crate::empty;
use crate::output::events::EventStyle;
use crate::output::screen::{self, Screen};
use crate::output::{Format, Layout, Sink};
use crate::pager;
use crate::queries::read_search;
use crate::session;
use crate::source::Source;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Compiles the search, loads the fields that it needs, runs it and writes its rows.
///
/// # Errors
/// What [`Stop`] lists.
pub async fn query(arguments: &QueryArguments, terminal: &Terminal) -> Result<(), Stop> {
    Sink::check(&arguments.output, terminal)?;
    let of_file = || Format::of_extension(arguments.output.output.as_deref()?);
    if arguments.events.is_some() && arguments.output.format.or_else(of_file).is_some_and(|format| format != Format::Table) {
        let message = "--events is about tables; it can't be used with another --format, or a file whose ending stands for one";
        return Err(Stop::Usage(message.to_owned()));
    }
    let (text, source) = search_text(arguments.search.as_deref(), arguments.file.as_deref(), &arguments.engine.data.data)?;
    let mut engine = session::engine_of(&arguments.engine, terminal)?;
    let started = Instant::now();
    let search = engine.compile(&text).map_err(|failure| {
        report_failure(terminal, &source, &failure);
        Stop::Reported
    })?;
    let compiled = started.elapsed();
    session::load_found(&mut engine, &arguments.engine.data, [&search], terminal)?;
    let started = Instant::now();
    let results = engine.run(&search).await.map_err(|failure| {
        report_failure(terminal, &source, &failure);
        Stop::Reported
    })?;
    let elapsed = started.elapsed() + compiled;
    report(terminal, &source, Some(&search.expansion), &results.warnings);
    let mut options = arguments.output.clone();
    if arguments.events.is_some() && options.output.is_none() {
        options.format = Some(Format::Table);
    }
    let mut sink = Sink::open(&options, terminal, engine.clock().time_zone)?;
    let to_terminal = terminal.stdout && arguments.output.output.as_deref().is_none_or(|path| path == Path::new("-"));
    if sink.format == Format::Table && (to_terminal || arguments.events.is_some()) {
        let style = event_style(&engine, &search);
        let events = screen::event_view(arguments.events, &results, terminal);
        let layout = Layout { numbered: to_terminal && results.rows() > 1, ..sink.layout };
        let shown = Screen { results: &results, layout, events, style };
        print(&shown, &mut sink, to_terminal && !arguments.no_pager, terminal)?;
    } else {
        sink.write_rows(&results)?;
    }
    if matches!(sink.format, Format::Table | Format::Chart) || arguments.output.output.is_some() {
        terminal.note(footer(&results, elapsed));
    }
    if empty::is_nothing(&results) {
        sink.flush()?;
        empty::explain(&engine, &search, &arguments.engine.data, "", terminal).await;
    }
    Ok(())
}

/// Writes all rows, in a pager when they don't fit the terminal.
fn print(shown: &Screen<'_>, sink: &mut Sink, pages: bool, terminal: &Terminal) -> Result<(), Stop> {
    let rows = shown.results.rows();
    if let Some(room) = screen::room(terminal).filter(|_| pages && terminal.can_page) {
        let (text, fitting) = shown.fitting(room)?;
        if fitting < rows {
            let (text, paged) = shown.paged()?;
            pager::show(text)?;
            if let Some(more) = shown.more(paged) {
                terminal.note(format_args!("{more} than the pager shows; -o FILE writes all"));
            }
            return Ok(());
        }
        sink.write_all(&text)?;
        if shown.cuts(rows)? {
            terminal.note("some values are cut; --format json shows them whole");
        }
        return Ok(sink.flush()?);
    }
    shown.write(sink, rows, shown.layout)?;
    if terminal.stdout && shown.layout.width.is_some() && shown.cuts(rows)? {
        terminal.note("some values are cut; --format json shows them whole");
    }
    Ok(sink.flush()?)
}

/// What an event list of a search needs: what it looks for, and which fields were loaded with the events.
pub fn event_style(engine: &Engine, search: &Search) -> EventStyle {
    let own = engine.data().map(|data| data.schema.fields().iter().map(|field| field.name().clone()).collect());
    EventStyle { own, ..EventStyle::of(&search.pipeline) }
}

/// The search from the command line or from a file.
///
/// # Errors
/// A file that can't be read; stdin named for both the search and the data, as wrong usage.
pub fn search_text(search: Option<&str>, file: Option<&Path>, data: &[String]) -> Result<(String, Source), Stop> {
    match (search, file) {
        (_, Some(file)) => {
            if file == Path::new("-") && data.iter().any(|path| path == "-") {
                return Err(Stop::Usage("stdin can't be both the search (-f -) and the data (--data -)".to_owned()));
            }
            read_search(file)
        }
        (search, None) => {
            let text = search.unwrap_or_default();
            Ok((text.to_owned(), Source::new("search", text)))
        }
    }
}

/// `3 rows, 12 ms`
pub fn footer(results: &Results, elapsed: Duration) -> String {
    let rows = results.rows();
    format!("{} {}, {}", HumanCount(rows as u64), if rows == 1 { "row" } else { "rows" }, duration(elapsed))
}

/// `12 ms`, `3.4 s`
pub fn duration(elapsed: Duration) -> String {
    let milliseconds = elapsed.as_secs_f64() * 1000.0;
    match milliseconds {
        small if small < 10.0 => format!("{small:.1} ms"),
        medium if medium < 10_000.0 => format!("{medium:.0} ms"),
        large => format!("{:.1} s", large / 1000.0),
    }
}
