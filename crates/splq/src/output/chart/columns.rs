//! Series over time: upright columns from left to right, one strip for each series on the same scale.

use unicode_width::UnicodeWidthStr;

use super::super::table::cut;
use super::{Axis, Chart, Series, paint, short_number};

/// Lower parts of a character cell, an eighth at a time.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Lines of a single strip.
const TALLEST: usize = 12;
/// Lines of all strips together.
const LINES: usize = 36;
/// Strips that are drawn; further series are named.
const STRIPS: usize = 12;

/// Draws a chart over time.
pub fn draw(chart: &Chart, width: usize, color: bool) -> String {
    let (low, high) = chart.range();
    let shown = chart.series.len().min(STRIPS);
    let height = if shown == 1 { TALLEST } else { (LINES / shown).clamp(3, 8) };
    let margin = [short_number(high), short_number(low)].iter().map(|text| text.width()).max().unwrap_or(1) + 1;
    let room = width.saturating_sub(margin + 1).max(10);
    let places = chart.axis.len();
    // Several points share a column when there are too many, and one is several columns wide when there are few.
    let per_column = places.div_ceil(room);
    let groups = places.div_ceil(per_column);
    let each = (room / groups).clamp(1, 8);
    let mut text = String::new();
    for (number, series) in chart.series.iter().take(shown).enumerate() {
        let values: Vec<Option<f64>> = series.values.chunks(per_column).map(extreme).collect();
        text.push_str(&heading(series, number, width, color));
        strip(&mut text, &values, (low, high), height, (margin, each), number, color);
    }
    text.push_str(&" ".repeat(margin));
    text.push('└');
    text.push_str(&"─".repeat((groups * each).saturating_sub(1)));
    text.push('\n');
    text.push_str(&time_axis(&chart.axis, margin, groups * each, width));
    if per_column > 1 {
        text.push_str(&cut(&format!("each column is the highest of {per_column} points"), width));
        text.push('\n');
    }
    if chart.series.len() > shown {
        let others: Vec<&str> = chart.series[shown..].iter().map(|series| series.name.as_str()).collect();
        text.push_str(&cut(&format!("not drawn: {}", others.join(", ")), width));
        text.push('\n');
    }
    text
}

/// The value furthest from zero.
fn extreme(values: &[Option<f64>]) -> Option<f64> {
    values.iter().flatten().copied().max_by(|left, right| left.abs().total_cmp(&right.abs()))
}

/// The name of a series with its highest value and, when they can be added, its sum.
fn heading(series: &Series, number: usize, width: usize, color: bool) -> String {
    let values = || series.values.iter().flatten();
    let highest = values().copied().fold(f64::NEG_INFINITY, f64::max);
    let highest = if highest.is_finite() { format!("  highest {}", short_number(highest)) } else { "  no values".to_owned() };
    let name = cut(&super::super::table::clean(&series.name), width.saturating_sub(highest.width())).into_owned();
    format!("{}{highest}\n", paint(&name, number, color))
}

fn strip(
    text: &mut String,
    values: &[Option<f64>],
    (low, high): (f64, f64),
    height: usize,
    (margin, each): (usize, usize),
    number: usize,
    color: bool,
) {
    let range = if high > low { high - low } else { 1.0 };
    let eighths = |value: f64| ((value - low) / range * (height * 8) as f64).round() as usize;
    let zero = eighths(0.0);
    for line in (0..height).rev() {
        let label = match line {
            top if top + 1 == height => short_number(high),
            0 if low < 0.0 => short_number(low),
            _ if low < 0.0 && zero / 8 == line => "0".to_owned(),
            _ => String::new(),
        };
        text.push_str(&format!("{label:>width$}│", width = margin));
        let mut cells = String::new();
        for value in values {
            let cell = match value {
                None => ' ',
                Some(value) if low < 0.0 => signed_cell(eighths(*value), zero, line),
                // What is more than nothing is seen.
                Some(value) => EIGHTHS[eighths(*value).max(usize::from(*value > 0.0)).saturating_sub(line * 8).min(8)],
            };
            // A gap between wide columns.
            let bar = if each > 2 { each - 1 } else { each };
            cells.extend(std::iter::repeat_n(cell, bar));
            cells.extend(std::iter::repeat_n(' ', each - bar));
        }
        text.push_str(&paint(cells.trim_end(), number, color));
        text.push('\n');
    }
}

/// Where values may be negative only whole cells are drawn, between zero and the value.
fn signed_cell(value: usize, zero: usize, line: usize) -> char {
    let (from, to) = (value.min(zero), value.max(zero));
    let (bottom, top) = (line * 8, line * 8 + 8);
    if from < top && to > bottom && (to.min(top) - from.max(bottom)) >= 4 {
        '█'
    } else if bottom <= zero && zero < top {
        '─'
    } else {
        ' '
    }
}

/// Times under the axis: the first, the last, and one between them where there is room.
fn time_axis(axis: &Axis, margin: usize, drawn: usize, width: usize) -> String {
    let last_place = axis.len().saturating_sub(1);
    let (first, last) = (axis.label(0), axis.label(last_place));
    let mut line = format!("{}{first}", " ".repeat(margin));
    // The last label ends at the last column, or behind it when the chart is narrow.
    let end = (margin + 1 + drawn).min(width);
    let at = end.saturating_sub(last.width()).max(line.width() + 2);
    if at + last.width() <= width {
        let middle = axis.label(last_place / 2);
        let middle_at = (margin + drawn / 2).saturating_sub(middle.width() / 2);
        if last_place > 1 && middle_at > line.width() + 1 && middle_at + middle.width() + 2 <= at {
            line.push_str(&" ".repeat(middle_at - line.width()));
            line.push_str(&middle);
        }
        line.push_str(&" ".repeat(at - line.width()));
        line.push_str(&last);
    }
    cut(&line, width).into_owned() + "\n"
}
