//! The colours of a search while it is typed.

use spl_functions::{aggregate, scalar};
use spl_parser::CommandSpec;
use spl_parser::commands::lookup;

use super::dot_commands::{self, Wanted};
use super::tokens::{Kind, Token, matching_brackets, tokens};

const COMMAND: &str = "1;36";
const FUNCTION: &str = "34";
const KEYWORD: &str = "35";
const OPTION: &str = "33";
const TEXT: &str = "32";
const MACRO: &str = "1;35";
const COMMENT: &str = "2";
const PIPE: &str = "1";
const PARTNER: &str = "1;4;33";
const WRONG: &str = "31";

/// Words with a meaning of their own between arguments.
const KEYWORDS: [&str; 16] =
    ["and", "or", "not", "in", "xor", "like", "by", "as", "over", "where", "output", "outputnew", "from", "with", "case", "term"];

/// A line with colours. The cursor tells which brackets belong together and which word is still being typed; there is
/// none when the line was entered.
pub fn colored(line: &str, cursor: Option<usize>) -> String {
    let indent = line.len() - line.trim_start().len();
    let rest = &line[indent..];
    let is_command = rest.strip_prefix('.').is_some_and(|name| name.starts_with(|first: char| first.is_ascii_alphabetic()));
    if !is_command {
        return colored_search(line, cursor);
    }
    let name_end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (name, arguments) = rest.split_at(name_end);
    let spec = dot_commands::find(name);
    let color = if spec.is_some() || (arguments.is_empty() && cursor.is_some()) { COMMAND } else { WRONG };
    let arguments = match spec {
        Some(spec) if spec.wanted == Wanted::Search => {
            colored_search(arguments, cursor.and_then(|cursor| cursor.checked_sub(indent + name_end)))
        }
        _ => arguments.to_owned(),
    };
    format!("{}{}{arguments}", &line[..indent], painted(name, color))
}

fn painted(text: &str, color: &str) -> String {
    format!("\u{1b}[{color}m{text}\u{1b}[0m")
}

fn colored_search(source: &str, cursor: Option<usize>) -> String {
    let all = tokens(source);
    let partners = cursor.and_then(|cursor| matching_brackets(source, &all, cursor));
    let mut text = String::with_capacity(source.len() * 2);
    // The command of each level of brackets, and whether its name comes next.
    let mut levels: Vec<(Option<&CommandSpec>, Expected)> = vec![(None, Expected::Search)];
    for (place, token) in all.iter().enumerate() {
        let word = token.text(source);
        let color = match token.kind {
            Kind::Word => {
                let next = all.get(place + 1);
                let typed = cursor == Some(token.end);
                match levels.last_mut() {
                    Some(level) => word_color(source, token, next, typed, level),
                    None => None,
                }
            }
            Kind::Quoted if word.starts_with('\'') => None,
            Kind::Quoted => Some(if token.closed || cursor.is_some() { TEXT } else { WRONG }),
            Kind::Macro => Some(MACRO),
            Kind::Comment => Some(COMMENT),
            Kind::Pipe => Some(PIPE),
            Kind::Open | Kind::Close if partners.is_some_and(|(open, close)| [open, close].contains(&token.start)) => {
                Some(PARTNER)
            }
            Kind::Blank | Kind::Comma | Kind::Operator | Kind::Open | Kind::Close => None,
        };
        match (token.kind, word) {
            (Kind::Open, "[") => levels.push((None, Expected::CommandOrSearch)),
            (Kind::Close, "]") if levels.len() > 1 => {
                levels.pop();
            }
            (Kind::Pipe, _) => {
                if let Some(level) = levels.last_mut() {
                    *level = (None, Expected::Command);
                }
            }
            (Kind::Blank | Kind::Comment, _) => {}
            _ => {
                if let Some((_, expected)) = levels.last_mut() {
                    *expected = Expected::Search;
                }
            }
        }
        match color {
            Some(color) => text.push_str(&painted(word, color)),
            None => text.push_str(word),
        }
    }
    text
}

/// What the next word of a level is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Command,
    CommandOrSearch,
    Search,
}

fn word_color(
    source: &str,
    token: &Token,
    next: Option<&Token>,
    typed: bool,
    level: &mut (Option<&'static CommandSpec>, Expected),
) -> Option<&'static str> {
    let word = token.text(source);
    if level.1 != Expected::Search {
        let found = lookup(word);
        level.0 = found;
        if found.is_some() {
            return Some(COMMAND);
        }
        if level.1 == Expected::Command {
            return (!typed).then_some(WRONG);
        }
    }
    if next.is_some_and(|next| next.text(source) == "(") {
        // Signs of arithmetic may stand before the name.
        let name = word.rsplit(['+', '-', '*', '/', '%']).next().unwrap_or(word);
        let known = scalar::lookup(name).is_some() || aggregate::lookup(name).is_some() || is_keyword(name);
        return known.then_some(FUNCTION);
    }
    if next.is_some_and(|next| next.text(source) == "=") {
        let is_option = level.0.is_some_and(|spec| spec.options.iter().any(|option| option.name.eq_ignore_ascii_case(word)));
        return is_option.then_some(OPTION);
    }
    is_keyword(word).then_some(KEYWORD)
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line with each colour as `<color:text>`.
    fn marked(line: &str, cursor: Option<usize>) -> String {
        colored(line, cursor).replace("\u{1b}[0m", ">").replace("\u{1b}[", "<")
    }

    #[test]
    fn words_by_their_place() {
        assert_eq!(marked("x | stats sum(b) by c", None), "x <1m|> <1;36mstats> <34msum>(b) <35mby> c");
        assert_eq!(marked("x | statz", None), "x <1m|> <31mstatz>");
        assert_eq!(marked("x | sta", Some(7)), "x <1m|> sta");
        assert_eq!(marked("a=\"b\" OR `m`", None), "a=<32m\"b\"> <35mOR> <1;35m`m`>");
        assert_eq!(marked("| top limit=5 a", None), "<1m|> <1;36mtop> <33mlimit>=5 a");
        assert_eq!(marked("x [search y]", None), "x [<1;36msearch> y]");
        assert_eq!(marked("(a)", Some(3)), "<1;4;33m(>a<1;4;33m)>");
        assert_eq!(marked(".load x", None), "<1;36m.load> x");
        assert_eq!(marked(".loat x", None), "<31m.loat> x");
    }

    #[test]
    fn nothing_but_colours_is_added() {
        for line in ["ä | \"", "|||", "[[", ".explain x | head", ".", "`", "a ``` b"] {
            let mut plain = colored(line, Some(line.len()));
            while let Some(start) = plain.find('\u{1b}') {
                let end = plain[start..].find('m').map_or(plain.len(), |end| start + end + 1);
                plain.replace_range(start..end, "");
            }
            assert_eq!(plain, line);
        }
    }
}
