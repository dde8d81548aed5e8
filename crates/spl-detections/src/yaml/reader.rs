//! Typed reading of a YAML tree: every value of another type than expected is told of, and the rest is read.

use spl_parser::diagnostic::nearest;
use spl_parser::span::Spanned;
use spl_parser::{Diagnostic, Span};

use super::{Node, Value};

/// A mapping inside a file, whose values are read by their keys.
#[derive(Clone, Debug)]
pub struct Mapping<'n> {
    /// Where it stands in the file, for messages: `tests[0].attack_data[1]`; empty for the whole file.
    path: String,
    span: Span,
    entries: &'n [(Spanned<String>, Node)],
}

impl<'n> Mapping<'n> {
    /// The value of a key; none when the key is not there or has no value.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        let (_, node) = self.entries.iter().find(|(name, _)| name.value == key)?;
        (node.value != Value::Null).then_some(node)
    }

    /// The place of the mapping.
    pub fn span(&self) -> Span {
        self.span
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// Reads typed values out of a tree; what has another type than expected is left out and told of.
#[derive(Debug)]
pub struct Reader {
    /// The code of the problems.
    code: &'static str,
    /// What was wrong so far.
    pub problems: Vec<Diagnostic>,
}

impl Reader {
    /// A reader whose problems have this code.
    pub fn new(code: &'static str) -> Self {
        Self { code, problems: Vec::new() }
    }

    /// Notes a problem at a place.
    pub fn wrong(&mut self, message: impl Into<String>, span: Span) {
        self.problems.push(Diagnostic::error(self.code, message, span));
    }

    /// The file as a mapping.
    pub fn document<'n>(&mut self, node: &'n Node) -> Option<Mapping<'n>> {
        match &node.value {
            Value::Mapping(entries) => Some(Mapping { path: String::new(), span: node.span, entries }),
            other => {
                self.wrong(format!("the file holds {}; expected a mapping of keys", other.name()), node.span);
                None
            }
        }
    }

    /// The text of a key. A number or boolean without quotes is no text.
    pub fn text(&mut self, mapping: &Mapping<'_>, key: &str) -> Option<Spanned<String>> {
        let node = mapping.get(key)?;
        match &node.value {
            Value::Text(text) => Some(Spanned::new(text.clone(), node.span)),
            _ => self.unexpected(&mapping.path_of(key), node, "a text"),
        }
    }

    /// The whole number of a key.
    pub fn integer(&mut self, mapping: &Mapping<'_>, key: &str) -> Option<Spanned<i64>> {
        let node = mapping.get(key)?;
        match &node.value {
            Value::Integer(number) => Some(Spanned::new(*number, node.span)),
            // As common YAML models read it: `"3"` where a number is meant is one.
            Value::Text(text) if text.trim().parse::<i64>().is_ok() => {
                Some(Spanned::new(text.trim().parse().unwrap_or_default(), node.span))
            }
            _ => self.unexpected(&mapping.path_of(key), node, "a whole number"),
        }
    }

    /// The boolean of a key.
    pub fn flag(&mut self, mapping: &Mapping<'_>, key: &str) -> Option<bool> {
        let node = mapping.get(key)?;
        match &node.value {
            Value::Flag(flag) => Some(*flag),
            // As `contentctl` reads a quoted one.
            Value::Text(text) => match flag_of(text) {
                Some(flag) => Some(flag),
                None => self.unexpected(&mapping.path_of(key), node, "true or false"),
            },
            _ => self.unexpected(&mapping.path_of(key), node, "true or false"),
        }
    }

    /// The texts of a key that holds a list of them; empty without the key.
    pub fn texts(&mut self, mapping: &Mapping<'_>, key: &str) -> Vec<Spanned<String>> {
        let mut texts = Vec::new();
        for (place, node) in self.list(mapping, key).iter().enumerate() {
            match &node.value {
                Value::Text(text) => texts.push(Spanned::new(text.clone(), node.span)),
                _ => {
                    self.unexpected::<()>(&format!("{}[{place}]", mapping.path_of(key)), node, "a text");
                }
            }
        }
        texts
    }

    /// The members of a key that holds a list; empty without the key.
    pub fn list<'n>(&mut self, mapping: &Mapping<'n>, key: &str) -> &'n [Node] {
        match mapping.get(key) {
            None => &[],
            Some(Node { value: Value::List(items), .. }) => items,
            Some(node) => {
                self.unexpected::<()>(&mapping.path_of(key), node, "a list");
                &[]
            }
        }
    }

    /// The mapping of a key.
    pub fn mapping<'n>(&mut self, mapping: &Mapping<'n>, key: &str) -> Option<Mapping<'n>> {
        self.as_mapping(mapping.path_of(key), mapping.get(key)?)
    }

    /// The mappings of a key that holds a list of them; empty without the key.
    pub fn mappings<'n>(&mut self, mapping: &Mapping<'n>, key: &str) -> Vec<Mapping<'n>> {
        let nodes = self.list(mapping, key).iter().enumerate();
        nodes.filter_map(|(place, node)| self.as_mapping(format!("{}[{place}]", mapping.path_of(key)), node)).collect()
    }

    /// Tells of a key that must be there.
    pub fn required<T>(&mut self, mapping: &Mapping<'_>, key: &str, value: Option<T>) -> Option<T> {
        // A value of another type was told of already.
        if value.is_none() && mapping.get(key).is_none() {
            self.wrong(format!("`{}` is missing", mapping.path_of(key)), mapping.span);
        }
        value
    }

    /// The keys of a mapping that are not among the known ones, with a near name for each.
    pub fn unknown_keys(&self, mapping: &Mapping<'_>, known: &[&'static str]) -> Vec<UnknownKey> {
        let unknown = mapping.entries.iter().filter(|(key, _)| !known.contains(&key.value.as_str()));
        unknown
            .map(|(key, _)| UnknownKey {
                path: mapping.path_of(&key.value),
                span: key.span,
                near: nearest(&key.value, known.iter().copied()).map(str::to_owned),
            })
            .collect()
    }

    fn as_mapping<'n>(&mut self, path: String, node: &'n Node) -> Option<Mapping<'n>> {
        match &node.value {
            Value::Mapping(entries) => Some(Mapping { path, span: node.span, entries }),
            _ => self.unexpected(&path, node, "a mapping of keys"),
        }
    }

    fn unexpected<T>(&mut self, path: &str, node: &Node, expected: &str) -> Option<T> {
        self.wrong(format!("`{path}` is {}; expected {expected}", node.value.name()), node.span);
        None
    }
}

