//! What a search asks of the events: where it reads them, which of their fields it is of no use without, and which of them must
//! have a value so that an event gets through.

use std::collections::BTreeSet;

use spl_parser::Pipeline;
use spl_parser::effects::{FieldsBehind, fields, relied_on, walk};
use spl_parser::printer::print_search_expression;
use spl_parser::spec::{ReadsEvents, Rows, Source};
use spl_parser::syntax::{Argument, BinaryOperator, CommandCall, Expression, ExpressionKind, SearchExpression, SearchKind};

/// Where events come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventSource {
    /// The events that a condition on index, sourcetype, source, event types and tags finds; `*` for all.
    Events(String),
    /// The events of a data model's dataset: `Endpoint.Processes`.
    Dataset(String),
}

impl EventSource {
    /// As reports write it.
    pub fn name(&self) -> String {
        match self {
            Self::Events(condition) => condition.clone(),
            Self::Dataset(dataset) => format!("datamodel={dataset}"),
        }
    }

    /// None of its events, as the beginning of a sentence.
    pub fn none(&self) -> String {
        match self {
            Self::Events(condition) if condition == ALL => "no event".to_owned(),
            _ => format!("no event of `{}`", self.name()),
        }
    }
}

/// The condition that all events meet.
const ALL: &str = "*";

/// What one place of a search asks of the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventNeed {
    /// Where they come from.
    pub source: EventSource,
    /// The fields that it is of no use without, as far as no command makes them; those of a dataset without its name in front.
    pub fields: BTreeSet<String>,
    /// The fields of which an event must have a value to get through.
    pub required: BTreeSet<String>,
    /// Whether its events become the rows of the search; those of a subsearch do not.
    pub is_main: bool,
}

/// The fields that say where events come from rather than what is in them. The codes of Windows events are among them: which
/// codes a log has is a matter of what is switched on.
const ORIGIN: [&str; 7] = ["index", "sourcetype", "source", "eventtype", "tag", "EventCode", "EventID"];

/// Everywhere that a search reads events, in the order of its text. What stands inside of templates and saved searches is
/// not seen.
pub fn event_needs(pipeline: &Pipeline) -> Vec<EventNeed> {
    let mut needs = Vec::new();
    add(pipeline, true, &mut needs);
    needs
}

fn add(pipeline: &Pipeline, is_main: bool, needs: &mut Vec<EventNeed>) {
    for (place, call) in pipeline.commands.iter().enumerate() {
        if let Some(source) = source_of(call, place == 0) {
            let mut need = EventNeed { source, fields: BTreeSet::new(), required: BTreeSet::new(), is_main };
            follow(&pipeline.commands[place..], &mut need);
            needs.push(need);
        }
        let joins = matches!(call.spec.effects.source, Source::Subsearches);
        walk::subsearches(call, &mut |inner| add(&inner.pipeline, is_main && joins, needs));
    }
}

/// Where a command reads events from; none when it reads none.
fn source_of(call: &CommandCall, first: bool) -> Option<EventSource> {
    let condition = |search: Option<&SearchExpression>| {
        let origin = search.and_then(origin);
        EventSource::Events(origin.map_or_else(|| ALL.to_owned(), |search| print_search_expression(&search)))
    };
    match call.spec.effects.source {
        Source::EventsWhenFirst if first => Some(condition(walk::conditions(call).next())),
        Source::Events => {
            let from = call.clause("from").and_then(|clause| clause.arguments.first());
            Some(named_dataset(from).unwrap_or_else(|| condition(walk::conditions(call).next())))
        }
        Source::Named(reads) if reads(call) != ReadsEvents::No => named_dataset(call.arguments.first()),
        _ => None,
    }
}

fn named_dataset(argument: Option<&Argument>) -> Option<EventSource> {
    match argument {
        Some(Argument::Pair { name, value }) if name.value.eq_ignore_ascii_case("datamodel") => {
            Some(EventSource::Dataset(value.value.clone()))
        }
        _ => None,
    }
}

