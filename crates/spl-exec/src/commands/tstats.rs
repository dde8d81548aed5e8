//! Planning of `tstats`: aggregations over events by indexed fields, or over a dataset of a data model.

use std::cell::RefCell;

use datafusion::logical_expr::{Expr, lit};
use futures::future::BoxFuture;
use hashbrown::HashMap;
use spl_functions::column::ValueType;
use spl_knowledge::{CalculationKind, DataModel, Knowledge};
use spl_parser::syntax::{Argument, CommandCall, FieldName, Pipeline, SearchExpression};
use spl_parser::{Diagnostic, Span, diagnostic::nearest};

use super::{Input, aggregation, bin, boolean, fillnull, refuse_options, stats};
use crate::events::{self, EventScope};
use crate::expression::{self, KnowledgeScope, Scope, Typed, call as function};
use crate::frame::{Frame, column, null};
use crate::needed::Needed;
use crate::per_distinct;
use crate::planner::Planner;
use crate::{search, subsearch};

/// Fields that every dataset has without a prefix.
const DEFAULT_FIELDS: &[&str] = &["_time", "host", "source", "sourcetype", "index", "_raw"];

/// Plans the command.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`tstats` must be the first command", call.name.span));
        }
        refuse_options(call, &[("prestats", "false"), ("append", "false"), ("use_summary_index_values", "false")])?;
        let dataset = match call.clause("from").and_then(|clause| clause.arguments.first()) {
            None => None,
            Some(Argument::Pair { name, value }) if name.value.eq_ignore_ascii_case("datamodel") => {
                Some(DatasetName::find(planner.knowledge(), &value.value, value.span)?)
            }
            Some(Argument::Pair { name, value }) => {
                let message = format!("`from {}={}` is not built yet", name.value, value.value);
                return Err(Diagnostic::error("plan/not-built", message, name.span.to(value.span)).with_help("`from datamodel=Model.Dataset`"));
            }
            Some(Argument::Text { text, .. }) => {
                return Err(Diagnostic::error("plan/not-built", "a namespace of tscollect can't be read", text.span)
                    .with_help("`from datamodel=Model.Dataset`"));
            }
            Some(_) => return Err(Diagnostic::error("plan/argument", "`from` takes a data model", call.span)),
        };
        if boolean(call, "summariesonly", false) {
            planner.warn(Diagnostic {
                severity: spl_parser::Severity::Note,
                ..Diagnostic::warning(
                    "tstats/summariesonly",
                    "there are no data model summaries: `summariesonly=true` reads the events themselves",
                    call.option("summariesonly").map(|option| option.name.span),
                )
            });
        }
        let condition = match call.clause("where").and_then(|clause| clause.arguments.first()) {
            Some(Argument::Search(condition)) => Some(subsearch::resolve(planner, condition).await?),
            _ => None,
        };
        plan_over(planner, call, dataset, condition)
    })
}

