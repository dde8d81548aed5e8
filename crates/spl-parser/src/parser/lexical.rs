//! Words, quotes, numbers, blanks and comments: the nom parsers over plain text that the grammar is made of.

use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_until, take_while, take_while1};
use nom::character::complete::{char, digit1, one_of};
use nom::combinator::{opt, peek, recognize, value, verify};
use nom::multi::{many0_count, many1_count};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

use crate::syntax::{BinaryOperator, Pattern, PatternPart, SearchOperator};

/// Blanks and ```` ```comments``` ````, possibly none. An unclosed comment is left standing.
pub fn blanks(input: &str) -> IResult<&str, &str> {
    recognize(many0_count(alt((take_while1(char::is_whitespace), comment)))).parse(input)
}

fn comment(input: &str) -> IResult<&str, &str> {
    delimited(tag("```"), take_until("```"), tag("```")).parse(input)
}

/// A quoted text, quotes excluded, escapes as they stand. Fails when the closing quote is missing.
pub fn quoted<'a>(quote: char) -> impl Parser<&'a str, Output = &'a str, Error = nom::error::Error<&'a str>> {
    delimited(char(quote), move |input| quoted_inside(input, quote), char(quote))
}

/// Words, quoted texts and commas of a text, without the blanks between them.
pub fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            ',' => 1,
            '"' => quoted('"').parse(rest).map_or(rest.len(), |(after, _)| rest.len() - after.len()),
            _ => rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | '"')).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// `""text""`, its inside: doubled quotes around a text without blanks and quotes.
pub fn doubly_quoted(input: &str) -> IResult<&str, &str> {
    let plain = take_while1(|c: char| !c.is_whitespace() && !matches!(c, '"' | ',' | '(' | ')' | '|' | '[' | ']'));
    delimited(tag("\"\""), plain, tag("\"\"")).parse(input)
}

fn quoted_inside(input: &str, quote: char) -> IResult<&str, &str> {
    recognize(many0_count(alt((
        take_while1(move |c: char| c != quote && c != '\\'),
        recognize(pair(char('\\'), nom::character::complete::anychar)),
    ))))
    .parse(input)
}

/// A command or option name: letters, digits and `_`, not starting with a digit.
pub fn name(input: &str) -> IResult<&str, &str> {
    verify(take_while1(is_name_character), |text: &str| !text.starts_with(|c: char| c.is_ascii_digit())).parse(input)
}

fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// An aggregation's name: as [`name`], with dots for `exactperc99.5`.
pub fn function_name(input: &str) -> IResult<&str, &str> {
    recognize(pair(name, many0_count(pair(char('.'), digit1)))).parse(input)
}

/// A word of a field list: anything up to a blank, a separator, a quote or a bracket.
pub fn field_word(input: &str) -> IResult<&str, &str> {
    take_while1(|c: char| {
        !c.is_whitespace() && !matches!(c, ',' | '(' | ')' | '[' | ']' | '|' | '"' | '\'' | '=' | '<' | '>' | '!' | '`')
    })
    .parse(input)
}

/// A place holder of a `foreach` template: `<<FIELD>>`.
fn placeholder(input: &str) -> IResult<&str, &str> {
    recognize(delimited(tag("<<"), take_while1(|c: char| c.is_ascii_alphanumeric() || c == '_'), tag(">>"))).parse(input)
}

/// A field word that may hold `foreach` place holders.
pub fn templated_field_word(input: &str) -> IResult<&str, &str> {
    recognize(many1_count(alt((placeholder, field_word)))).parse(input)
}

/// A field word that may end in brackets without blanks inside, as result names do: `avg(bytes)`.
pub fn result_field_word(input: &str) -> IResult<&str, &str> {
    recognize((templated_field_word, many0_count(pair(bracketed, opt(templated_field_word))))).parse(input)
}

/// `(...)` without blanks, quotes and pipes; brackets inside are paired.
fn bracketed(input: &str) -> IResult<&str, &str> {
    let mut depth = 0usize;
    for (at, c) in input.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => {
                let (text, rest) = input.split_at(at + 1);
                return Ok((rest, text));
            }
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 || c.is_whitespace() || matches!(c, '"' | '\'' | '|' | '[' | ']' | '`') => {
                break;
            }
            _ => {}
        }
    }
    Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Char)))
}

/// A keyword in any case, as a whole word.
pub fn keyword<'a>(word: &str) -> impl Parser<&'a str, Output = &'a str, Error = nom::error::Error<&'a str>> {
    terminated(tag_no_case(word), word_end)
}

