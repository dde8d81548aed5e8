//! Which events an event type can read the text of, told by what events come from: `sourcetype=a failed` reads no text of
//! another sourcetype.

use std::cell::Cell;

use spl_knowledge::Knowledge;
use spl_parser::syntax::{Pattern, SearchExpression, SearchKind, SearchOperator};

use crate::events::origin_condition::{OriginCondition, OriginField};
use crate::events::parsed_knowledge::ParsedKnowledge;
use crate::search::predicate::wire;

/// How deep event types that name event types are followed.
const DEEPEST: usize = 8;

/// How many conditions of event types are looked at, in event types that they name too; more are open.
const MOST: usize = 2_000;

/// The condition of a search of an event type; `is_defined` tells fields that have definitions.
pub fn origin_condition(
    search: &SearchExpression,
    knowledge: &Knowledge,
    parsed: &ParsedKnowledge,
    is_defined: &dyn Fn(&str) -> bool,
) -> OriginCondition {
    Reading { knowledge, parsed, is_defined, left: Cell::new(MOST) }.condition(search, 0)
}

struct Reading<'k> {
    knowledge: &'k Knowledge,
    parsed: &'k ParsedKnowledge,
    is_defined: &'k dyn Fn(&str) -> bool,
    /// How many conditions are looked at yet.
    left: Cell<usize>,
}

impl Reading<'_> {
    fn condition(&self, search: &SearchExpression, depth: usize) -> OriginCondition {
        let Some(left) = self.left.get().checked_sub(1) else { return OriginCondition::Open };
        self.left.set(left);
        match &search.kind {
            SearchKind::And(parts) => OriginCondition::All(parts.iter().map(|part| self.condition(part, depth)).collect()),
            SearchKind::Or(parts) => OriginCondition::Any(parts.iter().map(|part| self.condition(part, depth)).collect()),
            SearchKind::Not(part) => OriginCondition::Not(Box::new(self.condition(part, depth))),
            SearchKind::Comparison { field, operator, value } => match operator.value {
                SearchOperator::Equal => self.is(&field.name, &value.pattern, depth),
                SearchOperator::NotEqual => OriginCondition::Not(Box::new(self.is(&field.name, &value.pattern, depth))),
                _ => OriginCondition::Open,
            },
            SearchKind::In { field, values } => {
                OriginCondition::Any(values.iter().map(|value| self.is(&field.name, &value.pattern, depth)).collect())
            }
            SearchKind::Term(value) => match value.indexed_field() {
                Some((field, pattern)) => self.is(field, &pattern, depth),
                None => OriginCondition::Open,
            },
            SearchKind::SubsearchComparison { .. } | SearchKind::TimeModifier { .. } | SearchKind::Subsearch(_) => {
                OriginCondition::Open
            }
        }
    }

    fn is(&self, field: &str, pattern: &Pattern, depth: usize) -> OriginCondition {
        if let Some(field) = origin_field(field, self.is_defined) {
            return OriginCondition::Is(field, wire(pattern));
        }
        let other = pattern.as_literal().filter(|_| field == "eventtype" && depth < DEEPEST);
        let other = other.and_then(|name| self.knowledge.event_types.get(name)).filter(|other| !other.disabled);
        match other.map(|other| self.parsed.search(self.knowledge, &other.search)) {
            Some(Ok(search)) => self.condition(&search, depth + 1),
            _ => OriginCondition::Open,
        }
    }
}

/// The field with a name; none where definitions give it another value at search time.
fn origin_field(name: &str, is_defined: &dyn Fn(&str) -> bool) -> Option<OriginField> {
    let field = match name {
        "sourcetype" => OriginField::Sourcetype,
        "source" => OriginField::Source,
        "host" => OriginField::Host,
        _ => return None,
    };
    (!is_defined(name)).then_some(field)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn can_hold(search: &str, sourcetype: &str) -> bool {
        let knowledge = Knowledge::default();
        let parsed = ParsedKnowledge::default();
        let search = spl_parser::parse_search_expression(search).unwrap();
        let is_defined = |name: &str| name == "host";
        origin_condition(&search, &knowledge, &parsed, &is_defined).can_hold(sourcetype, "/var/log/x", "web01")
    }

    #[test]
    fn what_events_come_from_decides() {
        for (search, holds) in [
            ("sourcetype=a failed", true),
            ("sourcetype=A* failed", true),
            ("sourcetype=b failed", false),
            ("(sourcetype=b OR sourcetype=a) failed", true),
            ("(sourcetype=b OR sourcetype=c) failed", false),
            ("sourcetype IN (b, c) failed", false),
            ("sourcetype=b OR failed", true),
            ("NOT sourcetype=a failed", false),
            ("NOT (sourcetype=a failed)", true),
            ("NOT (sourcetype=b failed)", true),
            ("sourcetype!=a failed", false),
            ("sourcetype::b failed", false),
            ("source=/var/* failed", true),
            ("source=*.gz failed", false),
            ("host=other failed", true),
            ("failed", true),
            ("eventtype=b failed", true),
        ] {
            assert_eq!(can_hold(search, "a"), holds, "{search}");
        }
    }
}
