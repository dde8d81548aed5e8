//! Planning of `erex`: a regular expression learnt from examples of a field's values.

use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_functions::extraction::Found;
use spl_functions::pattern::Pattern;
use spl_parser::syntax::CommandCall;
use spl_parser::{Diagnostic, Severity};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::{Frame, null};
use spl_plan::rows::collected::Rows;
use spl_plan::rows::extraction::{Existing, extract};

/// Most characters before a value that are learnt.
const MOST_BEFORE: usize = 20;

/// Plans the command. The expression is told in a note.
///
/// Source: Splunk search reference, erex.
pub fn plan<'a>(plan_context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`erex` needs rows", call.span))?;
        let mut fields = call.fields();
        let field = fields.next();
        if let Some(second) = fields.next() {
            return Err(Diagnostic::error("plan/argument", "`erex` makes one field", second.span));
        }
        let listed = |name: &str| -> Vec<String> {
            let text = call.option(name).map_or("", |option| option.value.value.as_str());
            text.split(',').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
        };
        let (examples, counterexamples) = (listed("examples"), listed("counterexamples"));
        if examples.is_empty() {
            return Err(Diagnostic::error("plan/argument", "`erex` needs `examples=\"<value>, <value>\"`", call.name.span));
        }
        let most = call.count("maxtrainers")?;
        if !(1..=1000).contains(&most) {
            return Err(Diagnostic::error("plan/number", "`maxtrainers` is a number from 1 to 1000", call.span));
        }
        let source = call.text("fromfield");
        if !plan_context.is_running() {
            // What is learnt depends on data.
            return match field {
                Some(field) => frame.assign(vec![(field.name.clone(), null(ValueType::Text))]),
                None => Ok(frame),
            };
        }
        let frame = plan_context.materialise(frame).await?;
        let rows = Rows::of(plan_context, spl_plan::rows::sort_keys::first_rows(frame.clone(), most)?).await?;
        let texts: Vec<String> =
            (0..rows.len()).filter_map(|row| rows.value(source, row).text().map(|text| text.into_owned())).collect();
        let place = call.option("examples").map_or(call.span, |option| option.value.span);
        let regex =
            learn(&texts, &examples, &counterexamples).map_err(|message| Diagnostic::error("plan/examples", message, place))?;
        plan_context.warn(Diagnostic {
            severity: Severity::Note,
            ..Diagnostic::warning(
                "erex/learnt",
                format!("`erex` learnt the regular expression `{}`", regex.replace("<value>", "<field>")),
                Some(call.name.span),
            )
            .with_help("`rex` takes it as it is, without learning")
        });
        let Some(field) = field else { return Ok(frame) };
        let wrong = |message: String| Diagnostic::error("plan/regex", message, call.span);
        let pattern = Pattern::new(&regex).map_err(wrong)?;
        let read = |text: &str| -> Result<Found, Diagnostic> {
            let value = first(&pattern, text).map_err(wrong)?;
            Ok(value.map(|value| (field.name.clone(), vec![value.to_owned()])).into_iter().collect())
        };
        extract(plan_context, frame, source, Existing::Replace, read).await
    })
}

/// The first value that a learnt expression finds.
fn first<'t>(pattern: &Pattern, text: &'t str) -> Result<Option<&'t str>, String> {
    let found = pattern.matches(text, 1)?;
    Ok(found.first().and_then(|groups| groups.get(1).copied().flatten()).and_then(|(start, end)| text.get(start..end)))
}

/// The first expression that finds all examples and no counterexample.
fn learn(texts: &[String], examples: &[String], counterexamples: &[String]) -> Result<String, String> {
    for example in examples {
        if !texts.iter().any(|text| text.contains(example.as_str())) {
            return Err(format!("the example `{example}` is in none of the events"));
        }
    }
    let mut contexts = contexts(texts, examples);
    contexts.push(String::new());
    let ends = ends(texts, examples);
    let mut values: Vec<String> = structure(examples).into_iter().collect();
    values.push(ends.map_or_else(|| r"\S+".to_owned(), |end| format!("[^{}\\s]+", regex::escape(&end.to_string()))));
    values.push(r"[^\s,;]+".to_owned());
    for context in &contexts {
        for value in &values {
            let before = if context.is_empty() { r"(?<!\w)".to_owned() } else { regex::escape(context) };
            let regex = format!("{before}(?<value>{value})");
            let pattern = Pattern::new(&regex)?;
            let mut found: Vec<&str> = Vec::new();
            for text in texts {
                found.extend(first(&pattern, text)?);
            }
            let all = examples.iter().all(|example| found.contains(&example.as_str()));
            if all && !counterexamples.iter().any(|counter| found.contains(&counter.as_str())) {
                return Ok(regex);
            }
        }
    }
    Err("no regular expression was found that finds all examples and no counterexample".to_owned())
}

