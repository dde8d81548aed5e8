//! Datasets of data models over events: their constraints, their fields with calculations, their rows.

use std::cell::RefCell;

use datafusion::logical_expr::{Expr, lit};
use hashbrown::HashMap;
use spl_functions::column::ValueType;
use spl_knowledge::{Calculation, CalculationKind, DataModel, Dataset, Knowledge};
use spl_operators::functions::location::Part;
use spl_parser::syntax::SearchExpression;
use spl_parser::{Diagnostic, Span, diagnostic::nearest};

use crate::context::PlanContext;
use crate::expression;
use crate::frame::scope::{KnowledgeScope, Scope, Typed};
use crate::frame::{Frame, conditions, null};
use crate::function_call::call as function;
use crate::models::search_text::{Naming, base_search};
use crate::scan::events;
use crate::scan::scope::EventScope;
use spl_parser::effects::RequiredFields;

/// Fields that every dataset has without a prefix.
pub(crate) const DEFAULT_FIELDS: &[&str] = &["_time", "host", "source", "sourcetype", "index", "_raw"];

/// A dataset as `from` names it.
pub struct DatasetName<'k> {
    /// The data model.
    pub model: &'k DataModel,
    /// The dataset's name.
    pub dataset: &'k str,
}

impl<'k> DatasetName<'k> {
    /// Finds it by `Model`, `Model.Dataset` or `Model.Parent.Dataset`; a model alone is its first dataset.
    pub fn find(knowledge: &'k Knowledge, name: &str, span: Span) -> Result<Self, Diagnostic> {
        let (model, path) = match name.split_once('.') {
            Some((model, path)) => (model, Some(path)),
            None => (name, None),
        };
        let model = knowledge.data_model(model).map_err(|error| error.at(span))?;
        let dataset = match path {
            Some(path) => along(model, path).map_err(|error| error.at(span))?,
            None => model
                .root()
                .ok_or_else(|| Diagnostic::error("knowledge/data-model", format!("data model `{name}` has no dataset"), span))?,
        };
        Ok(Self { model, dataset: &dataset.name })
    }

    /// The name of a field without the prefix of the dataset or one of its ancestors; none for other names.
    pub fn unprefixed<'n>(&self, name: &'n str) -> Option<&'n str> {
        let lineage = self.model.lineage(self.dataset);
        let mut rest = name;
        let mut stripped = false;
        while let Some((prefix, after)) = rest.split_once('.') {
            if !lineage.contains(&prefix) {
                break;
            }
            rest = after;
            stripped = true;
        }
        stripped.then_some(rest)
    }
}

