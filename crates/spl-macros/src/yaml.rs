//! YAML as content libraries write it: a quoted text may go on at the left margin, as common YAML readers accept.

use serde::de::DeserializeOwned;

/// Reads one YAML document.
///
/// # Errors
/// What is wrong, in one line.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_saphyr::from_str(text).or_else(|error| {
        let message = || {
            let told = error.to_string();
            let told = told.lines().next().unwrap_or_default().trim_start_matches("error: ");
            match told.split_once("duplicate mapping key: ") {
                Some((place, key)) => format!("{place}the key `{}` stands twice", key.split(", set ").next().unwrap_or(key)),
                None => told.to_owned(),
            }
        };
        match indent_quoted(text) {
            Some(indented) => serde_saphyr::from_str(&indented).map_err(|_| message()),
            None => Err(message()),
        }
    })
}

/// How far continuation lines are indented: deeper than any mapping. Blanks at the start of such a line mean nothing.
const INDENT: &str = "                                                                ";

/// Indents the continuation lines of quoted texts, wherever they stand; none when there are no such lines. No line is added
/// or removed, so that places stay right.
fn indent_quoted(text: &str) -> Option<String> {
    let mut indented = String::with_capacity(text.len() + 64);
    let mut quote: Option<char> = None;
    let mut block: Option<usize> = None;
    let mut changed = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches([' ', '\t']);
        let depth = line.len() - content.len();
        if let Some(mark) = quote {
            if !content.trim().is_empty() {
                indented.push_str(INDENT);
                changed = true;
            }
            indented.push_str(content);
            quote = opened(content, Some(mark));
            continue;
        }
        indented.push_str(line);
        if block.is_some_and(|key| content.trim().is_empty() || depth > key) {
            continue;
        }
        let value = value_of(content);
        block = is_block(value).then_some(depth);
        quote = if block.is_none() { opened(value, None) } else { None };
    }
    changed.then_some(indented)
}

/// What stands behind the dashes and the key of a line; the line itself when it has no key.
fn value_of(line: &str) -> &str {
    let mut rest = line;
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start();
    }
    if let Some(mark) = rest.chars().next().filter(|first| matches!(first, '\'' | '"')) {
        let inside = rest.get(1..).unwrap_or_default();
        let end = closing(inside, mark).map(|end| end + 2);
        let after = end.and_then(|end| rest.get(end..)).unwrap_or_default().trim_start();
        return match after.strip_prefix(':') {
            Some(value) => value.trim_start(),
            None => rest,
        };
    }
    let key = rest.find(": ").or_else(|| rest.find(":\t")).filter(|at| !rest.get(..*at).unwrap_or_default().contains(" #"));
    key.and_then(|at| rest.get(at + 1..)).unwrap_or_default().trim_start()
}

/// Whether a value starts a block of lines (`|`, `>-`), which quotes mean nothing in.
fn is_block(value: &str) -> bool {
    let marks = value.split(" #").next().unwrap_or_default().trim_end();
    marks.starts_with(['|', '>']) && marks.get(1..).unwrap_or_default().chars().all(|c| matches!(c, '+' | '-' | '0'..='9'))
}

/// The quote that is still open at the end of a value, where it starts with a quote or goes on in one.
fn opened(value: &str, open: Option<char>) -> Option<char> {
    let (mark, inside) = match open {
        Some(mark) => (mark, value),
        None => (value.chars().next().filter(|first| matches!(first, '\'' | '"'))?, value.get(1..).unwrap_or_default()),
    };
    if closing(inside, mark).is_some() { None } else { Some(mark) }
}

/// Where a text that stands inside quotes holds the closing one.
fn closing(text: &str, mark: char) -> Option<usize> {
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if mark == '"' => {
                characters.next();
            }
            '\'' if mark == '\'' && characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                characters.next();
            }
            other if other == mark => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    struct Document {
        name: String,
        text: String,
    }

    #[test]
    fn quoted_text_at_the_margin() {
        let read: Document = from_str("text: 'a ''b''\n| c\n| d'\nname: x\n").unwrap();
        assert_eq!((read.name.as_str(), read.text.as_str()), ("x", "a 'b' | c | d"));
        let read: Document = from_str("text: \"a \\\"b\n| c\"\nname: x\n").unwrap();
        assert_eq!(read.text, "a \"b | c");
    }

    #[test]
    fn quoted_texts_go_on_anywhere() {
        for (text, wanted) in [
            ("name: x\nmore:\n  deep: 'a\nb'\ntext: 'c\n\n  d'\n", "c\nd"),
            ("name: x\nlist:\n- 'a\nb: c'\n- key: \"a\n e\"\ntext:\n  'c\nd'\n", "c d"),
            ("name: x\n\"text\": \"c \\\n\td\"\n", "c d"),
            ("name: x\nmy-key: 'a\n\tb'\ntext: c d\n", "c d"),
            ("name: x\nblock: |\n  it's: 'open\nother: >-\n  a: \"b\ntext: 'c\nd'\n", "c d"),
        ] {
            assert_eq!(from_str::<Document>(text).unwrap_or_else(|error| panic!("{text}: {error}")).text, wanted, "{text}");
        }
    }

    #[test]
    fn errors_are_one_line() {
        let error = from_str::<Document>("text: [\n").unwrap_err();
        assert!(!error.contains('\n') && !error.starts_with("error"), "{error}");
        let error = from_str::<Document>("name: x\ntext: x\ntext: y\n").unwrap_err();
        assert!(error.ends_with(": the key `text` stands twice") && error.starts_with("line 3"), "{error}");
    }
}
