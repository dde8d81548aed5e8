//! A scan planned over loaded events.

use std::collections::BTreeSet;

use datafusion::logical_expr::Expr;
use spl_functions::column::ValueType;
use spl_parser::effects::RequiredFields;
use spl_parser::{Diagnostic, Span};

use super::{EventScan, ScannedColumns, ScannedDataset, ScannedTimes, named};
use crate::context::PlanContext;
use crate::frame::scope::{Scope, Typed};
use crate::frame::{Frame, conditions, null};
use crate::models::dataset::{DatasetScope, constraints};
use crate::models::dataset_name::{DEFAULT_FIELDS, DatasetName};
use crate::models::search_text::Naming;
use crate::scan::events::{any_profile, carried_events, each_profile, required_columns, within_search_time};
use crate::scan::scope::EventScope;
use crate::search::predicate;

/// Rows of a scan over loaded events.
pub(super) struct PlannedScan {
    /// The rows.
    pub frame: Frame,
    /// Whether any event can meet the condition, as far as planning knows.
    pub can_find: bool,
}

/// Plans a scan over the loaded events.
pub(super) fn scan(context: &PlanContext, scan: &EventScan) -> Result<PlannedScan, Diagnostic> {
    let within = |frame: Frame| match scan.times {
        ScannedTimes::All => Ok(frame),
        ScannedTimes::OfTheSearch => within_search_time(context, frame, scan.condition.as_ref()),
    };
    if matches!(scan.columns, ScannedColumns::Carried) && scan.condition.is_none() && scan.dataset.is_none() {
        return Ok(PlannedScan { frame: within(carried_events(context)?)?, can_find: true });
    }
    let dataset = scan.dataset.as_ref().map(|dataset| found(context, dataset)).transpose()?;
    let place = scan.dataset.as_ref().map_or_else(Span::default, |dataset| dataset.place);
    let events = EventScope::of_profiles(context);
    let scopes = DatasetScope::of_profiles(context, &events, dataset.as_ref());
    let mut conditions = constraints(&scopes, dataset.as_ref(), place)?;
    if let Some(condition) = &scan.condition {
        for (scope, whole) in scopes.iter().zip(&mut conditions) {
            if !conditions::is_false(whole) {
                let condition = scope.settle_condition(predicate::plan(context, condition, scope)?);
                *whole = conditions::and(whole.clone(), condition);
            }
        }
    }
    let can_find = !conditions.iter().all(conditions::is_false);
    let frame = within(carried_events(context)?.filter(any_profile(&conditions))?)?;
    let columns = match &scan.columns {
        ScannedColumns::Carried => return Ok(PlannedScan { frame, can_find }),
        ScannedColumns::Required(required) => required_columns(context, &events, &conditions, required)?,
        ScannedColumns::OfTheDataset { naming, strict, required } => match &dataset {
            Some(dataset) => {
                let fields = DatasetFields { dataset, naming: *naming, strict: *strict, required };
                dataset_columns(context, &events, &scopes, &conditions, &fields)?
            }
            None => required_columns(context, &events, &conditions, required)?,
        },
        ScannedColumns::Named(columns) => named::columns(context, &scopes, &conditions, columns)?,
    };
    Ok(PlannedScan { frame: frame.select(columns)?, can_find })
}

/// The dataset that a scan names.
fn found<'k>(context: &'k PlanContext, dataset: &ScannedDataset) -> Result<DatasetName<'k>, Diagnostic> {
    let model = context.knowledge().data_model(&dataset.model).map_err(|error| error.at(dataset.place))?;
    let found = model.dataset(&dataset.dataset).map_err(|error| error.at(dataset.place))?;
    Ok(DatasetName { model, dataset: &found.name })
}

/// Which fields of a dataset come out, and by which names.
struct DatasetFields<'a> {
    dataset: &'a DatasetName<'a>,
    naming: Naming,
    strict: bool,
    required: &'a RequiredFields,
}

/// The fields of a dataset. The default fields are always there; `strict` leaves out all others that the model does not
/// define.
fn dataset_columns(
    context: &PlanContext,
    events: &[EventScope<'_>],
    scopes: &[DatasetScope<'_>],
    conditions: &[Expr],
    fields: &DatasetFields<'_>,
) -> Result<Vec<(String, Expr)>, Diagnostic> {
    let dataset = fields.dataset;
    // Names in the result, each with the name that the dataset's scope knows.
    let mut names: Vec<(String, Option<String>)> = DEFAULT_FIELDS.iter().map(|name| ((*name).to_owned(), None)).collect();
    let mut defined = BTreeSet::new();
    for field in dataset.model.all_fields(dataset.dataset)? {
        if DEFAULT_FIELDS.contains(&field.name.as_str()) {
            continue;
        }
        defined.insert(field.name.clone());
        let prefixed = format!("{}.{}", dataset.dataset, field.name);
        let shown = match fields.naming {
            Naming::Plain => field.name.clone(),
            Naming::Prefixed => format!("{}.{}", owner(&field.owner), field.name),
        };
        names.push((shown, Some(prefixed)));
    }
    if !fields.strict {
        let others: BTreeSet<String> = events.iter().flat_map(Scope::names).filter(|name| !defined.contains(name)).collect();
        names.extend(others.into_iter().map(|name| (name, None)));
    }
    let mut known = BTreeSet::new();
    let mut columns: Vec<(String, Expr)> = Vec::new();
    for (shown, inside) in names {
        if !(fields.required.contains(&shown) || shown == "_time") || !known.insert(shown.clone()) {
            continue;
        }
        let values: Vec<Option<Typed>> = match &inside {
            Some(inside) => scopes.iter().map(|scope| scope.resolve(inside)).collect::<Result<_, _>>()?,
            None => events.iter().map(|events| events.resolve(&shown)).collect::<Result<_, _>>()?,
        };
        if let Some(found) = each_profile(context, conditions, values)? {
            let value = if found.value_type == ValueType::Null { null(ValueType::Text) } else { found.expression };
            columns.push((shown, value));
        }
    }
    Ok(columns)
}

/// The dataset that defines a field: the last name of its lineage.
fn owner(lineage: &str) -> &str {
    lineage.rsplit('.').next().unwrap_or(lineage)
}
