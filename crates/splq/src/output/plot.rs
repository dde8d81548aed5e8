//! Charts as pictures: SVG and PNG, with a font that splq brings, so that they look the same everywhere.

use std::io::Write;

use chrono_tz::Tz;
use plotters::backend::DrawingBackend;
use plotters::coord::Shift;
use plotters::prelude::{
    BitMapBackend, ChartBuilder, Circle, Color, DrawingArea, IntoDrawingArea, IntoFont, LineSeries, RGBColor, Rectangle,
    SVGBackend, Text, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};
use spl_exec::Results;

use super::chart::{Axis, Chart, short_number};
use super::table::cut;
use crate::stop::Stop;

/// Columns of a picture.
const WIDTH: u32 = 1200;
/// Lines of a picture over time.
const HEIGHT: u32 = 600;
/// Lines of a bar.
const BAR: u32 = 22;
/// Bars that are drawn at most.
const BARS: usize = 200;
/// Series that are drawn at most.
const SERIES: usize = 20;
/// Columns for the names of bars.
const NAMES: u32 = 260;
/// The size of letters.
const LETTERS: f64 = 15.0;
/// The colours of series.
const COLORS: [RGBColor; 10] = [
    RGBColor(31, 119, 180),
    RGBColor(255, 127, 14),
    RGBColor(44, 160, 44),
    RGBColor(214, 39, 40),
    RGBColor(148, 103, 189),
    RGBColor(140, 86, 75),
    RGBColor(227, 119, 194),
    RGBColor(127, 127, 127),
    RGBColor(188, 189, 34),
    RGBColor(23, 190, 207),
];
const BLACK: RGBColor = RGBColor(40, 40, 40);
const WHITE: RGBColor = RGBColor(255, 255, 255);
const GRAY: RGBColor = RGBColor(225, 225, 225);

/// Writes the rows as an SVG picture.
///
/// # Errors
/// Rows that are no chart, and a writer that fails.
pub fn write_svg(writer: &mut impl Write, results: &Results, zone: Tz) -> Result<(), Stop> {
    let chart = prepared(results, zone)?;
    let mut text = String::new();
    draw(&SVGBackend::with_string(&mut text, size(&chart)).into_drawing_area(), &chart)?;
    Ok(writer.write_all(text.as_bytes())?)
}

