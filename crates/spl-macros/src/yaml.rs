//! YAML as content libraries write it: a quoted text may go on at the left margin, as common YAML readers accept.

use serde::de::DeserializeOwned;

/// Reads one YAML document.
///
/// # Errors
/// What is wrong, in one line.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_saphyr::from_str(text).or_else(|error| {
        let message = || error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        match indent_quoted(text) {
            Some(indented) => serde_saphyr::from_str(&indented).map_err(|_| message()),
            None => Err(message()),
        }
    })
}

/// Indents the continuation lines of quoted values of top-level keys; none when there are no such lines.
fn indent_quoted(text: &str) -> Option<String> {
    let mut indented = String::with_capacity(text.len() + 64);
    let mut quote: Option<char> = None;
    let mut changed = false;
    for line in text.split_inclusive('\n') {
        let rest = match quote {
            Some(_) => {
                if !line.starts_with([' ', '\t']) && !line.trim().is_empty() {
                    indented.push_str("  ");
                    changed = true;
                }
                line
            }
            None => {
                let value = line.split_once(": ").filter(|(key, _)| key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
                let value = value.map_or("", |(_, value)| value.trim_start());
                quote = value.chars().next().filter(|first| matches!(first, '\'' | '"'));
                value.get(1..).unwrap_or_default()
            }
        };
        indented.push_str(line);
        if let Some(mark) = quote
            && closes(rest, mark)
        {
            quote = None;
        }
    }
    changed.then_some(indented)
}

/// Whether a text that stands inside quotes holds the closing one.
fn closes(text: &str, mark: char) -> bool {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if mark == '"' => {
                characters.next();
            }
            '\'' if mark == '\'' && characters.peek() == Some(&'\'') => {
                characters.next();
            }
            other if other == mark => return true,
            _ => {}
        }
    }
    false
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
    fn errors_are_one_line() {
        let error = from_str::<Document>("text: [\n").unwrap_err();
        assert!(!error.contains('\n') && !error.starts_with("error"), "{error}");
    }
}
