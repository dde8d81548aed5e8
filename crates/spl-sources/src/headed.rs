//! Logs whose comment lines name the fields: Zeek (`#fields`), and W3C extended logs such as those of IIS (`#Fields:`).

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::chunk::{ChunkBuilder, ColumnKind, Span};
use crate::event::EventFinisher;
use crate::report::WarningKind;
use crate::role::{Role, Slots};

/// What the comment lines at the beginning say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) names: Vec<String>,
    /// Whether a field holds several values (Zeek's sets and vectors).
    several: Vec<bool>,
    separator: u8,
    set_separator: String,
    empty: String,
    unset: String,
    /// The name of a Zeek log: `conn`, `dns`.
    pub(crate) path: Option<String>,
    w3c: bool,
    /// What `#Software:` says.
    software: String,
    /// What `#Log-type:` says, in Exchange's logs.
    log_type: String,
    /// The date of `#Date:`, for records that have a time of day only.
    date: Option<String>,
    /// Whether `#Time Format: Local` says that times are no UTC.
    local: bool,
    /// Whether the separator is still to be found, in the first record.
    open: bool,
}

impl Header {
    fn new(w3c: bool) -> Self {
        Self {
            names: Vec::new(),
            several: Vec::new(),
            separator: if w3c { b' ' } else { b'\t' },
            set_separator: ",".to_owned(),
            empty: "(empty)".to_owned(),
            unset: "-".to_owned(),
            path: None,
            w3c,
            software: String::new(),
            log_type: String::new(),
            date: None,
            local: false,
            open: w3c,
        }
    }

    /// The header in the first lines of a log.
    pub(crate) fn read(text: &str, w3c: bool) -> Self {
        let mut header = Self::new(w3c);
        for line in text.lines() {
            if line.starts_with('#') {
                header.line(line);
            } else if !line.trim().is_empty() {
                break;
            }
        }
        header
    }

    /// Takes the comment lines of a text in, which follows what was read before; says whether they change anything.
    pub(crate) fn follow(&mut self, text: &[u8]) -> bool {
        let before = self.clone();
        let first = (text.first() == Some(&b'#')).then_some(0);
        for at in first.into_iter().chain(memchr::memmem::find_iter(text, b"\n#").map(|at| at + 1)) {
            let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
            self.line(String::from_utf8_lossy(&text[at..end]).trim_end_matches('\r'));
        }
        *self != before
    }

    /// Takes a directive of a W3C log in.
    fn directive(&mut self, line: &str) {
        let Some((key, value)) = line.trim_start_matches('#').split_once(':') else {
            return;
        };
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "fields" => {
                let commas = value.contains(',');
                let names = value.split(|c: char| c.is_ascii_whitespace() || (commas && c == ','));
                self.names = names.filter(|name| !name.is_empty()).map(w3c_name).collect();
                self.several = vec![false; self.names.len()];
                // Values stand between what the names stand between, or between tabs.
                self.separator = if commas {
                    b','
                } else if value.contains('\t') {
                    b'\t'
                } else {
                    b' '
                };
                self.open = self.separator == b' ';
            }
            "software" => self.software = value.to_ascii_lowercase(),
            "log-type" => self.log_type = value.to_ascii_lowercase(),
            "date" | "start-date" => self.date = value.get(..10).map(str::to_owned),
            "time format" => self.local = value.eq_ignore_ascii_case("local"),
            _ => {}
        }
    }

    /// The sourcetype that Splunk's add-on for the program gives its logs.
    pub(crate) fn sourcetype(&self) -> &'static str {
        let has = |name: &str| self.names.iter().any(|known| known == name);
        let software = |part: &str| self.software.contains(part);
        if software("firewall") || (has("src_ip") && has("tcpflags")) {
            "windows:firewall"
        } else if software("http server api") || (has("s_reason") && has("s_queuename")) {
            "ms:iis:httperr"
        } else if software("exchange") {
            match self.log_type.as_str() {
                "message tracking log" => "MSExchange:2013:MessageTracking",
                _ => "MSExchange:2013:Log",
            }
        } else if has("x_edge_location") {
            "aws:cloudfront:accesslogs"
        } else if software("sgos") || software("blue coat") || has("cs_auth_group") || has("x_bluecoat_transaction_uuid") {
            "bluecoat:proxysg:access:file"
        } else if software("internet information services") || has("s_sitename") || has("sc_win32_status") || has("cs_uri_stem") {
            "iis"
        } else {
            "w3c"
        }
    }

    /// Takes a comment line in.
    fn line(&mut self, line: &str) {
        if self.w3c {
            return self.directive(line);
        }
        if let Some(separator) = line.strip_prefix("#separator ") {
            let code = separator.strip_prefix("\\x").and_then(|code| u8::from_str_radix(code.trim(), 16).ok());
            self.separator = code.or(separator.bytes().next()).unwrap_or(b'\t');
            return;
        }
        let separator = char::from(self.separator);
        let mut words = line.split(separator);
        let key = words.next().unwrap_or_default();
        let mut word = || words.next().unwrap_or_default().to_owned();
        match key {
            "#set_separator" => self.set_separator = word(),
            "#empty_field" => self.empty = word(),
            "#unset_field" => self.unset = word(),
            "#path" => self.path = Some(word()).filter(|path| !path.is_empty()),
            "#fields" => {
                self.names = words.map(str::to_owned).collect();
                self.several = vec![false; self.names.len()];
            }
            "#types" => {
                self.several = words.map(|kind| kind.starts_with("set[") || kind.starts_with("vector[")).collect();
            }
            _ => {}
        }
    }
}

