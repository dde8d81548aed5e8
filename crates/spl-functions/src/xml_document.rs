//! XML documents as trees of elements, and the paths that name their parts.

use indexmap::IndexMap;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::json_path::Step;

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
    let mut reader = Reader::from_str(source);
    let config = reader.config_mut();
    // Names are compared here, and a `&` may stand for itself.
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut document = Document { source, roots: Vec::new(), open: Vec::new() };
    loop {
        let from = place(reader.buffer_position());
        let event = reader.read_event();
        let to = place(reader.buffer_position());
        match event {
            Ok(Event::Start(tag)) => document.begin(element(&tag)?, to)?,
            Ok(Event::Empty(tag)) => {
                document.begin(element(&tag)?, to)?;
                document.end(to);
            }
            Ok(Event::End(tag)) => {
                if document.open.last().is_none_or(|(element, _)| element.name != tag.name().as_ref().trim()) {
                    return None;
                }
                document.end(from);
            }
            // Text that nothing follows may have been cut.
            Ok(Event::Text(text)) if to < source.len() => document.text(&text),
            Ok(Event::GeneralRef(name)) if to < source.len() => match entity(&name) {
                Some(character) => document.text(character.encode_utf8(&mut [0; 4])),
                None => document.text(&format!("&{};", &*name)),
            },
            Ok(Event::CData(text)) => document.text(&text),
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(_) => {
                if let Some(cut) = source.get(from..).and_then(|rest| rest.strip_prefix("<![CDATA[")) {
                    document.text(cut);
                }
                break;
            }
        }
    }
    while !document.open.is_empty() {
        document.end(source.len());
    }
    (!document.roots.is_empty()).then_some(document.roots)
}

fn place(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// A document while it is read.
struct Document<'s> {
    source: &'s str,
    roots: Vec<Element>,
    /// Elements that are not closed, and where their inside begins.
    open: Vec<(Element, usize)>,
}

impl Document<'_> {
    /// Opens an element; none when the nesting is too deep.
    fn begin(&mut self, element: Element, inside: usize) -> Option<()> {
        if self.open.len() >= MOST_LEVELS {
            return None;
        }
        self.open.push((element, inside));
        Some(())
    }

    fn text(&mut self, text: &str) {
        if let Some((element, _)) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }

    /// Closes the innermost element, whose inside ends here.
    fn end(&mut self, inside: usize) {
        let Some((mut element, start)) = self.open.pop() else { return };
        element.text = element.text.trim().to_owned();
        element.inside = self.source.get(start..inside).unwrap_or_default().to_owned();
        match self.open.last_mut() {
            Some((parent, _)) => parent.children.push(element),
            None => self.roots.push(element),
        }
    }
}

/// An element from its tag; none when that is no XML. Attributes end at the first that is none.
fn element(tag: &BytesStart<'_>) -> Option<Element> {
    let name = tag.name();
    let name: &str = name.as_ref();
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') || name.contains(['<', '"', '\'', '=']) {
        return None;
    }
    let mut attributes = Vec::new();
    for attribute in tag.attributes().with_checks(false) {
        let Ok(attribute) = attribute else { break };
        attributes.push((attribute.key.as_ref().to_owned(), unescaped(&attribute.value)));
    }
    Some(Element { name: name.to_owned(), attributes, ..Element::default() })
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
        assert_eq!(parse("<a><b>1</b><![CDATA[cu").unwrap()[0].text, "cu");
    }

    #[test]
    fn texts_are_read_as_they_are_meant() {
        let text = |source: &str| parse(source).unwrap().remove(0).text;
        assert_eq!(text("<a>x &amp; y &#x41;&#66; &nbsp; & z &</a>"), "x & y AB &nbsp; & z &");
        assert_eq!(text("<a> one <b/> two <!-- - --> three </a>"), "one  two  three");
        let roots = parse("<a b=\"1\" c='&lt;2>' d=3 e=\"4\"><x> <y/> </x></a><z/>").unwrap();
        let attributes = |element: &Element| element.attributes.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(attributes(&roots[0]), ["b", "c"]);
        assert_eq!(roots[0].attributes[1].1, "<2>");
        assert_eq!(roots[0].children[0].value(), "<y/>");
        assert_eq!(roots[1].name, "z");
    }
}
