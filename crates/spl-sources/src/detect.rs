//! Recognises compression and format by content.

use crate::delimiter::preamble;
use crate::format::Format;
use crate::json_scanner::{RECORD, Scanner};
use crate::windows_text;
use crate::{access, audit, cef, envelope, headed, syslog};

/// A wrapping around files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    Gz,
    Zst,
    Bz2,
    Xz,
    Zip,
    Tar,
}

impl Compression {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gz => "gz",
            Self::Zst => "zst",
            Self::Bz2 => "bz2",
            Self::Xz => "xz",
            Self::Zip => "zip",
            Self::Tar => "tar",
        }
    }
}

/// What begins the first block of a bz2 file, and what stands there when it has none.
const BZ2_BLOCK: &[u8] = &[0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
const BZ2_END: &[u8] = &[0x17, 0x72, 0x45, 0x38, 0x50, 0x90];

/// The compression that a file's first bytes show.
pub(crate) fn compression(head: &[u8]) -> Option<Compression> {
    if head.starts_with(&[0x1F, 0x8B]) {
        Some(Compression::Gz)
    } else if head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
        Some(Compression::Zst)
    } else if head.starts_with(b"BZh") && head.get(4..10).is_some_and(|mark| mark == BZ2_BLOCK || mark == BZ2_END) {
        Some(Compression::Bz2)
    } else if head.starts_with(&[0xFD, b'7', b'z', b'X', b'Z', 0]) {
        Some(Compression::Xz)
    } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Some(Compression::Zip)
    } else if head.get(257..262) == Some(b"ustar") {
        Some(Compression::Tar)
    } else {
        None
    }
}

/// The format that a file's first bytes (and its name, where they leave it open) show.
pub(crate) fn format(head: &[u8], path: &str) -> Format {
    if head.starts_with(b"ElfFile\0") || head.starts_with(b"ElfChnk\0") {
        return Format::Evtx;
    }
    if head.starts_with(b"PAR1") {
        return Format::Parquet;
    }
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == RECORD;
    let start = head.iter().position(|byte| !blank(byte)).unwrap_or(head.len());
    let text = &head[start..];
    match text.first() {
        Some(b'{') => return json_object(text),
        Some(b'[') if json_array(text) => return Format::Json,
        Some(b'<') if is_event_xml(text) => return Format::Xml,
        Some(b'0'..=b'9') if windows_text::is_classic(text) => return Format::Xml,
        _ => {}
    }
    if head.contains(&0) {
        return Format::Text;
    }
    if let Some(format) = json_behind(text).or_else(|| lines(text)) {
        return format;
    }
    let (length, separator) = preamble(text);
    let (said, text) = (length > 0, &text[length..]);
    for (ending, format, separator) in [(".csv", Format::Csv, b','), (".tsv", Format::Tsv, b'\t')] {
        if has_ending(path, ending) {
            return if format == Format::Csv && !has(text, separator) && has(text, b'\t') { Format::Tsv } else { format };
        }
    }
    if said || looks_separated(text, b',') || looks_separated(text, b';') || looks_separated(text, b'|') {
        if separator == Some(b'\t') { Format::Tsv } else { Format::Csv }
    } else if looks_separated(text, b'\t') {
        Format::Tsv
    } else {
        Format::Text
    }
}

/// Whether the name of a file says that it is a table with a header.
pub(crate) fn is_named_table(path: &str) -> bool {
    has_ending(path, ".csv") || has_ending(path, ".tsv")
}

/// Whether a file's name has an ending, perhaps before that of a compression.
fn has_ending(path: &str, ending: &str) -> bool {
    let name = path.to_ascii_lowercase();
    let compressed = [".gz", ".zst", ".bz2", ".xz"].iter().find_map(|outer| name.strip_suffix(outer));
    compressed.unwrap_or(&name).ends_with(ending)
}

