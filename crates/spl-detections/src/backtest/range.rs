//! From when until when schedules are replayed.

use std::sync::Arc;

use super::Backtest;
use super::prepared::Prepared;
use crate::event_windows::EventWindows;

/// From when until when schedules are replayed, in epoch seconds; what is not asked for follows from the data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BacktestRange {
    /// Runs after this time; none = the oldest event.
    pub from: Option<f64>,
    /// Runs until this time, inclusive; none = when every search has seen the newest event.
    pub to: Option<f64>,
}

/// Checks a range.
///
/// # Errors
/// An end that lies before the start.
pub fn asked_range(from: Option<f64>, to: Option<f64>) -> Result<BacktestRange, String> {
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        return Err("the end lies before the start".to_owned());
    }
    Ok(BacktestRange { from, to })
}

/// How long after the newest event a replay goes on at most, unless its end is given.
const MOST_AFTER: f64 = 86_400.0;

/// The range of a replay: unless told otherwise from the oldest event until each search has run over the newest one, and those
/// that read what others make have run once more. No search makes it longer than a day after the newest event.
pub fn of_replay(backtest: &Backtest, events: &EventWindows, searches: &[Arc<Prepared>]) -> (f64, f64) {
    let now = backtest.engine.clock().now;
    let from = backtest.range.from.or(events.oldest().map(|oldest| oldest.floor() - 1.0)).unwrap_or(now);
    if let Some(to) = backtest.range.to {
        return (from.min(to), to);
    }
    let zone = backtest.engine.clock().time_zone;
    let newest = events.newest().unwrap_or(from).max(from);
    let limit = newest + MOST_AFTER;
    let mut to = newest;
    for prepared in searches.iter().filter(|prepared| prepared.reads.events && prepared.failure.is_none()) {
        // The first run whose window ends behind the newest event.
        let mut time = newest;
        while let Some(next) = prepared.search.schedule.next(time, zone).filter(|next| *next <= limit) {
            time = next;
            if prepared.search.window(time, zone).1.is_none_or(|latest| latest > newest) {
                to = to.max(time);
                break;
            }
        }
    }
    let seen = to;
    for prepared in searches.iter().filter(|prepared| prepared.reads.created && prepared.failure.is_none()) {
        if let Some(next) = prepared.search.schedule.next(seen, zone).filter(|next| *next <= limit) {
            to = to.max(next);
        }
    }
    (from, to)
}

/// The seconds of a search's window, when it reads events and they reach over less time.
pub fn longer_window(prepared: &Prepared, events: &EventWindows, time: f64, zone: chrono_tz::Tz) -> Option<f64> {
    let (earliest, latest) = prepared.search.window(time, zone);
    let length = latest.unwrap_or(time) - earliest?;
    let data = events.newest()? - events.oldest()?;
    (prepared.reads.events && length > data).then_some(length)
}
