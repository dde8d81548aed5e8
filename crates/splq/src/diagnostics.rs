//! Diagnostics drawn for people: the source line, a caret, the macro definition behind a call, help.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};
use spl_exec::Failure;
use spl_macros::{DefinitionFrame, Expansion};
use spl_parser::{Diagnostic, Severity, Span};

use crate::source::{Source, line_and_column};
use crate::terminal::Terminal;

/// Draws a failure on stderr.
pub fn report_failure(terminal: &Terminal, source: &Source, failure: &Failure) {
    report(terminal, source, failure.expansion.as_ref(), &failure.diagnostics);
}

/// Draws diagnostics on stderr; warnings and notes are left out with `-q`.
pub fn report(terminal: &Terminal, source: &Source, expansion: Option<&Expansion>, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        if diagnostic.severity == Severity::Error || !terminal.quiet {
            terminal.error_text(&draw(diagnostic, source, expansion, terminal.color_error, terminal.message_width));
        }
    }
}

/// Draws diagnostics that belong to no search: knowledge objects, files.
pub fn report_general(terminal: &Terminal, diagnostics: &[Diagnostic]) {
    report(terminal, &Source::new("search", ""), None, diagnostics);
}

/// Draws one diagnostic; ends with an empty line.
pub fn draw(diagnostic: &Diagnostic, source: &Source, expansion: Option<&Expansion>, color: bool, width: usize) -> String {
    let mut main = Drawing {
        message: diagnostic.message.clone(),
        code: Some(diagnostic.code),
        severity: diagnostic.severity,
        help: diagnostic.help.clone(),
        excerpt: Excerpt::new(&source.name, &source.text, width),
        labels: Vec::new(),
    };
    let mut others: Vec<Drawing> = Vec::new();
    for label in &diagnostic.labels {
        let located = expansion.map(|expansion| expansion.map.locate(label.span));
        let (call, frames) = located.map_or((label.span, Vec::new()), |located| (located.call, located.definitions));
        let place = source.place(call);
        let message = if frames.is_empty() { label.message.clone() } else { "in what this macro stands for".to_owned() };
        if main.labels.iter().all(|(known, _)| *known != place) {
            if main.excerpt.fits(main.labels.first().map(|(first, _)| *first), place) {
                main.labels.push((place, message));
            } else {
                let mut drawing = note(if message.is_empty() { "related place".to_owned() } else { message.clone() });
                drawing.excerpt = main.excerpt.clone();
                drawing.labels.push((place, message));
                others.push(drawing);
            }
        }
        let innermost = frames.len().saturating_sub(1);
        for (depth, frame) in frames.iter().enumerate() {
            let text = if depth == innermost { label.message.as_str() } else { "in what this macro stands for" };
            others.push(definition(frame, text, width));
        }
    }
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(width).with_context_lines(1).with_links(false);
    let mut text = String::new();
    // The help belongs below everything that is shown.
    let help = if others.is_empty() { None } else { main.help.take() };
    if let (Some(last), Some(help)) = (others.last_mut(), help) {
        last.help = Some(help);
    }
    for drawing in std::iter::once(&main).chain(&others) {
        if handler.render_report(&mut text, drawing).is_err() {
            text.push_str(&format!("{}: {}\n", severity_name(drawing.severity), drawing.message));
        }
    }
    tidy(&text)
}

/// The word for a severity.
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Takes trailing blanks and doubled empty lines out of a drawing.
fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len() + 1);
    let mut empty = true;
    for line in text.lines().map(str::trim_end) {
        if !(empty && line.is_empty()) {
            tidied.push_str(line);
            tidied.push('\n');
        }
        empty = line.is_empty();
    }
    if !empty {
        tidied.push('\n');
    }
    tidied
}

fn note(message: String) -> Drawing {
    Drawing { message, code: None, severity: Severity::Note, help: None, excerpt: Excerpt::new("", "", 80), labels: Vec::new() }
}

/// The definition of a macro with the place in it.
fn definition(frame: &DefinitionFrame, message: &str, width: usize) -> Drawing {
    let mut drawing = note(format!("in macro `{}` ({})", frame.macro_name, frame.origin));
    drawing.excerpt = Excerpt::new(&format!("macro {}", frame.macro_name), &frame.definition, width);
    drawing.labels.push((frame.span, message.to_owned()));
    drawing
}

/// A diagnostic in the form that is drawn.
#[derive(Debug)]
struct Drawing {
    message: String,
    code: Option<&'static str>,
    severity: Severity,
    help: Option<String>,
    excerpt: Excerpt,
    labels: Vec<(Span, String)>,
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawing {}

impl miette::Diagnostic for Drawing {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        if self.labels.is_empty() { None } else { Some(&self.excerpt) }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() {
            return None;
        }
        Some(Box::new(self.labels.iter().enumerate().map(|(position, (span, message))| {
            let span = self.excerpt.visible(*span);
            let message = (!message.is_empty()).then(|| message.clone());
            let source_span = SourceSpan::from((span.start, span.end - span.start));
            if position == 0 {
                LabeledSpan::new_primary_with_span(message, source_span)
            } else {
                LabeledSpan::new_with_span(message, source_span)
            }
        })))
    }
}

