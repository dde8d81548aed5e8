//! XPath over XML documents, as far as it selects elements, attributes and texts.

use serde::{Deserialize, Serialize};
use spl_functions::xml_document::Element;

/// A path that was read: alternatives joined by `|`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct XmlPath {
    text: String,
    alternatives: Vec<Vec<Step>>,
}

#[derive(Clone, Debug)]
struct Step {
    /// After `//`: from any element below.
    deep: bool,
    test: Test,
    predicates: Vec<Predicate>,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// `name` or `*`.
    Element(Option<String>),
    /// `@name` or `@*`.
    Attribute(Option<String>),
    Text,
    /// `.`
    Itself,
}

#[derive(Clone, Debug)]
enum Predicate {
    Or(Box<Predicate>, Box<Predicate>),
    And(Box<Predicate>, Box<Predicate>),
    Not(Box<Predicate>),
    Position(usize),
    Exists(Operand),
    Compare(Operand, Comparison, Operand),
    Contains(Operand, Operand),
    StartsWith(Operand, Operand),
}

#[derive(Clone, Debug)]
enum Operand {
    Path(Vec<Step>),
    Text(String),
    Number(f64),
    Position,
    Last,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy)]
enum Node<'e> {
    /// What holds the root elements.
    Document(&'e [Element]),
    Element(&'e Element),
    Text(&'e str),
}

impl<'e> Node<'e> {
    fn children(self) -> &'e [Element] {
        match self {
            Self::Document(roots) => roots,
            Self::Element(element) => &element.children,
            Self::Text(_) => &[],
        }
    }

    fn text(self) -> String {
        match self {
            Self::Document(_) => String::new(),
            Self::Element(element) => element.value().to_owned(),
            Self::Text(text) => text.to_owned(),
        }
    }
}

impl From<XmlPath> for String {
    fn from(path: XmlPath) -> Self {
        path.text
    }
}

impl TryFrom<String> for XmlPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl XmlPath {
    /// Reads a path.
    ///
    /// # Errors
    /// What can't be read, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { rest: text, depth: 0 };
        let mut alternatives = Vec::new();
        loop {
            alternatives.push(reader.path()?);
            if !reader.symbol("|") {
                break;
            }
        }
        reader.blanks();
        if reader.rest.is_empty() {
            Ok(Self { text: text.to_owned(), alternatives })
        } else {
            Err(format!("`{}` is not understood", reader.rest))
        }
    }

    /// The values that the path selects, in the order of the document: texts of elements without elements inside, the
    /// inside of others as it is written.
    pub fn values(&self, roots: &[Element]) -> Vec<String> {
        self.alternatives
            .iter()
            .flat_map(|steps| select(Node::Document(roots), steps))
            .map(Node::text)
            .filter(|text| !text.is_empty())
            .collect()
    }
}

fn select<'e>(from: Node<'e>, steps: &[Step]) -> Vec<Node<'e>> {
    let mut nodes = vec![from];
    for step in steps {
        let mut next = Vec::new();
        for node in nodes {
            let mut starts = vec![node];
            if step.deep {
                descend(node, &mut starts);
            }
            for start in starts {
                let mut found = step.test.apply(start);
                for predicate in &step.predicates {
                    let last = found.len();
                    let mut place = 0;
                    found.retain(|node| {
                        place += 1;
                        predicate.holds(*node, place, last)
                    });
                }
                next.append(&mut found);
            }
        }
        nodes = next;
    }
    nodes
}

fn descend<'e>(node: Node<'e>, all: &mut Vec<Node<'e>>) {
    for child in node.children() {
        all.push(Node::Element(child));
        descend(Node::Element(child), all);
    }
}

impl Test {
    fn apply<'e>(&self, node: Node<'e>) -> Vec<Node<'e>> {
        match (self, node) {
            (Self::Itself, _) => vec![node],
            (Self::Element(name), _) => node
                .children()
                .iter()
                .filter(|child| name.as_ref().is_none_or(|name| child.name == *name))
                .map(Node::Element)
                .collect(),
            (Self::Attribute(name), Node::Element(element)) => element
                .attributes
                .iter()
                .filter(|(known, _)| name.as_ref().is_none_or(|name| known == name))
                .map(|(_, value)| Node::Text(value))
                .collect(),
            (Self::Text, Node::Element(element)) if !element.text.is_empty() => vec![Node::Text(&element.text)],
            _ => Vec::new(),
        }
    }
}

