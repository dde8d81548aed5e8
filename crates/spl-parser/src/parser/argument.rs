//! Arguments that many commands share: options, fields, renames, texts, by-clauses, subsearches.

use nom::Parser;

use super::{Reader, lexical};
use crate::diagnostic::{Diagnostic, nearest};
use crate::span::{Span, Spanned};
use crate::spec::{CommandSpec, OptionKind, OptionSpec};
use crate::syntax::{Argument, Clause, CommandCall, FieldName, OptionArgument, Quoting, SortKey};

/// What a field list may hold besides plain fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fields {
    /// Fields only.
    Plain,
    /// Fields and `a AS b`.
    Renames,
}

impl<'a> Reader<'a> {
    /// An option of the command, if one comes next: `name=value` whose name the spec lists.
    pub fn option(&mut self, call: &mut CommandCall) -> Result<bool, Diagnostic> {
        let Some(name) = self.pair_ahead() else {
            return Ok(false);
        };
        let lower = name.value.to_ascii_lowercase();
        let Some(spec) = call.spec.options.iter().find(|option| option.name.eq_ignore_ascii_case(&lower)) else {
            return Ok(false);
        };
        self.return_to(name.span.end);
        self.symbol("=");
        let value = self.option_value(call.spec, spec, name.span)?;
        call.options.push(OptionArgument { name: Spanned::new(lower, name.span), ..value });
        Ok(true)
    }

    /// All options that come next.
    pub fn options(&mut self, call: &mut CommandCall) -> Result<(), Diagnostic> {
        while self.option(call)? {
            self.separator();
        }
        Ok(())
    }