/// A key that no reader of the file knows.
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownKey {
    /// With the keys above it: `tags.mitre_attack_ids`.
    pub path: String,
    /// Where it stands in the file.
    pub span: Span,
    /// The known key that was probably meant.
    pub near: Option<String>,
}

/// The boolean that a text is taken for.
pub(crate) fn flag_of(text: &str) -> Option<bool> {
    let is = |known: [&str; 6]| known.iter().any(|known| text.eq_ignore_ascii_case(known));
    if is(["true", "yes", "on", "t", "y", "1"]) {
        return Some(true);
    }
    is(["false", "no", "off", "f", "n", "0"]).then_some(false)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    const TEXT: &str = "name: Ä b\nversion: 3\ntags:\n  list:\n  - one\n  - 2\n  flag: yes it is\nquoted: 'x\n\n  y'\n";

    fn names(text: &str, spans: &[Span]) -> Vec<String> {
        spans.iter().map(|span| span.text(text).to_owned()).collect()
    }

    #[test]
    fn values_know_their_places() {
        let root = parse(TEXT).unwrap();
        let mut reader = Reader::new("x/y");
        let file = reader.document(&root).unwrap();
        let name = reader.text(&file, "name").unwrap();
        assert_eq!((name.value.as_str(), name.span.text(TEXT)), ("Ä b", "Ä b"));
        assert_eq!(reader.integer(&file, "version").unwrap().value, 3);
        let quoted = reader.text(&file, "quoted").unwrap();
        assert_eq!((quoted.value.as_str(), quoted.span.text(TEXT)), ("x\ny", "'x"));
        assert!(reader.problems.is_empty());
        let unknown = reader.unknown_keys(&file, &["name", "versions", "tags"]);
        let spans: Vec<Span> = unknown.iter().map(|key| key.span).collect();
        assert_eq!(names(TEXT, &spans), ["version", "quoted"]);
        assert_eq!(unknown[0].near.as_deref(), Some("versions"));
    }

    #[test]
    fn each_value_of_another_type_is_told_of() {
        let root = parse(TEXT).unwrap();
        let mut reader = Reader::new("x/y");
        let file = reader.document(&root).unwrap();
        let tags = reader.mapping(&file, "tags").unwrap();
        assert_eq!(reader.texts(&tags, "list").len(), 1);
        assert_eq!(reader.flag(&tags, "flag"), None);
        assert_eq!(reader.required::<()>(&tags, "other", None), None);
        assert!(reader.mapping(&file, "name").is_none());
        let messages: Vec<&str> = reader.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "`tags.list[1]` is a number; expected a text",
                "`tags.flag` is a text; expected true or false",
                "`tags.other` is missing",
                "`name` is a text; expected a mapping of keys"
            ]
        );
        assert_eq!(reader.problems[0].span().unwrap().text(TEXT), "2");
    }

    #[test]
    fn files_that_are_no_mapping() {
        let mut reader = Reader::new("x/y");
        assert!(reader.document(&parse("- a\n").unwrap()).is_none());
        assert!(reader.document(&parse("").unwrap()).is_none());
        assert_eq!(reader.problems.len(), 2);
        assert!(parse("a: [\n").is_err());
        assert!(parse(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000))).is_err());
    }
}
