//! XML documents as trees of elements, and the paths that name their parts.

use crate::json_path::Step;
use indexmap::IndexMap;

/// Deepest nesting that is read.
const MOST_LEVELS: usize = 500;

/// An element.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Element {
    /// Name with its prefix, as written.
    pub name: String,
    /// Attributes in order, entities resolved.
    pub attributes: Vec<(String, String)>,
    /// Text directly inside, entities resolved, without blanks around.
    pub text: String,
    /// Elements directly inside.
    pub children: Vec<Element>,
    /// What is inside, as written.
    pub inside: String,
}

impl Element {
    /// As a field value: its text, or what is inside when it has elements.
    pub fn value(&self) -> &str {
        if self.children.is_empty() { &self.text } else { self.inside.trim() }
    }
}

/// Reads the elements of a text; none when it is no XML. Elements that are not closed at the end are closed there,
/// since an event's text may have been cut.
pub fn parse(source: &str) -> Option<Vec<Element>> {
    let mut roots: Vec<Element> = Vec::new();
    let mut open: Vec<(Element, usize)> = Vec::new();
    let mut rest_at = 0;
    let close = |open: &mut Vec<(Element, usize)>, roots: &mut Vec<Element>, end: usize| {
        if let Some((mut element, start)) = open.pop() {
            element.text = element.text.trim().to_owned();
            element.inside = source.get(start..end).unwrap_or_default().to_owned();
            match open.last_mut() {
                Some((parent, _)) => parent.children.push(element),
                None => roots.push(element),
            }
        }
    };
    while let Some(found) = source[rest_at..].find('<') {
        let at = rest_at + found;
        if let Some((element, _)) = open.last_mut() {
            element.text.push_str(&unescaped(&source[rest_at..at]));
        }
        let tag = &source[at..];
        if let Some(inside) = tag.strip_prefix("<![CDATA[") {
            let end = inside.find("]]>").unwrap_or(inside.len());
            if let Some((element, _)) = open.last_mut() {
                element.text.push_str(&inside[..end]);
            }
            rest_at = (at + 9 + end + 3).min(source.len());
            continue;
        }
        let skipped = [("<!--", "-->"), ("<?", "?>"), ("<!", ">")].into_iter().find(|(start, _)| tag.starts_with(start));
        if let Some((_, end)) = skipped {
            rest_at = at + tag.find(end).map_or(tag.len(), |place| place + end.len());
            continue;
        }
        let Some(end) = end_of_tag(tag) else { break };
        let inside = &tag[1..end];
        rest_at = at + end + 1;
        if let Some(name) = inside.strip_prefix('/') {
            if open.last().is_none_or(|(element, _)| element.name != name.trim()) {
                return None;
            }
            close(&mut open, &mut roots, at);
            continue;
        }
        let (inside, empty) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let element = start_tag(inside)?;
        if open.len() >= MOST_LEVELS {
            return None;
        }
        open.push((element, rest_at));
        if empty {
            close(&mut open, &mut roots, rest_at);
        }
    }
    while !open.is_empty() {
        close(&mut open, &mut roots, source.len());
    }
    (!roots.is_empty()).then_some(roots)
}

/// Where the `>` of a tag stands; quoted ones do not count.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'"' || byte == b'\'' => quote = Some(byte),
            None if byte == b'>' => return Some(at),
            None => {}
        }
    }
    None
}

fn start_tag(inside: &str) -> Option<Element> {
    let end = inside.find(|c: char| c.is_whitespace()).unwrap_or(inside.len());
    let (name, mut rest) = inside.split_at(end);
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') || name.contains(['<', '"', '\'', '=']) {
        return None;
    }
    let mut element = Element { name: name.to_owned(), ..Element::default() };
    loop {
        rest = rest.trim_start();
        let Some((attribute, after)) = rest.split_once('=') else {
            break;
        };
        let after = after.trim_start();
        let Some(quote) = after.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else {
            break;
        };
        let Some((value, behind)) = after[1..].split_once(quote) else {
            break;
        };
        element.attributes.push((attribute.trim().to_owned(), unescaped(value)));
        rest = behind;
    }
    Some(element)
}

