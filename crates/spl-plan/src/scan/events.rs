//! What a scan of events is planned of: the loaded table, conditions and fields of each profile, times, required fields.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Projection, lit};
use spl_functions::column::ValueType;
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;
use spl_parser::syntax::SearchExpression;

use crate::context::PlanContext;
use crate::events::data::KIND;
use crate::frame::ordinals::unqualified;
use crate::frame::scope::{Scope, Typed};
use crate::frame::{Frame, column, conditions, is_very_wide, null};
use crate::function_call::choose;
use crate::names::wildcards::wildcard_matches;
use crate::scan::default_fields::{DEFAULT_FIELDS, DefaultField};
use crate::scan::scope::EventScope;
use crate::search::time_range;
use spl_parser::effects::RequiredFields;

/// The condition that an event is of a kind and meets that kind's condition.
pub fn any_profile(conditions: &[Expr]) -> Expr {
    if let [first, rest @ ..] = conditions
        && rest.iter().all(|condition| condition == first)
    {
        return first.clone();
    }
    let mut any: Option<Expr> = None;
    let mut done = vec![false; conditions.len()];
    for place in 0..conditions.len() {
        if done[place] || conditions::is_false(&conditions[place]) {
            continue;
        }
        let mut kinds = Vec::new();
        for other in place..conditions.len() {
            if conditions[other] == conditions[place] {
                done[other] = true;
                kinds.push(lit(i32::try_from(other).unwrap_or(i32::MAX)));
            }
        }
        let of_kind = column(KIND).in_list(kinds, false);
        let both = conditions::and(of_kind, conditions[place].clone());
        any = Some(match any {
            None => both,
            Some(before) => before.or(both),
        });
    }
    any.unwrap_or_else(|| lit(false))
}

/// A field as each kind has it, for the kinds whose condition can hold.
pub fn each_profile(context: &PlanContext, conditions: &[Expr], values: Vec<Option<Typed>>) -> Result<Option<Typed>, Diagnostic> {
    let live: Vec<(usize, Option<Typed>)> =
        values.into_iter().enumerate().filter(|(place, _)| !conditions::is_false(&conditions[*place])).collect();
    let Some((_, first)) = live.first() else { return Ok(None) };
    let same = |a: &Option<Typed>, b: &Option<Typed>| {
        a.as_ref().map(|typed| &typed.expression) == b.as_ref().map(|typed| &typed.expression)
    };
    if live.iter().all(|(_, value)| same(value, first)) {
        return Ok(first.clone());
    }
    let mut branches: Vec<(Vec<Expr>, Typed)> = Vec::new();
    for (place, value) in live {
        let Some(value) = value else { continue };
        let kind = lit(i32::try_from(place).unwrap_or(i32::MAX));
        match branches.iter_mut().find(|(_, known)| known.expression == value.expression) {
            Some((kinds, _)) => kinds.push(kind),
            None => branches.push((vec![kind], value)),
        }
    }
    let branches = branches.into_iter().map(|(kinds, value)| (column(KIND).in_list(kinds, false), value)).collect();
    choose(context, branches, None).map(Some)
}

/// All loaded events with their carried columns.
pub fn carried_events(context: &PlanContext) -> Result<Frame, Diagnostic> {
    let data = context.data();
    let names: Vec<String> = data.schema().fields().iter().map(|field| field.name().clone()).collect();
    // The fields are those of the scan. DataFusion would look each of them up among all.
    let project = |scan: LogicalPlan| {
        let schema = DFSchema::try_from(scan.schema().as_arrow().clone())?;
        Projection::try_new_with_schema(unqualified("events", &names), Arc::new(scan), Arc::new(schema))
    };
    let plan = LogicalPlanBuilder::scan("events", provider_as_source(data.table()), None)
        .and_then(LogicalPlanBuilder::build)
        .and_then(|scan| if is_very_wide(names.len()) { Ok(scan) } else { project(scan).map(LogicalPlan::Projection) })
        .map_err(engine_error)?;
    Ok(Frame::of_events(plan))
}

