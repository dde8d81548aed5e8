//! Search expressions to DataFusion conditions: `field=value`, terms, IN, time modifiers, event types and tags.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit};
use spl_functions::column::ValueType;
use spl_functions::search::{PatternPart as WirePart, SearchPattern, TermBoundaries};
use spl_parser::syntax::{Directive, FieldName, Pattern, PatternPart, SearchExpression, SearchKind, SearchOperator, SearchValue};
use spl_parser::{Diagnostic, Span};

use crate::context::PlanContext;
use crate::frame::conditions::{and, balanced, negate, or};
use crate::frame::scope::{KnowledgeScope, Scope, Typed};
use crate::frame::text;
use crate::function_call::call;
use crate::search::time_range::{INDEX_TIME, bounds_index_time, parse_time, time_bound, time_format};

/// Plans a search expression; its subsearches must have been replaced by their results. Never null.
pub fn plan(context: &PlanContext, search: &SearchExpression, scope: &dyn Scope) -> Result<Expr, Diagnostic> {
    match &search.kind {
        SearchKind::And(parts) => match time_format(parts) {
            Some(format) => all(&context.with_time_format(format), parts, scope),
            None => all(context, parts, scope),
        },
        SearchKind::Or(parts) => any(context, parts, scope),
        SearchKind::Not(inner) => Ok(negate(plan(context, inner, scope)?)),
        SearchKind::Comparison { field, operator, value } => comparison(context, field, operator.value, value, scope),
        SearchKind::In { field, values } => {
            if let Some(parts) = special_values(context, field, values, scope)? {
                return Ok(parts);
            }
            let Some(column) = scope.resolve(&field.name)? else { return Ok(lit(false)) };
            if let Some(known) = constant_text(&column) {
                return Ok(lit(values.iter().any(|value| wire_pattern(value).matcher().matches(known))));
            }
            let arguments = vec![column, Typed::new(list(values.iter().map(encode)), ValueType::Multivalue)];
            Ok(call(context, "search_in", arguments)?.expression)
        }
        SearchKind::Term(value) => term(context, value, scope),
        SearchKind::TimeModifier { name, value } => time_modifier(context, &name.value, &value.value, value.span, scope),
        SearchKind::Subsearch(subsearch) | SearchKind::SubsearchComparison { subsearch, .. } => {
            Err(Diagnostic::error("plan/subsearch", "a subsearch can't stand here", subsearch.span))
        }
    }
}

/// All parts. Many terms that must not be there are looked for at once.
fn all(context: &PlanContext, parts: &[SearchExpression], scope: &dyn Scope) -> Result<Expr, Diagnostic> {
    let (excluded, others) = terms_apart(parts, |part| match &part.kind {
        SearchKind::Not(inner) => plain_term(inner),
        _ => None,
    });
    let mut planned = Vec::with_capacity(others.len() + 1);
    for part in others {
        planned.push(plan(context, part, scope)?);
    }
    for (boundaries, values) in excluded {
        planned.push(negate(any_term(context, &values, boundaries, scope)?));
    }
    Ok(balanced(planned, and).unwrap_or_else(|| lit(true)))
}

/// One of the parts. Many terms are looked for at once.
fn any(context: &PlanContext, parts: &[SearchExpression], scope: &dyn Scope) -> Result<Expr, Diagnostic> {
    let parts = alternatives(parts);
    let (terms, others) = terms_apart(&parts, plain_term);
    let mut planned = Vec::with_capacity(others.len() + 1);
    for part in others {
        planned.push(plan(context, part, scope)?);
    }
    for (boundaries, values) in terms {
        planned.push(any_term(context, &values, boundaries, scope)?);
    }
    Ok(balanced(planned, or).unwrap_or_else(|| lit(false)))
}

/// Alternatives up to this number are conditions of their own.
const FEW: usize = 4;

/// Terms that are looked for at once, by their boundaries, and the parts that are planned one by one.
type TermsApart<'p> = (Vec<(TermBoundaries, Vec<&'p SearchValue>)>, Vec<&'p SearchExpression>);

