//! The extractions of a kind of events: which steps give a field, in Splunk's order.
//!
//! `EXTRACT-` go first, then `REPORT-`, each by class, then what the loader found in the text, which is what Splunk's
//! automatic extraction finds (Splunk knowledge manager manual, the sequence of search-time operations).

use std::collections::BTreeSet;

use hashbrown::HashMap;
use spl_functions::extraction::names::group_names;
use spl_functions::extraction::rule::Rule;
use spl_functions::extraction::steps::{Extraction, FieldSteps, Source, Step};
use spl_knowledge::Knowledge;
use spl_knowledge::props::ResolvedProps;
use spl_macros::Origin;
use spl_parser::Diagnostic;

use crate::cells::rules;
use crate::events::level::STORED_FIELDS;
use crate::events::parsed_knowledge::ParsedKnowledge;

/// Before the name of a column with what extractions found whose field names stand in the events.
pub const KEYED_PREFIX: &str = "__keyed.";

/// The same for extractions of the knowledge pack, which fill fields that events lack.
pub const FILLED_PREFIX: &str = "__filled.";

/// Whose rules give a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesOf {
    /// Those of the apps, with what the events carry.
    Apps,
    /// Those of the knowledge pack alone.
    Pack,
}

/// Rules that read what other rules found go no deeper.
const DEEPEST: usize = 20;

/// The extractions of one kind of events.
#[derive(Debug, Default)]
pub struct Extractions {
    rules: Vec<PlannedRule>,
    /// How many of the rules are `EXTRACT-`.
    inline: usize,
    by_name: HashMap<String, Vec<usize>>,
    /// The rules whose field names stand in the events.
    keyed: Vec<usize>,
    /// What can't be used, with the place where it is written.
    pub problems: Vec<Diagnostic>,
}

#[derive(Debug)]
struct PlannedRule {
    rule: Rule,
    of: RulesOf,
    source: String,
    /// What it is called in messages: ``transform `x` ``.
    what: String,
    origin: Origin,
}

impl PlannedRule {
    /// What is wrong with the rule: the first is the reason for which it can't be used, if it can't.
    fn problem(&self, parsed: &ParsedKnowledge) -> Option<(bool, Diagnostic)> {
        let (what, regex) = (&self.what, self.rule.regex()?);
        match parsed.groups(regex) {
            Err(wrong) => {
                let message = format!("the regular expression of {what} can't be read: {wrong}");
                Some((true, problem(&self.origin, "knowledge/regex", &message)))
            }
            Ok(groups) => {
                let highest = self.rule.highest_group().filter(|highest| *highest >= groups.len())?;
                let have = groups.len().saturating_sub(1);
                let message = format!("`FORMAT` of {what} uses ${highest}, but its `REGEX` has {have} groups");
                Some((false, problem(&self.origin, "knowledge/transform", &message)))
            }
        }
    }
}

/// How a field is found, and the columns that its steps number.
#[derive(Debug, Default)]
pub struct PlannedExtraction {
    /// The steps.
    pub extraction: Extraction,
    /// The columns by number.
    pub columns: Vec<String>,
    /// What can't be used, with the place where it is written.
    pub problems: Vec<Diagnostic>,
}

impl Extractions {
    /// The extractions that props.conf comes to. Transforms that nothing defines are left out and named.
    pub fn of(props: &ResolvedProps, knowledge: &Knowledge) -> Self {
        let mut found = Self::default();
        found.add_all(RulesOf::Apps, props, knowledge);
        if let Some(pack) = &props.pack {
            found.add_all(RulesOf::Pack, pack, knowledge);
        }
        found
    }

    fn add_all(&mut self, of: RulesOf, props: &ResolvedProps, knowledge: &Knowledge) {
        for extraction in &props.extractions {
            let what = format!("`EXTRACT-{}`", extraction.class);
            let source = extraction.source_field.clone().unwrap_or_else(|| "_raw".to_owned());
            self.add(PlannedRule { rule: Rule::inline(&extraction.regex), of, source, what, origin: extraction.origin.clone() });
        }
        if of == RulesOf::Apps {
            self.inline = self.rules.len();
        }
        for report in &props.reports {
            for name in &report.transforms {
                match knowledge.transform(name) {
                    Ok(transform) => {
                        if let Some(rule) = rules::of_transform(transform) {
                            let source = rules::source_field(&transform.source_key).to_owned();
                            let what = format!("transform `{name}`");
                            self.add(PlannedRule { rule, of, source, what, origin: transform.origin.clone() });
                        }
                    }
                    Err(unknown) => {
                        let help = unknown.help.map_or_else(String::new, |help| format!("; {help}"));
                        let message = format!("`REPORT-{}` names transform `{name}`, which nothing defines{help}", report.class);
                        self.problems.push(problem(&report.origin, "knowledge/unknown-transform", &message));
                    }
                }
            }
        }
    }

