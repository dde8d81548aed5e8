//! A search with one of its conditions changed: each is what the search would be if somebody forgot or mistook that condition.

use spl_parser::Span;
use spl_parser::span::Spanned;
use spl_parser::syntax::{
    Argument, BinaryOperator, CommandCall, Expression, ExpressionKind, Pattern, PatternPart, Pipeline, SearchExpression,
    SearchKind, SearchOperator, SearchValue, UnaryOperator,
};

/// A changed search.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutant {
    /// The search.
    pub pipeline: Pipeline,
    /// What was changed, in the text of the search that was parsed.
    pub span: Span,
    /// How.
    pub change: Change,
}

/// How a condition was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A condition of several that must hold, or the only one.
    TakenOut,
    /// An alternative of `OR`.
    AlternativeTakenOut,
    /// A value of a list.
    ValueTakenOut,
    /// The `*` at the beginning or the end of a value.
    WildcardTakenOut,
    /// A threshold holds where it did not, and the other way round.
    Turned,
    /// What stands behind `NOT` holds.
    NotTakenOut,
}

impl Change {
    /// As reports write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TakenOut => "taken out",
            Self::AlternativeTakenOut => "alternative taken out",
            Self::ValueTakenOut => "value taken out",
            Self::WildcardTakenOut => "wildcard taken out",
            Self::Turned => "turned round",
            Self::NotTakenOut => "NOT taken out",
        }
    }
}

/// Every search that differs in one condition: those of its commands in order, subsearches aside.
pub fn mutants(pipeline: &Pipeline) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (place, call) in pipeline.commands.iter().enumerate() {
        for (call, span, change) in mutants_of_call(call) {
            let mut changed = pipeline.clone();
            changed.commands[place] = call;
            mutants.push(Mutant { pipeline: changed, span, change });
        }
    }
    mutants
}

type Changed<T> = (T, Span, Change);

fn mutants_of_call(call: &CommandCall) -> Vec<Changed<CommandCall>> {
    let mut mutants = Vec::new();
    for (place, argument) in call.arguments.iter().enumerate() {
        for (argument, span, change) in mutants_of_argument(argument) {
            let mut changed = call.clone();
            changed.arguments[place] = argument;
            mutants.push((changed, span, change));
        }
    }
    for (clause, of) in call.clauses.iter().enumerate() {
        for (place, argument) in of.arguments.iter().enumerate() {
            for (argument, span, change) in mutants_of_argument(argument) {
                let mut changed = call.clone();
                changed.clauses[clause].arguments[place] = argument;
                mutants.push((changed, span, change));
            }
        }
    }
    mutants
}

/// Conditions only: an expression is one where a command has nothing else, as `where` does.
fn mutants_of_argument(argument: &Argument) -> Vec<Changed<Argument>> {
    match argument {
        Argument::Search(search) => {
            let mut mutants = of_search(search);
            if !matches!(search.kind, SearchKind::And(_)) {
                let everything = SearchExpression { kind: SearchKind::And(Vec::new()), span: search.span };
                mutants.insert(0, (everything, search.span, Change::TakenOut));
            }
            mutants.into_iter().map(|(search, span, change)| (Argument::Search(search), span, change)).collect()
        }
        Argument::Expression(expression) => {
            let mut mutants = of_expression(expression);
            if is_condition(expression) && !is_joined(expression) {
                let always = Expression {
                    kind: ExpressionKind::Binary {
                        operator: Spanned::new(BinaryOperator::Equal, expression.span),
                        left: Box::new(Expression { kind: ExpressionKind::Integer(1), span: expression.span }),
                        right: Box::new(Expression { kind: ExpressionKind::Integer(1), span: expression.span }),
                    },
                    span: expression.span,
                };
                mutants.insert(0, (always, expression.span, Change::TakenOut));
            }
            mutants.into_iter().map(|(expression, span, change)| (Argument::Expression(expression), span, change)).collect()
        }
        _ => Vec::new(),
    }
}

/// The members without one, and with one of them changed.
fn of_members(
    parts: &[SearchExpression],
    make: fn(Vec<SearchExpression>) -> SearchKind,
    taken_out: Change,
    span: Span,
) -> Vec<Changed<SearchExpression>> {
    let mut mutants = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        if !matches!(part.kind, SearchKind::TimeModifier { .. }) {
            let mut rest = parts.to_vec();
            rest.remove(place);
            mutants.push((SearchExpression { kind: make(rest), span }, part.span, taken_out));
        }
        for (changed, of, change) in of_search(part) {
            let mut whole = parts.to_vec();
            whole[place] = changed;
            mutants.push((SearchExpression { kind: make(whole), span }, of, change));
        }
    }
    mutants
}