fn plan_over(
    planner: &Planner,
    call: &CommandCall,
    dataset: Option<DatasetName<'_>>,
    condition: Option<SearchExpression>,
) -> Result<Frame, Diagnostic> {
    let scopes: Vec<EventScope<'_>> = planner.data().kinds().iter().map(|kind| EventScope::new(planner, kind)).collect();
    let scopes: Vec<DatasetScope<'_>> = scopes
        .iter()
        .map(|events| DatasetScope { events, dataset: dataset.as_ref(), planner, calculated: RefCell::default() })
        .collect();
    let mut constraints = Vec::new();
    if let Some(dataset) = &dataset {
        for constraint in dataset.model.constraint_chain(dataset.dataset)? {
            let what = format!("the constraint of {}.{}", dataset.model.name, dataset.dataset);
            if constraint.trim_start().starts_with('|') {
                return Err(Diagnostic::error("plan/not-built", format!("{what} is a search with commands, which is not built yet"), call.span));
            }
            constraints.push((what, constraint));
        }
    }
    let mut conditions = Vec::with_capacity(scopes.len());
    for scope in &scopes {
        let mut whole = lit(true);
        for (what, constraint) in &constraints {
            whole = search::and(whole, scope.events.knowledge_search(what, constraint)?);
        }
        if let Some(condition) = &condition {
            scope.check_search(condition)?;
            if !search::is_false(&whole) {
                whole = search::and(whole, search::plan(planner, condition, scope)?);
            }
        }
        conditions.push(whole);
    }
    let mut frame = events::scan(planner)?.filter(events::any_kind(&conditions))?;
    frame = events::within_search_time(planner, frame, condition.as_ref())?;

    // The columns that aggregations and by-fields read.
    let mut wanted: Vec<(String, Span)> = Vec::new();
    let mut want = |name: &str, span: Span| {
        if !wanted.iter().any(|(known, _)| known == name) {
            wanted.push((name.to_owned(), span));
        }
    };
    want("_time", call.span);
    for aggregation in call.aggregations() {
        aggregated_fields(&aggregation.argument, &mut want);
    }
    let by = by_fields(call)?;
    for (field, _) in &by {
        want(&field.name, field.span);
    }
    let mut columns: Vec<(String, Expr)> = Vec::new();
    for (name, span) in wanted {
        if name.contains('*') {
            return Err(Diagnostic::error("plan/wildcard", "`tstats` takes no wildcards in field names", span));
        }
        if let Some(scope) = scopes.first() {
            scope.check_field(&name, span);
        }
        let values = scopes.iter().map(|scope| scope.resolve(&name)).collect::<Result<Vec<_>, _>>()?;
        if let Some(found) = events::each_kind(planner, &conditions, values)? {
            columns.push((name, if found.value_type == ValueType::Null { null(ValueType::Text) } else { found.expression }));
        } else {
            columns.push((name, null(ValueType::Text)));
        }
    }
    let mut frame = frame.select(columns)?;

    for (field, span) in &by {
        if let Some((span, place)) = span {
            let kind = frame.field(&field.name).map_or(ValueType::Text, |found| found.value_type());
            let binned = bin::with_span(planner, call, &field.name, Typed::new(column(&field.name), kind), span, *place)?;
            frame = frame.assign(vec![(field.name.clone(), binned.expression)])?;
        }
    }
    let names: Vec<String> = by.iter().map(|(field, _)| field.name.clone()).collect();
    if let Some(option) = call.option("fillnull_value") {
        let mut filled = Vec::new();
        for name in &names {
            filled.push((name.clone(), fillnull::fill(planner, &frame, name, &option.value.value)?.expression));
        }
        frame = frame.assign(filled)?;
    }
    let frame = aggregation::expand_groups(frame, &names)?;
    let planned = aggregation::plan_all(planner, call, &frame)?;
    stats::group(planner, frame, &names, &planned)
}

fn aggregated_fields(argument: &spl_parser::syntax::AggregationArgument, want: &mut impl FnMut(&str, Span)) {
    use spl_parser::syntax::AggregationArgument as A;
    match argument {
        A::None | A::Eval(_) => {}
        A::Field(field) => want(&field.name, field.span),
        A::Sparkline { aggregation, .. } => aggregated_fields(&aggregation.argument, want),
    }
}

type ByField<'a> = (&'a FieldName, Option<(String, Span)>);

fn by_fields(call: &CommandCall) -> Result<Vec<ByField<'_>>, Diagnostic> {
    let mut fields: Vec<ByField<'_>> = Vec::new();
    for argument in call.by_fields() {
        match argument {
            Argument::Field(field) => {
                if !fields.iter().any(|(known, _)| known.name == field.name) {
                    fields.push((field, None));
                }
            }
            Argument::Pair { name, value } if name.value.eq_ignore_ascii_case("span") => {
                // A span is for `_time` wherever it stands, else for the field before it.
                let time = fields.iter().position(|(field, _)| field.name == "_time");
                match time.or(fields.len().checked_sub(1)) {
                    Some(place) => fields[place].1 = Some((value.value.clone(), value.span)),
                    None => return Err(Diagnostic::error("plan/argument", "`span` needs a field before it", name.span)),
                }
            }
            Argument::Conversion { function, .. } => {
                return Err(Diagnostic::error("plan/not-built", "`PREFIX` is known but not built yet", function.span));
            }
            _ => return Err(Diagnostic::error("plan/argument", "a by-clause takes fields", call.span)),
        }
    }
    Ok(fields)
}

/// A dataset as `from` names it.
struct DatasetName<'k> {
    model: &'k DataModel,
    dataset: &'k str,
}

