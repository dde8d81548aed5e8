//! Row operators as bytes: a name, the parameters, and the data that are too large to be parameters. They are JSON.

use std::any::Any;
use std::sync::Arc;

use arrow::datatypes::Schema;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, plan_err};
use prost::Message;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_operators::node::{Operator, to_json};
use spl_operators::nodes::abstract_text::Abstract;
use spl_operators::nodes::assignments::{self, Assignments, Output, Step};
use spl_operators::nodes::concurrency::Concurrency;
use spl_operators::nodes::cut::Cut;
use spl_operators::nodes::dedup::Dedup;
use spl_operators::nodes::delimited::Delimited;
use spl_operators::nodes::eventstats::EventStatistics;
use spl_operators::nodes::group_statistics::{self, GroupStatistics};
use spl_operators::nodes::map_values::MapValues;
use spl_operators::nodes::most_rows::MostRows;
use spl_operators::nodes::mv_combine::MvCombine;
use spl_operators::nodes::mv_expand::MvExpand;
use spl_operators::nodes::optimizer_fence::OptimizerFence;
use spl_operators::nodes::outlier::Outlier;
use spl_operators::nodes::running::{COMMANDS, Running};
use spl_operators::nodes::streamstats::StreamStatistics;
use spl_operators::nodes::take_while::TakeWhile;
use spl_operators::nodes::to_json::ToJson;
use spl_operators::nodes::totals::ColumnTotals;
use spl_operators::nodes::transaction::Transactions;
use spl_operators::nodes::uniq::Uniq;
use spl_operators::nodes::whole_table::WholeTable;

use crate::functions::{read_body, written_body};

/// What was written of an operator.
#[derive(Serialize, Deserialize)]
struct WrittenOperator {
    name: String,
    parameters: Json,
}

/// What was written of steps: expressions are in DataFusion's form.
#[derive(Serialize, Deserialize)]
struct WrittenAssignments {
    steps: Vec<WrittenStep>,
    outputs: Vec<Output>,
}

#[derive(Serialize, Deserialize)]
struct WrittenStep {
    /// The slot that is set, as a schema of one field.
    slot: Option<Vec<u8>>,
    expression: Vec<u8>,
}

fn written_assignments(assignments: &Assignments) -> Result<WrittenAssignments> {
    let mut steps = Vec::new();
    for step in assignments.steps() {
        let slot = match step {
            Step::Set { slot, .. } => {
                let schema = datafusion_proto::protobuf::Schema::try_from(&Schema::new(vec![slot.clone()]))
                    .map_err(|error| exec_datafusion_err!("a column that is set: {error}"))?;
                Some(schema.encode_to_vec())
            }
            Step::Keep(_) => None,
        };
        steps.push(WrittenStep { slot, expression: written_body(step.expression())? });
    }
    Ok(WrittenAssignments { steps, outputs: assignments.outputs().to_vec() })
}

fn read_assignments(written: WrittenAssignments) -> Result<Arc<dyn Operator>> {
    let mut steps = Vec::new();
    for step in written.steps {
        let expression = read_body(&step.expression)?;
        steps.push(match step.slot {
            Some(bytes) => {
                let schema = datafusion_proto::protobuf::Schema::decode(bytes.as_slice())
                    .map_err(|error| DataFusionError::External(Box::new(error)))?;
                let schema = Schema::try_from(&schema).map_err(|error| exec_datafusion_err!("a column that is set: {error}"))?;
                let Some(slot) = schema.fields().first() else { return plan_err!("a step that sets nothing") };
                Step::Set { slot: slot.clone(), expression }
            }
            None => Step::Keep(expression),
        });
    }
    Ok(Arc::new(Assignments::new(steps, written.outputs)))
}

