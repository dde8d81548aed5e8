//! Planning of `xmlkv`: a field per XML element that holds text alone.

use futures::future::BoxFuture;
use spl_functions::extraction::Found;
use spl_functions::xml_document::unescaped;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::extraction::{Existing, extract};

/// Plans the command. `maxinputs` is the size of a round in Splunk; all rows are read here anyway.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`xmlkv` needs rows", call.span))?;
        let source = match call.arguments.first() {
            Some(Argument::Text { text, .. }) => text.value.as_str(),
            Some(Argument::Field(field)) => field.name.as_str(),
            _ => "_raw",
        };
        extract(context, frame, source, Existing::Replace, |text| Ok(elements(text))).await
    })
}

/// `<name>text</name>`, anywhere in the text.
fn elements(text: &str) -> Found {
    let mut found: Found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let Some(end) = rest.find('>') else { break };
        let name = rest[..end].split_whitespace().next().unwrap_or_default();
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && !rest[..end].ends_with('/')
            && !rest[..end].contains('<');
        if !is_name {
            continue;
        }
        let inside = &rest[end + 1..];
        let Some(stop) = inside.find('<') else { break };
        let closes = inside[stop..]
            .strip_prefix("</")
            .and_then(|tail| tail.strip_prefix(name))
            .is_some_and(|tail| tail.trim_start().starts_with('>'));
        if closes {
            found.push((name.to_owned(), vec![unescaped(&inside[..stop])]));
        }
        rest = &inside[stop..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::elements;

    #[test]
    fn finds_elements_with_text() {
        let found = elements("x <a><b k=\"1\">one</b><c/><d>2 &lt; 3</d></a> <e>cut");
        let pairs: Vec<(&str, &str)> = found.iter().map(|(name, values)| (name.as_str(), values[0].as_str())).collect();
        assert_eq!(pairs, [("b", "one"), ("d", "2 < 3")]);
    }
}