fn of_search(search: &SearchExpression) -> Vec<Changed<SearchExpression>> {
    let with = |kind: SearchKind| SearchExpression { kind, span: search.span };
    match &search.kind {
        SearchKind::And(parts) => of_members(parts, SearchKind::And, Change::TakenOut, search.span),
        SearchKind::Or(parts) => of_members(parts, SearchKind::Or, Change::AlternativeTakenOut, search.span),
        SearchKind::Not(inner) => {
            let mut mutants = vec![((**inner).clone(), search.span, Change::NotTakenOut)];
            let inside = of_search(inner).into_iter();
            mutants.extend(inside.map(|(changed, span, change)| (with(SearchKind::Not(Box::new(changed))), span, change)));
            mutants
        }
        SearchKind::Comparison { field, operator, value } => {
            let mut mutants = Vec::new();
            if let Some(turned) = turned(operator.value) {
                let operator = Spanned::new(turned, operator.span);
                let kind = SearchKind::Comparison { field: field.clone(), operator, value: value.clone() };
                mutants.push((with(kind), search.span, Change::Turned));
            }
            mutants.extend(of_value(value).into_iter().map(|value| {
                let kind = SearchKind::Comparison { field: field.clone(), operator: operator.clone(), value };
                (with(kind), search.span, Change::WildcardTakenOut)
            }));
            mutants
        }
        SearchKind::In { field, values } => {
            let mut mutants = Vec::new();
            for (place, value) in values.iter().enumerate() {
                let of = |values: Vec<SearchValue>| with(SearchKind::In { field: field.clone(), values });
                if values.len() > 1 {
                    let mut rest = values.clone();
                    rest.remove(place);
                    mutants.push((of(rest), value.span, Change::ValueTakenOut));
                }
                for changed in of_value(value) {
                    let mut whole = values.clone();
                    whole[place] = changed;
                    mutants.push((of(whole), value.span, Change::WildcardTakenOut));
                }
            }
            mutants
        }
        SearchKind::Term(value) => {
            let changed = of_value(value).into_iter();
            changed.map(|value| (with(SearchKind::Term(value)), search.span, Change::WildcardTakenOut)).collect()
        }
        SearchKind::SubsearchComparison { .. } | SearchKind::TimeModifier { .. } | SearchKind::Subsearch(_) => Vec::new(),
    }
}

fn turned(operator: SearchOperator) -> Option<SearchOperator> {
    use SearchOperator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    match operator {
        Less => Some(GreaterOrEqual),
        LessOrEqual => Some(Greater),
        Greater => Some(LessOrEqual),
        GreaterOrEqual => Some(Less),
        Equal | NotEqual => None,
    }
}

/// A value without the `*` that it begins with, and without the one that it ends with.
fn of_value(value: &SearchValue) -> Vec<SearchValue> {
    let parts = &value.pattern.parts;
    let with = |parts: &[PatternPart]| SearchValue { pattern: Pattern { parts: parts.to_vec() }, ..value.clone() };
    match parts.as_slice() {
        [] | [_] => Vec::new(),
        [first, .., last] => {
            let begins = (*first == PatternPart::Wildcard).then(|| with(&parts[1..]));
            let ends = (*last == PatternPart::Wildcard).then(|| with(&parts[..parts.len() - 1]));
            begins.into_iter().chain(ends).collect()
        }
    }
}

fn is_joined(expression: &Expression) -> bool {
    matches!(&expression.kind, ExpressionKind::Binary { operator, .. } if operator.value == BinaryOperator::And)
}

/// Whether an expression can be nothing but a condition.
fn is_condition(expression: &Expression) -> bool {
    use BinaryOperator::{And, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Like, NotEqual, Or, Xor};
    match &expression.kind {
        ExpressionKind::Binary { operator, .. } => {
            matches!(operator.value, And | Or | Xor | Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual | Like)
        }
        ExpressionKind::Unary { operator, .. } => *operator == UnaryOperator::Not,
        ExpressionKind::In { .. } | ExpressionKind::Call { .. } => true,
        _ => false,
    }
}

