//! The collections of real logs, when they are there.

use std::collections::BTreeMap;
use std::path::PathBuf;

use spl_sources::{WarningKind, load};

use crate::support::*;

#[test]
fn every_record_of_real_event_logs_is_an_event() {
    let Some(packs) = packs() else { return };
    let files = files_below(&packs.join("evtx"), ".evtx");
    let loaded = load(&options(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())).unwrap();
    assert_eq!(loaded.report.files.len(), files.len());
    for (file, report) in files.iter().zip(&loaded.report.files) {
        let records = evtx::EvtxParser::from_path(file).unwrap().records().filter(Result::is_ok).count() as u64;
        assert_eq!(report.events, records, "{}", report.path);
    }
    let table = &loaded.table;
    assert_eq!(table.rows() as u64, loaded.report.events());
    assert_eq!(column(table, "EventCode").iter().flatten().count(), table.rows());
    let records = texts(table, "EventRecordID");
    let services: Vec<&String> = texts(table, "EventCode")
        .iter()
        .zip(texts(table, "source").iter().zip(&records))
        .filter(|(code, (source, _))| *code == "7045" && *source == "XmlWinEventLog:System")
        .map(|(_, (_, record))| record)
        .collect::<Vec<_>>()
        .into_iter()
        .map(|record| records.iter().find(|known| *known == record).unwrap())
        .collect();
    for record in ["4480", "4482", "6045"] {
        assert!(services.iter().any(|service| *service == record), "{record}");
    }
}

#[test]
fn every_line_of_real_archives_is_an_event() {
    let Some(packs) = packs() else { return };
    let mut files = files_below(&packs.join("otrf"), ".zip");
    files.extend(files_below(&packs.join("otrf"), ".gz"));
    let loaded = load(&options(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())).unwrap();
    for file in &loaded.report.files {
        // One of the archives ends before its checksum.
        assert!(file.warnings.iter().all(|warning| warning.kind == WarningKind::BadFile), "{}: {:?}", file.path, file.warnings);
    }
    let mut lines = 0;
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        if file.extension().is_some_and(|ending| ending == "zip") {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
            for index in 0..archive.len() {
                let mut member = archive.by_index(index).unwrap();
                if !member.name().unwrap().starts_with("__MACOSX") {
                    lines += count_lines(&mut member);
                }
            }
        } else {
            let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&bytes[..]));
            for mut member in archive.entries().unwrap().map_while(Result::ok) {
                lines += count_lines(&mut member);
            }
        }
    }
    assert_eq!(loaded.report.events(), lines);
    assert_eq!(loaded.table.rows() as u64, lines);
    let times = column(&loaded.table, "_time");
    let year_2000 = times.iter().flatten().filter(|time| time.parse::<f64>().unwrap() < 946_684_800.0).count();
    assert_eq!(year_2000, 0);
}

fn count_lines(reader: &mut impl std::io::Read) -> u64 {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    bytes.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count() as u64
}

#[test]
fn json_scanning_agrees_with_serde() {
    let Some(packs) = packs() else { return };
    let path = packs.join("../sigma/events.ndjson");
    let Ok(text) = std::fs::read_to_string(&path) else {
        return;
    };
    let table = load(&options(&[&path])).unwrap().table;
    let raw = texts(&table, "_raw");
    assert_eq!(raw.len(), text.lines().count());
    let mut columns: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for (row, line) in raw.iter().enumerate() {
        let serde_json::Value::Object(event) = serde_json::from_str(line).unwrap() else { panic!() };
        for (key, expected) in event {
            let (name, expected) = match expected {
                serde_json::Value::String(text) => (key, text),
                serde_json::Value::Number(number) => (key, number.to_string()),
                serde_json::Value::Array(items) => (
                    format!("{key}{{}}"),
                    items.iter().map(|item| item.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("|"),
                ),
                other => panic!("{other}"),
            };
            let values = columns.entry(name.clone()).or_insert_with(|| column(&table, &name));
            assert_eq!(values[row].as_deref(), Some(expected.as_str()), "{name}");
        }
    }
}

#[test]
fn fields_of_xml_text_agree_with_flattened_events() {
    let Some(packs) = packs() else { return };
    let (flat, xml) = (packs.join("../sigma/events.ndjson"), packs.join("../sigma/raw_xml.ndjson"));
    if !flat.is_file() || !xml.is_file() {
        return;
    }
    let flat = load(&options(&[&flat])).unwrap().table;
    let xml = load(&options(&[&xml])).unwrap().table;
    assert_eq!(flat.rows(), xml.rows());
    let renamed = [("Execution_ProcessID", "ProcessID"), ("Execution_ThreadID", "ThreadID"), ("Security_UserID", "UserID")];
    let mut different: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for field in flat.schema.fields() {
        let name = field.name().trim_end_matches("{}");
        if ["_raw", "source", "sourcetype", "host", "__ordinal"].contains(&name) {
            continue;
        }
        let same = renamed.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| to);
        for (row, (expected, found)) in column(&flat, field.name()).into_iter().zip(column(&xml, same)).enumerate() {
            let Some(expected) = expected else { continue };
            let found = found.unwrap_or_default();
            // A name that both the system part and the data use has both values.
            if found != expected && !found.split('|').any(|one| one == expected) && !expected.split('|').any(|one| one == found) {
                let entry = different.entry(name.to_owned()).or_insert((0, format!("row {row}: `{expected}` and `{found}`")));
                entry.0 += 1;
            }
        }
    }
    assert!(different.is_empty(), "{different:#?}");
}
