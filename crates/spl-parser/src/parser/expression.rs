//! The eval language: operators by precedence, calls, fields, numbers, texts, and assignments.

use super::operators::{CHAIN_LIMIT, COMPARISON, NOT, SIGN, members_on_the_left, precedence};
use super::{Reader, TREE_DEPTH_LIMIT, lexical};
use crate::diagnostic::Diagnostic;
use crate::span::{Span, Spanned};
use crate::syntax::{Assignment, BinaryOperator, Expression, ExpressionKind, FieldName, Quoting, TemplatePart, UnaryOperator};

/// Joins a chain of one associative operator: left to right when short, balanced when long.
fn chain(operator: BinaryOperator, first: Tree, others: Vec<(Span, Tree)>) -> Tree {
    if others.len() < CHAIN_LIMIT {
        return others.into_iter().fold(first, |left, (at, right)| binary(operator, at, left, right));
    }
    balanced(operator, first, others)
}

fn balanced(operator: BinaryOperator, first: Tree, mut others: Vec<(Span, Tree)>) -> Tree {
    let members = others.len() + 1;
    let mut tail = others.split_off((members_on_the_left(members) - 1).min(others.len())).into_iter();
    match tail.next() {
        Some((at, middle)) => {
            let right = balanced(operator, middle, tail.collect());
            binary(operator, at, balanced(operator, first, others), right)
        }
        None => first,
    }
}

fn binary(operator: BinaryOperator, at: Span, left: Tree, right: Tree) -> Tree {
    let depth = left.depth.max(right.depth) + 1;
    let span = left.expression.span.to(right.expression.span);
    let kind = ExpressionKind::Binary {
        operator: Spanned::new(operator, at),
        left: Box::new(left.expression),
        right: Box::new(right.expression),
    };
    Tree { expression: Expression { kind, span }, depth }
}

/// An infix operator that has been read.
enum Infix {
    /// `IN` or `NOT IN`; the list comes next.
    Membership { negated: bool },
    /// Any other operator; negated for `NOT LIKE`.
    Operator { operator: Spanned<BinaryOperator>, negated: bool },
}

#[cold]
fn too_many_operators(span: Span) -> Diagnostic {
    let message = format!("nested too deeply: more than {TREE_DEPTH_LIMIT} operators in a row");
    Diagnostic::error("parse/nested-too-deeply", message, span)
}

/// An expression with the depth of its tree.
struct Tree {
    expression: Expression,
    depth: usize,
}

impl Tree {
    fn leaf(kind: ExpressionKind, span: Span) -> Self {
        Self { expression: Expression { kind, span }, depth: 1 }
    }
}

impl<'a> Reader<'a> {
    /// An eval expression.
    pub fn expression(&mut self) -> Result<Expression, Diagnostic> {
        self.binary_expression(0).map(|tree| tree.expression)
    }

    // Frames on the way through brackets are kept small: what happens seldom or costs stack stands in functions of its own.
    fn binary_expression(&mut self, minimum: u8) -> Result<Tree, Diagnostic> {
        let mut tree = self.operand()?;
        while let Some(operator) = self.infix_ahead(minimum) {
            tree = self.infix(tree, operator)?;
        }
        Ok(tree)
    }

    /// The next infix operator, read if it binds tightly enough.
    fn infix_ahead(&mut self, minimum: u8) -> Option<Infix> {
        let before = self.position();
        if COMPARISON >= minimum
            && let Some(negated) = self.membership_ahead()
        {
            return Some(Infix::Membership { negated });
        }
        let negated = self.negated_like_ahead();
        match self.read(lexical::binary_operator) {
            Some(operator) if precedence(operator.value) >= minimum => Some(Infix::Operator { operator, negated }),
            _ => {
                self.return_to(before);
                None
            }
        }
    }

