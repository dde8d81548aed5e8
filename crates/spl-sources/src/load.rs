//! Loads files: finds them, cuts them into parts, reads the parts on all cores, joins them.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::buffer::Buffer;
use bytes::Bytes;
use rayon::prelude::*;

use crate::chunk::{Chunk, ChunkBuilder, Span};
use crate::detect;
use crate::event::{Defaults, EventFinisher, Slots};
use crate::input::{self, Content, Input};
use crate::options::{Format, LoadOptions};
use crate::report::{FileReport, LoadError, LoadReport, WarningKind, Warnings};
use crate::table::{EventTable, LoadedPart, join};
use crate::{columnar, evtx_log, json, separated, windows};

/// Bytes of a part.
const PART: usize = 8 << 20;
/// Bytes that places in a part can name.
const LARGEST: usize = 2 << 30;
/// Bytes looked at to recognise a format.
const HEAD: usize = 64 << 10;

/// Events and how they were read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The events.
    pub table: EventTable,
    /// Files, counts, warnings.
    pub report: LoadReport,
}

/// Loads files into one table. A bad event never stops it (see [`LoadOptions::strict`]): it is kept as `_raw` and counted.
pub fn load(options: &LoadOptions) -> Result<Loaded, LoadError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads).build();
    pool.map_err(|error| LoadError::Threads(error.to_string()))?.install(|| load_here(options))
}

fn load_here(options: &LoadOptions) -> Result<Loaded, LoadError> {
    let paths = input::resolve(&options.paths)?;
    let standard_input = options.standard_input.as_ref().map(|bytes| bytes.as_slice());
    let opened: Vec<Vec<Input>> = paths.par_iter().map(|path| input::open(path, standard_input)).collect::<Result<_, _>>()?;
    let inputs: Vec<Input> = opened.into_iter().flatten().collect();
    if let Some(progress) = &options.progress {
        progress.add_total(inputs.iter().map(|input| input.content.len()).sum());
    }
    let planned: Vec<(FilePlan, Vec<Part>)> = inputs.into_par_iter().map(|input| plan(input, options)).collect();
    let mut files = Vec::with_capacity(planned.len());
    let mut parts = Vec::new();
    for (index, (file, file_parts)) in planned.into_iter().enumerate() {
        files.push(file);
        parts.extend(file_parts.into_iter().map(|part| (index, part)));
    }
    let chunks: Vec<(usize, Chunk)> = parts
        .into_par_iter()
        .map(|(file, part)| {
            let chunk = read_part(&files[file], part, options);
            if let Some(progress) = &options.progress {
                progress.advance(chunk.bytes, u64::from(chunk.rows));
            }
            (file, chunk)
        })
        .collect();
    finish(files, chunks, options)
}

fn finish(files: Vec<FilePlan>, chunks: Vec<(usize, Chunk)>, options: &LoadOptions) -> Result<Loaded, LoadError> {
    let mut lines = vec![0; files.len()];
    let mut warnings: Vec<Warnings> = files.iter().map(|file| file.warnings.clone()).collect();
    let mut reports: Vec<FileReport> = files.iter().map(FilePlan::report).collect();
    let mut parts = Vec::with_capacity(chunks.len());
    for (file, mut chunk) in chunks {
        warnings[file].merge(std::mem::take(&mut chunk.warnings), lines[file]);
        lines[file] += chunk.lines;
        reports[file].events += u64::from(chunk.rows);
        let fallback_time = files[file].modified.unwrap_or(options.now);
        parts.push(LoadedPart { chunk, file, defaults: files[file].defaults.clone(), fallback_time });
    }
    for (report, warnings) in reports.iter_mut().zip(warnings) {
        if options.strict
            && let Some(warning) = warnings.first()
        {
            return Err(LoadError::Strict { path: report.path.clone(), warning: warning.clone() });
        }
        report.warnings = warnings.into_vec();
    }
    let table = join(parts, options.fields.contains("_raw"))?;
    Ok(Loaded { table, report: LoadReport { files: reports } })
}

/// What all parts of a file share.
struct FilePlan {
    path: String,
    format: Format,
    compressed: String,
    bytes: u64,
    modified: Option<f64>,
    defaults: Arc<Defaults>,
    /// The header of a separated file.
    names: Vec<String>,
    warnings: Warnings,
}

