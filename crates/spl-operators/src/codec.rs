//! Writes and reads what plans have of SPL: row operators by name with their parameters, functions by name.
//!
//! What is written is JSON. DataFusion's own nodes, its expressions and the tables are not written here: they are a matter
//! of who carries the plan.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRewriter};
use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction, WindowFunction};
use datafusion::logical_expr::{AggregateUDF, Expr, Extension, LogicalPlan, ScalarUDF, WindowFunctionDefinition};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::aggregate::{self, SplAggregate, ValueLimit};
use spl_functions::scalar::{self, SplFunction};

use crate::functions::location::Location;
use crate::functions::lookup::LookupFunction;
use crate::node::{Operator, OperatorNode};
use crate::nodes::abstract_text::Abstract;
use crate::nodes::concurrency::Concurrency;
use crate::nodes::cut::Cut;
use crate::nodes::dedup_consecutive::DedupConsecutive;
use crate::nodes::delimited::Delimited;
use crate::nodes::map_values::MapValues;
use crate::nodes::mv_combine::MvCombine;
use crate::nodes::mv_expand::MvExpand;
use crate::nodes::optimizer_fence::OptimizerFence;
use crate::nodes::outlier::Outlier;
use crate::nodes::running::{COMMANDS, Running};
use crate::nodes::streamstats::StreamStatistics;
use crate::nodes::take_while::TakeWhile;
use crate::nodes::to_json::ToJson;
use crate::nodes::totals::{ColumnTotals, RowTotals};
use crate::nodes::transaction::Transactions;
use crate::nodes::uniq::Uniq;
use crate::nodes::whole_table::WholeTable;

/// What was written of an operator.
#[derive(Serialize, Deserialize)]
struct WrittenOperator {
    name: String,
    parameters: Json,
    #[serde(default)]
    data: Json,
}

/// What was written of a function: one of SPL's registries, one with a value of its own, or one of DataFusion's.
#[derive(Serialize, Deserialize)]
enum WrittenFunction {
    Spl(String),
    Lookup(Json),
    Location(Json),
    Aggregate { name: String, parameter: Option<f64>, most: usize },
    Engine(String),
}

fn refused(error: serde_json::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Writes an operator.
///
/// # Errors
/// Parameters that JSON has no form for.
pub fn write_operator(operator: &dyn Operator) -> Result<Vec<u8>> {
    let data = operator.data()?.unwrap_or_default();
    let written = WrittenOperator { name: operator.name().to_owned(), parameters: operator.parameters()?, data };
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
    let WrittenOperator { name, parameters, .. } = serde_json::from_slice(bytes).map_err(refused)?;
    match name.as_str() {
        "abstract" => read::<Abstract>(parameters),
        "addcoltotals" => read::<ColumnTotals>(parameters),
        "addtotals" => read::<RowTotals>(parameters),
        "optimizer_fence" => read::<OptimizerFence>(parameters),
        "concurrency" => read::<WholeTable<Concurrency>>(parameters),
        "cut" => read::<Cut>(parameters),
        "delimited" => read::<Delimited>(parameters),
        "dedup" => read::<DedupConsecutive>(parameters),
        "head" => read::<TakeWhile>(parameters),
        "mvcombine" => read::<MvCombine>(parameters),
        "mvexpand" => read::<MvExpand>(parameters),
        "outlier" => read::<WholeTable<Outlier>>(parameters),
        "outputtext" | "rangemap" | "replace" | "xmlunescape" | "xpath" => read::<MapValues>(parameters),
        "streamstats" => read::<StreamStatistics>(parameters),
        "tojson" => read::<ToJson>(parameters),
        "transaction" => read::<Transactions>(parameters),
        "uniq" => read::<Uniq>(parameters),
        command if COMMANDS.contains(&command) => read::<Running>(parameters),
        _ => plan_err!("`{name}` is no row operator"),
    }
}

/// Writes a scalar function.
///
/// # Errors
/// A function that is neither SPL's nor in the registry.
pub fn write_scalar(function: &ScalarUDF, registry: &dyn FunctionRegistry) -> Result<Vec<u8>> {
    let inner = function.inner();
    let written = if inner.is::<SplFunction>() {
        WrittenFunction::Spl(function.name().to_owned())
    } else if let Some(lookup) = inner.downcast_ref::<LookupFunction>() {
        WrittenFunction::Lookup(lookup.write()?)
    } else if let Some(location) = inner.downcast_ref::<Location>() {
        WrittenFunction::Location(location.write()?)
    } else if registry.udf(function.name()).is_ok_and(|known| *known == *function) {
        WrittenFunction::Engine(function.name().to_owned())
    } else {
        return plan_err!("the function `{}` can't be written", function.name());
    };
    serde_json::to_vec(&written).map_err(refused)
}

/// Reads a scalar function.
///
/// # Errors
/// Bytes that are of no scalar function, a function that is not known.
pub fn read_scalar(bytes: &[u8], registry: &dyn FunctionRegistry) -> Result<Arc<ScalarUDF>> {
    match serde_json::from_slice(bytes).map_err(refused)? {
        WrittenFunction::Spl(name) => match scalar::lookup(&name) {
            Some(spec) => Ok(SplFunction::udf(spec)),
            None => plan_err!("`{name}` is no eval function"),
        },
        WrittenFunction::Lookup(value) => Ok(Arc::new(ScalarUDF::from(LookupFunction::read(value).map_err(refused)?))),
        WrittenFunction::Location(value) => Ok(Arc::new(ScalarUDF::from(Location::read(value).map_err(refused)?))),
        WrittenFunction::Engine(name) => registry.udf(&name),
        WrittenFunction::Aggregate { name, .. } => plan_err!("`{name}` is a statistical function"),
    }
}

/// Writes an aggregate function. Whether a limit of values was reached can't be told across the way.
///
/// # Errors
/// A function that is neither SPL's nor in the registry.
pub fn write_aggregate(function: &AggregateUDF, registry: &dyn FunctionRegistry) -> Result<Vec<u8>> {
    let written = if let Some(ours) = function.inner().downcast_ref::<SplAggregate>() {
        let name = ours.spec().name.to_owned();
        WrittenFunction::Aggregate { name, parameter: ours.parameter(), most: ours.limit().most }
    } else if registry.udaf(function.name()).is_ok_and(|known| *known == *function) {
        WrittenFunction::Engine(function.name().to_owned())
    } else {
        return plan_err!("the aggregate function `{}` can't be written", function.name());
    };
    serde_json::to_vec(&written).map_err(refused)
}

/// Reads an aggregate function.
///
/// # Errors
/// Bytes that are of no aggregate function, a function that is not known.
pub fn read_aggregate(bytes: &[u8], registry: &dyn FunctionRegistry) -> Result<Arc<AggregateUDF>> {
    match serde_json::from_slice(bytes).map_err(refused)? {
        WrittenFunction::Aggregate { name, parameter, most } => match aggregate::all().find(|spec| spec.name == name) {
            Some(spec) => Ok(aggregate::udaf(spec, parameter, ValueLimit { most, ..ValueLimit::default() })),
            None => plan_err!("`{name}` is no statistical function"),
        },
        WrittenFunction::Engine(name) => registry.udaf(&name),
        WrittenFunction::Spl(_) | WrittenFunction::Lookup(_) | WrittenFunction::Location(_) => {
            plan_err!("a scalar function is no aggregate function")
        }
    }
}

/// The plan with every operator and every function written and read back.
///
/// # Errors
/// What can't be written, what can't be read back.
pub fn carried(plan: LogicalPlan, registry: &dyn FunctionRegistry) -> Result<LogicalPlan> {
    let expressions = |plan: LogicalPlan| {
        plan.map_expressions(|expression| expression.rewrite(&mut Functions { registry }))?.map_data(|plan| match plan {
            LogicalPlan::Extension(extension) => operator_carried(extension),
            other => Ok(other),
        })
    };
    plan.transform_up_with_subqueries(expressions).map(|carried| carried.data)
}

fn operator_carried(extension: Extension) -> Result<LogicalPlan> {
    let Some(node) = extension.node.as_any().downcast_ref::<OperatorNode>() else {
        return plan_err!("the node `{}` can't be written", extension.node.name());
    };
    let operator = read_operator(&write_operator(node.operator().as_ref())?)?;
    let node = OperatorNode::new(node.input.clone(), operator)?;
    Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
}

struct Functions<'r> {
    registry: &'r dyn FunctionRegistry,
}

