//! The index of the reference, and how much is built of what Splunk documents (docs/reference/surface.csv).

use std::collections::HashSet;

use super::{BEGIN, Built, END, Entry, cell, code, folder};
use crate::root;

/// The kinds of the documented surface, with their headings.
const KINDS: [(&str, &str); 4] =
    [("command", "Commands"), ("eval", "Eval functions"), ("stats", "Statistical functions"), ("syntax", "Syntax")];

/// What a feature's status may be, in the order of the totals.
const STATUSES: [&str; 4] = ["full", "partial", "refused", "planned"];

/// A documented command, function or syntax feature.
struct Feature {
    kind: String,
    name: String,
    summary: String,
    built: Built,
    /// The conformance cases that prove it, for syntax.
    cases: Vec<String>,
    /// Its page, if it has one.
    page: Option<String>,
}

/// What Splunk documents, with how much of it is built.
pub struct Surface {
    features: Vec<Feature>,
}

impl Surface {
    /// Reads surface.csv and looks its commands and functions up in the registry.
    pub fn read(entries: &[Entry], problems: &mut Vec<String>) -> Self {
        let path = folder().join("surface.csv");
        let mut reader = csv::Reader::from_path(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (cases, gaps) = cases();
        let mut features = Vec::new();
        for record in reader.records() {
            let record = record.unwrap();
            let [kind, name, summary, status, missing, proof] = [0, 1, 2, 3, 4, 5].map(|field| record[field].to_owned());
            let entry = entries.iter().find(|entry| entry.kind() == kind && entry.is_called(&name));
            let feature = match (kind.as_str(), entry) {
                ("syntax", _) => Feature {
                    kind,
                    name,
                    summary,
                    built: Built { status: STATUSES.into_iter().find(|known| *known == status).unwrap_or("unknown"), missing },
                    cases: proof.split_whitespace().map(str::to_owned).collect(),
                    page: None,
                },
                (_, Some(entry)) => Feature {
                    kind,
                    name,
                    summary: summary_of(entry, &record[1]),
                    built: entry.built(),
                    cases: Vec::new(),
                    page: entry.has_page().then(|| entry.path()),
                },
                _ => Feature {
                    kind,
                    name,
                    summary,
                    built: Built { status: "planned", missing: String::new() },
                    cases: Vec::new(),
                    page: None,
                },
            };
            features.push(feature);
        }
        for feature in &features {
            problems.extend(
                feature
                    .problems(&cases, &gaps)
                    .into_iter()
                    .map(|problem| format!("surface.csv: {} {}: {problem}", feature.kind, feature.name)),
            );
        }
        Self { features }
    }

    fn count(&self, kind: Option<&str>, status: Option<&str>) -> usize {
        let of_kind = |feature: &&Feature| kind.is_none_or(|kind| feature.kind == kind);
        let of_status = |feature: &&Feature| status.is_none_or(|status| feature.built.status == status);
        self.features.iter().filter(of_kind).filter(of_status).count()
    }

    /// The table of totals.
    pub fn totals(&self) -> String {
        let mut lines = vec![
            "| Documented by Splunk | Number | Full | Partial | Refused | Not built |".to_owned(),
            "|---|---:|---:|---:|---:|---:|".to_owned(),
        ];
        let rows = KINDS.iter().map(|(kind, heading)| (Some(*kind), *heading)).chain(std::iter::once((None, "All")));
        for (kind, heading) in rows {
            let counts: Vec<String> = std::iter::once(None)
                .chain(STATUSES.into_iter().map(Some))
                .map(|status| self.count(kind, status).to_string())
                .collect();
            lines.push(format!("| {heading} | {} |", counts.join(" | ")));
        }
        lines.join("\n")
    }

    /// docs/reference/coverage.md.
    pub fn page(&self, entries: &[Entry]) -> String {
        let mut text = format!(
            "{BEGIN}\n# Coverage\n\nThis page lists what Splunk documents for searches ([surface.csv](surface.csv)), and says how much \
             of it is built. For commands and\nfunctions the tables say so from which splq reads searches. For syntax the \
             named cases of\n[tests/conformance](../../tests/conformance/README.md) prove it.\n\n\
             * full: as documented\n* partial: all but what is named\n* refused: known, and never to be built, for the \
             reason that is named; using it is an error that says so\n* not built: known; using it is an error that says so\n\n{}\n",
            self.totals()
        );
        for (kind, heading) in KINDS {
            let last = if kind == "syntax" { "Proved by" } else { "" };
            text += &format!("\n## {heading}\n\n| Name | What it does | Status | Missing, or why not |{}\n", column(last));
            text += &format!("|---|---|---|---|{}\n", if last.is_empty() { "" } else { "---|" });
            for feature in self.features.iter().filter(|feature| feature.kind == kind) {
                let name = match &feature.page {
                    Some(page) => format!("[{}]({page})", code(&feature.name)),
                    None if kind == "syntax" => cell(&feature.name),
                    None => code(&feature.name),
                };
                let Built { status, missing } = &feature.built;
                let status = if *status == "planned" { "not built" } else { status };
                text += &format!("| {name} | {} | {status} | {} |", cell(&feature.summary), cell(missing));
                if !last.is_empty() {
                    text += &format!(" {} |", feature.cases.iter().map(|case| code(case)).collect::<Vec<_>>().join(", "));
                }
                text.push('\n');
            }
        }
        let beyond: Vec<&Entry> = entries
            .iter()
            .filter(|entry| !self.features.iter().any(|feature| feature.kind == entry.kind() && feature.name == entry.name()))
            .collect();
        if !beyond.is_empty() {
            text += "\n## Beyond the documented surface\n\n| Name | What it does |\n|---|---|\n";
            for entry in beyond {
                text += &format!("| [{}]({}) | {} |\n", code(entry.name()), entry.path(), cell(entry.summary()));
            }
        }
        text + END + "\n"
    }
}

impl Feature {
    fn problems(&self, cases: &HashSet<String>, gaps: &HashSet<String>) -> Vec<String> {
        let mut problems = Vec::new();
        if self.summary.is_empty() {
            problems.push("has no line that says what it does".to_owned());
        }
        if !STATUSES.contains(&self.built.status) {
            problems.push(format!("its status is one of {}", STATUSES.join(", ")));
        }
        if matches!(self.built.status, "partial" | "refused") == self.built.missing.is_empty() {
            problems.push("`missing` is for what is partial or refused, and needed there".to_owned());
        }
        if self.kind == "syntax" && matches!(self.built.status, "full" | "partial") && self.cases.is_empty() {
            problems.push("names no case that proves it".to_owned());
        }
        for case in &self.cases {
            if !cases.contains(case) {
                problems.push(format!("there is no case {case} in tests/conformance"));
            } else if gaps.contains(case) {
                problems.push(format!("the case {case} is a gap"));
            }
        }
        problems
    }
}

fn column(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" {text} |") }
}

