//! One HTML page of a run that needs no other file: counts, the ATT&CK matrix of the hits, each hit with its rows and its times.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::html::{escaped, head};
use crate::attack::{Attack, TACTICS};
use crate::run_report::{Hit, RunReport, SHOWN_ROWS};

/// Columns of a timeline.
const BINS: usize = 60;
/// Hosts that are named of a hit.
const HOSTS: usize = 5;

const STYLE: &str = "\
body{max-width:90rem}.m{display:flex;gap:4px;overflow-x:auto;align-items:flex-start;padding-bottom:1rem}.m>div{min-width:8.5rem;flex:1}\
.m h2{font-size:.85rem;margin:.2rem 0}.m span{display:block;font-size:.75rem;border-radius:3px;margin:2px 0;padding:.15rem .35rem;\
background:#f2b8b5;color:#1c2733}.s{display:inline-block;min-width:6rem;padding:0 .4rem;border-radius:3px;color:#1c2733;background:#dde3ea}\
.s.critical{background:#e8837c}.s.high{background:#f2b8b5}.s.medium{background:#f7dca6}.s.low{background:#cfe3f5}.w{overflow-x:auto}\
.w td{font:13px/1.4 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;max-width:32rem}th{cursor:pointer}\
input{font:inherit;padding:.3rem .5rem;width:24rem;max-width:100%}svg{display:block;margin:.4rem 0}svg rect{fill:#5b86b8}";

/// Filters hits by their text, and sorts a table by the column whose heading is clicked.
const SCRIPT: &str = "\
const f=document.getElementById('f');f.oninput=()=>{const t=f.value.toLowerCase();document.querySelectorAll('details.h').forEach(d=>{\
d.hidden=!d.textContent.toLowerCase().includes(t)})};document.querySelectorAll('.w th').forEach(h=>h.onclick=()=>{const b=h.closest('table')\
.tBodies[0],i=h.cellIndex,d=h.dataset.d=h.dataset.d==='1'?'-1':'1';[...b.rows].sort((x,y)=>{const p=x.cells[i].textContent,q=y.cells[i]\
.textContent,n=p-q;return d*(isNaN(n)||p===''||q===''?p.localeCompare(q):n)}).forEach(r=>b.append(r))});";

/// The page.
pub fn page(report: &RunReport, attack: &Attack, zone: Tz) -> String {
    let mut page = head("splq run");
    // A text that is written does not fail.
    let _ = writeln!(
        page,
        "<style>{STYLE}</style><p>{} searches: <b>{} hits</b>, {} found nothing or what they should, {} with other rows than expected, \
         <span class=\"fail\">{} failed</span>; {:.1} s. Times are in {}.</p>",
        report.searches(),
        report.hits.len(),
        report.quiet,
        report.unexpected.len(),
        report.failed(),
        report.elapsed.as_secs_f64(),
        escaped(zone.name())
    );
    matrix(&mut page, report, attack);
    page.push_str("<p><input id=\"f\" placeholder=\"filter the hits\" aria-label=\"filter the hits\"></p>\n");
    for hit in &report.hits {
        one(&mut page, hit, zone);
    }
    if !report.unexpected.is_empty() {
        page.push_str("<h2>Other rows than expected</h2><ul>\n");
        for (query, message) in &report.unexpected {
            let _ = writeln!(page, "<li>{}: {}", escaped(query), escaped(message));
        }
        page.push_str("</ul>\n");
    }
    if !report.errors.is_empty() {
        page.push_str("<h2>Errors by cause</h2>\n");
    }
    for group in &report.errors {
        let _ = writeln!(page, "<details><summary><code>{}</code> {}</summary><ul>", escaped(group.code), group.searches());
        for (message, searches) in &group.messages {
            let _ = writeln!(page, "<li>{}: {}", escaped(message), escaped(&searches.join(", ")));
        }
        page.push_str("</ul></details>\n");
    }
    let _ = writeln!(page, "<script>{SCRIPT}</script></body></html>");
    page
}