/// What is left of a condition when everything else than the origin of events is taken for true; none = everything.
fn origin(search: &SearchExpression) -> Option<SearchExpression> {
    let with = |kind: SearchKind| SearchExpression { kind, span: search.span };
    match &search.kind {
        SearchKind::And(parts) => {
            let mut left: Vec<SearchExpression> = parts.iter().filter_map(origin).collect();
            if left.len() > 1 { Some(with(SearchKind::And(left))) } else { left.pop() }
        }
        SearchKind::Or(parts) => {
            let left: Option<Vec<SearchExpression>> = parts.iter().map(origin).collect();
            left.map(|left| with(SearchKind::Or(left)))
        }
        SearchKind::Not(inner) => is_origin(inner).then(|| search.clone()),
        SearchKind::Comparison { .. } | SearchKind::In { .. } => is_origin(search).then(|| search.clone()),
        _ => None,
    }
}

fn is_origin(search: &SearchExpression) -> bool {
    match &search.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().all(is_origin),
        SearchKind::Not(inner) => is_origin(inner),
        SearchKind::Comparison { field, .. } | SearchKind::In { field, .. } => is_origin_field(&field.name),
        _ => false,
    }
}

fn is_origin_field(name: &str) -> bool {
    ORIGIN.contains(&name) || name.starts_with("tag::")
}

/// Walks from the command that reads the events to the first that makes rows of its own, and notes the fields of events.
fn follow(calls: &[CommandCall], need: &mut EventNeed) {
    let of_dataset = matches!(need.source, EventSource::Dataset(_));
    let mut made = FieldsBehind::Only(BTreeSet::new());
    for (place, call) in calls.iter().enumerate() {
        let FieldsBehind::Only(known) = &made else { return };
        let event_field = |name: &str| -> Option<String> {
            let plain = if of_dataset { name.rsplit('.').next().unwrap_or(name) } else { name };
            let is_made = known.contains(name) || name.contains('.') && name.split('.').any(|part| known.contains(part));
            let internal = plain.starts_with('_') || plain.contains('*') || is_origin_field(plain);
            (!is_made && !internal).then(|| plain.to_owned())
        };
        let reads = read_by(call, place == 0);
        need.fields.extend(reads.iter().filter_map(|name| event_field(name)));
        let must = must_have(call, of_dataset);
        need.required.extend(must.iter().filter_map(|name| event_field(name)));
        // A command that names the fields of its rows ends the events' own.
        if fields::fields_behind(call, FieldsBehind::Any) != FieldsBehind::Any {
            break;
        }
        // What reads the events gives them as they are.
        if place > 0 {
            made = fields::fields_behind(call, made);
        }
    }
    need.fields.extend(need.required.iter().cloned());
}

/// What a command reads of the rows it is given, or of the events that it reads itself.
fn read_by(call: &CommandCall, is_source: bool) -> BTreeSet<String> {
    let relied = relied_on(call).into_iter().map(|(name, _)| name);
    if !is_source {
        return relied.collect();
    }
    // A command that reads events names their fields in its clauses.
    let mut names: BTreeSet<String> = relied.collect();
    for condition in walk::conditions(call) {
        walk::condition_parts(condition, &mut |part, positive| {
            if let (SearchKind::Comparison { field, .. } | SearchKind::In { field, .. }, true) = (&part.kind, positive) {
                names.insert(field.name.clone());
            }
        });
    }
    names.extend(fields::by_names(call).map(str::to_owned));
    names.extend(call.aggregations().filter_map(|aggregation| match &aggregation.argument {
        spl_parser::syntax::AggregationArgument::Field(field) => Some(field.name.clone()),
        _ => None,
    }));
    names
}

/// The fields without which a command drops a row.
fn must_have(call: &CommandCall, of_dataset: bool) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for argument in walk::arguments(call) {
        match argument {
            Argument::Search(search) => names.extend(compared(search)),
            Argument::Expression(expression) if matches!(call.spec.effects.rows, Rows::Some) => {
                names.extend(evaluated(expression));
            }
            _ => {}
        }
    }
    let groups = matches!(call.spec.effects.rows, Rows::Groups(_) | Rows::FewGroups(_));
    // A data model has a value for each of its fields, and `fillnull_value` gives one.
    let filled = of_dataset || call.option("fillnull_value").is_some();
    if groups && !filled {
        names.extend(fields::by_names(call).map(str::to_owned));
    }
    names
}