impl<'k> DatasetName<'k> {
    fn find(knowledge: &'k Knowledge, name: &str, span: Span) -> Result<Self, Diagnostic> {
        let (model, dataset) = match name.split_once('.') {
            Some((model, dataset)) => (model, Some(dataset.rsplit('.').next().unwrap_or(dataset))),
            None => (name, None),
        };
        let model = knowledge.data_model(model).map_err(|error| error.at(span))?;
        let dataset = match dataset {
            Some(dataset) => model.dataset(dataset).map_err(|error| error.at(span))?,
            None => model.root().ok_or_else(|| Diagnostic::error("knowledge/data-model", format!("data model `{name}` has no dataset"), span))?,
        };
        Ok(Self { model, dataset: &dataset.name })
    }

    /// The name of a field without the prefix of the dataset or one of its ancestors; none for other names.
    fn unprefixed<'n>(&self, name: &'n str) -> Option<&'n str> {
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

/// Looks fields of a dataset up: `Processes.user`, default fields without a prefix.
struct DatasetScope<'a> {
    events: &'a EventScope<'a>,
    dataset: Option<&'a DatasetName<'a>>,
    planner: &'a Planner,
    calculated: RefCell<HashMap<String, Option<Typed>>>,
}

impl DatasetScope<'_> {
    /// A field by its name inside the dataset: what the events have, then the dataset's calculations.
    fn inside(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        if let Some(found) = self.calculated.borrow().get(name) {
            return Ok(found.clone());
        }
        let Some(dataset) = self.dataset else { return self.events.resolve(name) };
        let mut found = self.events.resolve(name)?;
        for calculation in dataset.model.all_calculations(dataset.dataset)? {
            if !calculation.outputs.iter().any(|output| output.name == name) {
                continue;
            }
            match &calculation.kind {
                CalculationKind::Eval { expression } => {
                    let parsed = spl_parser::parse_expression(expression).map_err(|errors| {
                        let why = errors.into_iter().next().map(|error| error.message).unwrap_or_default();
                        Diagnostic::general("knowledge/definition", format!("the calculation of `{name}` can't be used: {why}"))
                    })?;
                    let scope = CalculationScope { dataset: self, name, base: found.clone() };
                    found = Some(expression::value(self.planner, &parsed, &scope)?);
                }
                CalculationKind::Rex { input, expression } => {
                    let compiled = spl_functions::pattern::Pattern::new(expression)
                        .map_err(|message| Diagnostic::general("knowledge/definition", message))?;
                    let group = compiled.group_names().iter().position(|group| *group == Some(name)).unwrap_or_default();
                    if let Some(source) = self.events.resolve(input)? {
                        let arguments = vec![
                            source,
                            Typed::new(crate::frame::text(expression.clone()), ValueType::Text),
                            Typed::new(lit(group as i64), ValueType::Integer),
                        ];
                        found = Some(function(self.planner, "spl_capture", arguments)?);
                    }
                }
                CalculationKind::Lookup { .. } | CalculationKind::GeoIp { .. } => {
                    return Err(Diagnostic::general(
                        "plan/not-built",
                        format!("`{name}` is calculated by a lookup of the data model, which is not built yet"),
                    ));
                }
            }
        }
        // Most fields of a dataset follow from one field of the event.
        let found = found.map(|found| {
            per_distinct::wrap(found, &|name| {
                self.planner.data().schema().field_with_name(name).ok().map(|field| field.data_type().clone())
            })
        });
        self.calculated.borrow_mut().insert(name.to_owned(), found.clone());
        Ok(found)
    }

    /// Warns about a name that the dataset has not: in Splunk it has no value, which is hardly what was meant.
    fn check_field(&self, name: &str, span: Span) {
        let Some(dataset) = self.dataset else { return };
        if DEFAULT_FIELDS.contains(&name) || matches!(name, "nodename" | "splunk_server" | "eventtype" | "tag" | "linecount" | "punct") {
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
        self.planner.warn(diagnostic);
    }

    fn check_search(&self, search: &SearchExpression) -> Result<(), Diagnostic> {
        use spl_parser::syntax::SearchKind as K;
        match &search.kind {
            K::And(parts) | K::Or(parts) => parts.iter().try_for_each(|part| self.check_search(part)),
            K::Not(inner) => self.check_search(inner),
            K::Comparison { field, .. } | K::In { field, .. } => {
                self.check_field(&field.name, field.span);
                Ok(())
            }
            K::Term(value) if value.pattern.is_any() => Ok(()),
            K::Term(value) if self.dataset.is_some() => {
                Err(Diagnostic::error("plan/term", "a `tstats` search of a data model compares fields; a lone term can't be found", value.span)
                    .with_help("write `Dataset.field=value`"))
            }
            _ => Ok(()),
        }
    }
}