/// The techniques of the hits in the tactics that they belong to.
fn matrix(page: &mut String, report: &RunReport, attack: &Attack) {
    let mut of_technique: BTreeMap<&str, usize> = BTreeMap::new();
    for technique in report.hits.iter().flat_map(|hit| &hit.techniques) {
        *of_technique.entry(technique).or_default() += 1;
    }
    if of_technique.is_empty() {
        return;
    }
    page.push_str("<div class=\"m\">\n");
    for (tactic, name) in TACTICS {
        let members = of_technique
            .iter()
            .filter(|(id, _)| attack.technique(id).is_some_and(|technique| technique.tactics.iter().any(|one| one.id == tactic)));
        let members: Vec<String> = members
            .map(|(id, hits)| {
                let name = attack.technique(id).map(|technique| technique.name.as_str()).unwrap_or_default();
                format!("<span>{} {} ({hits})</span>", escaped(id), escaped(name))
            })
            .collect();
        if !members.is_empty() {
            let _ = writeln!(page, "<div><h2>{name}</h2>{}</div>", members.join(""));
        }
    }
    page.push_str("</div>\n");
}

fn one(page: &mut String, hit: &Hit, zone: Tz) {
    let severity = hit.severity.unwrap_or("none");
    let _ = writeln!(
        page,
        "<details class=\"h\"><summary><span class=\"s {severity}\">{severity}</span> <b>{}</b> {} &middot; {} {} &middot; {}</summary>",
        escaped(&hit.title),
        escaped(&hit.techniques.join(" ")),
        hit.rows,
        if hit.rows == 1 { "row" } else { "rows" },
        escaped(&hosts_text(&hit.hosts, HOSTS))
    );
    let times = hit.first.zip(hit.last).map(|(first, last)| format!(", {} to {}", time_text(first, zone), time_text(last, zone)));
    let kind = hit.kind.map(|kind| format!("{kind}, ")).unwrap_or_default();
    let _ = writeln!(page, "<p>{kind}<code>{}</code>{}</p>", escaped(&hit.file), times.unwrap_or_default());
    timeline(page, hit);
    page.push_str("<div class=\"w\"><table><thead><tr>");
    for field in &hit.fields {
        let _ = write!(page, "<th>{}", escaped(field));
    }
    page.push_str("</tr></thead><tbody>\n");
    for row in &hit.shown {
        page.push_str("<tr>");
        for field in &hit.fields {
            let text = row.get(field).map(|values| values.join("\n")).unwrap_or_default();
            let time = (field == "_time").then(|| text.parse::<f64>().ok()).flatten().map(|seconds| time_text(seconds, zone));
            let _ = write!(page, "<td>{}", escaped(&time.unwrap_or(text)));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
    if hit.rows > hit.shown.len() {
        let _ = writeln!(page, "<p>The first {SHOWN_ROWS} of {} rows.</p>", hit.rows);
    }
    page.push_str("</details>\n");
}

/// When the rows of a hit were, as columns from the first to the last.
fn timeline(page: &mut String, hit: &Hit) {
    let (Some(first), Some(last)) = (hit.first, hit.last) else { return };
    if last <= first || hit.times.len() < 2 {
        return;
    }
    let mut bins = [0usize; BINS];
    for time in &hit.times {
        let place = ((time - first) / (last - first) * BINS as f64) as usize;
        bins[place.min(BINS - 1)] += 1;
    }
    let highest = bins.iter().copied().max().unwrap_or(1).max(1);
    let width = BINS * 8;
    let _ = write!(page, "<svg width=\"{width}\" height=\"40\" role=\"img\" aria-label=\"rows over time\">");
    for (place, count) in bins.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (count * 36).div_ceil(highest).max(3);
        let _ = write!(page, "<rect x=\"{}\" y=\"{}\" width=\"7\" height=\"{height}\"/>", place * 8, 40 - height);
    }
    page.push_str("</svg>\n");
}

/// The first hosts, and how many there are beside them.
pub fn hosts_text(hosts: &[(String, usize)], most: usize) -> String {
    let named: Vec<&str> = hosts.iter().take(most).map(|(host, _)| host.as_str()).collect();
    let more = hosts.len().saturating_sub(most);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

/// A time in a zone, to the second.
pub fn time_text(seconds: f64, zone: Tz) -> String {
    let time = DateTime::<Utc>::from_timestamp(seconds.floor() as i64, 0);
    time.map(|time| time.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}
