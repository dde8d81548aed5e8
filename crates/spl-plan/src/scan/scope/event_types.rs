//! Event types and tags: searches over events that knowledge objects bring, and the names that they give to what they find.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::logical_expr::Expr;
use spl_functions::column::ValueType;
use spl_knowledge::event_type::{NamePart, TagRule};
use spl_knowledge::{EventType, Origin};
use spl_parser::Diagnostic;
use spl_parser::syntax::Pattern;

use super::{EventScope, literal_text};
use crate::events::level::Level;
use crate::frame::scope::{KnowledgeScope, Typed};
use crate::frame::{conditions, null};
use crate::function_call::{call, choose};
use crate::search::predicate;

impl EventScope<'_> {
    /// A field with what event types and tags give: `eventtype`, `tag`, `tag::<field>`; others as they are below that level.
    pub(super) fn tagged(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        let found = self.at(name, Level::LookedUp)?;
        let knowledge = self.context.knowledge();
        let mut all: Vec<Typed> = found.into_iter().collect();
        let mut add = |condition: Option<Expr>, value: Typed| -> Result<(), Diagnostic> {
            if let Some(condition) = condition.filter(|condition| !conditions::is_false(condition)) {
                all.push(choose(self.context, vec![(condition, value)], None)?);
            }
            Ok(())
        };
        match name {
            "eventtype" => {
                let enabled = knowledge.enabled_event_types();
                // An event that has an event type of the user's shows none of the pack's beside it.
                let own = enabled.iter().filter(|kind| kind.origin != Origin::BuiltIn);
                let own = self.any_event_type(own.copied())?;
                for kind in enabled {
                    let Some(mut condition) = self.event_type(kind)? else { continue };
                    if let Some(own) = own.as_ref().filter(|_| kind.origin == Origin::BuiltIn) {
                        condition = self.settle_condition(conditions::and(condition, conditions::negate(own.clone())));
                    }
                    add(Some(condition), self.event_type_name(kind)?)?;
                }
            }
            _ if name == "tag" || name.starts_with("tag::") => {
                let field = name.strip_prefix("tag::");
                let rules = knowledge.tags.iter().filter(|rule| field.is_none_or(|field| field == rule.field));
                let mut by_tag: BTreeMap<&str, Vec<&TagRule>> = BTreeMap::new();
                rules.for_each(|rule| by_tag.entry(&rule.tag).or_default().push(rule));
                for (tag, rules) in by_tag {
                    let condition = self.tagged_by(rules.into_iter())?.map(|condition| self.settle_condition(condition));
                    add(condition, literal_text(tag))?;
                }
            }
            _ => return Ok(all.pop()),
        }
        if all.len() > 1 {
            return call(self.context, "mvappend", all).map(Some);
        }
        Ok(all.pop())
    }

    /// The events that an event type finds; none when its search can't be used, which is noted.
    fn event_type(&self, kind: &EventType) -> Result<Option<Expr>, Diagnostic> {
        match self.knowledge_search(&format!("event type `{}`", kind.name), &kind.search) {
            Ok(condition) => Ok(Some(condition)),
            Err(wrong) => {
                let message = format!("{}: {}", kind.origin, wrong.message);
                self.context.warn(Diagnostic { help: wrong.help, ..Diagnostic::warning("knowledge/definition", message, None) });
                Ok(None)
            }
        }
    }

    /// The name of an event type, with the values of the fields that it names: `cisco-%code%`. It is null where an event
    /// lacks one of them.
    ///
    /// Source: Splunk knowledge manager manual, configure event type templates.
    fn event_type_name(&self, kind: &EventType) -> Result<Typed, Diagnostic> {
        let parts = kind.name_parts();
        if let [NamePart::Text(text)] = parts.as_slice() {
            return Ok(literal_text(text));
        }
        let mut texts = Vec::with_capacity(parts.len());
        for part in parts {
            texts.push(match part {
                NamePart::Text(text) => literal_text(text),
                NamePart::Field(field) => {
                    let value = self.at(field, Level::LookedUp)?;
                    value.unwrap_or_else(|| Typed::new(null(ValueType::Text), ValueType::Null))
                }
            });
        }
        call(self.context, "spl_concatenate", texts)
    }

    /// The events to which an event type gives a name that matches; none for an event type of another name.
    fn event_type_named(&self, kind: &EventType, pattern: &Pattern) -> Result<Option<Expr>, Diagnostic> {
        if !kind.is_template() {
            return if predicate::pattern_matches(pattern, &kind.name) { self.event_type(kind) } else { Ok(None) };
        }
        let Some(condition) = self.event_type(kind)? else { return Ok(None) };
        let named = predicate::matches(self.context, self.event_type_name(kind)?, &predicate::wire(pattern).encode())?;
        Ok(Some(conditions::and(condition, named)))
    }

    /// The events to which an event type gives this very name.
    fn event_type_called(&self, name: &str) -> Result<Option<Expr>, Diagnostic> {
        let types = &self.context.knowledge().event_types;
        let templates = self.templates.get_or_init(|| {
            let named = types.values().filter(|kind| !kind.disabled && kind.is_template());
            named.map(|kind| kind.name.clone()).collect()
        });
        let plain = types.get(name).filter(|kind| !kind.disabled && !kind.is_template());
        let mut any = plain.map(|kind| self.event_type(kind)).transpose()?.flatten();
        let pattern = Pattern { parts: vec![spl_parser::syntax::PatternPart::Literal(name.to_owned())] };
        for template in templates.iter().filter_map(|name| types.get(name)) {
            let Some(condition) = self.event_type_named(template, &pattern)? else { continue };
            any = Some(match any {
                None => condition,
                Some(before) => conditions::or(before, condition),
            });
        }
        Ok(any)
    }

    /// The events that any of the event types finds; none without event types.
    fn any_event_type<'k>(&self, kinds: impl Iterator<Item = &'k EventType>) -> Result<Option<Expr>, Diagnostic> {
        let mut any: Option<Expr> = None;
        for kind in kinds {
            let Some(condition) = self.event_type(kind)? else { continue };
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
        if let Some(known) = self.tagged_by_user.get() {
            return Ok(known.clone());
        }
        let found = self.work_out_tagged_by_user()?;
        Ok(self.tagged_by_user.get_or_init(|| found).clone())
    }

    fn work_out_tagged_by_user(&self) -> Result<Option<Expr>, Diagnostic> {
        let knowledge = self.context.knowledge();
        let pack = knowledge.tags.iter().filter(|rule| rule.origin == Origin::BuiltIn);
        let tags_of_pack: BTreeSet<&str> = pack.map(|rule| rule.tag.as_str()).collect();
        let of_pack = |tag: &str| tags_of_pack.contains(tag);
        let of_user = knowledge.tags.iter().filter(|rule| rule.origin != Origin::BuiltIn && rule.field == "eventtype");
        let names: BTreeSet<&str> = of_user.filter(|rule| of_pack(&rule.tag)).map(|rule| rule.value.as_str()).collect();
        let enabled = knowledge.enabled_event_types().into_iter();
        self.any_event_type(enabled.filter(|kind| kind.origin != Origin::BuiltIn && names.contains(kind.name.as_str())))
    }

    /// The events to which any of the rules gives its tag; none without rules.
    fn tagged_by<'k>(&self, rules: impl Iterator<Item = &'k TagRule>) -> Result<Option<Expr>, Diagnostic> {
        let mut any: Option<Expr> = None;
        let mut by_pack: Option<Expr> = None;
        for rule in rules {
            let condition = if rule.field == "eventtype" {
                self.event_type_called(&rule.value)?
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

impl KnowledgeScope for EventScope<'_> {
    fn eventtype(&self, pattern: &Pattern) -> Result<Option<Expr>, Diagnostic> {
        let mut any: Option<Expr> = None;
        for kind in self.context.knowledge().enabled_event_types() {
            let Some(condition) = self.event_type_named(kind, pattern)? else { continue };
            any = Some(match any {
                None => condition,
                Some(before) => conditions::or(before, condition),
            });
        }
        Ok(any)
    }

    fn tag(&self, field: Option<&str>, pattern: &Pattern) -> Result<Option<Expr>, Diagnostic> {
        let rules = self.context.knowledge().tags.iter().filter(|rule| field.is_none_or(|field| field == rule.field));
        self.tagged_by(rules.filter(|rule| predicate::pattern_matches(pattern, &rule.tag)))
    }

    fn saved_search(&self, name: &str, text: &str) -> Result<Expr, Diagnostic> {
        self.knowledge_search(&format!("saved search `{name}`"), text)
    }
}

fn knowledge_error(what: &str, source: &str, errors: Vec<Diagnostic>) -> Diagnostic {
    let why = errors.into_iter().next().map(|error| error.message).unwrap_or_default();
    Diagnostic::general("knowledge/definition", format!("{what} can't be used: {why}")).with_help(source.to_owned())
}
