//! Planning of `spath`: fields out of JSON or XML.

use futures::future::BoxFuture;
use spl_functions::json_path::{Path, Step, flatten, text_of};
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};

use super::Input;
use crate::extraction::{Existing, extract};
use crate::frame::Frame;
use crate::planner::Planner;
use crate::xml_document;

/// Plans the command.
pub fn plan<'a>(planner: &'a Planner, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`spath` needs rows", call.span))?;
        let option = |name: &str| call.option(name).map(|option| &option.value).filter(|value| !value.value.is_empty());
        let source = option("input").map_or("_raw", |value| value.value.as_str());
        let path = option("path").or_else(|| match call.arguments.first() {
            Some(Argument::Text { text, .. }) => Some(text),
            _ => None,
        });
        if let (Some(_), Some(Argument::Text { text, .. })) = (call.option("path"), call.arguments.first()) {
            return Err(Diagnostic::error("plan/argument", "the path is given twice", text.span));
        }
        let output = option("output");
        let Some(path) = path else {
            if let Some(output) = output {
                return Err(Diagnostic::error("plan/argument", "`output` needs a `path`", output.span));
            }
            return extract(planner, frame, source, Existing::Replace, |text| Ok(all_fields(text))).await;
        };
        let steps = Path::parse(&path.value).ok_or_else(|| {
            Diagnostic::error("plan/path", format!("`{}` is not a path", path.value), path.span)
                .with_help("for example `a.b`, `a{}.b`, `a{0}`, `a.b{@c}`")
        })?;
        let name = output.map_or(path.value.as_str(), |output| output.value.as_str());
        let read = |text: &str| Ok(vec![(name.to_owned(), values_at(text, &steps))]);
        extract(planner, frame, source, Existing::Replace, read).await
    })
}

/// A document, by its first character.
enum Document {
    Json(serde_json::Value),
    Xml(Vec<xml_document::Element>),
}

fn document(text: &str) -> Option<Document> {
    let trimmed = text.trim();
    match trimmed.chars().next()? {
        '<' => xml_document::parse(trimmed).map(Document::Xml),
        '{' | '[' => serde_json::from_str(trimmed).ok().map(Document::Json),
        _ => None,
    }
}

fn all_fields(text: &str) -> Vec<(String, Vec<String>)> {
    match document(text) {
        Some(Document::Json(document)) => flatten(&document),
        Some(Document::Xml(roots)) => xml_document::flatten(&roots),
        None => Vec::new(),
    }
}

fn values_at(text: &str, path: &Path) -> Vec<String> {
    match document(text) {
        Some(Document::Json(document)) if !path.steps().iter().any(|step| matches!(step, Step::Attribute(_))) => {
            path.extract(&document).into_iter().map(text_of).collect()
        }
        Some(Document::Xml(roots)) => xml_document::extract(&roots, path.steps()),
        _ => Vec::new(),
    }
}
