//! The sourcetype of a file that names none: what Splunk calls such files, by their content, for other text by their name.

use crate::format::Format;
use crate::headed::Header;
use crate::json_scanner::Scanner;
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
            let by_name = || if name.starts_with("secure") || name.starts_with("auth.log") { "linux_secure" } else { "syslog" };
            messages(head).unwrap_or_else(by_name).to_owned()
        }
        Format::Text => {
            if let Some(known) = messages(head) {
                return known.to_owned();
            }
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
pub(crate) fn json(head: &[u8]) -> &'static str {
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
    } else if has(&["userPrincipalName", "appDisplayName", "ipAddress", "status", "createdDateTime"]) {
        "azure:aad:signin"
    } else if has(&["auditID", "stage", "verb", "requestURI", "user"]) {
        "kube:apiserver:audit"
    } else if has(&["protoPayload", "insertId", "resource"]) {
        "google:gcp:pubsub:message"
    } else if has(&["webaclId", "terminatingRuleId", "httpRequest"]) {
        "aws:waf"
    } else if has(&["event_simpleName", "aid"]) {
        "crowdstrike:events:sensor"
    } else if has(&["threatInfo", "agentDetectionInfo"]) {
        "sentinelone:channel:threats"
    } else if has(&["access_device", "factor", "result"]) {
        "duo"
    } else if has(&["alertCreationTime", "computerDnsName", "category"]) {
        "ms:defender:atp:alerts"
    } else if has(&["ts", "uid", "id.orig_h", "id.resp_h"]) {
        zeek(&has)
    } else {
        "_json"
    }
}

/// A log of Zeek that does not say which one it is.
fn zeek(has: &dyn Fn(&[&str]) -> bool) -> &'static str {
    const LOGS: &[(&[&str], &str)] = &[
        (&["conn_state"], "zeek:conn:json"),
        (&["trans_id", "query"], "zeek:dns:json"),
        (&["trans_depth", "method"], "zeek:http:json"),
        (&["cipher", "version"], "zeek:ssl:json"),
        (&["mailfrom"], "zeek:smtp:json"),
        (&["auth_attempts"], "zeek:ssh:json"),
    ];
    LOGS.iter().find(|(keys, _)| has(keys)).map_or("_json", |(_, name)| *name)
}

/// What stands in the messages of one product and of no other, with the sourcetype that its add-on gives them.
pub(crate) const MESSAGES: &[(&[&str], &str)] = &[
    (&["%ASA-"], "cisco:asa"),
    (&["%FTD-"], "cisco:ftd"),
    (&[" CISE_"], "cisco:ise:syslog"),
    (&["devid=", "logid=", "type=", "subtype="], "fgt_log"),
    (&["device_name=", "log_type=", "log_component=", "log_subtype="], "sophos:xg"),
    (&["CheckPoint ", "- [", "product:\""], "cp_log:syslog"),
    (&["RT_FLOW_SESSION_", "[junos@"], "juniper:junos:firewall:structured"),
    (&["filterlog", ",match,"], "pfsense:filterlog"),
    (&["kernel:", " IN=", " OUT=", " SRC=", " DST="], "linux:netfilter"),
    (&["client ", "#", " query: ", " IN "], "isc:bind:query"),
    (&["dhcpd", ": DHCP"], "isc:dhcp"),
    (&[" PACKET ", " UDP ", "NOERROR]"], "MSAD:NT6:DNS"),
    (&["postfix/", "]: "], "postfix_syslog"),
    (&["haproxy[", "] ", "/"], "haproxy:http"),
    (&["[**] [", "[Priority: ", "} "], "snort"),
];

/// Most lines that are looked at.
const LOOKED_AT: usize = 50;

/// The sourcetype of text whose lines are nearly all of one product.
pub(crate) fn messages(head: &[u8]) -> Option<&'static str> {
    MESSAGES.iter().find(|(parts, _)| are_lines_of(head, parts)).map(|(_, name)| *name)
}

/// Whether nearly all lines have these parts.
pub(crate) fn are_lines_of(head: &[u8], parts: &[&str]) -> bool {
    let lines = head.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).take(LOOKED_AT);
    let has = |line: &[u8]| parts.iter().all(|part| memchr::memmem::find(line, part.as_bytes()).is_some());
    let (mut all, mut of) = (0, 0);
    for line in lines {
        all += 1;
        of += usize::from(has(line));
    }
    // The last line may be cut.
    all > 0 && of * 10 >= all * 9
}

/// The keys of the first event: of the first object, or of the first one in a list of records.
pub(crate) fn first_keys(head: &[u8]) -> Vec<&[u8]> {
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
            (
                Format::Ndjson,
                "x",
                r#"{"ts":1,"uid":"C","id.orig_h":"a","id.resp_h":"b","conn_state":"SF"}"#.to_owned(),
                "zeek:conn:json",
            ),
            (Format::Ndjson, "x", r#"{"ts":1,"uid":"C","id.orig_h":"a","id.resp_h":"b","other":"SF"}"#.to_owned(), "_json"),
            (Format::Syslog, "x", "Mar  4 10:11:25 fw1 %ASA-6-302013: Built\n".to_owned(), "cisco:asa"),
            (Format::Syslog, "x", "Mar  4 10:11:25 fw1 %ASA-6-302013: Built\nMar  4 10:11:25 w su: x\n".to_owned(), "syslog"),
            (
                Format::Text,
                "x.log",
                "date=2024-03-04 time=10:11:25 devid=\"F\" logid=\"1\" type=\"traffic\" subtype=\"x\"\n".to_owned(),
                "fgt_log",
            ),
            (Format::Text, "a/app.log.gz", String::new(), "app"),
            (Format::Text, "-", String::new(), "text"),
            (Format::Syslog, "/var/log/secure-20240304", String::new(), "linux_secure"),
        ] {
            assert_eq!(of(format, path, head.as_bytes(), None), expected, "{head}");
        }
    }
}