/// Lines of JSON behind lines of something else: most of the first lines are objects, or an object of several lines
/// follows a few lines.
fn json_behind(text: &[u8]) -> Option<Format> {
    const LINES: usize = 100;
    const BEFORE: usize = 20;
    let lines = || text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    memchr::memchr(b'{', text)?;
    let is_object = |line: &&[u8]| {
        let mut scanner = Scanner { text: line, at: 0 };
        line.starts_with(b"{") && line.ends_with(b"}") && scanner.skip_value().is_ok() && scanner.peek().is_none()
    };
    let (all, objects) = (lines().take(LINES).count(), lines().take(LINES).filter(is_object).count());
    if objects * 2 >= all {
        return Some(Format::Ndjson);
    }
    let mut starts = memchr::memchr_iter(b'\n', text).take(BEFORE).map(|at| at + 1);
    let start = starts.find(|at| matches!(text.get(*at), Some(b'{' | b'[')))?;
    let rest = &text[start..];
    // A value of several lines between lines of a log belongs to the event before it.
    let mut scanner = Scanner { text: rest, at: 0 };
    if scanner.skip_value().is_ok() && scanner.peek().is_some_and(|next| !matches!(next, b'{' | b'[' | b',' | RECORD)) {
        return None;
    }
    if rest[0] == b'[' {
        return json_array(rest).then_some(Format::Json);
    }
    // An object that goes on behind its first line.
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
    let opens = line == b"{" || (line.starts_with(b"{\"") && Scanner { text: line, at: 0 }.skip_value().is_err());
    opens.then_some(Format::Json)
}

/// The format that the first lines show, most of which are of one kind.
fn lines(text: &[u8]) -> Option<Format> {
    let text = String::from_utf8_lossy(&text[..text.len().min(16 << 10)]);
    if headed::is_zeek(&text) {
        return Some(Format::Zeek);
    }
    if headed::is_w3c(&text) {
        return Some(Format::W3c);
    }
    type Test = fn(&str) -> bool;
    const KINDS: [(Format, Test); 5] = [
        (Format::Cef, cef::is_cef),
        (Format::Leef, cef::is_leef),
        (Format::Audit, audit::is_line),
        (Format::Access, |line| access::parse(line).is_some()),
        (Format::Syslog, syslog::is_line),
    ];
    let mut counts = [0; KINDS.len()];
    let mut all = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()).take(32) {
        all += 1;
        if let Some(kind) = KINDS.iter().position(|(_, is)| is(line)) {
            counts[kind] += 1;
        }
    }
    KINDS.iter().zip(counts).find(|(_, count)| count * 2 > all).map(|((format, _), _)| *format)
}

/// Whether a file is none of text: pictures, recordings, programs, which Splunk leaves alone too.
pub(crate) fn is_binary(head: &[u8]) -> bool {
    let strange = |byte: &&u8| **byte < b' ' && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0B | 0x0C | 0x1B | 0x1D);
    let zeros = memchr::memchr_iter(0, head).count();
    if zeros * 2 > head.len() {
        return true;
    }
    zeros > 0
        && head.iter().filter(strange).count() * 20 > head.len()
        && std::str::from_utf8(&head[..head.len().min(4096)]).is_err()
}

fn has(text: &[u8], separator: u8) -> bool {
    text.iter().take_while(|&&byte| byte != b'\n').any(|&byte| byte == separator)
}

/// One object per line, or objects over several lines.
fn json_object(text: &[u8]) -> Format {
    let line = memchr::memchr(b'\n', text).map_or(text, |end| &text[..end]);
    let mut scanner = Scanner { text: line, at: 0 };
    // An object that is only there to hold the list of events, perhaps one after another.
    if envelope::wrapper(text).is_some() {
        return Format::Json;
    }
    if scanner.skip_value().is_ok() {
        return if scanner.peek().is_some() { Format::Json } else { Format::Ndjson };
    }
    let mut scanner = Scanner { text, at: 0 };
    if scanner.skip_value().is_ok() || line.len() < 3 || line.iter().all(|byte| b" \t\r{".contains(byte)) {
        return Format::Json;
    }
    Format::Ndjson
}

/// `[` followed by a JSON value, and not `[2024-...]` or `[error]` of a log.
fn json_array(text: &[u8]) -> bool {
    let next = text[1..].iter().find(|byte| !byte.is_ascii_whitespace());
    matches!(next, Some(b'{' | b'['))
        || (next == Some(&b']') && text[1..].iter().filter(|byte| !byte.is_ascii_whitespace()).count() == 1)
}