impl FilePlan {
    fn report(&self) -> FileReport {
        FileReport {
            path: self.path.clone(),
            format: self.format,
            compressed: self.compressed.clone(),
            events: 0,
            bytes: self.bytes,
            warnings: Vec::new(),
        }
    }
}

/// A part of a file, still to be read.
enum Part {
    /// The lines that begin between two places.
    Lines(PathBuf, u64, u64),
    /// Text in memory.
    Text(Buffer),
    /// Events at places of a text in memory.
    Places(Buffer, Vec<(usize, usize)>),
    /// Chunks of a Windows event log.
    Evtx(Buffer),
    /// A row group.
    Group(Bytes, usize),
}

fn plan(input: Input, options: &LoadOptions) -> (FilePlan, Vec<Part>) {
    let mut warnings = Warnings::default();
    let head = input.content.head(HEAD).unwrap_or_default();
    let complete = head.len() as u64 == input.content.len();
    let format = options.format.unwrap_or_else(|| detect::format(&head, &input.path, complete));
    if let Some(error) = &input.error {
        warnings.add(WarningKind::BadFile, 0, error);
    }
    let defaults = Defaults {
        host: options.host.clone().unwrap_or_else(|| "localhost".to_owned()),
        source: options.source.clone().unwrap_or_else(|| input.path.clone()),
        sourcetype: options.sourcetype.clone().unwrap_or_else(|| sourcetype(format, &input.path)),
        index: options.index.clone().unwrap_or_else(|| "main".to_owned()),
    };
    let mut file = FilePlan {
        path: input.path,
        format,
        compressed: input.compressed.join("."),
        bytes: input.content.len(),
        modified: input.modified,
        defaults: Arc::new(defaults),
        names: Vec::new(),
        warnings,
    };
    let parts = match parts(&mut file, input.content) {
        Ok(parts) => parts,
        Err(error) => {
            file.warnings.add(WarningKind::BadFile, 0, &error.to_string());
            Vec::new()
        }
    };
    (file, parts)
}

