//! Expansion: every macro call replaced by its definition, arguments put in, calls inside definitions followed.

mod body;

use std::sync::Arc;

use spl_parser::diagnostic::{Diagnostic, nearest};
use spl_parser::span::Span;

use crate::call::{Call, Mark, next_call, read_call};
use crate::definition::{MacroDefinition, key};
use crate::expand::body::{Body, substitute};
use crate::source_map::{Frame, Home, Segment, SourceMap};
use crate::table::MacroTable;

/// How deep macros may call macros.
pub const MAXIMUM_DEPTH: usize = 100;
/// How long the expanded text may be, in bytes.
pub const MAXIMUM_SIZE: usize = 8 * 1024 * 1024;
/// How many calls a search may lead to.
pub const MAXIMUM_CALLS: usize = 100_000;

/// Evaluates an eval expression without fields and returns its value as text: null as the empty text, booleans as
/// `true` and `false`. The error is one sentence.
pub type EvalCallback<'a> = dyn Fn(&str) -> Result<String, String> + 'a;

/// A search with its macros expanded.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// The text to parse. Triple-backtick comments are kept.
    pub text: String,
    /// From the text back to the query and the definitions.
    pub map: SourceMap,
}

impl MacroTable {
    /// Replaces all macro calls of a search.
    ///
    /// Text in double quotes and in comments stays as it is. `$name$` in a definition is replaced everywhere, also in
    /// quotes. Quotes around a whole argument are taken off, `\"` in an argument is a quote. `name=value` sets an
    /// argument by name. A macro that is not defined and whose name ends in `_filter` expands to `search *`.
    /// Sources: Splunk knowledge manager manual, Use search macros in searches; admin manual, macros.conf.
    ///
    /// # Errors
    /// All calls of the query that can't be expanded; spans are bytes of `query`.
    pub fn expand(&self, query: &str, evaluator: &EvalCallback<'_>) -> Result<Expansion, Vec<Diagnostic>> {
        let mut expander = Expander {
            table: self,
            evaluator,
            text: String::with_capacity(query.len()),
            map: SourceMap::default(),
            problems: Vec::new(),
            active: Vec::new(),
            calls: 0,
        };
        let whole = Body { text: query.to_owned(), pieces: vec![(query.len(), Home::Copied(0))] };
        expander.body(&whole, None);
        if expander.problems.is_empty() {
            Ok(Expansion { text: expander.text, map: expander.map })
        } else {
            Err(expander.problems)
        }
    }
}

struct Expander<'a> {
    table: &'a MacroTable,
    evaluator: &'a EvalCallback<'a>,
    text: String,
    map: SourceMap,
    problems: Vec<Diagnostic>,
    /// Frames being expanded, outermost first.
    active: Vec<usize>,
    calls: usize,
}

/// A problem without its place yet.
struct Failure {
    code: &'static str,
    message: String,
    help: Option<String>,
}

impl Failure {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl Expander<'_> {
    /// Appends a body to the text, its calls expanded. Inside a macro the first problem ends the work.
    fn body(&mut self, body: &Body, frame: Option<usize>) {
        let mut position = 0;
        while let Some(mark) = next_call(&body.text, position) {
            let span = match mark {
                Mark::Call(span) => span,
                Mark::Unclosed(start) => {
                    let span = Span::new(start, start + 1);
                    let failure = Failure::new("macro/unclosed", "a macro call that is not closed by a backtick")
                        .help("macro calls look like `name` or `name(argument)`; put text with a backtick in double quotes");
                    return self.report(failure, body.home(span));
                }
            };
            self.copy(body, Span::new(position, span.start), frame);
            position = span.end;
            let before = self.problems.len();
            let home = body.home(span);
            let inner = body.text.get(span.start + 1..span.end - 1).unwrap_or_default();
            if let Err(failure) = self.call(inner, frame, home) {
                self.report(failure, home);
            }
            if self.problems.len() > before && frame.is_some() {
                return;
            }
        }
        self.copy(body, Span::new(position, body.text.len()), frame);
        if self.text.len() > MAXIMUM_SIZE {
            self.report(too_large(), body.home(Span::new(0, body.text.len())));
        }
    }

    fn copy(&mut self, body: &Body, span: Span, frame: Option<usize>) {
        if self.text.len() > MAXIMUM_SIZE {
            return;
        }
        for (part, home) in body.parts(span) {
            let start = self.text.len();
            self.text.push_str(part.text(&body.text));
            self.map.segments.push(Segment { span: Span::new(start, self.text.len()), frame, home });
        }
    }

