//! A file to load: its path, its bytes, what was taken off them.

use std::io::Read;
use std::path::PathBuf;

use arrow::buffer::Buffer;

/// The bytes of a file: still on disk, or in memory.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A plain file and its length.
    File(PathBuf, u64),
    /// A member of an archive, a decompressed file, standard input.
    Memory(Buffer),
}

impl Content {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::File(_, length) => *length,
            Self::Memory(buffer) => buffer.len() as u64,
        }
    }

    /// The first bytes.
    pub(crate) fn head(&self, length: usize) -> std::io::Result<Vec<u8>> {
        match self {
            Self::File(path, _) => {
                let mut head = Vec::new();
                std::fs::File::open(path)?.take(length as u64).read_to_end(&mut head)?;
                Ok(head)
            }
            Self::Memory(buffer) => Ok(buffer[..buffer.len().min(length)].to_vec()),
        }
    }

    /// All bytes.
    pub(crate) fn read(&self) -> std::io::Result<Buffer> {
        match self {
            Self::File(path, _) => Ok(Buffer::from_vec(std::fs::read(path)?)),
            Self::Memory(buffer) => Ok(buffer.clone()),
        }
    }
}

/// A file to load.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// The path as given, `archive:member` inside an archive.
    pub(crate) path: String,
    pub(crate) content: Content,
    /// Compressions taken off, outermost first.
    pub(crate) compressed: Vec<&'static str>,
    /// When the file was last written, epoch seconds.
    pub(crate) modified: Option<f64>,
    /// Why it can't be read.
    pub(crate) error: Option<String>,
}
