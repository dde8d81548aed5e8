//! What a word can become, by the place where it stands.

use std::borrow::Cow;
use std::collections::HashSet;

use spl_exec::expression::is_user_function;
use spl_functions::value::parse_number;
use spl_functions::{aggregate, scalar};
use spl_knowledge::Knowledge;
use spl_parser::CommandSpec;
use spl_parser::commands::{lookup, names};
use spl_parser::spec::{ArgumentShape, OptionKind, OptionSpec, Status};

use super::dot_commands::{DOT_COMMANDS, DotCommandSpec, Wanted};
use super::position::{Argument, Before, Place, position, takes_aggregations};
use crate::output::table::clean;

/// Most values of a field that are offered.
const VALUES: usize = 30;
/// Times that are often searched.
const TIMES: [&str; 10] = ["-15m", "-60m@m", "-4h@h", "-24h@h", "-7d@d", "-30d@d", "@d", "@w0", "@mon", "now"];
/// Spans that are often used.
const SPANS: [&str; 9] = ["1s", "1m", "5m", "10m", "30m", "1h", "4h", "1d", "1w"];
/// Words between the parts of conditions.
const CONDITION_WORDS: [&str; 4] = ["AND", "OR", "NOT", "IN"];

/// What completion knows of data and knowledge.
pub trait Surroundings {
    /// Knowledge objects.
    fn knowledge(&self) -> &Knowledge;
    /// Fields that the rows have behind a pipeline; of the events when it is empty.
    fn fields(&self, pipeline: &str) -> Vec<String>;
    /// Values of a field there, most common first.
    fn values(&self, pipeline: &str, field: &str) -> Vec<String>;
    /// What was loaded, as it was named.
    fn sources(&self) -> Vec<String>;
}

/// Where the word at the cursor begins, and what it can become.
pub fn complete(line: &str, cursor: usize, surroundings: &dyn Surroundings) -> (usize, Vec<String>) {
    let position = position(line, cursor);
    let word = position.word.as_str();
    let mut found = match &position.place {
        Place::Nothing => Vec::new(),
        Place::DotCommand => matching(word, DOT_COMMANDS.iter().map(|spec| format!(".{} ", spec.name))),
        Place::DotArgument(spec) => dot_arguments(spec, word, surroundings),
        Place::Macro => macros(word.trim_start_matches('`'), surroundings.knowledge()),
        Place::Command => matching(word, usable_commands().map(|name| format!("{name} "))),
        Place::DataModel => data_models(word, surroundings.knowledge()),
        Place::Dataset(model) => {
            let model = surroundings.knowledge().data_models.get(model);
            matching(word, model.into_iter().flat_map(|model| model.datasets.keys().map(|name| format!("{name} "))))
        }
        Place::Lookup => matching(word, lookups(surroundings.knowledge())),
        Place::SavedSearch => matching(word, surroundings.knowledge().saved_searches.keys().map(|name| quoted_if_needed(name))),
        Place::Time => matching(word, TIMES.iter().map(|time| (*time).to_owned())),
        Place::OptionValue(option, before) => option_values(word, option, before, surroundings),
        Place::Value(field, before, in_expression) => values(word, field, before, *in_expression, surroundings),
        Place::Argument(argument) => arguments(word, argument, surroundings),
    };
    // Names and values come from data: nothing of them may steer the terminal.
    found.retain(|candidate| matches!(clean(candidate), Cow::Borrowed(_)));
    (position.start, found)
}

/// Those that begin with the word, in any case; when there are none, those that have it inside.
fn matching(word: &str, candidates: impl Iterator<Item = String>) -> Vec<String> {
    let wanted = word.to_lowercase();
    let (mut begin, mut inside) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let lower = candidate.to_lowercase();
        if lower.starts_with(&wanted) {
            begin.push(candidate);
        } else if wanted.len() > 1 && lower.contains(&wanted) {
            inside.push(candidate);
        }
    }
    let mut found = if begin.is_empty() { inside } else { begin };
    let mut seen = HashSet::new();
    found.retain(|candidate| seen.insert(candidate.clone()));
    found
}

/// Commands that can be run, sorted.
fn usable_commands() -> impl Iterator<Item = &'static str> {
    let usable = |name: &&str| lookup(name).is_some_and(|spec| !matches!(spec.status, Status::Planned | Status::Refused(_)));
    let mut commands: Vec<&str> = names().filter(usable).collect();
    commands.sort_unstable();
    commands.into_iter()
}