/// Writes the rows as a PNG picture.
///
/// # Errors
/// Rows that are no chart, and a writer that fails.
pub fn write_png(writer: &mut impl Write, results: &Results, zone: Tz) -> Result<(), Stop> {
    let chart = prepared(results, zone)?;
    let (width, height) = size(&chart);
    let mut pixels = vec![255; width as usize * height as usize * 3];
    draw(&BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area(), &chart)?;
    let mut encoder = png::Encoder::new(writer, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let failed = |error: png::EncodingError| match error {
        png::EncodingError::IoError(error) => Stop::from(error),
        other => failed(&other),
    };
    let mut picture = encoder.write_header().map_err(failed)?;
    picture.write_image_data(&pixels).map_err(failed)?;
    picture.finish().map_err(failed)
}

fn failed(error: &dyn std::fmt::Display) -> Stop {
    Stop::Failed(format!("can't draw the chart: {error}"))
}

/// The chart, refused when it has more than a picture can show.
fn prepared(results: &Results, zone: Tz) -> Result<Chart, Stop> {
    let chart = Chart::new(results, zone)?;
    if chart.series.len() > SERIES {
        let message = format!("{} series are too many for a picture; limit= keeps at most {SERIES}", chart.series.len());
        return Err(Stop::Failed(message));
    }
    if matches!(chart.axis, Axis::Names(_)) && chart.axis.len() * chart.series.len() > BARS {
        let message = format!("{} bars are too many for a picture; head keeps fewer", chart.axis.len() * chart.series.len());
        return Err(Stop::Failed(message));
    }
    register_font("sans-serif", FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
        .map_err(|_| Stop::Failed("can't draw the chart: its font can't be read".to_owned()))?;
    Ok(chart)
}

fn size(chart: &Chart) -> (u32, u32) {
    match chart.axis {
        Axis::Time(..) => (WIDTH, HEIGHT),
        Axis::Names(_) => {
            let bars = u32::try_from(chart.axis.len() * chart.series.len()).unwrap_or(u32::MAX).min(BARS as u32);
            (WIDTH, 110 + bars.max(4) * BAR + u32::try_from(chart.axis.len()).unwrap_or(0) * 6)
        }
    }
}

fn letters() -> TextStyle<'static> {
    TextStyle::from(("sans-serif", LETTERS).into_font()).color(&BLACK)
}

fn draw<B: DrawingBackend>(area: &DrawingArea<B, Shift>, chart: &Chart) -> Result<(), Stop> {
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    legend(area, chart)?;
    match &chart.axis {
        Axis::Time(times, _) => lines(area, chart, times)?,
        Axis::Names(names) => bars(area, chart, names)?,
    }
    area.present().map_err(|error| failed(&error))
}

/// The names of the series with their colours, at the top; what has no room is left out.
fn legend<B: DrawingBackend>(area: &DrawingArea<B, Shift>, chart: &Chart) -> Result<(), Stop> {
    let style = letters().pos(Pos::new(HPos::Left, VPos::Center));
    let mut left = 20;
    for (number, series) in chart.series.iter().enumerate() {
        let name = cut(&series.name, 40).into_owned();
        let (width, _) = area.estimate_text_size(&name, &style).map_err(|error| failed(&error))?;
        let width = i32::try_from(width).unwrap_or(0) + 40;
        if left + width > WIDTH as i32 {
            break;
        }
        area.draw(&Rectangle::new([(left, 14), (left + 14, 28)], color(number).filled())).map_err(|error| failed(&error))?;
        area.draw(&Text::new(name, (left + 20, 21), style.clone())).map_err(|error| failed(&error))?;
        left += width;
    }
    Ok(())
}

fn color(series: usize) -> RGBColor {
    COLORS[series % COLORS.len()]
}

/// A range that is not empty, with some room above.
fn with_room((low, high): (f64, f64)) -> (f64, f64) {
    let room = (high - low) * 0.05;
    if high > low { (if low < 0.0 { low - room } else { low }, high + room) } else { (0.0, 1.0) }
}

fn lines<B: DrawingBackend>(area: &DrawingArea<B, Shift>, chart: &Chart, times: &[f64]) -> Result<(), Stop> {
    let (low, high) = with_room(chart.range());
    let first = times.first().copied().unwrap_or_default();
    let last = times.last().copied().unwrap_or_default().max(first + 1.0);
    let mut plane = ChartBuilder::on(area)
        .margin(16)
        .margin_top(44)
        .margin_right(40)
        .x_label_area_size(36)
        .y_label_area_size(70)
        .build_cartesian_2d(first..last, low..high)
        .map_err(|error| failed(&error))?;
    plane
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GRAY)
        .axis_style(BLACK)
        .label_style(letters())
        .x_labels(8)
        .x_label_formatter(&|time| chart.axis.label_of_time(*time).unwrap_or_default())
        .y_label_formatter(&|value| short_number(*value))
        .draw()
        .map_err(|error| failed(&error))?;
    for (number, series) in chart.series.iter().enumerate() {
        // A line has a gap where values are absent.
        let points: Vec<Option<(f64, f64)>> =
            times.iter().zip(&series.values).map(|(time, value)| value.map(|value| (*time, value))).collect();
        for part in points.split(Option::is_none).filter(|part| !part.is_empty()) {
            let part: Vec<(f64, f64)> = part.iter().flatten().copied().collect();
            if let [point] = part.as_slice() {
                plane.draw_series([Circle::new(*point, 3, color(number).filled())]).map_err(|error| failed(&error))?;
            } else {
                plane.draw_series(LineSeries::new(part, color(number).stroke_width(2))).map_err(|error| failed(&error))?;
            }
        }
    }
    Ok(())
}

