//! Planning of `iplocation`: the location of addresses, from a database that the user gives.

use spl_functions::column::ValueType;
use spl_operators::functions::location::Part;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, column, null};

/// Plans the command. Without a database a search can be checked, with a warning, but not run.
///
/// Source: Splunk search reference, iplocation.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    const NEEDED: &str = "`iplocation` needs a database of locations in MaxMind's format";
    const HELP: &str = "give one with `--geoip FILE.mmdb`";
    let prefix = call.text("prefix");
    let all = call.flag("allfields");
    let parts =
        Part::ALL.into_iter().filter(|(part, _)| all || !matches!(part, Part::Continent | Part::MetroCode | Part::Timezone));
    let nothing = |(_, name): (Part, &str)| (format!("{prefix}{name}"), null(ValueType::Text));
    let Some(database) = context.geo_database() else {
        if context.is_running() {
            return Err(Diagnostic::error("plan/no-database", NEEDED, call.name.span).with_help(HELP));
        }
        context.warn(Diagnostic::warning("plan/no-database", NEEDED, Some(call.name.span)).with_help(HELP));
        return frame.assign(parts.map(nothing).collect());
    };
    let language = match call.option("lang").map(|option| option.value.value.as_str()) {
        None | Some("eng") => "en",
        Some(other) => other,
    };
    let Some(field) = call.fields().next() else {
        return Err(Diagnostic::error("plan/argument", "`iplocation` needs a field", call.span));
    };
    if frame.field(&field.name).is_none() {
        return frame.assign(parts.map(nothing).collect());
    }

    let mut set = Vec::new();
    for (part, name) in parts {
        let value = database.locate(column(&field.name), part, language).map_err(|error| error.at(call.name.span))?;
        set.push((format!("{prefix}{name}"), value));
    }
    frame.assign(set)
}
