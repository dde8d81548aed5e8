//! Datasets of data models over events: their constraints, their fields with calculations, their rows.

use std::sync::Arc;

use std::cell::RefCell;

use datafusion::logical_expr::{Expr, lit};
use hashbrown::HashMap;
use spl_functions::column::ValueType;
use spl_knowledge::{Calculation, CalculationKind};
use spl_operators::functions::location::Part;
use spl_parser::{Diagnostic, Span};

use crate::context::PlanContext;
use crate::expression;
use crate::frame::scope::{KnowledgeScope, Scope, Typed};
use crate::frame::{Frame, conditions, null};
use crate::function_call::call as function;
use crate::models::dataset_name::{DEFAULT_FIELDS, DatasetName};
use crate::models::search_text::{Naming, base_search};
use crate::scan::scope::EventScope;

/// Looks fields of a dataset up: `Processes.user`, default fields without a prefix.
pub struct DatasetScope<'a> {
    events: &'a EventScope<'a>,
    dataset: Option<&'a DatasetName<'a>>,
    context: &'a PlanContext,
    /// Values by name and by how many calculations came before.
    calculated: RefCell<HashMap<(String, usize), Option<Typed>>>,
}

impl<'a> DatasetScope<'a> {
    /// One scope per kind of event.
    pub fn of_profiles(
        context: &'a PlanContext,
        events: &'a [EventScope<'a>],
        dataset: Option<&'a DatasetName<'a>>,
    ) -> Vec<Self> {
        events.iter().map(|events| Self { events, dataset, context, calculated: RefCell::default() }).collect()
    }

    /// A field by its name inside the dataset: what the events have, then the dataset's calculations.
    fn inside(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        let Some(dataset) = self.dataset else { return self.events.resolve(name) };
        self.after(name, &dataset.model.all_calculations(dataset.dataset)?)
    }

    /// A field's value after some calculations, which are evaluated in order: each sees what those before it made.
    ///
    /// Source: Splunk knowledge manager manual 10.0, data models, dataset fields: fields are processed in order of the
    /// list, so that a field can build on the fields before it.
    fn after(&self, name: &str, calculations: &[&Calculation]) -> Result<Option<Typed>, Diagnostic> {
        let makes = |calculation: &&Calculation| calculation.outputs.iter().any(|output| output.name == name);
        let Some(place) = calculations.iter().rposition(makes) else { return self.events.resolve(name) };
        let key = (name.to_owned(), place);
        if let Some(found) = self.calculated.borrow().get(&key) {
            return Ok(found.clone());
        }
        let found = self.calculation(name, calculations[place], &calculations[..place])?;
        // Most fields of a dataset follow from one field of the event.
        let found = found.map(|found| self.events.settle(found));
        self.calculated.borrow_mut().insert(key, found.clone());
        Ok(found)
    }

    /// What one calculation makes of a field, after those before it.
    fn calculation(&self, name: &str, calculation: &Calculation, before: &[&Calculation]) -> Result<Option<Typed>, Diagnostic> {
        let mut found = self.after(name, before)?;
        match &calculation.kind {
            CalculationKind::Eval { expression } => {
                let parsed = self.context.parsed().expression(expression).map_err(|errors| {
                    let why = errors.into_iter().next().map(|error| error.message).unwrap_or_default();
                    Diagnostic::general("knowledge/definition", format!("the calculation of `{name}` can't be used: {why}"))
                })?;
                let scope = CalculationScope { dataset: self, before };
                found = Some(expression::value(self.context, &parsed, &scope)?);
            }
            CalculationKind::Rex { input, expression } => {
                let groups = self.context.parsed().groups(expression).unwrap_or_else(|_| Arc::from([]));
                let Some(group) = groups.iter().position(|group| group.as_deref() == Some(name)) else {
                    let message = format!("`{expression}` gives no field `{name}`");
                    return Err(Diagnostic::general("knowledge/definition", message));
                };
                if let Some(source) = self.after(input, before)? {
                    let arguments = vec![
                        source,
                        Typed::new(crate::frame::text(expression.clone()), ValueType::Text),
                        Typed::new(lit(group as i64), ValueType::Integer),
                    ];
                    found = Some(function(self.context, "spl_capture", arguments)?);
                }
            }
            CalculationKind::Lookup { lookup, inputs, outputs } => {
                let definition = self.context.lookup(lookup)?;
                let Some((in_table, _)) = outputs.iter().find(|(_, output)| output == name) else { return Ok(found) };
                let mut given = Vec::with_capacity(inputs.len());
                for (in_table, in_event) in inputs {
                    let value = self.after(in_event, before)?;
                    given.push((in_table.as_str(), value.unwrap_or_else(|| Typed::new(null(ValueType::Text), ValueType::Null))));
                }
                let time = self.events.resolve("_time")?;
                found = Some(crate::expression::lookup::lookup(self.context, &definition, given, in_table, time)?);
            }
            CalculationKind::GeoIp { input } => {
                let part = Part::ALL
                    .into_iter()
                    .find(|(_, part)| name.strip_suffix(part).is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('_')));
                let (Some(database), Some((part, _))) = (self.context.geo_database(), part) else {
                    return Err(Diagnostic::general(
                        "plan/no-database",
                        format!("`{name}` is the location of an address, for which there is no database"),
                    )
                    .with_help("give one with `--geoip FILE.mmdb`"));
                };
                if let Some(address) = self.after(input, before)? {
                    found = Some(Typed::new(database.locate(address.expression, part, "en")?, part.value_type()));
                }
            }
        }
        Ok(found)
    }

    /// Settles a condition that is the same for all events of the kind.
    pub fn settle_condition(&self, condition: Expr) -> Expr {
        self.events.settle_condition(condition)
    }
}

