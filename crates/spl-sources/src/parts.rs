//! How a file is cut into parts that are read at the same time.

use std::borrow::Cow;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use arrow::buffer::Buffer;

use crate::columnar::ParquetInput;
use crate::content::Content;
use crate::file_plan::FilePlan;
use crate::format::Format;
use crate::headed::Header;
use crate::report::{WarningKind, Warnings};
use crate::timestamp::TimeReader;
use crate::{breaking, evtx_log, json, windows};

/// Bytes of a part.
pub(crate) const PART: usize = 8 << 20;

/// A part of a file, still to be read.
#[derive(Clone)]
pub(crate) enum Part {
    /// The lines that begin between two places.
    Lines(PathBuf, u64, u64),
    /// What stands between two places.
    Between(PathBuf, u64, u64),
    /// Text in memory.
    Text(Buffer),
    /// Lines in memory, and the header that holds for them.
    Headed(Buffer, Box<Header>),
    /// Events at places of a text in memory.
    Places(Buffer, Vec<(usize, usize)>),
    /// Chunks of a Windows event log.
    Evtx(Buffer),
    /// A row group.
    Group(ParquetInput, usize),
}

impl Part {
    /// About how many bytes it is read from.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Lines(_, from, to) | Self::Between(_, from, to) => to - from,
            Self::Text(buffer) | Self::Evtx(buffer) | Self::Headed(buffer, _) => buffer.len() as u64,
            Self::Places(_, places) => places.iter().map(|(from, to)| (to - from) as u64).sum(),
            Self::Group(input, group) => input.group_bytes(*group),
        }
    }
}

/// The parts of a file.
pub(crate) fn parts(file: &mut FilePlan, content: Content, times: &TimeReader) -> std::io::Result<Vec<Part>> {
    let size = part_size(file);
    match (file.format, content) {
        (format, content) if format.is_lines() && file.breaks_itself() => events(file, content, times),
        (format, Content::File(path, length)) if format == Format::Ndjson || format.is_lines() => {
            let starts = (0..length).step_by(size);
            Ok(starts.map(|start| Part::Lines(path.clone(), start, start.saturating_add(size as u64).min(length))).collect())
        }
        (format, Content::Memory(buffer)) if format == Format::Ndjson || format.is_lines() => {
            let places = split_lines(&buffer, size);
            let Some(mut header) = file.header.clone().filter(|_| places.len() > 1) else {
                return Ok(slices(&buffer, places));
            };
            let headed = |(start, end): (usize, usize)| {
                let part = buffer.slice_with_length(start, end - start);
                let now = header.clone();
                header.follow(&part);
                Part::Headed(part, Box::new(now))
            };
            Ok(places.into_iter().map(headed).collect())
        }
        (Format::Csv | Format::Tsv, content) => {
            let buffer = content.read()?;
            let (names, start) = file.dialect.header(&buffer);
            file.names = names;
            Ok(slices(&buffer, file.dialect.split(&buffer, start, PART)))
        }
        (Format::Json, content) => {
            let buffer = valid_text(content.read()?, &mut file.warnings);
            Ok(json_parts(&buffer))
        }
        (Format::Xml, content) => {
            let buffer = content.read()?;
            Ok(slices(&buffer, windows::split(&buffer, PART)))
        }
        (Format::Evtx, content) => {
            let buffer = content.read()?;
            let places = evtx_log::split(&buffer);
            Ok(places.into_iter().map(|(start, end)| Part::Evtx(buffer.slice_with_length(start, end - start))).collect())
        }
        (Format::Parquet, content) => {
            let input = ParquetInput::open(content).map_err(std::io::Error::other)?;
            Ok((0..input.groups()).map(|group| Part::Group(input.clone(), group)).collect())
        }
        // Formats of lines are dealt with above.
        _ => Ok(Vec::new()),
    }
}

/// Bytes of a part of a file.
fn part_size(file: &FilePlan) -> usize {
    if file.whole { usize::MAX >> 1 } else { PART }
}

/// Parts of a text whose events are not its lines.
fn events(file: &FilePlan, content: Content, times: &TimeReader) -> std::io::Result<Vec<Part>> {
    let (breaking, time, size) = (&file.rules.breaking, &file.rules.time, part_size(file));
    match content {
        Content::Memory(buffer) => {
            let read = |from: usize, to: usize| Ok(Cow::Borrowed(&buffer[from..to]));
            let places = breaking::parts(buffer.len(), size, breaking, times, time, read)?;
            Ok(slices(&buffer, places))
        }
        Content::File(path, length) => {
            let read = |from: usize, to: usize| read_between(&path, from as u64, to as u64).map(Cow::Owned);
            let places = breaking::parts(length as usize, size, breaking, times, time, read)?;
            let between = |(start, end): (usize, usize)| Part::Between(path.clone(), start as u64, end as u64);
            Ok(places.into_iter().map(between).collect())
        }
    }
}

