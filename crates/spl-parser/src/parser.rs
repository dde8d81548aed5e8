//! The grammar: a reader over the search text, and one module per part of the language.

mod aggregation;
mod argument;
mod expression;
pub mod foreign;
pub mod lexical;
pub(crate) mod operators;
mod pipeline;
pub mod practice;
pub mod search;
pub mod substitution;

use nom::Parser;

use crate::diagnostic::Diagnostic;
use crate::span::{Span, Spanned};
use crate::syntax::{Expression, Pipeline, SearchExpression};

pub(crate) use aggregation::bare_count;
pub use argument::Fields;
pub(crate) use argument::{given_twice, missing_argument};

/// How deep parentheses, calls, subsearches and negations may stand in each other.
pub const NESTING_LIMIT: usize = 200;

/// How deep an expression's tree may become through chains such as `a.b.c`, where no bracket is written.
pub const TREE_DEPTH_LIMIT: usize = 500;

/// Errors after which a search is given up.
const ERROR_LIMIT: usize = 50;

/// Reads a whole search whose macros are expanded. All errors of its top-level commands are reported together.
pub fn parse(source: &str) -> Result<Pipeline, Vec<Diagnostic>> {
    Reader::new(source).whole_search()
}

/// Reads a search expression alone: what `search` takes as its argument.
pub fn parse_search_expression(source: &str) -> Result<SearchExpression, Vec<Diagnostic>> {
    let mut reader = Reader::new(source);
    let read = reader.search_expression().and_then(|expression| {
        reader.expect_end_of_text()?;
        Ok(expression)
    });
    read.map_err(|error| vec![error])
}

/// Reads an eval expression alone, as a calculated field has it.
pub fn parse_expression(source: &str) -> Result<Expression, Vec<Diagnostic>> {
    let mut reader = Reader::new(source);
    let read = reader.expression().and_then(|expression| {
        reader.expect_end_of_text()?;
        Ok(expression)
    });
    read.map_err(|error| vec![error])
}

/// A place in the search text, from which the grammar's functions read on.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    source: &'a str,
    position: usize,
    depth: usize,
    subsearches: usize,
    /// The forms without documentation so far.
    practice: Vec<practice::Practice>,
    /// Commas may stand between the conditions that are read.
    commas_separate: bool,
    /// How many commands have been read a second time, in pieces.
    substitutions: usize,
    /// What of the text subsearches returned.
    returned: Vec<Span>,
}

impl<'a> Reader<'a> {
    /// A reader at the start of a text.
    pub fn new(source: &'a str) -> Self {
        Self {
            source,
            position: 0,
            depth: 0,
            subsearches: 0,
            practice: Vec::new(),
            commas_separate: false,
            substitutions: 0,
            returned: Vec::new(),
        }
    }