/// A text of which only the surroundings of a place are shown: long lines are cut on both sides.
#[derive(Clone, Debug)]
struct Excerpt {
    name: String,
    text: String,
    width: usize,
}

impl Excerpt {
    fn new(name: &str, text: &str, width: usize) -> Self {
        Self { name: name.to_owned(), text: text.to_owned(), width: width.saturating_sub(8).max(40) }
    }

    /// The part of a span that is shown: a long span in a long line is cut, an empty one gets the byte it stands at.
    fn visible(&self, span: Span) -> Span {
        let start = self.boundary(span.start.min(self.text.len()));
        let mut end = span.end.clamp(start, self.text.len());
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |length| start + length);
        if end <= line_end && self.line(start).1 - self.line(start).0 > self.width {
            end = end.min(start + self.width * 2 / 3);
        }
        Span::new(start, self.boundary(end).max(start))
    }

    /// Whether a second place can be shown together with the first.
    fn fits(&self, first: Option<Span>, second: Span) -> bool {
        let Some(first) = first else { return true };
        let (from, to) = self.line(self.boundary(first.start.min(self.text.len())));
        to - from <= self.width || !(from..=to).contains(&second.start) || first.start.abs_diff(second.start) < self.width / 2
    }

    /// Start and end of the line around a byte.
    fn line(&self, offset: usize) -> (usize, usize) {
        let start = self.text[..offset].rfind('\n').map_or(0, |end| end + 1);
        let end = self.text[offset..].find('\n').map_or(self.text.len(), |length| offset + length);
        (start, end)
    }

    /// The nearest character boundary at or before a byte.
    fn boundary(&self, mut offset: usize) -> usize {
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// The bytes to show for a span with this many lines around it.
    fn window(&self, span: Span, before: usize, after: usize) -> Span {
        let (mut from, own_end) = self.line(span.start);
        let own_start = from;
        let mut to = self.line(span.end.max(span.start)).1;
        let one_line = span.end <= own_end;
        for _ in 0..before {
            if from > 0 {
                from = self.line(from - 1).0;
            }
        }
        for _ in 0..after {
            if to < self.text.len() {
                to = self.line(to + 1).1;
            }
        }
        if self.text[from..to].lines().all(|line| line.len() <= self.width) {
            return Span::new(from, to);
        }
        if !one_line || own_end - own_start <= self.width {
            return Span::new(own_start, self.line(span.end.max(span.start)).1);
        }
        let room = self.width.saturating_sub(span.end - span.start);
        let (left, right) = (span.start - own_start, own_end - span.end);
        // What one side does not need goes to the other.
        let right = right.min(room - left.min(room / 2));
        let left = left.min(room - right);
        let from = self.boundary(span.start - left);
        let to = self.boundary(span.end + right);
        Span::new(from, to.max(from))
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let start = self.boundary(span.offset().min(self.text.len()));
        let end = self.boundary((span.offset() + span.len()).clamp(start, self.text.len())).max(start);
        let place = Span::new(start, end);
        // Without lines around it the place itself is asked for: its line and column stand in the heading.
        let window = if lines_before + lines_after == 0 { place } else { self.window(place, lines_before, lines_after) };
        let (line, column) = line_and_column(&self.text, window.start);
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[window.start..window.end],
            SourceSpan::from((window.start, window.end - window.start)),
            line - 1,
            column - 1,
            self.text[window.start..window.end].lines().count(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(diagnostic: &Diagnostic, text: &str) -> String {
        draw(diagnostic, &Source::new("search", text), None, false, 80)
    }

    #[test]
    fn a_short_search() {
        let text = "index=main | statz count";
        let diagnostic = Diagnostic::error("parse/unknown-command", "unknown command `statz`", Span::new(13, 18))
            .with_label("no such command")
            .with_help("the nearest command is `stats`");
        insta::assert_snapshot!(drawn(&diagnostic, text));
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{} | statz count | {}", "a=1 ".repeat(100), "b=2 ".repeat(100));
        let start = text.find("statz").unwrap_or_default();
        let diagnostic = Diagnostic::error("parse/unknown-command", "unknown command `statz`", Span::new(start, start + 5));
        let picture = drawn(&diagnostic, &text);
        assert!(picture.lines().all(|line| line.chars().count() <= 90), "{picture}");
        assert!(picture.contains("statz count") && picture.contains(&format!("search:1:{}", start + 1)), "{picture}");
    }

    #[test]
    fn places_at_the_end_and_beyond_and_inside_characters() {
        for (text, span) in [
            ("abc", Span::new(3, 3)),
            ("abc", Span::new(30, 40)),
            ("", Span::new(0, 0)),
            ("äöü", Span::new(1, 2)),
            ("a\nb\n", Span::new(4, 4)),
        ] {
            let picture = drawn(&Diagnostic::error("x/y", "message", span), text);
            assert!(picture.contains("message"), "{picture}");
        }
    }

    #[test]
    fn without_a_place() {
        insta::assert_snapshot!(drawn(&Diagnostic::general("data/none", "no data").with_help("give --data"), ""));
    }
}