impl Scope for DatasetScope<'_> {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        let Some(dataset) = self.dataset else { return self.events.resolve(name) };
        if name.starts_with(crate::frame::scope::RAW_PREFIX)
            || DEFAULT_FIELDS.contains(&name)
            || name == "tag"
            || name == "eventtype"
        {
            return self.events.resolve(name);
        }
        if name == "nodename" {
            let lineage = dataset.model.lineage(dataset.dataset).join(".");
            return Ok(Some(Typed::new(crate::frame::text(lineage), ValueType::Text)));
        }
        match dataset.unprefixed(name) {
            Some(inner) => {
                let known = dataset.model.all_fields(dataset.dataset)?.into_iter().any(|field| field.name == inner);
                if known || DEFAULT_FIELDS.contains(&inner) { self.inside(inner) } else { Ok(None) }
            }
            None => Ok(None),
        }
    }

    fn names(&self) -> Vec<String> {
        self.events.names()
    }

    fn knowledge(&self) -> Option<&dyn KnowledgeScope> {
        Some(self.events)
    }
}

/// A calculation sees the fields of the events as the calculations before it left them.
struct CalculationScope<'a> {
    dataset: &'a DatasetScope<'a>,
    before: &'a [&'a Calculation],
}

impl Scope for CalculationScope<'_> {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        self.dataset.after(name, self.before)
    }

    fn names(&self) -> Vec<String> {
        self.dataset.names()
    }
}

/// The constraints of a dataset and its ancestors as one condition per kind of event; true without a dataset.
pub fn constraints(scopes: &[DatasetScope<'_>], dataset: Option<&DatasetName<'_>>, span: Span) -> Result<Vec<Expr>, Diagnostic> {
    let mut constraints = Vec::new();
    if let Some(dataset) = dataset {
        for constraint in dataset.model.constraint_chain(dataset.dataset)? {
            let what = format!("the constraint of {}.{}", dataset.model.name, dataset.dataset);
            if constraint.trim_start().starts_with('|') {
                return Err(Diagnostic::error(
                    "plan/not-built",
                    format!("{what} is a search with commands, which is not built yet"),
                    span,
                ));
            }
            constraints.push((what, constraint));
        }
    }
    let one = |scope: &DatasetScope<'_>| {
        constraints.iter().try_fold(lit(true), |whole, (what, constraint)| {
            Ok(conditions::and(whole, scope.events.knowledge_search(what, constraint)?))
        })
    };
    scopes.iter().map(one).collect()
}

/// The rows of a dataset that starts from a search with commands; none for other datasets.
///
/// Source: Splunk knowledge manager manual, data models, root search and root transaction datasets.
pub async fn searched(
    context: &PlanContext,
    dataset: &DatasetName<'_>,
    naming: Naming,
    strict: bool,
    span: Span,
) -> Result<Option<Frame>, Diagnostic> {
    if base_search(dataset.model, dataset.dataset).is_none() {
        return Ok(None);
    }
    let found = dataset.model.dataset(dataset.dataset)?;
    let text = crate::models::search_text::search_string(dataset.model, found, naming)?;
    let what = format!("dataset `{}.{}`", dataset.model.name, dataset.dataset);
    let text = crate::search::inner_search::expand(context, &text, span, &what)?;
    let times = crate::search::inner_search::SearchTimes::default();
    let frame = crate::search::inner_search::plan(context, &text, &times, span, &what).await?;
    if !strict {
        return Ok(Some(frame));
    }
    let defined = dataset.model.all_fields(dataset.dataset)?;
    let kept = |name: &str| {
        let inner = dataset.unprefixed(name).unwrap_or(name);
        DEFAULT_FIELDS.contains(&inner) || defined.iter().any(|field| field.name == inner)
    };
    let columns = frame.fields().into_iter().map(|field| field.name).filter(|name| kept(name));
    let columns = columns.map(|name| (name.clone(), crate::frame::column(&name))).collect();
    frame.select(columns).map(Some)
}
