//! Where in a search the cursor stands: which command, option or value is being typed, and which pipeline comes before.

use spl_parser::CommandSpec;
use spl_parser::commands::lookup;
use spl_parser::spec::{ArgumentShape, Object, OptionSpec, Subsearches};

use super::dot_commands::{self, DotCommandSpec, Wanted};
use super::tokens::{Kind, Token, tokens};

/// The word at the cursor and what it can be.
#[derive(Debug)]
pub struct Position {
    /// Where the word begins that a completion replaces.
    pub start: usize,
    /// What is typed of it, with its opening quote.
    pub word: String,
    /// What it can be.
    pub place: Place,
}

/// What can stand at a place.
#[derive(Debug)]
pub enum Place {
    /// Nothing that is known.
    Nothing,
    /// The name of a command of the REPL.
    DotCommand,
    /// What follows a command of the REPL.
    DotArgument(&'static DotCommandSpec),
    /// The name of a macro.
    Macro,
    /// The name of a command.
    Command,
    /// A data model, or one of its datasets behind a dot.
    DataModel,
    /// A dataset of a model, in a place of its own.
    Dataset(String),
    /// A lookup.
    Lookup,
    /// A saved search.
    SavedSearch,
    /// A time of a search.
    Time,
    /// The value of an option.
    OptionValue(&'static OptionSpec, Before),
    /// A value of a field; the flag tells an expression, where texts stand in quotes.
    Value(String, Before, bool),
    /// An argument of a command.
    Argument(Argument),
}

/// What comes before a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// The pipeline whose rows the command gets; empty for the events.
    pub pipeline: String,
    /// The dataset that a `tstats` or `from` names.
    pub dataset: Option<String>,
    /// The lookup that a `lookup` names.
    pub lookup: Option<String>,
}

/// An argument of a command.
#[derive(Debug)]
pub struct Argument {
    /// The command; none when its name is not known.
    pub command: Option<&'static CommandSpec>,
    /// What comes before.
    pub before: Before,
    /// Open parentheses around the place.
    pub depth: usize,
    /// The last of the words `by`, `over`, `as`, `output`, `outputnew`, `where` at this level, in lower case.
    pub keyword: Option<String>,
    /// The place of the new field's name in an assignment.
    pub is_target: bool,
    /// Options that were given already.
    pub given: Vec<String>,
}

/// A pair of square brackets, or the whole search.
struct Level {
    /// First byte inside.
    start: usize,
    /// The last pipe in it.
    pipe: Option<usize>,
    /// Number of the first token of the current command.
    first: usize,
    /// Whether there are brackets around.
    bracketed: bool,
    /// The pipeline that goes on inside the brackets, as with `appendpipe` and `foreach`.
    outer: Option<String>,
}

impl Level {
    /// The pipeline before the current command.
    fn before(&self, source: &str) -> String {
        let inside = self.pipe.and_then(|pipe| source.get(self.start..pipe)).unwrap_or_default().trim();
        match &self.outer {
            Some(outer) if inside.is_empty() => outer.clone(),
            Some(outer) => format!("{outer} | {}", inside.trim_start_matches('|').trim_start()),
            None => inside.to_owned(),
        }
    }
}

/// The position of a cursor in a line.
pub fn position(line: &str, cursor: usize) -> Position {
    let mut cursor = cursor.min(line.len());
    while !line.is_char_boundary(cursor) {
        cursor -= 1;
    }
    let before = &line[..cursor];
    let indent = before.len() - before.trim_start().len();
    match before[indent..].strip_prefix('.') {
        Some(rest) if rest.is_empty() || rest.starts_with(|first: char| first.is_ascii_alphabetic()) => {
            dot_position(before, indent)
        }
        _ => search_position(before, 0),
    }
}

fn dot_position(before: &str, indent: usize) -> Position {
    let Some(blank) = before[indent..].find(char::is_whitespace) else {
        return Position { start: indent, word: before[indent..].to_owned(), place: Place::DotCommand };
    };
    let name_end = indent + blank;
    let Some(spec) = dot_commands::find(&before[indent..name_end]) else {
        return Position { start: before.len(), word: String::new(), place: Place::Nothing };
    };
    if spec.wanted == Wanted::Search {
        let start = name_end + before[name_end..].len() - before[name_end..].trim_start().len();
        return search_position(before, start);
    }
    let start = before.rfind(char::is_whitespace).map_or(before.len(), |blank| blank + 1);
    Position { start, word: before[start..].to_owned(), place: Place::DotArgument(spec) }
}

/// The position at the end of a text; the search begins at a byte of it.
fn search_position(text: &str, offset: usize) -> Position {
    let source = &text[offset..];
    let all = tokens(source);
    let (mut start, rest) = match all.split_last() {
        Some((last, rest)) if last.kind == Kind::Word || !last.closed => (last.start, rest),
        _ => (source.len(), all.as_slice()),
    };
    let unfinished = all.last().filter(|last| !last.closed);
    let found = |start: usize, place| Position { start: offset + start, word: source[start..].to_owned(), place };
    if unfinished.is_some_and(|last| last.kind == Kind::Comment) {
        return found(source.len(), Place::Nothing);
    }
    let levels = levels(source, rest);
    let Some(level) = levels.last() else {
        return found(source.len(), Place::Nothing);
    };
    let before = level.before(source);
    if unfinished.is_some_and(|last| last.kind == Kind::Macro) {
        let inside = &source[start + 1..];
        let Some(argument) = inside.rfind(['(', ',']) else {
            return found(start + 1, Place::Macro);
        };
        start += 1 + argument + 1;
        start += source[start..].len() - source[start..].trim_start().len();
        let before = Before { pipeline: before, ..Before::default() };
        let argument =
            Argument { command: lookup("fields"), before, depth: 0, keyword: None, is_target: false, given: Vec::new() };
        return found(start, Place::Argument(argument));
    }
    let command: Vec<&Token> = rest[level.first..].iter().filter(|token| token.counts()).collect();
    let named = level.pipe.is_some() || level.bracketed;
    let spec = command.first().filter(|first| named && first.kind == Kind::Word).and_then(|first| lookup(first.text(source)));
    let (spec, arguments) = match (command.first(), spec) {
        (None, _) if named => return found(start, Place::Command),
        (Some(_), Some(spec)) => (Some(spec), &command[1..]),
        (Some(_), None) if level.pipe.is_some() => (None, &command[1..]),
        _ => (lookup("search"), command.as_slice()),
    };
    let context = Context { source, arguments, spec, word: &source[start..] };
    let moved = context.word_offset();
    let place = Context { word: &source[start + moved..], ..context }.place(before);
    match place {
        // The name of a model or dataset behind `datamodel:`.
        Place::DataModel | Place::Lookup | Place::SavedSearch if spec.is_some_and(|spec| spec.name == "from") => {
            let colon = source[start..].find(':').map_or(0, |colon| colon + 1);
            found(start + colon, place)
        }
        place => found(start + moved, place),
    }
}

fn levels(source: &str, tokens: &[Token]) -> Vec<Level> {
    let mut levels = vec![Level { start: 0, pipe: None, first: 0, bracketed: false, outer: None }];
    for (number, token) in tokens.iter().enumerate() {
        match (token.kind, token.text(source)) {
            (Kind::Open, "[") => {
                let outer = levels.last().and_then(|level| {
                    let name = tokens[level.first..number].iter().find(|token| token.counts())?.text(source);
                    let goes_on = lookup(name).is_some_and(|spec| spec.effects.subsearches == Subsearches::OverRows);
                    goes_on.then(|| level.before(source))
                });
                levels.push(Level { start: token.end, pipe: None, first: number + 1, bracketed: true, outer });
            }
            (Kind::Close, "]") if levels.len() > 1 => {
                levels.pop();
            }
            (Kind::Pipe, _) => {
                if let Some(level) = levels.last_mut() {
                    level.pipe = Some(token.start);
                    level.first = number + 1;
                }
            }
            _ => {}
        }
    }
    levels
}

/// The tokens of a command up to the cursor.
#[derive(Clone, Copy)]
struct Context<'a> {
    source: &'a str,
    arguments: &'a [&'a Token],
    spec: Option<&'static CommandSpec>,
    word: &'a str,
}

