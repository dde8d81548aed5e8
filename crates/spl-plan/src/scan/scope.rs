//! Fields of events with their search-time knowledge: extracted, aliased and calculated fields, lookups, event types and
//! tags, each computed only where a search needs it.

mod event_types;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::logical_expr::{Expr, lit};
use hashbrown::HashMap;
use spl_functions::column::ValueType;
use spl_functions::extraction::steps::Step;
use spl_functions::value::Precision;
use spl_knowledge::props::{AutomaticLookup, ResolvedProps};
use spl_knowledge::{LookupDefinition, Origin};
use spl_parser::Diagnostic;
use spl_parser::effects::RequiredFields;

use crate::context::PlanContext;
use crate::events::extractions::{FILLED_PREFIX, KEYED_PREFIX, RulesOf};
use crate::events::level::Level;
use crate::events::planned_knowledge::{KnowledgeVersion, PlannedKnowledge};
use crate::events::profile::EventProfile;
use crate::expression;
use crate::frame::scope::{KnowledgeScope, RAW_PREFIX, Scope, Typed};
use crate::frame::{column, conditions, null, text};
use crate::function_call::{call, choose, convert};
use crate::scan::{carried, default_fields, nulls, settle};

/// Looks fields of the events of one kind up, knowledge applied.
pub struct EventScope<'a> {
    context: &'a PlanContext,
    kind: &'a EventProfile,
    number: usize,
    /// What planned knowledge depends on.
    version: KnowledgeVersion,
    /// What is planned while the search itself changes lookup tables: no other search shares it.
    own: Option<Arc<PlannedKnowledge>>,
    depth: Cell<usize>,
    /// Fields as one set of definitions gives them, of the pack or of all others.
    given: RefCell<HashMap<(bool, Level, String), Option<Typed>>>,
    /// The names of event types that hold fields.
    templates: OnceCell<Vec<String>>,
    /// The events that the user's event types put into data models, once that was asked.
    tagged_by_user: OnceCell<Option<Expr>>,
    /// The fields that apps define.
    own_names: OnceCell<Arc<BTreeSet<String>>>,
    /// The fields that the knowledge pack defines.
    pack_names: OnceCell<Arc<BTreeSet<String>>>,
}

impl<'a> EventScope<'a> {
    /// One scope per kind of event.
    pub fn of_profiles(context: &'a PlanContext) -> Vec<Self> {
        for kind in 0..context.data().profiles().len() {
            let problems = context.data().extractions(kind).map(|kind| kind.problems.as_slice()).unwrap_or_default();
            problems.iter().for_each(|problem| context.warn(problem.clone()));
        }
        let version = context.knowledge_version();
        let own = context.notes().has_effects().then(Arc::<PlannedKnowledge>::default);
        let scope = |(number, kind)| Self {
            context,
            kind,
            number,
            version,
            own: own.clone(),
            depth: Cell::new(0),
            given: RefCell::default(),
            templates: OnceCell::new(),
            tagged_by_user: OnceCell::new(),
            own_names: OnceCell::new(),
            pack_names: OnceCell::new(),
        };
        context.data().profiles().iter().enumerate().map(scope).collect()
    }

    fn planned(&self) -> &PlannedKnowledge {
        self.own.as_deref().unwrap_or_else(|| self.context.planned())
    }

    /// Settles what is the same for all events of the kind.
    pub fn settle(&self, typed: Typed) -> Typed {
        if self.context.settles() { settle::settle(typed, &self.all()) } else { typed }
    }

    /// Settles a condition that is the same for all events of the kind.
    pub fn settle_condition(&self, condition: Expr) -> Expr {
        if self.context.settles() { settle::settle_expression(condition, &self.all()) } else { condition }
    }