fn word_end(input: &str) -> IResult<&str, ()> {
    peek(alt((
        value((), nom::combinator::eof),
        value(
            (),
            verify(nom::character::complete::anychar, |c: &char| {
                !is_name_character(*c) && !matches!(c, '.' | ':' | '*' | '{' | '-')
            }),
        ),
    )))
    .parse(input)
}

/// A bare field name of an eval expression: letters, digits, `_ : @ # $`, array braces, parts joined by dots.
pub fn identifier(input: &str) -> IResult<&str, &str> {
    recognize(pair(identifier_part, many0_count(preceded(char('.'), identifier_part)))).parse(input)
}

fn identifier_part(input: &str) -> IResult<&str, &str> {
    recognize(pair(
        alt((placeholder, take_while1(|c: char| c.is_alphabetic() || matches!(c, '_' | '@' | '#' | '$')))),
        many0_count(alt((
            placeholder,
            take_while1(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '@' | '#' | '$')),
            recognize(delimited(char('{'), opt(digit1), char('}'))),
        ))),
    ))
    .parse(input)
}

/// The bare target of an assignment: as [`identifier`], with `{field}` parts anywhere and fewer restrictions.
pub fn assignment_target(input: &str) -> IResult<&str, &str> {
    recognize(many1_count(alt((
        placeholder,
        take_while1(|c: char| {
            c.is_alphanumeric() || matches!(c, '_' | ':' | '@' | '#' | '$' | '.' | '-' | '/' | '%' | '&' | '*')
        }),
        recognize(delimited(char('{'), take_while(|c: char| !matches!(c, '{' | '}' | '|' | '"')), char('}'))),
    ))))
    .parse(input)
}

/// A field name with blanks and calls of one name inside, up to the closing parenthesis around it, which is left:
/// `dc(user)`, `Response Time (ms)`.
pub fn name_in_parentheses(input: &str) -> IResult<&str, &str> {
    several_words(input, ')')
}

/// A name of several words and texts in parentheses before a lone equals sign, which is left: `Avg Size`, `size(MB)`.
pub fn name_before_equals(input: &str) -> IResult<&str, &str> {
    let (rest, name) = several_words(input, '=')?;
    if name.contains('*') || rest.trim_start().starts_with("==") {
        return Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify)));
    }
    Ok((rest, name))
}

/// A name up to a character outside of parentheses, which is left. What looks like an expression is none: quotes, commas,
/// operators with a blank behind them, words that are operators.
fn several_words(input: &str, end: char) -> IResult<&str, &str> {
    let error = || nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::TakeUntil));
    let mut depth = 0usize;
    for (at, c) in input.char_indices() {
        match c {
            _ if c == end && depth == 0 => {
                let (name, rest) = input.split_at(input.get(..at).unwrap_or_default().trim_end().len());
                let is_operator = |word: &str| matches!(word, "AND" | "OR" | "XOR" | "NOT" | "LIKE");
                let is_name = !name.is_empty() && !name.split_whitespace().any(is_operator);
                return if is_name { Ok((rest, name)) } else { Err(error()) };
            }
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or_else(error)?,
            '"' | '\'' | '=' | '<' | '>' | '!' | '+' | ',' | '|' | '[' | ']' | '`' | '\n' => break,
            '*' | '/' | '-' if input.get(at + 1..).is_some_and(|rest| rest.starts_with(' ')) => break,
            _ => {}
        }
    }
    Err(error())
}

/// An unsigned number: `1`, `1.5`, `.5`, `1e3`.
pub fn number(input: &str) -> IResult<&str, &str> {
    recognize(pair(
        alt((recognize(pair(digit1, opt(pair(char('.'), digit1)))), recognize(pair(char('.'), digit1)))),
        opt((one_of("eE"), opt(one_of("+-")), digit1)),
    ))
    .parse(input)
}

/// An infix operator of eval as written, `AND` and its kin in any case.
pub fn binary_operator(input: &str) -> IResult<&str, BinaryOperator> {
    alt((
        value(BinaryOperator::Equal, alt((tag("=="), tag("=")))),
        value(BinaryOperator::NotEqual, tag("!=")),
        value(BinaryOperator::LessOrEqual, tag("<=")),
        value(BinaryOperator::GreaterOrEqual, tag(">=")),
        value(BinaryOperator::Less, tag("<")),
        value(BinaryOperator::Greater, tag(">")),
        value(BinaryOperator::Add, tag("+")),
        value(BinaryOperator::Subtract, tag("-")),
        value(BinaryOperator::Multiply, tag("*")),
        value(BinaryOperator::Divide, tag("/")),
        value(BinaryOperator::Modulo, tag("%")),
        value(BinaryOperator::Concatenate, tag(".")),
        value(BinaryOperator::And, keyword("AND")),
        value(BinaryOperator::Or, keyword("OR")),
        value(BinaryOperator::Xor, keyword("XOR")),
        value(BinaryOperator::Like, keyword("LIKE")),
    ))
    .parse(input)
}

