//! `sparkline`: a small inline chart of another function over time; known, not built.

use datafusion_common::not_impl_err;

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
    create: |_| not_impl_err!("sparkline is not built yet"),
    status: Status::Planned,
}];
