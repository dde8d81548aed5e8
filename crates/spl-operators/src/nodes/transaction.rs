//! The row operator of `transaction`: events that belong together become one row.
//!
//! Events come in descending time, so that a transaction is seen from its end: an event that meets the end condition
//! opens one, an event that meets the start condition closes it. `transaction/state.rs` walks over the events,
//! `transaction/open.rs` finds the open transaction that an event can join.

mod open;
mod state;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::ValueType;

use self::state::State;
use crate::node::{Operator, OperatorContext, OperatorState, to_json};
use crate::ordinal::ORDINAL;

/// The metadata key that keeps the delimiter of a multivalue field for its single-value form.
pub const DELIMITER: &str = "splq.delimiter";

/// Which fields keep all values in the order of events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Listed {
    /// None: the distinct values, sorted.
    Nothing,
    /// All.
    All,
    /// These.
    Fields(Vec<String>),
}

/// What makes and ends transactions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Transactions {
    /// Fields whose values events of a transaction share.
    pub fields: Vec<String>,
    /// Seconds that a transaction must span less than.
    pub max_span: Option<f64>,
    /// Most seconds between two events.
    pub max_pause: Option<f64>,
    /// Most events.
    pub max_events: Option<usize>,
    /// Boolean column: the first event of a transaction.
    pub starts: Option<String>,
    /// Boolean column: the last event of a transaction.
    pub ends: Option<String>,
    /// An event shares a value with the transaction that it joins.
    pub connected: bool,
    /// Events that meet a condition have one of the fields too.
    pub unify_ends: bool,
    /// Keeps events that are in no transaction.
    pub keep_orphans: bool,
    /// Keeps transactions that were not completed.
    pub keep_evicted: bool,
    /// Most open transactions.
    pub max_open: Option<usize>,
    /// Most events in open transactions.
    pub max_open_events: Option<usize>,
    /// Fields that keep all values.
    pub listed: Listed,
    /// Between values in the single-value form.
    pub delimiter: String,
    /// Stands for absent values in lists.
    pub null_text: String,
    /// `_raw` is multivalue.
    pub raw_list: bool,
}

impl Transactions {
    fn is_listed(&self, name: &str) -> bool {
        match &self.listed {
            Listed::Nothing => false,
            Listed::All => true,
            Listed::Fields(names) => names.iter().any(|listed| listed == name),
        }
    }
}

impl Operator for Transactions {
    fn name(&self) -> &'static str {
        "transaction"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        let mut fields: Vec<Field> = Vec::new();
        let made = ["duration", "eventcount", "closed_txn", "_txn_orphan"];
        for field in input.fields() {
            let name = field.name().as_str();
            if name.starts_with("__") || made.contains(&name) {
                continue;
            }
            let value_type = match name {
                "_time" => ValueType::Float,
                "_raw" if !self.raw_list => ValueType::Text,
                _ if self.is_listed(name) => ValueType::Multivalue,
                _ if self.fields.iter().any(|shared| shared == name) => match ValueType::of(field.data_type()) {
                    ValueType::Null => ValueType::Text,
                    other => other,
                },
                _ => ValueType::Multivalue,
            };
            let mut made = Field::new(name, value_type.arrow(), true);
            if value_type == ValueType::Multivalue {
                made.set_metadata([(DELIMITER.to_owned(), self.delimiter.clone())].into());
            }
            fields.push(made);
        }
        fields.push(Field::new("duration", DataType::Float64, true));
        fields.push(Field::new("eventcount", DataType::Int64, true));
        fields.push(Field::new("closed_txn", DataType::Int64, true));
        if self.keep_orphans {
            fields.push(Field::new("_txn_orphan", DataType::Int64, true));
        }
        fields.push(Field::new(ORDINAL, DataType::Int64, false));
        Ok(Arc::new(Schema::new(fields)))
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State::new(self.clone(), output.clone()))
    }
}