pub(crate) fn refused(error: serde_json::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Writes an operator.
///
/// # Errors
/// Parameters that JSON has no form for.
pub fn write_operator(operator: &dyn Operator) -> Result<Vec<u8>> {
    let parameters = match (operator as &dyn Any).downcast_ref::<Assignments>() {
        Some(assignments) => to_json(&written_assignments(assignments)?)?,
        None => operator.parameters()?,
    };
    let written = WrittenOperator { name: operator.name().to_owned(), parameters };
    serde_json::to_vec(&written).map_err(refused)
}

/// Reads an operator.
///
/// # Errors
/// Bytes that are of no operator, an operator that is not known, parameters that are not its own.
pub fn read_operator(bytes: &[u8]) -> Result<Arc<dyn Operator>> {
    fn read<O: Operator + DeserializeOwned>(parameters: Json) -> Result<Arc<dyn Operator>> {
        let operator: O = serde_json::from_value(parameters).map_err(refused)?;
        Ok(Arc::new(operator))
    }
    let WrittenOperator { name, parameters } = serde_json::from_slice(bytes).map_err(refused)?;
    match name.as_str() {
        assignments::NAME => read_assignments(serde_json::from_value(parameters).map_err(refused)?),
        "abstract" => read::<Abstract>(parameters),
        "addcoltotals" => read::<ColumnTotals>(parameters),
        "optimizer_fence" => read::<OptimizerFence>(parameters),
        "concurrency" => read::<WholeTable<Concurrency>>(parameters),
        "cut" => read::<Cut>(parameters),
        "most_rows" => read::<MostRows>(parameters),
        "delimited" => read::<Delimited>(parameters),
        "dedup" => read::<Dedup>(parameters),
        "eventstats" => read::<EventStatistics>(parameters),
        "head" => read::<TakeWhile>(parameters),
        "mvcombine" => read::<MvCombine>(parameters),
        "mvexpand" => read::<MvExpand>(parameters),
        "outlier" => read::<WholeTable<Outlier>>(parameters),
        "outputtext" | "rangemap" | "replace" | "xmlunescape" | "xpath" => read::<MapValues>(parameters),
        group_statistics::NAME => read::<GroupStatistics>(parameters),
        "streamstats" => read::<StreamStatistics>(parameters),
        "tojson" => read::<ToJson>(parameters),
        "transaction" => read::<Transactions>(parameters),
        "uniq" => read::<Uniq>(parameters),
        command if COMMANDS.contains(&command) => read::<Running>(parameters),
        _ => plan_err!("`{name}` is no row operator"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {

    use super::*;
    use spl_operators::functions::xpath::XmlPath;
    use spl_operators::nodes::running::{RunningField, Step};
    use spl_operators::nodes::value_map::ValueMap;

    #[test]
    fn what_is_read_is_what_was_written() {
        let fields = vec![("a".to_owned(), "b".to_owned())];
        let path = XmlPath::parse("//outer/inner[@id=\"1\"]").unwrap();
        let operators: Vec<Arc<dyn Operator>> = vec![
            Arc::new(Cut { limit: usize::MAX, warning: 3 }),
            Arc::new(MostRows { command: "join".to_owned(), most: 5, limit: "join_maxrows".to_owned() }),
            Arc::new(Uniq),
            Arc::new(WholeTable(Concurrency { duration: "d".to_owned(), start: "s".to_owned(), output: "o".to_owned() })),
            Arc::new(MapValues { fields, several: true, map: ValueMap::XmlPath { path, default: None } }),
            Arc::new(Running {
                command: "delta",
                fields: vec![RunningField { source: "a".to_owned(), target: "b".to_owned(), step: Step::Difference(2) }],
            }),
        ];
        for operator in operators {
            let written = write_operator(operator.as_ref()).unwrap();
            let read = read_operator(&written).unwrap();
            assert_eq!((read.name(), write_operator(read.as_ref()).unwrap()), (operator.name(), written));
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for wrong in [r#"{"name":"nothing","parameters":null}"#, r#"{"name":"cut","parameters":{"limit":"many"}}"#, "cut"] {
            assert!(read_operator(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