/// A comparison operator of `search`.
pub fn search_operator(input: &str) -> IResult<&str, SearchOperator> {
    alt((
        value(SearchOperator::Equal, alt((tag("=="), tag("=")))),
        value(SearchOperator::NotEqual, tag("!=")),
        value(SearchOperator::LessOrEqual, tag("<=")),
        value(SearchOperator::GreaterOrEqual, tag(">=")),
        value(SearchOperator::Less, tag("<")),
        value(SearchOperator::Greater, tag(">")),
    ))
    .parse(input)
}

/// Where a bare word of the search language ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordPlace {
    /// A term, or the field before an operator: ends at operators and brackets.
    Term,
    /// Right of an operator: may hold nearly anything, brackets in pairs.
    Value,
    /// In an `IN` list: as a value, without commas.
    List,
}

/// A bare word of the search language, escapes as they stand.
pub fn search_word<'a>(place: WordPlace) -> impl Parser<&'a str, Output = &'a str, Error = nom::error::Error<&'a str>> {
    move |input: &'a str| {
        let end = search_word_end(input, place);
        if end == 0 {
            return Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::TakeWhile1)));
        }
        let (word, rest) = input.split_at(end);
        Ok((rest, word))
    }
}

fn search_word_end(input: &str, place: WordPlace) -> usize {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut characters = input.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            c if c.is_whitespace() => return closed(at, &open),
            '|' | '"' | '`' => return closed(at, &open),
            '\\' if characters.peek().is_some_and(|(_, next)| matches!(next, '"' | '\\' | '|' | '*')) => {
                characters.next();
            }
            ',' if place == WordPlace::List => return closed(at, &open),
            '=' | '<' | '>' | '(' | ')' | '[' | ']' if place == WordPlace::Term => return at,
            '!' if place == WordPlace::Term && characters.peek().is_some_and(|(_, next)| *next == '=') => {
                return at;
            }
            '(' | '[' | '=' if at == 0 => return at,
            '(' => open.push((at, ')')),
            '[' => open.push((at, ']')),
            ')' | ']' => match open.last() {
                Some((_, closer)) if *closer == c => {
                    open.pop();
                }
                _ => return closed(at, &open),
            },
            _ => {}
        }
    }
    closed(input.len(), &open)
}

/// A word ends before a bracket that it does not close.
fn closed(end: usize, open: &[(usize, char)]) -> usize {
    open.first().map_or(end, |(at, _)| *at)
}

/// The bare value of an option: up to a blank, an unbalanced bracket or, unless it is free text, a comma.
pub fn option_word<'a>(commas: bool) -> impl Parser<&'a str, Output = &'a str, Error = nom::error::Error<&'a str>> {
    let place = if commas { WordPlace::Value } else { WordPlace::List };
    search_word(place)
}

/// A parenthesised text with everything inside, quotes respected: the bare form of a condition given to an option.
pub fn parenthesised(input: &str) -> IResult<&str, &str> {
    let mut depth = 0usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in input.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (quote, c) {
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') if depth == 1 => {
                let (text, rest) = input.split_at(at + 1);
                return Ok((rest, text));
            }
            (None, ')') => depth = depth.saturating_sub(1),
            (None, '|') => break,
            (None, _) if depth == 0 => break,
            _ => {}
        }
    }
    Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::TakeUntil)))
}

/// A regular expression without quotes that starts with a parenthesis: up to a blank, a comma, a pipe or a closing bracket
/// outside of its own. A bracket behind a backslash or in a class counts for nothing, and so does a pipe behind a backslash.
pub fn bare_regular_expression(input: &str) -> IResult<&str, &str> {
    let (mut depth, mut escaped, mut class) = (0usize, false, false);
    let mut end = input.len();
    for (at, c) in input.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        let ends = match c {
            '|' => true,
            ']' if !class => depth == 0,
            ')' if !class && depth == 0 => true,
            _ => !class && depth == 0 && (c.is_whitespace() || c == ','),
        };
        if ends {
            end = at;
            break;
        }
        match c {
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '(' if !class => depth += 1,
            ')' if !class => depth -= 1,
            _ => {}
        }
    }
    let (text, rest) = input.split_at(end);
    match depth {
        0 if !text.is_empty() && !escaped && !class => Ok((rest, text)),
        _ => Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::TakeUntil))),
    }
}