fn dot_arguments(spec: &'static DotCommandSpec, word: &str, surroundings: &dyn Surroundings) -> Vec<String> {
    match spec.wanted {
        Wanted::Nothing | Wanted::Path | Wanted::Search => Vec::new(),
        Wanted::Source => {
            let all = surroundings.sources().into_iter().chain(std::iter::once("all".to_owned()));
            matching(word, all.map(|path| if path.contains(' ') { format!("\"{path}\"") } else { path }))
        }
        Wanted::Field => matching(word, sorted(surroundings.fields("")).into_iter()),
        Wanted::Macro => {
            let names = surroundings.knowledge().macros.iter().map(|definition| definition.name.clone()).collect();
            matching(word, sorted(names).into_iter())
        }
        Wanted::DataModel => matching(word, surroundings.knowledge().data_models.keys().cloned()),
        Wanted::Time => matching(word, TIMES.iter().copied().chain(std::iter::once("all")).map(str::to_owned)),
        Wanted::Topic => {
            let dots = DOT_COMMANDS.iter().map(|spec| format!(".{}", spec.name));
            let functions = scalar::all().filter(|function| is_user_function(function)).map(|function| function.name.to_owned());
            let topics = dots.chain(usable_commands().map(str::to_owned)).chain(functions);
            matching(word, topics.chain(aggregate::all().map(|function| function.name.to_owned())))
        }
        Wanted::OneOf(words) => matching(word, words.iter().map(|word| (*word).to_owned())),
    }
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_by_cached_key(|name| name.to_lowercase());
    names.dedup();
    names
}

fn macros(word: &str, knowledge: &Knowledge) -> Vec<String> {
    let calls = knowledge.macros.iter().map(|definition| {
        let end = if definition.arguments.is_empty() { '`' } else { '(' };
        format!("{}{end}", definition.name)
    });
    matching(word, sorted(calls.collect()).into_iter())
}

/// Models; behind a dot their datasets.
fn data_models(word: &str, knowledge: &Knowledge) -> Vec<String> {
    let word = word.trim_start_matches('"');
    match word.split_once('.') {
        Some((model, _)) => {
            let datasets = knowledge.data_models.get(model).into_iter().flat_map(|model| model.datasets.keys());
            matching(word, datasets.map(|dataset| format!("{model}.{dataset} ")))
        }
        None => matching(word, sorted(knowledge.data_models.keys().cloned().collect()).into_iter()),
    }
}

fn lookups(knowledge: &Knowledge) -> impl Iterator<Item = String> {
    let mut names: Vec<String> = knowledge.lookups.keys().cloned().collect();
    let defined = |file: &String| knowledge.lookups.contains_key(file.strip_suffix(".csv").unwrap_or(file));
    names.extend(knowledge.lookup_files.keys().filter(|file| !defined(file)).cloned());
    sorted(names).into_iter().map(|name| format!("{name} "))
}

fn option_values(word: &str, option: &OptionSpec, before: &Before, surroundings: &dyn Surroundings) -> Vec<String> {
    match option.kind {
        OptionKind::Boolean => matching(word, ["true ", "false "].into_iter().map(str::to_owned)),
        OptionKind::OneOf(words) => matching(word, words.iter().map(|word| format!("{word} "))),
        OptionKind::Field | OptionKind::FieldList => matching(word, fields(before, surroundings, "").into_iter()),
        OptionKind::SpanLength => matching(word, SPANS.iter().map(|span| format!("{span} "))),
        OptionKind::Integer | OptionKind::Number | OptionKind::Text | OptionKind::Regex => {
            let known = !option.default.is_empty() && !option.default.contains(' ');
            matching(word, known.then(|| format!("{} ", option.default)).into_iter())
        }
    }
}

/// Fields before a command, as they are written; `end` follows each.
fn fields(before: &Before, surroundings: &dyn Surroundings, end: &str) -> Vec<String> {
    let mut names = match &before.dataset {
        Some(dataset) => dataset_fields(dataset, surroundings.knowledge()),
        None => sorted(surroundings.fields(&before.pipeline)),
    };
    names.retain(|name| !name.starts_with("__"));
    names.into_iter().map(|name| format!("{name}{end}")).collect()
}

