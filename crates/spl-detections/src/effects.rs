//! Whether a search writes what another search may read.

use spl_parser::syntax::{Argument, CommandCall, Expression, ExpressionKind, SearchExpression, SearchKind};
use spl_parser::{Pipeline, parse};

/// Commands that write lookups, events or files that another search may read. The one list of them in this crate: it goes
/// when the commands' specs tell their effects.
const WRITERS: [&str; 4] = ["outputlookup", "outputcsv", "collect", "mcollect"];

/// Whether a search, its subsearches and the search of `map` included, writes what another may read.
pub fn writes(pipeline: &Pipeline) -> bool {
    pipeline.commands.iter().any(|call| WRITERS.contains(&call.spec.name) || inner_writes(call))
}

fn inner_writes(call: &CommandCall) -> bool {
    // The search of `map` is a text with `$field$`; one that can't be parsed before they are filled in may do anything.
    let mapped = (call.spec.name == "map").then(|| call.option("search")).flatten();
    if mapped.is_some_and(|search| parse(&search.value.value).map_or(true, |pipeline| writes(&pipeline))) {
        return true;
    }
    let arguments = call.arguments.iter().chain(call.clauses.iter().flat_map(|clause| &clause.arguments));
    arguments.into_iter().any(|argument| match argument {
        Argument::Subsearch(subsearch) => writes(&subsearch.pipeline),
        Argument::Search(search) => search_writes(search),
        Argument::Expression(expression) => expression_writes(expression),
        Argument::Assignment(assignment) => expression_writes(&assignment.expression),
        _ => false,
    })
}

fn search_writes(search: &SearchExpression) -> bool {
    match &search.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().any(search_writes),
        SearchKind::Not(inner) => search_writes(inner),
        SearchKind::Subsearch(subsearch) | SearchKind::SubsearchComparison { subsearch, .. } => writes(&subsearch.pipeline),
        _ => false,
    }
}

fn expression_writes(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Subsearch(subsearch) => writes(&subsearch.pipeline),
        ExpressionKind::Unary { operand, .. } => expression_writes(operand),
        ExpressionKind::Binary { left, right, .. } => expression_writes(left) || expression_writes(right),
        ExpressionKind::In { operand, list } => expression_writes(operand) || list.iter().any(expression_writes),
        ExpressionKind::Call { arguments, .. } => arguments.iter().any(expression_writes),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn commands_write_and_words_do_not() {
        for (text, expected) in [
            ("index=main | outputlookup seen.csv", true),
            ("index=main | collect index=summary", true),
            ("index=main | append [search b | outputcsv b]", true),
            ("index=main NOT [search b | outputlookup c.csv]", true),
            ("index=main | eval x=[search b | collect index=s | return $y]", true),
            ("| inputlookup a.csv | map search=\"search host=$host$ | collect index=summary\"", true),
            ("| inputlookup a.csv | map search=\"search host=$host$ | stats count\"", false),
            ("index=main macro=data_collected_by_outputlookup | stats count AS collect", false),
            ("index=main | sistats count", false),
            ("index=main [search b | stats count by host | fields host]", false),
        ] {
            assert_eq!(writes(&parse(text).unwrap()), expected, "{text}");
        }
    }
}