/// Takes the terms out of parts where there are many of them.
fn terms_apart(parts: &[SearchExpression], term: fn(&SearchExpression) -> Option<&SearchValue>) -> TermsApart<'_> {
    let mut apart: Vec<(TermBoundaries, Vec<&SearchValue>)> = Vec::new();
    for value in parts.iter().filter_map(term) {
        let boundaries = boundaries_of(value);
        match apart.iter_mut().find(|(known, _)| *known == boundaries) {
            Some((_, values)) => values.push(value),
            None => apart.push((boundaries, vec![value])),
        }
    }
    apart.retain(|(_, values)| values.len() > FEW);
    let is_apart = |value: &SearchValue| apart.iter().any(|(boundaries, _)| *boundaries == boundaries_of(value));
    let others = parts.iter().filter(|part| !term(part).is_some_and(is_apart)).collect();
    (apart, others)
}

/// A term that is looked for in the text of an event.
fn plain_term(part: &SearchExpression) -> Option<&SearchValue> {
    match &part.kind {
        SearchKind::And(only) if only.len() == 1 => plain_term(&only[0]),
        SearchKind::Term(value) if !value.pattern.is_any() && value.indexed_field().is_none() => Some(value),
        _ => None,
    }
}

fn boundaries_of(value: &SearchValue) -> TermBoundaries {
    match value.directive {
        Directive::Term => TermBoundaries::Major,
        Directive::None | Directive::Case => TermBoundaries::Segments,
    }
}

fn any_term(
    context: &PlanContext,
    values: &[&SearchValue],
    boundaries: TermBoundaries,
    scope: &dyn Scope,
) -> Result<Expr, Diagnostic> {
    let Some(raw) = scope.resolve("_raw")? else { return Ok(lit(false)) };
    let patterns = Typed::new(list(values.iter().map(|value| encode(value))), ValueType::Multivalue);
    let arguments = vec![raw, patterns, Typed::new(text(boundaries.name()), ValueType::Text)];
    Ok(call(context, "search_any_term", arguments)?.expression)
}

/// `a=1 OR a=2 OR b=3` as `a IN (1, 2) OR b=3`: one look at a value instead of one per alternative.
fn alternatives(parts: &[SearchExpression]) -> Vec<SearchExpression> {
    let mut merged: Vec<SearchExpression> = Vec::with_capacity(parts.len());
    let mut places: hashbrown::HashMap<&str, usize> = hashbrown::HashMap::new();
    if parts.len() <= FEW {
        return parts.to_vec();
    }
    for part in parts {
        let inner = match &part.kind {
            SearchKind::And(only) if only.len() == 1 => &only[0],
            _ => part,
        };
        match &inner.kind {
            SearchKind::Comparison { field, operator, value }
                if operator.value == SearchOperator::Equal && value.directive == Directive::None && !value.pattern.is_any() =>
            {
                match places.get_mut(field.name.as_str()) {
                    Some(place) => {
                        if let SearchKind::In { values, .. } = &mut merged[*place].kind {
                            values.push(value.clone());
                        }
                    }
                    None => {
                        places.insert(&field.name, merged.len());
                        let kind = SearchKind::In { field: field.clone(), values: vec![value.clone()] };
                        merged.push(SearchExpression { kind, span: inner.span });
                    }
                }
            }
            _ => merged.push(part.clone()),
        }
    }
    merged
}

/// The pattern as functions take it.
pub fn wire_pattern(value: &SearchValue) -> SearchPattern {
    SearchPattern { case_sensitive: value.directive == Directive::Case, ..wire(&value.pattern) }
}

/// A pattern that ignores case, as functions take it.
pub fn wire(pattern: &Pattern) -> SearchPattern {
    let part = |part: &PatternPart| match part {
        PatternPart::Literal(text) => WirePart::Literal(text.clone()),
        PatternPart::Wildcard => WirePart::Wildcard,
    };
    SearchPattern { parts: pattern.parts.iter().map(part).collect(), case_sensitive: false }
}

/// A pattern from a text in which each `*` is a wildcard, as searches have it.
pub(super) fn pattern_of(text: &str) -> Pattern {
    let part = |part: WirePart| match part {
        WirePart::Literal(text) => PatternPart::Literal(text),
        WirePart::Wildcard => PatternPart::Wildcard,
    };
    Pattern { parts: SearchPattern::new(text).parts.into_iter().map(part).collect() }
}

