//! What the objects of an app show together: searches, expressions and regular expressions that can't be read, and names
//! that nothing defines.

use std::path::Path;

use spl_macros::{Origin, Setting};
use spl_parser::diagnostic::{Diagnostic, Severity, nearest};

use super::{AppProblem, CompileRegex, finding};
use crate::data_model::{CalculationKind, DataModel};
use crate::knowledge::Knowledge;
use crate::lookup::{LookupDefinition, LookupSource};
use crate::props::ResolvedProps;
use crate::transform::{Transform, split_quoted};

/// Collects findings about one app.
struct Findings<'a> {
    folder: &'a Path,
    knowledge: &'a Knowledge,
    compile: CompileRegex<'a>,
    problems: &'a mut Vec<AppProblem>,
}

/// Checks every object that the app defines.
pub(super) fn check(folder: &Path, knowledge: &Knowledge, compile: CompileRegex<'_>, problems: &mut Vec<AppProblem>) {
    let mut findings = Findings { folder, knowledge, compile, problems };
    for props in knowledge.all_props() {
        findings.props(&props);
    }
    for (key, setting) in knowledge.props.iter().flat_map(|stanza| &stanza.settings) {
        if key.starts_with("REPORT-") {
            findings.report(key, setting);
        }
    }
    for transform in knowledge.transforms.values() {
        findings.transform(transform);
    }
    for lookup in knowledge.lookups.values() {
        findings.lookup(lookup);
    }
    for event_type in knowledge.event_types.values() {
        findings.search(&event_type.origin, &format!("the search of event type `{}`", event_type.name), &event_type.search);
    }
    for rule in knowledge.tags.iter().filter(|rule| rule.field == "eventtype") {
        if !knowledge.event_types.contains_key(&rule.value) {
            let near = nearest(&rule.value, knowledge.event_types.keys().map(String::as_str));
            findings.warning(
                &rule.origin,
                "knowledge/unknown-eventtype",
                format!("tag `{}` is for event type `{}`, which nothing defines", rule.tag, rule.value),
                near,
            );
        }
    }
    for saved in knowledge.saved_searches.values() {
        findings.pipeline(&saved.origin, &format!("the search of saved search `{}`", saved.name), &saved.search);
    }
    for model in knowledge.data_models.values() {
        findings.data_model(model);
    }
}

