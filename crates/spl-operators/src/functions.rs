//! Functions of a plan that carry more than their arguments: a table, a database, a path.

pub mod each_value;
pub mod location;
pub mod lookup;
pub mod xpath;