    fn add(&mut self, planned: PlannedRule) {
        let groups = planned.rule.regex().map(group_names).unwrap_or_default();
        let number = self.rules.len();
        if planned.rule.reads_names(groups.iter().copied()) {
            self.keyed.push(number);
        }
        for name in planned.rule.names(groups.into_iter()).into_iter().collect::<BTreeSet<_>>() {
            self.by_name.entry(name).or_default().push(number);
        }
        self.rules.push(planned);
    }

    /// The rules whose field names stand in the events, by number.
    pub fn keyed(&self) -> impl Iterator<Item = (usize, &Rule, RulesOf)> {
        self.keyed.iter().filter_map(|number| self.rules.get(*number).map(|planned| (*number, &planned.rule, planned.of)))
    }

    fn keyed_of_apps(&self) -> impl Iterator<Item = (usize, &Rule)> {
        self.keyed().filter(|(_, _, of)| *of == RulesOf::Apps).map(|(number, rule, _)| (number, rule))
    }

    /// The rules whose names stand in the events and that can't be used are left out from now on, and named.
    pub fn check_keyed(&mut self, parsed: &ParsedKnowledge) {
        let (mut kept, mut problems) = (Vec::new(), Vec::new());
        for number in std::mem::take(&mut self.keyed) {
            let found = self.rules.get(number).and_then(|planned| planned.problem(parsed));
            if !found.as_ref().is_some_and(|(breaks, _)| *breaks) {
                kept.push(number);
            }
            problems.extend(found.map(|(_, problem)| problem));
        }
        self.keyed = kept;
        self.problems.extend(problems);
    }

    /// How the text is found that such a rule reads; none when the events have no column for it.
    pub fn source_of(&self, number: usize, has: &dyn Fn(&str) -> bool, parsed: &ParsedKnowledge) -> Option<PlannedExtraction> {
        let mut planner = Planner::new(self, has, parsed);
        let source = &self.rules.get(number)?.source;
        let wanted = planner.steps(RulesOf::Apps, source, self.before(number), true);
        planner.finish(wanted)
    }

    /// How the rules of the apps find a field, with what the events carry, or those of the pack; none when no rule gives
    /// it. `has` says whether the events have a column.
    pub fn field(
        &self,
        of: RulesOf,
        name: &str,
        has: &dyn Fn(&str) -> bool,
        parsed: &ParsedKnowledge,
    ) -> Option<PlannedExtraction> {
        let keyed = || of == RulesOf::Apps && [KEYED_PREFIX, FILLED_PREFIX].iter().any(|prefix| has(&format!("{prefix}{name}")));
        let numbers = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        if !numbers.iter().any(|number| self.rules.get(*number).is_some_and(|rule| rule.of == of)) && !keyed() {
            return None;
        }
        let mut planner = Planner::new(self, has, parsed);
        let wanted = planner.steps(of, name, usize::MAX, false);
        planner.finish(wanted)
    }

    /// Up to which rule fields are there that a rule reads: `EXTRACT-` see those of all others, `REPORT-` those before.
    /// Rules of the pack see all.
    fn before(&self, number: usize) -> usize {
        match self.rules.get(number).map(|planned| planned.of) {
            Some(RulesOf::Pack) => usize::MAX,
            _ if number < self.inline => self.inline,
            _ => number,
        }
    }
}

/// Puts steps together; numbers columns and sources.
struct Planner<'a> {
    extractions: &'a Extractions,
    has: &'a dyn Fn(&str) -> bool,
    parsed: &'a ParsedKnowledge,
    problems: Vec<Diagnostic>,
    columns: Vec<String>,
    sources: Vec<FieldSteps>,
    /// Sources by field and by the rules that give it.
    known: HashMap<(String, Vec<usize>), usize>,
    /// Rules that are being looked at.
    open: Vec<usize>,
}

impl<'a> Planner<'a> {
    fn new(extractions: &'a Extractions, has: &'a dyn Fn(&str) -> bool, parsed: &'a ParsedKnowledge) -> Self {
        Self {
            extractions,
            has,
            parsed,
            problems: Vec::new(),
            columns: Vec::new(),
            sources: Vec::new(),
            known: HashMap::new(),
            open: Vec::new(),
        }
    }

