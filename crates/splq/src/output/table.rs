//! Tables for reading: columns that fit the terminal, or one block per row when there are too many of them.

use std::borrow::Cow;
use std::io::Write;

use chrono_tz::Tz;
use comfy_table::{
    Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle, Width,
};
use spl_exec::Results;
use spl_functions::column::{Column, ValueType};
use spl_functions::value::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Layout, columns, human_time, shown_fields};
use crate::stop::Stop;

/// Rows that are laid out at a time.
const CHUNK: usize = 1000;
/// Lines that one cell may take; the rest is counted.
const LINES: usize = 25;
/// A column is not made narrower than this.
const NARROWEST: usize = 12;
/// Times and numbers up to this width are not cut.
const WHOLE: usize = 32;

/// Writes the rows.
///
/// # Errors
/// A writer that fails.
pub fn write(writer: &mut impl Write, results: &Results, layout: Layout) -> Result<(), Stop> {
    let fields = shown_fields(results);
    if fields.is_empty() || results.rows() == 0 {
        return Ok(());
    }
    let measured = Measures::new(results, &fields, layout)?;
    match measured.fit(room_beside_numbers(results, layout)) {
        Some(widths) => write_columns(writer, results, &fields, &widths, measured.tallest > 1, layout),
        None => write_blocks(writer, results, &fields, layout),
    }
}

/// The columns of the terminal that the numbers of the rows leave.
fn room_beside_numbers(results: &Results, layout: Layout) -> Option<usize> {
    let numbers = if layout.numbered { number_width(results) + 3 } else { 0 };
    layout.width.map(|width| width.saturating_sub(numbers))
}

/// The width of the numbers of the rows.
fn number_width(results: &Results) -> usize {
    results.rows().to_string().len()
}

/// Whether a field's column holds numbers only, in all batches.
pub fn is_number_column(results: &Results, field: &str) -> bool {
    let types =
        results.batches.iter().filter_map(|batch| batch.column_by_name(field)).map(|array| ValueType::of(array.data_type()));
    field != "_time" && types.fold(ValueType::Null, ValueType::common).is_number()
}

/// A value as it is shown; empty when there is none.
pub fn cell_text<'a>(value: Value<'a>, is_time: bool, zone: Tz) -> Cow<'a, str> {
    if is_time && let Some(time) = human_time(value, zone) {
        return Cow::Owned(time);
    }
    value.text().unwrap_or_default()
}

/// Whether a table of the rows cuts some value, or leaves lines of it out.
///
/// # Errors
/// A column of a type that SPL does not have.
pub fn cuts(results: &Results, layout: Layout) -> Result<bool, Stop> {
    let fields = shown_fields(results);
    let measured = Measures::new(results, &fields, layout)?;
    let widths = measured.fit(room_beside_numbers(results, layout)).unwrap_or_else(|| {
        let (_, room) = block_widths(&fields.iter().map(|field| clean(field)).collect::<Vec<_>>(), layout);
        vec![room; fields.len()]
    });
    Ok(measured.tallest > LINES || measured.widths.iter().zip(&widths).any(|(wanted, width)| wanted > width))
}

/// Writes one row with every value in full: long lines go on below.
///
/// # Errors
/// A writer that fails.
pub fn write_whole(writer: &mut impl Write, results: &Results, layout: Layout) -> Result<(), Stop> {
    let fields = shown_fields(results);
    let names: Vec<Cow<'_, str>> = fields.iter().map(|field| clean(field)).collect();
    let (name_width, room) = block_widths(&names, layout);
    let mut block = String::new();
    for batch in &results.batches {
        let columns = columns(batch, &fields)?;
        for row in 0..batch.num_rows() {
            for ((column, field), name) in columns.iter().zip(&fields).zip(&names) {
                let value = column.value(row);
                if value.is_null() {
                    continue;
                }
                let text = cell_text(value, *field == "_time", layout.time_zone);
                let lines: Vec<String> = text.lines().flat_map(|line| pieces(&clean(line), room)).collect();
                push_lines(&mut block, name, &lines, name_width, layout);
            }
        }
    }
    Ok(writer.write_all(block.as_bytes())?)
}

