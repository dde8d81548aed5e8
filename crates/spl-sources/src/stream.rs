//! Streams that are read block by block, each ending where an event ends.

use std::io::Read;

use crate::content::{Content, Input};
use crate::input;
use crate::options::LoadOptions;
use crate::report::LoadError;

/// The longest text without an end of an event that is held.
const LONGEST: usize = 1 << 30;

/// A stream and what was read of it and is not yet in a block.
pub(crate) struct Stream {
    reader: Box<dyn Read + Send>,
    held: Vec<u8>,
    ended: bool,
}

impl Stream {
    pub(crate) fn new(reader: Box<dyn Read + Send>) -> Self {
        Self { reader, held: Vec::new(), ended: false }
    }

    /// Reads on until so many bytes are held, or the end.
    fn fill(&mut self, size: usize) -> std::io::Result<()> {
        let missing = size.saturating_sub(self.held.len());
        if !self.ended && missing > 0 {
            let read = (&mut self.reader).take(missing as u64).read_to_end(&mut self.held)?;
            self.ended = read < missing;
        }
        Ok(())
    }

    /// The first bytes, which stay.
    pub(crate) fn head(&mut self, size: usize) -> std::io::Result<&[u8]> {
        self.fill(size)?;
        Ok(&self.held[..self.held.len().min(size)])
    }

    /// All that is left.
    pub(crate) fn rest(mut self) -> std::io::Result<Vec<u8>> {
        self.reader.read_to_end(&mut self.held)?;
        Ok(self.held)
    }

    /// The next block of about so many bytes; none at the end. `cut` says where the last event of a text ends and the next
    /// one begins, when one begins there.
    pub(crate) fn block(
        &mut self,
        size: usize,
        cut: impl Fn(&[u8]) -> std::io::Result<Option<(usize, usize)>>,
    ) -> std::io::Result<Option<Vec<u8>>> {
        let mut size = size;
        loop {
            self.fill(size)?;
            if self.held.is_empty() {
                return Ok(None);
            }
            if self.ended {
                return Ok(Some(std::mem::take(&mut self.held)));
            }
            match cut(&self.held)? {
                Some((end, next)) if next > 0 => {
                    let rest = self.held.split_off(next);
                    let mut block = std::mem::replace(&mut self.held, rest);
                    block.truncate(end);
                    return Ok(Some(block));
                }
                _ if self.held.len() >= LONGEST => return Ok(Some(std::mem::take(&mut self.held))),
                _ => size = self.held.len() * 2,
            }
        }
    }
}

/// The stream that a path names, when it names one: a FIFO, or standard input that the caller did not read.
pub(crate) fn open(path: &std::path::Path, options: &LoadOptions) -> Result<Option<Stream>, LoadError> {
    let failed = |error| LoadError::Io { path: path.display().to_string(), error };
    if path.as_os_str() != "-" {
        return if input::is_stream(path) {
            input::open_stream(path).map(|reader| Some(Stream::new(reader))).map_err(failed)
        } else {
            Ok(None)
        };
    }
    match (&options.standard_input, &options.standard_input_stream) {
        (None, Some(stream)) => stream.take().map(|reader| Some(Stream::new(reader))).map_err(failed),
        _ => Ok(None),
    }
}

/// An input of bytes that came from a stream.
pub(crate) fn input(path: &std::path::Path, bytes: Vec<u8>) -> Input {
    let content = Content::Memory(arrow::buffer::Buffer::from_vec(bytes));
    Input { path: path.display().to_string(), content, compressed: Vec::new(), modified: None, error: None }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn blocks_end_with_lines() {
        let text = "one\ntwo and more\nthree\nfour".repeat(10);
        let cut = |text: &[u8]| Ok(memchr::memrchr(b'\n', text).map(|end| (end + 1, end + 1)));
        for size in [1, 5, 30, 1000] {
            let mut stream = Stream::new(Box::new(std::io::Cursor::new(text.clone().into_bytes())));
            assert_eq!(stream.head(3).unwrap(), b"one");
            let mut found = Vec::new();
            while let Some(block) = stream.block(size, cut).unwrap() {
                assert!(block.ends_with(b"\n") || found.len() + block.len() == text.len());
                found.extend(block);
            }
            assert_eq!(found, text.as_bytes(), "{size}");
        }
    }
}
