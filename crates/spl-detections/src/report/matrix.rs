//! One HTML page of coverage that needs no other file: the ATT&CK matrix, then each detection with what the logs have for it.

use std::fmt::Write;

use super::html::{escaped, head};
use super::navigator::color;
use crate::attack::{Attack, TACTICS};
use crate::log_coverage::{CoverageLevel, CoveredDetection, CoveredTechnique, LogCoverage};

const STYLE: &str = "\
body{max-width:none}.m{display:flex;gap:4px;overflow-x:auto;align-items:flex-start;padding-bottom:1rem}.m>div{min-width:9.5rem;flex:1}\
.m h2{font-size:.85rem;margin:.2rem 0}.m details,.m span.t{display:block;font-size:.75rem;border:1px solid #8884;border-radius:3px;\
margin:2px 0;padding:.15rem .35rem;overflow-wrap:anywhere}.m summary{padding:0}.m details{color:#1c2733}.m ul{margin:.3rem 0;padding-left:1rem}\
.m span.t{opacity:.55}.l span{display:inline-block;padding:.1rem .5rem;margin:.1rem .4rem .1rem 0;border-radius:3px;color:#1c2733}\
";

/// The page.
pub fn page(coverage: &LogCoverage, attack: &Attack, title: &str) -> String {
    let mut page = head(title);
    let can = coverage.detections.iter().filter(|one| one.can_run()).count();
    let passing = coverage.detections.iter().filter(|one| one.passes()).count();
    let with = |has: fn(&CoveredTechnique) -> usize| coverage.techniques.iter().filter(|one| has(one) > 0).count();
    let of_logs = |number: usize, what: &str| if coverage.has_logs { format!("{number} {what}, ") } else { String::new() };
    // A text that is written does not fail.
    let _ = writeln!(
        page,
        "<style>{STYLE}</style><p>{} detections: {}{passing} pass their tests.</p>\n<p>{} techniques are named by detections, {}{} by \
         detections that pass their tests.</p>",
        coverage.detections.len(),
        of_logs(can, "can run on the logs"),
        coverage.techniques.len(),
        of_logs(with(|one| one.can_run), "by detections that can run"),
        with(|one| one.passing)
    );
    page.push_str("<p class=\"l\">");
    for (level, meaning) in CoverageLevel::legend(coverage.has_logs) {
        let _ = write!(page, "<span style=\"background:{}\">{meaning}</span>", color(*level));
    }
    page.push_str("</p>\n<div class=\"m\">\n");
    for (tactic, name) in TACTICS {
        column(&mut page, coverage, attack, tactic, name);
    }
    let unknown = coverage.unknown_techniques(attack);
    if !unknown.is_empty() {
        page.push_str("<div><h2>In no tactic</h2>\n");
        for one in unknown.into_iter().filter_map(|id| coverage.technique(id)) {
            cell(&mut page, coverage, &one.id, "", &[one]);
        }
        page.push_str("</div>\n");
    }
    page.push_str("</div>\n");
    detections(&mut page, coverage);
    page.push_str("</body></html>\n");
    page
}

/// A tactic: its techniques, each with its sub-techniques inside.
fn column(page: &mut String, coverage: &LogCoverage, attack: &Attack, tactic: &str, name: &str) {
    let _ = writeln!(page, "<div><h2>{}</h2>", escaped(name));
    let of_tactic = attack.techniques().filter(|(_, technique)| technique.tactics.iter().any(|one| one.id == tactic));
    for (id, technique) in of_tactic.filter(|(id, _)| !id.contains('.')) {
        let is_part = |one: &&CoveredTechnique| one.id == id || one.id.strip_prefix(id).is_some_and(|rest| rest.starts_with('.'));
        let parts: Vec<&CoveredTechnique> = coverage.techniques.iter().filter(is_part).collect();
        cell(page, coverage, id, &technique.name, &parts);
    }
    page.push_str("</div>\n");
}

