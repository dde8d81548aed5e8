//! Help while typing: completion, colours, matching brackets, hints, lines that go on.

use std::borrow::Cow;
use std::cell::Cell;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper, Result};
use unicode_width::UnicodeWidthStr;

use super::colors::colored;
use super::completion::{complete, syntax_hint, wants_path};
use super::input::is_incomplete;
use super::surroundings::EngineSurroundings;
use crate::output::table::cut;

/// What stands before each search.
pub const PROMPT: &str = "spl> ";

/// What rustyline asks.
pub struct Assistant<'a> {
    /// Data and knowledge that completion looks into.
    pub surroundings: EngineSurroundings<'a>,
    files: FilenameCompleter,
    history: HistoryHinter,
    color: bool,
    /// The line was entered: nothing on it refers to a cursor any more.
    is_final: Cell<bool>,
}

impl<'a> Assistant<'a> {
    /// Without history yet.
    pub fn new(surroundings: EngineSurroundings<'a>, color: bool) -> Self {
        let (files, history) = (FilenameCompleter::new(), HistoryHinter::new());
        Self { surroundings, files, history, color, is_final: Cell::new(false) }
    }
}

impl Helper for Assistant<'_> {}

impl Completer for Assistant<'_> {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, context: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        if wants_path(line, cursor) {
            return self.files.complete(line, cursor, context);
        }
        let (start, found) = complete(line, cursor, &self.surroundings);
        let pair = |name: String| Pair { display: name.trim_end_matches([' ', '`']).to_owned(), replacement: name };
        Ok((start, found.into_iter().map(pair).collect()))
    }
}

/// A hint behind the cursor.
pub struct Suggestion {
    text: String,
    /// Whether the right arrow takes it over: earlier searches, not syntax.
    is_text: bool,
}

impl Hint for Suggestion {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        self.is_text.then_some(self.text.as_str())
    }
}

impl Hinter for Assistant<'_> {
    type Hint = Suggestion;

    fn hint(&self, line: &str, cursor: usize, context: &Context<'_>) -> Option<Suggestion> {
        // Without colours a hint can't be told from what was typed.
        if !self.color || line.is_empty() || cursor < line.len() {
            return None;
        }
        if let Some(syntax) = syntax_hint(line) {
            let columns = terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
            let used = line.rsplit('\n').next().unwrap_or(line).width() + if line.contains('\n') { 0 } else { PROMPT.width() };
            let room = columns.saturating_sub(used + 1);
            return (room > 10).then(|| Suggestion { text: cut(&syntax, room).into_owned(), is_text: false });
        }
        self.history.hint(line, cursor, context).map(|text| Suggestion { text, is_text: true })
    }
}

impl Highlighter for Assistant<'_> {
    fn highlight<'l>(&self, line: &'l str, cursor: usize) -> Cow<'l, str> {
        if !self.color {
            return Cow::Borrowed(line);
        }
        Cow::Owned(colored(line, (!self.is_final.get()).then_some(cursor)))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _default: bool) -> Cow<'b, str> {
        if self.color { Cow::Owned(format!("\u{1b}[1;36m{prompt}\u{1b}[0m")) } else { Cow::Borrowed(prompt) }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\u{1b}[2m{hint}\u{1b}[0m"))
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.is_final.set(kind == CmdKind::ForcedRefresh);
        self.color
    }
}

impl Validator for Assistant<'_> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        Ok(if is_incomplete(context.input()) { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}
