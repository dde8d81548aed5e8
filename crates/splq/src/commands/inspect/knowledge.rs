//! What knowledge objects make of the data: event types and tags that events get, and the datasets of data models that they
//! feed, with the fields that no event fills.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use spl_exec::{Engine, Results};
use spl_functions::column::Column;
use spl_functions::value::Value;
use spl_knowledge::data_model::{DataModel, Dataset, FieldKind};
use spl_sources::{EventTable, FieldSelection};

use super::{numbers, texts};
use crate::output;
use crate::stop::Stop;

/// What the events of the sourcetypes are taken for.
#[derive(Debug, Default)]
pub struct KnowledgeFacts {
    /// `eventtype` or `tag`, by sourcetype.
    pub names: Vec<Named>,
    /// Datasets with at least one event.
    pub datasets: Vec<Fed>,
    /// What could not be found out, and why.
    pub problems: Vec<String>,
}

/// An event type or a tag of events of a sourcetype.
#[derive(Debug)]
pub struct Named {
    /// `eventtype` or `tag`.
    pub kind: &'static str,
    /// The sourcetype.
    pub sourcetype: String,
    /// Its name.
    pub name: String,
    /// Events that have it.
    pub events: u64,
}

/// A dataset that events of a sourcetype belong to.
#[derive(Debug)]
pub struct Fed {
    /// The sourcetype.
    pub sourcetype: String,
    /// `Endpoint.Processes`.
    pub dataset: String,
    /// Events.
    pub events: u64,
    /// Fields of the dataset that none of them has.
    pub missing: Vec<String>,
}

/// The name of the number of events beside the numbers of a dataset's fields.
const EVENTS: &str = "events_of_dataset";

/// The fields that every event has, whatever dataset it belongs to.
const DEFAULT_FIELDS: [&str; 5] = ["_time", "host", "source", "sourcetype", "index"];

/// The search for the event types or tags of events.
fn names_search(kind: &str) -> String {
    format!("index=* | stats count by sourcetype, {kind}")
}

/// The search for the fields that the events of a dataset have.
fn fields_search(dataset: &str, fields: &[String]) -> String {
    let counts: Vec<String> = fields.iter().map(|field| format!("count({field}) AS \"{field}\"")).collect();
    format!("| tstats count AS {EVENTS} {} from datamodel={dataset} by sourcetype", counts.join(" "))
}

/// The fields of a dataset that events may lack.
fn fields(model: &DataModel, dataset: &Dataset) -> Vec<String> {
    model
        .all_fields(&dataset.name)
        .unwrap_or_default()
        .into_iter()
        .filter(|field| !matches!(field.kind, FieldKind::ObjectCount | FieldKind::ChildCount))
        .filter(|field| !DEFAULT_FIELDS.contains(&field.name.as_str()) && !field.name.contains(['"', '\'', '*', ' ']))
        .map(|field| format!("{}.{}", field.owner.rsplit('.').next().unwrap_or(&field.owner), field.name))
        .collect()
}

/// An engine over the fields that the searches need; planning over thousands of others takes long. None when they need all.
fn narrowed(engine: &Engine) -> Option<Engine> {
    let table = engine.data()?;
    let of_models = engine.knowledge().data_models.values().flat_map(|model| {
        model.datasets.values().map(|dataset| fields_search(&format!("{}.{}", model.name, dataset.name), &fields(model, dataset)))
    });
    let mut needed = BTreeSet::new();
    for search in ["eventtype", "tag"].map(names_search).into_iter().chain(of_models) {
        let Ok(search) = engine.compile(&search) else { continue };
        let FieldSelection::Only(names) = engine.required_fields(&search) else { return None };
        needed.extend(names);
    }
    let is_needed =
        |name: &str| needed.contains(name) || name.starts_with("__") || DEFAULT_FIELDS.contains(&name) || name == "_raw";
    let places: Vec<usize> =
        table.schema.fields().iter().enumerate().filter(|(_, field)| is_needed(field.name())).map(|(place, _)| place).collect();
    let schema = Arc::new(table.schema.project(&places).ok()?);
    let batches = table.batches.iter().map(|batch| batch.project(&places)).collect::<Result<Vec<_>, _>>().ok()?;
    engine.with_data(EventTable { schema, batches }).ok()
}