/// The fields of a dataset as `tstats` names them.
fn dataset_fields(name: &str, knowledge: &Knowledge) -> Vec<String> {
    let (model, dataset) = name.split_once('.').map_or((name, None), |(model, dataset)| (model, Some(dataset)));
    let Some(model) = knowledge.data_models.get(model) else {
        return Vec::new();
    };
    let dataset = dataset.map(|dataset| dataset.rsplit('.').next().unwrap_or(dataset).to_owned());
    let Some(dataset) = dataset.or_else(|| model.root().map(|root| root.name.clone())) else {
        return Vec::new();
    };
    let mut names: Vec<String> = ["_time", "host", "index", "source", "sourcetype"].map(str::to_owned).to_vec();
    if let Ok(fields) = model.all_fields(&dataset) {
        let inside = fields.into_iter().map(|field| field.name.as_str()).filter(|field| !names.iter().any(|name| name == field));
        let prefixed: Vec<String> = inside.map(|field| format!("{dataset}.{field}")).collect();
        names.extend(sorted(prefixed));
    }
    names
}

fn values(word: &str, field: &str, before: &Before, in_expression: bool, surroundings: &dyn Surroundings) -> Vec<String> {
    let knowledge = surroundings.knowledge();
    let known = match field {
        "eventtype" => knowledge.event_types.keys().cloned().collect(),
        "tag" => sorted(knowledge.tags.iter().map(|rule| rule.tag.clone()).collect()),
        _ => {
            // `Processes.user` has the values of `user`.
            let name = before.dataset.as_ref().and_then(|_| field.rsplit('.').next()).unwrap_or(field);
            surroundings.values(&before.pipeline, name)
        }
    };
    let typed = word.strip_prefix('"').unwrap_or(word);
    let quote = |value: String| match in_expression {
        true if parse_number(&value).is_none() => quoted(&value),
        _ if typed.len() < word.len() => quoted(&value),
        _ => quoted_if_needed(&value),
    };
    let typed = typed.replace("\\\\", "\\").replace("\\\"", "\"");
    matching(&typed, known.into_iter()).into_iter().take(VALUES).map(quote).collect()
}

/// A value in double quotes.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A value as it is written in a search: bare where it can be.
fn quoted_if_needed(value: &str) -> String {
    let bare =
        |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.' | ':' | '/' | '@' | '$' | '{' | '}');
    if !value.is_empty() && value.chars().all(bare) { value.to_owned() } else { quoted(value) }
}

fn arguments(word: &str, argument: &Argument, surroundings: &dyn Surroundings) -> Vec<String> {
    let Some(spec) = argument.command else {
        return matching(word, fields(&argument.before, surroundings, "").into_iter());
    };
    let bare = word.trim_start_matches(['"', '\'']);
    let mut found = Vec::new();
    match &spec.arguments {
        ArgumentShape::Search => {
            found.extend(fields(&argument.before, surroundings, "="));
            found.extend(["earliest=", "latest="].map(str::to_owned));
            found.extend(CONDITION_WORDS.map(|word| format!("{word} ")));
        }
        ArgumentShape::Nothing | ArgumentShape::Unread => {}
        ArgumentShape::Expression | ArgumentShape::Assignments => {
            let end = if argument.is_target { "=" } else { "" };
            found.extend(fields(&argument.before, surroundings, end));
            if !argument.is_target && !bare.is_empty() {
                found.extend(scalar_functions());
                found.extend(CONDITION_WORDS.map(|word| format!("{word} ")));
            }
        }
        ArgumentShape::Fields | ArgumentShape::Aggregations | ArgumentShape::Own(_) => {
            found.extend(command_arguments(word, spec, argument, surroundings));
        }
    }
    matching(bare, found.into_iter())
}

fn command_arguments(
    word: &str,
    spec: &'static CommandSpec,
    argument: &Argument,
    surroundings: &dyn Surroundings,
) -> Vec<String> {
    let mut found = Vec::new();
    let aggregates = takes_aggregations(Some(spec)) || spec.name == "tstats";
    let splits = matches!(argument.keyword.as_deref(), Some("by" | "over"));
    if aggregates && argument.depth == 0 && !splits && argument.keyword.as_deref() != Some("where") {
        found.extend(aggregate_functions());
    } else if spec.name == "tstats" && argument.keyword.as_deref() == Some("where") {
        found.extend(fields(&argument.before, surroundings, "="));
    } else {
        if spec.name == "lookup"
            && let Some(table) = argument.before.lookup.as_deref().and_then(|name| surroundings.knowledge().lookup(name).ok())
        {
            let header = if table.fields.is_empty() {
                table.load().map(|table| table.header.clone()).unwrap_or_default()
            } else {
                table.fields
            };
            found.extend(header);
        }
        found.extend(fields(&argument.before, surroundings, ""));
        if aggregates && argument.depth > 0 && !word.is_empty() {
            found.push("eval(".to_owned());
            found.extend(scalar_functions());
        }
    }
    // Behind `by` a field comes first.
    if argument.depth == 0 && !(splits && word.is_empty()) {
        let unused = spec.options.iter().filter(|option| !argument.given.iter().any(|given| given == option.name));
        found.extend(unused.map(|option| format!("{}=", option.name)));
        found.extend(keywords(spec).filter(|word| argument.keyword.as_deref() != Some(word.trim_end())));
    }
    found
}

