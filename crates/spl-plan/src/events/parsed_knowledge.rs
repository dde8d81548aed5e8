//! The expressions, searches and regular expressions of knowledge objects, each parsed once for all searches of an
//! engine.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono_tz::Tz;
use hashbrown::HashMap;
use spl_functions::pattern::Pattern;
use spl_knowledge::{Knowledge, LookupDefinition, LookupTable, MatchType};
use spl_operators::lookup::matcher::Matcher;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Expression, SearchExpression};

use crate::events::origin_condition::OriginCondition;
use crate::events::shared_lookups::SharedLookups;

/// What a defined field is made of.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Fields.
    pub fields: BTreeSet<String>,
    /// Eval expressions, each with the place of its stanza. They are parsed when the field is asked for: most never are.
    pub expressions: Vec<(usize, String)>,
    /// The places of the stanzas that make the field of the event's text.
    pub of_text: BTreeSet<usize>,
}

type Parsed<T> = Result<Arc<T>, Vec<Diagnostic>>;

/// The names of a regular expression's groups by number, or what is wrong with it.
type Groups = Result<Arc<[Option<String>]>, String>;

/// What was parsed so far. It belongs to one set of knowledge objects.
#[derive(Debug, Default)]
pub struct ParsedKnowledge {
    expressions: Mutex<HashMap<String, Parsed<Expression>>>,
    searches: Mutex<HashMap<String, Parsed<SearchExpression>>>,
    groups: Mutex<HashMap<String, Groups>>,
    lookups: SharedLookups,
    /// The fields that each defined field is made of.
    inputs: OnceLock<HashMap<String, Inputs>>,
    /// The conditions of the event types that read texts.
    event_type_texts: OnceLock<Arc<Vec<OriginCondition>>>,
}

impl ParsedKnowledge {
    /// An eval expression.
    pub fn expression(&self, source: &str) -> Parsed<Expression> {
        kept(&self.expressions, source, || spl_parser::parse_expression(source).map(Arc::new))
    }

    /// The search of an event type or a constraint, with its macros expanded.
    pub fn search(&self, knowledge: &Knowledge, source: &str) -> Parsed<SearchExpression> {
        kept(&self.searches, source, || {
            let expansion = knowledge.macros.expand(source, &|_| Err("not evaluated here".to_owned()))?;
            let expanded = expansion.text.trim();
            let expanded = expanded.strip_prefix("search ").unwrap_or(expanded);
            spl_parser::parse_search_expression(expanded).map(Arc::new)
        })
    }

    /// The names of a regular expression's groups by number.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn groups(&self, regex: &str) -> Groups {
        kept(&self.groups, regex, || {
            let pattern = Pattern::new(regex)?;
            Ok(pattern.group_names().into_iter().map(|name| name.map(str::to_owned)).collect())
        })
    }

    /// The rows of a lookup; see [`SharedLookups::table`].
    ///
    /// # Errors
    /// As there.
    pub fn lookup_table(&self, definition: &LookupDefinition) -> Result<Arc<LookupTable>, Diagnostic> {
        self.lookups.table(definition)
    }

    /// What was left out of the rows of a lookup's file; see [`SharedLookups::note`].
    pub fn lookup_note(&self, path: &std::path::Path) -> Option<String> {
        self.lookups.note(path)
    }

    /// The rows of a lookup that a filter lets through; see [`SharedLookups::filtered`].
    ///
    /// # Errors
    /// As `make`.
    pub fn filtered_lookup(
        &self,
        table: &Arc<LookupTable>,
        filter: &str,
        make: impl FnOnce() -> Result<Arc<LookupTable>, Diagnostic>,
    ) -> Result<Arc<LookupTable>, Diagnostic> {
        self.lookups.filtered(table, filter, make)
    }

    /// What finds rows of a lookup; see [`SharedLookups::matcher`].
    ///
    /// # Errors
    /// As there.
    pub fn lookup_matcher(
        &self,
        definition: &LookupDefinition,
        table: &Arc<LookupTable>,
        inputs: Vec<(usize, MatchType)>,
        zone: Tz,
    ) -> Result<Arc<Matcher>, Diagnostic> {
        self.lookups.matcher(definition, table, inputs, zone)
    }

    /// The conditions of the event types that read texts, found once.
    pub fn event_type_texts(&self, find: impl FnOnce() -> Vec<OriginCondition>) -> Arc<Vec<OriginCondition>> {
        self.event_type_texts.get_or_init(|| Arc::new(find())).clone()
    }

    /// The fields that each defined field is made of, found out by `find` when they are first asked for.
    pub fn inputs(&self, find: impl FnOnce() -> HashMap<String, Inputs>) -> &HashMap<String, Inputs> {
        self.inputs.get_or_init(find)
    }
}

fn kept<V: Clone>(known: &Mutex<HashMap<String, V>>, source: &str, parse: impl FnOnce() -> V) -> V {
    if let Some(found) = known.lock().unwrap_or_else(PoisonError::into_inner).get(source) {
        return found.clone();
    }
    let parsed = parse();
    known.lock().unwrap_or_else(PoisonError::into_inner).insert(source.to_owned(), parsed.clone());
    parsed
}