/// The fields that every event has which meets a condition.
fn compared(search: &SearchExpression) -> BTreeSet<String> {
    match &search.kind {
        SearchKind::And(parts) => parts.iter().flat_map(compared).collect(),
        SearchKind::Or(parts) => in_all(parts.iter().map(compared)),
        SearchKind::Comparison { field, .. } | SearchKind::In { field, .. } | SearchKind::SubsearchComparison { field, .. } => {
            BTreeSet::from([field.name.clone()])
        }
        SearchKind::Not(_) | SearchKind::Term(_) | SearchKind::TimeModifier { .. } | SearchKind::Subsearch(_) => BTreeSet::new(),
    }
}

/// The same of an expression of `where`, as far as it compares fields themselves.
fn evaluated(expression: &Expression) -> BTreeSet<String> {
    use BinaryOperator::{And, Equal, Greater, GreaterOrEqual, Less, LessOrEqual, Like, NotEqual, Or};
    let field = |side: &Expression| match &side.kind {
        ExpressionKind::Field(field) => Some(field.name.clone()),
        _ => None,
    };
    match &expression.kind {
        ExpressionKind::Binary { operator, left, right } => match operator.value {
            And => evaluated(left).into_iter().chain(evaluated(right)).collect(),
            Or => in_all([evaluated(left), evaluated(right)].into_iter()),
            Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual | Like => field(left).into_iter().collect(),
            _ => BTreeSet::new(),
        },
        ExpressionKind::In { operand, .. } => field(operand).into_iter().collect(),
        _ => BTreeSet::new(),
    }
}

fn in_all(mut sets: impl Iterator<Item = BTreeSet<String>>) -> BTreeSet<String> {
    let Some(first) = sets.next() else { return BTreeSet::new() };
    sets.fold(first, |both, set| both.intersection(&set).cloned().collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, String, String)> {
        let joined = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(" ");
        let needs = event_needs(&spl_parser::parse(text).unwrap());
        needs.iter().map(|need| (need.source.name(), joined(&need.fields), joined(&need.required))).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str, &str)]) {
        let own = |(source, fields, required): &(&str, &str, &str)| ((*source).into(), (*fields).into(), (*required).into());
        assert_eq!(told(text), expected.iter().map(own).collect::<Vec<(String, String, String)>>());
    }

    #[test]
    fn events_and_their_fields() {
        check(
            "index=win sourcetype=XmlWinEventLog EventCode=7045 (a=1 OR b=2) NOT c=3 term | eval d=lower(ServiceName) | stats count by d, dest | where x=1",
            &[("index=win sourcetype=XmlWinEventLog EventCode=7045", "ServiceName a b dest", "dest")],
        );
        check("(sourcetype=a x=1) OR (sourcetype=b x=2)", &[("sourcetype=a OR sourcetype=b", "x", "x")]);
        check("sourcetype=a OR x=1", &[("*", "x", "")]);
        check("NOT sourcetype=a tag=web", &[("NOT sourcetype=a tag=web", "", "")]);
    }

    #[test]
    fn what_commands_make_is_no_field_of_events() {
        check(
            "sourcetype=a | rex field=cmd \"(?<tool>\\w+)\" | rename host_name AS dest | where tool=\"x\" AND isnull(gone) AND like(y, \"z\")",
            &[("sourcetype=a", "cmd host_name y", "")],
        );
        check("sourcetype=a | eval x=coalesce(p, q) | where x>1 | table x z | search w=1", &[("sourcetype=a", "z", "")]);
    }

    #[test]
    fn data_models_and_subsearches() {
        check(
            "| tstats count min(_time) AS t from datamodel=Endpoint.Processes where (Processes.process_name=a OR Processes.original_file_name=b) Processes.process=*x* by Processes.dest Processes.user | rename Processes.* AS * | join dest [search sourcetype=b y=1 | fields dest y]",
            &[
                ("datamodel=Endpoint.Processes", "dest original_file_name process process_name user", "process"),
                ("sourcetype=b", "dest y", "y"),
            ],
        );
        check(
            "| from datamodel:Risk.All_Risk | stats sum(risk_score) by risk_object",
            &[("datamodel=Risk.All_Risk", "risk_object risk_score", "")],
        );
        check("| inputlookup x.csv | where a=1", &[]);
    }
}
