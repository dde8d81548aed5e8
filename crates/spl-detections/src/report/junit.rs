//! JUnit XML of a batch run: one test case per search, for the reports of CI systems.

use std::path::Path;
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::arguments::FailOn;
use crate::batch::Summary;
use crate::stop::Stop;

/// Writes the report.
///
/// # Errors
/// A file that can't be written.
pub fn write(file: &Path, summaries: &[Summary], elapsed: Duration, fail_on: FailOn) -> Result<(), Stop> {
    let text =
        report(summaries, elapsed, fail_on).map_err(|error| Stop::Failed(format!("can't make the JUnit report: {error}")))?;
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Stop::Failed(format!("can't make {}: {error}", folder.display())))?;
    }
    std::fs::write(file, text).map_err(|error| Stop::Failed(format!("can't write {}: {error}", file.display())))
}

/// What a test case says beside its name.
enum Outcome<'a> {
    Passed,
    /// The search ran, but found what it should not have.
    Failed(String),
    /// The search could not be run.
    Broken(&'a str),
}

fn outcome(summary: &Summary, fail_on: FailOn) -> Outcome<'_> {
    match &summary.error {
        Some(error) if summary.unexpected => Outcome::Failed(error.clone()),
        Some(error) => Outcome::Broken(error),
        None if fail_on == FailOn::Hit && summary.is_hit() => {
            let rows = summary.rows.unwrap_or_default();
            Outcome::Failed(format!("{rows} {} found", if rows == 1 { "row" } else { "rows" }))
        }
        None => Outcome::Passed,
    }
}

fn report(summaries: &[Summary], elapsed: Duration, fail_on: FailOn) -> std::io::Result<Vec<u8>> {
    let outcomes: Vec<Outcome<'_>> = summaries.iter().map(|summary| outcome(summary, fail_on)).collect();
    let failures = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Failed(_))).count().to_string();
    let errors = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Broken(_))).count().to_string();
    let (tests, time) = (summaries.len().to_string(), seconds(elapsed));
    let totals = [("name", "splq run"), ("tests", &tests), ("failures", &failures), ("errors", &errors), ("time", &time)];
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.create_element("testsuites").with_attributes(totals).write_inner_content(|writer| {
        let suite = writer.create_element("testsuite").with_attributes(totals);
        suite.write_inner_content(|writer| {
            for (summary, outcome) in summaries.iter().zip(&outcomes) {
                case(writer, summary, outcome)?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    let mut text = writer.into_inner();
    text.push(b'\n');
    Ok(text)
}

fn case(writer: &mut Writer<Vec<u8>>, summary: &Summary, outcome: &Outcome<'_>) -> std::io::Result<()> {
    let folder = Path::new(&summary.file).parent().unwrap_or(Path::new("")).display().to_string();
    let class = if folder.is_empty() { "searches".to_owned() } else { folder };
    let time = seconds(summary.elapsed);
    let attributes = [("name", &summary.query), ("classname", &class), ("file", &summary.file), ("time", &time)];
    let attributes = attributes.map(|(name, value)| (name, plain(value)));
    let element =
        writer.create_element("testcase").with_attributes(attributes.iter().map(|(name, value)| (*name, value.as_str())));
    let (tag, text) = match outcome {
        Outcome::Passed => {
            element.write_empty()?;
            return Ok(());
        }
        Outcome::Failed(text) => ("failure", plain(text)),
        Outcome::Broken(text) => ("error", plain(text)),
    };
    element.write_inner_content(|writer| {
        let problem = writer.create_element(tag).with_attribute(("message", text.as_str()));
        problem.write_text_content(BytesText::new(&text))?;
        Ok(())
    })?;
    Ok(())
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.3}", elapsed.as_secs_f64())
}

/// Text without the control characters that XML has no place for.
fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome() {
        let summary = |query: &str, rows: Option<usize>, error: Option<&str>| Summary {
            query: query.to_owned(),
            file: format!("queries/{query}.spl"),
            rows,
            elapsed: Duration::from_millis(12),
            error: error.map(str::to_owned),
            unexpected: rows.is_some() && error.is_some(),
            has_expectation: false,
        };
        let summaries = [
            summary("quiet", Some(0), None),
            summary("hit", Some(2), None),
            summary("broken", None, Some("unknown command `statz` & \"more\"")),
            summary("odd", Some(1), Some("1 row, expected 2")),
        ];
        let text = String::from_utf8(report(&summaries, Duration::from_millis(50), FailOn::Hit).unwrap()).unwrap();
        insta::assert_snapshot!(text);
    }
}
