//! Commands that set, rename or drop fields of each row.
//!
//! Read `rename.rs` first, then `eval.rs`. The family uses no other.

pub mod abstract_command;
pub mod accum;
pub mod addinfo;
pub mod autoregress;
pub mod bin;
pub mod convert;
pub mod delta;
pub mod eval;
pub mod fieldformat;
pub mod fields;
pub mod filldown;
pub mod fillnull;
pub mod foreach;
pub mod iplocation;
pub mod lookup;
pub mod pass;
pub mod rangemap;
pub mod reltime;
pub mod rename;
pub mod replace;
pub mod scrub;
pub mod setfields;
pub mod strcat;
pub mod table;
pub mod tags;
