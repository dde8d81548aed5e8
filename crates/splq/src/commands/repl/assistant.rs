//! Help while typing: completion of commands, options, functions, fields and macros; lines that go on; history hints.

use std::borrow::Cow;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hinter, HistoryHinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper, Result};
use spl_functions::{aggregate, scalar};
use spl_parser::commands::{lookup, names};

use super::input::is_incomplete;

/// Commands of the REPL that can be completed.
const DOT_COMMANDS: [&str; 10] =
    [".explain", ".fields", ".format", ".help", ".limit", ".load", ".macros", ".quit", ".time", ".timing"];

/// Names that depend on data and knowledge.
#[derive(Debug, Default)]
pub struct Words {
    fields: Vec<String>,
    macros: Vec<String>,
}

impl Words {
    /// Sorted; internal fields are left out.
    pub fn new(mut fields: Vec<String>, mut macros: Vec<String>) -> Self {
        fields.retain(|field| !field.starts_with("__"));
        fields.sort();
        macros.sort();
        macros.dedup();
        Self { fields, macros }
    }

    /// Where the word at the cursor begins, and what it can become.
    pub fn complete(&self, line: &str, cursor: usize) -> (usize, Vec<String>) {
        let before = line.get(..cursor).unwrap_or(line);
        let start = before
            .rfind(|character: char| !is_word(character))
            .map_or(0, |position| position + before[position..].chars().next().map_or(1, char::len_utf8));
        let word = &before[start..];
        let context = &before[..start];
        let mut found: Vec<String> = Vec::new();
        if context.trim().is_empty() && word.starts_with('.') {
            found.extend(DOT_COMMANDS.iter().filter(|name| name.starts_with(word)).map(|name| (*name).to_owned()));
            return (start, found);
        }
        let matches = |name: &str| name.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
        if context.matches('`').count() % 2 == 1 {
            found.extend(self.macros.iter().filter(|name| matches(name)).cloned());
            return (start, found);
        }
        if context.trim_end().ends_with(['|', '[']) {
            let mut commands: Vec<&str> = names().filter(|name| matches(name)).collect();
            commands.sort_unstable();
            found.extend(commands.into_iter().map(|name| format!("{name} ")));
            return (start, found);
        }
        if word.is_empty() {
            return (start, found);
        }
        found.extend(self.fields.iter().filter(|field| matches(field)).cloned());
        if let Some(spec) = current_command(context).and_then(lookup) {
            found.extend(spec.options.iter().filter(|option| matches(option.name)).map(|option| format!("{}=", option.name)));
            let mut functions: Vec<&str> = match spec.name {
                "stats" | "eventstats" | "streamstats" | "chart" | "timechart" | "tstats" => {
                    aggregate_names().filter(|name| matches(name)).collect()
                }
                _ => Vec::new(),
            };
            if !matches!(spec.name, "search" | "fields" | "table" | "rename" | "sort" | "dedup" | "top" | "rare" | "head") {
                functions.extend(scalar::all().map(|function| function.name).filter(|name| matches(name)));
            }
            functions.sort_unstable();
            functions.dedup();
            found.extend(functions.into_iter().map(|name| format!("{name}(")));
        }
        (start, found)
    }
}

fn aggregate_names() -> impl Iterator<Item = &'static str> {
    aggregate::all().flat_map(|function| std::iter::once(function.name).chain(function.aliases.iter().copied()))
}

/// Characters of names.
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.' | '{' | '}' | ':' | '-')
}

/// The name of the command that is being typed; none in the search before the first pipe.
fn current_command(context: &str) -> Option<&str> {
    let start = context.rfind(['|', '['])?;
    context[start + 1..].split_whitespace().next()
}

/// What rustyline asks.
pub struct Assistant {
    /// Names that can be completed.
    pub words: Words,
    files: FilenameCompleter,
    history: HistoryHinter,
    color: bool,
}

impl Assistant {
    /// Without history yet.
    pub fn new(words: Words, color: bool) -> Self {
        Self { words, files: FilenameCompleter::new(), history: HistoryHinter::new(), color }
    }
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, cursor: usize, context: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        if line.trim_start().starts_with(".load ") {
            return self.files.complete(line, cursor, context);
        }
        let (start, found) = self.words.complete(line, cursor);
        Ok((start, found.into_iter().map(|name| Pair { display: name.clone(), replacement: name }).collect()))
    }
}

impl Hinter for Assistant {
    type Hint = String;

    fn hint(&self, line: &str, cursor: usize, context: &Context<'_>) -> Option<String> {
        // Without colours a hint can't be told from what was typed.
        if self.color && !line.is_empty() { self.history.hint(line, cursor, context) } else { None }
    }
}

impl Highlighter for Assistant {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _default: bool) -> Cow<'b, str> {
        if self.color { Cow::Owned(format!("\u{1b}[1;36m{prompt}\u{1b}[0m")) } else { Cow::Borrowed(prompt) }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\u{1b}[2m{hint}\u{1b}[0m"))
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        Ok(if is_incomplete(context.input()) { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(line: &str) -> Vec<String> {
        let words =
            Words::new(vec!["user".to_owned(), "user_agent".to_owned(), "__ordinal".to_owned()], vec!["security_x".to_owned()]);
        words.complete(line, line.len()).1
    }

    #[test]
    fn names_by_place() {
        assert!(completed("foo | he").contains(&"head ".to_owned()));
        assert_eq!(completed("us"), ["user", "user_agent"]);
        assert!(completed("| stats du").is_empty());
        assert!(completed("| dedup keepe").contains(&"keepempty=".to_owned()));
        assert_eq!(completed("`sec"), ["security_x"]);
        assert_eq!(completed(".ti"), [".time", ".timing"]);
        assert!(completed("| eval x=subs").contains(&"substr(".to_owned()));
    }
}
