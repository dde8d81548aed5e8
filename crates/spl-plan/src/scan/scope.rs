//! Fields of events with their search-time knowledge: extracted, aliased and calculated fields, lookups, event types and
//! tags, each computed only where a search needs it.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::logical_expr::{Expr, lit};
use hashbrown::HashMap;
use spl_functions::column::ValueType;
use spl_functions::value::Precision;
use spl_knowledge::props::{AutomaticLookup, ResolvedProps};
use spl_knowledge::{EventType, Origin, Transform};
use spl_parser::Diagnostic;
use spl_parser::effects::RequiredFields;
use spl_parser::syntax::Pattern;

use crate::context::PlanContext;
use crate::events::level::{Level, STORED_FIELDS};
use crate::events::planned_knowledge::{KnowledgeVersion, PlannedKnowledge};
use crate::events::profile::EventProfile;
use crate::expression;
use crate::frame::scope::{KnowledgeScope, RAW_PREFIX, Scope, Typed};
use crate::frame::{column, conditions, null, text};
use crate::function_call::{call, choose};
use crate::scan::{carried, default_fields, settle};
use crate::search::predicate;

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
    /// The fields that apps define.
    own_names: OnceCell<BTreeSet<String>>,
    /// The fields that the knowledge pack defines.
    pack_names: OnceCell<BTreeSet<String>>,
}

