//! Subsearches that stand as text among the arguments of a command: `bin _time [| makeresults | return $span]`.
//!
//! The grammar of such a command can't be applied before the subsearch has run. Its arguments are kept as
//! [`Argument::Parts`](crate::syntax::Argument::Parts); [`with_texts`] reads the command once the texts are known.

use super::Reader;
use super::practice::Practice;
use crate::Spanned;
use crate::diagnostic::Diagnostic;
use crate::printer::move_spans;
use crate::span::Span;
use crate::spec::{CommandSpec, Subsearches};
use crate::syntax::{ArgumentPart, CommandCall};

/// How often the arguments of a search are read a second time; bounds the work that nested brackets can cause.
const ATTEMPTS: usize = 100;

/// How many characters of a command with its texts an error shows.
const SHOWN: usize = 200;

impl Reader<'_> {
    /// The arguments of a command whose grammar failed with `error`, as text and subsearches, when a subsearch that stands as
    /// text is the reason. On success everything up to the end of the command is read.
    pub(super) fn parts(&mut self, spec: &CommandSpec, error: &Diagnostic) -> Option<Vec<ArgumentPart>> {
        self.skip_blanks();
        let start = self.position();
        let mut brackets = Vec::new();
        let mut ahead = self.clone();
        ahead.pass_command(&mut |span| brackets.push(span));
        let (end, failed) = (ahead.position(), error.span()?.start);
        // A list that ends at a bracket lacks its members.
        let lacks = matches!(error.code, "parse/missing-argument" | "parse/missing-value");
        let explains = brackets.iter().any(|bracket| bracket.start == failed) || (lacks && !brackets.is_empty());
        if !explains || self.substitutions >= ATTEMPTS {
            return None;
        }
        self.substitutions += 1;
        let texts = self.text_brackets(
            spec,
            &brackets,
            if lacks { brackets.first().map_or(failed, |bracket| bracket.start) } else { failed },
        );
        let mut parts = Vec::new();
        let mut written = start;
        for bracket in texts {
            self.return_to(bracket.start);
            let Some(subsearch) = self.text_subsearch(bracket) else { continue };
            self.push_text(Span::new(written, bracket.start), &mut parts);
            parts.push(ArgumentPart::Subsearch(subsearch));
            written = bracket.end;
        }
        if parts.is_empty() {
            return None;
        }
        let rest = self.text(Span::new(written, end)).trim_end().len();
        self.push_text(Span::new(written, written + rest), &mut parts);
        self.return_to(end);
        Some(parts)
    }

    /// Commands that stand in a text which a subsearch returned, in whole or in part, are an error.
    pub(super) fn refuse_returned(&self, commands: Span) -> Result<(), Diagnostic> {
        if self.returned.iter().all(|text| text.end <= commands.start || commands.end <= text.start) {
            return Ok(());
        }
        let message = "the text that a subsearch returns can't hold commands";
        Err(Diagnostic::error("parse/returned-commands", message, commands))
    }

    fn push_text(&self, span: Span, parts: &mut Vec<ArgumentPart>) {
        if span.end > span.start {
            parts.push(ArgumentPart::Text(Spanned::new(self.text(span).to_owned(), span)));
        }
    }

    /// The brackets that can be text: those behind an equals sign; of a command that takes rows or commands in brackets of
    /// its own none but the ones before the last, where it failed at one; else all.
    fn text_brackets(&self, spec: &CommandSpec, brackets: &[Span], failed: usize) -> Vec<Span> {
        let is_value = |span: &Span| self.text(Span::new(0, span.start)).trim_end().ends_with('=');
        if spec.effects.subsearches == Subsearches::AsText {
            return brackets.to_vec();
        }
        let fails_at_one = brackets.iter().any(|span| span.start == failed);
        let last = brackets.iter().rposition(|span| !is_value(span));
        let texts = brackets.iter().enumerate();
        texts.filter(|(place, span)| is_value(span) || (fails_at_one && Some(*place) != last)).map(|(_, span)| *span).collect()
    }

    /// Reads a bracket that holds a search beyond doubt: it starts with a pipe or a command, or has several commands.
    fn text_subsearch(&mut self, bracket: Span) -> Option<crate::syntax::Subsearch> {
        let mut inside = self.clone();
        inside.return_to(bracket.start + 1);
        inside.subsearches += 1;
        let named = inside.at_symbol("|") || inside.named_command_ahead();
        let (depth, subsearches) = (self.depth, self.subsearches);
        let read = self.brackets(true).ok().filter(|read| read.span.end == bracket.end);
        (self.depth, self.subsearches) = (depth, subsearches);
        read.filter(|read| named || read.pipeline.commands.len() > 1)
    }
}