fn bars<B: DrawingBackend>(area: &DrawingArea<B, Shift>, chart: &Chart, names: &[String]) -> Result<(), Stop> {
    let (low, high) = with_room(chart.range());
    let count = names.len() as f64;
    let mut plane = ChartBuilder::on(area)
        .margin(16)
        .margin_top(44)
        .margin_right(70)
        .x_label_area_size(36)
        .y_label_area_size(NAMES)
        .build_cartesian_2d(low..high, count..0.0)
        .map_err(|error| failed(&error))?;
    plane
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GRAY)
        .axis_style(BLACK)
        .label_style(letters())
        .y_labels(0)
        .x_label_formatter(&|value| short_number(*value))
        .draw()
        .map_err(|error| failed(&error))?;
    let thick = 0.8 / chart.series.len().max(1) as f64;
    let right = letters().pos(Pos::new(HPos::Right, VPos::Center));
    let left = letters().pos(Pos::new(HPos::Left, VPos::Center));
    for (place, name) in names.iter().enumerate() {
        let (x, y) = plane.backend_coord(&(low, place as f64 + 0.5));
        area.draw(&Text::new(cut(name, 34).into_owned(), (x - 8, y), right.clone())).map_err(|error| failed(&error))?;
        for (number, series) in chart.series.iter().enumerate() {
            let Some(value) = series.values.get(place).copied().flatten() else {
                continue;
            };
            let top = place as f64 + 0.1 + number as f64 * thick;
            let bar = Rectangle::new([(0.0, top), (value, top + thick)], color(number).filled());
            plane.draw_series([bar]).map_err(|error| failed(&error))?;
            let (x, y) = plane.backend_coord(&(value.max(0.0), top + thick / 2.0));
            area.draw(&Text::new(short_number(value), (x + 6, y), left.clone())).map_err(|error| failed(&error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array, StringArray};

    use super::*;
    use crate::output::rows;

    fn over_time() -> Results {
        rows(vec![
            ("_time", Arc::new(Float64Array::from(vec![1_700_000_000.0, 1_700_000_060.0, 1_700_000_120.0]))),
            ("web<1>", Arc::new(Int64Array::from(vec![Some(3), None, Some(5)]))),
            ("web2", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        ])
        .unwrap()
    }

    fn over_names() -> Results {
        rows(vec![
            ("user", Arc::new(StringArray::from(vec!["ann & bob", "carl"]))),
            ("count", Arc::new(Int64Array::from(vec![30, 0]))),
        ])
        .unwrap()
    }

    #[test]
    fn svg_has_names_and_shapes() {
        for (results, name) in [(over_time(), "web&lt;1&gt;"), (over_names(), "ann &amp; bob")] {
            let mut bytes = Vec::new();
            write_svg(&mut bytes, &results, Tz::UTC).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"), "{text}");
            assert!(text.contains(name), "{text}");
        }
    }

    #[test]
    fn png_has_letters_without_fonts_of_the_system() {
        for results in [over_time(), over_names()] {
            let mut bytes = Vec::new();
            write_png(&mut bytes, &results, Tz::UTC).unwrap();
            let decoder = png::Decoder::new(std::io::Cursor::new(&bytes));
            let mut reader = decoder.read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let picture = reader.next_frame(&mut pixels).unwrap();
            assert_eq!(picture.width, WIDTH);
            // The name of the first series in the legend.
            let dark = (14..28).flat_map(|y| (40..120).map(move |x| (y * WIDTH as usize + x) * 3)).filter(|at| pixels[*at] < 128);
            assert!(dark.count() > 10);
        }
    }

    #[test]
    fn too_much_for_a_picture() {
        let names = Arc::new((0..300).map(|name| Some(name.to_string())).collect::<StringArray>());
        let results = rows(vec![("name", names), ("count", Arc::new((0..300).map(Some).collect::<Int64Array>()))]).unwrap();
        assert!(write_svg(&mut Vec::new(), &results, Tz::UTC).is_err());
    }
}
