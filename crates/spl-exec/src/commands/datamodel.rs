//! Planning of `datamodel`: data models and their datasets as JSON, or the events of a dataset.

use futures::future::BoxFuture;
use indexmap::IndexMap;
use serde_json::{Value as Json, json};
use spl_knowledge::{CalculationKind, DataModel, Dataset};
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Spanned};

use super::makeresults::rows_frame;
use super::{Input, boolean};
use crate::dataset::{self, DatasetName, Naming};
use crate::frame::Frame;
use crate::planner::Planner;

/// Plans the command.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`datamodel` must be the first command", call.name.span));
        }
        let texts: Vec<&Spanned<String>> = call
            .arguments
            .iter()
            .filter_map(|argument| match argument {
                Argument::Text { text, .. } => Some(text),
                _ => None,
            })
            .collect();
        let knowledge = planner.knowledge();
        let find = |name: &Spanned<String>| knowledge.data_model(&name.value).map_err(|error| error.at(name.span));
        match texts.as_slice() {
            [] => described(planner, knowledge.data_models.values().map(model_json).collect()),
            [model] => described(planner, vec![model_json(find(model)?)]),
            [model, name] => {
                let model = find(model)?;
                let found = model.dataset(&name.value).map_err(|error| error.at(name.span))?;
                described(planner, vec![dataset_json(model, found)])
            }
            [model, name, mode, ..] => {
                let naming = match mode.value.to_ascii_lowercase().as_str() {
                    "search" | "acceleration_search" => Naming::Prefixed,
                    "flat" => Naming::Plain,
                    "search_string" | "flat_string" | "acceleration_search_string" => {
                        let message = format!("`{}` is known but not built yet", mode.value);
                        return Err(Diagnostic::error("plan/not-built", message, mode.span)
                            .with_help("`search` and `flat` run the dataset"));
                    }
                    other => {
                        return Err(Diagnostic::error(
                            "plan/argument",
                            format!("`{other}` is not a mode of `datamodel`"),
                            mode.span,
                        )
                        .with_help("search, flat or acceleration_search"));
                    }
                };
                if boolean(call, "summariesonly", false) {
                    super::tstats::note_summaries(planner, call);
                }
                let model = find(model)?;
                let found = model.dataset(&name.value).map_err(|error| error.at(name.span))?;
                let named = DatasetName { model, dataset: &found.name };
                dataset::rows(planner, &named, naming, boolean(call, "strict_fields", true), &input.needed, name.span)
            }
        }
    })
}

fn described(planner: &Planner, texts: Vec<Json>) -> Result<Frame, Diagnostic> {
    let rows: Vec<IndexMap<String, Vec<String>>> =
        texts.into_iter().map(|json| [("_raw".to_owned(), vec![json.to_string()])].into_iter().collect()).collect();
    rows_frame(planner, &rows)
}

fn model_json(model: &DataModel) -> Json {
    json!({
        "modelName": model.name,
        "displayName": model.display_name,
        "description": model.description,
        "objects": model.datasets.values().map(|dataset| dataset_json(model, dataset)).collect::<Vec<_>>(),
    })
}

fn dataset_json(model: &DataModel, dataset: &Dataset) -> Json {
    let field = |field: &spl_knowledge::DatasetField| {
        json!({
            "fieldName": field.name,
            "owner": field.owner,
            "required": field.required,
            "multivalue": field.multivalue,
        })
    };
    let calculations: Vec<Json> = dataset
        .calculations
        .iter()
        .map(|calculation| {
            let (kind, text) = match &calculation.kind {
                CalculationKind::Eval { expression } => ("Eval", expression.clone()),
                CalculationKind::Rex { expression, .. } => ("Rex", expression.clone()),
                CalculationKind::Lookup { lookup, .. } => ("Lookup", lookup.clone()),
                CalculationKind::GeoIp { input } => ("GeoIP", input.clone()),
            };
            json!({
                "calculationType": kind,
                "expression": text,
                "outputFields": calculation.outputs.iter().map(field).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "objectName": dataset.name,
        "parentName": dataset.parent,
        "lineage": model.lineage(&dataset.name).join("."),
        "baseSearch": dataset.base_search,
        "constraints": dataset.constraints.iter().map(|search| json!({ "search": search })).collect::<Vec<_>>(),
        "fields": dataset.fields.iter().map(field).collect::<Vec<_>>(),
        "calculations": calculations,
    })
}
