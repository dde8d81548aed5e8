//! From paths to files with their bytes: globs, folders, compressed files, archives, UTF-16.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use arrow::buffer::Buffer;

use crate::detect::{Compression, compression};
use crate::report::LoadError;

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

/// The files that paths name, in the order of the paths, sorted within folders and globs.
pub(crate) fn resolve(paths: &[String]) -> Result<Vec<PathBuf>, LoadError> {
    let mut files = Vec::new();
    for path in paths {
        let plain = Path::new(path);
        if path == "-" || plain.is_file() {
            files.push(plain.to_owned());
        } else if plain.is_dir() {
            files.extend(walk(plain)?);
        } else if path.contains(['*', '?', '[', '{']) {
            let found = glob(path)?;
            if found.is_empty() {
                return Err(LoadError::NotFound { path: path.clone() });
            }
            files.extend(found);
        } else if plain.exists() {
            // A pipe or a device: read like a file.
            files.push(plain.to_owned());
        } else {
            return Err(LoadError::NotFound { path: path.clone() });
        }
    }
    Ok(files)
}

/// Every file below a folder, hidden ones apart, sorted by name.
fn walk(folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let mut files = Vec::new();
    let walk = ignore::WalkBuilder::new(folder)
        .standard_filters(false)
        .hidden(true)
        .follow_links(true)
        .sort_by_file_name(Ord::cmp)
        .build();
    for entry in walk {
        let entry =
            entry.map_err(|error| LoadError::Io { path: folder.display().to_string(), error: std::io::Error::other(error) })?;
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

fn glob(pattern: &str) -> Result<Vec<PathBuf>, LoadError> {
    let bad = |error: globset::Error| LoadError::BadGlob { pattern: pattern.to_owned(), message: error.kind().to_string() };
    let matcher = globset::GlobBuilder::new(pattern).literal_separator(true).build().map_err(bad)?.compile_matcher();
    let special = pattern.find(['*', '?', '[', '{']).unwrap_or(pattern.len());
    let base = pattern[..special].rfind('/').map_or("", |at| &pattern[..=at]);
    let folder = if base.is_empty() { Path::new(".") } else { Path::new(base) };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let files = walk(folder)?.into_iter().map(|file| file.strip_prefix("./").map(Path::to_owned).unwrap_or(file));
    Ok(files.filter(|file| matcher.is_match(file) || matcher.is_match(Path::new("./").join(file))).collect())
}

/// Opens a file; archives give one input per member, compressed files one that is decompressed.
pub(crate) fn open(path: &Path, standard_input: Option<&[u8]>) -> Result<Vec<Input>, LoadError> {
    let name = path.display().to_string();
    let content = if name == "-" {
        let bytes = standard_input.ok_or_else(|| LoadError::NotFound { path: name.clone() })?;
        Content::Memory(Buffer::from_vec(bytes.to_vec()))
    } else {
        let failed = |error| LoadError::Io { path: name.clone(), error };
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if metadata.is_file() {
            // Opened once now, so that a file without permission stops the load and not one of its threads.
            std::fs::File::open(path).map_err(failed)?;
            Content::File(path.to_owned(), metadata.len())
        } else {
            Content::Memory(Buffer::from_vec(std::fs::read(path).map_err(failed)?))
        }
    };
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|time| time.as_secs() as f64);
    let mut inputs = Vec::new();
    unpack(Input { path: name, content, compressed: Vec::new(), modified, error: None }, 0, &mut inputs);
    Ok(inputs)
}

/// How many layers of compression are taken off.
const LAYERS: usize = 4;

fn unpack(mut input: Input, layer: usize, inputs: &mut Vec<Input>) {
    let head = match input.content.head(4096) {
        Ok(head) => head,
        Err(error) => {
            input.error = Some(error.to_string());
            inputs.push(input);
            return;
        }
    };
    let compression = if layer < LAYERS { compression(&head) } else { None };
    let Some(compression) = compression else {
        let marked = head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]);
        if marked || is_utf16(&head) {
            match input.content.read() {
                Ok(bytes) => input.content = Content::Memory(Buffer::from_vec(utf16(&bytes, marked).into_bytes())),
                Err(error) => input.error = Some(error.to_string()),
            }
        }
        inputs.push(input);
        return;
    };
    input.compressed.push(compression.name());
    let members = input.content.read().and_then(|bytes| decompress(compression, &bytes));
    match members {
        Ok((members, error)) => {
            let archive = matches!(compression, Compression::Zip | Compression::Tar);
            for (name, bytes) in members {
                let path = if archive { format!("{}:{name}", input.path) } else { input.path.clone() };
                let content = Content::Memory(Buffer::from_vec(bytes));
                unpack(
                    Input { path, content, compressed: input.compressed.clone(), modified: input.modified, error: None },
                    layer + 1,
                    inputs,
                );
            }
            if let Some(error) = error {
                // What was decompressed before the damage is kept; the warning stands beside it.
                let content = Content::Memory(Buffer::default());
                inputs.push(Input { content, error: Some(error), ..input });
            }
        }
        Err(error) => {
            input.content = Content::Memory(Buffer::default());
            input.error = Some(error.to_string());
            inputs.push(input);
        }
    }
}

