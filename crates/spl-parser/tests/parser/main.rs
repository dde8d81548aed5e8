//! Tests of the parser as its users see it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod compare;
mod corpus;
mod dependencies;
mod errors;
mod lists;
mod practice;
mod robustness;
mod trees;