/// The words in capitals of a command's syntax: `BY`, `OUTPUT`, `WHERE`.
fn keywords(spec: &CommandSpec) -> impl Iterator<Item = String> {
    let words = spec.syntax.split(|character: char| !character.is_ascii_alphanumeric());
    words.filter(|word| word.len() > 1 && word.chars().all(|letter| letter.is_ascii_uppercase())).map(|word| {
        // As most people type them.
        format!("{} ", word.to_ascii_lowercase())
    })
}

fn scalar_functions() -> impl Iterator<Item = String> {
    let mut names: Vec<&str> =
        scalar::all().filter(|function| is_user_function(function)).map(|function| function.name).collect();
    names.retain(|name| name.starts_with(|first: char| first.is_ascii_alphabetic()));
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| format!("{name}("))
}

fn aggregate_functions() -> impl Iterator<Item = String> {
    let all = aggregate::all().flat_map(|function| {
        let number = if function.parameter { "95" } else { "" };
        std::iter::once(function.name).chain(function.aliases.iter().copied()).map(move |name| format!("{name}{number}"))
    });
    let mut names: Vec<String> = all.collect();
    names.sort();
    names.dedup();
    // A count stands alone as often as not.
    names.into_iter().map(|name| if name == "count" { "count ".to_owned() } else { format!("{name}(") })
}

/// Whether a path belongs behind this command.
pub fn wants_path(line: &str, cursor: usize) -> bool {
    matches!(position(line, cursor).place, Place::DotArgument(spec) if spec.wanted == Wanted::Path)
}

