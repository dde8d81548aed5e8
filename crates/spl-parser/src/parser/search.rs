//! The search language: terms, comparisons, `IN` lists, time modifiers and subsearches. `NOT` binds first, then `OR`, then `AND`.

use super::Reader;
use super::lexical::{self, WordPlace};
use crate::diagnostic::Diagnostic;
use crate::span::{Span, Spanned};
use crate::syntax::{Directive, FieldName, Quoting, SearchExpression, SearchKind, SearchOperator, SearchValue};

/// Names that bound the time range when they stand left of `=` (Splunk search reference, time modifiers).
pub const TIME_MODIFIERS: &[&str] = &[
    "earliest",
    "latest",
    "_index_earliest",
    "_index_latest",
    "starttime",
    "endtime",
    "starttimeu",
    "endtimeu",
    "timeformat",
    "daysago",
    "hoursago",
    "minutesago",
    "monthsago",
    "startdaysago",
    "enddaysago",
    "starthoursago",
    "endhoursago",
    "startminutesago",
    "endminutesago",
    "startmonthsago",
    "endmonthsago",
    "searchtimespandays",
    "searchtimespanhours",
    "searchtimespanminutes",
    "searchtimespanmonths",
];

impl<'a> Reader<'a> {
    /// A search expression up to the end of the command; without any term it matches everything.
    pub fn search_expression(&mut self) -> Result<SearchExpression, Diagnostic> {
        self.search_expression_until(&[])
    }

    /// A search expression up to the end of the command or one of these keywords (in any case).
    pub fn search_expression_until(&mut self, stops: &[&str]) -> Result<SearchExpression, Diagnostic> {
        self.conditions(stops, false)
    }

    /// Conditions that may be separated by commas, as those of `tstats` are in many apps.
    pub fn search_expression_with_commas(&mut self, stops: &[&str]) -> Result<SearchExpression, Diagnostic> {
        self.conditions(stops, true)
    }

    /// What is said of commas holds for these conditions, not for those of the search around them or of subsearches.
    fn conditions(&mut self, stops: &[&str], commas_separate: bool) -> Result<SearchExpression, Diagnostic> {
        let around = std::mem::replace(&mut self.commas_separate, commas_separate);
        let read = self.all_conditions(stops);
        self.commas_separate = around;
        read
    }

    fn all_conditions(&mut self, stops: &[&str]) -> Result<SearchExpression, Diagnostic> {
        self.skip_blanks();
        let start = self.here();
        if self.at_end_of_command() {
            return Ok(SearchExpression { kind: SearchKind::And(Vec::new()), span: start });
        }
        self.leading_and(stops);
        let mut expression = self.conjunction(stops)?;
        if let SearchKind::Term(value) = &expression.kind
            && value.pattern.is_any()
            && !value.quoted
            && value.directive == Directive::None
        {
            expression.kind = SearchKind::And(Vec::new());
        }
        Ok(expression)
    }

    /// A search expression up to a closing parenthesis, which is left.
    pub fn search_expression_in_parentheses(&mut self) -> Result<SearchExpression, Diagnostic> {
        self.conjunction(&[])
    }

    fn at_end_of_search(&mut self, stops: &[&str]) -> bool {
        self.at_end_of_command()
            || matches!(self.next_character(), Some(')' | ']'))
            || stops.iter().any(|word| self.at_keyword(word))
    }

    /// Operands joined by `AND` or by nothing.
    fn conjunction(&mut self, stops: &[&str]) -> Result<SearchExpression, Diagnostic> {
        let mut operands = Vec::new();
        loop {
            operands.push(self.disjunction(stops)?);
            if self.commas_separate {
                self.commas_between_conditions();
            }
            if !self.another_operand(stops)? {
                return Ok(join(operands, SearchKind::And));
            }
        }
    }