impl Scope for DatasetScope<'_> {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        let Some(dataset) = self.dataset else { return self.events.resolve(name) };
        if name.starts_with(events::RAW_PREFIX) || DEFAULT_FIELDS.contains(&name) || name == "tag" || name == "eventtype" {
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

/// A calculation sees its own field as it was before it, and the others as the dataset has them.
struct CalculationScope<'a> {
    dataset: &'a DatasetScope<'a>,
    name: &'a str,
    base: Option<Typed>,
}

impl Scope for CalculationScope<'_> {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        if name == self.name { Ok(self.base.clone()) } else { self.dataset.events.resolve(name) }
    }

    fn names(&self) -> Vec<String> {
        self.dataset.names()
    }
}

/// What the tstats commands of a pipeline need of the data, added to what the rest needs.
pub fn data_model_fields(pipeline: &Pipeline, knowledge: &Knowledge, needed: Needed) -> Needed {
    let mut needed = needed;
    for call in &pipeline.commands {
        if call.spec.name == "tstats" {
            command_fields(call, knowledge, &mut needed);
        }
        for argument in call.arguments.iter().chain(call.clauses.iter().flat_map(|clause| &clause.arguments)) {
            if let Argument::Subsearch(subsearch) = argument {
                needed = data_model_fields(&subsearch.pipeline, knowledge, needed);
            }
        }
    }
    needed
}

fn command_fields(call: &CommandCall, knowledge: &Knowledge, needed: &mut Needed) {
    let mut names = Needed::none();
    for aggregation in call.aggregations() {
        aggregated_fields(&aggregation.argument, &mut |name, _| names.add(name));
    }
    for argument in call.by_fields() {
        if let Argument::Field(field) = argument {
            names.add(&field.name);
        }
    }
    if let Some(Argument::Search(condition)) = call.clause("where").and_then(|clause| clause.arguments.first()) {
        crate::needed::search_fields(condition, &mut names);
    }
    let Needed::Only(names) = names else {
        *needed = Needed::All;
        return;
    };
    let dataset = match call.clause("from").and_then(|clause| clause.arguments.first()) {
        Some(Argument::Pair { value, .. }) => DatasetName::find(knowledge, &value.value, value.span).ok(),
        _ => None,
    };
    let Some(dataset) = dataset else {
        names.iter().for_each(|name| needed.add(name));
        return;
    };
    needed.add("tag");
    needed.add("eventtype");
    for name in &names {
        needed.add(dataset.unprefixed(name).unwrap_or(name));
    }
    for constraint in dataset.model.constraint_chain(dataset.dataset).unwrap_or_default() {
        let expanded = knowledge.macros.expand(constraint, &|_| Err(String::new())).map(|expansion| expansion.text);
        match expanded.map(|text| spl_parser::parse_search_expression(text.trim())) {
            Ok(Ok(search)) => crate::needed::search_fields(&search, needed),
            _ => *needed = Needed::All,
        }
    }
    for calculation in dataset.model.all_calculations(dataset.dataset).unwrap_or_default() {
        if !calculation.outputs.iter().any(|output| names.iter().any(|name| dataset.unprefixed(name) == Some(&output.name))) {
            continue;
        }
        match &calculation.kind {
            CalculationKind::Eval { expression } => {
                if let Ok(parsed) = spl_parser::parse_expression(expression) {
                    crate::needed::expression_fields(&parsed, needed);
                }
            }
            CalculationKind::Rex { input, .. } | CalculationKind::GeoIp { input, .. } => needed.add(input),
            CalculationKind::Lookup { inputs, .. } => inputs.iter().for_each(|(_, event)| needed.add(event)),
        }
    }
}