/// The time range of a search: its own modifiers, which its condition holds already, or that of the settings. A search
/// that says from when on, but not until when, ends now (Splunk search reference, search, time modifiers).
pub fn within_search_time(
    context: &PlanContext,
    frame: Frame,
    condition: Option<&SearchExpression>,
) -> Result<Frame, Diagnostic> {
    let Some(condition) = condition.filter(|condition| time_range::has_time_modifier(condition)) else {
        return within_time_range(context, frame);
    };
    if time_range::sets_latest(condition) || frame.field("_time").is_none() {
        return Ok(frame);
    }
    frame.filter(column("_time").lt(lit(context.now())))
}

/// The time range of the settings.
fn within_time_range(context: &PlanContext, frame: Frame) -> Result<Frame, Diagnostic> {
    let clock = context.clock();
    let mut frame = frame;
    for (bound, earliest) in [(&clock.earliest, true), (&clock.latest, false)] {
        if let Some(bound) = bound
            && frame.field("_time").is_some()
        {
            let when = time_range::parse_time(context, bound, spl_parser::Span::default()).map_err(|error| {
                Diagnostic::general(
                    error.code,
                    format!("{}: {}", if earliest { "--earliest" } else { "--latest" }, error.message),
                )
            })?;
            let time = column("_time");
            frame = frame.filter(if earliest { time.gt_eq(lit(when)) } else { time.lt(lit(when)) })?;
        }
    }
    Ok(frame)
}

/// The required fields of events, knowledge applied.
///
/// # Errors
/// Knowledge objects that can't be planned.
pub fn required_columns(
    context: &PlanContext,
    scopes: &[EventScope<'_>],
    conditions: &[Expr],
    required: &RequiredFields,
) -> Result<Vec<(String, Expr)>, Diagnostic> {
    let mut all: BTreeSet<String> = BTreeSet::new();
    for (scope, condition) in scopes.iter().zip(conditions) {
        if !conditions::is_false(condition) {
            all.extend(scope.given_names());
        }
    }
    let carried = context.data().field_names();
    let renames = context.knowledge().props.iter().any(|stanza| stanza.settings.contains_key("rename"));
    // As the data carries them, unless knowledge objects give them another value.
    let as_carried = [("source", true), ("sourcetype", !renames)].map(|(name, stays)| (name, stays && !all.contains(name)));
    let wanted = |name: &str| required.contains(name) || name == "_time";
    let mut names: Vec<String> = carried.iter().filter(|name| wanted(name)).cloned().collect();
    let asked = |name: &str| match required {
        RequiredFields::Only(named) => named.contains(name),
        // Behind a command that reads every field it is not known which are asked for by name: those that the search names.
        // `typer` works event types out itself.
        RequiredFields::All => context.names(name) && !(name == "eventtype" && context.names("typer")),
    };
    all.extend(["tag", "eventtype"].into_iter().filter(|name| asked(name)).map(str::to_owned));
    let asked_default = |field: &&DefaultField| match required {
        RequiredFields::Only(named) => field.is_asked(named),
        RequiredFields::All => asked(field.name),
    };
    all.extend(DEFAULT_FIELDS.iter().filter(asked_default).map(|field| field.name.to_owned()));
    let tagged: BTreeSet<String> = context.knowledge().tags.iter().map(|rule| format!("tag::{}", rule.field)).collect();
    all.extend(tagged.into_iter().filter(|name| match required {
        RequiredFields::Only(named) => {
            named.contains(name) || named.iter().any(|asked| asked.starts_with("tag::") && wildcard_matches(asked, name))
        }
        RequiredFields::All => context.says(name) || context.says("tag::*"),
    }));
    names.extend(all.into_iter().filter(|name| wanted(name) && !carried.contains(name)));
    let mut columns = Vec::with_capacity(names.len());
    for name in names {
        let found = if as_carried.contains(&(name.as_str(), true)) {
            Some(Typed::new(column(&name), ValueType::Text))
        } else {
            let values = scopes.iter().map(|scope| scope.resolve(&name)).collect::<Result<Vec<_>, _>>()?;
            each_profile(context, conditions, values)?
        };
        // A search that no event can meet has no fields, but commands that need the time still find its column.
        let found = found.or_else(|| (name == "_time").then(|| Typed::new(null(ValueType::Float), ValueType::Float)));
        if let Some(found) = found {
            columns.push((name, if found.value_type == ValueType::Null { null(ValueType::Text) } else { found.expression }));
        }
    }
    Ok(columns)
}