/// Whether events of Windows begin a text, perhaps inside other elements; those of others have no `System` part.
fn is_event_xml(text: &[u8]) -> bool {
    let head = &text[..text.len().min(16 << 10)];
    if !head.get(1).is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, b'?' | b'!')) {
        return false;
    }
    let mut events = memchr::memmem::find_iter(head, b"<Event").filter(|at| windows_text::is_event(&head[*at..]));
    let Some(event) = events.next() else {
        // The root of a file without events.
        return head.trim_ascii_end().ends_with(b"<Events>") || memchr::memmem::find(head, b"<Events></Events>").is_some();
    };
    let rest = &head[event..];
    let system = memchr::memmem::find(rest, b"<System").is_some();
    system || memchr::memmem::find(rest, b"schemas.microsoft.com/win/2004/08/events").is_some()
}

/// What a file of no use for searching is, when its first bytes tell: captures of packets, archives that are not opened.
pub(crate) fn refused(head: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 12] = [
        (b"\xD4\xC3\xB2\xA1", CAPTURE),
        (b"\xA1\xB2\xC3\xD4", CAPTURE),
        (b"\x4D\x3C\xB2\xA1", CAPTURE),
        (b"\xA1\xB2\x3C\x4D", CAPTURE),
        (b"\x0A\x0D\x0D\x0A", CAPTURE),
        (b"\x30\x82\x00\x00LfLe", "an event log of Windows XP (.evt), which is not read: convert it to .evtx or XML"),
        (b"7z\xBC\xAF\x27\x1C", "a 7z archive, which is not opened: unpack it, or use zip or tar"),
        (b"Rar!\x1A\x07", "a RAR archive, which is not opened: unpack it, or use zip or tar"),
        (b"\x1F\x9D", "compressed by `compress` (.Z), which is not opened: use gz, zst, bz2 or xz"),
        (b"\x04\x22\x4D\x18", "compressed as lz4, which is not opened: use gz, zst, bz2 or xz"),
        (b"SQLite format 3\0", "an SQLite database, which is not read: export its tables as CSV"),
        (b"regf", "a registry hive of Windows, which is not read"),
    ];
    KINDS.iter().find(|(mark, _)| head.starts_with(mark)).map(|(_, what)| *what)
}

const CAPTURE: &str = "a capture of packets, which is no log: read it with Zeek, Suricata or tshark, and load what they write";