/// A literal list of texts.
fn list(texts: impl Iterator<Item = String>) -> Expr {
    let texts: Vec<ScalarValue> = texts.map(|text| ScalarValue::Utf8View(Some(text))).collect();
    lit(ScalarValue::List(ScalarValue::new_list_nullable(&texts, &DataType::Utf8View)))
}

fn encode(value: &SearchValue) -> String {
    wire_pattern(value).encode()
}

/// `tag=`, `tag::field=`, `hosttag=`, `eventtypetag=` and `eventtype=` over events: by knowledge objects and by what the
/// data carries.
fn special_values(
    context: &PlanContext,
    field: &FieldName,
    values: &[SearchValue],
    scope: &dyn Scope,
) -> Result<Option<Expr>, Diagnostic> {
    let Some(knowledge) = scope.knowledge() else { return Ok(None) };
    let (column_name, tagged_field) = match field.name.as_str() {
        "eventtype" => ("eventtype", None),
        "tag" => ("tag", None),
        "eventtypetag" => ("tag", Some("eventtype")),
        "hosttag" => ("tag", Some("host")),
        "savedsearch" | "savedsplunk" if scope.resolve(&field.name)?.is_none() => {
            let mut any = lit(false);
            for value in values {
                any = or(any, saved_search(context, knowledge, value)?);
            }
            return Ok(Some(any));
        }
        name => match name.strip_prefix("tag::") {
            Some(tagged) => ("tag", Some(tagged)),
            None => return Ok(None),
        },
    };
    let mut any = lit(false);
    for value in values {
        let known = if column_name == "eventtype" {
            knowledge.eventtype(&value.pattern)?
        } else {
            knowledge.tag(tagged_field, &value.pattern)?
        };
        let carried = match scope.resolve(&format!("{}{column_name}", crate::frame::scope::RAW_PREFIX))? {
            Some(column) => Some(matches(context, column, &encode(value))?),
            None => None,
        };
        if known.is_none() && carried.is_none() && column_name == "eventtype" && value.pattern.as_literal().is_some() {
            context.warn(
                Diagnostic::warning(
                    "knowledge/unknown-eventtype",
                    format!("no event type is named `{}`", value.pattern.as_literal().unwrap_or_default()),
                    Some(value.span),
                )
                .with_help("event types come from the built-in pack and from --app"),
            );
        }
        for part in [known, carried].into_iter().flatten() {
            any = or(any, part);
        }
    }
    Ok(Some(any))
}

/// The events that a saved search finds, which must be a search without further commands.
fn saved_search(context: &PlanContext, knowledge: &dyn KnowledgeScope, value: &SearchValue) -> Result<Expr, Diagnostic> {
    let Some(name) = value.pattern.as_literal() else {
        return Err(Diagnostic::error("plan/wildcard", "the name of a saved search can't have wildcards", value.span));
    };
    let saved = crate::search::saved_search::find(context, name, value.span)?;
    let only = spl_parser::parse(&saved.text).ok().filter(|pipeline| pipeline.commands.len() == 1);
    if only.is_none_or(|pipeline| pipeline.commands[0].spec.name != "search") {
        let message = format!("the saved search `{name}` has commands beside its search");
        return Err(Diagnostic::error("plan/saved-search", message, value.span)
            .with_help("`| savedsearch` runs one with all its commands"));
    }
    knowledge.saved_search(name, &saved.text).map_err(|error| Diagnostic { labels: Vec::new(), ..error })
}

