//! Planning of `datamodel`: data models and their datasets as JSON, or the events of a dataset.

use futures::future::BoxFuture;
use indexmap::IndexMap;
use serde_json::{Value as Json, json};
use spl_knowledge::{CalculationKind, DataModel, Dataset};
use spl_parser::syntax::{Argument, CommandCall};
use spl_parser::{Diagnostic, Spanned};
use spl_plan::context::{Input, PlanContext};
use spl_plan::event_scan::EventScan;
use spl_plan::frame::Frame;
use spl_plan::models::dataset;
use spl_plan::models::dataset_name::DatasetName;
use spl_plan::models::search_text::{Naming, search_string};
use spl_plan::rows::texts::rows_frame;

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
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
        let knowledge = context.knowledge();
        let find = |name: &Spanned<String>| knowledge.data_model(&name.value).map_err(|error| error.at(name.span));
        match texts.as_slice() {
            [] => described(context, knowledge.data_models.values().map(model_json).collect()),
            [model] => described(context, vec![model_json(find(model)?)]),
            [model, name] => {
                let model = find(model)?;
                let found = model.dataset(&name.value).map_err(|error| error.at(name.span))?;
                described(context, vec![dataset_json(model, found)])
            }
            [model, name, mode, ..] => {
                let naming = match mode.value.to_ascii_lowercase().as_str() {
                    "search" | "acceleration_search" => Naming::Prefixed,
                    "flat" => Naming::Plain,
                    string @ ("search_string" | "flat_string" | "acceleration_search_string") => {
                        let naming = if string == "flat_string" { Naming::Plain } else { Naming::Prefixed };
                        let model = find(model)?;
                        let found = model.dataset(&name.value).map_err(|error| error.at(name.span))?;
                        let text = search_string(model, found, naming).map_err(|error| error.at(name.span))?;
                        return rows_frame(context, &[[("search".to_owned(), vec![text])].into_iter().collect()]);
                    }
                    other => {
                        return Err(Diagnostic::error(
                            "plan/argument",
                            format!("`{other}` is not a mode of `datamodel`"),
                            mode.span,
                        )
                        .with_help(
                            "search, flat, acceleration_search, or one of these with `_string` for the text of the search",
                        ));
                    }
                };
                if call.flag("summariesonly") {
                    spl_plan::models::required::note_summaries(context, call);
                }
                let model = find(model)?;
                let found = model.dataset(&name.value).map_err(|error| error.at(name.span))?;
                let named = DatasetName { model, dataset: &found.name };
                let strict = call.flag("strict_fields");
                match dataset::searched(context, &named, naming, strict, name.span).await? {
                    Some(rows) => Ok(rows),
                    None => context.scan(&EventScan::of_dataset(&named, naming, strict, &input.required, name.span)).await,
                }
            }
        }
    })
}

fn described(context: &PlanContext, texts: Vec<Json>) -> Result<Frame, Diagnostic> {
    let rows: Vec<IndexMap<String, Vec<String>>> =
        texts.into_iter().map(|json| [("_raw".to_owned(), vec![json.to_string()])].into_iter().collect()).collect();
    rows_frame(context, &rows)
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
