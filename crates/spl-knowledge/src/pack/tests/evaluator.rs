//! A small evaluator: what aliases, calculated fields, lookups and data models of the pack make of an event.

use std::collections::BTreeMap;

use spl_parser::syntax::{BinaryOperator, Expression, ExpressionKind, UnaryOperator};

use super::super::*;
use crate::data_model::CalculationKind;

pub(super) type Event = BTreeMap<String, String>;

/// A value of the evaluator; truth is `true` and `false`, null is none.
type Value = Option<String>;

fn truth(value: bool) -> Value {
    Some(value.to_string())
}

fn is_true(value: &Value) -> bool {
    value.as_deref() == Some("true")
}

fn compare(left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
    let (left, right) = (left.as_ref()?, right.as_ref()?);
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => left.partial_cmp(&right),
        _ => Some(left.cmp(right)),
    }
}

fn evaluate(expression: &Expression, event: &Event) -> Value {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let value = |expression: &Expression| evaluate(expression, event);
    match &expression.kind {
        ExpressionKind::Integer(number) => Some(number.to_string()),
        ExpressionKind::Float(number) => Some(number.to_string()),
        ExpressionKind::Text(text) => Some(text.clone()),
        ExpressionKind::Field(field) => event.get(&field.name).cloned(),
        ExpressionKind::Unary { operator, operand } => match operator {
            UnaryOperator::Not => value(operand).map(|truth| (truth != "true").to_string()),
            UnaryOperator::Minus => value(operand).map(|number| format!("-{number}")),
            UnaryOperator::Plus => value(operand),
        },
        ExpressionKind::Binary { operator, left, right } => {
            let (left, right) = (value(left), value(right));
            let ordering = compare(&left, &right);
            let by = |wanted: &[std::cmp::Ordering]| ordering.map(|ordering| wanted.contains(&ordering).to_string());
            match operator.value {
                BinaryOperator::And => truth(is_true(&left) && is_true(&right)),
                BinaryOperator::Or => truth(is_true(&left) || is_true(&right)),
                BinaryOperator::Equal => by(&[Equal]),
                BinaryOperator::NotEqual => by(&[Less, Greater]),
                BinaryOperator::Less => by(&[Less]),
                BinaryOperator::LessOrEqual => by(&[Less, Equal]),
                BinaryOperator::Greater => by(&[Greater]),
                BinaryOperator::GreaterOrEqual => by(&[Greater, Equal]),
                BinaryOperator::Concatenate => Some(format!("{}{}", left?, right?)),
                other => panic!("operator {other:?}"),
            }
        }
        ExpressionKind::In { operand, list } => {
            let operand = value(operand);
            operand.as_ref()?;
            truth(list.iter().any(|member| compare(&operand, &value(member)) == Some(Equal)))
        }
        ExpressionKind::Call { name, arguments } => function(&name.value, arguments, event),
        ExpressionKind::Subsearch(_) => panic!("a subsearch"),
    }
}

fn function(name: &str, arguments: &[Expression], event: &Event) -> Value {
    let value = |index: usize| evaluate(&arguments[index], event);
    let regex = |index: usize| regex::Regex::new(&value(index).unwrap()).unwrap();
    match name {
        "case" => arguments.chunks(2).find(|pair| is_true(&evaluate(&pair[0], event))).and_then(|pair| evaluate(&pair[1], event)),
        "if" => {
            if is_true(&value(0)) {
                value(1)
            } else {
                value(2)
            }
        }
        "coalesce" => arguments.iter().find_map(|argument| evaluate(argument, event)),
        "isnull" => truth(value(0).is_none()),
        "isnotnull" => truth(value(0).is_some()),
        "isnum" => truth(value(0).is_some_and(|text| text.parse::<f64>().is_ok())),
        "null" => None,
        "len" => value(0).map(|text| text.chars().count().to_string()),
        "lower" => value(0).map(|text| text.to_lowercase()),
        "match" => value(0).map(|text| regex(1).is_match(&text).to_string()),
        "replace" => value(0).map(|text| regex(1).replace_all(&text, value(2).unwrap().replace('\\', "$")).into_owned()),
        "substr" => value(0).map(|text| text.chars().skip(value(1).unwrap().parse::<usize>().unwrap() - 1).collect()),
        "tonumber" => match arguments.len() {
            1 => value(0),
            _ => u64::from_str_radix(&value(0)?, value(1)?.parse().unwrap()).ok().map(|number| number.to_string()),
        },
        "rtrim" => value(0).map(|text| text.trim_end_matches(&value(1).unwrap()).to_owned()),
        "split" | "mvcount" => value(0),
        other => panic!("function {other}"),
    }
}

/// An event after aliases and calculated fields.
pub(super) fn mapped(sourcetype: &str, source: &str, fields: &[(&str, &str)]) -> Event {
    let knowledge = Knowledge::built_in();
    let props = knowledge.props_for(sourcetype, source, "h").pack.unwrap_or_default();
    let mut event: Event = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    event.extend([
        ("source".to_owned(), source.to_owned()),
        ("sourcetype".to_owned(), sourcetype.to_owned()),
        ("host".to_owned(), "h".to_owned()),
    ]);
    for alias in &props.aliases {
        if let (Some(value), false) = (event.get(&alias.from).cloned(), alias.as_new && event.contains_key(&alias.to)) {
            event.insert(alias.to.clone(), value);
        }
    }
    let before = event.clone();
    for field in &props.calculated {
        match evaluate(&spl_parser::parse_expression(&field.expression).unwrap(), &before) {
            Some(value) => event.insert(field.name.clone(), value),
            None => event.remove(&field.name),
        };
    }
    for lookup in &props.lookups {
        let table = knowledge.lookup(&lookup.table).unwrap().load().unwrap();
        let value = |row: &Vec<String>, field: &str| row[table.column(field).unwrap()].clone();
        let found = table
            .rows
            .iter()
            .find(|row| lookup.inputs.iter().all(|input| event.get(&input.event) == Some(&value(row, &input.lookup))));
        for output in &lookup.outputs {
            if let Some(value) = found.map(|row| value(row, &output.lookup)).filter(|value| !value.is_empty()) {
                event.entry(output.event.clone()).or_insert(value);
            }
        }
    }
    event
}

pub(super) fn modelled(model: &str, dataset: &str, mut event: Event) -> Event {
    let knowledge = Knowledge::built_in();
    for calculation in knowledge.data_model(model).unwrap().all_calculations(dataset).unwrap() {
        if let CalculationKind::Eval { expression } = &calculation.kind
            && let Some(value) = evaluate(&spl_parser::parse_expression(expression).unwrap(), &event)
        {
            event.insert(calculation.outputs[0].name.clone(), value);
        }
    }
    event
}

pub(super) fn check(event: &Event, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        match *value {
            "<none>" => assert_eq!(event.get(*name), None, "{name}"),
            value => assert_eq!(event.get(*name).map(String::as_str), Some(value), "{name}"),
        }
    }
}
