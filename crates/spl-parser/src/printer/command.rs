//! Commands: name, options, arguments, clauses, in the order in which every command reads them.

use super::{expression, names, pivot, search};
use crate::spec::{ArgumentShape, CommandKind, OptionKind};
use crate::syntax::{
    Aggregation, AggregationArgument, Argument, ArgumentPart, Clause, CommandCall, OptionArgument, Pipeline, Subsearch,
};

/// Commands joined by pipes.
pub fn pipeline(output: &mut String, pipeline: &Pipeline) {
    for (at, call) in pipeline.commands.iter().enumerate() {
        if at > 0 {
            output.push_str(" | ");
        } else if call.spec.name != "search" || call.spec.kind == CommandKind::Generating {
            output.push_str("| ");
        }
        command(output, call);
    }
}

/// `[ ... ]`.
pub fn subsearch(output: &mut String, subsearch: &Subsearch) {
    output.push('[');
    pipeline(output, &subsearch.pipeline);
    output.push(']');
}

fn command(output: &mut String, call: &CommandCall) {
    output.push_str(call.spec.name);
    for option in &call.options {
        output.push(' ');
        self::option(output, call, option);
    }
    let separator = match call.spec.arguments {
        ArgumentShape::Assignments => ", ",
        _ => " ",
    };
    let mut clauses = call.clauses.iter();
    for (at, argument) in call.arguments.iter().enumerate() {
        if matches!(argument, Argument::Subsearch(_)) && call.spec.name == "join" {
            for clause in clauses.by_ref() {
                output.push(' ');
                self::clause(output, call, clause);
            }
        }
        output.push_str(if at == 0 || is_tight(call, at) { " " } else { separator });
        if is_tight(call, at) {
            output.pop();
        }
        self::argument(output, call, argument);
    }
    for clause in clauses {
        output.push(' ');
        self::clause(output, call, clause);
    }
}

/// Whether an argument follows the one before without a blank: the operator and the expression of `regex field="..."`.
fn is_tight(call: &CommandCall, at: usize) -> bool {
    call.spec.name == "regex" && at > 0
}

fn clause(output: &mut String, call: &CommandCall, clause: &Clause) {
    output.push_str(&clause.keyword.value);
    if call.spec.name == "transaction" {
        return filter(output, call, clause);
    }
    let is_pivot = call.spec.name == "pivot";
    for (place, argument) in clause.arguments.iter().enumerate() {
        output.push(' ');
        if is_pivot {
            output.push_str(pivot::lead(clause, place));
            if pivot::argument(output, clause, place, argument) {
                continue;
            }
        }
        self::argument(output, call, argument);
    }
}

/// `startswith=eval(...)`, `startswith=(...)`, `startswith="..."`.
fn filter(output: &mut String, call: &CommandCall, clause: &Clause) {
    output.push('=');
    for argument in &clause.arguments {
        match argument {
            Argument::Expression(_) => output.push_str("eval("),
            Argument::Search(_) => output.push('('),
            _ => {}
        }
        self::argument(output, call, argument);
        if matches!(argument, Argument::Expression(_) | Argument::Search(_)) {
            output.push(')');
        }
    }
}

fn option(output: &mut String, call: &CommandCall, option: &OptionArgument) {
    output.push_str(&option.name.value);
    output.push('=');
    let is_regular_expression =
        call.spec.options.iter().any(|spec| spec.kind == OptionKind::Regex && spec.name.eq_ignore_ascii_case(&option.name.value));
    if option.quoted && is_regular_expression {
        names::quoted_regular_expression(output, &option.value.value);
    } else {
        names::text(output, &option.value.value, option.quoted);
    }
}

fn argument(output: &mut String, call: &CommandCall, argument: &Argument) {
    match argument {
        Argument::Search(expression) => search::whole(output, expression),
        Argument::Expression(node) => expression::expression(output, node, 0),
        Argument::Assignment(assignment) => expression::assignment(output, assignment),
        Argument::Field(field) => names::field(output, field),
        Argument::Aggregation(aggregation) => self::aggregation(output, aggregation),
        Argument::Rename { from, to } => {
            names::field(output, from);
            output.push_str(if call.spec.name == "replace" { " WITH " } else { " AS " });
            names::field(output, to);
        }
        Argument::SortKey(key) => {
            if key.descending {
                output.push('-');
            }
            if let Some(kind) = &key.kind {
                output.push_str(&kind.value);
                output.push('(');
            }
            names::field(output, &key.field);
            if key.kind.is_some() {
                output.push(')');
            }
        }
        Argument::Conversion { function, field, alias } => {
            output.push_str(&function.value);
            output.push('(');
            names::field(output, field);
            output.push(')');
            if let Some(alias) = alias {
                output.push_str(" AS ");
                names::field(output, alias);
            }
        }
        Argument::Pair { name, value } => {
            names::word(output, &name.value);
            output.push(if call.spec.name == "from" { ':' } else { '=' });
            names::word(output, &value.value);
        }
        Argument::Text { text, quoted } => text_argument(output, call, &text.value, *quoted),
        Argument::Subsearch(inner) => subsearch(output, inner),
        Argument::Parts(parts) => parts.iter().for_each(|part| match part {
            ArgumentPart::Text(text) => output.push_str(&text.value),
            ArgumentPart::Subsearch(inner) => subsearch(output, inner),
        }),
    }
}

fn text_argument(output: &mut String, call: &CommandCall, text: &str, quoted: bool) {
    match call.spec.name {
        "rex" | "regex" if quoted => names::quoted_regular_expression(output, text),
        "foreach" if !quoted && text.starts_with('[') => output.push_str(text),
        _ => names::text(output, text, quoted),
    }
}

fn aggregation(output: &mut String, aggregation: &Aggregation) {
    match &aggregation.argument {
        AggregationArgument::Field(field) => {
            // The result name keeps the function as it was written.
            let written = aggregation.text.split('(').next().unwrap_or(&aggregation.function.value);
            output.push_str(written);
            output.push('(');
            names::field(output, field);
            output.push(')');
        }
        _ => output.push_str(&aggregation.text),
    }
    if let Some(alias) = &aggregation.alias {
        output.push_str(" AS ");
        names::field(output, alias);
    }
}