/// Whether the first lines have the same number (at least two) of separators outside quotes, and the first line
/// could be a header.
fn looks_separated(text: &[u8], separator: u8) -> bool {
    let mut lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let Some(header) = lines.next() else {
        return false;
    };
    let count = |line: &[u8]| {
        let mut quoted = false;
        let mut count = 0;
        for &byte in line {
            quoted ^= byte == b'"';
            count += usize::from(!quoted && byte == separator);
        }
        (count, quoted)
    };
    let (columns, open) = count(header);
    let names = header.split(|&byte| byte == separator);
    let is_name = |name: &[u8]| {
        let name = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name);
        let blanks = name.iter().filter(|byte| **byte == b' ').count();
        let first = name.first().is_some_and(|first| first.is_ascii_alphabetic() || matches!(first, b'_' | b'@' | b'#'));
        first
            && name.len() <= 64
            && blanks <= 4
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-. ()/:@#".contains(byte) || *byte >= 0x80)
    };
    if columns < 1 || open || !names.clone().all(is_name) {
        return false;
    }
    // A word of the first line that stands in its column again is a value, not a name.
    let mut rows = lines.filter(|line| !line.is_empty()).take(20).map(|line| line.split(move |&byte| byte == separator));
    let repeats = |mut row: std::slice::Split<'_, u8, _>| names.clone().any(|name| row.next().is_some_and(|value| value == name));
    if rows.any(repeats) {
        return false;
    }
    let second = text.split(|&byte| byte == b'\n').skip(1).find(|line| !line.trim_ascii().is_empty());
    second.is_some_and(|line| {
        let (count, open) = count(line);
        count == columns || (open && count <= columns)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_are_no_text() {
        let program: Vec<u8> = (0..=255).cycle().take(4000).collect();
        assert!(is_binary(&program) && is_binary(&[0; 100]));
        for text in [&b"a log\0with a zero\n"[..], "äöü\u{1b}[0m".as_bytes(), b"", b"\xFF\xFE latin \xE4"] {
            assert!(!is_binary(text));
        }
    }

    #[test]
    fn formats_are_recognised() {
        for (text, path, expected) in [
            ("{\"a\":1}\n{\"a\":2}\n", "x", Format::Ndjson),
            ("{\"a\":1}", "x", Format::Ndjson),
            ("{\"a\":1}\nbroken", "x", Format::Ndjson),
            ("{\"a\":1} {\"a\":2}", "x", Format::Json),
            ("{\n  \"a\": 1\n}\n", "x", Format::Json),
            ("{\"Records\":[{\"a\":1}]}", "x", Format::Json),
            ("[{\"a\":1}]", "x", Format::Json),
            ("[ PID: 3212 - x ]", "x", Format::Text),
            ("<Event xmlns='x'><System/></Event>", "x", Format::Xml),
            ("<?xml version=\"1.0\"?><Events><Event><System/></Event></Events>", "x", Format::Xml),
            ("<?xml version=\"1.0\"?><Log><Event id=\"1\"/></Log>", "x", Format::Text),
            ("<14>Mar  4 10:11:25 w sysmon[8]: <Event><System><EventID>1</EventID></System></Event>\n", "x", Format::Syslog),
            ("starting up\n{\"a\":1}\n{\"a\":2}\n", "x", Format::Ndjson),
            ("# made by x\n{\n \"a\": 1\n}\n", "x", Format::Json),
            ("made by x\n[{\"a\":1},\n{\"a\":2}]\n", "x", Format::Json),
            ("2024-03-04 10:11:25 got\n{\n \"a\": 1\n}\n2024-03-04 10:11:26 done\n", "x", Format::Text),
            ("one {\"a\":1}\ntwo\n", "x", Format::Text),
            ("\u{1e}{\"a\":1}\n\u{1e}{\"a\":2}\n", "x", Format::Ndjson),
            ("#TYPE System.Object\n\"a\",\"b\"\n\"1\",\"2\"\n", "x", Format::Csv),
            ("sep=;\na;b\n1;2\n", "x", Format::Csv),
            ("{\"@odata.context\":\"c\",\"value\":[{\"a\":1}]}", "x", Format::Json),
            ("{\"value\":[{\"a\":1}],\"user\":1}", "x", Format::Json),
            ("{\"user\":1,\"value\":[{\"a\":1}]}\n", "x", Format::Ndjson),
            ("<13>Mar 4 10:11:25 host x", "x", Format::Syslog),
            ("<34>1 2003-10-11T22:14:15.003Z h su - ID47 - x\n", "x", Format::Syslog),
            ("2024-03-04T10:11:25+00:00 h sshd[1]: x\n", "x", Format::Syslog),
            ("2024-03-04T10:11:25+00:00 INFO started\n", "x", Format::Text),
            ("1.2.3.4 - - [04/Mar/2024:10:11:25 +0000] \"GET / HTTP/1.1\" 200 5\n", "x", Format::Access),
            ("type=SYSCALL msg=audit(1709547085.266:6994): arch=c000003e\n", "x", Format::Audit),
            ("Mar  4 10:11:25 h CEF:0|a|b|1|2|n|5|src=1.2.3.4\n", "x", Format::Cef),
            ("LEEF:1.0|a|b|1|2|src=1.2.3.4\n", "x", Format::Leef),
            ("#separator \\x09\n#fields\tts\n", "x.csv", Format::Zeek),
            ("#Software: IIS\n#Fields: date time\n", "x", Format::W3c),
            ("a;b;c\n1;2;3\n", "x", Format::Csv),
            ("a,b,c\n1,2,3\n", "x", Format::Csv),
            ("a\tb\n1\t2\n", "x", Format::Tsv),
            ("one\n", "x.csv", Format::Csv),
            ("Mar 4 10:11:25 host x, y\nMar 4 10:11:26 host z, y", "x.log", Format::Syslog),
            ("2024-03-04 x, y\nb, c", "x.log", Format::Text),
            ("", "x", Format::Text),
        ] {
            assert_eq!(format(text.as_bytes(), path), expected, "{text}");
        }
    }
}
