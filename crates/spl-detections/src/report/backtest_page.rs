//! One HTML page of a replay that needs no other file: the risk of objects as a plot, the timeline, the searches.

use std::fmt::Write;

use chrono_tz::Tz;
use spl_exec::time::strftime;

use super::html::{escaped, head};
use crate::backtest::{BacktestReport, ObjectRisk, TimelineEntry, VerdictStatus, What};

/// The verdict over a query.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Its name.
    pub name: String,
    /// What it comes from.
    pub kind: &'static str,
    /// How it ended.
    pub status: VerdictStatus,
    /// Why, in one sentence.
    pub message: String,
    /// The place of its report; none when it was not replayed.
    pub search: Option<usize>,
}

/// Objects that the plot shows, each with its colour.
const COLORS: [&str; 8] = ["#2563c9", "#c2410c", "#15803d", "#9333ea", "#b91c1c", "#0e7490", "#a16207", "#64748b"];

/// Entries of the timeline that the page shows; the rows of the command have all.
const MOST_ENTRIES: usize = 5_000;

/// The page.
pub fn page(report: &BacktestReport, verdicts: &[Verdict], zone: Tz) -> String {
    let mut page = head("splq backtest");
    let of = |status: VerdictStatus| verdicts.iter().filter(|verdict| verdict.status == status).count();
    let alerts: usize = report.searches.iter().map(|search| search.alerts).sum();
    // A text that is written does not fail.
    let _ = writeln!(
        page,
        "<p>{} to {}: {} searches, <span class=\"skip\">{} skipped</span>, <span class=\"error\">{} failed</span>; {alerts} alerts</p>",
        time(report.from, zone),
        time(report.to, zone),
        verdicts.len(),
        of(VerdictStatus::Skip),
        of(VerdictStatus::Error),
    );
    if !report.objects.is_empty() {
        plot(&mut page, report, zone);
        objects(&mut page, report, zone);
    }
    timeline(&mut page, report, zone);
    searches(&mut page, report, verdicts, zone);
    page.push_str("</body></html>\n");
    page
}

fn time(seconds: f64, zone: Tz) -> String {
    strftime(seconds, "%Y-%m-%d %H:%M:%S", zone)
}

/// `7 s`, `12 min`, `3.5 h`
fn span(seconds: f64) -> String {
    match seconds {
        short if short < 120.0 => format!("{short:.0} s"),
        medium if medium < 7_200.0 => format!("{:.0} min", medium / 60.0),
        long if long < 172_800.0 => format!("{:.1} h", long / 3_600.0),
        days => format!("{:.1} d", days / 86_400.0),
    }
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 46.0;
const BOTTOM: f64 = 26.0;
const TOP: f64 = 10.0;

/// Where a time and a risk stand in the plot.
struct Scale {
    from: f64,
    length: f64,
    most: f64,
}

impl Scale {
    fn x(&self, time: f64) -> f64 {
        LEFT + (WIDTH - LEFT - 8.0) * ((time - self.from) / self.length).clamp(0.0, 1.0)
    }

    fn y(&self, risk: f64) -> f64 {
        TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - risk / self.most)
    }
}

/// The risk of the objects that have most, as steps over time; findings as marks.
fn plot(page: &mut String, report: &BacktestReport, zone: Tz) {
    let shown: Vec<&ObjectRisk> = report.objects.iter().take(COLORS.len()).collect();
    let most = shown.iter().map(|object| object.risk).max().unwrap_or_default().max(1) as f64;
    let scale = Scale { from: report.from, length: (report.to - report.from).max(1.0), most };
    let _ = writeln!(
        page,
        "<h2>Risk</h2>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"risk by object over time\" \
         style=\"width:100%;font:11px system-ui,sans-serif\">"
    );
    for part in 0..=4 {
        let risk = most * f64::from(part) / 4.0;
        let y = scale.y(risk);
        let _ = writeln!(
            page,
            "<line x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#8884\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\" fill=\"currentColor\">{risk:.0}</text>",
            LEFT - 6.0,
            y + 4.0
        );
    }
    for part in 0..=6 {
        let at = report.from + (report.to - report.from) * f64::from(part) / 6.0;
        let anchor = if part == 0 {
            "start"
        } else if part == 6 {
            "end"
        } else {
            "middle"
        };
        let _ = writeln!(
            page,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" fill=\"currentColor\">{}</text>",
            scale.x(at),
            HEIGHT - 8.0,
            strftime(at, "%m-%d %H:%M", zone)
        );
    }
    for (object, color) in shown.iter().zip(COLORS) {
        let mut path = format!("M{:.1} {:.1}", scale.x(report.from), scale.y(0.0));
        for (at, risk) in &object.course {
            let _ = write!(path, "H{:.1}V{:.1}", scale.x(*at), scale.y(*risk as f64));
        }
        let _ = write!(path, "H{:.1}", scale.x(report.to));
        let _ = writeln!(
            page,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"><title>{}: {}</title></path>",
            escaped(&object.object),
            object.risk
        );
    }
    for entry in report.timeline.iter().filter(|entry| entry.what == What::Finding).take(MOST_ENTRIES) {
        let place = shown.iter().position(|object| Some(&object.object) == entry.object.as_ref());
        let color = place.and_then(|place| COLORS.get(place)).unwrap_or(&"#475569");
        let y = scale.y(entry.risk.unwrap_or_default() as f64);
        let _ = writeln!(
            page,
            "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{color}\" stroke=\"#fff\"><title>{} {}</title></circle>",
            scale.x(entry.time),
            time(entry.time, zone),
            escaped(&entry.message)
        );
    }
    page.push_str("</svg>\n<p>");
    for (object, color) in shown.iter().zip(COLORS) {
        let _ = write!(page, "<span style=\"color:{color}\">&#9632;</span> {} &nbsp; ", escaped(&object.object));
    }
    page.push_str("&#9679; finding</p>\n");
}