impl<'a> EventScope<'a> {
    /// One scope per kind of event.
    pub fn of_profiles(context: &'a PlanContext) -> Vec<Self> {
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
        let field = self.context.data().schema().field_with_name(name).ok()?;
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
            _ => self.known(name, level)?,
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
            (None, filled) => Ok(filled),
            (Some(own), Some(filled)) if translates => self.keep_or(Some(filled), own).map(Some),
            (own, Some(filled)) => self.keep_or(own, filled).map(Some),
        }
    }

    /// A field as one set of definitions gives it, up to a level; the fields that these read are those of all of them.
    fn given(&self, props: &ResolvedProps, name: &str, level: Level) -> Result<Option<Typed>, Diagnostic> {
        let is_pack = !std::ptr::eq(props, &self.kind.props);
        let key = (is_pack, level, name.to_owned());
        if let Some(found) = self.given.borrow().get(&key) {
            return Ok(found.clone());
        }
        let found = match level {
            Level::Extracted => self.extracted(props, name, if is_pack { None } else { self.at(name, Level::Carried)? })?,
            Level::Aliased => self.aliased(props, name, self.given(props, name, Level::Extracted)?)?,
            Level::Calculated => self.calculated(props, name, self.given(props, name, Level::Aliased)?)?,
            Level::LookedUp => self.looked_up(props, name, self.given(props, name, Level::Calculated)?)?,
            Level::Carried | Level::Tagged => None,
        };
        let found = found.map(|found| self.settle(found));
        self.given.borrow_mut().insert(key, found.clone());
        Ok(found)
    }

    /// The names that one set of definitions gives.
    fn names_of(&self, props: &ResolvedProps) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        // With the tables that searches of the session wrote.
        let lookup = |name: &str| self.context.lookup(name);
        carried::defined_names(props, self.context.knowledge(), self.context.parsed(), &lookup, &mut |name, _| {
            names.insert(name.to_owned());
        });
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

    /// Inline extractions, then those of transforms, then what the loader found in the text, which is what Splunk's
    /// automatic extraction finds: the first that has a value gives it. Fields that events are stored with stay.
    fn extracted(&self, props: &ResolvedProps, name: &str, carried: Option<Typed>) -> Result<Option<Typed>, Diagnostic> {
        let mut found = None;
        for extraction in &props.extractions {
            let Some(group) = self.group_number(&extraction.regex, name) else { continue };
            let source = extraction.source_field.as_deref().unwrap_or("_raw");
            let Some(source) = self.extraction_source(source, name)? else { continue };
            let value = self.capture(source, &extraction.regex, group)?;
            found = Some(self.keep_or(found, value)?);
        }
        for (_, transforms) in &props.reports {
            for transform in transforms {
                let transform = self.context.knowledge().transform(transform)?;
                let Some(regex) = &transform.regex else {
                    if let Some(value) = self.delimited(transform, name)? {
                        found = Some(self.keep_or(found, value)?);
                    }
                    continue;
                };
                let group = self.group_number(regex, name).or_else(|| format_group(transform.format.as_deref(), name));
                let Some(group) = group else { continue };
                let Some(source) = self.extraction_source(&transform.source_key, name)? else { continue };
                let value = if transform.mv_add {
                    let arguments = vec![source, literal_text(regex), literal_number(group), literal_number(0)];
                    call(self.context, "spl_capture_all", arguments)?
                } else {
                    self.capture(source, regex, group)?
                };
                found = Some(self.keep_or(found, value)?);
            }
        }
        Ok(match (found, carried) {
            (None, carried) => carried,
            (Some(found), None) => Some(found),
            (Some(found), Some(carried)) if STORED_FIELDS.contains(&name) => Some(self.keep_or(Some(carried), found)?),
            (Some(found), Some(carried)) => Some(self.keep_or(Some(found), carried)?),
        })
    }

    /// The field that an extraction reads: one that the event carries, or that another extraction found.
    fn extraction_source(&self, source: &str, name: &str) -> Result<Option<Typed>, Diagnostic> {
        if source == "_raw" || source == name || self.depth.get() > 20 {
            return self.at(source, Level::Carried);
        }
        self.depth.set(self.depth.get() + 1);
        let found = self.at(source, Level::Extracted);
        self.depth.set(self.depth.get() - 1);
        found
    }

    /// What `DELIMS` and `FIELDS` of a transform give to a field, without the quotes around it.
    fn delimited(&self, transform: &Transform, name: &str) -> Result<Option<Typed>, Diagnostic> {
        let Some(regex) = transform.delimited_value(name) else { return Ok(None) };
        let Some(source) = self.extraction_source(&transform.source_key, name)? else { return Ok(None) };
        let value = self.capture(source, &regex, 1)?;
        call(self.context, "trim", vec![value, literal_text("\"")]).map(Some)
    }

    fn group_number(&self, regex: &str, name: &str) -> Option<usize> {
        if !regex.contains(name) {
            return None;
        }
        self.context.parsed().group_names(regex).iter().position(|group| group.as_deref() == Some(name))
    }

    fn capture(&self, source: Typed, regex: &str, group: usize) -> Result<Typed, Diagnostic> {
        call(self.context, "spl_capture", vec![source, literal_text(regex), literal_number(group)])
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
            let original = self.at(&alias.from, Level::Extracted)?;
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
            let parsed = self
                .context
                .parsed()
                .expression(&field.expression)
                .map_err(|errors| knowledge_error(&format!("EVAL-{name}"), &field.expression, errors))?;
            let value = expression::value(self.context, &parsed, &AliasedScope(self))
                .map_err(|error| knowledge_error(&format!("EVAL-{name}"), &field.expression, vec![error]))?;
            found = Some(value);
        }
        Ok(found)
    }

    /// Automatic lookups, in the order of their classes; each sees calculated fields, not the other lookups.
    fn looked_up(&self, props: &ResolvedProps, name: &str, mut found: Option<Typed>) -> Result<Option<Typed>, Diagnostic> {
        for lookup in &props.lookups {
            let Some(output) = looked_up_field(self.context, lookup, name)? else { continue };
            let definition = self.context.lookup(&lookup.table)?;
            let mut inputs = Vec::with_capacity(lookup.inputs.len());
            for input in &lookup.inputs {
                inputs.push((
                    input.lookup.as_str(),
                    self.at(&input.event, Level::Calculated)?
                        .unwrap_or_else(|| Typed::new(null(ValueType::Text), ValueType::Null)),
                ));
            }
            let value = crate::expression::lookup::lookup(self.context, &definition, inputs, &output, self.carried("_time"))?;
            found = Some(match found {
                None => value,
                // Without a match the event keeps what it has.
                Some(base) if lookup.overwrite => {
                    choose(self.context, vec![(value.expression.clone().is_not_null(), value)], Some(base))?
                }
                Some(base) => self.keep_or(Some(base), value)?,
            });
        }
        Ok(found)
    }

    fn tagged(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        let found = self.at(name, Level::LookedUp)?;
        let knowledge = self.context.knowledge();
        let mut all: Vec<Typed> = found.into_iter().collect();
        let mut add = |condition: Option<Expr>, value: &str| -> Result<(), Diagnostic> {
            if let Some(condition) = condition.filter(|condition| !conditions::is_false(condition)) {
                all.push(choose(self.context, vec![(condition, literal_text(value))], None)?);
            }
            Ok(())
        };
        match name {
            "eventtype" => {
                let enabled = knowledge.enabled_event_types();
                // An event that has an event type of the user's shows none of the pack's beside it.
                let own = enabled.iter().filter(|kind| kind.origin != Origin::BuiltIn);
                let own = self.any_event_type(own.copied())?;
                let mut by_name = enabled;
                by_name.sort_by(|a, b| a.name.cmp(&b.name));
                for kind in by_name {
                    let mut condition = self.event_type(kind)?;
                    if let Some(own) = own.as_ref().filter(|_| kind.origin == Origin::BuiltIn) {
                        condition = self.settle_condition(conditions::and(condition, conditions::negate(own.clone())));
                    }
                    add(Some(condition), &kind.name)?;
                }
            }
            "tag" => {
                let tags: BTreeSet<&str> = knowledge.tags.iter().map(|rule| rule.tag.as_str()).collect();
                for tag in tags {
                    let pattern = Pattern { parts: vec![spl_parser::syntax::PatternPart::Literal(tag.to_owned())] };
                    add(self.tag(None, &pattern)?, tag)?;
                }
            }
            _ => return Ok(all.pop()),
        }
        if all.len() > 1 {
            return call(self.context, "mvappend", all).map(Some);
        }
        Ok(all.pop())
    }

    /// The events that an event type finds.
    fn event_type(&self, kind: &EventType) -> Result<Expr, Diagnostic> {
        self.knowledge_search(&format!("event type `{}`", kind.name), &kind.search)
    }

    /// The events that any of the event types finds; none without event types.
    fn any_event_type<'k>(&self, kinds: impl Iterator<Item = &'k EventType>) -> Result<Option<Expr>, Diagnostic> {
        let mut any: Option<Expr> = None;
        for kind in kinds {
            let condition = self.event_type(kind)?;
            any = Some(match any {
                None => condition,
                Some(before) => conditions::or(before, condition),
            });
        }
        Ok(any)
    }

    /// The events to which event types of the user's give tags that the pack gives as well: whoever does that puts these
    /// events into data models, and the pack's tags do not add others.
    fn tagged_by_user(&self) -> Result<Option<Expr>, Diagnostic> {
        let knowledge = self.context.knowledge();
        let of_pack = |tag: &str| knowledge.tags.iter().any(|rule| rule.origin == Origin::BuiltIn && rule.tag == tag);
        let of_user = knowledge.tags.iter().filter(|rule| rule.origin != Origin::BuiltIn && rule.field == "eventtype");
        let names: BTreeSet<&str> = of_user.filter(|rule| of_pack(&rule.tag)).map(|rule| rule.value.as_str()).collect();
        let enabled = knowledge.enabled_event_types().into_iter();
        self.any_event_type(enabled.filter(|kind| kind.origin != Origin::BuiltIn && names.contains(kind.name.as_str())))
    }

    /// The fields that knowledge objects give to events of the profile.
    pub fn given_names(&self) -> BTreeSet<String> {
        let props = &self.kind.props;
        let mut names = self.own_names.get_or_init(|| self.names_of(props)).clone();
        if let Some(pack) = props.pack.as_deref() {
            names.extend(self.pack_names.get_or_init(|| self.names_of(pack)).iter().cloned());
        }
        names
    }

    /// Every field that events of the profile can have.
    fn names_at_all(&self) -> BTreeSet<String> {
        let mut names = self.given_names();
        names.extend(self.context.data().field_names());
        names
    }

    /// The search of an event type or a constraint, as a condition over events.
    pub fn knowledge_search(&self, what: &str, source: &str) -> Result<Expr, Diagnostic> {
        if let Some(found) = self.planned().search(self.version, self.number, source) {
            return Ok(found);
        }
        if self.depth.get() > 20 {
            return Err(Diagnostic::general("knowledge/recursion", format!("{what} refers to itself")));
        }
        self.depth.set(self.depth.get() + 1);
        let parsed = self.context.parsed().search(self.context.knowledge(), source);
        let result = parsed
            .map_err(|errors| knowledge_error(what, source, errors))
            .and_then(|search| predicate::plan(self.context, &search, self))
            .map(|condition| self.settle_condition(condition));
        self.depth.set(self.depth.get() - 1);
        if let Ok(planned) = &result {
            self.planned().keep_search(self.version, self.number, source, planned);
        }
        result
    }
}