/// A line in pieces that fit a width; an empty line is one piece.
pub(super) fn pieces(line: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for character in line.chars() {
        let wide = character.width().unwrap_or_default();
        if used + wide > width {
            pieces.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(last) = pieces.last_mut() {
            last.push(character);
        }
    }
    pieces
}

/// The widths of names and values where each row is a block.
fn block_widths(names: &[Cow<'_, str>], layout: Layout) -> (usize, usize) {
    let width = layout.width.unwrap_or(120).max(30);
    let name_width = names.iter().map(|name| name.width()).max().unwrap_or_default().min(width / 3);
    (name_width, width.saturating_sub(name_width + 2).max(10))
}

/// What the columns need.
struct Measures {
    /// Widest line of each column, its name included.
    widths: Vec<usize>,
    /// Columns that say nothing when they are cut: times and numbers.
    whole: Vec<bool>,
    /// Lines of the tallest cell.
    tallest: usize,
}

impl Measures {
    fn new(results: &Results, fields: &[&str], layout: Layout) -> Result<Self, Stop> {
        let mut widths: Vec<usize> = fields.iter().map(|field| clean(field).width()).collect();
        let mut tallest = 0;
        for batch in &results.batches {
            for ((column, width), field) in columns(batch, fields)?.iter().zip(&mut widths).zip(fields) {
                for row in 0..batch.num_rows() {
                    let text = cell_text(column.value(row), *field == "_time", layout.time_zone);
                    let mut lines = 0;
                    for line in text.lines() {
                        *width = (*width).max(clean(line).width());
                        lines += 1;
                    }
                    tallest = tallest.max(lines);
                }
            }
        }
        let whole = fields.iter().map(|field| *field == "_time" || is_number_column(results, field)).collect();
        Ok(Self { widths, whole, tallest })
    }

    /// Widths that fit the terminal: the widest columns are narrowed. None when there are too many columns.
    fn fit(&self, room: Option<usize>) -> Option<Vec<usize>> {
        let mut widths: Vec<usize> = self.widths.iter().map(|width| (*width).clamp(1, usize::from(u16::MAX) / 2)).collect();
        let Some(room) = room else {
            return Some(widths);
        };
        // Each column has a blank on both sides and a line between it and the next.
        let room = (room + 1).checked_sub(widths.len() * 3)?;
        let narrowest = |place: usize, width: usize| if self.whole[place] { width.min(WHOLE) } else { width.min(NARROWEST) };
        let smallest: usize = widths.iter().enumerate().map(|(place, width)| narrowest(place, *width)).sum();
        if smallest > room {
            return None;
        }
        // The highest limit under which all columns fit.
        let limited = |place: usize, width: usize, limit: usize| width.min(limit).max(narrowest(place, width));
        let total = |limit: usize| widths.iter().enumerate().map(|(place, width)| limited(place, *width, limit)).sum::<usize>();
        let (mut low, mut high) = (NARROWEST, widths.iter().copied().max().unwrap_or(NARROWEST).max(NARROWEST));
        while low < high {
            let limit = (low + high).div_ceil(2);
            if total(limit) <= room {
                low = limit;
            } else {
                high = limit - 1;
            }
        }
        let mut spare = room - total(low);
        for (place, width) in widths.iter_mut().enumerate() {
            let wanted = *width;
            *width = limited(place, wanted, low);
            // What rounding left goes to the first column that wants more.
            let more = (wanted - *width).min(spare);
            *width += more;
            spare -= more;
        }
        Some(widths)
    }
}

/// Thin lines between columns and below the header, none around.
const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction('│'))
    .header_separator(LineStyle::none().fill('─').junction('┼'))
    .content_lines(ContentLineStyle::none().junction('│'));

fn write_columns(
    writer: &mut impl Write,
    results: &Results,
    fields: &[&str],
    widths: &[usize],
    tall: bool,
    layout: Layout,
) -> Result<(), Stop> {
    let numbers: Vec<bool> = fields.iter().map(|field| is_number_column(results, field)).collect();
    let alignment = |number: bool| {
        if number { CellAlignment::Right } else { CellAlignment::Left }
    };
    let mut header = true;
    let mut number = 0;
    let numbers_wide = number_width(results);
    let number_cell = |text: String| {
        let cell = Cell::new_owned(text).set_alignment(CellAlignment::Right);
        if layout.color { cell.add_attribute(Attribute::Dim) } else { cell }
    };
    for batch in &results.batches {
        let columns = columns(batch, fields)?;
        for start in (0..batch.num_rows()).step_by(CHUNK) {
            let mut table = Table::new();
            table.load_style(style(tall, header)).set_content_arrangement(ContentArrangement::Disabled);
            if layout.color {
                table.enforce_styling();
            } else {
                table.force_no_tty();
            }
            if header {
                let names = fields.iter().zip(widths).zip(&numbers).map(|((field, width), number)| {
                    let cell = Cell::new_owned(cut(&clean(field), *width).into_owned()).set_alignment(alignment(*number));
                    if layout.color { cell.add_attribute(Attribute::Bold) } else { cell }
                });
                table.set_header(layout.numbered.then(|| number_cell("#".to_owned())).into_iter().chain(names));
                header = false;
            }
            for row in start..batch.num_rows().min(start + CHUNK) {
                number += 1;
                let values =
                    columns.iter().zip(fields).zip(widths.iter().zip(&numbers)).map(|((column, field), (width, number))| {
                        let text = cell_text(column.value(row), *field == "_time", layout.time_zone);
                        Cell::new_owned(cell_lines(&text, *width)).set_alignment(alignment(*number))
                    });
                table.add_row(layout.numbered.then(|| number_cell(number.to_string())).into_iter().chain(values));
            }
            let all_widths = layout.numbered.then_some(&numbers_wide).into_iter().chain(widths);
            table.set_constraints(all_widths.map(|width| {
                let width = u16::try_from(*width + 2).unwrap_or(u16::MAX);
                ColumnConstraint::Absolute(Width::Fixed(width))
            }));
            for line in table.lines() {
                writer.write_all(line.trim_end().as_bytes())?;
                writer.write_all(b"\n")?;
            }
        }
    }
    Ok(())
}

/// Lines between rows only where rows are taller than a line.
fn style(tall: bool, header: bool) -> TableStyle {
    let separator = LineStyle::none().fill('─').junction('┼');
    match (tall, header) {
        (false, _) => STYLE,
        (true, true) => STYLE.row_separator(separator),
        (true, false) => STYLE.row_separator(separator).top_border(separator),
    }
}

/// The lines of a cell, each cut to the width.
fn cell_lines(text: &str, width: usize) -> String {
    let count = text.lines().count();
    if count <= 1 {
        return cut(&clean(text.lines().next().unwrap_or_default()), width).into_owned();
    }
    let mut cell = String::new();
    for (position, line) in text.lines().enumerate() {
        if position > 0 {
            cell.push('\n');
        }
        if position + 1 == LINES && count > LINES {
            cell.push_str(&cut(&format!("… {} more", count - position), width));
            break;
        }
        cell.push_str(&cut(&clean(line), width));
    }
    cell
}

/// One block per row: a line for each field that has a value.
fn write_blocks(writer: &mut impl Write, results: &Results, fields: &[&str], layout: Layout) -> Result<(), Stop> {
    let width = layout.width.unwrap_or(120).max(30);
    let names: Vec<Cow<'_, str>> = fields.iter().map(|field| clean(field)).collect();
    let (name_width, room) = block_widths(&names, layout);
    let mut number = 0;
    let mut block = String::new();
    for batch in &results.batches {
        let columns = columns(batch, fields)?;
        for row in 0..batch.num_rows() {
            number += 1;
            let heading = format!("── {number} ");
            block.push_str(if layout.color { "\u{1b}[2m" } else { "" });
            block.push_str(&heading);
            block.extend(std::iter::repeat_n('─', width.saturating_sub(heading.width())));
            block.push_str(if layout.color { "\u{1b}[0m\n" } else { "\n" });
            for ((column, field), name) in columns.iter().zip(fields).zip(&names) {
                push_field(&mut block, column, row, *field == "_time", name, (name_width, room), layout);
            }
            if block.len() > 1 << 16 {
                writer.write_all(block.as_bytes())?;
                block.clear();
            }
        }
    }
    Ok(writer.write_all(block.as_bytes())?)
}

/// Adds a field's lines to a block; nothing when it has no value.
fn push_field(
    block: &mut String,
    column: &Column,
    row: usize,
    is_time: bool,
    name: &str,
    widths: (usize, usize),
    layout: Layout,
) {
    let value = column.value(row);
    if value.is_null() {
        return;
    }
    let (name_width, room) = widths;
    let lines = cell_lines(&cell_text(value, is_time, layout.time_zone), room);
    push_lines(block, name, &lines.split('\n').collect::<Vec<_>>(), name_width, layout);
}

/// Adds the lines of a value behind its name.
fn push_lines(block: &mut String, name: &str, lines: &[impl AsRef<str>], name_width: usize, layout: Layout) {
    let name = cut(name, name_width);
    block.push_str(if layout.color { "\u{1b}[1m" } else { "" });
    block.push_str(&name);
    block.push_str(if layout.color { "\u{1b}[0m" } else { "" });
    let mut indent = name_width.saturating_sub(name.width()) + 2;
    for line in lines {
        block.extend(std::iter::repeat_n(' ', indent));
        block.push_str(line.as_ref());
        block.push('\n');
        indent = name_width + 2;
    }
}

/// A line with tabs as blanks and other control characters made visible, so that data can't steer the terminal.
pub fn clean(line: &str) -> Cow<'_, str> {
    if !line.chars().any(is_unsafe) {
        return Cow::Borrowed(line);
    }
    let mut cleaned = String::with_capacity(line.len() + 8);
    for character in line.chars() {
        match character {
            '\t' => cleaned.push_str("    "),
            control if (control as u32) < 0x20 => cleaned.extend(char::from_u32(0x2400 + control as u32)),
            unsafe_one if is_unsafe(unsafe_one) => cleaned.push('\u{fffd}'),
            other => cleaned.push(other),
        }
    }
    Cow::Owned(cleaned)
}