impl Predicate {
    fn holds(&self, node: Node<'_>, place: usize, last: usize) -> bool {
        let texts = |operand: &Operand| operand.texts(node, place, last);
        let any = |left: &Operand, right: &Operand, test: fn(&str, &str) -> bool| {
            let (left, right) = (texts(left), texts(right));
            left.iter().any(|left| right.iter().any(|right| test(left, right)))
        };
        match self {
            Self::Or(left, right) => left.holds(node, place, last) || right.holds(node, place, last),
            Self::And(left, right) => left.holds(node, place, last) && right.holds(node, place, last),
            Self::Not(inner) => !inner.holds(node, place, last),
            Self::Position(number) => place == *number,
            Self::Exists(Operand::Last) => place == last,
            Self::Exists(operand) => !texts(operand).is_empty(),
            Self::Contains(left, right) => any(left, right, |left, right| left.contains(right)),
            Self::StartsWith(left, right) => any(left, right, |left, right| left.starts_with(right)),
            Self::Compare(left, comparison, right) => {
                let (left, right) = (texts(left), texts(right));
                left.iter().any(|left| right.iter().any(|right| comparison.holds(left, right)))
            }
        }
    }
}

impl Comparison {
    fn holds(self, left: &str, right: &str) -> bool {
        let numbers = left.trim().parse::<f64>().ok().zip(right.trim().parse::<f64>().ok());
        match (self, numbers) {
            (Self::Equal, Some((a, b))) => a == b,
            (Self::Equal, None) => left == right,
            (Self::NotEqual, Some((a, b))) => a != b,
            (Self::NotEqual, None) => left != right,
            (Self::Less, Some((a, b))) => a < b,
            (Self::LessOrEqual, Some((a, b))) => a <= b,
            (Self::Greater, Some((a, b))) => a > b,
            (Self::GreaterOrEqual, Some((a, b))) => a >= b,
            (_, None) => false,
        }
    }
}

impl Operand {
    fn texts(&self, node: Node<'_>, place: usize, last: usize) -> Vec<String> {
        match self {
            Self::Path(steps) => select(node, steps).into_iter().map(Node::text).collect(),
            Self::Text(text) => vec![text.clone()],
            Self::Number(number) => vec![number.to_string()],
            Self::Position => vec![place.to_string()],
            Self::Last => vec![last.to_string()],
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

const MOST_LEVELS: usize = 50;

impl<'t> Reader<'t> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        self.blanks();
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn name(&mut self) -> Option<&'t str> {
        self.blanks();
        let starts = self.rest.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let end = self
            .rest
            .char_indices()
            .find(|(at, c)| {
                let joins = *c == ':' && !self.rest[*at..].starts_with("::");
                !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.') || joins)
            })
            .map_or(self.rest.len(), |(at, _)| at);
        if !starts || end == 0 {
            return None;
        }
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(name)
    }

    fn expected(&self, what: &str) -> String {
        if self.rest.is_empty() {
            format!("{what} is missing at the end")
        } else {
            format!("{what} is expected where `{}` stands", self.rest.chars().take(40).collect::<String>())
        }
    }

    fn path(&mut self) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        let mut deep = self.symbol("//");
        if !deep {
            self.symbol("/");
        }
        loop {
            steps.push(self.step(deep)?);
            deep = self.symbol("//");
            if !deep && !self.symbol("/") {
                return Ok(steps);
            }
        }
    }

    fn step(&mut self, deep: bool) -> Result<Step, String> {
        self.blanks();
        let test = if self.symbol("..") {
            return Err("the way up `..` is not supported".to_owned());
        } else if self.symbol(".") {
            Test::Itself
        } else if self.symbol("@") {
            self.attribute()?
        } else if self.symbol("*") {
            Test::Element(None)
        } else {
            let name = self.name().ok_or_else(|| self.expected("a name, `*`, `@` or `.`"))?;
            if self.symbol("::") {
                match name {
                    "child" if self.symbol("*") => Test::Element(None),
                    "child" => Test::Element(Some(self.name().ok_or_else(|| self.expected("a name"))?.to_owned())),
                    "attribute" => self.attribute()?,
                    "self" if self.symbol("node()") => Test::Itself,
                    _ => return Err(format!("the axis `{name}` is not supported")),
                }
            } else if self.symbol("(") {
                match (name, self.symbol(")")) {
                    ("text", true) => Test::Text,
                    _ => return Err(format!("the function `{name}` is not supported here")),
                }
            } else {
                Test::Element(Some(name.to_owned()))
            }
        };
        let mut predicates = Vec::new();
        while self.symbol("[") {
            predicates.push(self.any()?);
            if !self.symbol("]") {
                return Err(self.expected("`]`"));
            }
        }
        Ok(Step { deep, test, predicates })
    }

