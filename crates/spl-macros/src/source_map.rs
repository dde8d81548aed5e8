//! The way back from expanded text to what was written: the call in the query and the macro definitions it went through.

use std::sync::Arc;

use spl_parser::span::Span;

use crate::definition::{MacroDefinition, Origin};

/// Where a span of the expanded text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// In the original query: the text itself, or the macro call that produced it.
    pub call: Span,
    /// The definitions it went through, outermost first; empty for text that stands in the query itself.
    pub definitions: Vec<DefinitionFrame>,
}

/// A macro definition that text came through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionFrame {
    /// The macro as macros.conf names it: `name`, `name(2)`.
    pub macro_name: String,
    /// The definition's text, arguments not yet replaced.
    pub definition: String,
    /// Within that text: the text itself, the `$argument$` it was put in for, or the call of the next macro.
    pub span: Span,
    /// Where the macro was defined.
    pub origin: Origin,
}

/// Maps expanded text to the query and the macro definitions.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    pub(crate) segments: Vec<Segment>,
    pub(crate) frames: Vec<Frame>,
}

/// A run of expanded text with one home.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// Bytes of the expanded text.
    pub span: Span,
    /// The macro call it came from; none for the query itself.
    pub frame: Option<usize>,
    /// Where in the query or definition.
    pub home: Home,
}

/// Where a run of text stands in its query or definition.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Home {
    /// Copied byte by byte from this offset on.
    Copied(usize),
    /// Put in for this span (an argument, an eval-based definition).
    Replaced(Span),
}

impl Home {
    /// The home of the bytes `from..to` of a run.
    pub(crate) fn part(self, from: usize, to: usize) -> Span {
        match self {
            Home::Copied(offset) => Span::new(offset + from, offset + to),
            Home::Replaced(span) => span,
        }
    }
}

/// One expanded call.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub definition: Arc<MacroDefinition>,
    /// The frame whose definition holds the call; none when it stands in the query.
    pub parent: Option<usize>,
    /// The call in the parent's definition or in the query.
    pub call: Span,
}

impl SourceMap {
    /// The map of a query without macros.
    pub fn identity(text: &str) -> Self {
        Self {
            segments: vec![Segment { span: Span::new(0, text.len()), frame: None, home: Home::Copied(0) }],
            frames: Vec::new(),
        }
    }

    /// Leads a span of the expanded text back. A span that covers text of different macros is located in the innermost
    /// text that holds all of it.
    pub fn locate(&self, span: Span) -> Located {
        let mut found = self.homes(span).into_iter();
        let Some((mut frame, mut home)) = found.next() else {
            return Located { call: Span::default(), definitions: Vec::new() };
        };
        for (other_frame, other_home) in found {
            (frame, home) = self.join((frame, home), (other_frame, other_home));
        }
        let mut definitions = Vec::new();
        while let Some(entry) = frame.and_then(|index| self.frames.get(index)) {
            definitions.push(DefinitionFrame {
                macro_name: entry.definition.key(),
                definition: entry.definition.definition.clone(),
                span: home,
                origin: entry.definition.origin.clone(),
            });
            frame = entry.parent;
            home = entry.call;
        }
        definitions.reverse();
        Located { call: home, definitions }
    }

    /// Home of every segment that the span touches.
    fn homes(&self, span: Span) -> Vec<(Option<usize>, Span)> {
        let first = self.segments.partition_point(|segment| segment.span.end <= span.start);
        let touched: Vec<_> = self.segments[first..]
            .iter()
            .take_while(|segment| segment.span.start < span.end.max(span.start + 1))
            .map(|segment| {
                let from = span.start.max(segment.span.start) - segment.span.start;
                let to = (span.end.min(segment.span.end).max(segment.span.start) - segment.span.start).max(from);
                (segment.frame, segment.home.part(from, to))
            })
            .collect();
        if !touched.is_empty() {
            return touched;
        }
        // At or past the end of the text: the end of what stands last.
        self.segments
            .last()
            .map(|segment| {
                let length = segment.span.end - segment.span.start;
                (segment.frame, segment.home.part(length, length))
            })
            .into_iter()
            .collect()
    }

    /// The innermost frame that holds both places, and the span there that covers both.
    fn join(&self, one: (Option<usize>, Span), other: (Option<usize>, Span)) -> (Option<usize>, Span) {
        if one.0 == other.0 {
            return (one.0, one.1.to(other.1));
        }
        let path = self.path(one);
        for (frame, home) in self.path(other) {
            if let Some((_, first)) = path.iter().find(|(candidate, _)| *candidate == frame) {
                return (frame, first.to(home));
            }
        }
        (None, one.1)
    }

    /// A place as seen from each text around it, innermost first, the query last.
    fn path(&self, place: (Option<usize>, Span)) -> Vec<(Option<usize>, Span)> {
        let mut path = vec![place];
        let mut frame = place.0;
        while let Some(entry) = frame.and_then(|index| self.frames.get(index)) {
            path.push((entry.parent, entry.call));
            frame = entry.parent;
        }
        path
    }
}
