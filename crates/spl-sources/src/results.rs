//! Results of a search as Splunk exports them as XML, turned into lines of JSON, which are read as such exports are.

use std::io::Result;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use crate::report::{WarningKind, Warnings};

/// Whether a text holds results of a search as XML.
pub(crate) fn is_results(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    let text = &text[..text.len().min(4096)];
    text.starts_with(b"<") && memchr::memmem::find(text, b"<results preview=").is_some()
}

/// The results as lines of JSON. What stands before damage is kept.
pub(crate) fn as_json(bytes: &[u8], warnings: &mut Warnings) -> Result<Vec<u8>> {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&text);
    let mut lines = Vec::new();
    let mut row = Map::new();
    let mut field = String::new();
    let mut values: Vec<String> = Vec::new();
    // The value that is being read; marks of matches may stand in it.
    let mut value: Option<String> = None;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) => match tag.local_name().as_ref() {
                "result" => row.clear(),
                "field" if value.is_none() => {
                    field.clear();
                    values.clear();
                    if let Ok(Some(name)) = tag.try_get_attribute("k") {
                        crate::xml::resolve(&name.value, &mut field);
                    }
                }
                "text" | "v" if !field.is_empty() && value.is_none() => value = Some(String::new()),
                _ => {}
            },
            Ok(Event::End(tag)) => match tag.local_name().as_ref() {
                "text" | "v" => values.extend(value.take()),
                "field" if !field.is_empty() => {
                    let mut texts: Vec<Value> = values.drain(..).map(Value::String).collect();
                    match texts.len() {
                        0 => {}
                        1 => drop(row.insert(std::mem::take(&mut field), texts.remove(0))),
                        _ => drop(row.insert(std::mem::take(&mut field), Value::Array(texts))),
                    }
                    field.clear();
                }
                "result" => {
                    // As the same export writes it in JSON, where several values of a field are a list.
                    lines.extend_from_slice(b"{\"result\":");
                    serde_json::to_writer(&mut lines, &row).map_err(std::io::Error::other)?;
                    lines.extend_from_slice(b"}\n");
                    row.clear();
                }
                _ => {}
            },
            Ok(Event::Text(text)) => {
                if let Some(value) = &mut value {
                    value.push_str(&text);
                }
            }
            Ok(Event::GeneralRef(entity)) => {
                if let Some(value) = &mut value {
                    crate::xml::resolve(&format!("&{};", &*entity), value);
                }
            }
            Ok(Event::CData(text)) => {
                if let Some(value) = &mut value {
                    value.push_str(&text);
                }
            }
            // Each export, and each preview in it, is a document of its own.
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                warnings.add(WarningKind::BadXml, 0, &error.to_string());
                break;
            }
        }
    }
    Ok(lines)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn results_become_lines() {
        let text = "<?xml version='1.0' encoding='UTF-8'?>\n<results preview='0'>\n<meta>\n<fieldOrder>\n<field>user</field>\n</fieldOrder>\n</meta>\n<result offset='0'>\n<field k='user'>\n<value><text>a &amp; b</text></value>\n</field>\n<field k='ip'><value><text>1</text></value><value><text>2</text></value></field>\n<field k='_raw'><v xml:space='preserve' trim='0'>x <sg h=\"1\">y</sg> &lt;z</v></field>\n</result>\n<result offset='1'><field k='user'><value><text>c</text></value></field></result></results>\n";
        assert!(is_results(text.as_bytes()));
        let mut warnings = Warnings::default();
        let lines = String::from_utf8(as_json(text.as_bytes(), &mut warnings).unwrap()).unwrap();
        assert_eq!(
            lines,
            "{\"result\":{\"user\":\"a & b\",\"ip\":[\"1\",\"2\"],\"_raw\":\"x y <z\"}}\n{\"result\":{\"user\":\"c\"}}\n"
        );
        assert!(warnings.first().is_none());
        let damaged = as_json(&text.as_bytes()[..text.len() - 90], &mut warnings).unwrap();
        assert_eq!(damaged.iter().filter(|byte| **byte == b'\n').count(), 1);
    }
}
