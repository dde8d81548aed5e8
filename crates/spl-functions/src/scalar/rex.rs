//! What the commands `rex` and `regex` compute: capture groups, offsets and sed expressions.

use arrow::array::ArrayRef;
use datafusion_common::{Result, exec_err};

use super::{Call, FunctionSpec, Kernel};
use crate::column::ValueType;
use crate::pattern::PatternCache;
use crate::value::Value;

const CATEGORY: &str = super::OPERATORS;

/// The functions behind the commands. Their names start with `spl_`: they are not functions that a search can call.
pub const FUNCTIONS: &[FunctionSpec] = &[
    FunctionSpec {
        name: "spl_capture",
        category: CATEGORY,
        syntax: "spl_capture(<value>,<regex>,<group number>)",
        summary: "the text of a capture group in the first match; absent without a match",
        arity: (3, Some(3)),
        returns: |_| ValueType::Text,
        kernel: Kernel::Columns(capture),
        status: super::Status::Full,
        check: None,
    },
    FunctionSpec {
        name: "spl_capture_all",
        category: CATEGORY,
        syntax: "spl_capture_all(<value>,<regex>,<group number>,<most matches, 0 = all>)",
        summary: "the texts of a capture group in the matches, in order",
        arity: (4, Some(4)),
        returns: |_| ValueType::Multivalue,
        kernel: Kernel::Columns(capture),
        status: super::Status::Full,
        check: None,
    },
    FunctionSpec {
        name: "spl_capture_offsets",
        category: CATEGORY,
        syntax: "spl_capture_offsets(<value>,<regex>)",
        summary: "where the named groups of the first match stand: `name=first-last`, joined by `&`",
        arity: (2, Some(2)),
        returns: |_| ValueType::Text,
        kernel: Kernel::Columns(offsets),
        status: super::Status::Full,
        check: None,
    },
    FunctionSpec {
        name: "spl_sed",
        category: CATEGORY,
        syntax: "spl_sed(<value>,<sed expression>)",
        summary: "the text after `s/regex/replacement/flags` or `y/characters/characters/`",
        arity: (2, Some(2)),
        returns: |types| types.first().copied().filter(|kind| *kind == ValueType::Multivalue).unwrap_or(ValueType::Text),
        kernel: Kernel::Columns(sed),
        status: super::Status::Full,
        check: None,
    },
    FunctionSpec {
        name: "spl_split",
        category: CATEGORY,
        syntax: "spl_split(<value>,<delimiter>,<allow empty>)",
        summary: "the pieces between delimiters, empty ones only where they are allowed",
        arity: (3, Some(3)),
        returns: |_| ValueType::Multivalue,
        kernel: Kernel::Columns(split),
        status: super::Status::Full,
        check: None,
    },
];

fn split(call: &Call<'_>) -> Result<ArrayRef> {
    let delimiter = literal_text(call, 1)?;
    let allow_empty = call.arguments.get(2).and_then(|column| column.literal()) == Some(Value::Boolean(true));
    let mut built = call.builder();
    for row in 0..call.rows {
        match call.value(0, row).text() {
            None => built.append_null(),
            Some(text) if delimiter.is_empty() => built.append_values([text]),
            Some(text) => built.append_values(text.split(delimiter.as_str()).filter(|piece| allow_empty || !piece.is_empty())),
        }
    }
    Ok(built.finish())
}

fn literal_text(call: &Call<'_>, argument: usize) -> Result<String> {
    match call.arguments.get(argument).and_then(|column| column.literal()).and_then(|value| value.text()) {
        Some(text) => Ok(text.into_owned()),
        None => exec_err!("argument {argument} must be a literal"),
    }
}

fn literal_count(call: &Call<'_>, argument: usize) -> usize {
    call.arguments
        .get(argument)
        .and_then(|column| column.literal())
        .and_then(|value| value.number())
        .map_or(0, |number| number.max(0.0) as usize)
}

fn capture(call: &Call<'_>) -> Result<ArrayRef> {
    let source = literal_text(call, 1)?;
    let pattern = call.patterns.get(&source).map_err(datafusion_common::DataFusionError::Execution)?;
    let numbers = pattern.named_alike(literal_count(call, 2));
    let limit = if call.has(3) { literal_count(call, 3) } else { 1 };
    let mut built = call.builder();
    for row in 0..call.rows {
        let value = call.value(0, row);
        let mut found: Vec<String> = Vec::new();
        // A multivalue field is searched value by value.
        for text in value.each_text() {
            let left = if limit == 0 { 0 } else { limit.saturating_sub(found.len()) };
            if limit != 0 && left == 0 {
                break;
            }
            let before = found.len();
            let complete = pattern.each_match(&text, left, |groups| {
                // Of several groups with one name, the one that took part in the match.
                let group = numbers.iter().find_map(|number| groups.get(*number).copied().flatten());
                if let Some((start, end)) = group {
                    found.push(text[start..end].to_owned());
                }
            });
            if !complete {
                found.truncate(before);
            }
        }
        match (call.returns, found.as_slice()) {
            (_, []) => built.append_null(),
            (ValueType::Multivalue, _) => built.append_values(&found),
            (_, [first, ..]) => built.append_text(first),
        }
    }
    Ok(built.finish())
}

