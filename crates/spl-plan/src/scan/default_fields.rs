//! Fields that every event of an index has beside those of its text: date fields, `linecount`, `punct`, `splunk_server`, `_indextime`.
//!
//! They are made of the event's text and time where a search asks for them by name, and cost nothing elsewhere.
//!
//! Source: Splunk knowledge manager manual, Use default fields.

use std::collections::BTreeSet;

use spl_functions::column::ValueType;
use spl_parser::Diagnostic;

use crate::context::PlanContext;
use crate::frame::scope::Typed;
use crate::frame::text;
use crate::function_call::{call, choose};
use crate::names::wildcards::wildcard_matches;

/// A default field and what it is made of.
pub struct DefaultField {
    /// Its name.
    pub name: &'static str,
    /// The fields that events must carry for it.
    pub inputs: &'static [&'static str],
    made: Made,
}

impl DefaultField {
    /// Whether names, patterns among them, ask for the field. All fields are no field in particular.
    pub fn is_asked(&self, names: &BTreeSet<String>) -> bool {
        let asks = |name: &String| name != "*" && name.contains('*') && wildcard_matches(name, self.name);
        names.contains(self.name) || names.iter().any(asks)
    }
}

enum Made {
    /// A number of the date that stands in the text.
    DateNumber,
    /// A text of the date that stands in the text.
    DateName,
    /// What a function of the text gives.
    OfText(&'static str),
    /// The same for all events.
    Constant(&'static str),
    /// The time of the event, in whole seconds.
    Time,
}

/// The server of events that no server has: what `makeresults` and `metasearch` say too.
const SERVER: &str = "local";

const TEXT_AND_TIME: &[&str] = &["_raw", "_time"];

const fn field(name: &'static str, inputs: &'static [&'static str], made: Made) -> DefaultField {
    DefaultField { name, inputs, made }
}

/// The default fields that files don't carry.
pub const DEFAULT_FIELDS: &[DefaultField] = &[
    field("date_second", TEXT_AND_TIME, Made::DateNumber),
    field("date_minute", TEXT_AND_TIME, Made::DateNumber),
    field("date_hour", TEXT_AND_TIME, Made::DateNumber),
    field("date_mday", TEXT_AND_TIME, Made::DateNumber),
    field("date_wday", TEXT_AND_TIME, Made::DateName),
    field("date_month", TEXT_AND_TIME, Made::DateName),
    field("date_year", TEXT_AND_TIME, Made::DateNumber),
    field("date_zone", TEXT_AND_TIME, Made::DateName),
    field("timestartpos", TEXT_AND_TIME, Made::DateNumber),
    field("timeendpos", TEXT_AND_TIME, Made::DateNumber),
    field("linecount", &["_raw"], Made::OfText("spl_line_count")),
    field("punct", &["_raw"], Made::OfText("spl_punct")),
    field("splunk_server", &[], Made::Constant(SERVER)),
    field("_indextime", &["_time"], Made::Time),
];

/// The default field of a name.
pub fn find(name: &str) -> Option<&'static DefaultField> {
    DEFAULT_FIELDS.iter().find(|field| field.name == name)
}

/// A field of events: as the data carries it, and for events without it, what Splunk would have stored with them.
pub fn carried_or_given(
    context: &PlanContext,
    name: &str,
    carried: &dyn Fn(&str) -> Option<Typed>,
) -> Result<Option<Typed>, Diagnostic> {
    let found = carried(name);
    let Some(field) = find(name) else { return Ok(found) };
    let Some(given) = given(context, field, carried)? else { return Ok(found) };
    match found {
        Some(found) if found.value_type != ValueType::Null => {
            let present = found.expression.clone().is_not_null();
            choose(context, vec![(present, found)], Some(given)).map(Some)
        }
        _ => Ok(Some(given)),
    }
}

fn given(
    context: &PlanContext,
    field: &DefaultField,
    carried: &dyn Fn(&str) -> Option<Typed>,
) -> Result<Option<Typed>, Diagnostic> {
    let constant = |value: &str| Typed::new(text(value), ValueType::Text);
    let mut inputs = Vec::with_capacity(field.inputs.len() + 1);
    for input in field.inputs {
        match carried(input).filter(|input| input.value_type != ValueType::Null) {
            Some(input) => inputs.push(input),
            None => return Ok(None),
        }
    }
    let function = match field.made {
        Made::Constant(value) => return Ok(Some(constant(value))),
        Made::Time => "floor",
        Made::OfText(function) => function,
        Made::DateNumber => "spl_date_number",
        Made::DateName => "spl_date_name",
    };
    if matches!(field.made, Made::DateNumber | Made::DateName) {
        inputs.push(constant(field.name));
    }
    call(context, function, inputs).map(Some)
}

/// Says what stands in for a field that no file can have.
pub fn note(context: &PlanContext, name: &str) {
    if matches!(find(name), Some(DefaultField { made: Made::Time, .. })) && !context.data().is_in_all_events(name) {
        let message = format!("files have no index time: `{name}` is the time of the event");
        context.warn(Diagnostic::warning("plan/index-time", message, None));
    }
}
