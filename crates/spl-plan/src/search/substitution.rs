//! Subsearches that stand as text among the arguments of a command: they run first, and the command is read with what they
//! return.

use std::borrow::Cow;

use arrow::array::RecordBatch;
use spl_parser::effects::RequiredFields;
use spl_parser::parser::substitution::with_texts;
use spl_parser::syntax::{ArgumentPart, CommandCall, Subsearch};
use spl_parser::{Diagnostic, print_search_expression};

use crate::context::PlanContext;
use crate::search::subsearch::{lone_text, rows_to_search};

/// The commands of a pipeline with the texts of such subsearches in place, and whether all of them are there: a search that
/// is only checked reads no events, so that a command can stay unknown, and those behind it with it.
///
/// # Errors
/// Subsearches that fail, texts that make no arguments.
pub async fn resolved<'c>(context: &PlanContext, calls: &'c [CommandCall]) -> Result<(Cow<'c, [CommandCall]>, bool), Diagnostic> {
    if calls.iter().all(|call| call.parts().is_none()) {
        return Ok((Cow::Borrowed(calls), true));
    }
    let mut resolved = Vec::with_capacity(calls.len());
    for call in calls {
        let Some(parts) = call.parts() else {
            resolved.push(call.clone());
            continue;
        };
        let mut texts = Vec::new();
        for part in parts {
            if let ArgumentPart::Subsearch(subsearch) = part {
                texts.push(text_of(context, subsearch).await?);
            }
        }
        match with_texts(call, &texts) {
            Ok((read, practice)) => {
                practice.iter().filter(|one| one.is_choice).for_each(|choice| context.warn(choice.warning()));
                resolved.push(read);
            }
            Err(error) if context.is_running() => return Err(error),
            Err(_) => {
                let message = format!("the arguments of `{}` are known when its subsearch has run", call.spec.name);
                context.warn(
                    Diagnostic::warning("plan/unknown-arguments", message, Some(call.span))
                        .with_help("it and what stands behind it were not checked"),
                );
                return Ok((Cow::Owned(resolved), false));
            }
        }
    }
    Ok((Cow::Owned(resolved), true))
}

/// What a subsearch returns: the text of `return $field`, else the search that `format` would write of its rows.
async fn text_of(context: &PlanContext, subsearch: &Subsearch) -> Result<String, Diagnostic> {
    let frame = context.subsearch(subsearch, "subsearch_maxout", RequiredFields::All).await?;
    let (_, batches): (_, Vec<RecordBatch>) = context.collect(frame).await?;
    match lone_text(&batches)? {
        Some(text) => Ok(text),
        None if batches.iter().all(|batch| batch.num_rows() == 0) => Ok("NOT ()".to_owned()),
        None => Ok(print_search_expression(&rows_to_search(&batches, subsearch.span)?)),
    }
}