impl TreeNodeRewriter for Functions<'_> {
    type Node = Expr;

    fn f_up(&mut self, expression: Expr) -> Result<Transformed<Expr>> {
        let registry = self.registry;
        Ok(Transformed::yes(match expression {
            Expr::ScalarFunction(ScalarFunction { func, args }) => {
                let func = read_scalar(&write_scalar(&func, registry)?, registry)?;
                Expr::ScalarFunction(ScalarFunction { func, args })
            }
            Expr::AggregateFunction(AggregateFunction { func, params }) => {
                let func = read_aggregate(&write_aggregate(&func, registry)?, registry)?;
                Expr::AggregateFunction(AggregateFunction { func, params })
            }
            Expr::WindowFunction(window) => Expr::WindowFunction(Box::new(window_carried(*window, registry)?)),
            other => return Ok(Transformed::no(other)),
        }))
    }
}

fn window_carried(window: WindowFunction, registry: &dyn FunctionRegistry) -> Result<WindowFunction> {
    let fun = match window.fun {
        WindowFunctionDefinition::AggregateUDF(function) => {
            WindowFunctionDefinition::AggregateUDF(read_aggregate(&write_aggregate(&function, registry)?, registry)?)
        }
        WindowFunctionDefinition::WindowUDF(function) => match registry.udwf(function.name()) {
            Ok(known) if *known == *function => WindowFunctionDefinition::WindowUDF(known),
            _ => return plan_err!("the window function `{}` can't be written", function.name()),
        },
    };
    Ok(WindowFunction { fun, ..window })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use datafusion::execution::registry::MemoryFunctionRegistry;

    use super::*;
    use crate::functions::xpath::XmlPath;
    use crate::nodes::running::{RunningField, Step};
    use crate::nodes::value_map::ValueMap;

    #[test]
    fn what_is_read_is_what_was_written() {
        let fields = vec![("a".to_owned(), "b".to_owned())];
        let path = XmlPath::parse("//outer/inner[@id=\"1\"]").unwrap();
        let operators: Vec<Arc<dyn Operator>> = vec![
            Arc::new(Cut { limit: usize::MAX, warning: 3 }),
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
        let registry = MemoryFunctionRegistry::new();
        assert!(read_scalar(br#"{"Spl":"nothing"}"#, &registry).is_err());
        assert!(read_aggregate(br#"{"Spl":"len"}"#, &registry).is_err());
    }

    #[test]
    fn statistical_functions_keep_their_parameters() {
        let registry = MemoryFunctionRegistry::new();
        let (spec, parameter) = aggregate::lookup("perc95").unwrap();
        let written = write_aggregate(&aggregate::udaf(spec, parameter, ValueLimit::default()), &registry).unwrap();
        assert_eq!(read_aggregate(&written, &registry).unwrap().name(), "perc95");
    }
}
