//! The rows of a lookup that its `filter` lets through.
//!
//! Source: Splunk admin manual, transforms.conf, filter.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, StringViewArray};
use arrow::datatypes::{Field, Schema};
use datafusion::common::Result as EngineResult;
use spl_functions::column::ValueType;
use spl_knowledge::{LookupDefinition, LookupTable};
use spl_operators::compiled::compile;
use spl_operators::errors::engine_error;
use spl_parser::Diagnostic;

use crate::context::PlanContext;
use crate::frame::column;
use crate::frame::scope::{Scope, Typed};
use crate::search::predicate;

/// The rows of a lookup. A `filter` that can't be read is noted, and all rows are there.
///
/// # Errors
/// As [`LookupDefinition::load`].
pub fn rows(context: &PlanContext, definition: &LookupDefinition) -> Result<Arc<LookupTable>, Diagnostic> {
    let table = context.lookup_table(definition)?;
    let Some(filter) = &definition.filter else { return Ok(table) };
    let filtered = context.parsed().filtered_lookup(&table, filter, || filtered(context, &table, filter));
    filtered.or_else(|wrong| {
        let message = format!("{}: `filter` of lookup `{}`: {}", definition.origin, definition.name, wrong.message);
        context.warn(Diagnostic::warning("knowledge/definition", message, None));
        Ok(table)
    })
}

/// The columns of a table as fields.
struct Columns<'a>(&'a LookupTable);

impl Scope for Columns<'_> {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        let known = self.0.header.iter().any(|field| field == name);
        Ok(known.then(|| Typed::new(column(name), ValueType::Text)))
    }

    fn names(&self) -> Vec<String> {
        self.0.header.clone()
    }
}

fn filtered(context: &PlanContext, table: &LookupTable, filter: &str) -> Result<Arc<LookupTable>, Diagnostic> {
    let search = spl_parser::parse_search_expression(filter)
        .map_err(|errors| errors.into_iter().next().unwrap_or_else(|| Diagnostic::general("parse/search", filter)))?;
    let condition = predicate::plan(context, &search, &Columns(table))?;
    let evaluate = || -> EngineResult<BooleanArray> {
        let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for (place, name) in table.header.iter().enumerate() {
            if fields.iter().any(|known| known.name() == name) {
                continue;
            }
            let cells = table.rows.iter().map(|row| row.get(place).map(String::as_str).filter(|cell| !cell.is_empty()));
            fields.push(Field::new(name, ValueType::Text.arrow(), true));
            columns.push(Arc::new(cells.collect::<StringViewArray>()));
        }
        let schema = Arc::new(Schema::new(fields));
        let options = RecordBatchOptions::new().with_row_count(Some(table.rows.len()));
        let batch = RecordBatch::try_new_with_options(schema.clone(), columns, &options)?;
        let kept = compile(&condition, &schema, context.options())?.evaluate(&batch)?.into_array(table.rows.len())?;
        Ok(kept.as_boolean().clone())
    };
    let kept = evaluate().map_err(engine_error)?;
    let rows = table.rows.iter().zip(kept.iter()).filter(|(_, kept)| *kept == Some(true)).map(|(row, _)| row.clone());
    Ok(Arc::new(LookupTable { header: table.header.clone(), rows: rows.collect() }))
}