/// The events of a JSON text, grouped; each group's text is cut out, so that places in it stay small.
fn json_parts(buffer: &Buffer) -> Vec<Part> {
    let events = json::events(buffer);
    let mut parts = Vec::new();
    let mut from = 0;
    for (index, (_, end)) in events.iter().enumerate() {
        if end - events[from].0 >= PART || index + 1 == events.len() {
            let start = events[from].0;
            let places = events[from..=index].iter().map(|(begin, end)| (begin - start, end - start)).collect();
            parts.push(Part::Places(buffer.slice_with_length(start, end - start), places));
            from = index + 1;
        }
    }
    parts
}

fn slices(buffer: &Buffer, places: Vec<(usize, usize)>) -> Vec<Part> {
    places.into_iter().map(|(start, end)| Part::Text(buffer.slice_with_length(start, end - start))).collect()
}

/// Where lines begin about every `size` bytes.
fn split_lines(text: &[u8], size: usize) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let target = (start + size).min(text.len());
        let end = memchr::memchr(b'\n', &text[target..]).map_or(text.len(), |at| target + at + 1);
        parts.push((start, end));
        start = end;
    }
    parts
}

/// Reads what stands between two places.
pub(crate) fn read_between(path: &Path, from: u64, to: u64) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut text = Vec::with_capacity((to - from) as usize);
    file.take(to - from).read_to_end(&mut text)?;
    Ok(text)
}

/// Reads the lines that begin at `from` or later and before `to` into an empty text.
pub(crate) fn read_lines(path: &Path, from: u64, to: u64, mut text: Vec<u8>) -> std::io::Result<Buffer> {
    let mut file = std::fs::File::open(path)?;
    let begin = first_line(&mut file, from)?;
    if begin >= to {
        // A long line of an earlier part runs through this one.
        return Ok(Buffer::default());
    }
    file.seek(SeekFrom::Start(begin))?;
    // Room for the end of the last line: a text that grows is copied as a whole.
    text.reserve((to - begin) as usize + (256 << 10));
    (&mut file).take(to - begin).read_to_end(&mut text)?;
    while text.last() != Some(&b'\n') {
        let known = text.len();
        if (&mut file).take(128 << 10).read_to_end(&mut text)? == 0 {
            break;
        }
        if let Some(at) = memchr::memchr(b'\n', &text[known..]) {
            text.truncate(known + at + 1);
        }
    }
    Ok(Buffer::from_vec(text))
}

/// Where the first line begins that begins at a place or behind it; the largest number when there is none.
fn first_line(file: &mut std::fs::File, from: u64) -> std::io::Result<u64> {
    // The byte before tells whether a line begins exactly there.
    let Some(mut at) = from.checked_sub(1) else { return Ok(0) };
    file.seek(SeekFrom::Start(at))?;
    let mut block = Vec::new();
    loop {
        block.clear();
        if file.take(4096).read_to_end(&mut block)? == 0 {
            return Ok(u64::MAX);
        }
        if let Some(end) = memchr::memchr(b'\n', &block) {
            return Ok(at + end as u64 + 1);
        }
        at += block.len() as u64;
    }
}

/// Memory for the texts of parts, which is used again: fresh memory costs more than what is read into it.
#[derive(Default)]
pub(crate) struct TextMemory(Mutex<Vec<Vec<u8>>>);

impl TextMemory {
    /// An empty text.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes the memory of a text that nobody needs any more.
    pub(crate) fn give(&self, text: Buffer) {
        if let Ok(mut text) = text.into_vec::<u8>() {
            text.clear();
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }
}

/// The text without a byte order mark; bytes that are not UTF-8 are replaced and counted by line.
pub(crate) fn valid_text(buffer: Buffer, warnings: &mut Warnings) -> Buffer {
    let buffer = if buffer.starts_with(b"\xEF\xBB\xBF") { buffer.slice(3) } else { buffer };
    if std::str::from_utf8(&buffer).is_ok() {
        return buffer;
    }
    for (line, text) in buffer.split(|&byte| byte == b'\n').enumerate() {
        if std::str::from_utf8(text).is_err() {
            warnings.add(WarningKind::BadText, line as u64 + 1, &String::from_utf8_lossy(&text[..text.len().min(400)]));
        }
    }
    Buffer::from_vec(String::from_utf8_lossy(&buffer).into_owned().into_bytes())
}
