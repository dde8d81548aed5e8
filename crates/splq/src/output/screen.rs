//! What people see of a result: as much as a terminal shows at once, or all of it in a pager.

use std::io::Write;

use indicatif::HumanCount;
use spl_exec::Results;

use super::events::{self, EventStyle, EventView};
use super::{Layout, part_of, raw, table};
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Rows that are laid out for the pager; more are for a file.
const PAGED: usize = 50_000;
/// Columns that a pager may be scrolled through sideways.
const PAGED_WIDTH: usize = 2_000;
/// Lines that are left for the prompt and what is said below the rows.
const BELOW: usize = 4;

/// A result and how it is shown.
pub struct Screen<'a> {
    /// The rows.
    pub results: &'a Results,
    /// Time zone, width, colours.
    pub layout: Layout,
    /// How events are shown; none for rows that are no events, or shown as such.
    pub events: Option<EventView>,
    /// What an event list needs beside the rows.
    pub style: EventStyle,
}

impl Screen<'_> {
    /// Writes some rows, numbered from 1.
    ///
    /// # Errors
    /// A writer that fails.
    pub fn write(&self, writer: &mut impl Write, rows: usize, layout: Layout) -> Result<(), Stop> {
        let part = part_of(self.results, 0, rows);
        match self.events {
            Some(EventView::List) => events::write_list(writer, &part, &self.style, layout, 1),
            Some(EventView::Fields) => events::write_fields(writer, &part, &self.style, layout, 1, false),
            Some(EventView::Raw) => raw::write(writer, &part),
            Some(EventView::Table) | None => table::write(writer, &part, layout),
        }
    }

    /// The rows that fit so many lines, as text, and their number: at least one.
    ///
    /// # Errors
    /// A column of a type that SPL does not have.
    pub fn fitting(&self, lines: usize) -> Result<(Vec<u8>, usize), Stop> {
        let mut rows = self.results.rows().min(lines.max(1));
        loop {
            let mut text = Vec::new();
            self.write(&mut text, rows, self.layout)?;
            let used = self.lines_of(&text);
            if used <= lines || rows <= 1 {
                return Ok((text, rows));
            }
            rows = (rows * lines / used).clamp(1, rows - 1);
        }
    }

    /// The lines that a text takes on the terminal.
    fn lines_of(&self, text: &[u8]) -> usize {
        let width = self.layout.width.unwrap_or(usize::MAX).max(1);
        let lines = String::from_utf8_lossy(text);
        lines.lines().map(|line| events::visible_width(line).div_ceil(width).max(1)).sum()
    }

    /// All rows for a pager, as wide as their values are, and how many of them there are.
    ///
    /// # Errors
    /// A column of a type that SPL does not have.
    pub fn paged(&self) -> Result<(String, usize), Stop> {
        let rows = self.results.rows().min(PAGED);
        let mut text = Vec::new();
        let width = match self.events {
            Some(EventView::List) => Some(PAGED_WIDTH),
            Some(EventView::Fields) => self.layout.width,
            _ => None,
        };
        self.write(&mut text, rows, Layout { width, ..self.layout })?;
        Ok((String::from_utf8_lossy(&text).into_owned(), rows))
    }

    /// Whether values are cut in what is shown of the first rows.
    ///
    /// # Errors
    /// A column of a type that SPL does not have.
    pub fn cuts(&self, rows: usize) -> Result<bool, Stop> {
        match self.events {
            Some(EventView::Table) | None => table::cuts(&part_of(self.results, 0, rows), self.layout),
            Some(_) => Ok(false),
        }
    }

    /// What the rows are called: `1 more event`, `12 more rows`.
    pub fn more(&self, shown: usize) -> Option<String> {
        let more = self.results.rows().checked_sub(shown).filter(|more| *more > 0)?;
        let name = match (self.events.is_some(), more) {
            (true, 1) => "event",
            (true, _) => "events",
            (false, 1) => "row",
            (false, _) => "rows",
        };
        Some(format!("{} more {name}", HumanCount(more as u64)))
    }
}

/// Lines of a terminal that rows may take; none where nobody watches.
pub fn room(terminal: &Terminal) -> Option<usize> {
    let (_, height) = terminal_size::terminal_size().filter(|_| terminal.stdout)?;
    Some(usize::from(height.0).saturating_sub(BELOW).max(5))
}

/// How a result of events is shown: as asked for, else as a list on a terminal.
pub fn event_view(asked: Option<EventView>, results: &Results, terminal: &Terminal) -> Option<EventView> {
    let view = asked.or(terminal.stdout.then_some(EventView::List));
    view.filter(|_| events::are_events(results) && results.rows() > 0)
}
