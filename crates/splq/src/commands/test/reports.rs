//! The reports of `splq test`, each in a file of its own.

use std::path::PathBuf;
use std::time::Duration;

use spl_detections::report::sarif::{self, Rule};
use spl_detections::report::{html, junit, markdown, summary, test_findings};
use spl_detections::test_run::TestedDetection;

use crate::arguments::TestArguments;
use crate::files::write_whole;
use crate::stop::Stop;

/// Writes the reports that are asked for.
///
/// # Errors
/// Reports that can't be made, files that can't be written.
pub fn write(arguments: &TestArguments, tested: &[TestedDetection], elapsed: Duration, integration: bool) -> Result<(), Stop> {
    if let Some(file) = &arguments.junit {
        let report = junit::test_report(tested, elapsed);
        write_whole(file, &report.map_err(|error| Stop::Failed(format!("can't make the JUnit report: {error}")))?)?;
    }
    if let Some(file) = &arguments.sarif {
        let owned = test_findings::findings(tested);
        let findings: Vec<_> = owned.iter().map(test_findings::OwnedFinding::finding).collect();
        let rules = test_findings::CODES.map(|(code, summary)| Rule { code, summary, page: summary });
        write_whole(file, &format!("{:#}\n", sarif::log(&findings, &rules, env!("CARGO_PKG_VERSION"))))?;
    }
    let mode = if arguments.changed_since.is_some() { "changes" } else { "selected" };
    let texts: [(&Option<PathBuf>, &dyn Fn() -> String); 4] = [
        (&arguments.markdown, &|| markdown::report(tested, elapsed)),
        (&arguments.summary, &|| summary::report(tested, mode, integration)),
        (&arguments.html, &|| html::report(tested, elapsed)),
        (&arguments.risk, &|| created(tested)),
    ];
    for (file, text) in texts {
        if let Some(file) = file {
            write_whole(file, &text())?;
        }
    }
    Ok(())
}

/// The risk events and findings of all tests, one JSON object a line.
fn created(tested: &[TestedDetection]) -> String {
    let results = tested.iter().flat_map(|one| &one.results);
    results.flat_map(|result| result.created.events()).map(|event| format!("{}\n", event.json())).collect()
}
