//! Planning of `iplocation`: the location of addresses, for which a database of locations is needed.

use spl_functions::column::ValueType;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;

use crate::frame::{Frame, null};
use crate::planner::Planner;

/// Plans the command. A search that is only checked gets the fields without values; to run it there is no database.
pub fn plan(planner: &Planner, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    const NEEDED: &str = "`iplocation` needs a database of locations (MaxMind), which splq does not read yet";
    if planner.is_running() {
        return Err(Diagnostic::error("plan/no-database", NEEDED, call.name.span)
            .with_help("leave the command out, or use a lookup with CIDR matching"));
    }
    planner.warn(Diagnostic::warning("plan/no-database", NEEDED, Some(call.name.span)));
    let prefix = call.option("prefix").map_or("", |option| option.value.value.as_str());
    let all = super::boolean(call, "allfields", false);
    let more: &[&str] = if all { &["Continent", "MetroCode", "Timezone"] } else { &[] };
    let names = ["City", "Country", "Region", "lat", "lon"].iter().chain(more);
    frame.assign(names.map(|name| (format!("{prefix}{name}"), null(ValueType::Text))).collect())
}