    fn infix(&mut self, left: Tree, infix: Infix) -> Result<Tree, Diagnostic> {
        let (operator, negated) = match infix {
            Infix::Membership { negated } => return self.membership(left, negated),
            Infix::Operator { operator, negated } => (operator, negated),
        };
        self.refuse_angle_brackets(operator.span)?;
        let level = precedence(operator.value);
        let tree = match operator.value {
            BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor => self.chain_of(left, &operator, level)?,
            _ => {
                let right = self.right_operand(operator.span, level + 1)?;
                binary(operator.value, operator.span, left, right)
            }
        };
        if tree.depth > TREE_DEPTH_LIMIT {
            return Err(too_many_operators(operator.span));
        }
        Ok(if negated { negation(tree, operator.span) } else { tree })
    }

    /// The rest of `a AND b AND c` after `a AND`.
    fn chain_of(&mut self, first: Tree, operator: &Spanned<BinaryOperator>, level: u8) -> Result<Tree, Diagnostic> {
        let mut others = vec![(operator.span, self.right_operand(operator.span, level + 1)?)];
        loop {
            let before = self.position();
            match self.read(lexical::binary_operator) {
                Some(next) if next.value == operator.value => {
                    others.push((next.span, self.right_operand(next.span, level + 1)?));
                }
                _ => {
                    self.return_to(before);
                    return Ok(chain(operator.value, first, others));
                }
            }
        }
    }

    fn right_operand(&mut self, operator: Span, minimum: u8) -> Result<Tree, Diagnostic> {
        if self.at_end_of_operand() {
            return Err(self.missing_right_operand(operator));
        }
        self.binary_expression(minimum)
    }

    /// Whether an operand can't stand here because the expression ends.
    fn at_end_of_operand(&mut self) -> bool {
        self.at_end_of_command() || matches!(self.next_character(), Some(')' | ',' | ']'))
    }

    #[cold]
    fn missing_operand(&self, message: &str, span: Span) -> Diagnostic {
        Diagnostic::error("parse/missing-operand", message, span)
    }

    #[cold]
    fn missing_right_operand(&self, operator: Span) -> Diagnostic {
        self.missing_operand(&format!("nothing to the right of `{}`", self.text(operator)), operator)
    }

    /// Reads `IN` or `NOT IN` when a list follows; the value tells whether it was negated.
    fn membership_ahead(&mut self) -> Option<bool> {
        let before = self.position();
        let negated = self.keyword("NOT").is_some();
        if self.keyword("IN").is_some() && self.at_symbol("(") {
            return Some(negated);
        }
        self.return_to(before);
        None
    }

    /// Passes the `NOT` of `NOT LIKE`.
    fn negated_like_ahead(&mut self) -> bool {
        let before = self.position();
        if self.keyword("NOT").is_some() && self.at_keyword("LIKE") {
            return true;
        }
        self.return_to(before);
        false
    }

    fn membership(&mut self, operand: Tree, negated: bool) -> Result<Tree, Diagnostic> {
        let keyword = self.here();
        let (list, end, depth) = self.parenthesised_list()?;
        if list.is_empty() {
            return Err(Diagnostic::error("parse/missing-argument", "`IN` needs at least one value", keyword.to(end)));
        }
        let span = operand.expression.span.to(end);
        let depth = depth.max(operand.depth) + 1;
        let kind = ExpressionKind::In { operand: Box::new(operand.expression), list };
        let tree = Tree { expression: Expression { kind, span }, depth };
        Ok(if negated { negation(tree, keyword) } else { tree })
    }

    /// `(a, b, c)`: the members, the closing bracket's place and the greatest depth.
    fn parenthesised_list(&mut self) -> Result<(Vec<Expression>, Span, usize), Diagnostic> {
        let opener = self.open_group()?;
        let mut list = Vec::new();
        let mut depth = 0;
        if !self.at_symbol(")") {
            loop {
                self.expect_member(opener)?;
                let member = self.binary_expression(0)?;
                depth = depth.max(member.depth);
                list.push(member.expression);
                if self.symbol(",").is_none() {
                    break;
                }
            }
        }
        let end = self.close_group(opener)?;
        Ok((list, end, depth))
    }

    /// Reads `(` and goes one level deeper.
    pub(super) fn open_group(&mut self) -> Result<Span, Diagnostic> {
        match self.symbol("(") {
            Some(opener) => {
                self.enter(opener)?;
                Ok(opener)
            }
            None => Err(self.unexpected("`(`")),
        }
    }