    /// The name of a `name=` that comes next; nothing is consumed.
    pub fn pair_ahead(&mut self) -> Option<Spanned<&'a str>> {
        self.skip_blanks();
        let before = self.position();
        let name = self.read(lexical::name);
        let equals = self.symbol("=").is_some() && !self.rest().starts_with('=');
        self.return_to(before);
        name.filter(|_| equals)
    }

    /// An error when a `name=` comes next that is no option of the command.
    pub fn refuse_unknown_option(&mut self, spec: &CommandSpec) -> Result<(), Diagnostic> {
        let Some(name) = self.pair_ahead() else {
            return Ok(());
        };
        Err(unknown_option(spec, name.value, name.span))
    }

    fn option_value(&mut self, command: &CommandSpec, spec: &OptionSpec, name: Span) -> Result<OptionArgument, Diagnostic> {
        let commas = matches!(spec.kind, OptionKind::Text | OptionKind::Regex);
        let in_parentheses = match spec.kind {
            OptionKind::Text => self.condition(),
            OptionKind::Regex => self.bare_regular_expression(),
            _ => None,
        };
        let (value, quoted) = match in_parentheses {
            Some(text) => (text, false),
            None => match self.quoted('"')? {
                Some(raw) => (Spanned::new(lexical::unescape(raw.value), raw.span), true),
                None => match self.read(lexical::option_word(commas)) {
                    Some(word) => (Spanned::new(word.value.to_owned(), word.span), false),
                    None if self.at_end_of_command() => {
                        let message = format!("option `{}` of `{}` has no value", spec.name, command.name);
                        return Err(Diagnostic::error("parse/missing-value", message, name)
                            .with_help(format!("it takes {}", kind_words(spec.kind))));
                    }
                    None => return Err(self.unexpected(&format!("a value for `{}`", spec.name))),
                },
            },
        };
        if !kind_fits(spec.kind, &value.value) {
            let message =
                format!("option `{}` of `{}` takes {}, not `{}`", spec.name, command.name, kind_words(spec.kind), value.value);
            return Err(Diagnostic::error("parse/option-value", message, value.span));
        }
        Ok(OptionArgument { name: Spanned::new(String::new(), name), value, quoted })
    }

    /// A regular expression that starts with a parenthesis, without quotes around it: up to a blank outside of parentheses.
    fn bare_regular_expression(&mut self) -> Option<Spanned<String>> {
        if !self.at_symbol("(") {
            return None;
        }
        let read = self.read(lexical::bare_regular_expression)?;
        self.note_practice(read.span, "a regular expression in parentheses stands without quotes", "put it in double quotes");
        Some(Spanned::new(read.value.to_owned(), read.span))
    }

    /// A condition given to an option: `(expression)`, or with each parenthesis in quotes of its own.
    fn condition(&mut self) -> Option<Spanned<String>> {
        if self.at_symbol("(") {
            return self.read(lexical::parenthesised).map(|text| Spanned::new(text.value.to_owned(), text.span));
        }
        self.skip_blanks();
        if !self.rest().starts_with("\"(\"") {
            return None;
        }
        self.read(lexical::quoted_parentheses).map(|text| Spanned::new(format!("({})", lexical::unescape(text.value)), text.span))
    }

    /// A field name, bare or quoted, if one comes next.
    pub fn optional_field(&mut self) -> Result<Option<FieldName>, Diagnostic> {
        self.skip_blanks();
        match self.next_character() {
            Some('"') => match self.quoted('"')? {
                Some(raw) if raw.value.is_empty() => Err(Diagnostic::error("parse/empty-name", "empty field name", raw.span)),
                Some(raw) => Ok(Some(FieldName { name: lexical::unescape(raw.value), span: raw.span, quoting: Quoting::Double })),
                None => Ok(None),
            },
            Some('\'') => match self.quoted('\'')? {
                Some(raw) if raw.value.is_empty() => Err(Diagnostic::error("parse/empty-name", "empty field name", raw.span)),
                Some(raw) => {
                    Ok(Some(FieldName { name: lexical::unescape_single(raw.value), span: raw.span, quoting: Quoting::Single }))
                }
                None => Ok(None),
            },
            _ => Ok(self.read(lexical::result_field_word).map(|word| FieldName {
                name: word.value.to_owned(),
                span: word.span,
                quoting: Quoting::None,
            })),
        }
    }

    /// A field name, or the error that says what was expected.
    pub fn field(&mut self, expected: &str) -> Result<FieldName, Diagnostic> {
        match self.optional_field()? {
            Some(field) => Ok(field),
            None => Err(self.unexpected(expected)),
        }
    }

    /// A field name without brackets, or the error that says what was expected: an argument in parentheses.
    pub fn plain_field(&mut self, expected: &str) -> Result<FieldName, Diagnostic> {
        self.skip_blanks();
        if matches!(self.next_character(), Some('"' | '\'')) {
            return self.field(expected);
        }
        match self.read(lexical::templated_field_word) {
            Some(word) => Ok(FieldName { name: word.value.to_owned(), span: word.span, quoting: Quoting::None }),
            None => Err(self.unexpected(expected)),
        }
    }

    /// A name right before a parenthesis; the parenthesis is left.
    pub fn function_ahead(&mut self) -> Option<Spanned<&'a str>> {
        let before = self.position();
        let name = self.read(lexical::function_name);
        if name.is_some() && self.at_symbol("(") {
            return name;
        }
        self.return_to(before);
        None
    }

    /// A value written as a word or in quotes, for commands that replace values.
    pub fn value_name(&mut self, expected: &str) -> Result<FieldName, Diagnostic> {
        let (text, quoted) = self.text_or_word(expected)?;
        Ok(FieldName { name: text.value, span: text.span, quoting: if quoted { Quoting::Double } else { Quoting::None } })
    }

    /// Fields (and options) up to the end of the command or one of the keywords, separated by blanks or commas.
    pub fn field_list(&mut self, call: &mut CommandCall, form: Fields, stops: &[&str]) -> Result<(), Diagnostic> {
        self.stray_commas();
        loop {
            self.options(call)?;
            if self.at_end_of_command()
                || matches!(self.next_character(), Some('['))
                || stops.iter().any(|word| self.at_keyword(word))
            {
                return Ok(());
            }
            self.refuse_unknown_option(call.spec)?;
            let argument = self.field_or_rename(form)?;
            call.arguments.push(argument);
            self.separator();
        }
    }

    /// A field or, where allowed, `a AS b`.
    pub fn field_or_rename(&mut self, form: Fields) -> Result<Argument, Diagnostic> {
        let from = self.field("a field name")?;
        if form == Fields::Renames && self.keyword("AS").is_some() {
            let to = self.field("a field name after `AS`")?;
            return Ok(Argument::Rename { from, to });
        }
        Ok(Argument::Field(from))
    }

    /// An `AS name`, if it comes next.
    pub fn alias(&mut self) -> Result<Option<FieldName>, Diagnostic> {
        if self.keyword("AS").is_none() {
            return Ok(None);
        }
        self.field("a field name after `AS`").map(Some)
    }

    /// A clause `keyword a, b`: fields, and `span=1h` pairs after them. Options of the command are taken out of it.
    pub fn field_clause(&mut self, call: &mut CommandCall, keyword: &str, stops: &[&str]) -> Result<bool, Diagnostic> {
        let Some(at) = self.keyword(keyword) else {
            return Ok(false);
        };
        self.field_clause_after(call, Spanned::new(keyword.to_ascii_lowercase(), at), stops)?;
        Ok(true)
    }

    /// The members of a field clause whose keyword has been read.
    pub fn field_clause_after(
        &mut self,
        call: &mut CommandCall,
        keyword: Spanned<String>,
        stops: &[&str],
    ) -> Result<(), Diagnostic> {
        if let Some(first) = call.clauses.iter().find(|clause| clause.keyword.value == keyword.value) {
            return Err(given_twice(&keyword.value, keyword.span, first.keyword.span));
        }
        let mut arguments = Vec::new();
        self.stray_commas();
        loop {
            if let Some(second) = self.keyword(&keyword.value) {
                return Err(given_twice(&keyword.value, second, keyword.span));
            }
            if self.at_end_of_command() || stops.iter().any(|word| self.at_keyword(word)) {
                break;
            }
            if let Some(name) = self.pair_ahead() {
                if is_bin_option(call.spec, name.value) {
                    arguments.push(self.pair()?);
                } else if !self.option(call)? {
                    return Err(unknown_option(call.spec, name.value, name.span));
                }
            } else {
                let before = self.position();
                let prefix = self.function_ahead().filter(|name| name.value.eq_ignore_ascii_case("prefix"));
                if prefix.is_none() {
                    self.return_to(before);
                }
                arguments.push(match prefix {
                    Some(name) => self.prefix_field(name)?,
                    None => Argument::Field(self.field("a field name")?),
                });
            }
            self.separator();
        }
        if arguments.is_empty() {
            return Err(missing_argument(&format!("no field after `{}`", keyword.value), keyword.span));
        }
        call.clauses.push(Clause { keyword, arguments });
        Ok(())
    }

    /// `PREFIX(text)` of `tstats`.
    fn prefix_field(&mut self, function: Spanned<&'a str>) -> Result<Argument, Diagnostic> {
        let Some(opener) = self.symbol("(") else {
            return Err(self.unexpected("`(`"));
        };
        let field = match self.quoted('"')? {
            Some(raw) => FieldName { name: lexical::unescape(raw.value), span: raw.span, quoting: Quoting::Double },
            None => match self.read(lexical::search_word(lexical::WordPlace::Value)) {
                Some(word) => FieldName { name: word.value.to_owned(), span: word.span, quoting: Quoting::None },
                None => return Err(self.unexpected("a prefix such as `user=`")),
            },
        };
        self.close(")", opener)?;
        let alias = self.alias()?;
        Ok(Argument::Conversion { function: Spanned::new("prefix".to_owned(), function.span), field, alias })
    }

    /// `name=value` that is no option.
    pub fn pair(&mut self) -> Result<Argument, Diagnostic> {
        let Some(name) = self.read(lexical::name) else {
            return Err(self.unexpected("a name"));
        };
        if self.symbol("=").is_none() {
            return Err(self.unexpected("`=`"));
        }
        let value = self.text_or_word(&format!("a value for `{}`", name.value))?;
        Ok(Argument::Pair { name: Spanned::new(name.value.to_owned(), name.span), value: value.0 })
    }

    /// A quoted text or a bare word, unquoted, and whether it was quoted.
    pub fn text_or_word(&mut self, expected: &str) -> Result<(Spanned<String>, bool), Diagnostic> {
        if let Some(raw) = self.quoted('"')? {
            return Ok((Spanned::new(lexical::unescape(raw.value), raw.span), true));
        }
        match self.read(lexical::option_word(false)) {
            Some(word) => Ok((Spanned::new(word.value.to_owned(), word.span), false)),
            None => Err(self.unexpected(expected)),
        }
    }

    /// The name of a dataset. Its parts may be quoted apart: `"Endpoint"."Processes"`.
    pub fn dataset_name(&mut self, expected: &str) -> Result<Spanned<String>, Diagnostic> {
        let (mut name, _) = self.text_or_word(expected)?;
        loop {
            let rest = self.rest();
            let joins = rest.starts_with('.') || (name.value.ends_with('.') && rest.starts_with('"'));
            if !joins {
                return Ok(name);
            }
            if rest.starts_with('.') {
                name.value.push('.');
                self.return_to(self.position() + 1);
            }
            let (part, _) = self.text_or_word("the name of a dataset")?;
            name.value.push_str(&part.value);
            name.span = name.span.to(part.span);
            self.note_practice(name.span, "the parts of a name are quoted apart", "put the whole name into one pair of quotes");
        }
    }

    /// Options that apps join by `OR`, as if they were conditions: `index=a OR index=b`.
    pub fn options_joined_by_or(&mut self, call: &mut CommandCall) -> Result<(), Diagnostic> {
        self.options(call)?;
        while let Some(or) = self.keyword("OR") {
            self.note_practice(or, "`OR` stands between two options", "leave it out");
            self.options(call)?;
        }
        Ok(())
    }

    /// An option whose name apps leave out, such as the count of `makeresults 5`.
    pub fn option_without_name(&mut self, call: &mut CommandCall, name: &str, value: Spanned<String>) {
        self.note_practice(value.span, "an option stands without its name", "write name=value");
        let name = Spanned::new(name.to_owned(), value.span);
        call.options.push(OptionArgument { name, value, quoted: false });
    }

    /// A text argument.
    pub fn text_argument(&mut self, expected: &str) -> Result<Argument, Diagnostic> {
        let (text, quoted) = self.text_or_word(expected)?;
        Ok(Argument::Text { text, quoted })
    }

    /// A regular expression. As in every quoted text `\\` is one backslash, so that a literal one takes four (Splunk search
    /// manual, SPL and regular expressions).
    pub fn regular_expression(&mut self, expected: &str) -> Result<Argument, Diagnostic> {
        if let Some(raw) = self.quoted('"')? {
            return Ok(Argument::Text { text: Spanned::new(lexical::unescape(raw.value), raw.span), quoted: true });
        }
        if let Some(text) = self.bare_regular_expression() {
            return Ok(Argument::Text { text, quoted: false });
        }
        match self.read(lexical::search_word(lexical::WordPlace::Value)) {
            Some(word) => Ok(Argument::Text { text: Spanned::new(word.value.to_owned(), word.span), quoted: false }),
            None => Err(self.unexpected(expected)),
        }
    }

    /// A whole number that stands alone, as in `head 5`.
    pub fn whole_number(&mut self) -> Option<Argument> {
        let before = self.position();
        let word = self.read(lexical::field_word)?;
        if word.value.bytes().all(|byte| byte.is_ascii_digit()) && word.value.parse::<i64>().is_ok() {
            return Some(Argument::Text { text: Spanned::new(word.value.to_owned(), word.span), quoted: false });
        }
        self.return_to(before);
        None
    }

    /// Keys of `sort` and of `sortby` up to the end of the command.
    pub fn sort_keys(&mut self, call: &mut CommandCall) -> Result<Vec<Argument>, Diagnostic> {
        let mut keys = Vec::new();
        self.stray_commas();
        loop {
            self.options(call)?;
            if self.at_end_of_command() {
                return Ok(keys);
            }
            let descending = if self.symbol("-").is_some() {
                true
            } else {
                self.symbol("+");
                false
            };
            let (kind, field) = self.sort_field()?;
            let key = SortKey { descending, kind, field };
            keys.push(Argument::SortKey(key));
            self.separator();
        }
    }

    /// `num(field)` and its kin, or a field; `avg(x)` is a field.
    fn sort_field(&mut self) -> Result<(Option<Spanned<String>>, FieldName), Diagnostic> {
        const KINDS: [&str; 4] = ["auto", "str", "ip", "num"];
        let before = self.position();
        let kind = self.function_ahead().map(|name| Spanned::new(name.value.to_ascii_lowercase(), name.span));
        let Some(kind) = kind.filter(|kind| KINDS.contains(&kind.value.as_str())) else {
            self.return_to(before);
            return Ok((None, self.field("a field to sort by")?));
        };
        let Some(opener) = self.symbol("(") else {
            return Err(self.unexpected("`(`"));
        };
        let field = self.plain_field("a field to sort by")?;
        self.close(")", opener)?;
        Ok((Some(kind), field))
    }
}