/// Text with its entities resolved; unknown ones stay.
pub fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        let resolved = rest.find(';').filter(|end| *end <= 10).and_then(|end| Some((entity(&rest[1..end])?, end)));
        match resolved {
            Some((character, end)) => {
                result.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                result.push('&');
                rest = &rest[1..];
            }
        }
    }
    result.push_str(rest);
    result
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

/// The values that a path names, in the order of the document. `{n}` is the nth of the elements of that name in their
/// parent, from 1; `{@name}` an attribute.
///
/// Source: Splunk search reference, spath.
pub fn extract(roots: &[Element], steps: &[Step]) -> Vec<String> {
    // Elements in groups of one parent each.
    let mut groups: Vec<Vec<&Element>> = Vec::new();
    let mut first = true;
    for step in steps {
        groups = match step {
            Step::Key(name) => {
                if first {
                    vec![roots.iter().filter(|element| element.name == *name).collect()]
                } else {
                    groups
                        .iter()
                        .flatten()
                        .map(|element| element.children.iter().filter(|child| child.name == *name).collect::<Vec<_>>())
                        .collect()
                }
            }
            Step::Element(number) => groups
                .iter()
                .filter_map(|group| {
                    let place = match number {
                        1.. => usize::try_from(number - 1).ok()?,
                        0 => return None,
                        _ => group.len().checked_sub(usize::try_from(number.unsigned_abs()).ok()?)?,
                    };
                    group.get(place).map(|element| vec![*element])
                })
                .collect(),
            Step::Elements => groups,
            Step::Attribute(name) => {
                return groups
                    .iter()
                    .flatten()
                    .filter_map(|element| {
                        element.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
                    })
                    .collect();
            }
        };
        first = false;
    }
    groups.iter().flatten().map(|element| element.value().to_owned()).collect()
}

/// The fields of a document: `a.b` for the text of elements, `a.b{@c}` for attributes, each with its values.
///
/// Source: Splunk search reference, spath.
pub fn flatten(roots: &[Element]) -> Vec<(String, Vec<String>)> {
    let mut fields: IndexMap<String, Vec<String>> = IndexMap::new();
    collect(roots, "", &mut fields);
    fields.into_iter().collect()
}

fn collect(elements: &[Element], parent: &str, fields: &mut IndexMap<String, Vec<String>>) {
    for element in elements {
        let name = if parent.is_empty() { element.name.clone() } else { format!("{parent}.{}", element.name) };
        for (attribute, value) in &element.attributes {
            fields.entry(format!("{name}{{@{attribute}}}")).or_default().push(value.clone());
        }
        if !element.text.is_empty() {
            fields.entry(name.clone()).or_default().push(element.text.clone());
        }
        collect(&element.children, &name, fields);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::json_path::Path;

    #[test]
    fn paths_and_fields() {
        let source =
            r#"<?xml version="1.0"?><!-- x --><a id="1"><b c='x>y'>one &amp; two</b><b/><b>3</b><d><![CDATA[<raw>]]></d></a>"#;
        let roots = parse(source).unwrap();
        let at = |path: &str| extract(&roots, Path::parse(path).unwrap().steps());
        assert_eq!(at("a.b"), ["one & two", "", "3"]);
        assert_eq!(at("a.b{3}"), ["3"]);
        assert_eq!(at("a.b{@c}"), ["x>y"]);
        assert_eq!(at("a.d"), ["<raw>"]);
        let fields = flatten(&roots);
        assert_eq!(fields[0], ("a{@id}".to_owned(), vec!["1".to_owned()]));
        assert!(fields.contains(&("a.b".to_owned(), vec!["one & two".to_owned(), "3".to_owned()])));
    }

    #[test]
    fn bad_documents() {
        for source in ["", "text", "<a></b>", "< a>", "<", "</a>"] {
            assert_eq!(parse(source), None, "{source}");
        }
        assert!(parse(&"<a>".repeat(1000)).is_none());
        assert_eq!(parse("<a><b>cut").unwrap()[0].children[0].text, "");
    }
}
