//! Planning of `kvform`: fields out of texts that follow a form.

use std::collections::HashMap;

use futures::future::BoxFuture;
use spl_functions::extraction::Found;
use spl_functions::pattern::Pattern;
use spl_knowledge::Knowledge;
use spl_parser::syntax::CommandCall;
use spl_parser::{Diagnostic, Severity};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::extraction::{Existing, extract, extract_from};

/// Plans the command. Without `form` the form is the one that has the name of the row's sourcetype, or of another field's
/// value.
///
/// Source: Splunk search reference, kvform.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`kvform` needs rows", call.span))?;
        let knowledge = context.knowledge();
        if let Some(option) = call.option("form") {
            let name = option.value.value.strip_suffix(".form").unwrap_or(&option.value.value);
            let text = knowledge.form(name).map_err(|error| error.at(option.value.span))?;
            let form = Form::read(name, text, knowledge).map_err(|error| error.at(option.value.span))?;
            return extract(context, frame, "_raw", Existing::Keep, |text| form.fields(text)).await;
        }
        let field = call.text("field");
        if knowledge.forms.is_empty() {
            context.warn(Diagnostic {
                severity: Severity::Note,
                ..Diagnostic::warning(
                    "plan/no-forms",
                    "there are no forms, so that `kvform` finds no fields",
                    Some(call.name.span),
                )
                .with_help("forms come from the `forms` folder of the apps given with --app")
            });
        }
        let mut forms: HashMap<String, Option<Form>> = HashMap::new();
        let read = |texts: &[Option<std::borrow::Cow<'_, str>>]| -> Result<Found, Diagnostic> {
            let [Some(text), Some(name)] = texts else { return Ok(Found::new()) };
            if !forms.contains_key(name.as_ref()) {
                let form = knowledge.forms.get(name.as_ref()).map(|text| Form::read(name, text, knowledge)).transpose();
                forms.insert(name.to_string(), form.map_err(|error| error.at(call.span))?);
            }
            match forms.get(name.as_ref()) {
                Some(Some(form)) => form.fields(text),
                _ => Ok(Found::new()),
            }
        };
        extract_from(context, frame, &["_raw", field], Existing::Keep, read).await
    })
}

/// A form as a regular expression.
struct Form {
    name: String,
    pattern: Pattern,
}

/// Kinds of values that forms name without a definition in transforms.conf.
const KINDS: &[(&str, &str)] = &[
    ("int", r"[+-]?\d+"),
    ("float", r"[+-]?\d*\.\d+|[+-]?\d+"),
    ("digits", r"\d+"),
    ("hex", r"(?:0x)?[0-9a-fA-F]+"),
    ("alphas", r"[a-zA-Z]+"),
    ("alnums", r"[a-zA-Z0-9]+"),
    ("nspaces", r"\S+"),
    ("qstring", r#""[^"]*""#),
    ("sbstring", r"\[[^\]]*\]"),
    ("ipv4", r"\d{1,3}(?:\.\d{1,3}){3}"),
    ("string", r"\S.*?"),
];

impl Form {
    /// Texts between references are meant as they stand, any blanks for any other; `[[kind:name]]` is a field of a kind.
    fn read(name: &str, text: &str, knowledge: &Knowledge) -> Result<Self, Diagnostic> {
        let wrong = |message: String| Diagnostic::general("knowledge/form", format!("form `{name}`: {message}"));
        let mut regex = String::new();
        let mut rest = text.trim();
        while let Some(at) = rest.find("[[") {
            push_text(&mut regex, &rest[..at]);
            let inside = &rest[at + 2..];
            let end = inside.find("]]").ok_or_else(|| wrong("`[[` is not closed".to_owned()))?;
            let reference = inside[..end].trim();
            let (kind, field) = match reference.split_once(':') {
                Some((kind, field)) => (kind.trim(), Some(field.trim())),
                None => (reference, None),
            };
            let own = knowledge.transforms.get(kind).and_then(|transform| transform.regex.as_deref());
            let value = own.or_else(|| KINDS.iter().find(|(known, _)| *known == kind).map(|(_, value)| *value));
            let value = value.ok_or_else(|| {
                wrong(format!("`{kind}` is no kind of value")).with_help("kinds are transforms of transforms.conf by their name")
            })?;
            match field {
                Some(field) if field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !field.is_empty() => {
                    regex.push_str(&format!("(?<{field}>{value})"));
                }
                Some(field) => return Err(wrong(format!("`{field}` can't be the name of a field in a form"))),
                None => regex.push_str(&format!("(?:{value})")),
            }
            rest = &inside[end + 2..];
        }
        push_text(&mut regex, rest);
        // A value at the end of the form reaches to the end of its line.
        let regex = format!("(?m){regex}(?=\\s*$|\\s)");
        let pattern = Pattern::new(&regex).map_err(wrong)?;
        Ok(Self { name: name.to_owned(), pattern })
    }

    fn fields(&self, text: &str) -> Result<Found, Diagnostic> {
        let failed = |message: String| Diagnostic::general("knowledge/form", format!("form `{}`: {message}", self.name));
        let names = self.pattern.group_names();
        let mut found = Found::new();
        for groups in self.pattern.matches(text, 1).map_err(failed)? {
            for (number, name) in names.iter().enumerate() {
                let span = groups.get(number).copied().flatten();
                if let (Some(name), Some(value)) = (name, span.and_then(|(start, end)| text.get(start..end))) {
                    found.push(((*name).to_owned(), vec![value.trim().to_owned()]));
                }
            }
        }
        Ok(found)
    }
}

fn push_text(regex: &mut String, text: &str) {
    let (starts, ends) = (text.starts_with(char::is_whitespace), text.ends_with(char::is_whitespace));
    let words: Vec<String> = text.split_whitespace().map(regex::escape).collect();
    if words.is_empty() {
        regex.push_str(if text.is_empty() { "" } else { r"\s+" });
        return;
    }
    regex.push_str(if starts { r"\s*" } else { "" });
    regex.push_str(&words.join(r"\s+"));
    regex.push_str(if ends { r"\s*" } else { "" });
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn forms_name_fields() {
        let text = "Students Name: [[string:student_name]]\nAge: [[int:age]] Zip: [[int:zip]]\n";
        let form = Form::read("student", text, &Knowledge::new()).unwrap();
        let found = form.fields("x\nStudents Name:  Ann Lee\nAge: 12   Zip: 94107\ny").unwrap();
        let shown: Vec<String> = found.iter().map(|(name, values)| format!("{name}={}", values.join("|"))).collect();
        assert_eq!(shown, ["student_name=Ann Lee", "age=12", "zip=94107"]);
        assert!(Form::read("f", "[[nothing:x]]", &Knowledge::new()).is_err());
        assert!(Form::read("f", "[[int:x", &Knowledge::new()).is_err());
    }
}