    /// Passes an `AND` before the first condition, as a macro that leaves no text behind has it: `search `comment("x")` AND a`.
    fn leading_and(&mut self, stops: &[&str]) {
        let before = self.position();
        match self.operator_word("AND") {
            Some(and) if !self.at_end_of_search(stops) => {
                self.note_practice(and, "`AND` stands before the first condition", "leave it out");
            }
            _ => self.return_to(before),
        }
    }

    fn commas_between_conditions(&mut self) {
        while let Some(comma) = self.symbol(",") {
            self.note_practice(comma, "a comma stands between two conditions", "separate them by a blank");
        }
    }

    /// Passes an `AND`; whether an operand follows. An `AND` without one is an error.
    fn another_operand(&mut self, stops: &[&str]) -> Result<bool, Diagnostic> {
        let and = self.operator_word("AND");
        let ends = self.at_end_of_search(stops);
        match and {
            Some(at) if ends => Err(missing_operand("nothing to the right of `AND`", at)),
            _ => Ok(!ends),
        }
    }

    /// Operands joined by `OR`.
    fn disjunction(&mut self, stops: &[&str]) -> Result<SearchExpression, Diagnostic> {
        let mut operands = Vec::new();
        loop {
            operands.push(self.negation(stops)?);
            if !self.prefix_operator("OR", stops)? {
                return Ok(join(operands, SearchKind::Or));
            }
        }
    }

    /// Passes an operator before an operand; an error when the operand is missing.
    fn prefix_operator(&mut self, word: &str, stops: &[&str]) -> Result<bool, Diagnostic> {
        match self.operator_word(word) {
            Some(at) if self.at_end_of_search(stops) => Err(missing_operand(&format!("nothing to the right of `{word}`"), at)),
            Some(_) => Ok(true),
            None => Ok(false),
        }
    }

    fn negation(&mut self, stops: &[&str]) -> Result<SearchExpression, Diagnostic> {
        self.skip_blanks();
        let at = Span::new(self.position(), self.position() + 3);
        if !self.prefix_operator("NOT", stops)? {
            return self.search_operand();
        }
        self.enter(at)?;
        let operand = self.negation(stops)?;
        self.leave();
        let span = at.to(operand.span);
        Ok(SearchExpression { kind: SearchKind::Not(Box::new(operand)), span })
    }

