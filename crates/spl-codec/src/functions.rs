//! SPL's functions as bytes: a line of JSON with the name and the parameters; behind it, where a function evaluates an
//! expression, that expression in DataFusion's form. Functions of DataFusion itself have no bytes: they are known by name.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Field, Schema};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, plan_err};
use datafusion::logical_expr::{AggregateUDF, Expr, ScalarUDF};
use datafusion::prelude::SessionContext;
use datafusion_proto::logical_plan::from_proto::parse_expr;
use datafusion_proto::logical_plan::to_proto::serialize_expr;
use datafusion_proto::protobuf::LogicalExprNode;
use prost::Message;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::aggregate::{self, SplAggregate, ValueLimit};
use spl_functions::column::ValueType;
use spl_functions::scalar::{self, SplFunction};
use spl_operators::distinct::function::{KeptBytes, OncePerDistinct, once_per_distinct};
use spl_operators::functions::each_value::EachValue;
use spl_operators::functions::location::Location;
use spl_operators::functions::lookup::LookupFunction;
use spl_operators::grouping::codes;

use crate::logical::SplLogicalCodec;
use crate::operators::refused;

/// What was written of a function.
#[derive(Serialize, Deserialize)]
enum Written {
    /// An eval function, by its name.
    Eval,
    /// A field of a lookup table.
    Lookup(Json),
    /// A part of the location of an address.
    Location(Json),
    /// A body, evaluated for each value of a field.
    EachValue { columns: Vec<(String, ValueType)>, filter: bool },
    /// A body, evaluated once per distinct value of a column.
    OncePerDistinct { column: String, value_type: ValueType, texts_as_dictionary: bool },
    /// One half of a pair that numbers the texts of a by-field and reads the numbers back.
    Codes { pair: usize, decodes: bool },
    /// A statistical function. Whether its limit of values was reached can't be told across the way.
    Statistical { parameter: Option<f64>, most: usize },
}

/// The pairs of a plan: their number in the plan that was written, and the functions.
type Pairs = Vec<(usize, (Arc<ScalarUDF>, Arc<ScalarUDF>))>;

/// Writes and reads the functions of one plan. Pairs of functions that share codes are pairs again.
#[derive(Debug, Default)]
pub struct FunctionCodec {
    pairs: Mutex<Pairs>,
}

impl FunctionCodec {
    /// Writes a scalar function; nothing for one of DataFusion's.
    ///
    /// # Errors
    /// A body with something that can't be written.
    pub fn write_scalar(&self, function: &ScalarUDF, bytes: &mut Vec<u8>) -> Result<()> {
        let inner = function.inner();
        let mut body = None;
        let written = if inner.is::<SplFunction>() {
            Written::Eval
        } else if let Some(lookup) = inner.downcast_ref::<LookupFunction>() {
            Written::Lookup(lookup.write()?)
        } else if let Some(location) = inner.downcast_ref::<Location>() {
            Written::Location(location.write()?)
        } else if let Some(each) = inner.downcast_ref::<EachValue>() {
            body = Some(each.body());
            let column = |field: &Arc<Field>| (field.name().clone(), ValueType::of(field.data_type()));
            Written::EachValue { columns: each.schema().fields().iter().map(column).collect(), filter: each.is_filter() }
        } else if let Some(once) = OncePerDistinct::of(function) {
            body = Some(once.body);
            let OncePerDistinct { column, value_type, texts_as_dictionary, .. } = once;
            Written::OncePerDistinct { column: column.to_owned(), value_type, texts_as_dictionary }
        } else if let Some((pair, decodes)) = codes::half_of_pair(function) {
            Written::Codes { pair, decodes }
        } else {
            return Ok(());
        };
        write_head(&written, bytes)?;
        if let Some(body) = body {
            bytes.extend(written_body(body)?);
        }
        Ok(())
    }

    /// Reads a scalar function.
    ///
    /// # Errors
    /// A name that is no function, bytes that are of none.
    pub fn read_scalar(&self, name: &str, bytes: &[u8]) -> Result<Arc<ScalarUDF>> {
        let (written, body) = read_head(bytes)?;
        Ok(match written {
            Written::Eval => match scalar::lookup(name) {
                Some(spec) => SplFunction::udf(spec),
                None => return plan_err!("`{name}` is no eval function"),
            },
            Written::Lookup(value) => Arc::new(ScalarUDF::from(LookupFunction::read(value).map_err(refused)?)),
            Written::Location(value) => Arc::new(ScalarUDF::from(Location::read(value).map_err(refused)?)),
            Written::EachValue { columns, filter } => {
                let field = |(name, value_type): (String, ValueType)| Field::new(name, value_type.arrow(), true);
                let schema = Arc::new(Schema::new(columns.into_iter().map(field).collect::<Vec<_>>()));
                Arc::new(ScalarUDF::from(EachValue::new(read_body(body)?, schema, filter)))
            }
            Written::OncePerDistinct { column, value_type, texts_as_dictionary } => {
                let body = read_body(body)?;
                Arc::new(once_per_distinct(&column, body, value_type, texts_as_dictionary, &KeptBytes::default()))
            }
            Written::Codes { pair, decodes } => {
                let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
                let place = pairs.iter().position(|(number, _)| *number == pair).unwrap_or_else(|| {
                    pairs.push((pair, codes::pair()));
                    pairs.len() - 1
                });
                let (code, text) = &pairs[place].1;
                if decodes { text.clone() } else { code.clone() }
            }
            Written::Statistical { .. } => return plan_err!("`{name}` is a statistical function"),
        })
    }