/// Whether a `name=` in a field clause belongs to the field before it and not to the command.
fn is_bin_option(spec: &CommandSpec, name: &str) -> bool {
    const OPTIONS: [&str; 6] = ["span", "minspan", "bins", "start", "end", "aligntime"];
    let name = name.to_ascii_lowercase();
    match spec.name {
        "chart" | "sichart" => OPTIONS.contains(&name.as_str()),
        "timechart" | "sitimechart" | "mstats" => false,
        _ => name == "span",
    }
}

/// The error for an option that a command does not have.
pub(crate) fn unknown_option(spec: &CommandSpec, name: &str, span: Span) -> Diagnostic {
    let message = format!("unknown option `{name}` of `{}`", spec.name);
    let error = Diagnostic::error("parse/unknown-option", message, span);
    let names = || spec.options.iter().map(|option| option.name);
    match (name.len() < 40).then(|| nearest(name, names())).flatten() {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None if spec.options.is_empty() => error.with_help(format!("`{}` takes no options", spec.name)),
        None => error.with_help(format!("its options are {}", names().collect::<Vec<_>>().join(", "))),
    }
}

/// The error for a clause that stands twice.
pub(crate) fn given_twice(keyword: &str, second: Span, first: Span) -> Diagnostic {
    Diagnostic::error("parse/duplicate-clause", format!("`{keyword}` is given twice"), second)
        .with_place(first, "first given here")
}

