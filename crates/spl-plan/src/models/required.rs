//! Required fields of searches over data models: what `tstats` and its kin read of the events.

use spl_knowledge::{CalculationKind, Knowledge};
use spl_parser::spec::Subsearches;
use spl_parser::syntax::{Argument, CommandCall, Pipeline};
use spl_parser::{Diagnostic, Span};

use crate::context::PlanContext;
use crate::events::parsed_knowledge::ParsedKnowledge;
use crate::models::dataset_name::DatasetName;
use spl_parser::effects::{RequiredFields, as_patterns, map_pipeline, over_rows, walk};

/// What the tstats commands of a pipeline need of the data, added to what the rest needs.
pub fn data_model_fields(
    pipeline: &Pipeline,
    knowledge: &Knowledge,
    parsed: &ParsedKnowledge,
    required: RequiredFields,
) -> RequiredFields {
    let mut required = required;
    pipeline_fields(pipeline, knowledge, parsed, &mut required);
    required
}

fn pipeline_fields(pipeline: &Pipeline, knowledge: &Knowledge, parsed: &ParsedKnowledge, required: &mut RequiredFields) {
    for call in &pipeline.commands {
        if call.spec.name == "tstats" {
            command_fields(call, knowledge, parsed, required);
        }
        match call.spec.effects.subsearches {
            Subsearches::PerRow => {
                if let Some(inner) = map_pipeline(call) {
                    pipeline_fields(&inner, knowledge, parsed, required);
                }
            }
            Subsearches::OverRows => {
                let mut inside = RequiredFields::none();
                for inner in over_rows(call).unwrap_or_default() {
                    pipeline_fields(&inner, knowledge, parsed, &mut inside);
                }
                add(as_patterns(inside), required);
            }
            Subsearches::AsText | Subsearches::AsRows(_) => {
                walk::subsearches(call, &mut |inner| pipeline_fields(&inner.pipeline, knowledge, parsed, required));
            }
        }
    }
}

fn add(more: RequiredFields, required: &mut RequiredFields) {
    let before = std::mem::replace(required, RequiredFields::none());
    *required = before.union(more);
}

fn command_fields(call: &CommandCall, knowledge: &Knowledge, parsed: &ParsedKnowledge, required: &mut RequiredFields) {
    let mut names = RequiredFields::none();
    for aggregation in call.aggregations() {
        aggregated_fields(&aggregation.argument, &mut |name, _| {
            names.add(if name.starts_with("PREFIX(") { "_raw" } else { name });
        });
    }
    for argument in call.by_fields() {
        match argument {
            Argument::Field(field) => names.add(&field.name),
            Argument::Conversion { .. } => names.add("_raw"),
            _ => {}
        }
    }
    if let Some(Argument::Search(condition)) = call.clause("where").and_then(|clause| clause.arguments.first()) {
        spl_parser::effects::search_fields(condition, &mut names);
    }
    let RequiredFields::Only(names) = names else {
        *required = RequiredFields::All;
        return;
    };
    let dataset = match call.clause("from").and_then(|clause| clause.arguments.first()) {
        Some(Argument::Pair { value, .. }) => DatasetName::find(knowledge, &value.value, value.span).ok(),
        _ => None,
    };
    let Some(dataset) = dataset else {
        names.iter().for_each(|name| required.add(name));
        return;
    };
    let mut wanted = RequiredFields::only(names.iter().map(|name| dataset.unprefixed(name).unwrap_or(name)));
    wanted.add("tag");
    wanted.add("eventtype");
    for constraint in dataset.model.constraint_chain(dataset.dataset).unwrap_or_default() {
        match parsed.search(knowledge, constraint) {
            Ok(search) => spl_parser::effects::search_fields(&search, &mut wanted),
            Err(_) => wanted = RequiredFields::All,
        }
    }
    // A calculation reads what those before it made.
    for calculation in dataset.model.all_calculations(dataset.dataset).unwrap_or_default().into_iter().rev() {
        if !calculation.outputs.iter().any(|output| wanted.contains(&output.name)) {
            continue;
        }
        match &calculation.kind {
            CalculationKind::Eval { expression } => {
                if let Ok(parsed) = parsed.expression(expression) {
                    spl_parser::effects::expression_fields(&parsed, &mut wanted);
                }
            }
            CalculationKind::Rex { input, .. } | CalculationKind::GeoIp { input, .. } => wanted.add(input),
            CalculationKind::Lookup { inputs, .. } => inputs.iter().for_each(|(_, event)| wanted.add(event)),
        }
    }
    add(wanted, required);
}

/// Notes that `summariesonly` reads the events themselves.
pub fn note_summaries(context: &PlanContext, call: &CommandCall) {
    context.warn(Diagnostic {
        severity: spl_parser::Severity::Note,
        ..Diagnostic::warning(
            "tstats/summariesonly",
            "no data model summary has what is asked for: `summariesonly=true` reads the events themselves",
            call.option("summariesonly").map(|option| option.name.span),
        )
    });
}

/// The fields that the argument of a statistic names.
pub fn aggregated_fields(argument: &spl_parser::syntax::AggregationArgument, want: &mut impl FnMut(&str, Span)) {
    use spl_parser::syntax::AggregationArgument as A;
    match argument {
        A::None | A::Eval(_) => {}
        A::Field(field) => want(&field.name, field.span),
        A::Sparkline { aggregation, .. } => aggregated_fields(&aggregation.argument, want),
    }
}