    fn attribute(&mut self) -> Result<Test, String> {
        if self.symbol("*") {
            return Ok(Test::Attribute(None));
        }
        let name = self.name().ok_or_else(|| self.expected("the name of an attribute"))?;
        Ok(Test::Attribute(Some(name.to_owned())))
    }

    fn word(&mut self, word: &str) -> bool {
        self.blanks();
        let before = self.rest;
        if self.name() == Some(word) {
            return true;
        }
        self.rest = before;
        false
    }

    fn any(&mut self) -> Result<Predicate, String> {
        self.depth += 1;
        if self.depth > MOST_LEVELS {
            return Err("it is nested too deeply".to_owned());
        }
        let mut left = self.all()?;
        while self.word("or") {
            left = Predicate::Or(Box::new(left), Box::new(self.all()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn all(&mut self) -> Result<Predicate, String> {
        let mut left = self.one()?;
        while self.word("and") {
            left = Predicate::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Predicate, String> {
        if self.symbol("(") {
            let inner = self.any()?;
            return if self.symbol(")") { Ok(inner) } else { Err(self.expected("`)`")) };
        }
        let before = self.rest;
        if let Some(name @ ("not" | "contains" | "starts-with")) = self.name()
            && self.symbol("(")
        {
            let predicate = if name == "not" {
                Predicate::Not(Box::new(self.any()?))
            } else {
                let left = self.operand()?;
                if !self.symbol(",") {
                    return Err(self.expected("`,`"));
                }
                let right = self.operand()?;
                if name == "contains" { Predicate::Contains(left, right) } else { Predicate::StartsWith(left, right) }
            };
            return if self.symbol(")") { Ok(predicate) } else { Err(self.expected("`)`")) };
        }
        self.rest = before;
        let left = self.operand()?;
        const COMPARISONS: [(&str, Comparison); 6] = [
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("=", Comparison::Equal),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        for (symbol, comparison) in COMPARISONS {
            if self.symbol(symbol) {
                return Ok(Predicate::Compare(left, comparison, self.operand()?));
            }
        }
        Ok(match left {
            Operand::Number(number) if number >= 1.0 && number.fract() == 0.0 => Predicate::Position(number as usize),
            Operand::Number(number) => return Err(format!("`{number}` is not a position")),
            other => Predicate::Exists(other),
        })
    }

    fn operand(&mut self) -> Result<Operand, String> {
        self.blanks();
        if let Some(quote) = self.rest.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
            let (text, rest) = self.rest[1..].split_once(quote).ok_or("a quote is not closed")?;
            self.rest = rest;
            return Ok(Operand::Text(text.to_owned()));
        }
        let digits = self.rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(self.rest.len());
        if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            let number = self.rest[..digits].parse().map_err(|_| format!("`{}` is not a number", &self.rest[..digits]))?;
            self.rest = &self.rest[digits..];
            return Ok(Operand::Number(number));
        }
        for (function, operand) in [("position()", Operand::Position), ("last()", Operand::Last)] {
            if self.symbol(function) {
                return Ok(operand);
            }
        }
        self.path().map(Operand::Path)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::XmlPath;

    const DOCUMENT: &str =
        r#"<foo><bar nickname="spock">one</bar><bar nickname="scotty"><b>x</b><b>y</b></bar><baz n="3">z</baz></foo>"#;

    fn values(path: &str) -> Vec<String> {
        XmlPath::parse(path).unwrap().values(&spl_functions::xml_document::parse(DOCUMENT).unwrap())
    }

    #[test]
    fn paths_select() {
        assert_eq!(values("//bar/@nickname"), ["spock", "scotty"]);
        assert_eq!(values("/foo/bar[2]/b"), ["x", "y"]);
        assert_eq!(values("//b[last()]"), ["y"]);
        assert_eq!(values("/foo/*[@n]"), ["z"]);
        assert_eq!(values("//bar[@nickname='spock']/text()"), ["one"]);
        assert_eq!(values("//bar[b='y' and not(contains(@nickname, 'sp'))]/@*"), ["scotty"]);
        assert_eq!(values("//baz[@n>2] | foo/bar[1]"), ["z", "one"]);
        assert_eq!(values("/foo/bar[3]"), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert!(XmlPath::parse("//a[").is_err());
        assert!(XmlPath::parse("count(//a)").unwrap_err().contains("count"));
        assert!(XmlPath::parse(&"a[".repeat(1000)).is_err());
        assert!(XmlPath::parse("").is_err());
    }
}