    fn call(&mut self, inner: &str, parent: Option<usize>, home: Span) -> Result<(), Failure> {
        self.calls += 1;
        if self.calls > MAXIMUM_CALLS {
            // Reported once; what follows is not expanded any more.
            return if self.calls == MAXIMUM_CALLS + 1 {
                Err(Failure::new("macro/too-many", format!("the search leads to more than {MAXIMUM_CALLS} macro calls")))
            } else {
                Ok(())
            };
        }
        let call = read_call(inner).map_err(|message| Failure::new("macro/malformed-call", message))?;
        let (definition, values) = self.resolve(&call)?;
        self.check_nesting(&definition)?;
        let body = self.fill(&definition, &values)?;
        let frame = self.map.frames.len();
        self.map.frames.push(Frame { definition, parent, call: home });
        self.active.push(frame);
        self.body(&body, Some(frame));
        self.active.pop();
        Ok(())
    }

    /// The definition for a call and the value of each of its arguments.
    fn resolve(&self, call: &Call) -> Result<(Arc<MacroDefinition>, Vec<String>), Failure> {
        let given = call.arguments.as_deref().unwrap_or_default();
        let definition = self.table.find(&call.name, given.len()).or_else(|| {
            // `name()` is a call of `name(1)` with an empty argument when there is no `name`.
            (call.arguments.is_some() && given.is_empty()).then(|| self.table.find(&call.name, 1)).flatten()
        });
        let Some(definition) = definition else {
            return Err(self.unknown(&call.name, given.len()));
        };
        let mut values: Vec<Option<String>> = vec![None; definition.arguments.len()];
        let mut positional = Vec::new();
        for argument in given {
            let named = argument.named.as_ref().and_then(|(name, value)| {
                definition.arguments.iter().position(|known| known == name).map(|index| (index, value))
            });
            match named {
                None => positional.push(argument.text.clone()),
                Some((index, value)) => {
                    let slot = values.get_mut(index);
                    if slot.as_ref().is_some_and(|slot| slot.is_some()) {
                        return Err(Failure::new(
                            "macro/arguments",
                            format!("argument `{}` of macro `{}` is given twice", definition.arguments[index], call.name),
                        ));
                    }
                    if let Some(slot) = slot {
                        *slot = Some(value.clone());
                    }
                }
            }
        }
        let mut positional = positional.into_iter();
        let values = values.into_iter().map(|value| value.or_else(|| positional.next()).unwrap_or_default()).collect();
        Ok((definition, values))
    }