fn offsets(call: &Call<'_>) -> Result<ArrayRef> {
    let source = literal_text(call, 1)?;
    let pattern = call.patterns.get(&source).map_err(datafusion_common::DataFusionError::Execution)?;
    let names: Vec<(String, Vec<usize>)> = pattern
        .group_names()
        .into_iter()
        .enumerate()
        .filter_map(|(group, name)| Some((name?.to_owned(), pattern.named_alike(group))))
        .collect();
    let mut built = call.builder();
    for row in 0..call.rows {
        let Some(text) = call.value(0, row).text() else {
            built.append_null();
            continue;
        };
        let matches = pattern.matches(&text, 1).map_err(datafusion_common::DataFusionError::Execution)?;
        let Some(groups) = matches.first() else {
            built.append_null();
            continue;
        };
        let place = |byte: usize| text[..byte].chars().count();
        let parts: Vec<String> = names
            .iter()
            .filter_map(|(name, numbers)| {
                let group = numbers.iter().find_map(|number| groups.get(*number).copied().flatten());
                let (start, end) = group?;
                Some(format!("{name}={}-{}", place(start), place(end).saturating_sub(1)))
            })
            .collect();
        built.append_text(&parts.join("&"));
    }
    Ok(built.finish())
}

/// A sed expression as `rex mode=sed` and `SEDCMD-` of props.conf take it.
#[derive(Clone, Debug, PartialEq)]
pub enum Sed {
    /// `s/regex/replacement/flags`.
    Substitute {
        /// The regular expression.
        regex: String,
        /// Text with `\1` references.
        replacement: String,
        /// `g`: every match.
        all: bool,
        /// A number: only this match, counted from 1.
        nth: Option<usize>,
    },
    /// `y/abc/xyz/`.
    Transliterate {
        /// Character to character.
        pairs: Vec<(char, char)>,
    },
}

impl Sed {
    /// Reads one or several expressions separated by blanks.
    pub fn parse(source: &str) -> std::result::Result<Vec<Sed>, String> {
        let mut expressions = Vec::new();
        let mut rest = source.trim();
        while !rest.is_empty() {
            let mut characters = rest.char_indices();
            let kind = characters.next().map(|(_, character)| character).unwrap_or_default();
            if !matches!(kind, 's' | 'y') {
                return Err(format!("a sed expression starts with `s` or `y`, not `{kind}`"));
            }
            let Some((_, delimiter)) = characters.next() else {
                return Err("a sed expression has the form `s/regex/replacement/flags`".to_owned());
            };
            let (first, after) = until(&rest[1 + delimiter.len_utf8()..], delimiter)?;
            let (second, after) = until(after, delimiter)?;
            let flags_end = after.find(char::is_whitespace).unwrap_or(after.len());
            let flags = &after[..flags_end];
            rest = after[flags_end..].trim_start();
            if kind == 's' {
                let all = flags.contains('g');
                let digits: String = flags.chars().filter(char::is_ascii_digit).collect();
                let insensitive = flags.contains('i');
                if let Some(unknown) = flags.chars().find(|flag| !matches!(flag, 'g' | 'i') && !flag.is_ascii_digit()) {
                    return Err(format!("unknown sed flag `{unknown}`"));
                }
                let nth = digits.parse().ok();
                if nth == Some(0) {
                    return Err("the number of a match is at least 1".to_owned());
                }
                let regex = if insensitive { format!("(?i){first}") } else { first };
                expressions.push(Sed::Substitute { regex, replacement: second, all, nth });
            } else {
                let (from, to): (Vec<char>, Vec<char>) = (first.chars().collect(), second.chars().collect());
                if from.len() != to.len() {
                    return Err("`y` needs as many characters on both sides".to_owned());
                }
                expressions.push(Sed::Transliterate { pairs: from.into_iter().zip(to).collect() });
            }
        }
        if expressions.is_empty() { Err("empty sed expression".to_owned()) } else { Ok(expressions) }
    }