/// A technique with the detections that name it or a part of it.
fn cell(page: &mut String, coverage: &LogCoverage, id: &str, name: &str, parts: &[&CoveredTechnique]) {
    let shown = format!("{} {}", escaped(id), escaped(name));
    let Some(level) = parts.iter().map(|one| one.level).max() else {
        let _ = writeln!(page, "<span class=\"t\">{shown}</span>");
        return;
    };
    let count: usize = parts.iter().map(|one| one.detections.len()).sum();
    let _ = writeln!(page, "<details style=\"background:{}\"><summary>{shown} ({count})</summary>", color(level));
    for part in parts {
        let _ = write!(page, "<div>{}: {}</div><ul>", escaped(&part.id), part.level.name());
        for one in part.detections.iter().filter_map(|place| coverage.detections.get(*place)) {
            let tests = one.tests.map_or("not run", |status| status.name());
            let _ = write!(page, "<li>{} <small>(runs: {}; tests: {tests})</small></li>", escaped(&one.name), runs(one));
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</details>\n");
}

fn runs(one: &CoveredDetection) -> &'static str {
    one.logs.runs.map_or("no logs", |runs| runs.name())
}

/// All detections: those that can't run first, each with the fields that it reads and how many events fill them.
fn detections(page: &mut String, coverage: &LogCoverage) {
    page.push_str("<h1>Detections</h1>\n");
    let mut ordered: Vec<&CoveredDetection> = coverage.detections.iter().collect();
    ordered.sort_by_key(|one| one.logs.runs);
    for one in ordered {
        let class = if one.can_run() { "pass" } else { "fail" };
        let tests = one.tests.map_or("not run", |status| status.name());
        let _ = writeln!(
            page,
            "<details><summary>runs: <b class=\"{class}\">{}</b>, tests: <b class=\"{tests}\">{tests}</b> {}</summary>\n<p><code>{}</code> {}</p>",
            runs(one),
            escaped(&one.name),
            escaped(&one.file),
            escaped(&one.techniques.join(", "))
        );
        if !one.logs.reason.is_empty() {
            let _ = writeln!(page, "<p>{}</p>", escaped(&one.logs.reason));
        }
        if !one.logs.fields.is_empty() {
            page.push_str("<table><tr><th>Events<th>Field<th>Needed<th class=\"n\">Filled<th class=\"n\">Of</tr>\n");
            for field in &one.logs.fields {
                let class = if field.filled == 0 { " class=\"fail\"" } else { "" };
                let _ = writeln!(
                    page,
                    "<tr{class}><td><code>{}</code><td>{}<td>{}<td class=\"n\">{}<td class=\"n\">{}</tr>",
                    escaped(&field.source.name()),
                    escaped(&field.field),
                    if field.required { "yes" } else { "" },
                    field.filled,
                    field.events
                );
            }
            page.push_str("</table>\n");
        }
        page.push_str("</details>\n");
    }
}

#[cfg(test)]
mod tests {
    use spl_knowledge::Knowledge;

    use super::*;
    use crate::event_needs::EventSource;
    use crate::log_coverage::{FieldFill, LogsFor, Runs};

    #[test]
    fn nothing_of_a_detection_is_markup() {
        let evil = || "<script>alert('x')</script>\"".to_owned();
        let field = FieldFill { source: EventSource::Events(evil()), field: evil(), required: true, events: 1, filled: 0 };
        let logs = LogsFor { runs: Some(Runs::No), reason: evil(), fields: vec![field], ..LogsFor::default() };
        let one = CoveredDetection {
            name: evil(),
            file: evil(),
            techniques: vec!["T1570".to_owned(), evil()],
            logs,
            ..CoveredDetection::default()
        };
        let page = page(&LogCoverage::new(vec![one]), &Attack::of(&Knowledge::built_in()), "<b>");
        assert!(!page.contains("<script") && !page.contains("<b>&"), "{page}");
        assert_eq!(page.matches("<h2>").count(), 15);
        assert!(page.contains("T1570 Lateral Tool Transfer (1)"));
        // No other file is asked for.
        assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("url("));
    }
}