/// Sees the event ahead of calculated fields: what calculated fields themselves see.
struct AliasedScope<'a>(&'a EventScope<'a>);

impl Scope for AliasedScope<'_> {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        self.0.at(name, Level::Aliased)
    }

    fn names(&self) -> Vec<String> {
        self.0.names()
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

impl KnowledgeScope for EventScope<'_> {
    fn eventtype(&self, pattern: &Pattern) -> Result<Option<Expr>, Diagnostic> {
        let enabled = self.context.knowledge().enabled_event_types().into_iter();
        self.any_event_type(enabled.filter(|kind| predicate::pattern_matches(pattern, &kind.name)))
    }

    fn tag(&self, field: Option<&str>, pattern: &Pattern) -> Result<Option<Expr>, Diagnostic> {
        let mut any: Option<Expr> = None;
        let mut by_pack: Option<Expr> = None;
        for rule in &self.context.knowledge().tags {
            if field.is_some_and(|field| field != rule.field) || !predicate::pattern_matches(pattern, &rule.tag) {
                continue;
            }
            let value = Pattern { parts: vec![spl_parser::syntax::PatternPart::Literal(rule.value.clone())] };
            let condition = if rule.field == "eventtype" {
                self.eventtype(&value)?
            } else {
                match self.at(&rule.field, Level::Calculated)? {
                    Some(column) => {
                        let encoded = spl_functions::search::SearchPattern::literal(&rule.value).encode();
                        Some(predicate::matches(self.context, column, &encoded)?)
                    }
                    None => None,
                }
            };
            let Some(condition) = condition.filter(|condition| !conditions::is_false(condition)) else { continue };
            let into = if rule.origin == Origin::BuiltIn { &mut by_pack } else { &mut any };
            *into = Some(match into.take() {
                None => condition,
                Some(before) => conditions::or(before, condition),
            });
        }
        let Some(mut by_pack) = by_pack else { return Ok(any) };
        if let Some(user) = self.tagged_by_user()? {
            by_pack = self.settle_condition(conditions::and(by_pack, conditions::negate(user)));
        }
        Ok(Some(match any {
            None => by_pack,
            Some(any) => conditions::or(any, by_pack),
        }))
    }

    fn saved_search(&self, name: &str, text: &str) -> Result<Expr, Diagnostic> {
        self.knowledge_search(&format!("saved search `{name}`"), text)
    }
}

