//! Planning of `x11`: a series without its seasonal pattern.
//!
//! The steps of the X11 method: a first trend by a moving average over one period, seasonal factors by a 3x3 average of
//! what is left, a second trend of the adjusted series by a 13-term Henderson filter, final factors by a 3x5 average
//! (Splunk search reference, x11; Ladiray and Quenneville, Seasonal Adjustment with the X-11 Method).
//!
//! # Differences
//!
//! * Where a filter reaches over an end of the series a straight line is fitted instead, and factors repeat those of the
//!   nearest period; outliers are not weighed down. Values near the ends differ from Splunk's.
//! * Without `AS` the field is named as the type and period are written: `mult15(count)`.
//! * A period that is not given is the lag at which the series is most like itself; without any, that is an error.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

use crate::mining::periodicity;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let Some(Argument::Conversion { function, field, alias }) = call.arguments.first() else {
            return Err(Diagnostic::error("plan/argument", "`x11` needs a field in parentheses", call.span));
        };
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`x11` needs rows", call.span))?;
        let (multiplies, digits) = match function.value.strip_prefix("add") {
            Some(digits) => (false, digits),
            None => (true, function.value.strip_prefix("mult").unwrap_or(&function.value)),
        };
        let target = alias.as_ref().map_or_else(|| format!("{}({})", function.value, field.name), |alias| alias.name.clone());
        let mut table = Table::of(context, frame).await?;
        if table.rows() == 0 {
            table.add_column(&target);
            return table.frame(context);
        }
        let Some(cells) = table.column(&field.name) else {
            return Err(Diagnostic::error(
                "plan/no-values",
                format!("no row has the field `{}`, which `x11` asks for", field.name),
                field.span,
            ));
        };
        let given: Vec<Option<f64>> = cells.iter().map(Cell::number).collect();
        let series = periodicity::filled(&given);
        let period = match digits.parse::<usize>() {
            Ok(period) => period,
            Err(_) => periodicity::detect(&series, 5, 1000).ok_or_else(|| {
                Diagnostic::error(
                    "plan/not-periodic",
                    format!("`{}` has no period that `x11` could go by", field.name),
                    field.span,
                )
                .with_help("give its length, for example mult7(count)")
            })?,
        };
        if series.len() < 2 * period {
            let message = format!("a period of {period} needs at least {} rows, but there are {}", 2 * period, series.len());
            return Err(Diagnostic::error("plan/too-few-values", message, function.span));
        }
        let adjusted = adjusted(&series, period, multiplies);
        for (row, (value, adjusted)) in given.iter().zip(adjusted).enumerate() {
            let cell = if value.is_some() && adjusted.is_finite() { Cell::Float(adjusted) } else { Cell::Null };
            table.set(row, &target, cell);
        }
        table.frame(context)
    })
}

fn adjusted(series: &[f64], period: usize, multiplies: bool) -> Vec<f64> {
    const FIRST: [f64; 5] = [1.0, 2.0, 3.0, 2.0, 1.0];
    const FINAL: [f64; 7] = [1.0, 2.0, 3.0, 3.0, 3.0, 2.0, 1.0];
    let without = |value: f64, part: f64| match multiplies {
        false => value - part,
        true if part == 0.0 => f64::NAN,
        true => value / part,
    };
    let less = |values: &[f64], parts: &[f64]| -> Vec<f64> {
        values.iter().zip(parts).map(|(value, part)| without(*value, *part)).collect()
    };
    let first_trend = centered(series, period);
    let first_rest: Vec<f64> =
        series.iter().zip(&first_trend).map(|(value, trend)| trend.map_or(f64::NAN, |trend| without(*value, trend))).collect();
    let first = normal(&by_place(&first_rest, period, &FIRST, multiplies), period, multiplies);
    let trend = henderson(&less(series, &first));
    let last = normal(&by_place(&less(series, &trend), period, &FINAL, multiplies), period, multiplies);
    less(series, &last)
}

/// The average over one period around each value, where the period lies within the series.
fn centered(series: &[f64], period: usize) -> Vec<Option<f64>> {
    let half = period / 2;
    (0..series.len())
        .map(|place| {
            let window = series.get(place.checked_sub(half)?..=place + half)?;
            let sum: f64 = window.iter().sum();
            // An even period takes half of each end.
            let ends = if period.is_multiple_of(2) { (window.first()? + window.last()?) / 2.0 } else { 0.0 };
            Some((sum - ends) / period as f64)
        })
        .collect()
}