fn objects(page: &mut String, report: &BacktestReport, zone: Tz) {
    page.push_str(
        "<table><tr><th>Object<th>Type<th class=\"n\">Risk<th class=\"n\">Risk events<th class=\"n\">Findings<th>First<th>Last<th>Searches</tr>\n",
    );
    for object in &report.objects {
        let _ = writeln!(
            page,
            "<tr><td>{}<td>{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td>{}<td>{}<td>{}</tr>",
            escaped(&object.object),
            escaped(&object.object_type),
            object.risk,
            object.events,
            object.findings,
            time(object.first, zone),
            time(object.last, zone),
            escaped(&object.searches.join(", "))
        );
    }
    page.push_str("</table>\n");
}

fn timeline(page: &mut String, report: &BacktestReport, zone: Tz) {
    page.push_str("<h2>Timeline</h2>\n");
    if report.timeline.is_empty() {
        page.push_str("<p>No alert.</p>\n");
        return;
    }
    page.push_str("<table><tr><th>Time<th>Search<th>What<th>Object<th class=\"n\">Score<th class=\"n\">Risk<th>First seen<th>Delay<th>Message</tr>\n");
    for entry in report.timeline.iter().take(MOST_ENTRIES) {
        row(page, report, entry, zone);
    }
    page.push_str("</table>\n");
    if report.timeline.len() > MOST_ENTRIES {
        let _ = writeln!(page, "<p>{MOST_ENTRIES} of {} entries.</p>", report.timeline.len());
    }
}

fn row(page: &mut String, report: &BacktestReport, entry: &TimelineEntry, zone: Tz) {
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let _ = writeln!(
        page,
        "<tr><td>{}<td>{}<td>{}<td>{}<td class=\"n\">{}<td class=\"n\">{}<td>{}<td>{}<td>{}</tr>",
        time(entry.time, zone),
        escaped(&report.searches[entry.search].name),
        entry.what.name(),
        escaped(entry.object.as_deref().unwrap_or_default()),
        number(entry.score),
        number(entry.risk),
        entry.first_seen.map(|seen| time(seen, zone)).unwrap_or_default(),
        entry.delay().map(span).unwrap_or_default(),
        escaped(&entry.message)
    );
}

fn searches(page: &mut String, report: &BacktestReport, verdicts: &[Verdict], zone: Tz) {
    page.push_str(
        "<h2>Searches</h2>\n<table><tr><th>Search<th>Kind<th>Verdict<th class=\"n\">Runs<th class=\"n\">Alerts<th class=\"n\">Held back\
         <th>First alert<th>Shortest delay<th>Why</tr>\n",
    );
    for verdict in verdicts {
        let found = verdict.search.and_then(|place| report.searches.get(place));
        let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
        let class = match verdict.status {
            VerdictStatus::Ran => "pass",
            VerdictStatus::Skip => "skip",
            VerdictStatus::Error => "error",
        };
        let _ = writeln!(
            page,
            "<tr><td>{}<td>{}<td class=\"{class}\">{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td>{}<td>{}<td>{}</tr>",
            escaped(&verdict.name),
            verdict.kind,
            verdict.status.name(),
            number(found.map(|found| found.runs)),
            number(found.map(|found| found.alerts)),
            number(found.map(|found| found.suppressed)),
            found.and_then(|found| found.first_alert).map(|first| time(first, zone)).unwrap_or_default(),
            found.and_then(|found| found.least_delay).map(span).unwrap_or_default(),
            escaped(&verdict.message)
        );
    }
    page.push_str("</table>\n");
}