    fn finish(self, wanted: FieldSteps) -> Option<PlannedExtraction> {
        if wanted.steps.is_empty() && self.problems.is_empty() {
            return None;
        }
        Some(PlannedExtraction {
            extraction: Extraction { wanted, sources: self.sources },
            columns: self.columns,
            problems: self.problems,
        })
    }

    fn column(&mut self, name: &str) -> usize {
        match self.columns.iter().position(|known| known == name) {
            Some(number) => number,
            None => {
                self.columns.push(name.to_owned());
                self.columns.len() - 1
            }
        }
    }

    /// The rules before a place that give a field, those apart that are being looked at.
    fn rules_of(&self, name: &str, before: usize) -> Vec<usize> {
        let numbers = self.extractions.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        numbers.iter().copied().filter(|number| *number < before && !self.open.contains(number)).collect()
    }

    /// The steps of the rules of the apps, with what the events carry, or of the pack; with `filled` those of the apps and
    /// then those of the pack.
    fn steps(&mut self, of: RulesOf, name: &str, before: usize, filled: bool) -> FieldSteps {
        let extractions = self.extractions;
        let mut steps = Vec::new();
        let stored = STORED_FIELDS.contains(&name);
        if of == RulesOf::Pack {
            self.add_rules(RulesOf::Pack, name, before, stored, None, &mut steps);
            return FieldSteps { field: name.to_owned(), steps };
        }
        let carried = (self.has)(name).then(|| Step::Value { column: self.column(name), adds: false });
        if stored {
            steps.extend(carried.clone());
        }
        let keyed_column = format!("{KEYED_PREFIX}{name}");
        let first_keyed = extractions.keyed_of_apps().map(|(number, _)| number).next();
        let keyed = first_keyed.filter(|first| *first < before && (self.has)(&keyed_column));
        self.add_rules(RulesOf::Apps, name, before, stored, keyed, &mut steps);
        if !stored {
            steps.extend(carried);
        }
        let filled_column = format!("{FILLED_PREFIX}{name}");
        if (self.has)(&filled_column) {
            steps.push(Step::Value { column: self.column(&filled_column), adds: false });
        }
        if filled {
            self.add_rules(RulesOf::Pack, name, before, stored, None, &mut steps);
        }
        FieldSteps { field: name.to_owned(), steps }
    }

    /// Adds the steps of rules in order; what rules found whose names stand in the events goes where the first of them is.
    fn add_rules(
        &mut self,
        of: RulesOf,
        name: &str,
        before: usize,
        stored: bool,
        mut keyed: Option<usize>,
        steps: &mut Vec<Step>,
    ) {
        let extractions = self.extractions;
        let adds = extractions.keyed_of_apps().any(|(_, rule)| rule.several);
        let keyed_column = format!("{KEYED_PREFIX}{name}");
        for number in self.rules_of(name, before) {
            let Some(planned) = extractions.rules.get(number).filter(|planned| planned.of == of) else { continue };
            if keyed.is_some_and(|keyed| keyed <= number) {
                keyed = None;
                steps.push(Step::Value { column: self.column(&keyed_column), adds });
            }
            if let Some((breaks, problem)) = planned.problem(self.parsed) {
                self.problems.push(problem);
                if breaks {
                    continue;
                }
            }
            self.open.push(number);
            let source = self.source(&planned.source, extractions.before(number));
            self.open.pop();
            if let Some(source) = source {
                let rule = Rule { several: planned.rule.several && !stored, ..planned.rule.clone() };
                steps.push(Step::Rule { source, rule });
            }
        }
        if keyed.is_some() {
            steps.push(Step::Value { column: self.column(&keyed_column), adds });
        }
    }

    fn source(&mut self, name: &str, before: usize) -> Option<Source> {
        let rules = self.rules_of(name, before);
        let keyed = [KEYED_PREFIX, FILLED_PREFIX].iter().any(|prefix| (self.has)(&format!("{prefix}{name}")));
        if STORED_FIELDS.contains(&name) || rules.is_empty() && !keyed || self.open.len() > DEEPEST {
            return (self.has)(name).then(|| Source::Column(self.column(name)));
        }
        let key = (name.to_owned(), rules);
        if let Some(number) = self.known.get(&key) {
            return Some(Source::Field(*number));
        }
        let steps = self.steps(RulesOf::Apps, name, before, true);
        self.sources.push(steps);
        let number = self.sources.len() - 1;
        self.known.insert(key, number);
        Some(Source::Field(number))
    }
}

fn problem(origin: &Origin, code: &'static str, message: &str) -> Diagnostic {
    Diagnostic::warning(code, format!("{origin}: {message}"), None)
}
