//! Loads small files of every format and, when they are there, the collections of real logs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, missing_docs)]

mod envelopes;
mod files;
mod garbage;
mod json;
mod packs;
mod real;
mod rules;
mod support;
mod text;
mod windows;
