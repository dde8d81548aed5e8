//! Text on its way through expansion, each piece with its place in the query or definition.

use spl_parser::span::Span;

use super::{Failure, MAXIMUM_SIZE, too_large};
use crate::source_map::Home;

/// Text to expand, with the home of each of its pieces in the query or definition.
pub(super) struct Body {
    /// The text.
    pub text: String,
    /// End of the piece in `text`, and its home.
    pub pieces: Vec<(usize, Home)>,
}

impl Body {
    /// The home of the bytes of `span`, piece by piece: start, end in `text`, and where that stands.
    pub fn parts(&self, span: Span) -> impl Iterator<Item = (Span, Home)> + '_ {
        let first = self.pieces.partition_point(|(end, _)| *end <= span.start);
        let mut start = if first == 0 { 0 } else { self.pieces[first - 1].0 };
        self.pieces[first..].iter().map_while(move |(end, home)| {
            let piece = Span::new(start, *end);
            start = *end;
            if piece.start >= span.end {
                return None;
            }
            let part = Span::new(piece.start.max(span.start), piece.end.min(span.end));
            let home = match home {
                Home::Copied(offset) => Home::Copied(offset + part.start - piece.start),
                replaced => *replaced,
            };
            Some((part, home))
        })
    }

    /// The smallest span of the query or definition that covers all that the bytes of `span` come from.
    pub fn home(&self, span: Span) -> Span {
        self.parts(span).map(|(part, home)| home.part(0, part.end - part.start)).reduce(Span::to).unwrap_or_default()
    }
}

/// Replaces `$argument$` everywhere; other dollar signs stay.
pub(super) fn substitute(text: &str, arguments: &[String], values: &[String]) -> Result<Body, Failure> {
    let mut filled = String::with_capacity(text.len());
    let mut pieces = Vec::new();
    let mut copied = 0;
    let mut position = 0;
    while let Some(open) = text[position..].find('$').map(|offset| position + offset) {
        let name = text[open + 1..].split('$').next().unwrap_or_default();
        let end = open + 1 + name.len() + 1;
        let value = (end <= text.len())
            .then(|| arguments.iter().position(|argument| argument == name))
            .flatten()
            .and_then(|index| values.get(index));
        let Some(value) = value else {
            position = open + 1;
            continue;
        };
        if open > copied {
            filled.push_str(&text[copied..open]);
            pieces.push((filled.len(), Home::Copied(copied)));
        }
        if !value.is_empty() {
            filled.push_str(value);
            pieces.push((filled.len(), Home::Replaced(Span::new(open, end))));
        }
        if filled.len() > MAXIMUM_SIZE {
            return Err(too_large());
        }
        copied = end;
        position = end;
    }
    if copied < text.len() {
        filled.push_str(&text[copied..]);
        pieces.push((filled.len(), Home::Copied(copied)));
    }
    Ok(Body { text: filled, pieces })
}
