//! The text of a search cut into words, quotes, brackets and pipes, finished or not: what colours, completion and
//! continuation lines are made from.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Blanks and line breaks.
    Blank,
    /// Text between three backticks.
    Comment,
    /// `|`
    Pipe,
    /// `[`, `(`
    Open,
    /// `]`, `)`
    Close,
    /// `,`
    Comma,
    /// `=`, `!=`, `<`, `>=` and their kin.
    Operator,
    /// Text in double or single quotes, quotes included.
    Quoted,
    /// A macro call, backticks included.
    Macro,
    /// Anything else up to one of these.
    Word,
}

/// A piece of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// Byte behind the last one.
    pub end: usize,
    /// Whether its closing quote or backtick is there.
    pub closed: bool,
}

impl Token {
    /// The text of the token.
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether it is this word, in any case.
    pub fn is_word(&self, source: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.text(source).eq_ignore_ascii_case(word)
    }

    /// Whether it says something, unlike blanks and comments.
    pub fn counts(&self) -> bool {
        !matches!(self.kind, Kind::Blank | Kind::Comment)
    }
}

/// Cuts a text; the tokens cover it without gaps.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = source[start..].chars().next() {
        let rest = &source[start..];
        let (kind, length, closed) = match first {
            blank if blank.is_whitespace() => (Kind::Blank, rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()), true),
            '`' if rest.starts_with("```") => match rest[3..].find("```") {
                Some(end) => (Kind::Comment, end + 6, true),
                None => (Kind::Comment, rest.len(), false),
            },
            '`' => match rest[1..].find('`') {
                Some(end) => (Kind::Macro, end + 2, true),
                None => (Kind::Macro, rest.len(), false),
            },
            '"' | '\'' => match end_of_quoted(rest, first) {
                Some(end) => (Kind::Quoted, end, true),
                // An apostrophe in a term is no quote.
                None if first == '\'' => (Kind::Word, word_length(rest), true),
                None => (Kind::Quoted, rest.len(), false),
            },
            '|' => (Kind::Pipe, 1, true),
            '[' | '(' => (Kind::Open, 1, true),
            ']' | ')' => (Kind::Close, 1, true),
            ',' => (Kind::Comma, 1, true),
            '=' | '<' | '>' => (Kind::Operator, rest.len() - rest.trim_start_matches(['=', '<', '>']).len(), true),
            '!' if rest[1..].starts_with('=') => (Kind::Operator, 2, true),
            _ => (Kind::Word, word_length(rest), true),
        };
        tokens.push(Token { kind, start, end: start + length, closed });
        start += length;
    }
    tokens
}

/// Bytes of the word that a text begins with; at least one character.
fn word_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    let mut end = 0;
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let stops = match character {
            blank if blank.is_whitespace() => true,
            '"' | '`' | '|' | '[' | '(' | ']' | ')' | ',' | '=' | '<' | '>' => true,
            '!' => next == Some('='),
            _ => false,
        };
        if stops && at > 0 {
            return at;
        }
        end = at + character.len_utf8();
        if character == '\\'
            && let Some((escaped_at, escaped)) = characters.next()
        {
            end = escaped_at + escaped.len_utf8();
        }
    }
    end
}

/// Where a text in quotes ends, behind the closing quote.
fn end_of_quoted(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // A name in single quotes does not go over a line.
            '\n' if quote == '\'' => return None,
            close if close == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The brackets that belong together around or beside a cursor: that of the bracket under it, or just before it.
pub fn matching_brackets(source: &str, tokens: &[Token], cursor: usize) -> Option<(usize, usize)> {
    let bracket = |token: &&Token| matches!(token.kind, Kind::Open | Kind::Close);
    let under = tokens.iter().filter(bracket).find(|token| token.start == cursor);
    let at = under.or_else(|| tokens.iter().filter(bracket).find(|token| token.end == cursor))?;
    let partner = |open: &str| if open == "[" { "]" } else { ")" };
    let place = tokens.iter().position(|token| token == at)?;
    let mut open: Vec<&Token> = Vec::new();
    if at.kind == Kind::Open {
        for token in &tokens[place..] {
            match token.kind {
                Kind::Open => open.push(token),
                Kind::Close => {
                    let last = open.pop()?;
                    if open.is_empty() {
                        return (partner(last.text(source)) == token.text(source)).then_some((at.start, token.start));
                    }
                }
                _ => {}
            }
        }
        return None;
    }
    for token in tokens[..=place].iter().rev() {
        match token.kind {
            Kind::Close => open.push(token),
            Kind::Open => {
                let last = open.pop()?;
                if open.is_empty() {
                    return (partner(token.text(source)) == last.text(source)).then_some((token.start, at.start));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<(Kind, &str)> {
        tokens(source).into_iter().filter(Token::counts).map(|token| (token.kind, token.text(source))).collect()
    }

    #[test]
    fn pieces() {
        use Kind::{Close, Comma, Macro, Open, Operator, Pipe, Quoted, Word};
        assert_eq!(
            kinds("user!=\"a b\" `m(1)` | where x>=-1, (it's)"),
            [
                (Word, "user"),
                (Operator, "!="),
                (Quoted, "\"a b\""),
                (Macro, "`m(1)`"),
                (Pipe, "|"),
                (Word, "where"),
                (Word, "x"),
                (Operator, ">="),
                (Word, "-1"),
                (Comma, ","),
                (Open, "("),
                (Word, "it's"),
                (Close, ")"),
            ]
        );
    }

    #[test]
    fn every_text_is_covered() {
        for source in ["a\"b", "`x", "```", "'", "\\", "\\|", "ä=ö|ü", "!", "!=", "a\\", "[(\"\\", "x '\n' y", "a 'b c' d"] {
            let all = tokens(source);
            let joined: String = all.iter().map(|token| token.text(source)).collect();
            assert_eq!(joined, source);
            assert!(all.iter().all(|token| token.start < token.end), "{source}");
        }
    }

    #[test]
    fn brackets_in_pairs() {
        let source = "a [b (\")\") c] d)";
        let all = tokens(source);
        assert_eq!(matching_brackets(source, &all, 2), Some((2, 12)));
        assert_eq!(matching_brackets(source, &all, 13), Some((2, 12)));
        assert_eq!(matching_brackets(source, &all, 5), Some((5, 9)));
        assert_eq!(matching_brackets(source, &all, 16), None);
        assert_eq!(matching_brackets(source, &all, 0), None);
    }
}
