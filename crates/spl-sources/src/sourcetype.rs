//! The sourcetype of a file that names none: what Splunk calls such files, by their content, for other text by their name.

use crate::headed::Header;
use crate::json::Scanner;
use crate::options::Format;
use crate::{access, syslog};

/// The sourcetype of a file with this beginning.
pub(crate) fn of(format: Format, path: &str, head: &[u8], header: Option<&Header>) -> String {
    match format {
        Format::Ndjson | Format::Json => json(head).to_owned(),
        Format::Parquet => "_json".to_owned(),
        Format::Csv => "csv".to_owned(),
        Format::Tsv => "tsv".to_owned(),
        Format::Evtx | Format::Xml => "XmlWinEventLog".to_owned(),
        Format::Audit => "linux:audit".to_owned(),
        Format::Cef => "cef".to_owned(),
        Format::Leef => "leef".to_owned(),
        Format::W3c => header.map_or("iis", Header::sourcetype).to_owned(),
        Format::Zeek => match header.and_then(|header| header.path.as_deref()) {
            Some(path) => format!("zeek:{path}"),
            None => "zeek".to_owned(),
        },
        Format::Access => {
            let head = String::from_utf8_lossy(head);
            head.lines().find_map(access::parse).map_or("access_combined", |line| line.sourcetype()).to_owned()
        }
        Format::Syslog => {
            let name = file_name(path);
            if name.starts_with("secure") || name.starts_with("auth.log") { "linux_secure" } else { "syslog" }.to_owned()
        }
        Format::Text => {
            let name = file_name(path);
            let mut stem = name;
            for ending in [".gz", ".zst", ".bz2", ".xz", ".log", ".txt", ".raw", ".xml"] {
                stem = stem.strip_suffix(ending).unwrap_or(stem);
            }
            if stem.is_empty() || stem == "-" { "text".to_owned() } else { stem.to_owned() }
        }
    }
}

/// The format of text whose sourcetype is given: that of the sourcetypes that Splunk reads line by line.
pub(crate) fn format(sourcetype: &str, head: &[u8]) -> Option<Format> {
    let first = head.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    let first = String::from_utf8_lossy(first.unwrap_or_default());
    match sourcetype {
        "access_combined" | "access_combined_wcookie" | "access_common" => Some(Format::Access),
        "syslog" | "linux_secure" | "linux_messages_syslog" | "cisco_syslog" => {
            syslog::header(&first).is_some().then_some(Format::Syslog)
        }
        "linux:audit" | "linux_audit" | "auditd" => Some(Format::Audit),
        "cef" | "CEF" => Some(Format::Cef),
        "leef" | "LEEF" => Some(Format::Leef),
        _ => None,
    }
}

/// Whether Splunk finds process and pid in the headers of a sourcetype's lines. Others give these names to something else.
pub(crate) fn has_syslog_fields(sourcetype: &str) -> bool {
    sourcetype.contains("syslog") || matches!(sourcetype, "linux_secure" | "linux_bootlog" | "osx_secure" | "osx_secure_log")
}

/// The last part of a path, or of the name of an archive's member.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\', ':']).next().unwrap_or(path)
}

/// JSON of sources that the keys of the first event show, else Splunk's `_json`.
fn json(head: &[u8]) -> &'static str {
    let keys = first_keys(head);
    let has = |names: &[&str]| names.iter().all(|name| keys.contains(&name.as_bytes()));
    if has(&["eventVersion", "eventSource", "eventName", "awsRegion"]) {
        "aws:cloudtrail"
    } else if has(&["CreationTime", "RecordType", "Workload", "Operation"]) {
        "o365:management:activity"
    } else if has(&["__REALTIME_TIMESTAMP", "MESSAGE"]) {
        "journald"
    } else if has(&["event_type", "flow_id"]) {
        "suricata"
    } else if has(&["eventType", "published", "actor", "outcome", "uuid"]) {
        "OktaIM2:log"
    } else if has(&["name", "hostIdentifier", "calendarTime", "unixTime"]) {
        "osquery:results"
    } else if has(&["schemaVersion", "accountId", "region", "service", "severity"]) {
        "aws:cloudwatch:guardduty"
    } else {
        "_json"
    }
}

/// The keys of the first event: of the first object, or of the first one in a list of records.
fn first_keys(head: &[u8]) -> Vec<&[u8]> {
    let mut start = head.iter().position(|byte| *byte == b'{').unwrap_or(head.len());
    if let Some(list) = crate::envelope::wrapper(&head[start..]) {
        start += list;
        start += head[start..].iter().position(|byte| *byte == b'{').unwrap_or(head.len() - start);
    }
    let mut scanner = Scanner { text: head, at: start + 1 };
    let mut keys = Vec::new();
    while let Some(key) = scanner.key() {
        keys.push(key);
        if scanner.skip_value().is_err() || scanner.peek() != Some(b',') {
            break;
        }
        scanner.at += 1;
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sourcetypes_by_content() {
        let trail = r#"{"eventVersion":"1.08","eventSource":"s3","eventName":"x","awsRegion":"r"}"#;
        for (format, path, head, expected) in [
            (Format::Ndjson, "x", trail.to_owned(), "aws:cloudtrail"),
            (Format::Json, "x", format!("{{\"Records\": [{trail}]}}"), "aws:cloudtrail"),
            (Format::Json, "x", format!("[{trail}]"), "aws:cloudtrail"),
            (Format::Ndjson, "x", "{\"a\":1}".to_owned(), "_json"),
            (Format::Text, "a/app.log.gz", String::new(), "app"),
            (Format::Text, "-", String::new(), "text"),
            (Format::Syslog, "/var/log/secure-20240304", String::new(), "linux_secure"),
        ] {
            assert_eq!(of(format, path, head.as_bytes(), None), expected, "{head}");
        }
    }
}