/// Smooths the values at the same place of each period; what is missing is left out and filled from its neighbours.
fn by_place(rest: &[f64], period: usize, weights: &[f64], multiplies: bool) -> Vec<f64> {
    let mut smooth = vec![if multiplies { 1.0 } else { 0.0 }; rest.len()];
    let half = weights.len() / 2;
    for phase in 0..period {
        let places: Vec<usize> = (phase..rest.len()).step_by(period).collect();
        let mut found: Vec<Option<f64>> = Vec::with_capacity(places.len());
        for number in 0..places.len() {
            let (mut sum, mut weight) = (0.0, 0.0);
            if rest[places[number]].is_finite() {
                for (offset, share) in weights.iter().enumerate() {
                    let other = (number + offset).checked_sub(half).and_then(|other| places.get(other)).map(|other| rest[*other]);
                    if let Some(other) = other.filter(|other| other.is_finite()) {
                        sum += share * other;
                        weight += share;
                    }
                }
            }
            found.push((weight > 0.0).then(|| sum / weight));
        }
        if found.iter().any(Option::is_some) {
            for (place, value) in places.into_iter().zip(periodicity::filled(&found)) {
                smooth[place] = value;
            }
        }
    }
    smooth
}

/// Factors whose average over a period is neutral.
fn normal(factors: &[f64], period: usize, multiplies: bool) -> Vec<f64> {
    let averages = periodicity::filled(&centered(factors, period));
    factors
        .iter()
        .zip(averages)
        .map(|(factor, average)| match multiplies {
            false => factor - average,
            true if average == 0.0 => 1.0,
            true => factor / average,
        })
        .collect()
}

/// The trend by a Henderson filter of 13 terms or what fits; straight lines are kept as they are.
fn henderson(series: &[f64]) -> Vec<f64> {
    let known: Vec<Option<f64>> = series.iter().map(|value| value.is_finite().then_some(*value)).collect();
    let series = periodicity::filled(&known);
    let half = 6.min(series.len().saturating_sub(1) / 2);
    let weights = henderson_weights(half);
    (0..series.len())
        .map(|place| {
            let window = place.checked_sub(half).and_then(|start| series.get(start..=place + half));
            match window {
                Some(window) => window.iter().zip(&weights).map(|(value, weight)| value * weight).sum(),
                None => line(&series, place, half + 1),
            }
        })
        .collect()
}

fn henderson_weights(half: usize) -> Vec<f64> {
    let n = half as f64 + 2.0;
    let weight = |j: f64| {
        ((n - 1.0).powi(2) - j * j) * (n * n - j * j) * ((n + 1.0).powi(2) - j * j) * (3.0 * n * n - 16.0 - 11.0 * j * j)
    };
    let weights: Vec<f64> = (0..=2 * half).map(|place| weight(place as f64 - half as f64)).collect();
    let sum: f64 = weights.iter().sum();
    if sum == 0.0 { vec![1.0 / weights.len() as f64; weights.len()] } else { weights.iter().map(|weight| weight / sum).collect() }
}

/// The value at a place of the straight line through its neighbourhood, nearer values weighing more.
fn line(series: &[f64], place: usize, reach: usize) -> f64 {
    let (mut weight, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (other, value) in
        series.iter().enumerate().skip(place.saturating_sub(reach)).take_while(|(other, _)| *other <= place + reach)
    {
        let away = other as f64 - place as f64;
        let share = 1.0 - away.abs() / (reach as f64 + 1.0);
        weight += share;
        x += share * away;
        y += share * value;
        xx += share * away * away;
        xy += share * away * value;
    }
    let spread = weight * xx - x * x;
    let slope = if spread > 0.0 { (weight * xy - x * y) / spread } else { 0.0 };
    if weight > 0.0 { (y - slope * x) / weight } else { 0.0 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_pattern_vanishes() {
        let pattern = [0.5, 1.5, 1.0, 0.8, 1.2];
        let series: Vec<f64> = (0..25).map(|place| 100.0 * pattern[place % 5]).collect();
        for value in adjusted(&series, 5, true) {
            assert!((value - 100.0).abs() < 1e-9, "{value}");
        }
        let series: Vec<f64> = (0..30).map(|place| place as f64 + 10.0 * (pattern[place % 5] - 1.0)).collect();
        for (place, value) in adjusted(&series, 5, false).into_iter().enumerate() {
            assert!((value - place as f64).abs() < 1e-9, "{place}: {value}");
        }
    }

    #[test]
    fn an_even_period_too() {
        let pattern = [4.0, -4.0, 1.0, -1.0, 2.0, -2.0];
        let series: Vec<f64> = (0..24).map(|place| 3.0 * place as f64 + pattern[place % 6]).collect();
        for (place, value) in adjusted(&series, 6, false).into_iter().enumerate() {
            assert!((value - 3.0 * place as f64).abs() < 1e-9, "{place}: {value}");
        }
    }

    #[test]
    fn weights_of_the_filter_are_the_published_ones() {
        let weights = henderson_weights(6);
        for (weight, published) in weights.iter().zip([-0.019, -0.028, 0.0, 0.066, 0.147, 0.214, 0.240]) {
            assert!((weight - published).abs() < 6e-4, "{weight} {published}");
        }
    }
}
