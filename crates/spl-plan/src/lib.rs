//! Searches to logical plans: frames, expressions, predicates, events, data models. It knows no command by name.
//!
//! Layers, from low to high: `names`, `cells`; `frame`; `arguments`, `events`; `context`; `function_call`; `search`;
//! `expression`; `aggregation`; `rows`; `scan`; `models`; `event_scan`;
//! `pipeline`. A file imports only from its own layer and from lower
//! ones. Read `frame.rs` first, then `context.rs` and `pipeline.rs`.

pub mod aggregation;
pub mod arguments;
pub mod cells;
pub mod context;
pub mod event_scan;
pub mod events;
pub mod expression;
pub mod frame;
pub mod function_call;
pub mod models;
pub mod names;
pub mod pipeline;
pub mod rows;
pub mod scan;
pub mod search;