    fn all(&self) -> settle::Events<'_> {
        settle::Events { data: self.context.data(), kind: self.number, options: self.context.options() }
    }

    fn carried(&self, name: &str) -> Option<Typed> {
        let field = self.context.data().field(name)?;
        let constant = match name {
            "sourcetype" => self.kind.sourcetype.as_deref(),
            "source" => self.kind.source.as_deref(),
            _ => None,
        };
        if let Some(constant) = constant {
            return Some(literal_text(constant));
        }
        if self.context.data().statistics(name, self.number).is_some_and(|(_, facts)| facts.always_absent) {
            return Some(Typed::new(null(ValueType::Text), ValueType::Null));
        }
        Some(Typed::new(column(name), ValueType::of(field.data_type())).known_to(Precision::of(field)))
    }

    fn at(&self, name: &str, level: Level) -> Result<Option<Typed>, Diagnostic> {
        if let Some(found) = self.planned().field(self.version, self.number, level, name) {
            return Ok(found);
        }
        let found = match level {
            Level::Carried => default_fields::carried_or_given(self.context, name, &|name| self.carried(name))?,
            Level::Tagged => self.tagged(name)?,
            _ => self.known(name, level)?.map(|found| self.tokenized(name, found)).transpose()?,
        };
        let found = if level > Level::Carried { found.map(|found| self.settle(found)) } else { found };
        self.planned().keep_field(self.version, self.number, level, name, &found);
        Ok(found)
    }

    /// What the event and the apps give to a field; where they give nothing, the knowledge pack fills it. A calculated
    /// field of the pack that reads the field itself says its values in the model's words, unless an app defines the field.
    fn known(&self, name: &str, level: Level) -> Result<Option<Typed>, Diagnostic> {
        let props = &self.kind.props;
        let own = self.given(props, name, level)?;
        let Some(pack) = props.pack.as_deref().filter(|_| self.pack_defines(name)) else { return Ok(own) };
        let filled = self.given(pack, name, level)?;
        let translates = level >= Level::Calculated && self.pack_translates(pack, name);
        match (own, filled) {
            (own, None) => Ok(own),
            (Some(own), Some(filled)) if translates => self.keep_or(Some(filled), own).map(Some),
            (None, filled) => Ok(filled),
            (Some(own), Some(filled)) => nulls::filled(self.context, self.number, name, own, filled).map(Some),
        }
    }

    /// A text as the several values that `TOKENIZER` of fields.conf finds in it.
    fn tokenized(&self, name: &str, found: Typed) -> Result<Typed, Diagnostic> {
        let Some(tokenizer) = self.context.knowledge().tokenizers.get(name) else { return Ok(found) };
        // Numbers have a text too: what a tokenizer finds must not depend on the other events of the data.
        if !matches!(found.value_type, ValueType::Text | ValueType::Integer | ValueType::Float) {
            return Ok(found);
        }
        if let Err(wrong) = self.context.parsed().groups(&tokenizer.regex) {
            let wrong = Diagnostic::general("plan/regex", wrong);
            self.leave_out(&tokenizer.origin, &format!("`TOKENIZER` of `{name}`"), vec![wrong]);
            return Ok(found);
        }
        let number = |number: i64| Typed::new(lit(number), ValueType::Integer);
        let source = Typed::new(convert(self.context, found, ValueType::Text)?, ValueType::Text);
        call(self.context, "spl_capture_all", vec![source, literal_text(&tokenizer.regex), number(1), number(0)])
    }

    /// Whether definitions are those of the knowledge pack.
    fn is_pack(&self, props: &ResolvedProps) -> bool {
        !std::ptr::eq(props, &self.kind.props)
    }

    /// A field as one set of definitions gives it, up to a level; the fields that these read are those of all of them.
    fn given(&self, props: &ResolvedProps, name: &str, level: Level) -> Result<Option<Typed>, Diagnostic> {
        let is_pack = self.is_pack(props);
        let key = (is_pack, level, name.to_owned());
        if let Some(found) = self.given.borrow().get(&key) {
            return Ok(found.clone());
        }
        let found = match level {
            Level::Extracted if is_pack => self.extracted(RulesOf::Pack, name)?,
            Level::Extracted => match self.extracted(RulesOf::Apps, name)? {
                None => self.at(name, Level::Carried)?,
                found => found,
            },
            Level::Aliased => self.aliased(props, name, self.given(props, name, Level::Extracted)?)?,
            Level::Calculated => self.calculated(props, name, self.given(props, name, Level::Aliased)?)?,
            Level::LookedUp => self.looked_up(props, name, self.given(props, name, Level::Calculated)?)?,
            Level::Carried | Level::Tagged => None,
        };
        let found = found.map(|found| self.settle(found));
        self.given.borrow_mut().insert(key, found.clone());
        Ok(found)
    }

    /// The names that one set of definitions gives; they are worked out once for all searches of an engine.
    fn names_of(&self, props: &ResolvedProps) -> Arc<BTreeSet<String>> {
        let is_pack = self.is_pack(props);
        if let Some(known) = self.planned().names(self.version, self.number, is_pack) {
            return known;
        }
        let mut names = BTreeSet::new();
        // With the tables that searches of the session wrote.
        let lookup = |name: &str| self.context.lookup_table(&self.context.lookup(name)?);
        carried::defined_names(props, self.context.knowledge(), &lookup, &mut |name, _| {
            names.insert(name.to_owned());
        });
        let names = Arc::new(names);
        self.planned().keep_names(self.version, self.number, is_pack, &names);
        names
    }

    fn pack_defines(&self, name: &str) -> bool {
        let pack = self.kind.props.pack.as_deref();
        pack.is_some_and(|pack| self.pack_names.get_or_init(|| self.names_of(pack)).contains(name))
    }

    /// Whether a calculated field of the pack is made of the field itself, and no app has a say in it.
    fn pack_translates(&self, pack: &ResolvedProps, name: &str) -> bool {
        let reads_itself = |expression: &str| {
            let mut inputs = RequiredFields::none();
            if let Ok(parsed) = self.context.parsed().expression(expression) {
                spl_parser::effects::expression_fields(&parsed, &mut inputs);
            }
            inputs.contains(name)
        };
        pack.calculated.iter().any(|field| field.name == name && reads_itself(&field.expression))
            && !self.own_names.get_or_init(|| self.names_of(&self.kind.props)).contains(name)
    }

    /// A field as the rules of the apps or of the knowledge pack find it; none when no rule gives it.
    fn extracted(&self, of: RulesOf, name: &str) -> Result<Option<Typed>, Diagnostic> {
        let has = |column: &str| self.has(column);
        let extractions = self.context.data().extractions(self.number);
        let planned = extractions.and_then(|kind| kind.field(of, name, &has, self.context.parsed()));
        let Some(planned) = planned else { return Ok(None) };
        planned.problems.into_iter().for_each(|problem| self.context.warn(problem));
        let mut columns = Vec::with_capacity(planned.columns.len());
        for column in &planned.columns {
            let column = self.at(column, Level::Carried)?;
            columns.push(column.unwrap_or_else(|| Typed::new(null(ValueType::Text), ValueType::Null)));
        }
        match planned.extraction.wanted.steps.as_slice() {
            [] => return Ok(None),
            [Step::Value { column, .. }] => return Ok(columns.into_iter().nth(*column)),
            _ => {}
        }
        let types: Vec<ValueType> = columns.iter().map(|column| column.value_type).collect();
        let returns = match planned.extraction.value_type(&types) {
            ValueType::Null => ValueType::Text,
            other => other,
        };
        let written = serde_json::to_string(&planned.extraction)
            .map_err(|error| Diagnostic::general("plan/internal", format!("the extraction of `{name}`: {error}")))?;
        let mut arguments = vec![literal_text(&written), Typed::new(null(returns), returns)];
        arguments.extend(columns);
        call(self.context, "spl_extract", arguments).map(Some)
    }

    /// Whether events of the kind can have a column.
    fn has(&self, column: &str) -> bool {
        self.context.data().statistics(column, self.number).is_some_and(|(_, facts)| !facts.always_absent)
    }

    /// What the event has already stays; a match adds the field where it is absent.
    fn keep_or(&self, base: Option<Typed>, value: Typed) -> Result<Typed, Diagnostic> {
        match base {
            Some(base) => choose(self.context, vec![(base.expression.clone().is_not_null(), base)], Some(value)),
            None => Ok(value),
        }
    }

    fn aliased(&self, props: &ResolvedProps, name: &str, mut found: Option<Typed>) -> Result<Option<Typed>, Diagnostic> {
        for alias in props.aliases.iter().filter(|alias| alias.to == name) {
            let original = match self.at(&alias.from, Level::Extracted)? {
                Some(original) if self.is_pack(props) => {
                    Some(nulls::without_null(self.context, self.number, &alias.from, original)?)
                }
                original => original,
            };
            found = match (original, alias.as_new) {
                (None, true) => found,
                (None, false) => None,
                (Some(original), false) => Some(original),
                (Some(original), true) => Some(self.keep_or(found, original)?),
            };
        }
        Ok(found)
    }

    fn calculated(&self, props: &ResolvedProps, name: &str, mut found: Option<Typed>) -> Result<Option<Typed>, Diagnostic> {
        for field in props.calculated.iter().filter(|field| field.name == name) {
            let parsed = self.context.parsed().expression(&field.expression);
            let value = parsed.and_then(|parsed| {
                expression::value(self.context, &parsed, &AliasedScope { events: self, is_pack: self.is_pack(props) })
                    .map_err(|error| vec![error])
            });
            match value {
                Ok(value) => found = Some(value),
                Err(errors) => self.leave_out(&field.origin, &format!("`EVAL-{name}`"), errors),
            }
        }
        Ok(found)
    }

    /// What can't be used is left out, and a warning says so.
    fn leave_out(&self, origin: &Origin, what: &str, errors: Vec<Diagnostic>) {
        let Some(first) = errors.into_iter().next() else { return };
        let message = format!("{origin}: {what} can't be used: {}", first.message);
        self.context.warn(Diagnostic { help: first.help, ..Diagnostic::warning("knowledge/definition", message, None) });
    }

    /// Automatic lookups, in the order of their classes; each sees calculated fields, not the other lookups.
    fn looked_up(&self, props: &ResolvedProps, name: &str, mut found: Option<Typed>) -> Result<Option<Typed>, Diagnostic> {
        for lookup in &props.lookups {
            match self.with_lookup(name, lookup, &found) {
                Ok(Some(with_lookup)) => found = Some(with_lookup),
                Ok(None) => {}
                Err(wrong) => self.leave_out(&lookup.origin, &format!("`LOOKUP-{}`", lookup.class), vec![wrong]),
            }
        }
        Ok(found)
    }

    /// The field with what an automatic lookup gives; none when the lookup does not give it.
    fn with_lookup(&self, name: &str, lookup: &AutomaticLookup, found: &Option<Typed>) -> Result<Option<Typed>, Diagnostic> {
        // A lookup that lacks its table gives none of the fields that it names.
        if !lookup.outputs.is_empty() && !lookup.outputs.iter().any(|output| output.event == name) {
            return Ok(None);
        }
        let definition = self.context.lookup(&lookup.table)?;
        let Some(output) = looked_up_field(self.context, lookup, &definition, name)? else { return Ok(None) };
        let mut inputs = Vec::with_capacity(lookup.inputs.len());
        for input in &lookup.inputs {
            let value = self.at(&input.event, Level::Calculated)?;
            inputs.push((input.lookup.as_str(), value.unwrap_or_else(|| Typed::new(null(ValueType::Text), ValueType::Null))));
        }
        let all_present = inputs.iter().map(|(_, input)| input.expression.clone().is_not_null()).reduce(conditions::and);
        let value = expression::lookup::lookup(self.context, &definition, inputs, &output, self.carried("_time"))?;
        Ok(Some(match (found.clone(), all_present) {
            (None, _) => value,
            // An event that has all inputs but matches no row loses what it has (props.conf, LOOKUP).
            (Some(base), Some(all_present)) if lookup.overwrite => choose(self.context, vec![(all_present, value)], Some(base))?,
            (Some(base), _) => self.keep_or(Some(base), value)?,
        }))
    }

    /// The fields that knowledge objects give to events of the profile.
    pub fn given_names(&self) -> BTreeSet<String> {
        let props = &self.kind.props;
        let mut names = BTreeSet::clone(self.own_names.get_or_init(|| self.names_of(props)));
        if let Some(pack) = props.pack.as_deref() {
            names.extend(self.pack_names.get_or_init(|| self.names_of(pack)).iter().cloned());
        }
        let prefixed = |name: &&str| [KEYED_PREFIX, FILLED_PREFIX].iter().any(|prefix| self.has(&format!("{prefix}{name}")));
        names.extend(self.context.data().keyed_names().filter(prefixed).map(str::to_owned));
        names
    }

    /// Every field that events of the profile can have.
    fn names_at_all(&self) -> BTreeSet<String> {
        let mut names = self.given_names();
        names.extend(self.context.data().field_names());
        names
    }
}