/// The headers of a file whose fields change on the way, as far as it was looked through.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    /// Bytes that were looked through.
    known: u64,
    /// Where a header is complete, and the header.
    found: Vec<(u64, Header)>,
}

impl Headers {
    /// The header that holds for the lines behind a place of a file. Whatever was not looked through yet is read.
    pub(crate) fn at(&mut self, path: &Path, first: &Header, place: u64) -> std::io::Result<Header> {
        const BLOCK: u64 = 1 << 20;
        let mut file = std::fs::File::open(path)?;
        while self.known < place {
            // A line at the end of a block goes on behind it.
            let block = lines_of(&mut file, self.known, (self.known + BLOCK).min(place))?;
            let end = self.known + block.len().max(1) as u64;
            let mut header = self.found.last().map_or(first, |(_, header)| header).clone();
            if header.follow(&block) {
                self.found.push((end, header));
            }
            self.known = end;
        }
        Ok(self.found.iter().rev().find(|(end, _)| *end <= place).map_or(first, |(_, header)| header).clone())
    }
}

/// Whether a text begins as a Zeek log.
pub(crate) fn is_zeek(text: &str) -> bool {
    text.starts_with("#separator ") || text.starts_with("#fields\t")
}

/// Whether a text begins as a W3C extended log.
pub(crate) fn is_w3c(text: &str) -> bool {
    let starts = ["#Software:", "#Version:", "#Date:", "#Start-Date:", "#Log-type:", "#Remark:", "#Fields:"];
    starts.iter().any(|start| text.starts_with(start))
        && text.lines().take_while(|line| line.starts_with('#')).any(|line| line.starts_with("#Fields:"))
}

/// The name that a W3C field has in Splunk: `cs(User-Agent)` is `cs_User_Agent_`.
fn w3c_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}