/// The error for an argument that is not there.
pub(crate) fn missing_argument(message: &str, span: Span) -> Diagnostic {
    Diagnostic::error("parse/missing-argument", message, span)
}

fn kind_words(kind: OptionKind) -> String {
    match kind {
        OptionKind::Boolean => "true or false".to_owned(),
        OptionKind::Integer => "a whole number".to_owned(),
        OptionKind::Number => "a number".to_owned(),
        OptionKind::Text => "a text".to_owned(),
        OptionKind::Regex => "a regular expression".to_owned(),
        OptionKind::Field => "a field name".to_owned(),
        OptionKind::FieldList => "a field or a quoted list of fields".to_owned(),
        OptionKind::SpanLength => "a span such as 5m, 1h or log2".to_owned(),
        OptionKind::OneOf(words) => format!("one of {}", words.join(", ")),
    }
}

/// Whether a value is of the kind that the option takes.
fn kind_fits(kind: OptionKind, value: &str) -> bool {
    let word = value.trim().to_ascii_lowercase();
    match kind {
        OptionKind::Boolean => matches!(word.as_str(), "true" | "t" | "1" | "yes" | "y" | "false" | "f" | "0" | "no" | "n"),
        OptionKind::Integer => word.parse::<i64>().is_ok(),
        OptionKind::Number => word.parse::<f64>().is_ok_and(f64::is_finite),
        OptionKind::Text | OptionKind::Regex => true,
        OptionKind::Field | OptionKind::FieldList => !word.is_empty(),
        OptionKind::SpanLength => is_span_length(&word),
        OptionKind::OneOf(words) => words.contains(&word.as_str()),
    }
}