/// Sees the event ahead of calculated fields: what calculated fields themselves see.
struct AliasedScope<'a> {
    events: &'a EventScope<'a>,
    /// Whether the knowledge pack asks.
    is_pack: bool,
}

impl Scope for AliasedScope<'_> {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        let found = self.events.at(name, Level::Aliased)?;
        match found {
            Some(found) if self.is_pack => nulls::without_null(self.events.context, self.events.number, name, found).map(Some),
            found => Ok(found),
        }
    }

    fn names(&self) -> Vec<String> {
        self.events.names()
    }
}

impl Scope for EventScope<'_> {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        match name.strip_prefix(RAW_PREFIX) {
            Some(carried) => self.at(carried, Level::Calculated),
            None => {
                default_fields::note(self.context, name);
                self.at(name, Level::Tagged)
            }
        }
    }

    fn names(&self) -> Vec<String> {
        self.names_at_all().into_iter().collect()
    }

    fn knowledge(&self) -> Option<&dyn KnowledgeScope> {
        Some(self)
    }
}

fn literal_text(value: &str) -> Typed {
    Typed::new(text(value), ValueType::Text)
}

/// The field of the table that an automatic lookup gives to a field of the event.
fn looked_up_field(
    context: &PlanContext,
    lookup: &AutomaticLookup,
    definition: &LookupDefinition,
    name: &str,
) -> Result<Option<String>, Diagnostic> {
    if !lookup.outputs.is_empty() {
        return Ok(lookup.outputs.iter().find(|output| output.event == name).map(|output| output.lookup.clone()));
    }
    let known = context.lookup_table(definition)?.header.iter().any(|field| field == name);
    let is_input = lookup.inputs.iter().any(|input| input.lookup == name) || definition.time_field.as_deref() == Some(name);
    Ok((known && !is_input).then(|| name.to_owned()))
}
