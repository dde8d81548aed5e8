//! SARIF 2.1.0: what `splq check` found, in the form that code hosts show beside the lines of a change.

use clap::builder::{PossibleValue, TypedValueParser, ValueParser};
use clap::{ValueEnum, builder::PossibleValuesParser};
use serde_json::{Value, json};
use spl_parser::Severity;

use crate::lints::LINTS;
use crate::output::Format;

/// Where the format is described.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// How `splq check` writes what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckFormat {
    /// As rows.
    Rows(Format),
    /// As a SARIF log.
    Sarif,
}

impl CheckFormat {
    /// Reads the name of a format.
    pub fn parser() -> ValueParser {
        let formats = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let names: Vec<PossibleValue> =
            formats.chain([PossibleValue::new("sarif").help("SARIF 2.1.0, for code hosts and editors")]).collect();
        let parser = PossibleValuesParser::new(names);
        ValueParser::new(parser.map(|name| match Format::from_str(&name, true) {
            Ok(format) => Self::Rows(format),
            Err(_) => Self::Sarif,
        }))
    }
}

/// One problem with its place in a file.
pub struct Finding<'a> {
    /// What kind of problem.
    pub code: &'a str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence.
    pub message: &'a str,
    /// What to do about it.
    pub help: Option<&'a str>,
    /// The file as it was named.
    pub file: &'a str,
    /// Line and column of the beginning and of the end, from 1, in characters.
    pub region: Option<((usize, usize), (usize, usize))>,
}

/// The log of a check. Rules are those of the lints and of the other codes that were found.
pub fn log(findings: &[Finding<'_>]) -> Value {
    let mut rules: Vec<Value> = LINTS
        .iter()
        .map(|lint| {
            json!({
                "id": lint.code,
                "shortDescription": {"text": lint.summary},
                "fullDescription": {"text": lint.summary},
                "help": {"text": lint.page, "markdown": lint.page},
                "defaultConfiguration": {"level": "warning"},
            })
        })
        .collect();
    for finding in findings {
        if !rules.iter().any(|rule| rule["id"] == finding.code) {
            rules.push(json!({"id": finding.code, "defaultConfiguration": {"level": level(finding.severity)}}));
        }
    }
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &rules)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "splq",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(finding: &Finding<'_>, rules: &[Value]) -> Value {
    let text = match finding.help {
        Some(help) => format!("{}; {help}", finding.message),
        None => finding.message.to_owned(),
    };
    let mut place = json!({"artifactLocation": {"uri": uri(finding.file)}});
    if let Some(((line, column), (end_line, end_column))) = finding.region {
        place["region"] = json!({"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column});
    }
    json!({
        "ruleId": finding.code,
        "ruleIndex": rules.iter().position(|rule| rule["id"] == finding.code),
        "level": level(finding.severity),
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A path as a relative URI reference, or as a file URI when it is absolute.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.strip_prefix("./").unwrap_or(path).bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => uri.push(char::from(byte)),
            b'\\' => uri.push('/'),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    if path.starts_with('/') { format!("file://{uri}") } else { uri }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_points_at_its_rule_and_place() {
        let finding = Finding {
            code: "parse/unknown-command",
            severity: Severity::Error,
            message: "unknown command `statz`",
            help: Some("did you mean `stats`?"),
            file: "./a b/x.spl",
            region: Some(((1, 3), (1, 8))),
        };
        let log = log(&[finding]);
        let run = &log["runs"][0];
        let result = &run["results"][0];
        let rule = result["ruleIndex"].as_u64().and_then(|index| run["tool"]["driver"]["rules"].get(index as usize));
        assert_eq!(rule.map(|rule| &rule["id"]), Some(&json!("parse/unknown-command")));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b/x.spl");
        assert_eq!(place["region"]["endColumn"], 8);
        assert_eq!(result["message"]["text"], "unknown command `statz`; did you mean `stats`?");
    }
}
