//! Planning of `typelearner`, the forerunner of `findtypes`: what both do is there.

pub use crate::mining::findtypes::plan_typelearner as plan;