impl Findings<'_> {
    fn add(&mut self, problem: Option<AppProblem>) {
        self.problems.extend(problem);
    }

    fn error(&mut self, origin: &Origin, code: &'static str, message: String) {
        let problem = finding(self.folder, origin, Severity::Error, code, message);
        self.add(problem);
    }

    fn warning(&mut self, origin: &Origin, code: &'static str, message: String, near: Option<&str>) {
        let problem = finding(self.folder, origin, Severity::Warning, code, message);
        let help = near.map(|near| format!("did you mean `{near}`?"));
        self.add(problem.map(|problem| AppProblem { help, ..problem }));
    }

    fn unknown(&mut self, origin: &Origin, code: &'static str, message: String, near: Option<&str>) {
        let problem = finding(self.folder, origin, Severity::Error, code, message);
        let help = near.map(|near| format!("did you mean `{near}`?"));
        self.add(problem.map(|problem| AppProblem { help, ..problem }));
    }

    /// Whether a definition is the app's own.
    fn belongs(&self, origin: &Origin) -> bool {
        matches!(origin, Origin::File { path, .. } if Path::new(path).starts_with(self.folder))
    }

    fn unreadable(&mut self, origin: &Origin, code: &'static str, what: &str, errors: &[Diagnostic]) {
        if let Some(first) = errors.first() {
            self.error(origin, code, format!("{what} can't be read: {}", first.message));
        }
    }

    fn expression(&mut self, origin: &Origin, what: &str, source: &str) {
        if self.belongs(origin)
            && let Err(errors) = spl_parser::parse_expression(source)
        {
            self.unreadable(origin, "knowledge/expression", what, &errors);
        }
    }

    /// The names of a regular expression's groups; none when it is wrong, which is reported.
    fn regex(&mut self, origin: &Origin, what: &str, source: &str) -> Option<Vec<Option<String>>> {
        if !self.belongs(origin) {
            return None;
        }
        match (self.compile)(source) {
            Ok(groups) => Some(groups),
            Err(wrong) => {
                self.error(origin, "knowledge/regex", format!("the regular expression of {what} can't be read: {wrong}"));
                None
            }
        }
    }

    fn expanded(&mut self, origin: &Origin, what: &str, source: &str) -> Option<String> {
        if !self.belongs(origin) {
            return None;
        }
        match self.knowledge.macros.expand(source, &|_| Err(NOT_EVALUATED.to_owned())) {
            Ok(expansion) => Some(expansion.text),
            // What an `iseval` macro comes to is known when a search runs.
            Err(errors) if errors.iter().any(|error| error.message.contains(NOT_EVALUATED)) => None,
            Err(errors) => {
                self.unreadable(origin, "knowledge/search", what, &errors);
                None
            }
        }
    }

    fn search(&mut self, origin: &Origin, what: &str, source: &str) {
        let Some(text) = self.expanded(origin, what, source) else { return };
        let text = text.trim();
        if let Err(errors) = spl_parser::parse_search_expression(text.strip_prefix("search ").unwrap_or(text)) {
            self.unreadable(origin, "knowledge/search", what, &errors);
        }
    }

    fn pipeline(&mut self, origin: &Origin, what: &str, source: &str) {
        let Some(text) = self.expanded(origin, what, source) else { return };
        if let Err(errors) = spl_parser::parse(&text) {
            let is_custom = |error: &Diagnostic| {
                self.knowledge.custom_commands.keys().any(|name| error.message.contains(&format!("`{name}`")))
            };
            // Tokens of a dashboard stand for what a user chooses there.
            if !has_token(&text) && !errors.first().is_some_and(is_custom) {
                self.unreadable(origin, "knowledge/search", what, &errors);
            }
        }
    }

    fn known_lookup(&mut self, origin: &Origin, what: &str, name: &str) {
        let knowledge = self.knowledge;
        if knowledge.lookup(name).is_err() {
            let near = nearest(name, knowledge.lookups.keys().chain(knowledge.lookup_files.keys()).map(String::as_str));
            self.unknown(origin, "lookup/unknown", format!("{what} names lookup `{name}`, which nothing defines"), near);
        }
    }

    fn props(&mut self, props: &ResolvedProps) {
        for extraction in &props.extractions {
            let what = format!("`EXTRACT-{}`", extraction.class);
            if let Some(groups) = self.regex(&extraction.origin, &what, &extraction.regex)
                && groups.iter().all(Option::is_none)
            {
                self.warning(
                    &extraction.origin,
                    "knowledge/no-groups",
                    format!("{what} names no field: it has no named group"),
                    None,
                );
            }
        }
        for field in &props.calculated {
            self.expression(&field.origin, &format!("`EVAL-{}`", field.name), &field.expression);
        }
        for lookup in &props.lookups {
            self.known_lookup(&lookup.origin, &format!("`LOOKUP-{}`", lookup.class), &lookup.table);
        }
    }

    fn report(&mut self, key: &str, setting: &Setting) {
        let knowledge = self.knowledge;
        for name in split_quoted(&setting.value, ',') {
            if !knowledge.transforms.contains_key(&name) {
                let near = nearest(&name, knowledge.transforms.keys().map(String::as_str));
                let message = format!("`{key}` names transform `{name}`, which nothing defines");
                self.unknown(&setting.origin, "knowledge/unknown-transform", message, near);
            }
        }
    }

    fn transform(&mut self, transform: &Transform) {
        let what = format!("transform `{}`", transform.name);
        let origin = &transform.origin;
        if !transform.fields.is_empty() && transform.delimiters.is_none() {
            self.warning(origin, "knowledge/transform", format!("`FIELDS` of {what} has no effect without `DELIMS`"), None);
        }
        let Some(regex) = &transform.regex else { return };
        let Some(groups) = self.regex(origin, &what, regex) else { return };
        match &transform.format {
            None if groups.iter().all(Option::is_none) && transform.dest_key.is_none() => {
                let message = format!("{what} names no field: it has neither named groups nor `FORMAT`");
                self.warning(origin, "knowledge/no-groups", message, None);
            }
            Some(format) => {
                if let Some(number) = highest_group(format).filter(|number| *number >= groups.len()) {
                    let have = groups.len().saturating_sub(1);
                    let message = format!("`FORMAT` of {what} uses ${number}, but its `REGEX` has {have} groups");
                    self.error(origin, "knowledge/transform", message);
                }
            }
            None => {}
        }
    }

    fn lookup(&mut self, lookup: &LookupDefinition) {
        let origin = &lookup.origin;
        if !self.belongs(origin) {
            return;
        }
        match &lookup.source {
            LookupSource::Missing(file) => {
                let message = format!("file `{file}` of lookup `{}` is in no lookups folder", lookup.name);
                return self.error(origin, "lookup/source", message);
            }
            LookupSource::Unsupported(what) => {
                return self.warning(
                    origin,
                    "lookup/source",
                    format!("lookup `{}` is {what}, which is not supported", lookup.name),
                    None,
                );
            }
            LookupSource::File(_) | LookupSource::Table(_) | LookupSource::Collection(_) => {}
        }
        match lookup.load() {
            Err(wrong) => self.error(origin, "lookup/file", wrong.message),
            Ok(table) if !table.header.is_empty() => {
                let named = lookup.match_types.keys().map(|field| ("match_type", field));
                for (setting, field) in named.chain(lookup.time_field.iter().map(|field| ("time_field", field))) {
                    if !table.header.contains(field) {
                        let near = nearest(field, table.header.iter().map(String::as_str));
                        let message =
                            format!("`{setting}` of lookup `{}` names field `{field}`, which its table has not", lookup.name);
                        self.unknown(origin, "lookup/unknown-field", message, near);
                    }
                }
            }
            Ok(_) => {}
        }
        if let Some(filter) = &lookup.filter {
            self.expression(origin, &format!("`filter` of lookup `{}`", lookup.name), filter);
        }
    }

    fn data_model(&mut self, model: &DataModel) {
        let origin = &model.origin;
        for dataset in model.datasets.values() {
            let name = format!("{}.{}", model.name, dataset.name);
            for constraint in &dataset.constraints {
                self.search(origin, &format!("a constraint of dataset `{name}`"), constraint);
            }
            if let Some(search) = &dataset.base_search {
                self.pipeline(origin, &format!("the search of dataset `{name}`"), search);
            }
            for calculation in &dataset.calculations {
                match &calculation.kind {
                    CalculationKind::Eval { expression } => {
                        self.expression(origin, &format!("a calculated field of dataset `{name}`"), expression);
                    }
                    CalculationKind::Rex { expression, .. } => {
                        self.regex(origin, &format!("a field of dataset `{name}`"), expression);
                    }
                    CalculationKind::Lookup { lookup, .. } => {
                        self.known_lookup(origin, &format!("dataset `{name}`"), lookup);
                    }
                    CalculationKind::GeoIp { .. } => {}
                }
            }
        }
    }
}

/// Why an `iseval` macro has no value here.
const NOT_EVALUATED: &str = "not evaluated here";

/// Whether a token of a dashboard stands in a search: `$name$`.
fn has_token(search: &str) -> bool {
    let mut pieces = search.split('$');
    pieces.next();
    pieces.any(|piece| !piece.is_empty() && piece.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '|')))
}

/// The highest group that a `FORMAT` uses: 2 for `$1::$2`.
fn highest_group(format: &str) -> Option<usize> {
    let number = |rest: &str| rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok();
    format.split('$').skip(1).filter_map(number).max()
}