/// The inside of `"("...")"`, the documented way to write a condition with quotes in it.
pub fn quoted_parentheses(input: &str) -> IResult<&str, &str> {
    delimited(tag("\"(\""), |inside| quoted_inside(inside, '"'), tag("\")\"")).parse(input)
}

/// Resolves `\"` and `\\`; every other backslash stands for itself, so that regular expressions survive.
pub fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('\\', Some(&next @ ('"' | '\\'))) => {
                text.push(next);
                characters.next();
            }
            _ => text.push(c),
        }
    }
    text
}

/// Resolves `\'` and `\\` of a field name in single quotes.
pub fn unescape_single(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('\\', Some(&next @ ('\'' | '\\'))) => {
                text.push(next);
                characters.next();
            }
            _ => text.push(c),
        }
    }
    text
}

/// Splits a search value into literal text and wildcards and resolves its escapes. `\|` is a pipe in a bare word. An asterisk is always a
/// wildcard: a backslash in front of it stands for itself.
///
/// Source: Splunk Search Manual, Backslashes.
pub fn pattern(raw: &str, quoted: bool) -> Pattern {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut characters = raw.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('\\', Some(&next @ ('"' | '\\'))) => {
                literal.push(next);
                characters.next();
            }
            ('\\', Some('|')) if !quoted => {
                literal.push('|');
                characters.next();
            }
            ('*', _) => {
                if !literal.is_empty() {
                    parts.push(PatternPart::Literal(std::mem::take(&mut literal)));
                }
                if parts.last() != Some(&PatternPart::Wildcard) {
                    parts.push(PatternPart::Wildcard);
                }
            }
            _ => literal.push(c),
        }
    }
    if !literal.is_empty() {
        parts.push(PatternPart::Literal(literal));
    }
    Pattern { parts }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        assert_eq!(unescape(r#"a\\b\"c\d"#), r#"a\b"c\d"#);
        assert_eq!(unescape_single(r"it\'s"), "it's");
    }

    #[test]
    fn patterns() {
        let parts = |raw| pattern(raw, true).parts;
        assert_eq!(parts(r"C:\\*"), vec![PatternPart::Literal(r"C:\".into()), PatternPart::Wildcard]);
        let (literal, wildcard) = (|text: &str| PatternPart::Literal(text.into()), PatternPart::Wildcard);
        assert_eq!(parts(r"a\*b**"), vec![literal(r"a\"), wildcard.clone(), literal("b"), wildcard]);
        assert_eq!(parts(r"\d"), vec![PatternPart::Literal(r"\d".into())]);
    }

    #[test]
    fn bare_regular_expressions_end_outside_of_their_brackets() {
        for (input, rest, text) in [
            (r"(?<a>b)]", "]", "(?<a>b)"),
            (r"(?<a>[)\]]) x", " x", r"(?<a>[)\]])"),
            (r"(a\|b)| head", "| head", r"(a\|b)"),
            (r"(a b),c", ",c", "(a b)"),
            (r"(a\)))", ")", r"(a\))"),
        ] {
            assert_eq!(bare_regular_expression(input), Ok((rest, text)), "{input}");
        }
        for input in ["(a|b)", "(a", "[a", r"(a)\"] {
            assert!(bare_regular_expression(input).is_err(), "{input}");
        }
    }

    #[test]
    fn names_of_several_words_are_no_expressions() {
        assert_eq!(name_before_equals("size (MB) = 1"), Ok((" = 1", "size (MB)")));
        assert_eq!(name_before_equals("Sign-in time=1"), Ok(("=1", "Sign-in time")));
        assert_eq!(name_in_parentheses("Response Time (ms))"), Ok((")", "Response Time (ms)")));
        for input in ["a == 1", "a AND b=1", "NOT a=1", "x - y = 3", "x / y=3", "a* b=1", "if(a=1", "a)=1", "a"] {
            assert!(name_before_equals(input).is_err(), "{input}");
        }
        for input in ["a - b)", "a, b)", "a='b')", "NOT a)"] {
            assert!(name_in_parentheses(input).is_err(), "{input}");
        }
    }

    #[test]
    fn words_end_where_their_place_says() {
        assert_eq!(search_word(WordPlace::Value).parse("f(x),y) z"), Ok((") z", "f(x),y")));
        assert_eq!(search_word(WordPlace::List).parse("a,b"), Ok((",b", "a")));
        assert_eq!(search_word(WordPlace::Term).parse("a!=b"), Ok(("!=b", "a")));
        assert_eq!(identifier("a{}.b.1"), Ok((".1", "a{}.b")));
        assert_eq!(number("1e3x"), Ok(("x", "1e3")));
    }
}