/// What stands before all examples, the longest first.
fn contexts(texts: &[String], examples: &[String]) -> Vec<String> {
    let before = |example: &str| -> Vec<&str> {
        let all = texts.iter().flat_map(|text| text.match_indices(example).map(|(at, _)| &text[..at]).collect::<Vec<_>>());
        all.collect()
    };
    let mut contexts: Vec<String> = Vec::new();
    let Some(one) = examples.first() else { return contexts };
    for text in before(one) {
        // At most the word before the value.
        let word = text.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).filter(|at| *at >= word).collect();
        for start in starts.into_iter().rev().take(MOST_BEFORE) {
            let context = &text[start..];
            let shared = examples[1..].iter().all(|other| before(other).iter().any(|text| text.ends_with(context)));
            if shared && !contexts.iter().any(|known| known == context) {
                contexts.push(context.to_owned());
            }
        }
    }
    contexts.sort_by_key(|context| std::cmp::Reverse(context.chars().count()));
    contexts
}

/// The character that follows all examples somewhere.
fn ends(texts: &[String], examples: &[String]) -> Option<char> {
    let after = |example: &str| -> Vec<char> {
        let all = texts.iter().flat_map(|text| {
            text.match_indices(example).filter_map(|(at, _)| text[at + example.len()..].chars().next()).collect::<Vec<_>>()
        });
        all.collect()
    };
    let candidates = after(examples.first()?);
    candidates
        .into_iter()
        .filter(|end| !end.is_alphanumeric())
        .find(|end| examples[1..].iter().all(|other| after(other).contains(end)))
}

/// The examples as runs of digits, of letters and other characters; none when they differ in that.
fn structure(examples: &[String]) -> Option<String> {
    let of = |example: &String| {
        let mut parts: Vec<String> = Vec::new();
        for character in example.chars() {
            let part = if character.is_ascii_digit() {
                r"\d+".to_owned()
            } else if character.is_alphabetic() {
                r"[[:alpha:]]+".to_owned()
            } else {
                regex::escape(&character.to_string())
            };
            let run = part.ends_with('+') && part.len() > 2;
            if !(run && parts.last() == Some(&part)) {
                parts.push(part);
            }
        }
        parts.concat()
    };
    let first = of(examples.first()?);
    examples[1..].iter().all(|example| of(example) == first).then_some(first)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn learnt(texts: &[&str], examples: &[&str], counterexamples: &[&str]) -> Result<Vec<String>, String> {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let pattern = Pattern::new(&learn(&owned(texts), &owned(examples), &owned(counterexamples))?)?;
        texts.iter().map(|text| Ok(first(&pattern, text)?.unwrap_or("-").to_owned())).collect()
    }

    #[test]
    fn values_like_the_examples_are_found() {
        let texts = ["12:01 login user=alice ok", "12:02 login user=bob_7 ok", "12:03 logout"];
        assert_eq!(learnt(&texts, &["alice"], &[]).unwrap(), ["alice", "bob", "-"]);
        assert_eq!(learnt(&texts, &["alice", "bob_7"], &[]).unwrap(), ["alice", "bob_7", "-"]);
        let dates = ["on 7/01 a", "on 7/02 b", "on 12/31 c"];
        assert_eq!(learnt(&dates, &["7/01", "7/02"], &[]).unwrap(), ["7/01", "7/02", "12/31"]);
    }

    #[test]
    fn counterexamples_and_missing_examples() {
        let texts = ["port 80 from 10.0.0.1", "port 22 from 10.0.0.2"];
        assert_eq!(learnt(&texts, &["10.0.0.1"], &["80"]).unwrap(), ["10.0.0.1", "10.0.0.2"]);
        assert!(learnt(&texts, &["10.9.9.9"], &[]).is_err());
        assert!(learnt(&texts, &["80"], &["22"]).is_err());
    }
}