type Members = (Vec<(String, Vec<u8>)>, Option<String>);

fn decompress(compression: Compression, bytes: &[u8]) -> std::io::Result<Members> {
    let read_all = |mut reader: Box<dyn Read + '_>| {
        let mut plain = Vec::new();
        let error = reader.read_to_end(&mut plain).err().map(|error| error.to_string());
        Ok((vec![(String::new(), plain)], error))
    };
    match compression {
        Compression::Gz => read_all(Box::new(flate2::bufread::MultiGzDecoder::new(bytes))),
        Compression::Zst => read_all(Box::new(zstd::stream::read::Decoder::with_buffer(bytes)?)),
        Compression::Zip => {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).map_err(std::io::Error::other)?;
            let mut members = Vec::new();
            let mut failed = None;
            for index in 0..archive.len() {
                let read = archive.by_index(index).map_err(std::io::Error::other).and_then(|mut member| {
                    let name = member.name().map_err(std::io::Error::other)?.replace('\\', "/");
                    let mut plain = Vec::new();
                    if member.is_dir() || name.ends_with('/') || is_extra(&name) {
                        return Ok(None);
                    }
                    member.read_to_end(&mut plain)?;
                    Ok(Some((name, plain)))
                });
                match read {
                    Ok(member) => members.extend(member),
                    Err(error) => failed = failed.or(Some(error.to_string())),
                }
            }
            Ok((members, failed))
        }
        Compression::Tar => {
            let mut archive = tar::Archive::new(bytes);
            let mut members = Vec::new();
            for entry in archive.entries()? {
                let read = entry.and_then(|mut entry| {
                    let name = entry.path()?.display().to_string();
                    if !entry.header().entry_type().is_file() || is_extra(&name) {
                        return Ok(None);
                    }
                    let mut plain = Vec::new();
                    entry.read_to_end(&mut plain)?;
                    Ok(Some((name, plain)))
                });
                match read {
                    Ok(member) => members.extend(member),
                    Err(error) => return Ok((members, Some(error.to_string()))),
                }
            }
            Ok((members, None))
        }
    }
}

/// Members that archivers of other systems add and that hold no events.
fn is_extra(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    name.starts_with("__MACOSX/") || file.starts_with("._") || file == ".DS_Store"
}

/// Whether a text is UTF-16 without a byte order mark, as Windows writes it: printable characters with a zero behind each.
fn is_utf16(head: &[u8]) -> bool {
    let pairs = head.chunks_exact(2).take(64);
    head.len() >= 16 && pairs.clone().all(|pair| pair[1] == 0 && (pair[0] >= b' ' || matches!(pair[0], b'\r' | b'\n' | b'\t')))
}

/// UTF-16 as text, little-endian unless a byte order mark says something else; what is not UTF-16 becomes U+FFFD.
fn utf16(bytes: &[u8], marked: bool) -> String {
    let big = bytes.starts_with(&[0xFE, 0xFF]);
    let units = bytes[if marked { 2 } else { 0 }..]
        .chunks_exact(2)
        .map(|pair| if big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) });
    char::decode_utf16(units).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
