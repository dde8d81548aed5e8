//! Places of texts: in the text of a part, or in the arena beside it.

/// A text's place: in the part's own text or in the arena beside it, perhaps still with JSON's escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    bits: u32,
}

const ARENA: u32 = 1 << 31;
const ESCAPED: u32 = 1 << 30;
/// The longest text that a span can name.
pub(crate) const LONGEST: usize = (1 << 30) - 1;

impl Span {
    /// In the part's text; `escaped` when JSON's escapes are still to be resolved.
    pub(crate) fn data(start: usize, end: usize, escaped: bool) -> Self {
        let length = (end - start).min(LONGEST) as u32;
        Self { start: start as u32, bits: length | if escaped { ESCAPED } else { 0 } }
    }

    pub(super) fn arena(start: usize, length: usize) -> Self {
        Self { start: start as u32, bits: length.min(LONGEST) as u32 | ARENA }
    }

    pub(crate) fn is_arena(self) -> bool {
        self.bits & ARENA != 0
    }

    pub(super) fn is_escaped(self) -> bool {
        self.bits & ESCAPED != 0
    }

    pub(crate) fn len(self) -> usize {
        (self.bits & !(ARENA | ESCAPED)) as usize
    }

    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    pub(crate) fn bytes<'a>(self, data: &'a [u8], arena: &'a [u8]) -> &'a [u8] {
        let from = if self.is_arena() { arena } else { data };
        from.get(self.start()..self.start() + self.len()).unwrap_or_default()
    }
}