/// What an entry does, under its name or under another one.
fn summary_of(entry: &Entry, name: &str) -> String {
    if entry.name() == name { entry.summary().to_owned() } else { format!("another name of {}", code(entry.name())) }
}

/// The names of the cases in tests/conformance, and of those that are gaps.
fn cases() -> (HashSet<String>, HashSet<String>) {
    let (mut cases, mut gaps) = (HashSet::new(), HashSet::new());
    for file in std::fs::read_dir(root().join("tests/conformance")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        if path.ends_with("gaps.yml") {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            gaps.extend(lines.filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())));
        } else {
            cases.extend(text.lines().filter_map(|line| Some(line.strip_prefix("- name:")?.trim().to_owned())));
        }
    }
    (cases, gaps)
}

/// docs/reference/README.md.
pub fn index(entries: &[Entry]) -> String {
    let mut text = format!(
        "{BEGIN}\n# Reference\n\nThe commands and functions of searches. The tables from which splq reads searches make the heads, the \
         index and the tables\nof these pages. A test runs every example (`crates/splq/tests/reference`); below it stands what \
         `splq query` prints. Options\nbehind `spl` in the fence of an example are those of `splq query`. `now` is 2025-03-12 \
         12:00 UTC.\n\n* [Coverage](coverage.md): how much is built of what Splunk documents\n\
         * [Settings](settings.md): what becomes of the settings of an app's configuration files\n\
         * [Mistakes](../mistakes.md): how wrong searches are answered\n"
    );
    let built: Vec<&Entry> = entries.iter().filter(|entry| entry.has_page()).collect();
    let of_kind = |kind: &str| built.iter().copied().filter(|entry| entry.kind() == kind).collect::<Vec<&Entry>>();
    let (refused, commands): (Vec<&Entry>, Vec<&Entry>) =
        of_kind("command").into_iter().partition(|entry| entry.built().status == "refused");
    text += &list("Commands", &commands);
    for (kind, heading) in [("eval", "Eval functions"), ("stats", "Statistical functions")] {
        text += &format!("\n## {heading}\n");
        let mut families: Vec<(&str, Vec<&Entry>)> = Vec::new();
        for entry in of_kind(kind) {
            let family = family(entry);
            match families.iter_mut().find(|(name, _)| *name == family) {
                Some((_, members)) => members.push(entry),
                None => families.push((family, vec![entry])),
            }
        }
        families.sort_by_key(|(name, _)| *name);
        for (name, members) in families {
            text += &list(name, &members).replacen("## ", "### ", 1);
        }
    }
    text += &list("Commands that are refused", &refused);
    text + END + "\n"
}

fn family(entry: &Entry) -> &'static str {
    match entry {
        Entry::Command(_) => "",
        Entry::Function(spec) => spec.category,
        Entry::Statistic(spec) => spec.category,
    }
}

/// A heading and a table of entries.
fn list(heading: &str, entries: &[&Entry]) -> String {
    let mut text = format!("\n## {heading}\n\n| Name | What it does |\n|---|---|\n");
    for entry in entries {
        let aliases: Vec<String> = entry.aliases().iter().map(|alias| code(alias)).collect();
        let also = if aliases.is_empty() { String::new() } else { format!(", {}", aliases.join(", ")) };
        let partial = if entry.built().status == "partial" { " (partial)" } else { "" };
        text += &format!("| [{}]({}){also} | {}{partial} |\n", code(entry.name()), entry.path(), cell(entry.summary()));
    }
    text
}
