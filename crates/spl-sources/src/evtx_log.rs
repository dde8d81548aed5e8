//! Windows event log files: records become XML text as Splunk's XmlWinEventLog shows it, and are read as such.

use std::sync::Arc;

use evtx::{EvtxChunkData, ParserSettings};

use crate::report::{WarningKind, Warnings};

/// The file's header block.
const HEADER: usize = 4096;
/// A chunk of records.
const CHUNK: usize = 64 << 10;
/// Chunks that are read together.
const TOGETHER: usize = 16;

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
        if chunk.len() < CHUNK && !chunk.starts_with(b"ElfChnk\0") {
            warnings.add(WarningKind::BadEvtx, 0, "the file ends within a chunk");
            continue;
        }
        let mut whole = chunk.to_vec();
        whole.resize(CHUNK, 0);
        let mut data = match EvtxChunkData::new(whole, false) {
            Ok(data) => data,
            Err(error) => {
                warnings.add(WarningKind::BadEvtx, 0, &error.to_string());
                continue;
            }
        };
        let mut parsed = match data.parse(settings.clone()) {
            Ok(parsed) => parsed,
            Err(error) => {
                warnings.add(WarningKind::BadEvtx, 0, &error.to_string());
                continue;
            }
        };
        for record in parsed.iter() {
            match record.and_then(|record| record.into_xml()) {
                Ok(record) => {
                    let start = text.len();
                    as_splunk(&record.data, &mut text);
                    places.push((start, text.len()));
                    text.push('\n');
                }
                Err(error) => warnings.add(WarningKind::BadEvtx, 0, &error.to_string()),
            }
        }
    }
    (text, places)
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