    fn unknown(&self, name: &str, given: usize) -> Failure {
        let arities: Vec<_> = self.table.iter().filter(|known| known.name == name).map(MacroDefinition::signature).collect();
        if !arities.is_empty() {
            let forms = arities.iter().map(|form| format!("`{form}`")).collect::<Vec<_>>().join(", ");
            let count = match given {
                0 => "no arguments".to_owned(),
                1 => "1 argument".to_owned(),
                more => format!("{more} arguments"),
            };
            return Failure::new("macro/arguments", format!("macro `{name}` is called with {count}"))
                .help(format!("it is defined as {forms}; put an argument that holds a comma in double quotes"));
        }
        let failure = Failure::new("macro/unknown", format!("unknown macro `{}`", key(name, given)));
        match nearest(name, self.table.iter().map(|known| known.name.as_str())) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help("define it in macros.conf of an app, in a content folder or on the command line"),
        }
    }

    fn check_nesting(&self, definition: &Arc<MacroDefinition>) -> Result<(), Failure> {
        let names = || self.active.iter().filter_map(|index| self.map.frames.get(*index)).map(|frame| frame.definition.key());
        let wanted = definition.key();
        if let Some(first) = names().position(|name| name == wanted) {
            let chain: Vec<_> = names().skip(first).chain([wanted.clone()]).map(|name| format!("`{name}`")).collect();
            return Err(Failure::new("macro/recursion", format!("macro `{wanted}` calls itself: {}", chain.join(" -> "))));
        }
        if self.active.len() >= MAXIMUM_DEPTH {
            return Err(Failure::new("macro/depth", format!("macros are nested more than {MAXIMUM_DEPTH} deep")));
        }
        Ok(())
    }

    /// The text that replaces a call, before calls in it are followed.
    fn fill(&self, definition: &MacroDefinition, values: &[String]) -> Result<Body, Failure> {
        if let Some(validation) = &definition.validation {
            self.validate(definition, validation, values)?;
        }
        let body = substitute(&definition.definition, &definition.arguments, values)?;
        if !definition.is_eval {
            return Ok(body);
        }
        let text = (self.evaluator)(&body.text).map_err(|message| {
            Failure::new("macro/eval", format!("macro `{}` can't be computed: {message}", definition.key()))
        })?;
        let home = Home::Replaced(Span::new(0, definition.definition.len()));
        Ok(Body { pieces: vec![(text.len(), home)], text })
    }

    /// A true/false expression must be true; any other must be null, or its value is the message.
    fn validate(&self, definition: &MacroDefinition, validation: &str, values: &[String]) -> Result<(), Failure> {
        let named = with_bare_arguments(validation, &definition.arguments, values);
        let expression = substitute(&named, &definition.arguments, values)?.text;
        let name = definition.key();
        let refused =
            |message: &str| Failure::new("macro/validation", format!("macro `{name}` refuses its arguments: {message}"));
        let error_message = || match &definition.error_message {
            Some(message) => substitute(message, &definition.arguments, values).map(|body| body.text),
            None => Ok(format!("`{}` is not true", expression.trim())),
        };
        let truth = || match (self.evaluator)(&format!("if(({expression}), \"true\", \"false\")"))?.as_str() {
            "true" => Ok(Some(true)),
            _ => Ok::<_, String>(Some(false)),
        };
        let text = || (self.evaluator)(&expression);
        let lead = expression.trim_start().to_ascii_lowercase();
        let gives_text = ["validate", "case", "if", "coalesce", "nullif"]
            .iter()
            .any(|function| lead.strip_prefix(function).is_some_and(|rest| rest.trim_start().starts_with('(')));
        let judged = if gives_text {
            match text() {
                Ok(value) => Ok(value),
                Err(_) => truth().map(|value| value.unwrap_or_default().to_string()),
            }
        } else {
            truth().map(|value| value.unwrap_or_default().to_string()).or_else(|_| text())
        };
        match judged.as_deref() {
            Ok("true" | "True" | "1") => Ok(()),
            Ok("") if gives_text => Ok(()),
            Ok("false" | "False" | "0" | "") => Err(refused(&error_message()?)),
            Ok(message) => Err(refused(message)),
            Err(message) => {
                Err(Failure::new("macro/validation", format!("the validation of macro `{name}` can't be computed: {message}")))
            }
        }
    }

    /// Reports a problem at the call in the query; `home` is the place in the innermost definition.
    fn report(&mut self, failure: Failure, home: Span) {
        let outermost = self.active.first().and_then(|index| self.map.frames.get(*index));
        let span = outermost.map_or(home, |frame| frame.call);
        let mut message = failure.message;
        if let Some(frame) = self.active.last().and_then(|index| self.map.frames.get(*index)) {
            message = format!("{message} (in macro `{}`, {})", frame.definition.key(), frame.definition.origin);
        }
        let mut diagnostic = Diagnostic::error(failure.code, message, span);
        if let Some(help) = failure.help {
            diagnostic = diagnostic.with_help(help);
        }
        // A call that fails deep inside is reported once.
        if self.problems.last() != Some(&diagnostic) {
            self.problems.push(diagnostic);
        }
    }
}

/// The validation with the values of arguments that it names without dollar signs, as `isnum(count)` does: a number as it
/// is, any other value as a text. Names of functions and what stands in quotes stay.
fn with_bare_arguments(validation: &str, arguments: &[String], values: &[String]) -> String {
    let mut filled = String::with_capacity(validation.len());
    let mut quote = None;
    let mut rest = validation;
    while let Some(c) = rest.chars().next() {
        let word_end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, after) = rest.split_at(if word_end > 0 { word_end } else { c.len_utf8() });
        let place = arguments.iter().position(|argument| argument == word);
        let is_call = after.trim_start().starts_with('(');
        let is_token = filled.ends_with('$') && after.starts_with('$');
        match (c, quote) {
            ('"', None) => quote = Some(c),
            ('"', Some(_)) if !filled.ends_with('\\') => quote = None,
            _ => {}
        }
        match place.and_then(|place| values.get(place)).filter(|_| quote.is_none() && !is_call && !is_token) {
            Some(value) if value.trim().parse::<f64>().is_ok_and(f64::is_finite) => filled.push_str(value.trim()),
            Some(value) => {
                filled.push_str(&format!("\"{}\"", value.trim_matches('"').replace('\\', "\\\\").replace('"', "\\\"")))
            }
            None => filled.push_str(word),
        }
        rest = after;
    }
    filled
}

fn too_large() -> Failure {
    Failure::new("macro/too-large", format!("the search is longer than {} MiB with its macros expanded", MAXIMUM_SIZE >> 20))
}

#[cfg(test)]
mod tests;
