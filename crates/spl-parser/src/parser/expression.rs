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

    fn binary_expression(&mut self, minimum: u8) -> Result<Tree, Diagnostic> {
        let mut left = self.operand()?;
        loop {
            let before = self.position();
            if let Some(negated) = self.membership_ahead() {
                if COMPARISON < minimum {
                    self.return_to(before);
                    return Ok(left);
                }
                left = self.membership(left, negated)?;
                continue;
            }
            let negated_like = self.negated_like_ahead();
            let Some(operator) = self.read(lexical::binary_operator) else {
                self.return_to(before);
                return Ok(left);
            };
            let level = precedence(operator.value);
            if level < minimum {
                self.return_to(before);
                return Ok(left);
            }
            left = match operator.value {
                BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor => self.chain_of(left, &operator, level)?,
                _ => {
                    let right = self.right_operand(operator.span, level + 1)?;
                    binary(operator.value, operator.span, left, right)
                }
            };
            if negated_like {
                left = negation(left, operator.span);
            }
            if left.depth > TREE_DEPTH_LIMIT {
                let message = format!("nested too deeply: more than {TREE_DEPTH_LIMIT} operators in a row");
                return Err(Diagnostic::error("parse/nested-too-deeply", message, operator.span));
            }
        }
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
            let written = self.text(operator);
            return Err(self.missing_operand(&format!("nothing to the right of `{written}`"), operator));
        }
        self.binary_expression(minimum)
    }

    /// Whether an operand can't stand here because the expression ends.
    fn at_end_of_operand(&mut self) -> bool {
        self.at_end_of_command() || matches!(self.next_character(), Some(')' | ',' | ']'))
    }

    fn missing_operand(&mut self, message: &str, span: Span) -> Diagnostic {
        Diagnostic::error("parse/missing-operand", message, span)
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
        let Some(opener) = self.symbol("(") else {
            return Err(self.unexpected("`(`"));
        };
        self.enter(opener)?;
        let mut list = Vec::new();
        let mut depth = 0;
        if let Some(end) = self.symbol(")") {
            self.leave();
            return Ok((list, end, depth));
        }
        loop {
            if matches!(self.peek_after_blanks(), Some(',' | ')')) {
                return Err(self.unexpected("a value").with_place(opener, "in this list"));
            }
            if self.at_end_of_command() {
                self.close(")", opener)?;
            }
            let member = self.binary_expression(0)?;
            depth = depth.max(member.depth);
            list.push(member.expression);
            if self.symbol(",").is_none() {
                break;
            }
        }
        let end = self.close(")", opener)?;
        self.leave();
        Ok((list, end, depth))
    }

    fn peek_after_blanks(&mut self) -> Option<char> {
        self.skip_blanks();
        self.next_character()
    }

    /// Prefix operators and what they apply to.
    fn operand(&mut self) -> Result<Tree, Diagnostic> {
        self.skip_blanks();
        if let Some(at) = self.keyword("NOT") {
            self.enter(at)?;
            let operand = self.right_operand(at, NOT)?;
            self.leave();
            return Ok(negation(operand, at));
        }
        match self.next_character() {
            Some('-') => self.sign(UnaryOperator::Minus),
            Some('+') => self.sign(UnaryOperator::Plus),
            Some('(') => self.group(),
            _ => self.primary(),
        }
    }

    fn sign(&mut self, operator: UnaryOperator) -> Result<Tree, Diagnostic> {
        let at = Span::new(self.position(), self.position() + 1);
        self.return_to(at.end);
        self.enter(at)?;
        let operand = self.right_operand(at, SIGN)?;
        self.leave();
        Ok(unary(operator, operand, at))
    }

    fn group(&mut self) -> Result<Tree, Diagnostic> {
        let Some(opener) = self.symbol("(") else {
            return Err(self.unexpected("`(`"));
        };
        self.enter(opener)?;
        if let Some(end) = self.symbol(")") {
            return Err(self.missing_operand("nothing between the parentheses", opener.to(end)));
        }
        if self.at_end_of_command() {
            self.close(")", opener)?;
        }
        let mut tree = self.binary_expression(0)?;
        let end = self.close(")", opener)?;
        self.leave();
        tree.expression.span = opener.to(end);
        Ok(tree)
    }

    fn primary(&mut self) -> Result<Tree, Diagnostic> {
        match self.next_character() {
            Some('"') => self.text_literal(),
            Some('\'') => {
                let field = self.single_quoted_field()?;
                let span = field.span;
                Ok(Tree::leaf(ExpressionKind::Field(field), span))
            }
            Some('[') => {
                let subsearch = self.subsearch()?;
                let span = subsearch.span;
                Ok(Tree::leaf(ExpressionKind::Subsearch(Box::new(subsearch)), span))
            }
            Some('0'..='9' | '.') => self.number(),
            _ => self.field_or_call(),
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
            Some(raw) if raw.value.is_empty() => Err(Diagnostic::error("parse/empty-name", "empty field name", raw.span)),
            Some(raw) => Ok(FieldName { name: lexical::unescape_single(raw.value), span: raw.span, quoting: Quoting::Single }),
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
                _ => return Err(Diagnostic::error("parse/number", format!("number `{}` is too large", read.value), read.span)),
            },
        };
        Ok(Tree::leaf(kind, read.span))
    }

    fn field_or_call(&mut self) -> Result<Tree, Diagnostic> {
        if let Some(operator) = ["AND", "OR", "XOR", "LIKE"].into_iter().find(|word| self.at_keyword(word)) {
            let like_call = operator == "LIKE" && self.rest().get(4..).is_some_and(|rest| rest.trim_start().starts_with('('));
            if !like_call {
                let span = Span::new(self.position(), self.position() + operator.len());
                let written = self.text(span);
                return Err(self.missing_operand(&format!("nothing to the left of `{written}`"), span));
            }
        }
        let Some(read) = self.read(lexical::identifier) else {
            return Err(self.unexpected("a value, a field or a function"));
        };
        if !self.at_symbol("(") {
            self.return_to(read.span.end);
            let field = FieldName { name: read.value.to_owned(), span: read.span, quoting: Quoting::None };
            return Ok(Tree::leaf(ExpressionKind::Field(field), read.span));
        }
        if let Some((field, _)) = read.value.rsplit_once('.') {
            // `a.lower(b)` joins the field `a` and a call: function names have no dots.
            let span = Span::new(read.span.start, read.span.start + field.len());
            self.return_to(span.end);
            let field = FieldName { name: field.to_owned(), span, quoting: Quoting::None };
            return Ok(Tree::leaf(ExpressionKind::Field(field), span));
        }
        self.call(Spanned::new(read.value.to_owned(), read.span))
    }

    fn call(&mut self, name: Spanned<String>) -> Result<Tree, Diagnostic> {
        if name.value.eq_ignore_ascii_case("searchmatch") {
            return self.search_match(name);
        }
        let (arguments, end, depth) = self.parenthesised_list()?;
        let span = name.span.to(end);
        Ok(Tree { expression: Expression { kind: ExpressionKind::Call { name, arguments }, span }, depth: depth + 1 })
    }

    /// `searchmatch("...")`; its text is kept as a text argument.
    fn search_match(&mut self, name: Spanned<String>) -> Result<Tree, Diagnostic> {
        let (arguments, end, depth) = self.parenthesised_list()?;
        let span = name.span.to(end);
        if arguments.len() != 1 {
            return Err(Diagnostic::error("parse/missing-argument", "`searchmatch` takes one search in double quotes", span));
        }
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
            Some('\'') => self.single_quoted_field(),
            Some('"') => match self.quoted('"')? {
                Some(raw) if !raw.value.is_empty() => {
                    Ok(FieldName { name: lexical::unescape(raw.value), span: raw.span, quoting: Quoting::Double })
                }
                _ => Err(Diagnostic::error("parse/empty-name", "empty field name", self.here())),
            },
            _ => match self.read(lexical::assignment_target) {
                Some(read) => Ok(FieldName { name: read.value.to_owned(), span: read.span, quoting: Quoting::None }),
                None => Err(self.unexpected("a field name")),
            },
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