fn of_expression(expression: &Expression) -> Vec<Changed<Expression>> {
    use BinaryOperator::{And, Greater, GreaterOrEqual, Less, LessOrEqual, Or};
    let with = |kind: ExpressionKind| Expression { kind, span: expression.span };
    match &expression.kind {
        ExpressionKind::Binary { operator, left, right } => {
            let mut mutants = Vec::new();
            let join = |left: Expression, right: Expression, operator: BinaryOperator, place: Span| {
                let operator = Spanned::new(operator, place);
                with(ExpressionKind::Binary { operator, left: Box::new(left), right: Box::new(right) })
            };
            match operator.value {
                And | Or => {
                    let change = if operator.value == And { Change::TakenOut } else { Change::AlternativeTakenOut };
                    let is_same = |side: &Expression| matches!(&side.kind, ExpressionKind::Binary { operator: other, .. } if other.value == operator.value);
                    // A chain is a tree: its inner nodes take their own members out.
                    if !is_same(left) {
                        mutants.push(((**right).clone(), left.span, change));
                    }
                    if !is_same(right) {
                        mutants.push(((**left).clone(), right.span, change));
                    }
                    let (value, place) = (operator.value, operator.span);
                    for (changed, span, change) in of_expression(left) {
                        mutants.push((join(changed, (**right).clone(), value, place), span, change));
                    }
                    for (changed, span, change) in of_expression(right) {
                        mutants.push((join((**left).clone(), changed, value, place), span, change));
                    }
                }
                Less | LessOrEqual | Greater | GreaterOrEqual => {
                    let turned = match operator.value {
                        Less => GreaterOrEqual,
                        LessOrEqual => Greater,
                        Greater => LessOrEqual,
                        _ => Less,
                    };
                    let changed = join((**left).clone(), (**right).clone(), turned, operator.span);
                    mutants.push((changed, expression.span, Change::Turned));
                }
                _ => {}
            }
            mutants
        }
        ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => {
            let mut mutants = vec![((**operand).clone(), expression.span, Change::NotTakenOut)];
            let inside = of_expression(operand).into_iter();
            mutants.extend(inside.map(|(changed, span, change)| {
                (with(ExpressionKind::Unary { operator: UnaryOperator::Not, operand: Box::new(changed) }), span, change)
            }));
            mutants
        }
        ExpressionKind::In { operand, list } if list.len() > 1 => {
            let without = |place: usize| {
                let mut rest = list.clone();
                rest.remove(place);
                with(ExpressionKind::In { operand: operand.clone(), list: rest })
            };
            list.iter().enumerate().map(|(place, item)| (without(place), item.span, Change::ValueTakenOut)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, &'static str)> {
        let pipeline = spl_parser::parse(text).unwrap();
        let all = mutants(&pipeline);
        assert!(all.iter().all(|mutant| mutant.pipeline != pipeline), "{text}");
        all.iter().map(|mutant| (mutant.span.text(text).to_owned(), mutant.change.name())).collect()
    }

    #[test]
    fn each_condition_of_a_search() {
        let found = told("index=main (a=1 OR b=*x*) c IN (y, z*) NOT d=2 e>5 | stats count by a");
        let expected = [
            ("index=main", "taken out"),
            ("(a=1 OR b=*x*)", "taken out"),
            ("a=1", "alternative taken out"),
            ("b=*x*", "alternative taken out"),
            ("b=*x*", "wildcard taken out"),
            ("b=*x*", "wildcard taken out"),
            ("c IN (y, z*)", "taken out"),
            ("y", "value taken out"),
            ("z*", "value taken out"),
            ("z*", "wildcard taken out"),
            ("NOT d=2", "taken out"),
            ("NOT d=2", "NOT taken out"),
            ("e>5", "taken out"),
            ("e>5", "turned round"),
        ];
        // A bracket belongs to what is inside or not, as the parser has it.
        let plain = |(text, change): (&str, &'static str)| (text.trim_matches(['(', ')']).to_owned(), change);
        let found: Vec<_> = found.iter().map(|(text, change)| plain((text, change))).collect();
        assert_eq!(found, expected.map(plain));
    }

    #[test]
    fn conditions_of_where_and_tstats() {
        let found = told(
            "| tstats count from datamodel=Endpoint.Processes where Processes.x=1 by Processes.dest | where a>3 AND (b=1 OR like(c, \"x\")) AND NOT d IN (1, 2)",
        );
        let count = |change: &str| found.iter().filter(|(_, known)| *known == change).count();
        assert_eq!((count("taken out"), count("alternative taken out"), count("value taken out")), (4, 2, 2), "{found:?}");
        assert_eq!((count("turned round"), count("NOT taken out")), (1, 1), "{found:?}");
        assert_eq!(told("| where x=1"), [("x=1".to_owned(), "taken out")]);
        assert!(told("| eval y=if(x>1, 2, 3) | sort y").is_empty());
    }
}