    /// Reads the `)` that belongs to `opener` and goes one level back.
    pub(super) fn close_group(&mut self, opener: Span) -> Result<Span, Diagnostic> {
        let end = self.close(")", opener)?;
        self.leave();
        Ok(end)
    }

    /// An error unless a member of a list can start here.
    fn expect_member(&mut self, opener: Span) -> Result<(), Diagnostic> {
        if matches!(self.peek_after_blanks(), Some(',' | ')')) {
            return Err(self.unexpected("a value").with_place(opener, "in this list"));
        }
        if self.at_end_of_command() {
            self.close(")", opener)?;
        }
        Ok(())
    }

    fn peek_after_blanks(&mut self) -> Option<char> {
        self.skip_blanks();
        self.next_character()
    }

    /// An error for `<>`, which other languages have for `!=`.
    pub(super) fn refuse_angle_brackets(&self, operator: Span) -> Result<(), Diagnostic> {
        if self.text(operator) != "<" || !self.rest().starts_with('>') {
            return Ok(());
        }
        let span = Span::new(operator.start, operator.end + 1);
        Err(Diagnostic::error("parse/unexpected", "`<>` is no operator", span).with_help("not equal is written !="))
    }

    /// Prefix operators and what they apply to.
    fn operand(&mut self) -> Result<Tree, Diagnostic> {
        if let Some(at) = self.keyword("NOT") {
            return self.prefixed(UnaryOperator::Not, at, NOT);
        }
        let sign = Span::new(self.position(), self.position() + 1);
        match self.next_character() {
            Some('-') => self.prefixed(UnaryOperator::Minus, sign, SIGN),
            Some('+') => self.prefixed(UnaryOperator::Plus, sign, SIGN),
            Some('!') if !self.rest().starts_with("!=") => self.prefixed(UnaryOperator::Not, sign, NOT),
            Some('(') => self.group(),
            Some('[') => self.subsearch_operand(),
            Some('"' | '\'' | '0'..='9' | '.') => self.literal(),
            _ => self.field_or_call(),
        }
    }

    fn prefixed(&mut self, operator: UnaryOperator, at: Span, level: u8) -> Result<Tree, Diagnostic> {
        self.return_to(at.end);
        self.enter(at)?;
        let operand = self.right_operand(at, level)?;
        self.leave();
        Ok(unary(operator, operand, at))
    }

    fn group(&mut self) -> Result<Tree, Diagnostic> {
        let opener = self.open_group()?;
        self.expect_group(opener)?;
        let mut tree = self.binary_expression(0)?;
        tree.expression.span = opener.to(self.close_group(opener)?);
        Ok(tree)
    }

    /// An error unless an expression can start here.
    fn expect_group(&mut self, opener: Span) -> Result<(), Diagnostic> {
        if let Some(end) = self.symbol(")") {
            return Err(self.missing_operand("nothing between the parentheses", opener.to(end)));
        }
        if self.at_end_of_command() {
            self.close(")", opener)?;
        }
        Ok(())
    }

    fn subsearch_operand(&mut self) -> Result<Tree, Diagnostic> {
        let subsearch = Box::new(self.subsearch()?);
        let span = subsearch.span;
        Ok(Tree::leaf(ExpressionKind::Subsearch(subsearch), span))
    }

    fn literal(&mut self) -> Result<Tree, Diagnostic> {
        match self.next_character() {
            Some('"') => self.text_literal(),
            Some('\'') => {
                let field = self.single_quoted_field()?;
                let span = field.span;
                Ok(Tree::leaf(ExpressionKind::Field(field), span))
            }
            _ => self.number(),
        }
    }

    fn text_literal(&mut self) -> Result<Tree, Diagnostic> {
        match self.quoted('"')? {
            Some(raw) => Ok(Tree::leaf(ExpressionKind::Text(lexical::unescape(raw.value)), raw.span)),
            None => Err(self.unexpected("a text")),
        }
    }