    /// An upper-case operator as a whole word that is not itself the field of a comparison.
    fn operator_word(&mut self, word: &str) -> Option<Span> {
        self.skip_blanks();
        let rest = self.rest();
        let after = rest.strip_prefix(word)?;
        let ends = after.chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '|' | '"' | '`'));
        if !ends {
            return None;
        }
        let span = Span::new(self.position(), self.position() + word.len());
        self.return_to(span.end);
        Some(span)
    }

    fn search_operand(&mut self) -> Result<SearchExpression, Diagnostic> {
        self.refuse_operator_here()?;
        match self.next_character() {
            Some('(') => self.search_group(),
            Some('[') => self.search_subsearch(),
            Some('=' | '<' | '>') => Err(self.missing_field(1)),
            Some('!') if self.rest().starts_with("!=") => Err(self.missing_field(2)),
            _ => self.term_or_comparison(),
        }
    }

    fn refuse_operator_here(&mut self) -> Result<(), Diagnostic> {
        for word in ["AND", "OR"] {
            if let Some(at) = self.operator_word(word) {
                return Err(missing_operand(&format!("nothing to the left of `{word}`"), at)
                    .with_help("operators stand between two conditions; quote the word to search for it"));
            }
        }
        Ok(())
    }

    #[cold]
    fn missing_field(&self, operator_length: usize) -> Diagnostic {
        let at = Span::new(self.position(), self.position() + operator_length);
        missing_operand(&format!("no field to the left of `{}`", self.text(at)), at)
    }

    fn search_subsearch(&mut self) -> Result<SearchExpression, Diagnostic> {
        let subsearch = Box::new(self.subsearch()?);
        let span = subsearch.span;
        Ok(SearchExpression { kind: SearchKind::Subsearch(subsearch), span })
    }

    fn search_group(&mut self) -> Result<SearchExpression, Diagnostic> {
        let opener = self.open_group()?;
        if self.at_symbol(")") {
            return self.empty_search_group(opener);
        }
        if self.at_end_of_command() {
            self.close(")", opener)?;
        }
        let mut expression = self.conjunction(&[])?;
        expression.span = opener.to(self.close_group(opener)?);
        Ok(expression)
    }

    /// `()` keeps everything: it is what an empty macro or subsearch leaves behind.
    fn empty_search_group(&mut self, opener: Span) -> Result<SearchExpression, Diagnostic> {
        let end = self.close_group(opener)?;
        Ok(SearchExpression { kind: SearchKind::And(Vec::new()), span: opener.to(end) })
    }

    fn term_or_comparison(&mut self) -> Result<SearchExpression, Diagnostic> {
        let start = self.position();
        if let Some(value) = self.directive()? {
            let span = value.span;
            return Ok(SearchExpression { kind: SearchKind::Term(value), span });
        }
        let value = match self.quoted('"')? {
            Some(raw) => SearchValue {
                pattern: lexical::pattern(raw.value, true),
                quoted: true,
                directive: Directive::None,
                span: raw.span,
            },
            None => self.bare_value(WordPlace::Term)?,
        };
        let after = self.position();
        if let Some(operator) = self.read(lexical::search_operator) {
            self.refuse_angle_brackets(operator.span)?;
            let field = self.left_side(&value);
            return self.comparison(field, operator);
        }
        if let Some(negated) = self.list_ahead()? {
            let field = self.left_side(&value);
            let list = self.value_list(field)?;
            let span = Span::new(start, list.span.end);
            return Ok(if negated { SearchExpression { kind: SearchKind::Not(Box::new(list)), span } } else { list });
        }
        self.return_to(after);
        self.expect_word_boundary(&value, WordPlace::Term)?;
        self.refuse_lone_in(&value)?;
        let span = value.span;
        Ok(SearchExpression { kind: SearchKind::Term(value), span })
    }

    /// `field=value` without brackets around it, if it comes next: how apps write the condition of an option.
    pub fn bare_comparison(&mut self) -> Result<Option<SearchExpression>, Diagnostic> {
        self.skip_blanks();
        let before = self.position();
        let word = self.read(lexical::search_word(WordPlace::Term));
        let compared = word.is_some() && self.read(lexical::search_operator).is_some();
        self.return_to(before);
        if !compared {
            return Ok(None);
        }
        let condition = self.term_or_comparison()?;
        self.note_practice(condition.span, "a condition stands without brackets or quotes", "write (field=value)");
        Ok(Some(condition))
    }

    /// `IN` or `NOT IN` before a list; the value tells whether it was negated.
    fn list_ahead(&mut self) -> Result<Option<bool>, Diagnostic> {
        let before = self.position();
        let negated = self.operator_word("NOT").is_some();
        if let Some(keyword) = self.keyword("IN")
            && self.at_symbol("(")
        {
            let written = self.text(keyword);
            if written == "IN" {
                return Ok(Some(negated));
            }
            return Err(Diagnostic::error("parse/lower-case-operator", format!("`{written}` before a list"), keyword)
                .with_help("the operator is written IN, in upper case; the word is searched for in quotes"));
        }
        self.return_to(before);
        Ok(None)
    }

    /// An upper-case `IN` that is no operator is a mistake.
    fn refuse_lone_in(&self, value: &SearchValue) -> Result<(), Diagnostic> {
        if value.quoted || self.text(value.span) != "IN" {
            return Ok(());
        }
        Err(missing_operand("`IN` needs a field before it and a list in parentheses after it", value.span)
            .with_help("field IN (a, b); quote the word to search for it"))
    }

    /// The field that a word or quoted text left of an operator names.
    fn left_side(&self, value: &SearchValue) -> FieldName {
        let written = self.text(value.span);
        if value.quoted {
            let inside = written.get(1..written.len().saturating_sub(1)).unwrap_or_default();
            FieldName { name: lexical::unescape(inside), span: value.span, quoting: Quoting::Double }
        } else {
            FieldName { name: written.to_owned(), span: value.span, quoting: Quoting::None }
        }
    }

    fn comparison(&mut self, field: FieldName, operator: Spanned<SearchOperator>) -> Result<SearchExpression, Diagnostic> {
        let is_modifier = operator.value == SearchOperator::Equal
            && field.quoting == Quoting::None
            && TIME_MODIFIERS.contains(&field.name.as_str());
        if self.at_end_of_command() || matches!(self.next_character(), Some(')' | ']' | ',')) {
            let written = self.text(field.span.to(operator.span));
            return Err(missing_operand(&format!("no value to the right of `{written}`"), field.span.to(operator.span))
                .with_help("an empty value is written \"\", any value *"));
        }
        if is_modifier && self.next_character() == Some('[') {
            return Err(self.unexpected("a time"));
        }
        if self.next_character() == Some('[') {
            let subsearch = self.subsearch()?;
            let span = field.span.to(subsearch.span);
            return Ok(SearchExpression {
                kind: SearchKind::SubsearchComparison { field, operator, subsearch: Box::new(subsearch) },
                span,
            });
        }
        let value = match self.directive()? {
            Some(value) => value,
            None => self.value(WordPlace::Value)?,
        };
        let span = field.span.to(value.span);
        if is_modifier {
            let text = self.plain_text(&value);
            let name = Spanned::new(field.name, field.span);
            let value = Spanned::new(text, value.span);
            return Ok(SearchExpression { kind: SearchKind::TimeModifier { name, value }, span });
        }
        Ok(SearchExpression { kind: SearchKind::Comparison { field, operator, value }, span })
    }

    /// The text of a value that is no pattern.
    fn plain_text(&self, value: &SearchValue) -> String {
        let written = self.text(value.span);
        if value.quoted {
            lexical::unescape(written.get(1..written.len().saturating_sub(1)).unwrap_or_default())
        } else {
            written.to_owned()
        }
    }

    /// The list of `field IN (...)`, from its `(` on.
    fn value_list(&mut self, field: FieldName) -> Result<SearchExpression, Diagnostic> {
        let Some(opener) = self.symbol("(") else {
            return Err(self.unexpected("`(` after `IN`"));
        };
        let mut values = Vec::new();
        loop {
            if self.symbol(",").is_some() {
                continue;
            }
            if let Some(end) = self.symbol(")") {
                let span = field.span.to(end);
                if values.is_empty() {
                    return Err(Diagnostic::error("parse/missing-argument", "`IN` needs at least one value", opener.to(end)));
                }
                return Ok(SearchExpression { kind: SearchKind::In { field, values }, span });
            }
            if self.at_end_of_command() {
                self.close(")", opener)?;
            }
            let value = match self.directive()? {
                Some(value) => value,
                None => self.value(WordPlace::List)?,
            };
            values.push(value);
        }
    }

    /// A quoted or bare value.
    fn value(&mut self, place: WordPlace) -> Result<SearchValue, Diagnostic> {
        if let Some(raw) = self.read(lexical::doubly_quoted) {
            self.note_practice(raw.span, "a value stands in doubled quotes", "one pair of quotes is enough");
            let pattern = lexical::pattern(raw.value, true);
            return Ok(SearchValue { pattern, quoted: true, directive: Directive::None, span: raw.span });
        }
        if let Some(raw) = self.quoted('"')? {
            return Ok(SearchValue {
                pattern: lexical::pattern(raw.value, true),
                quoted: true,
                directive: Directive::None,
                span: raw.span,
            });
        }
        let value = self.bare_value(place)?;
        self.expect_word_boundary(&value, place)?;
        Ok(value)
    }

    fn bare_value(&mut self, place: WordPlace) -> Result<SearchValue, Diagnostic> {
        let Some(word) = self.read(lexical::search_word(place)) else {
            return Err(self.unexpected(if place == WordPlace::Term { "a search term" } else { "a value" }));
        };
        let word = if self.commas_separate && word.value.len() > 1 && word.value.ends_with(',') {
            let text = word.value.trim_end_matches(',');
            self.return_to(word.span.start + text.len());
            Spanned::new(text, Span::new(word.span.start, word.span.start + text.len()))
        } else {
            word
        };
        if place != WordPlace::List && word.value.len() > 1 && word.value.ends_with(',') {
            // A comma between conditions means nothing in this language; refuse it rather than search for it.
            let comma = Span::new(word.span.end - 1, word.span.end);
            return Err(Diagnostic::error("parse/unexpected", "expected a blank between conditions, found `,`", comma)
                .with_help("conditions are separated by blanks; quote the value if the comma belongs to it"));
        }
        let pattern = lexical::pattern(word.value, false);
        Ok(SearchValue { pattern, quoted: false, directive: Directive::None, span: word.span })
    }

    /// A quote or an unclosed bracket in the middle of a word is refused: its meaning would be a guess.
    fn expect_word_boundary(&mut self, value: &SearchValue, place: WordPlace) -> Result<(), Diagnostic> {
        if value.quoted || value.span.end != self.position() {
            return Ok(());
        }
        let at = Span::new(self.position(), self.position() + 1);
        match self.next_character() {
            Some('"') => {
                self.quoted('"')?;
                Err(Diagnostic::error("parse/quote-inside-word", "a quote starts inside a word", at).with_help(
                    "put the whole value in quotes, or a blank before the quote; a quote to be searched for is written \\\"",
                ))
            }
            Some('(' | '[') if place != WordPlace::Term => {
                let message = format!("`{}` is never closed in this word", self.text(at));
                Err(Diagnostic::error("parse/unclosed-parenthesis", message, at).with_help("put the value in quotes"))
            }
            _ => Ok(()),
        }
    }

    /// `TERM(...)` or `CASE(...)`.
    fn directive(&mut self) -> Result<Option<SearchValue>, Diagnostic> {
        self.skip_blanks();
        let (directive, length) = if self.rest().starts_with("TERM(") {
            (Directive::Term, 4)
        } else if self.rest().starts_with("CASE(") {
            (Directive::Case, 4)
        } else {
            return Ok(None);
        };
        let start = self.position();
        self.return_to(start + length);
        let Some(opener) = self.symbol("(") else {
            return Ok(None);
        };
        let (pattern, quoted) = match self.quoted('"')? {
            Some(raw) => (lexical::pattern(raw.value, true), true),
            None => match self.read(lexical::search_word(WordPlace::Value)) {
                Some(word) => (lexical::pattern(word.value, false), false),
                None if self.at_symbol(")") => {
                    let name = self.text(Span::new(start, start + length));
                    return Err(missing_operand(&format!("`{name}` needs a term"), opener));
                }
                None => {
                    self.close(")", opener)?;
                    return Err(self.unexpected("a term"));
                }
            },
        };
        let end = self.close(")", opener)?;
        Ok(Some(SearchValue { pattern, quoted, directive, span: Span::new(start, end.end) }))
    }
}

fn missing_operand(message: &str, span: Span) -> Diagnostic {
    Diagnostic::error("parse/missing-operand", message, span)
}

/// One operand stands for itself; operands of the same kind are taken in.
fn join(mut operands: Vec<SearchExpression>, kind: fn(Vec<SearchExpression>) -> SearchKind) -> SearchExpression {
    if operands.len() == 1
        && let Some(only) = operands.pop()
    {
        return only;
    }
    let span = operands.iter().map(|operand| operand.span).reduce(Span::to).unwrap_or_default();
    let is_and = matches!(kind(Vec::new()), SearchKind::And(_));
    let mut flat = Vec::with_capacity(operands.len());
    for operand in operands {
        match operand.kind {
            SearchKind::And(inner) if is_and && !inner.is_empty() => flat.extend(inner),
            SearchKind::Or(inner) if !is_and && !inner.is_empty() => flat.extend(inner),
            _ => flat.push(operand),
        }
    }
    SearchExpression { kind: kind(flat), span }
}
