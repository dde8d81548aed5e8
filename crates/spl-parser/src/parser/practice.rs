//! Forms that searches of shipped apps rely on though no page documents them: they are read, and noted for the lints.

use super::Reader;
use crate::diagnostic::Diagnostic;
use crate::span::Span;
use crate::syntax::Pipeline;

/// Most forms that are noted for one search.
const MOST: usize = 100;

/// A place where a search is written as apps write it and no page does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Practice {
    /// Where.
    pub span: Span,
    /// What stands there, as a sentence without a final full stop.
    pub what: &'static str,
    /// What the documented form is.
    pub instead: &'static str,
    /// What it means is a choice of splq's, which a run has to say.
    pub is_choice: bool,
}

impl Practice {
    /// What a run says of a choice.
    pub fn warning(&self) -> Diagnostic {
        Diagnostic::warning("plan/undocumented", self.what, Some(self.span)).with_help(self.instead)
    }
}

/// Reads a whole search, and the forms in it that no page documents, in the order of the text.
///
/// # Errors
/// As [`super::parse`].
pub fn parse_with_practice(source: &str) -> Result<(Pipeline, Vec<Practice>), Vec<Diagnostic>> {
    let mut reader = Reader::new(source);
    let pipeline = reader.whole_search()?;
    let mut found = reader.practice;
    found.sort_by_key(|practice| (practice.span.start, practice.what));
    found.dedup();
    Ok((pipeline, found))
}

impl Reader<'_> {
    /// Notes a form that no page documents.
    pub fn note_practice(&mut self, span: Span, what: &'static str, instead: &'static str) {
        self.note(Practice { span, what, instead, is_choice: false });
    }

    /// Notes a form whose meaning no page tells, so that splq had to choose one.
    pub fn note_choice(&mut self, span: Span, what: &'static str, instead: &'static str) {
        self.note(Practice { span, what, instead, is_choice: true });
    }

    fn note(&mut self, practice: Practice) {
        if self.practice.len() < MOST {
            self.practice.push(practice);
        }
    }

    /// Passes the comma between two members of a list, and any that are too many.
    pub fn separator(&mut self) {
        let Some(comma) = self.symbol(",") else { return };
        self.stray_commas();
        if self.at_end_of_command() {
            self.note_stray_comma(comma);
        }
    }

    /// Passes commas that separate nothing: before the first member of a list, behind the last, two in a row.
    pub fn stray_commas(&mut self) {
        while let Some(comma) = self.symbol(",") {
            self.note_stray_comma(comma);
        }
    }

    fn note_stray_comma(&mut self, comma: Span) {
        self.note_practice(comma, "a comma separates nothing", "leave it out");
    }
}
