//! `sparkline`: a small inline chart of another function over time. `stats` and its kin compute it from that function, so
//! that it has no state of its own.

use datafusion_common::plan_err;

use super::{AggregateSpec, Inputs, Status};
use crate::column::ValueType;

/// Functions of this family.
pub const FUNCTIONS: &[AggregateSpec] = &[AggregateSpec {
    name: "sparkline",
    aliases: &[],
    category: "Charting functions",
    syntax: "sparkline(<function>(<value>),<span>)",
    summary: "Small inline chart of a function over time",
    parameter: false,
    inputs: Inputs::Value,
    returns: |_| ValueType::Multivalue,
    create: |_| plan_err!("sparkline is computed by stats, chart and timechart"),
    status: Status::Full,
}];