impl KnowledgeFacts {
    /// Asks the engine, whose data are loaded with all fields.
    pub async fn new(engine: &Engine) -> Self {
        let mut facts = Self::default();
        let narrow = narrowed(engine);
        let engine = narrow.as_ref().unwrap_or(engine);
        for kind in ["eventtype", "tag"] {
            let found = facts.rows(engine, &names_search(kind)).await;
            facts.names.extend(found.iter().flat_map(|batch| {
                (0..batch.num_rows()).map(move |row| Named {
                    kind,
                    sourcetype: text(batch, "sourcetype", row),
                    name: text(batch, kind, row),
                    events: number(batch, "count", row),
                })
            }));
        }
        for model in engine.knowledge().data_models.values() {
            facts.add_datasets(engine, model).await;
        }
        facts
            .names
            .sort_by(|left, right| (&left.sourcetype, left.kind, &left.name).cmp(&(&right.sourcetype, right.kind, &right.name)));
        facts.datasets.sort_by(|left, right| (&left.sourcetype, &left.dataset).cmp(&(&right.sourcetype, &right.dataset)));
        facts
    }

    /// The rows of a search; what can't be answered is noted.
    async fn rows(&mut self, engine: &Engine, search: &str) -> Vec<RecordBatch> {
        let answer = match engine.compile(search) {
            Ok(search) => engine.run(&search).await,
            Err(failure) => Err(failure),
        };
        answer.map(|results| results.batches.into_iter().filter(|batch| batch.num_rows() > 0).collect()).unwrap_or_else(
            |failure| {
                self.problems.extend(failure.diagnostics.into_iter().map(|problem| problem.message));
                self.problems.dedup();
                Vec::new()
            },
        )
    }

    /// A dataset whose parent has no events has none either.
    async fn add_datasets(&mut self, engine: &Engine, model: &DataModel) {
        let mut empty: Vec<&str> = Vec::new();
        for dataset in model.datasets.values() {
            if dataset.parent.as_deref().is_some_and(|parent| empty.contains(&parent)) {
                empty.push(&dataset.name);
                continue;
            }
            let before = self.datasets.len();
            self.add_dataset(engine, model, dataset).await;
            if self.datasets.len() == before {
                empty.push(&dataset.name);
            }
        }
    }

    async fn add_dataset(&mut self, engine: &Engine, model: &DataModel, dataset: &Dataset) {
        let name = format!("{}.{}", model.name, dataset.name);
        let fields = fields(model, dataset);
        if self.rows(engine, &format!("| tstats count from datamodel={name} by sourcetype")).await.is_empty() {
            return;
        }
        for batch in self.rows(engine, &fields_search(&name, &fields)).await {
            for row in 0..batch.num_rows() {
                let missing = fields.iter().filter(|field| number(&batch, field, row) == 0);
                self.datasets.push(Fed {
                    sourcetype: text(&batch, "sourcetype", row),
                    dataset: name.clone(),
                    events: number(&batch, EVENTS, row),
                    missing: missing.map(|field| field.rsplit('.').next().unwrap_or(field).to_owned()).collect(),
                });
            }
        }
    }

    /// Event types and tags as a table.
    ///
    /// # Errors
    /// None in practice: the columns are of one length.
    pub fn name_rows(&self) -> Result<Results, Stop> {
        output::rows(vec![
            ("sourcetype", texts(self.names.iter().map(|named| Some(named.sourcetype.as_str())))),
            ("kind", texts(self.names.iter().map(|named| Some(named.kind)))),
            ("name", texts(self.names.iter().map(|named| Some(named.name.as_str())))),
            ("events", numbers(self.names.iter().map(|named| Some(named.events)))),
        ])
    }

    /// Datasets as a table.
    ///
    /// # Errors
    /// None in practice: the columns are of one length.
    pub fn dataset_rows(&self) -> Result<Results, Stop> {
        let missing: Vec<String> = self.datasets.iter().map(|fed| fed.missing.join(", ")).collect();
        output::rows(vec![
            ("sourcetype", texts(self.datasets.iter().map(|fed| Some(fed.sourcetype.as_str())))),
            ("dataset", texts(self.datasets.iter().map(|fed| Some(fed.dataset.as_str())))),
            ("events", numbers(self.datasets.iter().map(|fed| Some(fed.events)))),
            ("fields that no event has", texts(missing.iter().map(|names| Some(names.as_str())))),
        ])
    }
}

fn value<T>(batch: &RecordBatch, name: &str, row: usize, read: impl FnOnce(Value<'_>) -> Option<T>) -> Option<T> {
    read(Column::new(batch.column_by_name(name)?).ok()?.value(row))
}

fn text(batch: &RecordBatch, name: &str, row: usize) -> String {
    value(batch, name, row, |value| value.text().map(|text| text.into_owned())).unwrap_or_default()
}

fn number(batch: &RecordBatch, name: &str, row: usize) -> u64 {
    value(batch, name, row, |value| value.number()).map_or(0, |number| number as u64)
}
