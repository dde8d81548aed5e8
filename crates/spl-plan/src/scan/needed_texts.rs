//! The texts that must stand in a value, so that a pattern or a regular expression matches it.

use regex_syntax::hir::{Class, Hir, HirKind};
use spl_parser::syntax::{Pattern, PatternPart};

/// The shortest text that is looked for.
const SHORTEST: usize = 3;

/// The longest text of a pattern's literals that stands in an event's text as it is; none for a number, which may be written in
/// another way, and for a network, which stands for its addresses.
pub fn of_pattern(pattern: &Pattern) -> Option<String> {
    match pattern.as_literal() {
        Some(text) => of_text(text).filter(|_| !text.contains('/')),
        None => longest(pattern.parts.iter().filter_map(|part| match part {
            PatternPart::Literal(text) => Some(text.as_str()),
            PatternPart::Wildcard => None,
        })),
    }
}

/// The longest part of a text that stands in an event's text as it is; none for a number.
pub fn of_text(text: &str) -> Option<String> {
    if text.trim().parse::<f64>().is_ok() { None } else { longest(std::iter::once(text)) }
}

/// The longest part of the literals of a pattern of `LIKE`.
pub fn of_like(pattern: &str) -> Option<String> {
    if pattern.contains('\\') { None } else { longest(pattern.split(['%', '_'])) }
}

/// The longest text that stands in all that a regular expression matches; none where it has a form of its own.
pub fn of_regex(regex: &str) -> Option<String> {
    // Set operations in classes, which PCRE has not, and blanks that do not count, which are others there.
    let ignores_blanks = |flags: &str| flags.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '-').any(|c| c == 'x');
    if ["&&", "--", "~~"].iter().any(|operation| regex.contains(operation)) || regex.split("(?").skip(1).any(ignores_blanks) {
        return None;
    }
    let parsed = regex_syntax::ParserBuilder::new().nest_limit(50).build().parse(regex).ok()?;
    let mut runs = vec![String::new()];
    add(&parsed, &mut runs);
    longest(runs.iter().map(String::as_str))
}

/// Adds the runs of characters that stand in each match; what is between two of them is open.
fn add(hir: &Hir, runs: &mut Vec<String>) {
    match hir.kind() {
        HirKind::Literal(literal) => match (std::str::from_utf8(&literal.0), runs.last_mut()) {
            (Ok(text), Some(last)) => last.push_str(text),
            _ => runs.push(String::new()),
        },
        HirKind::Class(class) => match (letter(class), runs.last_mut()) {
            (Some(letter), Some(last)) => last.push(letter),
            _ => runs.push(String::new()),
        },
        HirKind::Concat(parts) => parts.iter().for_each(|part| add(part, runs)),
        HirKind::Capture(capture) => add(&capture.sub, runs),
        HirKind::Repetition(repetition) => {
            runs.push(String::new());
            if repetition.min > 0 {
                add(&repetition.sub, runs);
                runs.push(String::new());
            }
        }
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Alternation(_) => runs.push(String::new()),
    }
}

/// The letter that a class stands for in either case; other characters than ASCII's are not looked at, as lines that have them
/// are read in any case.
fn letter(class: &Class) -> Option<char> {
    let Class::Unicode(class) = class else { return None };
    let mut letters = class.iter().filter(|range| range.start().is_ascii()).map(|range| (range.start(), range.end()));
    let (first, second, rest) = (letters.next()?, letters.next()?, letters.next());
    let is_pair = rest.is_none() && first.0 == first.1 && second.0 == second.1 && first.0.eq_ignore_ascii_case(&second.0);
    is_pair.then_some(first.0)
}

/// Whether JSON, XML or a table write a character as it is; a blank may stand for several, and for line feeds.
fn is_plain_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-.:=,;@#$%^*()[]{}+~!?".contains(c)
}

/// Whether a text stands in an event's text as it is.
pub fn is_plain(text: &str) -> bool {
    text.chars().all(is_plain_character)
}

/// The longest part of texts that stands in an event's text as it is, in lower case.
fn longest<'t>(texts: impl Iterator<Item = &'t str>) -> Option<String> {
    let pieces = texts.flat_map(|text| text.split(|c| !is_plain_character(c)));
    pieces.max_by_key(|piece| piece.len()).filter(|piece| piece.len() >= SHORTEST).map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_regular_expression_needs() {
        for (regex, text) in [
            (r"(?i)-nop\s+-w\s+hidden.*-enc", Some("hidden")),
            (r"^(cmd\.exe)?powershell", Some("powershell")),
            ("(?:abc)+", Some("abc")),
            ("abc*de", None),
            ("[cC--c]def", None),
            ("abcd?", Some("abc")),
            ("abc|abd", None),
            ("(?i)kelvin", Some("kelvin")),
            (r#"C:\\Windows\\System32"#, Some("system32")),
            ("[abc]{3}", None),
            (r"(?<name>foo\d+bar)", Some("bar")),
            (r"a(?=b)", None),
            ("(?ix)[ a]bcd", None),
            ("net user", Some("user")),
        ] {
            assert_eq!(of_regex(regex).as_deref(), text, "{regex}");
        }
    }

    #[test]
    fn what_texts_need() {
        assert_eq!(of_text("7045"), None);
        assert_eq!(of_text("a\"bcde"), Some("bcde".to_owned()));
        assert_eq!(of_like("%urlcache%http_x"), Some("urlcache".to_owned()));
        assert_eq!(of_like(r"a\%bcd"), None);
    }
}
