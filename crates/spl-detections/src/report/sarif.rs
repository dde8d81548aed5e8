//! SARIF 2.1.0: what `splq check` found, in the form that code hosts show beside the lines of a change.

use serde_json::{Value, json};
use spl_parser::Severity;

/// Where the format is described.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// A rule of the tool: a kind of problem that has a page.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    /// The code of its problems.
    pub code: &'a str,
    /// One line.
    pub summary: &'a str,
    /// What it is about, as Markdown.
    pub page: &'a str,
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

/// The log of a check by this version of splq. Its rules are the known ones and the other codes that were found.
pub fn log(findings: &[Finding<'_>], known: &[Rule<'_>], version: &str) -> Value {
    let mut rules: Vec<Value> = known
        .iter()
        .map(|rule| {
            json!({
                "id": rule.code,
                "shortDescription": {"text": rule.summary},
                "fullDescription": {"text": rule.summary},
                "help": {"text": rule.page, "markdown": rule.page},
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
                "semanticVersion": version,
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
        let known = Rule { code: "lint/bare-word", summary: "a word", page: "# a word" };
        let log = log(&[finding], &[known], "1.2.3");
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][0]["id"], "lint/bare-word");
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