/// What is shown behind the cursor: the syntax of the command or function that was begun, without what is typed.
pub fn syntax_hint(line: &str) -> Option<String> {
    let place = position(line, line.len());
    if let Place::DotArgument(spec) = &place.place {
        let begun = line.trim_start().len() <= spec.name.len() + 2;
        return (begun && !spec.arguments.is_empty()).then(|| spec.arguments.to_owned());
    }
    if let Place::OptionValue(option, _) = &place.place
        && place.word.is_empty()
    {
        let default = if option.default.is_empty() { String::new() } else { format!(" [default: {}]", option.default) };
        return Some(format!(" {}{default}", option.summary));
    }
    let Place::Argument(argument) = &place.place else {
        return None;
    };
    if let Some(open) = line.strip_suffix('(') {
        let name = open.rsplit(|character: char| !character.is_ascii_alphanumeric() && character != '_').next()?;
        let scalar = scalar::lookup(name).filter(|function| is_user_function(function)).map(|function| function.syntax);
        let of_events = argument.command.is_some_and(|spec| takes_aggregations(Some(spec)) || spec.name == "tstats");
        let aggregate = || aggregate::lookup(name).map(|(function, _)| function.syntax);
        let syntax = if of_events { aggregate().or(scalar) } else { scalar };
        return syntax.and_then(|syntax| syntax.split_once('(')).map(|(_, inside)| inside.to_owned());
    }
    let spec = argument.command?;
    let typed = line.trim_end();
    // The command's name was the last word.
    let name_typed = typed.len() >= spec.name.len() && {
        let last = typed.rsplit(|character: char| character.is_whitespace() || matches!(character, '|' | '[')).next()?;
        lookup(last).is_some_and(|found| found.name == spec.name) && typed.contains(['|', '['])
    };
    (name_typed && line.ends_with(' ')).then(|| spec.syntax.split_once(' ').map(|(_, rest)| rest.to_owned())).flatten()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    struct Fixed(Knowledge);

    impl Surroundings for Fixed {
        fn knowledge(&self) -> &Knowledge {
            &self.0
        }

        fn fields(&self, pipeline: &str) -> Vec<String> {
            let names: &[&str] = match pipeline {
                "" => &["user", "user_agent", "bytes", "__ordinal"],
                "x | stats count by user" => &["user", "count"],
                _ => &["other"],
            };
            names.iter().map(|name| (*name).to_owned()).collect()
        }

        fn values(&self, _: &str, field: &str) -> Vec<String> {
            let values: &[&str] = if field == "user" { &["zoe", "ann", "\u{1b}[31mred", "al bundy", "a\"b"] } else { &[] };
            values.iter().map(|value| (*value).to_owned()).collect()
        }

        fn sources(&self) -> Vec<String> {
            vec!["logs/a.ndjson".to_owned()]
        }
    }

    fn completed(line: &str) -> Vec<String> {
        let mut knowledge = Knowledge::built_in();
        knowledge.macros.define("mine(x)=user=$x$").unwrap();
        complete(line, line.len(), &Fixed(knowledge)).1
    }

    #[track_caller]
    fn offers(line: &str, candidate: &str) {
        let found = completed(line);
        assert!(found.iter().any(|found| found == candidate), "{line}: {found:?}");
    }

    #[test]
    fn names_by_place() {
        offers("foo | he", "head ");
        offers("foo [ tst", "tstats ");
        assert_eq!(completed("us"), ["user=", "user_agent="]);
        assert_eq!(completed(".ti"), [".time ", ".timing "]);
        assert_eq!(completed("`mi"), ["mine("]);
        offers("`security_content_c", "security_content_ctime(");
        assert!(completed("x | rename a as b").is_empty());
    }

    #[test]
    fn options_and_their_values() {
        offers("x | dedup keepe", "keepempty=");
        assert_eq!(completed("x | dedup keepempty="), ["true ", "false "]);
        offers("x | timechart span=", "1h ");
        assert!(!completed("x | dedup keepempty=t keep").contains(&"keepempty=".to_owned()));
    }

    #[test]
    fn functions() {
        offers("x | eval y=subs", "substr(");
        offers("x | where isn", "isnull(");
        offers("x | stats perc", "perc95(");
        offers("x | stats c", "count ");
        offers("x | timechart av", "avg(");
        offers("x | stats count(eval(l", "like(");
        assert!(!completed("x | fields subs").contains(&"substr(".to_owned()));
    }

    #[test]
    fn fields_at_the_point_of_the_pipeline() {
        assert_eq!(completed("x | stats count by user | table "), ["count", "user"]);
        assert_eq!(completed("| stats sum(by"), ["bytes"]);
        assert_eq!(completed("| stats count by us"), ["user", "user_agent"]);
        offers("x | stats count ", "by ");
        assert_eq!(completed("x | stats count by "), ["other"]);
        assert_eq!(completed("x | sort - oth"), ["other"]);
        assert_eq!(completed("x | eval z=other+ot"), ["other"]);
        offers("| tstats count from datamodel=Endpoint.Processes by Processes.us", "Processes.user");
    }

    #[test]
    fn values_most_common_first() {
        assert_eq!(completed("user="), ["zoe", "ann", "\"al bundy\"", "\"a\\\"b\""]);
        assert_eq!(completed("user=a"), ["ann", "\"al bundy\"", "\"a\\\"b\""]);
        assert_eq!(completed("x | where user=="), ["\"zoe\"", "\"ann\"", "\"al bundy\"", "\"a\\\"b\""]);
        assert_eq!(completed("user=\"a"), ["\"ann\"", "\"al bundy\"", "\"a\\\"b\""]);
        assert_eq!(completed("x | where user==\"z"), ["\"zoe\""]);
        assert_eq!(completed("NOT user IN (ann, z"), ["zoe"]);
        // The middle of a value finds it where none begins so.
        assert_eq!(completed("user=bund"), ["\"al bundy\""]);
    }

    #[test]
    fn knowledge_objects() {
        offers("| tstats count from datamodel=End", "Endpoint");
        offers("| tstats count from datamodel=Endpoint.Pro", "Endpoint.Processes ");
        offers("| from datamodel:Endpoint.Pro", "Endpoint.Processes ");
        offers("| datamodel Endpoint Pro", "Processes ");
        offers(".datamodels Endp", "Endpoint");
        assert_eq!(completed(".unload "), ["logs/a.ndjson", "all"]);
        assert_eq!(completed(".format nd"), ["ndjson"]);
        offers(".help sta", "stats");
        offers(".explain x | he", "head ");
        assert!(wants_path(".load /t", 8) && !wants_path(".time /t", 8));
    }

    #[test]
    fn hints() {
        assert!(syntax_hint("x | timechart ").unwrap().contains("<aggregation>"));
        assert!(syntax_hint("x | eval y=substr(").is_some_and(|hint| hint.ends_with(')')));
        assert!(syntax_hint("x | stats sum(").is_some());
        assert_eq!(syntax_hint("x | timechart count"), None);
        assert_eq!(syntax_hint("x"), None);
        assert!(syntax_hint(".load ").is_some_and(|hint| hint.contains("PATH")));
        assert!(syntax_hint("x | timechart limit=").is_some_and(|hint| hint.contains("default: 10")));
    }
}