impl Context<'_> {
    fn name(&self) -> &'static str {
        self.spec.map_or("", |spec| spec.name)
    }

    fn text(&self, place: usize) -> &str {
        self.arguments.get(place).map_or("", |token| token.text(self.source))
    }

    fn is_expression(&self) -> bool {
        let shape = self.spec.map(|spec| &spec.arguments);
        matches!(shape, Some(ArgumentShape::Expression | ArgumentShape::Assignments)) || matches!(self.name(), "where" | "eval")
    }

    /// Bytes at the front of the word that are no part of a name: signs of arithmetic and of sort orders.
    fn word_offset(&self) -> usize {
        if self.word.starts_with(['"', '\'']) {
            return 0;
        }
        let arithmetic = self.is_expression() || (self.depth() > 0 && takes_aggregations(self.spec));
        if arithmetic {
            return self.word.rfind(['+', '-', '*', '/', '%']).map_or(0, |sign| sign + 1);
        }
        let listed = self.spec.is_some_and(|spec| spec.name == "sort" || matches!(spec.arguments, ArgumentShape::Fields));
        if listed { self.word.len() - self.word.trim_start_matches(['-', '+']).len() } else { 0 }
    }

    /// Open parentheses.
    fn depth(&self) -> usize {
        self.arguments.iter().fold(0usize, |depth, token| match token.kind {
            Kind::Open => depth + 1,
            Kind::Close => depth.saturating_sub(1),
            _ => depth,
        })
    }

    /// Number of the innermost open parenthesis.
    fn opened(&self) -> Option<usize> {
        let mut open = Vec::new();
        for (number, token) in self.arguments.iter().enumerate() {
            match token.kind {
                Kind::Open => open.push(number),
                Kind::Close => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.pop()
    }

    fn place(&self, pipeline: String) -> Place {
        let before = Before { pipeline, dataset: self.dataset(), lookup: self.lookup() };
        if let Some(place) = self.named_object() {
            return place;
        }
        if let Some(place) = self.compared(&before) {
            return place;
        }
        let depth = self.depth();
        let keyword = self.keyword();
        let last = self.arguments.last();
        if last.is_some_and(|token| token.is_word(self.source, "as")) && self.name() != "lookup" {
            return Place::Nothing;
        }
        let assigns = self.spec.is_some_and(|spec| matches!(spec.arguments, ArgumentShape::Assignments));
        let is_target = assigns && depth == 0 && last.is_none_or(|token| token.kind == Kind::Comma);
        let given = self
            .arguments
            .windows(2)
            .filter(|pair| pair[0].kind == Kind::Word && pair[1].text(self.source) == "=")
            .map(|pair| pair[0].text(self.source).to_ascii_lowercase())
            .collect();
        Place::Argument(Argument { command: self.spec, before, depth, keyword, is_target, given })
    }

    /// Models, datasets, lookups and saved searches, by the place in their command.
    fn named_object(&self) -> Option<Place> {
        // Arguments that are not part of an option.
        let mut plain = Vec::new();
        let mut number = 0;
        while number < self.arguments.len() {
            let is_option = self.arguments.get(number + 1).is_some_and(|next| next.kind == Kind::Operator);
            if is_option {
                // A value that is being typed is an option's.
                if number + 2 >= self.arguments.len() {
                    return None;
                }
                number += 3;
            } else {
                plain.push(self.text(number));
                number += 1;
            }
        }
        match self.spec?.effects.objects.get(plain.len())? {
            Object::Lookup => Some(Place::Lookup),
            Object::SavedSearch => Some(Place::SavedSearch),
            Object::DataModel => Some(Place::DataModel),
            Object::Dataset => plain.last().map(|model| Place::Dataset((*model).to_owned())),
            Object::KindAndName => match self.word.split_once(':') {
                Some((kind, _)) if kind.eq_ignore_ascii_case("datamodel") => Some(Place::DataModel),
                Some((kind, _)) if kind.eq_ignore_ascii_case("lookup") => Some(Place::Lookup),
                Some((kind, _)) if kind.eq_ignore_ascii_case("savedsearch") => Some(Place::SavedSearch),
                _ => None,
            },
        }
    }

    /// What stands behind an operator, or in the list of an `IN`.
    fn compared(&self, before: &Before) -> Option<Place> {
        let last = self.arguments.last()?;
        if last.kind == Kind::Operator {
            let name = self.arguments.len().checked_sub(2).map(|place| self.text(place))?;
            let field = name.trim_matches(['\'', '"']).to_owned();
            let equals = last.text(self.source) == "=";
            if equals && field.eq_ignore_ascii_case("datamodel") {
                return Some(Place::DataModel);
            }
            let searches = matches!(self.name(), "search" | "tstats");
            if searches && matches!(field.to_ascii_lowercase().as_str(), "earliest" | "latest") {
                return Some(Place::Time);
            }
            let option = self.spec.and_then(|spec| spec.options.iter().find(|option| option.name.eq_ignore_ascii_case(&field)));
            if let Some(option) = option.filter(|_| equals && self.depth() == 0 && !self.is_expression()) {
                return Some(Place::OptionValue(option, before.clone()));
            }
            let assigns = self.spec.is_some_and(|spec| matches!(spec.arguments, ArgumentShape::Assignments));
            let target = self.arguments.len().checked_sub(3).map(|place| self.arguments[place]);
            if assigns && equals && self.depth() == 0 && target.is_none_or(|token| token.kind == Kind::Comma) {
                return None;
            }
            return Some(Place::Value(
                field,
                before.clone(),
                self.is_expression() || self.depth() > 0 && self.name() != "search",
            ));
        }
        let opened = self.opened()?;
        let keyword = opened.checked_sub(1).map(|place| self.arguments[place])?;
        if !keyword.is_word(self.source, "in") || !matches!(last.kind, Kind::Open | Kind::Comma) {
            return None;
        }
        let named = opened.checked_sub(2).map(|place| self.arguments[place]).filter(|token| {
            matches!(token.kind, Kind::Word | Kind::Quoted)
                && !["and", "or", "not"].iter().any(|word| token.is_word(self.source, word))
        });
        // `user IN (`, or `in(user, ` in an expression.
        let field = named.or_else(|| self.arguments.get(opened + 1).filter(|_| last.kind == Kind::Comma).copied())?;
        let in_expression = self.is_expression() || self.depth() > 1 && self.name() != "search";
        Some(Place::Value(field.text(self.source).trim_matches(['\'', '"']).to_owned(), before.clone(), in_expression))
    }

    fn keyword(&self) -> Option<String> {
        let known = ["by", "over", "as", "output", "outputnew", "where"];
        let words = self.arguments.iter().rev().filter(|token| token.kind == Kind::Word);
        words.map(|token| token.text(self.source).to_ascii_lowercase()).find(|word| known.contains(&word.as_str()))
    }

    /// What `datamodel=` or `datamodel:` names.
    fn dataset(&self) -> Option<String> {
        if !matches!(self.name(), "tstats" | "from") {
            return None;
        }
        let names = self.arguments.windows(3).find(|three| three[0].is_word(self.source, "datamodel"));
        names.map(|three| three[2].text(self.source).trim_matches('"').to_owned())
    }

    /// What a `lookup` reads.
    fn lookup(&self) -> Option<String> {
        if self.name() != "lookup" {
            return None;
        }
        let mut number = 0;
        while self.arguments.get(number + 1).is_some_and(|next| next.kind == Kind::Operator) {
            number += 3;
        }
        self.arguments.get(number).map(|token| token.text(self.source).trim_matches('"').to_owned())
    }
}

/// Whether a command's arguments are aggregations such as `sum(bytes)`.
pub fn takes_aggregations(spec: Option<&'static CommandSpec>) -> bool {
    spec.is_some_and(|spec| matches!(spec.arguments, ArgumentShape::Aggregations) || spec.syntax.contains("<aggregation>"))
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;

    fn at(line: &str) -> (String, Place) {
        let position = position(line, line.len());
        assert_eq!(&line[position.start..], position.word, "{line}");
        (position.word, position.place)
    }

    #[track_caller]
    fn value(line: &str) -> (String, String, String) {
        match at(line) {
            (word, Place::Value(field, before, _)) => (word, field, before.pipeline),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[track_caller]
    fn argument(line: &str) -> (String, Argument) {
        match at(line) {
            (word, Place::Argument(argument)) => (word, argument),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn three(word: &str, field: &str, before: &str) -> (String, String, String) {
        (word.to_owned(), field.to_owned(), before.to_owned())
    }

    #[test]
    fn commands_and_macros() {
        assert!(matches!(at("foo | he"), (word, Place::Command) if word == "he"));
        assert!(matches!(at("|"), (_, Place::Command)));
        assert!(matches!(at("foo [ se"), (_, Place::Command)));
        assert!(matches!(at("foo `sec"), (word, Place::Macro) if word == "sec"));
        assert_eq!(argument("foo | `ctime(fir").0, "fir");
        assert!(matches!(at("foo ``` he"), (_, Place::Nothing)));
        assert!(matches!(at(".lo"), (word, Place::DotCommand) if word == ".lo"));
        assert!(matches!(at(".load /tm"), (word, Place::DotArgument(spec)) if word == "/tm" && spec.name == "load"));
        assert!(matches!(at(".explain foo | he"), (word, Place::Command) if word == "he"));
    }

    #[test]
    fn values_of_fields() {
        assert_eq!(value("user=al"), three("al", "user", ""));
        assert_eq!(value("index=main user!=\"al"), three("\"al", "user", ""));
        assert_eq!(value("a=1 | where user=\"al"), three("\"al", "user", "a=1"));
        assert_eq!(value("user IN (ann, b"), three("b", "user", ""));
        assert_eq!(value("x | where in(user, \""), three("\"", "user", "x"));
        assert_eq!(value("x | eval y=if(user=\"a"), three("\"a", "user", "x"));
        assert_eq!(value("x | stats count by y | search y="), three("", "y", "x | stats count by y"));
        assert_eq!(value("x | append [ search host=w"), three("w", "host", ""));
        assert_eq!(value("x | stats a | appendpipe [ stats b | where c="), three("", "c", "x | stats a | stats b"));
        assert_eq!(value("x [search a=1 | table a] b="), three("", "b", ""));
    }

    #[test]
    fn options_and_objects() {
        assert!(matches!(at("x | timechart usenull="), (_, Place::OptionValue(option, _)) if option.name == "usenull"));
        assert!(matches!(at("| tstats count from datamodel=End"), (word, Place::DataModel) if word == "End"));
        assert!(matches!(at("| from datamodel:End"), (word, Place::DataModel) if word == "End"));
        assert!(matches!(at("| datamodel Endpoint P"), (_, Place::Dataset(model)) if model == "Endpoint"));
        assert!(matches!(at("x | lookup us"), (_, Place::Lookup)));
        assert!(matches!(at("| inputlookup append=t us"), (_, Place::Lookup)));
        assert!(matches!(at("earliest=-"), (_, Place::Time)));
    }

    #[test]
    fn arguments() {
        let (word, found) = argument("x | stats sum(bytes) by ho");
        assert_eq!((word.as_str(), found.keyword.as_deref(), found.depth), ("ho", Some("by"), 0));
        let (word, found) = argument("x | stats sum(by");
        assert_eq!((word.as_str(), found.depth), ("by", 1));
        assert_eq!(argument("x | eval y=a+b").0, "b");
        assert!(argument("x | eval y=1, z").1.is_target);
        assert!(!argument("x | eval y=z").1.is_target);
        assert_eq!(argument("x | sort -by").0, "by");
        assert_eq!(argument("x | dedup keepempty=t us").1.given, ["keepempty"]);
        assert!(matches!(at("x | rename a as b"), (_, Place::Nothing)));
        assert_eq!(argument("| tstats count from datamodel=E.P by P").1.before.dataset.as_deref(), Some("E.P"));
        assert_eq!(argument("x | lookup users name as u").1.before.lookup.as_deref(), Some("users"));
        assert_eq!(argument("us").1.command.map(|spec| spec.name), Some("search"));
        // A cursor inside a character does no harm.
        assert_eq!(position("ä", 1).start, 0);
    }

    #[test]
    fn any_text_has_positions() {
        let pieces = [
            "|", "[", "]", "(", ")", "\"", "'", "`", "```", ",", "=", "!=", " ", "\\", "ä", "stats", "by", "in", "lookup", ".x",
            "from", ":", "-",
        ];
        let mut state = 1u32;
        for _ in 0..3000 {
            let mut line = String::new();
            for _ in 0..8 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                line.push_str(pieces[(state >> 16) as usize % pieces.len()]);
            }
            for cursor in 0..=line.len() + 1 {
                let found = position(&line, cursor);
                assert!(line.is_char_boundary(found.start) && line[found.start..].starts_with(&found.word), "{line:?} {cursor}");
            }
            crate::commands::repl::colors::colored(&line, Some(line.len()));
            crate::commands::repl::input::is_incomplete(&line);
            crate::commands::repl::completion::syntax_hint(&line);
            crate::commands::repl::approximation::fields_behind(&line, Vec::new);
        }
    }
}
