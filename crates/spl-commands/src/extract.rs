//! Commands that find fields in the text of other fields.
//!
//! Read `rex.rs` first. The family uses no other.

pub mod erex;
pub mod extract;
pub mod fromjson;
pub mod kvform;
pub mod makejson;
pub mod multikv;
pub mod rex;
pub mod spath;
pub mod tojson;
pub mod xmlkv;
pub mod xmlunescape;
pub mod xpath;