/// Reads the lines of a part as events.
pub(crate) fn read(builder: &mut ChunkBuilder<'_>, finisher: &mut EventFinisher<'_>, header: &Header) {
    let text = builder.data();
    let mut header = header.clone();
    let mut columns: Vec<Option<Column>> = columns(&header, finisher);
    let mut slots = Slots::new();
    let mut start = 0;
    while start < text.len() {
        let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
        builder.lines += 1;
        let line = &text[start..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let begin = start;
        start = end + 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        if line[0] == b'#' {
            let before = header.names.clone();
            header.line(&String::from_utf8_lossy(line));
            if before != header.names {
                columns = self::columns(&header, finisher);
            }
            continue;
        }
        if header.open {
            let tabs = memchr::memchr_iter(b'\t', line).count();
            header.separator = if tabs > 0 && tabs + 1 >= header.names.len() { b'\t' } else { b' ' };
            header.open = false;
        }
        let raw = Span::data(begin, begin + line.len(), false);
        record(builder, finisher, &mut slots, &header, &mut columns, line);
        if header.w3c {
            // Such logs are in UTC, unless they or the sourcetype say something else.
            let read = |stamp: String| if header.local { finisher.times.field(&stamp) } else { finisher.utc(&stamp) };
            finisher.known_time = stamp(&header, line).and_then(read);
        }
        finisher.finish(builder, &mut slots, Some(raw));
    }
}

/// A field's column once it is made, and what the field means.
struct Column {
    column: Option<u32>,
    role: Option<Role>,
    wanted: bool,
}

fn columns(header: &Header, finisher: &EventFinisher<'_>) -> Vec<Option<Column>> {
    let column = |name: &String| {
        let role = Role::of(name).filter(|role| !(header.w3c && role.is_time()));
        let wanted = !role.is_some_and(Role::is_meta) && !name.is_empty() && finisher.selection().contains(name);
        (wanted || role.is_some()).then_some(Column { column: None, role, wanted })
    };
    header.names.iter().map(column).collect()
}

fn record(
    builder: &mut ChunkBuilder<'_>,
    finisher: &EventFinisher<'_>,
    slots: &mut Slots,
    header: &Header,
    columns: &mut [Option<Column>],
    line: &[u8],
) {
    let mut count = 0;
    for (index, value) in values(line, header).enumerate() {
        count = index + 1;
        let Some(Some(column)) = columns.get_mut(index) else {
            if index >= header.names.len() {
                finisher.field(builder, &format!("EXTRA_FIELD_{}", index + 1), &String::from_utf8_lossy(value));
            }
            continue;
        };
        if value.is_empty() || value == header.unset.as_bytes() || (!header.w3c && value == header.empty.as_bytes()) {
            continue;
        }
        let value = std::str::from_utf8(value).unwrap_or_default();
        let quotes = header.w3c && value.contains("\"\"");
        let unquoted = if quotes { value.replace("\"\"", "\"") } else { String::new() };
        let value = if quotes { &unquoted } else { value };
        if let Some(role) = column.role {
            let span = builder.place(value);
            slots.set(role, span);
        }
        if !column.wanted {
            continue;
        }
        let number = *column.column.get_or_insert_with(|| builder.column(&header.names[index], ColumnKind::Field));
        let escaped = !header.w3c && value.contains("\\x");
        let several = header.several.get(index) == Some(&true) && !header.set_separator.is_empty();
        let mut add = |value: &str| {
            if escaped {
                builder.append_text(number, &unescape(value));
            } else {
                let span = builder.place(value);
                builder.append(number, span);
            }
        };
        if several {
            value.split(header.set_separator.as_str()).filter(|value| !value.is_empty()).for_each(add);
        } else {
            add(value);
        }
    }
    if count != header.names.len() {
        let line_number = builder.lines;
        let example = String::from_utf8_lossy(&line[..line.len().min(400)]);
        let message = format!("{count} values, {} in the header: {example}", header.names.len());
        builder.warnings.add(WarningKind::BadCsv, line_number, &message);
    }
}

/// The values of a line; those of a W3C log may stand in quotes.
fn values<'l>(line: &'l [u8], header: &Header) -> impl Iterator<Item = &'l [u8]> {
    let (separator, quotes) = (header.separator, header.w3c);
    let mut at = Some(0);
    std::iter::from_fn(move || {
        let start = at?;
        let rest = &line[start..];
        if quotes && rest.first() == Some(&b'"') {
            let ends = |end: &usize| rest.get(end + 1).is_none_or(|next| *next == separator);
            // A doubled quote stands for itself.
            let mut skip = 0;
            let end = memchr::memchr_iter(b'"', &rest[1..]).map(|end| end + 1).find(|end| {
                if *end <= skip {
                    return false;
                }
                if rest.get(end + 1) == Some(&b'"') {
                    skip = end + 1;
                    return false;
                }
                ends(end)
            });
            if let Some(end) = end {
                at = (start + end + 1 < line.len()).then_some(start + end + 2);
                return Some(&rest[1..end]);
            }
        }
        let end = memchr::memchr(separator, rest);
        at = end.map(|end| start + end + 1);
        Some(&rest[..end.unwrap_or(rest.len())])
    })
}

/// Date and time of a W3C record.
fn stamp(header: &Header, line: &[u8]) -> Option<String> {
    let value = |name: &str| {
        let index = header.names.iter().position(|known| known == name)?;
        std::str::from_utf8(values(line, header).nth(index)?).ok()
    };
    if let Some(stamp) = value("date_time") {
        return Some(stamp.to_owned());
    }
    let date = value("date").or(header.date.as_deref())?;
    Some(format!("{date} {}", value("time")?))
}