/// The command with the texts that its subsearches returned in their place, one for each in their order, and the forms in it
/// that no page documents. A place inside such a text becomes the place of its subsearch.
///
/// # Errors
/// Arguments that can't be read; a text that holds commands, which values of events must not become.
pub fn with_texts(call: &CommandCall, texts: &[String]) -> Result<(CommandCall, Vec<Practice>), Diagnostic> {
    let filled = Filled::new(call, texts);
    let mut reader = Reader::new(&filled.source);
    reader.returned = filled.pieces.iter().filter(|piece| !piece.is_written).map(|piece| piece.place).collect();
    let mut read = CommandCall {
        arguments: Vec::new(),
        span: Span::default(),
        name: Spanned::new(call.name.value.clone(), Span::default()),
        ..call.clone()
    };
    reader
        .read_shape(call.spec.arguments, &mut read)
        .and_then(|()| reader.expect_end_of_text())
        .map_err(|error| filled.error(error, call))?;
    move_spans(&mut read, &|span| filled.origin(span));
    read.name = call.name.clone();
    read.span = call.span;
    let moved = |practice: Practice| Practice { span: filled.origin(practice.span), ..practice };
    Ok((read, reader.practice.into_iter().map(moved).collect()))
}

/// The arguments of a command as one text.
struct Filled {
    source: String,
    pieces: Vec<Piece>,
    /// Where a place in no piece is told.
    end: usize,
}

/// A part of that text.
struct Piece {
    /// Where it stands there.
    place: Span,
    /// What stands for it in the search.
    origin: Span,
    /// It stands in the search as it is.
    is_written: bool,
}

impl Filled {
    fn new(call: &CommandCall, texts: &[String]) -> Self {
        let (mut source, mut pieces) = (String::new(), Vec::new());
        let mut texts = texts.iter();
        for part in call.parts().unwrap_or_default() {
            let start = source.len();
            let (text, origin, is_written) = match part {
                ArgumentPart::Text(text) => (Some(&text.value), text.span, true),
                ArgumentPart::Subsearch(subsearch) => (texts.next(), subsearch.span, false),
            };
            source.push_str(text.map_or("", String::as_str));
            pieces.push(Piece { place: Span::new(start, source.len()), origin, is_written });
        }
        Self { source, pieces, end: call.span.end }
    }

    /// The place in the search of a place in the text.
    fn origin(&self, span: Span) -> Span {
        let start = self.offset(span.start, false);
        Span::new(start, if span.end > span.start { self.offset(span.end, true).max(start) } else { start })
    }

    fn offset(&self, at: usize, ends: bool) -> usize {
        let holds = |piece: &&Piece| if ends { piece.place.start < at } else { piece.place.start <= at };
        match self.pieces.iter().rev().find(holds).or(self.pieces.first()) {
            Some(piece) if piece.is_written => piece.origin.start + at.saturating_sub(piece.place.start),
            Some(piece) if ends => piece.origin.end,
            Some(piece) => piece.origin.start,
            None => self.end,
        }
    }

    /// An error at its place in the search, with the command as it reads in its help.
    fn error(&self, mut error: Diagnostic, call: &CommandCall) -> Diagnostic {
        for (place, label) in error.labels.iter_mut().enumerate() {
            // The name of the command stands in no piece.
            let is_name = place == 0 && label.span == Span::default();
            label.span = if is_name { call.name.span } else { self.origin(label.span) };
        }
        let shown: String = self.source.trim().chars().take(SHOWN).collect();
        let help = format!("with the text of the subsearch it reads `{} {shown}`", call.spec.name);
        match error.help.take() {
            Some(before) => error.with_help(format!("{before}; {help}")),
            None => error.with_help(help),
        }
    }
}