/// The dataset at the end of a path of datasets, each of which descends from the one before it.
fn along<'k>(model: &'k DataModel, path: &str) -> Result<&'k Dataset, Diagnostic> {
    let mut names = path.split('.');
    let mut found = model.dataset(names.next().unwrap_or_default())?;
    for name in names {
        let next = model.dataset(name)?;
        if next.name == found.name || !model.lineage(&next.name).contains(&found.name.as_str()) {
            let message = format!("data model `{}` has no dataset `{name}` below `{}`", model.name, found.name);
            return Err(Diagnostic::general("knowledge/unknown-dataset", message).with_help(format!(
                "the dataset is `{}.{}`",
                model.name,
                model.lineage(&next.name).join(".")
            )));
        }
        found = next;
    }
    Ok(found)
}

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
                let groups = self.context.parsed().group_names(expression);
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

    /// Warns about a name that the dataset has not: in Splunk it has no value, which is hardly what was meant.
    pub fn check_field(&self, name: &str, span: Span) {
        let Some(dataset) = self.dataset else { return };
        if DEFAULT_FIELDS.contains(&name)
            || matches!(name, "nodename" | "splunk_server" | "eventtype" | "tag" | "linecount" | "punct")
        {
            return;
        }
        let known: Vec<String> = dataset
            .model
            .all_fields(dataset.dataset)
            .map(|fields| fields.into_iter().map(|field| field.name.clone()).collect())
            .unwrap_or_default();
        let full = |field: &str| format!("{}.{field}", dataset.dataset);
        let warning = match dataset.unprefixed(name) {
            Some(inner) if known.iter().any(|field| field == inner) => return,
            Some(inner) => {
                let near = nearest(inner, known.iter().map(String::as_str)).map(full);
                (format!("{}.{} has no field `{inner}`", dataset.model.name, dataset.dataset), near)
            }
            None => {
                let near = known.iter().find(|field| *field == name).map(|field| full(field));
                (format!("`{name}` has not the prefix of {}.{}", dataset.model.name, dataset.dataset), near)
            }
        };
        let mut diagnostic = Diagnostic::warning("tstats/unknown-field", warning.0, Some(span));
        if let Some(near) = warning.1 {
            diagnostic = diagnostic.with_help(format!("did you mean `{near}`?"));
        }
        self.context.warn(diagnostic);
    }

    /// Warns about fields of a search that the dataset has not; refuses terms.
    pub fn check_search(&self, search: &SearchExpression) -> Result<(), Diagnostic> {
        use spl_parser::syntax::SearchKind as K;
        match &search.kind {
            K::And(parts) | K::Or(parts) => parts.iter().try_for_each(|part| self.check_search(part)),
            K::Not(inner) => self.check_search(inner),
            K::Comparison { field, .. } | K::In { field, .. } => {
                self.check_field(&field.name, field.span);
                Ok(())
            }
            K::Term(value) if value.pattern.is_any() => Ok(()),
            K::Term(value) if self.dataset.is_some() => Err(Diagnostic::error(
                "plan/term",
                "a `tstats` search of a data model compares fields; a lone term can't be found",
                value.span,
            )
            .with_help("write `Dataset.field=value`")),
            _ => Ok(()),
        }
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

/// The events of a dataset with its fields. The default fields are always there; `strict` leaves out all others that the
/// model does not define.
pub fn rows(
    context: &PlanContext,
    dataset: &DatasetName<'_>,
    naming: Naming,
    strict: bool,
    required: &RequiredFields,
    span: Span,
) -> Result<Frame, Diagnostic> {
    let kinds = EventScope::of_profiles(context);
    let scopes = DatasetScope::of_profiles(context, &kinds, Some(dataset));
    let conditions = constraints(&scopes, Some(dataset), span)?;
    let frame = events::scan(context)?.filter(events::any_profile(&conditions))?;
    let frame = events::within_time_range(context, frame)?;
    // Names in the result, each with the name that the dataset's scope knows.
    let mut names: Vec<(String, Option<String>)> = DEFAULT_FIELDS.iter().map(|name| ((*name).to_owned(), None)).collect();
    let mut defined = Vec::new();
    for field in dataset.model.all_fields(dataset.dataset)? {
        if DEFAULT_FIELDS.contains(&field.name.as_str()) {
            continue;
        }
        defined.push(field.name.clone());
        let prefixed = format!("{}.{}", dataset.dataset, field.name);
        let shown = match naming {
            Naming::Plain => field.name.clone(),
            Naming::Prefixed => format!("{}.{}", owner(&field.owner), field.name),
        };
        names.push((shown, Some(prefixed)));
    }
    if !strict {
        let mut others: Vec<String> = kinds.iter().flat_map(Scope::names).filter(|name| !defined.contains(name)).collect();
        others.sort();
        others.dedup();
        names.extend(others.into_iter().map(|name| (name, None)));
    }
    let mut columns: Vec<(String, Expr)> = Vec::new();
    for (shown, inside) in names {
        if columns.iter().any(|(known, _)| *known == shown) || !(required.contains(&shown) || shown == "_time") {
            continue;
        }
        let values = match &inside {
            Some(inside) => scopes.iter().map(|scope| scope.resolve(inside)).collect::<Result<Vec<_>, _>>()?,
            None => kinds.iter().map(|events| events.resolve(&shown)).collect::<Result<Vec<_>, _>>()?,
        };
        if let Some(found) = events::each_profile(context, &conditions, values)? {
            let value = if found.value_type == ValueType::Null { null(ValueType::Text) } else { found.expression };
            columns.push((shown, value));
        }
    }
    frame.select(columns)
}

/// The same, whether the events are loaded or come part by part.
pub async fn found_rows(
    context: &PlanContext,
    dataset: &DatasetName<'_>,
    naming: Naming,
    strict: bool,
    required: &RequiredFields,
    span: Span,
) -> Result<Frame, Diagnostic> {
    let (mut frame, ()) =
        context.over_events(|context| Ok((rows(context, dataset, naming, strict, required, span)?, ()))).await?;
    frame.is_event_stream = true;
    Ok(frame)
}

/// The dataset that defines a field: the last name of its lineage.
fn owner(lineage: &str) -> &str {
    lineage.rsplit('.').next().unwrap_or(lineage)
}
