//! `splq explain`: the expanded text, the syntax tree and the plans of a search.

use std::io::Write;

use spl_exec::Stage;

use crate::arguments::{ExplainArguments, StageChoice};
use crate::commands::query::search_text;
use crate::diagnostics::report_failure;
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
    if !arguments.engine.data.data.is_empty() {
        session::load(&mut engine, &arguments.engine.data, [&search], terminal)?;
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