    fn single_quoted_field(&mut self) -> Result<FieldName, Diagnostic> {
        match self.quoted('\'')? {
            Some(raw) => {
                if raw.value.is_empty() {
                    let what = "two single quotes name a field without a name, which no row has";
                    self.note_choice(raw.span, what, "an empty text is written \"\"");
                }
                Ok(FieldName { name: lexical::unescape_single(raw.value), span: raw.span, quoting: Quoting::Single })
            }
            None => Err(self.unexpected("a field name")),
        }
    }

    fn number(&mut self) -> Result<Tree, Diagnostic> {
        let Some(read) = self.read(lexical::number) else {
            return Err(self.unexpected("a value"));
        };
        if self.next_character().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            let word = lexical::field_word(self.text(Span::new(read.span.start, self.source.len()))).map_or("", |(_, word)| word);
            let span = Span::new(read.span.start, read.span.start + word.len());
            return Err(Diagnostic::error("parse/number", format!("`{word}` is neither a number nor a field name"), span)
                .with_help(format!("a field name that starts with a digit is written in single quotes: '{word}'")));
        }
        let kind = match read.value.parse::<i64>() {
            Ok(integer) => ExpressionKind::Integer(integer),
            Err(_) => match read.value.parse::<f64>() {
                Ok(float) if float.is_finite() => ExpressionKind::Float(float),
                _ => {
                    return Err(Diagnostic::error("parse/number", format!("number `{}` is too large", read.value), read.span));
                }
            },
        };
        Ok(Tree::leaf(kind, read.span))
    }

    fn field_or_call(&mut self) -> Result<Tree, Diagnostic> {
        self.refuse_infix_here()?;
        let read = self.identifier()?;
        self.refuse_index(read)?;
        if !self.at_symbol("(") {
            self.return_to(read.end);
            return Ok(self.bare_field(read));
        }
        if let Some((field, _)) = self.text(read).rsplit_once('.') {
            // `a.lower(b)` joins the field `a` and a call: function names have no dots.
            let span = Span::new(read.start, read.start + field.len());
            self.return_to(span.end);
            return Ok(self.bare_field(span));
        }
        self.call(read)
    }

    /// An error for `a[0]`, which is no way to name an item of a field.
    fn refuse_index(&self, field: Span) -> Result<(), Diagnostic> {
        let Some(inside) = self.rest().strip_prefix('[') else { return Ok(()) };
        let Some(end) = inside.find(']') else { return Ok(()) };
        let item = inside.get(..end).unwrap_or_default();
        if item.is_empty() || !item.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(());
        }
        let name = self.text(field);
        let span = Span::new(field.start, field.end + item.len() + 2);
        let message = format!("`{}` is no expression", self.text(span));
        Err(Diagnostic::error("parse/unexpected", message, span)
            .with_help(format!("an item of a multivalue field is mvindex({name}, {item})")))
    }

    /// An error when an infix operator stands where an operand should.
    fn refuse_infix_here(&mut self) -> Result<(), Diagnostic> {
        let Some(operator) = ["AND", "OR", "XOR", "LIKE"].into_iter().find(|word| self.at_keyword(word)) else {
            return Ok(());
        };
        let is_call = operator == "LIKE" && self.rest().get(4..).is_some_and(|rest| rest.trim_start().starts_with('('));
        if is_call {
            return Ok(());
        }
        let span = Span::new(self.position(), self.position() + operator.len());
        Err(self.missing_operand(&format!("nothing to the left of `{}`", self.text(span)), span))
    }

    fn identifier(&mut self) -> Result<Span, Diagnostic> {
        match self.read(lexical::identifier) {
            Some(read) => Ok(read.span),
            None => Err(self.unexpected("a value, a field or a function")),
        }
    }

    fn bare_field(&self, span: Span) -> Tree {
        let field = FieldName { name: self.text(span).to_owned(), span, quoting: Quoting::None };
        Tree::leaf(ExpressionKind::Field(field), span)
    }

    fn call(&mut self, name: Span) -> Result<Tree, Diagnostic> {
        let (arguments, end, depth) = self.parenthesised_list()?;
        let span = name.to(end);
        let name = Spanned::new(self.text(name).to_owned(), name);
        Ok(Tree { expression: Expression { kind: ExpressionKind::Call { name, arguments }, span }, depth: depth + 1 })
    }

    /// `target = expression`.
    pub fn assignment(&mut self) -> Result<Assignment, Diagnostic> {
        let target = self.assignment_target()?;
        let equals = match self.symbol("=") {
            Some(equals) if !self.rest().starts_with('=') => equals,
            _ => {
                if let Some(equals) = self.symbol("=") {
                    self.return_to(equals.start - 1);
                }
                return Err(self.unexpected(&format!("`=` after `{}`", target.name)));
            }
        };
        if self.at_end_of_operand() {
            return Err(self.missing_operand(&format!("nothing is assigned to `{}`", target.name), target.span.to(equals)));
        }
        let expression = self.expression()?;
        let span = target.span.to(expression.span);
        Ok(Assignment { template: template(&target.name), target, expression, span })
    }

    fn assignment_target(&mut self) -> Result<FieldName, Diagnostic> {
        self.skip_blanks();
        match self.next_character() {
            Some('\'') if self.rest().starts_with("''") => {
                Err(Diagnostic::error("parse/empty-name", "empty field name", self.here()))
            }
            Some('\'') => self.single_quoted_field(),
            Some('"') => match self.quoted('"')? {
                Some(raw) if !raw.value.is_empty() => {
                    Ok(FieldName { name: lexical::unescape(raw.value), span: raw.span, quoting: Quoting::Double })
                }
                _ => Err(Diagnostic::error("parse/empty-name", "empty field name", self.here())),
            },
            _ => match self.read(lexical::assignment_target) {
                Some(read) => Ok(self.target_of_several_words(read)),
                None => Err(self.unexpected("a field name")),
            },
        }
    }

    /// A bare target, which may go on behind blanks and in parentheses up to the equals sign: `size(MB)`, `Avg Size`.
    fn target_of_several_words(&mut self, first: Spanned<&'a str>) -> FieldName {
        let field = |text: &str, span| FieldName { name: text.to_owned(), span, quoting: Quoting::None };
        if self.at_symbol("=") {
            return field(first.value, first.span);
        }
        self.return_to(first.span.start);
        match self.read(lexical::name_before_equals) {
            Some(words) => {
                self.note_practice(
                    words.span,
                    "a field name with blanks or parentheses stands without quotes",
                    "put it in single quotes",
                );
                field(words.value, words.span)
            }
            None => {
                self.return_to(first.span.end);
                field(first.value, first.span)
            }
        }
    }

    /// One or more assignments separated by commas.
    pub fn assignments(&mut self) -> Result<Vec<Assignment>, Diagnostic> {
        let mut assignments = vec![self.assignment()?];
        while self.symbol(",").is_some() {
            if self.at_end_of_command() {
                return Err(self.unexpected("an assignment after `,`"));
            }
            assignments.push(self.assignment()?);
        }
        Ok(assignments)
    }
}

fn unary(operator: UnaryOperator, operand: Tree, at: Span) -> Tree {
    let span = operand.expression.span.to(at);
    let kind = ExpressionKind::Unary { operator, operand: Box::new(operand.expression) };
    Tree { expression: Expression { kind, span }, depth: operand.depth + 1 }
}

fn negation(operand: Tree, at: Span) -> Tree {
    unary(UnaryOperator::Not, operand, at)
}

/// The parts of a target with `{field}`; empty when there are none. `{}` of array names is text.
fn template(name: &str) -> Vec<TemplatePart> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut rest = name;
    let mut found = false;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        let Some(close) = after.find('}') else { break };
        let inside = after.get(1..close).unwrap_or_default();
        text.push_str(before);
        if inside.is_empty() {
            text.push_str("{}");
        } else {
            found = true;
            if !text.is_empty() {
                parts.push(TemplatePart::Text(std::mem::take(&mut text)));
            }
            parts.push(TemplatePart::Field(inside.to_owned()));
        }
        rest = after.get(close + 1..).unwrap_or_default();
    }
    if !found {
        return Vec::new();
    }
    text.push_str(rest);
    if !text.is_empty() {
        parts.push(TemplatePart::Text(text));
    }
    parts
}