/// Control characters and those that change the direction of text.
fn is_unsafe(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A line cut to a width, with `…` at the end when something is missing.
pub fn cut(line: &str, width: usize) -> Cow<'_, str> {
    if line.len() <= width || line.width() <= width {
        return Cow::Borrowed(line);
    }
    let mut cut = String::with_capacity(width + 3);
    let mut used = 0;
    for character in line.chars() {
        used += character.width().unwrap_or_default();
        if used >= width {
            break;
        }
        cut.push(character);
    }
    cut.push('…');
    Cow::Owned(cut)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::output::tests::sample;

    fn written(width: Option<usize>) -> String {
        let mut bytes = Vec::new();
        assert!(write(&mut bytes, &sample(), Layout { time_zone: Tz::UTC, width, color: false, numbered: false }).is_ok());
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn narrow_terminals_get_blocks() {
        insta::assert_snapshot!(written(Some(40)));
    }

    #[test]
    fn widths_are_kept() {
        for width in [70, 80, 90, 100, 200] {
            let text = written(Some(width));
            assert!(text.lines().all(|line| line.width() <= width), "{width}\n{text}");
        }
    }

    #[test]
    fn cut_values_are_noticed() {
        let cut = |width| cuts(&sample(), Layout { time_zone: Tz::UTC, width, color: false, numbered: false }).unwrap();
        assert!(!cut(None) && !cut(Some(200)));
        assert_eq!(pieces("abcde", 2), ["ab", "cd", "e"]);
        assert_eq!(pieces("", 2), [""]);
        let mut bytes = Vec::new();
        assert!(
            write_whole(&mut bytes, &sample(), Layout { time_zone: Tz::UTC, width: Some(40), color: false, numbered: false })
                .is_ok()
        );
        assert!(String::from_utf8(bytes).unwrap().contains("b\"ob"));
    }

    #[test]
    fn cutting() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(clean("a\u{1b}[31mb\tc"), "a␛[31mb    c");
    }
}