/// Resolves Zeek's `\x09`.
fn unescape(value: &str) -> String {
    let mut plain = Vec::with_capacity(value.len());
    let bytes = value.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes[at..].strip_prefix(b"\\x").and_then(|rest| rest.get(..2));
        match code.and_then(|code| std::str::from_utf8(code).ok()).and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                plain.push(code);
                at += 4;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// What stands between a place of a file where a line begins and the end of the line that stands at `to`.
fn lines_of(file: &mut std::fs::File, from: u64, to: u64) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut text = Vec::with_capacity((to - from) as usize + 4096);
    file.take(to - from).read_to_end(&mut text)?;
    while text.last().is_some_and(|last| *last != b'\n') {
        let known = text.len();
        if file.take(64 << 10).read_to_end(&mut text)? == 0 {
            break;
        }
        if let Some(at) = memchr::memchr(b'\n', &text[known..]) {
            text.truncate(known + at + 1);
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_change_on_the_way() {
        let mut header = Header::read("#Fields: a b\n", true);
        assert!(!header.follow(b"1 2\n#Fields: a b\n3 4\n"));
        assert!(header.follow(b"#Fields: a c b\r\n1 2 3\n"));
        assert_eq!(header.names, ["a", "c", "b"]);
        let folder = std::env::temp_dir().join(format!("splq-headers-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap_or_default();
        let path = folder.join("x.log");
        let (one, two) =
            ("#Fields: a b\n".to_owned() + &"1 2\n".repeat(500_000), "#Fields: a c b\n".to_owned() + &"1 2 3\n".repeat(500_000));
        std::fs::write(&path, format!("{one}{two}")).unwrap_or_default();
        let first = Header::read("#Fields: a b\n", true);
        let mut headers = Headers::default();
        let names =
            |headers: &mut Headers, place: usize| headers.at(&path, &first, place as u64).map(|header| header.names.len()).ok();
        assert_eq!(names(&mut headers, one.len() - 10), Some(2));
        assert_eq!(names(&mut headers, one.len() + two.len() - 10), Some(3));
        assert_eq!(names(&mut headers, 100), Some(2));
        std::fs::remove_dir_all(&folder).unwrap_or_default();
    }

    #[test]
    fn headers_name_fields() {
        let zeek = "#separator \\x09\n#set_separator\t,\n#unset_field\t-\n#path\tconn\n#fields\tts\tid.orig_h\tt\n#types\ttime\taddr\tset[string]\n1\t2\t3\n";
        assert!(is_zeek(zeek));
        let header = Header::read(zeek, false);
        assert_eq!(header.names, ["ts", "id.orig_h", "t"]);
        assert_eq!(header.several, [false, false, true]);
        assert_eq!(header.path.as_deref(), Some("conn"));
        let w3c = "#Software: IIS\n#Fields: date time cs(User-Agent)\n";
        assert!(is_w3c(w3c) && !is_w3c("#Software: x\nnothing\n"));
        assert_eq!(Header::read(w3c, true).names, ["date", "time", "cs_User_Agent_"]);
        assert_eq!(unescape(r"a\x09b\xzz"), "a\tb\\xzz");
        for (directives, expected) in [
            ("#Software: Microsoft Internet Information Services 10.0\n#Fields: date time cs-method\n", "iis"),
            ("#Fields: date time x-edge-location c-ip\n", "aws:cloudfront:accesslogs"),
            ("#Software: SGOS 6.7\n#Fields: date time c-ip\n", "bluecoat:proxysg:access:file"),
            ("#Software: Microsoft Windows Firewall\n#Fields: date time action\n", "windows:firewall"),
            ("#Software: Microsoft HTTP API 2.0\n#Fields: date time s-reason s-queuename\n", "ms:iis:httperr"),
            (
                "#Software: Microsoft Exchange Server\n#Log-type: Message Tracking Log\n#Fields: date-time,client-ip\n",
                "MSExchange:2013:MessageTracking",
            ),
            ("#Software: Other\n#Fields: date time x\n", "w3c"),
        ] {
            assert_eq!(Header::read(directives, true).sourcetype(), expected, "{directives}");
        }
        let header = Header::read("#Fields: a b c\n", true);
        for (line, expected) in [
            ("1 \"two words\" 3", vec!["1", "two words", "3"]),
            ("\"a \"\"b\"\" c\" \"\" x", vec!["a \"\"b\"\" c", "", "x"]),
            ("\"open 2 3", vec!["\"open", "2", "3"]),
            ("1  3 ", vec!["1", "", "3", ""]),
            ("\"last\"", vec!["last"]),
        ] {
            let found: Vec<&[u8]> = values(line.as_bytes(), &header).collect();
            assert_eq!(found, expected.iter().map(|value| value.as_bytes()).collect::<Vec<_>>(), "{line}");
        }
    }
}
