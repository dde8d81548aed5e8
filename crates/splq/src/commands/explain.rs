//! `splq explain`: the expanded text, the syntax tree and the plans of a search.

use std::io::Write;

use indicatif::HumanCount;
use spl_exec::{RowCount, Stage};

use crate::arguments::{ExplainArguments, StageChoice};
use crate::commands::query::search_text;
use crate::diagnostics::report_failure;
use crate::empty;
use crate::session;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Every stage with its heading, in order.
pub const STAGES: [(StageChoice, Stage, &str); 4] = [
    (StageChoice::Expanded, Stage::Expanded, "expanded"),
    (StageChoice::Syntax, Stage::Syntax, "syntax"),
    (StageChoice::Logical, Stage::Logical, "logical plan"),
    (StageChoice::Physical, Stage::Physical, "physical plan"),
];

/// Prints the stages asked for; headings only when there are several.
///
/// # Errors
/// What [`Stop`] lists.
pub async fn explain(arguments: &ExplainArguments, terminal: &Terminal) -> Result<(), Stop> {
    let (text, source) = search_text(arguments.search.as_deref(), arguments.file.as_deref(), &arguments.engine.data.data)?;
    let mut engine = session::engine_of(&arguments.engine, terminal)?;
    let failed = |failure| {
        report_failure(terminal, &source, &failure);
        Stop::Reported
    };
    let search = engine.compile(&text).map_err(failed)?;
    if arguments.why_empty {
        // What is there in place of what was looked for may be in any field.
        session::load_all(&mut engine, &arguments.engine.data, terminal)?;
    } else if !arguments.engine.data.data.is_empty() {
        session::load(&mut engine, &arguments.engine.data, [&search], terminal)?;
    }
    if arguments.why_empty {
        let counts = engine.row_counts(&search).await.map_err(failed)?;
        let mut output = std::io::stdout().lock();
        write_counts(&mut output, &counts)?;
        if counts.last().is_some_and(|last| last.rows == 0) {
            for line in empty::reasons(&engine, &search, empty::ASKED).await {
                writeln!(output, "{line}")?;
            }
        }
        return Ok(());
    }
    let mut output = std::io::stdout().lock();
    let single = arguments.stage.len() == 1;
    let mut first = true;
    for (choice, stage, heading) in STAGES {
        if !arguments.stage.is_empty() && !arguments.stage.contains(&choice) {
            continue;
        }
        let text = engine.explain(&search, stage).await.map_err(failed)?;
        if !single {
            let blank = if first { "" } else { "\n" };
            writeln!(output, "{blank}── {heading} ──")?;
        }
        first = false;
        writeln!(output, "{}", text.trim_end())?;
    }
    Ok(())
}

/// The rows behind each condition, and which of them left none.
///
/// # Errors
/// A writer that fails.
pub fn write_counts(output: &mut impl Write, counts: &[RowCount]) -> Result<(), Stop> {
    let widest = counts.iter().map(|count| HumanCount(count.rows).to_string().len()).max().unwrap_or(0).max(4);
    writeln!(output, "{:>widest$}  left behind", "rows")?;
    for count in counts {
        let line = count.text.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(output, "{:>widest$}  {line}", HumanCount(count.rows).to_string())?;
    }
    match counts.iter().rev().take(2).map(|count| count.rows).collect::<Vec<_>>().as_slice() {
        [0] => writeln!(output, "\nThere is nothing for the search to begin with.")?,
        [0, 1] => writeln!(output, "\nThe last condition removes the row that was left.")?,
        [0, before] => writeln!(output, "\nThe last condition removes the {} rows that were left.", HumanCount(*before))?,
        _ => writeln!(output, "\nThe search has results.")?,
    }
    Ok(())
}
