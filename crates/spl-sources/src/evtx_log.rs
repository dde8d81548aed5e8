//! Windows event log files: records become XML text as Splunk's XmlWinEventLog shows it, and are read as such.

use std::fmt::Write;
use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};
use hashbrown::HashSet;

use crate::report::{WarningKind, Warnings};

/// The file's header block.
const HEADER: usize = 4096;
/// A chunk of records.
const CHUNK: usize = 64 << 10;
/// Chunks that are read together.
const TOGETHER: usize = 16;
/// Where the records of a chunk begin.
const CHUNK_HEADER: usize = 512;
/// What a chunk and a record begin with.
const CHUNK_MARK: &[u8] = b"ElfChnk\0";
const RECORD_MARK: &[u8] = b"\x2A\x2A\0\0";

/// The places of groups of chunks in a file.
pub(crate) fn split(bytes: &[u8]) -> Vec<(usize, usize)> {
    let start = if bytes.starts_with(b"ElfFile\0") { HEADER.min(bytes.len()) } else { 0 };
    (start..bytes.len()).step_by(CHUNK * TOGETHER).map(|at| (at, (at + CHUNK * TOGETHER).min(bytes.len()))).collect()
}

/// The records of some chunks as text, and the place of each.
pub(crate) fn render(bytes: &[u8], warnings: &mut Warnings) -> (String, Vec<(usize, usize)>) {
    let settings = Arc::new(ParserSettings::new().indent(false));
    let mut text = String::new();
    let mut places = Vec::new();
    for chunk in bytes.chunks(CHUNK) {
        if chunk.iter().all(|byte| *byte == 0) {
            continue;
        }
        let mut rendered = HashSet::new();
        let damaged = render_chunk(chunk, &settings, warnings, &mut text, &mut places, &mut rendered);
        if damaged {
            // What can't be rendered is an event all the same, with what its header says.
            for (record, filetime) in record_headers(chunk) {
                if rendered.insert(record) {
                    let start = text.len();
                    write_bare(record, filetime, &mut text);
                    places.push((start, text.len()));
                    text.push('\n');
                }
            }
        }
    }
    (text, places)
}

/// Renders the records of a chunk; says whether some could not be read.
fn render_chunk(
    chunk: &[u8],
    settings: &Arc<ParserSettings>,
    warnings: &mut Warnings,
    text: &mut String,
    places: &mut Vec<(usize, usize)>,
    rendered: &mut HashSet<u64>,
) -> bool {
    let mut damaged = false;
    let mut warn = |message: &str| warnings.add(WarningKind::BadEvtx, 0, message);
    let mut whole = chunk.to_vec();
    if chunk.len() < CHUNK {
        damaged = true;
        warn("the file ends within a chunk");
        whole.resize(CHUNK, 0);
    }
    if !chunk.starts_with(CHUNK_MARK) {
        damaged = true;
        warn("a chunk without its mark");
        whole[..CHUNK_MARK.len()].copy_from_slice(CHUNK_MARK);
    }
    let mut data = match EvtxChunkData::new(whole, false) {
        Ok(data) => data,
        Err(error) => {
            warn(&error.to_string());
            return true;
        }
    };
    let mut parsed = match data.parse(settings.clone()) {
        Ok(parsed) => parsed,
        Err(error) => {
            warn(&error.to_string());
            return true;
        }
    };
    for record in parsed.iter() {
        match record.and_then(|record| record.into_xml()) {
            Ok(record) => {
                rendered.insert(record.event_record_id);
                let start = text.len();
                as_splunk(&record.data, text);
                places.push((start, text.len()));
                text.push('\n');
            }
            Err(error) => {
                damaged = true;
                warn(&error.to_string());
            }
        }
    }
    damaged
}

/// Number and time (as Windows counts it) of the records whose headers can be found in a chunk.
fn record_headers(chunk: &[u8]) -> Vec<(u64, u64)> {
    let number = |at: usize| chunk.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let size = |at: usize| chunk.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    // Behind the free space begin records of earlier times.
    let free = size(48).map_or(chunk.len(), |free| free as usize);
    let end = if chunk.starts_with(CHUNK_MARK) && free > CHUNK_HEADER { free.min(chunk.len()) } else { chunk.len() };
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(&chunk[..end], RECORD_MARK) {
        let plausible = at >= CHUNK_HEADER && at % 8 == 0 && size(at + 4).is_some_and(|size| (28..CHUNK as u32).contains(&size));
        // Times from 1990 to 2100.
        let times = 122_000_000_000_000_000..157_000_000_000_000_000;
        if let (true, Some(record), Some(filetime)) = (plausible, number(at + 8), number(at + 16))
            && times.contains(&filetime)
            && record < u64::from(u32::MAX) << 8
        {
            found.push((record, filetime));
        }
    }
    found
}

/// An event with nothing but a record's number and time.
fn write_bare(record: u64, filetime: u64, out: &mut String) {
    // Windows counts tenths of microseconds from 1601.
    let ticks = i64::try_from(filetime).unwrap_or_default() - 116_444_736_000_000_000;
    let time = chrono::DateTime::from_timestamp(ticks.div_euclid(10_000_000), (ticks.rem_euclid(10_000_000) * 100) as u32);
    let time = time.unwrap_or_default().format("%Y-%m-%dT%H:%M:%S%.9fZ");
    let _ = write!(
        out,
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><TimeCreated SystemTime='{time}'/><EventRecordID>{record}</EventRecordID></System></Event>"
    );
}

/// Copies an event's XML without its declaration, attributes in single quotes, empty data elements with their end tag.
fn as_splunk(xml: &str, out: &mut String) {
    let mut rest = xml.trim();
    if rest.starts_with("<?") {
        rest = rest.find("?>").map_or("", |end| rest[end + 2..].trim_start());
    }
    out.reserve(rest.len());
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let tag = rest;
        let mut in_quotes = false;
        let mut copied = 0;
        let mut end = rest.len();
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                b'"' => {
                    out.push_str(&rest[copied..at]);
                    out.push('\'');
                    copied = at + 1;
                    in_quotes = !in_quotes;
                }
                b'\'' if in_quotes => {
                    out.push_str(&rest[copied..at]);
                    out.push_str("&apos;");
                    copied = at + 1;
                }
                b'>' if !in_quotes => {
                    end = at + 1;
                    break;
                }
                _ => {}
            }
        }
        if tag.starts_with("<Data") && rest[..end].ends_with("/>") {
            out.push_str(&rest[copied..end - 2]);
            out.push_str("></Data>");
        } else {
            out.push_str(&rest[copied..end]);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_is_written_as_splunk_shows_it() {
        let mut out = String::new();
        as_splunk(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Event xmlns=\"x\"><A B=\"it's\"/><Data Name=\"n\"/><Data Name=\"m\">\"q\" &lt; 'r'</Data></Event>\n",
            &mut out,
        );
        assert_eq!(out, "<Event xmlns='x'><A B='it&apos;s'/><Data Name='n'></Data><Data Name='m'>\"q\" &lt; 'r'</Data></Event>");
    }
}