    /// Writes an aggregate function; nothing for one of DataFusion's.
    ///
    /// # Errors
    /// None that is known.
    pub fn write_aggregate(&self, function: &AggregateUDF, bytes: &mut Vec<u8>) -> Result<()> {
        match function.inner().downcast_ref::<SplAggregate>() {
            Some(ours) => {
                let written = Written::Statistical { parameter: ours.parameter(), most: ours.limit().most };
                write_head(&written, bytes)?;
                // The function's own name may hold the parameter (`perc95`).
                bytes.extend(ours.spec().name.as_bytes());
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Reads an aggregate function.
    ///
    /// # Errors
    /// A name that is no function, bytes that are of none.
    pub fn read_aggregate(&self, name: &str, bytes: &[u8]) -> Result<Arc<AggregateUDF>> {
        let (Written::Statistical { parameter, most }, spec) = read_head(bytes)? else {
            return plan_err!("`{name}` is no statistical function");
        };
        match aggregate::all().find(|known| known.name.as_bytes() == spec) {
            Some(spec) => Ok(aggregate::udaf(spec, parameter, ValueLimit { most, ..ValueLimit::default() })),
            None => plan_err!("`{name}` is no statistical function"),
        }
    }
}

fn write_head(written: &Written, bytes: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(&mut *bytes, written).map_err(refused)?;
    bytes.push(b'\n');
    Ok(())
}

/// What was written of a function, and the bytes behind it.
fn read_head(bytes: &[u8]) -> Result<(Written, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let written = serde_json::from_slice(&bytes[..end]).map_err(refused)?;
    Ok((written, bytes.get(end + 1..).unwrap_or_default()))
}

/// Writes an expression beside a plan.
pub(crate) fn written_body(body: &Expr) -> Result<Vec<u8>> {
    let written = serialize_expr(body, &SplLogicalCodec::default());
    Ok(written.map_err(|error| exec_datafusion_err!("a body of a function: {error}"))?.encode_to_vec())
}

/// Reads an expression beside a plan.
pub(crate) fn read_body(bytes: &[u8]) -> Result<Expr> {
    let node = LogicalExprNode::decode(bytes).map_err(|error| DataFusionError::External(Box::new(error)))?;
    // Functions of DataFusion are known by name.
    let context = SessionContext::new().task_ctx();
    let read = parse_expr(&node, &context, &SplLogicalCodec::default());
    read.map_err(|error| exec_datafusion_err!("a body of a function: {error}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use datafusion::prelude::{ident, lit};

    use super::*;

    fn read_back(function: &ScalarUDF) -> Arc<ScalarUDF> {
        let codec = FunctionCodec::default();
        let mut bytes = Vec::new();
        codec.write_scalar(function, &mut bytes).unwrap();
        codec.read_scalar(function.name(), &bytes).unwrap()
    }

    #[test]
    fn functions_with_bodies_are_read_as_they_were_written() {
        let lower = SplFunction::udf(scalar::lookup("lower").unwrap()).call(vec![ident("x")]);
        let schema = Arc::new(Schema::new(vec![Field::new("x", ValueType::Text.arrow(), true)]));
        let each = ScalarUDF::from(EachValue::new(lower.clone(), schema, false));
        assert_eq!(*read_back(&each), each);
        let once = once_per_distinct("x", lower.eq(lit("a")), ValueType::Boolean, false, &KeptBytes::default());
        assert_eq!(*read_back(&once), once);
    }

    #[test]
    fn pairs_stay_pairs() {
        let codec = FunctionCodec::default();
        let (code, text) = codes::pair();
        let (other, _) = codes::pair();
        let read = |function: &ScalarUDF| {
            let mut bytes = Vec::new();
            codec.write_scalar(function, &mut bytes).unwrap();
            codes::half_of_pair(&codec.read_scalar(function.name(), &bytes).unwrap()).unwrap()
        };
        let (code, text, other) = (read(&code), read(&text), read(&other));
        assert_eq!((code.0, code.1, text.1), (text.0, false, true));
        assert_ne!(code.0, other.0);
    }

    #[test]
    fn statistical_functions_keep_their_parameters() {
        let codec = FunctionCodec::default();
        let (spec, parameter) = aggregate::lookup("perc95").unwrap();
        let mut bytes = Vec::new();
        codec.write_aggregate(&aggregate::udaf(spec, parameter, ValueLimit::default()), &mut bytes).unwrap();
        assert_eq!(codec.read_aggregate("perc95", &bytes).unwrap().name(), "perc95");
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let codec = FunctionCodec::default();
        assert!(codec.read_scalar("nothing", b"\"Eval\"\n").is_err());
        assert!(codec.read_scalar("lower", b"garbage").is_err());
        assert!(codec.read_aggregate("len", b"\"Eval\"\n").is_err());
        assert!(codec.read_aggregate("sum", b"{\"Statistical\":{\"parameter\":null,\"most\":1}}\nnothing").is_err());
    }
}
