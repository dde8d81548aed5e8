//! Nodes, functions and physical rules that a plan names; they know no syntax and no planning.

pub mod codec;
pub mod compiled;
pub mod distinct;
pub mod errors;
pub mod exec;
pub mod functions;
pub mod grouping;
pub mod held;
pub mod lookup;
pub mod node;
pub mod nodes;
pub mod ordinal;
pub mod wildcards;
