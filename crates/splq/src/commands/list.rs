//! `splq commands`, `functions`, `macros`, `datamodels`, `limits`: what is supported, from the tables that the engine uses.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use spl_exec::Results;
use spl_exec::expression::is_user_function;
use spl_exec::limits::LIMITS;
use spl_functions::{aggregate, scalar};
use spl_knowledge::Knowledge;
use spl_knowledge::data_model::{DataModel, Dataset};
use spl_parser::commands::COMMANDS;
use spl_parser::spec::Status;

use crate::arguments::{KnowledgeListArguments, OutputOptions};
use crate::output::{self, Sink};
use crate::session;
use crate::stop::Stop;
use crate::terminal::Terminal;

/// Prints the commands.
///
/// # Errors
/// An output that can't be written.
pub fn commands(options: &OutputOptions, terminal: &Terminal) -> Result<(), Stop> {
    let mut sorted: Vec<_> = COMMANDS.to_vec();
    sorted.sort_by_key(|spec| spec.name);
    let column = |value: fn(&spl_parser::CommandSpec) -> Option<String>| texts(sorted.iter().map(|spec| value(spec)));
    let rows = output::rows(vec![
        ("name", column(|spec| Some(spec.name.to_owned()))),
        ("aliases", column(|spec| (!spec.aliases.is_empty()).then(|| spec.aliases.join(", ")))),
        ("status", column(|spec| Some(status(spec.status)))),
        ("kind", column(|spec| Some(spec.kind.name().to_owned()))),
        ("summary", column(|spec| Some(spec.summary.to_owned()))),
        ("syntax", column(|spec| Some(spec.syntax.to_owned()))),
    ])?;
    write(&rows, options, terminal)
}

/// Prints the functions of eval and stats.
///
/// # Errors
/// An output that can't be written.
pub fn functions(options: &OutputOptions, terminal: &Terminal) -> Result<(), Stop> {
    let mut all: Vec<[String; 6]> = Vec::new();
    for spec in scalar::all().filter(|spec| is_user_function(spec)) {
        let status = function_status(spec.status);
        all.push([spec.name, "eval", &status, spec.category, spec.summary, spec.syntax].map(str::to_owned));
    }
    for spec in aggregate::all() {
        let status = function_status(spec.status);
        for name in std::iter::once(&spec.name).chain(spec.aliases) {
            all.push([name, "stats", &status, spec.category, spec.summary, spec.syntax].map(str::to_owned));
        }
    }
    all.sort();
    let column = |place: usize| texts(all.iter().map(|fields| Some(fields[place].clone())));
    let rows = output::rows(vec![
        ("name", column(0)),
        ("kind", column(1)),
        ("status", column(2)),
        ("category", column(3)),
        ("summary", column(4)),
        ("syntax", column(5)),
    ])?;
    write(&rows, options, terminal)
}

/// Prints the macros.
///
/// # Errors
/// Knowledge that can't be read, an output that can't be written.
pub fn macros(arguments: &KnowledgeListArguments, terminal: &Terminal) -> Result<(), Stop> {
    let knowledge = session::knowledge(&arguments.knowledge, terminal)?;
    write(&macro_rows(&knowledge, "")?, &arguments.output, terminal)
}

/// The macros whose name contains a text.
///
/// # Errors
/// None in practice: the columns are of one length.
pub fn macro_rows(knowledge: &Knowledge, part: &str) -> Result<Results, Stop> {
    let mut sorted: Vec<_> = knowledge.macros.iter().filter(|definition| definition.name.contains(part)).collect();
    sorted.sort_by_key(|definition| (definition.name.clone(), definition.arguments.len()));
    output::rows(vec![
        ("name", texts(sorted.iter().map(|definition| Some(definition.signature())))),
        ("definition", texts(sorted.iter().map(|definition| Some(definition.definition.clone())))),
        ("origin", texts(sorted.iter().map(|definition| Some(definition.origin.to_string())))),
    ])
}

/// Prints the datasets of the data models.
///
/// # Errors
/// Knowledge that can't be read, an output that can't be written.
pub fn datamodels(arguments: &KnowledgeListArguments, terminal: &Terminal) -> Result<(), Stop> {
    let knowledge = session::knowledge(&arguments.knowledge, terminal)?;
    write(&data_model_rows(&knowledge, "")?, &arguments.output, terminal)
}

/// The datasets of the data models whose name contains a text, in any case.
///
/// # Errors
/// None in practice: the columns are of one length.
pub fn data_model_rows(knowledge: &Knowledge, part: &str) -> Result<Results, Stop> {
    let part = part.to_lowercase();
    let models = knowledge.data_models.values().filter(|model| model.name.to_lowercase().contains(&part));
    let datasets: Vec<(&DataModel, &Dataset)> =
        models.flat_map(|model| model.datasets.values().map(move |dataset| (model, dataset))).collect();
    let column =
        |value: fn(&DataModel, &Dataset) -> Option<String>| texts(datasets.iter().map(|(model, dataset)| value(model, dataset)));
    let fields = datasets.iter().map(|(_, dataset)| {
        let calculated: usize = dataset.calculations.iter().map(|calculation| calculation.outputs.len()).sum();
        (dataset.fields.len() + calculated) as i64
    });
    output::rows(vec![
        ("model", column(|model, _| Some(model.name.clone()))),
        ("dataset", column(|_, dataset| Some(dataset.name.clone()))),
        ("parent", column(|_, dataset| dataset.parent.clone())),
        ("fields", Arc::new(Int64Array::from_iter_values(fields))),
        ("constraint", column(|_, dataset| dataset.base_search.clone().or_else(|| some(dataset.constraints.join(" "))))),
        ("origin", column(|model, _| Some(model.origin.to_string()))),
    ])
}

/// Prints the limits.
///
/// # Errors
/// An output that can't be written.
pub fn limits(options: &OutputOptions, terminal: &Terminal) -> Result<(), Stop> {
    let rows = output::rows(vec![
        ("name", texts(LIMITS.iter().map(|limit| Some(limit.name.to_owned())))),
        ("default", Arc::new(LIMITS.iter().map(|limit| Some(limit.default as i64)).collect::<Int64Array>())),
        ("summary", texts(LIMITS.iter().map(|limit| Some(limit.summary.to_owned())))),
    ])?;
    write(&rows, options, terminal)
}

fn write(rows: &Results, options: &OutputOptions, terminal: &Terminal) -> Result<(), Stop> {
    Sink::check(options, terminal)?;
    Sink::open(options, terminal, chrono_tz::Tz::UTC)?.write_rows(rows)
}

fn texts(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// How much of a command is built, in words.
pub fn status(status: Status) -> String {
    match status {
        Status::Full => "full".to_owned(),
        Status::Partial(but) => format!("partial: {but}"),
        Status::Planned => "planned".to_owned(),
        Status::Refused(reason) => format!("not supported: {reason}"),
    }
}

fn function_status(built: scalar::Status) -> String {
    match built {
        scalar::Status::Full => "full".to_owned(),
        scalar::Status::Partial(but) => format!("partial: {but}"),
        scalar::Status::Planned => "planned".to_owned(),
    }
}
