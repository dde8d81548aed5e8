//! The time range of a search: its time modifiers, and what is given beside its text.

use spl_functions::time::parse_time_modifier;
use spl_parser::syntax::{Argument, Pipeline, SearchExpression, SearchKind};
use spl_parser::{Diagnostic, Span};

use crate::context::PlanContext;
use crate::context::clock::TimeRange;

/// A time of a search: a time modifier or an absolute time.
pub fn parse_time(context: &PlanContext, value: &str, span: Span) -> Result<f64, Diagnostic> {
    let modifier = parse_time_modifier(value).map_err(|message| {
        Diagnostic::error("plan/time", message, span).with_help("for example `-24h@h`, `@d`, `1700000000`, `11/14/2023:22:13:20`")
    })?;
    Ok(modifier.resolve(context.now(), context.time_zone()))
}

/// A bound of the index time. Files have none: the time of an event stands in for it, and what is relative is counted back from the newest
/// event, as if it had just arrived. Events that are loaded part by part are counted back from now.
fn parse_index_time(context: &PlanContext, value: &str, span: Span) -> Result<f64, Diagnostic> {
    let now = context.now();
    let loaded = context.has_all_events() && !context.data().is_in_all_events(INDEX_TIME);
    // The end of a range does not belong to it.
    let arrived = context.data().newest_time().filter(|_| loaded).map_or(now, |newest| (newest.floor() + 1.0).min(now));
    let modifier = parse_time_modifier(value).map_err(|message| Diagnostic::error("plan/time", message, span))?;
    Ok(modifier.resolve(arrived, context.time_zone()))
}

/// Whether a time modifier bounds the time at which events were indexed, not the time of the events.
pub fn bounds_index_time(name: &str) -> bool {
    name.starts_with("_index_")
}

/// The field with the time at which an event was indexed.
pub const INDEX_TIME: &str = "_indextime";

/// The time that a modifier sets, and whether it is the earliest (else the latest).
pub fn time_bound(context: &PlanContext, name: &str, value: &str, span: Span) -> Result<(bool, f64), Diagnostic> {
    let now = context.now();
    let number = || {
        value
            .trim()
            .parse::<f64>()
            .map_err(|_| Diagnostic::error("plan/time", format!("`{name}` takes a number, not `{value}`"), span))
    };
    let ago = |seconds: f64| Ok::<f64, Diagnostic>(now - number()? * seconds);
    Ok(match name {
        "starttime" | "endtime" if context.time_format().is_some() => {
            let format = context.time_format().unwrap_or_default();
            let when = spl_functions::time::strptime(value, format, context.time_zone());
            let wrong = || Diagnostic::error("plan/time", format!("`{value}` is not a time in the form `{format}`"), span);
            (name == "starttime", when.ok_or_else(wrong)?)
        }
        "earliest" | "starttime" => (true, parse_time(context, value, span)?),
        "latest" | "endtime" => (false, parse_time(context, value, span)?),
        "starttimeu" => (true, number()?),
        "endtimeu" => (false, number()?),
        "startminutesago" | "minutesago" => (true, ago(60.0)?),
        "starthoursago" | "hoursago" => (true, ago(3_600.0)?),
        "startdaysago" | "daysago" => (true, ago(86_400.0)?),
        "startmonthsago" | "monthsago" => (true, parse_time(context, &format!("-{}mon", number()?), span)?),
        "endminutesago" => (false, ago(60.0)?),
        "endhoursago" => (false, ago(3_600.0)?),
        "enddaysago" => (false, ago(86_400.0)?),
        "endmonthsago" => (false, parse_time(context, &format!("-{}mon", number()?), span)?),
        "_index_earliest" | "_index_latest" => (name == "_index_earliest", parse_index_time(context, value, span)?),
        _ => {
            return Err(Diagnostic::error("plan/time", format!("`{name}` is not supported"), span)
                .with_help("use `earliest` and `latest`"));
        }
    })
}

/// The time range of a search: what its first command asks for, else what the settings say. With an earliest time alone
/// it ends now; without one, or with the start of 1970, it is open.
///
/// Source: Splunk search reference, Time modifiers.
pub fn time_range(context: &PlanContext, pipeline: &Pipeline) -> TimeRange {
    let clock = context.clock();
    let set = |bound: &Option<String>| bound.as_deref().and_then(|bound| parse_time(context, bound, Span::default()).ok());
    let (mut earliest, mut latest) = (set(&clock.earliest), set(&clock.latest));
    if let Some(call) = pipeline.commands.first() {
        for argument in call.arguments.iter().chain(call.clauses.iter().flat_map(|clause| &clause.arguments)) {
            if let Argument::Search(search) = argument {
                time_bounds(context, search, &mut earliest, &mut latest);
            }
        }
    }
    let earliest = earliest.filter(|time| *time > 0.0);
    let mut range = TimeRange { earliest, latest: latest.or(earliest.map(|_| clock.now)) };
    for call in &pipeline.commands {
        let extends = matches!(call.spec.name, "append" | "appendcols") && call.flag("extendtimerange");
        if let Some(subsearch) = call.subsearch().filter(|_| extends) {
            range = range.extended(time_range(context, &subsearch.pipeline));
        }
    }
    range
}

/// Bounds that a search can't know are reported where it is planned.
fn time_bounds(context: &PlanContext, search: &SearchExpression, earliest: &mut Option<f64>, latest: &mut Option<f64>) {
    match &search.kind {
        SearchKind::And(parts) => {
            let written = time_format(parts).map(|format| context.with_time_format(format));
            let context = written.as_ref().unwrap_or(context);
            parts.iter().for_each(|part| time_bounds(context, part, earliest, latest));
        }
        SearchKind::TimeModifier { name, .. } if bounds_index_time(&name.value) => {}
        SearchKind::TimeModifier { name, value } => match time_bound(context, &name.value, &value.value, value.span) {
            Ok((true, when)) => *earliest = Some(when),
            Ok((false, when)) => *latest = Some(when),
            Err(_) => {}
        },
        _ => {}
    }
}

/// Whether a search sets its own time range.
pub fn has_time_modifier(search: &SearchExpression) -> bool {
    match &search.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().any(has_time_modifier),
        SearchKind::Not(inner) => has_time_modifier(inner),
        SearchKind::TimeModifier { name, .. } => name.value != "timeformat" && !bounds_index_time(&name.value),
        _ => false,
    }
}

/// Whether a search says until when it looks.
pub fn sets_latest(search: &SearchExpression) -> bool {
    match &search.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().any(sets_latest),
        SearchKind::Not(inner) => sets_latest(inner),
        SearchKind::TimeModifier { name, .. } => name.value == "latest" || name.value.starts_with("end"),
        _ => false,
    }
}

/// The `timeformat=` of a search, which the `starttime` and `endtime` beside it are written in.
pub fn time_format(parts: &[SearchExpression]) -> Option<&str> {
    parts.iter().find_map(|part| match &part.kind {
        SearchKind::TimeModifier { name, value } if name.value == "timeformat" => Some(value.value.as_str()),
        _ => None,
    })
}