    /// The text from here on.
    pub fn rest(&self) -> &'a str {
        self.source.get(self.position..).unwrap_or_default()
    }

    /// The text between two places.
    pub fn text(&self, span: Span) -> &'a str {
        self.source.get(span.start..span.end).unwrap_or_default()
    }

    /// The byte at which the reader stands.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Goes back to a place where it stood before.
    pub fn return_to(&mut self, position: usize) {
        self.position = position;
        self.practice.retain(|noted| noted.span.start < position);
    }

    /// An empty span here.
    pub fn here(&self) -> Span {
        Span::new(self.position, self.position)
    }

    /// The next character, blanks not skipped.
    pub fn next_character(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Passes blanks and comments.
    pub fn skip_blanks(&mut self) {
        if let Ok((rest, _)) = lexical::blanks(self.rest()) {
            self.position = self.source.len() - rest.len();
        }
    }

    /// Reads with a nom parser after blanks; on failure nothing is consumed but the blanks.
    pub fn read<O>(
        &mut self,
        mut parser: impl Parser<&'a str, Output = O, Error = nom::error::Error<&'a str>>,
    ) -> Option<Spanned<O>> {
        self.skip_blanks();
        self.read_here(&mut parser)
    }

    /// As [`Self::read`], without passing blanks first.
    pub fn read_here<O>(
        &mut self,
        parser: &mut impl Parser<&'a str, Output = O, Error = nom::error::Error<&'a str>>,
    ) -> Option<Spanned<O>> {
        let start = self.position;
        let (rest, output) = parser.parse(self.rest()).ok()?;
        self.position = self.source.len() - rest.len();
        Some(Spanned::new(output, Span::new(start, self.position)))
    }

    /// Reads a symbol such as `(` after blanks.
    pub fn symbol(&mut self, symbol: &str) -> Option<Span> {
        self.skip_blanks();
        if !self.rest().starts_with(symbol) {
            return None;
        }
        let span = Span::new(self.position, self.position + symbol.len());
        self.position = span.end;
        Some(span)
    }

    /// Whether a symbol comes next, after blanks.
    pub fn at_symbol(&mut self, symbol: &str) -> bool {
        self.skip_blanks();
        self.rest().starts_with(symbol)
    }

    /// Reads a keyword in any case, as a whole word.
    pub fn keyword(&mut self, word: &str) -> Option<Span> {
        self.read(lexical::keyword(word)).map(|read| read.span)
    }

    /// Whether a keyword comes next.
    pub fn at_keyword(&mut self, word: &str) -> bool {
        self.skip_blanks();
        lexical::keyword(word).parse(self.rest()).is_ok()
    }

    /// Whether the command ends here: at a pipe, a closing bracket of a subsearch or the end of the text.
    pub fn at_end_of_command(&mut self) -> bool {
        self.skip_blanks();
        match self.next_character() {
            None | Some('|') => true,
            Some(']') => self.subsearches > 0,
            _ => false,
        }
    }

    /// An error unless the command ends here.
    pub fn expect_end_of_command(&mut self, expected: &str) -> Result<(), Diagnostic> {
        if self.at_end_of_command() { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn expect_end_of_text(&mut self) -> Result<(), Diagnostic> {
        self.skip_blanks();
        if self.rest().is_empty() { Ok(()) } else { Err(self.unexpected("the end")) }
    }

    /// Reads a text in the given quotes, its inside raw; an error when it is never closed.
    pub fn quoted(&mut self, quote: char) -> Result<Option<Spanned<&'a str>>, Diagnostic> {
        self.skip_blanks();
        if self.next_character() != Some(quote) {
            return Ok(None);
        }
        let opener = Span::new(self.position, self.position + quote.len_utf8());
        match self.read_here(&mut lexical::quoted(quote)) {
            Some(read) => Ok(Some(read)),
            None => Err(Diagnostic::error("parse/unclosed-quote", format!("quote {quote} is never closed"), opener)
                .with_label("opened here")
                .with_help(format!("close it; a {quote} inside the text is written \\{quote}"))),
        }
    }

    /// One level deeper; an error beyond [`NESTING_LIMIT`]. To be paired with [`Self::leave`].
    pub fn enter(&mut self, span: Span) -> Result<(), Diagnostic> {
        if self.depth >= NESTING_LIMIT {
            return Err(Diagnostic::error(
                "parse/nested-too-deeply",
                format!("nested too deeply: more than {NESTING_LIMIT} levels"),
                span,
            ));
        }
        self.depth += 1;
        Ok(())
    }

    /// One level back.
    pub fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Reads the closing bracket that belongs to `opener`.
    pub fn close(&mut self, symbol: &str, opener: Span) -> Result<Span, Diagnostic> {
        if let Some(span) = self.symbol(symbol) {
            return Ok(span);
        }
        if !self.at_end_of_command() && !matches!(self.next_character(), Some(']')) {
            return Err(self.unexpected(&format!("`{symbol}`")).with_place(opener, "opened here"));
        }
        let open = self.text(opener);
        let code = if symbol == "]" { "parse/unclosed-bracket" } else { "parse/unclosed-parenthesis" };
        Err(Diagnostic::error(code, format!("`{open}` is never closed"), opener).with_label("opened here"))
    }

    /// The error for what stands here instead of what was expected.
    pub fn unexpected(&mut self, expected: &str) -> Diagnostic {
        self.skip_blanks();
        let rest = self.rest();
        let place = |length: usize| Span::new(self.position, self.position + length);
        let Some(next) = rest.chars().next() else {
            return Diagnostic::error(
                "parse/unexpected-end",
                format!("expected {expected}, found the end of the search"),
                place(0),
            );
        };
        let one = place(next.len_utf8());
        match next {
            '`' if rest.starts_with("```") => {
                Diagnostic::error("parse/unclosed-comment", "comment ``` is never closed", place(3)).with_label("opened here")
            }
            '`' => Diagnostic::error("parse/unexpanded-macro", "a macro stands here unexpanded", one)
                .with_help("macros are written `name` or `name(arguments)` and must be defined"),
            '"' if lexical::quoted('"').parse(rest).is_err() => {
                Diagnostic::error("parse/unclosed-quote", "quote \" is never closed", one).with_label("opened here")
            }
            ')' => {
                Diagnostic::error("parse/unmatched-parenthesis", "`)` without `(`", one).with_help(format!("expected {expected}"))
            }
            ']' => Diagnostic::error("parse/unmatched-bracket", "`]` without `[`", one).with_help(format!("expected {expected}")),
            '&' => {
                let length = if rest.starts_with("&&") { 2 } else { 1 };
                let message = format!("expected {expected}, found `{}`", &rest[..length]);
                Diagnostic::error("parse/unexpected", message, place(length)).with_help("conditions are joined by AND and OR")
            }
            '|' => Diagnostic::error("parse/unexpected-end", format!("expected {expected}, found `|`"), one),
            _ => {
                let length = match lexical::field_word(rest) {
                    Ok((_, word)) => word.len(),
                    Err(_) => next.len_utf8(),
                };
                let found: String = rest.chars().take(40).collect();
                let found = found.get(..length).unwrap_or(&found);
                Diagnostic::error("parse/unexpected", format!("expected {expected}, found `{found}`"), place(length))
            }
        }
    }

    /// Passes everything up to the next pipe of this level, the end of the subsearch or of the text.
    /// Quotes and brackets are respected as far as they are closed.
    pub fn skip_command(&mut self) {
        self.pass_command(&mut |_| {});
    }

    /// The same; each pair of brackets that stands in no other one is told.
    fn pass_command(&mut self, outer: &mut dyn FnMut(Span)) {
        let (mut brackets, mut opener) = (0usize, 0usize);
        while let Some(next) = self.next_character() {
            match next {
                '`' if self.rest().starts_with("```") => {
                    let before = self.position;
                    self.skip_blanks();
                    if self.position == before {
                        self.position = self.source.len();
                    }
                    continue;
                }
                '"' => {
                    if self.read_here(&mut lexical::quoted('"')).is_none() {
                        self.position = self.source.len();
                    }
                    continue;
                }
                '|' if brackets == 0 => return,
                '[' => {
                    if brackets == 0 {
                        opener = self.position;
                    }
                    brackets += 1;
                }
                ']' if brackets == 0 && self.subsearches > 0 => return,
                ']' if brackets == 1 => {
                    brackets = 0;
                    outer(Span::new(opener, self.position + 1));
                }
                ']' => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            self.position += next.len_utf8();
        }
    }
}