/// A number with an optional unit and snap (`1h`, `5m@m`, `0.5`, `1month`), a logarithm (`log2`, `2log5`), or `auto`.
fn is_span_length(word: &str) -> bool {
    let rest = lexical::number.parse(word).map_or(word, |(rest, _)| rest);
    if let Some(base) = rest.strip_prefix("log") {
        return base.is_empty() || base.parse::<f64>().is_ok();
    }
    if word == "auto" {
        return true;
    }
    let unit_ends = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (unit, snap) = rest.split_at(unit_ends);
    let snaps = snap.is_empty() || snap.starts_with('@');
    snaps && (rest.len() < word.len() || !unit.is_empty() && unit.len() <= 8 && is_unit(unit))
}

fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "s" | "sec"
            | "secs"
            | "second"
            | "seconds"
            | "m"
            | "min"
            | "mins"
            | "minute"
            | "minutes"
            | "h"
            | "hr"
            | "hrs"
            | "hour"
            | "hours"
            | "d"
            | "day"
            | "days"
            | "w"
            | "week"
            | "weeks"
            | "mon"
            | "month"
            | "months"
            | "q"
            | "qtr"
            | "quarter"
            | "quarters"
            | "y"
            | "yr"
            | "year"
            | "years"
            | "us"
            | "ms"
            | "cs"
            | "ds"
    )
}
