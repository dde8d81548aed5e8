//! From paths to files with their bytes: globs, folders, FIFOs.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use arrow::buffer::Buffer;

use crate::content::{Content, Input};
use crate::report::LoadError;
use crate::unpack::{LIMITS, unpack};

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

/// How long a FIFO is waited for whose other end nobody has opened.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens a file; archives give one input per member, compressed files one that is decompressed.
pub(crate) fn open(path: &Path, standard_input: Option<&[u8]>) -> Result<Vec<Input>, LoadError> {
    let name = path.display().to_string();
    let mut modified = None;
    let content = if name == "-" {
        let bytes = standard_input.ok_or_else(|| LoadError::NotFound { path: name.clone() })?;
        Content::Memory(Buffer::from_vec(bytes.to_vec()))
    } else {
        let failed = |error| LoadError::Io { path: name.clone(), error };
        let metadata = std::fs::metadata(path).map_err(failed)?;
        modified = metadata.modified().ok();
        if metadata.is_file() {
            // Opened once now, so that a file without permission stops the load and not one of its threads.
            std::fs::File::open(path).map_err(failed)?;
            Content::File(path.to_owned(), metadata.len())
        } else {
            let mut bytes = Vec::new();
            open_stream(path).and_then(|mut stream| stream.read_to_end(&mut bytes)).map_err(failed)?;
            Content::Memory(Buffer::from_vec(bytes))
        }
    };
    let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|time| time.as_secs() as f64);
    Ok(unpack(Input { path: name, content, compressed: Vec::new(), modified, error: None }, LIMITS))
}

/// Whether a path names something that is read from its beginning to its end only once, such as a FIFO.
pub(crate) fn is_stream(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Opens a FIFO for reading; devices and sockets are refused, as reading them may never end or have effects.
///
/// # Errors
/// A device, a socket, a FIFO without a writer.
pub(crate) fn open_stream(path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
    if path == Path::new("/dev/null") {
        return Ok(Box::new(std::io::empty()));
    }
    let kind = std::fs::metadata(path)?.file_type();
    if !is_fifo(kind) {
        return Err(std::io::Error::other("is a device or a socket, which is not read: give a file, a FIFO, or `-`"));
    }
    // Opening waits for a writer, perhaps for ever, so that another thread does it.
    let (sender, receiver) = std::sync::mpsc::channel();
    let path = path.to_owned();
    std::thread::Builder::new().name("open".to_owned()).spawn(move || {
        // Nobody may be waiting any more.
        let _ = sender.send(std::fs::File::open(path));
    })?;
    match receiver.recv_timeout(PATIENCE) {
        Ok(file) => Ok(Box::new(file?)),
        Err(_) => Err(std::io::Error::other("is a FIFO that nothing writes to")),
    }
}

#[cfg(unix)]
fn is_fifo(kind: std::fs::FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_fifo(_: std::fs::FileType) -> bool {
    false
}
