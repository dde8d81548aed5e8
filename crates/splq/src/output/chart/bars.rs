//! Series over names: lying bars, those of one name together, each with its number.

use unicode_width::UnicodeWidthStr;

use super::super::table::{clean, cut};
use super::{Chart, paint, short_number};

/// Left parts of a character cell, an eighth at a time.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// Bars that are drawn; the rest is counted.
const BARS: usize = 100;

/// Draws a chart over names.
pub fn draw(chart: &Chart, width: usize, color: bool) -> String {
    let (low, high) = chart.range();
    let several = chart.series.len() > 1;
    let labels: Vec<String> = (0..chart.axis.len()).map(|place| clean(&chart.axis.label(place)).into_owned()).collect();
    let names: Vec<String> = chart.series.iter().map(|series| clean(&series.name).into_owned()).collect();
    let widest = |texts: &[String], most: usize| texts.iter().map(|text| text.width()).max().unwrap_or(0).min(most);
    let label_width = widest(&labels, width / 3);
    let name_width = if several { widest(&names, width / 5) + 1 } else { 0 };
    let values = chart.series.iter().flat_map(|series| series.values.iter().flatten());
    let number_width = values.map(|value| number(*value).width()).max().unwrap_or(1);
    let room = width.saturating_sub(label_width + name_width + number_width + 3).max(5);
    let mut text = String::new();
    let title = if several { chart.axis_name.clone() } else { format!("{} by {}", names.concat(), chart.axis_name) };
    text.push_str(&cut(title.trim_end_matches(" by "), width));
    text.push('\n');
    let mut left = BARS;
    for (place, label) in labels.iter().enumerate() {
        if left == 0 {
            text.push_str(&format!("… {} more\n", labels.len() - place));
            break;
        }
        for (number_of_series, series) in chart.series.iter().enumerate().take(left) {
            let label = if number_of_series == 0 { cut(label, label_width) } else { "".into() };
            text.push_str(&padded(&label, label_width));
            if several {
                text.push(' ');
                text.push_str(&padded(&cut(&names[number_of_series], name_width - 1), name_width - 1));
            }
            text.push_str(" │");
            if let Some(value) = series.values.get(place).copied().flatten() {
                text.push_str(&paint(&bar(value, low, high, room), number_of_series, color));
                text.push(' ');
                text.push_str(&number(value));
            }
            text.push('\n');
        }
        left = left.saturating_sub(chart.series.len());
    }
    text
}

/// A text with blanks behind it up to a width.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// A value as it stands behind its bar.
fn number(value: f64) -> String {
    if value.abs() < 1e6 && value.fract() == 0.0 { format!("{value:.0}") } else { short_number(value) }
}

/// A bar from zero to a value.
fn bar(value: f64, low: f64, high: f64, room: usize) -> String {
    let range = high - low;
    if range <= 0.0 {
        return String::new();
    }
    if low < 0.0 {
        // Whole cells on both sides of zero.
        let cells = |value: f64| ((value / range * room as f64).abs().round() as usize).max(usize::from(value != 0.0));
        let left = cells(low).min(room);
        let length = cells(value);
        return if value < 0.0 {
            format!("{}{}", " ".repeat(left.saturating_sub(length)), "█".repeat(length.min(left)))
        } else {
            format!("{}{}", " ".repeat(left), "█".repeat(length.min(room - left)))
        };
    }
    // What is more than nothing is seen.
    let eighths = ((value / range * (room * 8) as f64).round() as usize).max(usize::from(value > 0.0));
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}
