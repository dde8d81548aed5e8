//! Planning of `abstract`: a shorter text in place of each event's.
//!
//! Of an event with more lines than `maxlines` the lines with most terms are kept, in their order; `...` stands before a
//! line that does not follow the one before it. Then the text ends after `maxterms` terms, where each run of letters and
//! digits and each other character is a term (Splunk search reference, abstract).
//!
//! # Differences
//!
//! * A line scores its terms and half of those of its neighbours; of equal lines the first is preferred. Terms of the
//!   search do not count for more.

use spl_operators::nodes::abstract_text::Abstract;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::count_within;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

const RAW: &str = "_raw";

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let terms = count_within(call, "maxterms", 1000, 1, 1000)? as usize;
    let lines = count_within(call, "maxlines", 10, 1, 500)? as usize;
    if frame.field(RAW).is_none() {
        return Ok(frame);
    }
    frame.operate(Abstract { terms, lines })
}
