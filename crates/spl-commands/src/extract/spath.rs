//! Planning of `spath`: fields out of JSON or XML.

use futures::future::BoxFuture;
use spl_functions::json_path::{Path, flatten, text_of};
use spl_functions::xml_document;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::extraction::{Existing, extract};

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`spath` needs rows", call.span))?;
        let option = |name: &str| call.option(name).map(|option| &option.value).filter(|value| !value.value.is_empty());
        let source = option("input").map_or("_raw", |value| value.value.as_str());
        let path = option("path").or_else(|| match call.arguments.first() {
            Some(Argument::Text { text, .. }) => Some(text),
            _ => None,
        });
        if let (Some(_), Some(Argument::Text { text, .. })) = (call.option("path"), call.arguments.first()) {
            return Err(Diagnostic::error("plan/argument", "the path is given twice", text.span));
        }
        let output = option("output");
        let Some(path) = path else {
            if let Some(output) = output {
                return Err(Diagnostic::error("plan/argument", "`output` needs a `path`", output.span));
            }
            let cutoff = usize::try_from(context.limits().get("spath_extraction_cutoff")).unwrap_or(usize::MAX);
            let read = |text: &str| {
                let Some(start) = first_characters(text, cutoff) else { return Ok(all_fields(text)) };
                context.warn(
                    Diagnostic::warning(
                        "limit/reached",
                        format!("fields were read from the first {cutoff} characters only"),
                        Some(call.name.span),
                    )
                    .with_help("name a `path`, or raise the limit `spath_extraction_cutoff`"),
                );
                Ok(all_fields(&closed(start)))
            };
            return extract(context, frame, source, Existing::Replace, read).await;
        };
        let steps = Path::parse(&path.value).ok_or_else(|| {
            Diagnostic::error("plan/path", format!("`{}` is not a path", path.value), path.span)
                .with_help("for example `a.b`, `a{}.b`, `a{0}`, `a.b{@c}`")
        })?;
        let name = output.map_or(path.value.as_str(), |output| output.value.as_str());
        let read = |text: &str| Ok(vec![(name.to_owned(), values_at(text, &steps))]);
        extract(context, frame, source, Existing::Replace, read).await
    })
}

/// The first characters of a longer text; 0 = no limit.
fn first_characters(text: &str, most: usize) -> Option<&str> {
    if most == 0 || text.len() <= most {
        return None;
    }
    let (end, _) = text.char_indices().nth(most)?;
    Some(&text[..end])
}

/// JSON that was cut, up to its last whole value and with its brackets closed. XML is read without its end as it is.
fn closed(cut: &str) -> String {
    let mut open: Vec<u8> = Vec::new();
    let (mut in_text, mut escaped) = (false, false);
    // Where the last whole value ends, and how many brackets are open there.
    let (mut end, mut depth) = (0, 0);
    for (at, byte) in cut.bytes().enumerate() {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => {
                open.push(if byte == b'{' { b'}' } else { b']' });
                (end, depth) = (at + 1, open.len());
            }
            b'}' | b']' => {
                open.pop();
                (end, depth) = (at + 1, open.len());
            }
            b',' => (end, depth) = (at, open.len()),
            _ => {}
        }
    }
    if !cut.trim_start().starts_with(['{', '[']) {
        return cut.to_owned();
    }
    let mut whole = cut[..end].to_owned();
    whole.extend(open[..depth.min(open.len())].iter().rev().map(|bracket| char::from(*bracket)));
    whole
}

/// A document, by its first character.
enum Document {
    Json(serde_json::Value),
    Xml(Vec<xml_document::Element>),
}

fn document(text: &str) -> Option<Document> {
    let trimmed = text.trim();
    match trimmed.chars().next()? {
        '<' => xml_document::parse(trimmed).map(Document::Xml),
        '{' | '[' => serde_json::from_str(trimmed).ok().map(Document::Json),
        _ => None,
    }
}

fn all_fields(text: &str) -> Vec<(String, Vec<String>)> {
    match document(text) {
        Some(Document::Json(document)) => flatten(&document),
        Some(Document::Xml(roots)) => xml_document::flatten(&roots),
        None => Vec::new(),
    }
}

fn values_at(text: &str, path: &Path) -> Vec<String> {
    let trimmed = text.trim();
    match trimmed.chars().next() {
        Some('<') => xml_document::parse(trimmed).map(|roots| xml_document::extract(&roots, path.steps())).unwrap_or_default(),
        Some('{' | '[') => path.select(trimmed).unwrap_or_default().iter().map(text_of).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_json_is_closed_after_its_last_whole_value() {
        for (cut, whole) in [
            (r#"{"a":1,"b":"x"#, r#"{"a":1}"#),
            (r#"{"a":[1,2"#, r#"{"a":[1]}"#),
            (r#"{"a":{"b":[{"c":"}"},{"d"#, r#"{"a":{"b":[{"c":"}"},{}]}}"#),
            (r#"{"a":{"b":1},"c""#, r#"{"a":{"b":1}}"#),
            (r#"{"a":"\"","b":[]"#, r#"{"a":"\"","b":[]}"#),
            ("{", "{}"),
            ("<a>x", "<a>x"),
        ] {
            assert_eq!(closed(cut), whole, "{cut}");
        }
        assert_eq!(first_characters("ééé", 2), Some("éé"));
        assert_eq!(first_characters("ééé", 3), None);
        assert_eq!(first_characters("ééé", 0), None);
    }
}