fn literal_text(value: &str) -> Typed {
    Typed::new(text(value), ValueType::Text)
}

fn literal_number(value: usize) -> Typed {
    Typed::new(lit(value as i64), ValueType::Integer)
}

/// The field of the table that an automatic lookup gives to a field of the event.
fn looked_up_field(context: &PlanContext, lookup: &AutomaticLookup, name: &str) -> Result<Option<String>, Diagnostic> {
    if !lookup.outputs.is_empty() {
        return Ok(lookup.outputs.iter().find(|output| output.event == name).map(|output| output.lookup.clone()));
    }
    let known = context.lookup(&lookup.table)?.load()?.header.iter().any(|field| field == name);
    let is_input = lookup.inputs.iter().any(|input| input.lookup == name);
    Ok((known && !is_input).then(|| name.to_owned()))
}

/// The group that a `FORMAT` such as `user::$1 host::$2` gives to a field.
fn format_group(format: Option<&str>, name: &str) -> Option<usize> {
    format?.split_whitespace().find_map(|part| {
        let (field, group) = part.split_once("::")?;
        (field.trim_matches('"') == name).then(|| group.trim_matches('"').strip_prefix('$')?.parse().ok())?
    })
}

fn knowledge_error(what: &str, source: &str, errors: Vec<Diagnostic>) -> Diagnostic {
    let why = errors.into_iter().next().map(|error| error.message).unwrap_or_default();
    Diagnostic::general("knowledge/definition", format!("{what} can't be used: {why}")).with_help(source.to_owned())
}