fn parts(file: &mut FilePlan, content: Content) -> std::io::Result<Vec<Part>> {
    match (file.format, content) {
        (Format::Ndjson | Format::Text, Content::File(path, length)) => {
            let starts = (0..length).step_by(PART);
            Ok(starts.map(|start| Part::Lines(path.clone(), start, (start + PART as u64).min(length))).collect())
        }
        (Format::Ndjson | Format::Text, Content::Memory(buffer)) => Ok(slices(&buffer, split_lines(&buffer, PART))),
        (Format::Csv | Format::Tsv, content) => {
            let buffer = content.read()?;
            let mark = if buffer.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
            let separator = separator(file.format);
            let (names, start) = separated::header(&buffer[mark..], separator);
            file.names = names;
            Ok(slices(&buffer, separated::split(&buffer, mark + start, PART)))
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
            let bytes = Bytes::from(content.read()?.to_vec());
            let groups = columnar::row_groups(&bytes).map_err(std::io::Error::other)?;
            Ok((0..groups).map(|group| Part::Group(bytes.clone(), group)).collect())
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

fn separator(format: Format) -> u8 {
    if format == Format::Tsv { b'\t' } else { b',' }
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

/// Reads the lines that begin at `from` or later and before `to`.
fn read_lines(path: &Path, from: u64, to: u64) -> std::io::Result<Buffer> {
    let mut file = std::fs::File::open(path)?;
    // The byte before tells whether a line begins exactly at `from`.
    let start = from.saturating_sub(1);
    file.seek(SeekFrom::Start(start))?;
    let mut text = Vec::with_capacity((to - start) as usize + (64 << 10));
    (&mut file).take(to - start).read_to_end(&mut text)?;
    let begin = if from == 0 {
        0
    } else {
        match memchr::memchr(b'\n', &text) {
            Some(at) if start + (at as u64) + 1 < to => at + 1,
            // A long line of an earlier part runs through this one.
            _ => return Ok(Buffer::default()),
        }
    };
    while text.last() != Some(&b'\n') {
        let known = text.len();
        if (&mut file).take(256 << 10).read_to_end(&mut text)? == 0 {
            break;
        }
        if let Some(at) = memchr::memchr(b'\n', &text[known..]) {
            text.truncate(known + at + 1);
        }
    }
    Ok(Buffer::from_vec(text).slice(begin))
}

fn read_part(file: &FilePlan, part: Part, options: &LoadOptions) -> Chunk {
    let mut warnings = Warnings::default();
    let mut places = Vec::new();
    let mut group = None;
    let mut bytes = None;
    let buffer = match part {
        Part::Text(buffer) => valid_text(buffer, &mut warnings),
        Part::Lines(path, from, to) => match read_lines(&path, from, to) {
            Ok(text) => valid_text(text, &mut warnings),
            Err(error) => {
                warnings.add(WarningKind::BadFile, 0, &error.to_string());
                Buffer::default()
            }
        },
        Part::Places(buffer, events) => {
            places = events;
            buffer
        }
        Part::Evtx(chunks) => {
            let (text, records) = evtx_log::render(&chunks, &mut warnings);
            places = records;
            bytes = Some(chunks.len() as u64);
            Buffer::from_vec(text.into_bytes())
        }
        Part::Group(all, index) => {
            // Counted once, with the first group.
            bytes = Some(if index == 0 { all.len() as u64 } else { 0 });
            group = Some((all, index));
            Buffer::default()
        }
    };
    let buffer = if buffer.len() > LARGEST {
        warnings.add(WarningKind::TooLarge, 0, "a line of more than two gigabytes");
        let cut = String::from_utf8_lossy(&buffer[..LARGEST]).into_owned();
        Buffer::from_vec(cut.into_bytes())
    } else {
        buffer
    };
    let mut finisher = EventFinisher::new(options);
    let mut builder = ChunkBuilder::new(&buffer);
    builder.warnings = warnings;
    match file.format {
        Format::Ndjson => json::read_lines(&mut builder, &mut finisher),
        Format::Csv | Format::Tsv => separated::read_records(&mut builder, &mut finisher, &file.names, separator(file.format)),
        Format::Json => json::read_places(&mut builder, &mut finisher, &places),
        Format::Xml => windows::read(&mut builder, &mut finisher),
        Format::Evtx => windows::read_places(&mut builder, &mut finisher, &places),
        Format::Parquet => {
            if let Some((all, group)) = group {
                columnar::read(&mut builder, &mut finisher, &all, group);
            }
        }
        Format::Text => read_text(&mut builder, &mut finisher),
    }
    let keep = finisher.keeps_raw.then(|| buffer.clone());
    let mut chunk = builder.finish(keep);
    chunk.bytes = bytes.unwrap_or(chunk.bytes);
    chunk
}

/// The text without a byte order mark; bytes that are not UTF-8 are replaced and counted by line.
fn valid_text(buffer: Buffer, warnings: &mut Warnings) -> Buffer {
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

/// Reads lines as events; their fields are the pairs in them.
fn read_text(builder: &mut ChunkBuilder<'_>, finisher: &mut EventFinisher<'_>) {
    let text = builder.data();
    let mut slots = Slots::new();
    let mut start = 0;
    while start < text.len() {
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
        builder.lines += 1;
        let line = text[start..end].trim_ascii_end();
        if !line.is_empty() {
            let line = Span::data(start, start + line.len(), false);
            finisher.pairs(builder, line);
            finisher.finish(builder, &mut slots, Some(line));
        }
        start = end + 1;
    }
}

/// The sourcetype of a file that does not name one: by its format, for text by the file's name.
fn sourcetype(format: Format, path: &str) -> String {
    match format {
        Format::Ndjson | Format::Json | Format::Parquet => "_json".to_owned(),
        Format::Csv => "csv".to_owned(),
        Format::Tsv => "tsv".to_owned(),
        Format::Evtx | Format::Xml => "XmlWinEventLog".to_owned(),
        Format::Text => {
            let name = path.rsplit(['/', '\\', ':']).next().unwrap_or(path);
            let mut stem = name;
            for ending in [".gz", ".zst", ".log", ".txt", ".raw"] {
                stem = stem.strip_suffix(ending).unwrap_or(stem);
            }
            if stem.is_empty() || stem == "-" { "text".to_owned() } else { stem.to_owned() }
        }
    }
}