fn comparison(
    context: &PlanContext,
    field: &FieldName,
    operator: SearchOperator,
    value: &SearchValue,
    scope: &dyn Scope,
) -> Result<Expr, Diagnostic> {
    match operator {
        SearchOperator::Equal => {
            if let Some(special) = special_values(context, field, std::slice::from_ref(value), scope)? {
                return Ok(special);
            }
        }
        SearchOperator::NotEqual => {
            if let Some(special) = special_values(context, field, std::slice::from_ref(value), scope)? {
                return Ok(match scope.resolve(&field.name)? {
                    Some(column) => and(column.expression.is_not_null(), negate(special)),
                    None => lit(false),
                });
            }
        }
        _ => {}
    }
    let Some(column) = scope.resolve(&field.name)? else { return Ok(lit(false)) };
    let pattern = Typed::new(text(encode(value)), ValueType::Text);
    let symbol = match operator {
        SearchOperator::Equal if value.pattern.is_any() && constant_text(&column).is_some() => return Ok(lit(true)),
        SearchOperator::Equal if value.pattern.is_any() => return Ok(column.expression.is_not_null()),
        SearchOperator::Equal => return matches(context, column, &encode(value)),
        SearchOperator::NotEqual if constant_text(&column).is_some() => {
            return Ok(negate(matches(context, column, &encode(value))?));
        }
        SearchOperator::NotEqual => return Ok(call(context, "search_not_equal", vec![column, pattern])?.expression),
        SearchOperator::Less => "<",
        SearchOperator::LessOrEqual => "<=",
        SearchOperator::Greater => ">",
        SearchOperator::GreaterOrEqual => ">=",
    };
    let Some(literal) = value.pattern.as_literal() else {
        return Err(Diagnostic::error("plan/wildcard", format!("`{symbol}` can't compare with a wildcard"), value.span));
    };
    if field.name == "_time" && column.value_type.is_number() && literal.parse::<f64>().is_err() {
        let when = parse_time(context, literal, value.span)?;
        let limit = Typed::new(text(spl_functions::value::format_number(when)), ValueType::Text);
        return Ok(call(context, "search_compare", vec![column, Typed::new(text(symbol), ValueType::Text), limit])?.expression);
    }
    let arguments = vec![column, Typed::new(text(symbol), ValueType::Text), Typed::new(text(literal), ValueType::Text)];
    Ok(call(context, "search_compare", arguments)?.expression)
}

fn term(context: &PlanContext, value: &SearchValue, scope: &dyn Scope) -> Result<Expr, Diagnostic> {
    if value.pattern.is_any() && value.directive == Directive::None {
        return Ok(lit(true));
    }
    if let Some((field, pattern)) = value.indexed_field() {
        return match scope.resolve(field)? {
            Some(column) => matches(context, column, &wire(&pattern).encode()),
            None => Ok(lit(false)),
        };
    }
    let Some(raw) = scope.resolve("_raw")? else { return Ok(lit(false)) };
    let boundaries = boundaries_of(value).name();
    let arguments = vec![raw, Typed::new(text(encode(value)), ValueType::Text), Typed::new(text(boundaries), ValueType::Text)];
    Ok(call(context, "search_term", arguments)?.expression)
}

fn time_modifier(context: &PlanContext, name: &str, value: &str, span: Span, scope: &dyn Scope) -> Result<Expr, Diagnostic> {
    if name == "timeformat" {
        // It is no condition: it says how the others are written.
        return Ok(lit(true));
    }
    let (earliest, when) = time_bound(context, name, value, span)?;
    if bounds_index_time(name)
        && let Some(indexed) = scope.resolve(INDEX_TIME)?
    {
        let function = if earliest { "spl_greater_or_equal" } else { "spl_less" };
        return Ok(call(context, function, vec![indexed, Typed::new(lit(when), ValueType::Float)])?.expression.is_true());
    }
    let Some(time) = scope.resolve("_time")? else { return Ok(lit(true)) };
    Ok(if earliest { time.expression.gt_eq(lit(when)) } else { time.expression.lt(lit(when)) })
}

/// Whether a name matches a search pattern, without case.
pub fn pattern_matches(pattern: &Pattern, name: &str) -> bool {
    match pattern.as_literal() {
        // Without case one text is as long as the other where both are ASCII.
        Some(text) if text.is_ascii() && name.is_ascii() => text.eq_ignore_ascii_case(name),
        _ => wire(pattern).matcher().matches(name),
    }
}

/// `field=pattern` for an encoded pattern; settled here when the field is a constant.
pub fn matches(context: &PlanContext, column: Typed, encoded: &str) -> Result<Expr, Diagnostic> {
    if let Some(known) = constant_text(&column)
        && let Some(pattern) = SearchPattern::decode(encoded)
    {
        return Ok(lit(pattern.matcher().matches(known)));
    }
    Ok(call(context, "search_equal", vec![column, Typed::new(text(encoded), ValueType::Text)])?.expression)
}

fn constant_text(column: &Typed) -> Option<&str> {
    match &column.expression {
        Expr::Literal(ScalarValue::Utf8View(Some(text)), _) => Some(text),
        _ => None,
    }
}