    /// The text after it. A text on which a limit of the pattern is reached stays as it is.
    ///
    /// # Errors
    /// PCRE2's message for a pattern that is none.
    pub fn apply(&self, text: &str, patterns: &PatternCache) -> std::result::Result<String, String> {
        match self {
            Sed::Transliterate { pairs } => {
                Ok(text.chars().map(|c| pairs.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to)).collect())
            }
            Sed::Substitute { regex, replacement, all, nth } => {
                let pattern = patterns.get(regex)?;
                let limit = if *all { 0 } else { nth.unwrap_or(1) };
                let mut result = String::with_capacity(text.len());
                let mut last = 0;
                let mut number = 0;
                let complete = pattern.each_match(text, limit, |groups| {
                    let Some(Some((start, end))) = groups.first().copied() else {
                        return;
                    };
                    number += 1;
                    let chosen = match nth {
                        Some(nth) if *all => number >= *nth,
                        Some(nth) => number == *nth,
                        None => true,
                    };
                    if !chosen {
                        return;
                    }
                    result.push_str(&text[last..start]);
                    expand(replacement, text, groups, &mut result);
                    last = end;
                });
                if !complete {
                    // A limit was reached: no match, so nothing is replaced.
                    return Ok(text.to_owned());
                }
                result.push_str(&text[last..]);
                Ok(result)
            }
        }
    }
}

/// The text up to an unescaped delimiter, and what follows it.
fn until(text: &str, delimiter: char) -> std::result::Result<(String, &str), String> {
    let mut taken = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == delimiter {
            return Ok((taken, &text[at + character.len_utf8()..]));
        }
        if character == '\\' {
            match characters.next() {
                Some((_, next)) if next == delimiter => taken.push(next),
                Some((_, next)) => {
                    taken.push('\\');
                    taken.push(next);
                }
                None => taken.push('\\'),
            }
        } else {
            taken.push(character);
        }
    }
    Err(format!("the sed expression lacks a closing `{delimiter}`"))
}

/// Writes a replacement, `\1` to `\9` and `\0` being groups.
fn expand(replacement: &str, text: &str, groups: &[Option<(usize, usize)>], result: &mut String) {
    let mut characters = replacement.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            result.push(character);
            continue;
        }
        match characters.peek().copied() {
            Some(digit) if digit.is_ascii_digit() => {
                characters.next();
                let group = digit.to_digit(10).unwrap_or_default() as usize;
                if let Some(Some((start, end))) = groups.get(group) {
                    result.push_str(&text[*start..*end]);
                }
            }
            Some('n') => {
                characters.next();
                result.push('\n');
            }
            Some('t') => {
                characters.next();
                result.push('\t');
            }
            Some(other) => {
                characters.next();
                result.push(other);
            }
            None => result.push('\\'),
        }
    }
}

fn sed(call: &Call<'_>) -> Result<ArrayRef> {
    let source = literal_text(call, 1)?;
    let expressions = Sed::parse(&source).map_err(datafusion_common::DataFusionError::Execution)?;
    let apply = |text: &str| -> Result<String> {
        let mut text = text.to_owned();
        for expression in &expressions {
            text = expression.apply(&text, call.patterns).map_err(datafusion_common::DataFusionError::Execution)?;
        }
        Ok(text)
    };
    let mut built = call.builder();
    for row in 0..call.rows {
        match call.value(0, row) {
            Value::Null => built.append_null(),
            value @ Value::Multivalue(_) => {
                let changed: Vec<String> = value.each_text().iter().map(|text| apply(text)).collect::<Result<_>>()?;
                built.append_values(&changed);
            }
            value => built.append_text(&apply(&value.text().unwrap_or_default())?),
        }
    }
    Ok(built.finish())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sed_expressions_are_read() {
        assert_eq!(
            Sed::parse(r"s/(\d{4}-){3}/XXXX-XXXX-XXXX-/g").unwrap(),
            vec![Sed::Substitute { regex: r"(\d{4}-){3}".into(), replacement: "XXXX-XXXX-XXXX-".into(), all: true, nth: None }]
        );
        assert_eq!(Sed::parse("y/ab/xy/").unwrap(), vec![Sed::Transliterate { pairs: vec![('a', 'x'), ('b', 'y')] }]);
        assert_eq!(Sed::parse("s/a/b/ s/c/d/2").unwrap().len(), 2);
        assert!(Sed::parse("s/a/b").is_err());
        assert!(Sed::parse("s/a/b/0").is_err());
        assert!(Sed::parse("x/a/b/").is_err());
        assert!(Sed::parse("y/ab/x/").is_err());
    }
}
