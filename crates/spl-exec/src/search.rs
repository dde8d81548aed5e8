//! Search expressions to DataFusion conditions: `field=value`, terms, IN, time modifiers, event types and tags.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit, not};
use spl_functions::column::ValueType;
use spl_functions::search::{PatternPart as WirePart, SearchPattern, TermBoundaries};
use spl_functions::time::parse_time_modifier;
use spl_parser::syntax::{
    Argument, Directive, FieldName, Pattern, PatternPart, Pipeline, SearchExpression, SearchKind, SearchOperator, SearchValue,
};
use spl_parser::{Diagnostic, Span};

use crate::expression::{KnowledgeScope, Scope, Typed, call};
use crate::frame::text;
use crate::planner::Planner;

/// Plans a search expression; its subsearches must have been replaced by their results. Never null.
pub fn plan(planner: &Planner, search: &SearchExpression, scope: &dyn Scope) -> Result<Expr, Diagnostic> {
    match &search.kind {
        SearchKind::And(parts) => match time_format(parts) {
            Some(format) => combine(&planner.with_time_format(format), parts, scope, true, and),
            None => combine(planner, parts, scope, true, and),
        },
        SearchKind::Or(parts) => combine(planner, &alternatives(parts), scope, false, or),
        SearchKind::Not(inner) => Ok(negate(plan(planner, inner, scope)?)),
        SearchKind::Comparison { field, operator, value } => comparison(planner, field, operator.value, value, scope),
        SearchKind::In { field, values } => {
            if let Some(parts) = special_values(planner, field, values, scope)? {
                return Ok(parts);
            }
            let Some(column) = scope.resolve(&field.name)? else { return Ok(lit(false)) };
            if let Some(known) = constant_text(&column) {
                return Ok(lit(values.iter().any(|value| wire_pattern(value).matcher().matches(known))));
            }
            let arguments = vec![column, Typed::new(list(values.iter().map(encode)), ValueType::Multivalue)];
            Ok(call(planner, "search_in", arguments)?.expression)
        }
        SearchKind::Term(value) => term(planner, value, scope),
        SearchKind::TimeModifier { name, value } => time_modifier(planner, &name.value, &value.value, value.span, scope),
        SearchKind::Subsearch(subsearch) | SearchKind::SubsearchComparison { subsearch, .. } => {
            Err(Diagnostic::error("plan/subsearch", "a subsearch can't stand here", subsearch.span))
        }
    }
}

/// The `timeformat=` of a search, which the `starttime` and `endtime` beside it are written in.
fn time_format(parts: &[SearchExpression]) -> Option<&str> {
    parts.iter().find_map(|part| match &part.kind {
        SearchKind::TimeModifier { name, value } if name.value == "timeformat" => Some(value.value.as_str()),
        _ => None,
    })
}

fn combine(
    planner: &Planner,
    parts: &[SearchExpression],
    scope: &dyn Scope,
    empty: bool,
    join: fn(Expr, Expr) -> Expr,
) -> Result<Expr, Diagnostic> {
    let mut planned = Vec::with_capacity(parts.len());
    for part in parts {
        planned.push(plan(planner, part, scope)?);
    }
    Ok(balanced(planned, join).unwrap_or_else(|| lit(empty)))
}

/// Joins conditions in a tree of logarithmic depth: a list of a subsearch may have thousands.
fn balanced(mut conditions: Vec<Expr>, join: fn(Expr, Expr) -> Expr) -> Option<Expr> {
    while conditions.len() > 1 {
        let mut next = Vec::with_capacity(conditions.len().div_ceil(2));
        let mut pairs = conditions.into_iter();
        while let Some(left) = pairs.next() {
            next.push(match pairs.next() {
                Some(right) => join(left, right),
                None => left,
            });
        }
        conditions = next;
    }
    conditions.pop()
}

/// `a=1 OR a=2 OR b=3` as `a IN (1, 2) OR b=3`: one look at a value instead of one per alternative.
fn alternatives(parts: &[SearchExpression]) -> Vec<SearchExpression> {
    const FEW: usize = 4;
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
    let parts = value
        .pattern
        .parts
        .iter()
        .map(|part| match part {
            PatternPart::Literal(text) => WirePart::Literal(text.clone()),
            PatternPart::Wildcard => WirePart::Wildcard,
        })
        .collect();
    SearchPattern { parts, case_sensitive: value.directive == Directive::Case }
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
    planner: &Planner,
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
                any = or(any, saved_search(planner, knowledge, value)?);
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
        let carried = match scope.resolve(&format!("{}{column_name}", crate::events::RAW_PREFIX))? {
            Some(column) => Some(matches(planner, column, &encode(value))?),
            None => None,
        };
        if known.is_none() && carried.is_none() && column_name == "eventtype" && value.pattern.as_literal().is_some() {
            planner.warn(
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
fn saved_search(planner: &Planner, knowledge: &dyn KnowledgeScope, value: &SearchValue) -> Result<Expr, Diagnostic> {
    let Some(name) = value.pattern.as_literal() else {
        return Err(Diagnostic::error("plan/wildcard", "the name of a saved search can't have wildcards", value.span));
    };
    let saved = crate::commands::savedsearch::find(planner, name, value.span)?;
    let only = spl_parser::parse(&saved.text).ok().filter(|pipeline| pipeline.commands.len() == 1);
    if only.is_none_or(|pipeline| pipeline.commands[0].spec.name != "search") {
        let message = format!("the saved search `{name}` has commands beside its search");
        return Err(Diagnostic::error("plan/saved-search", message, value.span)
            .with_help("`| savedsearch` runs one with all its commands"));
    }
    knowledge.saved_search(name, &saved.text).map_err(|error| Diagnostic { labels: Vec::new(), ..error })
}

fn comparison(
    planner: &Planner,
    field: &FieldName,
    operator: SearchOperator,
    value: &SearchValue,
    scope: &dyn Scope,
) -> Result<Expr, Diagnostic> {
    match operator {
        SearchOperator::Equal => {
            if let Some(special) = special_values(planner, field, std::slice::from_ref(value), scope)? {
                return Ok(special);
            }
        }
        SearchOperator::NotEqual => {
            if let Some(special) = special_values(planner, field, std::slice::from_ref(value), scope)? {
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
        SearchOperator::Equal => return matches(planner, column, &encode(value)),
        SearchOperator::NotEqual if constant_text(&column).is_some() => {
            return Ok(negate(matches(planner, column, &encode(value))?));
        }
        SearchOperator::NotEqual => return Ok(call(planner, "search_not_equal", vec![column, pattern])?.expression),
        SearchOperator::Less => "<",
        SearchOperator::LessOrEqual => "<=",
        SearchOperator::Greater => ">",
        SearchOperator::GreaterOrEqual => ">=",
    };
    let Some(literal) = value.pattern.as_literal() else {
        return Err(Diagnostic::error("plan/wildcard", format!("`{symbol}` can't compare with a wildcard"), value.span));
    };
    if field.name == "_time" && column.value_type.is_number() && literal.parse::<f64>().is_err() {
        let when = parse_time(planner, literal, value.span)?;
        let limit = Typed::new(text(spl_functions::value::format_number(when)), ValueType::Text);
        return Ok(call(planner, "search_compare", vec![column, Typed::new(text(symbol), ValueType::Text), limit])?.expression);
    }
    let arguments = vec![column, Typed::new(text(symbol), ValueType::Text), Typed::new(text(literal), ValueType::Text)];
    Ok(call(planner, "search_compare", arguments)?.expression)
}

fn term(planner: &Planner, value: &SearchValue, scope: &dyn Scope) -> Result<Expr, Diagnostic> {
    if value.pattern.is_any() && value.directive == Directive::None {
        return Ok(lit(true));
    }
    let Some(raw) = scope.resolve("_raw")? else { return Ok(lit(false)) };
    let boundaries = match value.directive {
        Directive::Term => TermBoundaries::Major,
        Directive::None | Directive::Case => TermBoundaries::Segments,
    };
    let arguments =
        vec![raw, Typed::new(text(encode(value)), ValueType::Text), Typed::new(text(boundaries.name()), ValueType::Text)];
    Ok(call(planner, "search_term", arguments)?.expression)
}

/// A time of a search: a time modifier or an absolute time.
pub fn parse_time(planner: &Planner, value: &str, span: Span) -> Result<f64, Diagnostic> {
    let modifier = parse_time_modifier(value).map_err(|message| {
        Diagnostic::error("plan/time", message, span).with_help("for example `-24h@h`, `@d`, `1700000000`, `11/14/2023:22:13:20`")
    })?;
    Ok(modifier.resolve(planner.settings().now, planner.time_zone()))
}

/// The time that a modifier sets, and whether it is the earliest (else the latest).
fn time_bound(planner: &Planner, name: &str, value: &str, span: Span) -> Result<(bool, f64), Diagnostic> {
    let now = planner.settings().now;
    let number = || {
        value
            .trim()
            .parse::<f64>()
            .map_err(|_| Diagnostic::error("plan/time", format!("`{name}` takes a number, not `{value}`"), span))
    };
    let ago = |seconds: f64| Ok::<f64, Diagnostic>(now - number()? * seconds);
    Ok(match name {
        "starttime" | "endtime" if planner.time_format().is_some() => {
            let format = planner.time_format().unwrap_or_default();
            let when = spl_functions::time::strptime(value, format, planner.time_zone());
            let wrong = || Diagnostic::error("plan/time", format!("`{value}` is not a time in the form `{format}`"), span);
            (name == "starttime", when.ok_or_else(wrong)?)
        }
        "earliest" | "starttime" => (true, parse_time(planner, value, span)?),
        "latest" | "endtime" => (false, parse_time(planner, value, span)?),
        "starttimeu" => (true, number()?),
        "endtimeu" => (false, number()?),
        "startminutesago" | "minutesago" => (true, ago(60.0)?),
        "starthoursago" | "hoursago" => (true, ago(3_600.0)?),
        "startdaysago" | "daysago" => (true, ago(86_400.0)?),
        "startmonthsago" | "monthsago" => (true, parse_time(planner, &format!("-{}mon", number()?), span)?),
        "endminutesago" => (false, ago(60.0)?),
        "endhoursago" => (false, ago(3_600.0)?),
        "enddaysago" => (false, ago(86_400.0)?),
        "endmonthsago" => (false, parse_time(planner, &format!("-{}mon", number()?), span)?),
        _ => {
            let why = if name.starts_with("_index") { ": files have no index time" } else { "" };
            return Err(Diagnostic::error("plan/time", format!("`{name}` is not supported{why}"), span)
                .with_help("use `earliest` and `latest`"));
        }
    })
}

fn time_modifier(planner: &Planner, name: &str, value: &str, span: Span, scope: &dyn Scope) -> Result<Expr, Diagnostic> {
    if name == "timeformat" {
        // It is no condition: it says how the others are written.
        return Ok(lit(true));
    }
    let (earliest, when) = time_bound(planner, name, value, span)?;
    let Some(time) = scope.resolve("_time")? else { return Ok(lit(true)) };
    Ok(if earliest { time.expression.gt_eq(lit(when)) } else { time.expression.lt(lit(when)) })
}

/// The time range of a search: what its first command asks for, else what the settings say. With an earliest time alone
/// it ends now; without one, or with the start of 1970, it is open.
///
/// Source: Splunk search reference, Time modifiers.
pub fn time_range(planner: &Planner, pipeline: &Pipeline) -> TimeRange {
    let settings = planner.settings();
    let set = |bound: &Option<String>| bound.as_deref().and_then(|bound| parse_time(planner, bound, Span::default()).ok());
    let (mut earliest, mut latest) = (set(&settings.earliest), set(&settings.latest));
    if let Some(call) = pipeline.commands.first() {
        for argument in call.arguments.iter().chain(call.clauses.iter().flat_map(|clause| &clause.arguments)) {
            if let Argument::Search(search) = argument {
                time_bounds(planner, search, &mut earliest, &mut latest);
            }
        }
    }
    let earliest = earliest.filter(|time| *time > 0.0);
    let mut range = TimeRange { earliest, latest: latest.or(earliest.map(|_| settings.now)) };
    for call in &pipeline.commands {
        let extends =
            matches!(call.spec.name, "append" | "appendcols") && crate::commands::boolean(call, "extendtimerange", false);
        if let Some(subsearch) = call.subsearch().filter(|_| extends) {
            range = range.extended(time_range(planner, &subsearch.pipeline));
        }
    }
    range
}

/// Bounds that a search can't know are reported where it is planned.
fn time_bounds(planner: &Planner, search: &SearchExpression, earliest: &mut Option<f64>, latest: &mut Option<f64>) {
    match &search.kind {
        SearchKind::And(parts) => {
            let written = time_format(parts).map(|format| planner.with_time_format(format));
            let planner = written.as_ref().unwrap_or(planner);
            parts.iter().for_each(|part| time_bounds(planner, part, earliest, latest));
        }
        SearchKind::TimeModifier { name, value } => match time_bound(planner, &name.value, &value.value, value.span) {
            Ok((true, when)) => *earliest = Some(when),
            Ok((false, when)) => *latest = Some(when),
            Err(_) => {}
        },
        _ => {}
    }
}

/// From when until when a search looks, in epoch seconds; open ends are none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeRange {
    /// Belongs to the range.
    pub earliest: Option<f64>,
    /// Does not belong to the range.
    pub latest: Option<f64>,
}

impl TimeRange {
    /// The range from the earlier start to the later end.
    fn extended(self, other: Self) -> Self {
        Self {
            earliest: self.earliest.zip(other.earliest).map(|(one, other)| one.min(other)),
            latest: self.latest.zip(other.latest).map(|(one, other)| one.max(other)),
        }
    }
}

/// Whether a search sets its own time range.
pub fn has_time_modifier(search: &SearchExpression) -> bool {
    match &search.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().any(has_time_modifier),
        SearchKind::Not(inner) => has_time_modifier(inner),
        SearchKind::TimeModifier { name, .. } => name.value != "timeformat",
        _ => false,
    }
}

/// Whether a name matches a search pattern, without case.
pub fn pattern_matches(pattern: &Pattern, name: &str) -> bool {
    let value = SearchValue { pattern: pattern.clone(), quoted: true, directive: Directive::None, span: Span::default() };
    wire_pattern(&value).matcher().matches(name)
}

/// Whether a search says until when it looks.
pub fn sets_latest(search: &SearchExpression) -> bool {
    match &search.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().any(sets_latest),
        SearchKind::Not(inner) => sets_latest(inner),
        SearchKind::TimeModifier { name, .. } => name.value == "latest" || name.value.starts_with("end"),
        _ => false,
    }
}

/// `field=pattern` for an encoded pattern; settled here when the field is a constant.
pub fn matches(planner: &Planner, column: Typed, encoded: &str) -> Result<Expr, Diagnostic> {
    if let Some(known) = constant_text(&column)
        && let Some(pattern) = SearchPattern::decode(encoded)
    {
        return Ok(lit(pattern.matcher().matches(known)));
    }
    Ok(call(planner, "search_equal", vec![column, Typed::new(text(encoded), ValueType::Text)])?.expression)
}

fn constant_text(column: &Typed) -> Option<&str> {
    match &column.expression {
        Expr::Literal(ScalarValue::Utf8View(Some(text)), _) => Some(text),
        _ => None,
    }
}

/// Whether a condition never holds.
pub fn is_false(condition: &Expr) -> bool {
    matches!(condition, Expr::Literal(ScalarValue::Boolean(Some(false)), _))
}

fn is_true(condition: &Expr) -> bool {
    matches!(condition, Expr::Literal(ScalarValue::Boolean(Some(true)), _))
}

/// Both conditions; constants are settled.
pub fn and(left: Expr, right: Expr) -> Expr {
    if is_false(&left) || is_true(&right) {
        left
    } else if is_false(&right) || is_true(&left) {
        right
    } else {
        left.and(right)
    }
}

/// Either condition; constants are settled.
pub fn or(left: Expr, right: Expr) -> Expr {
    if is_true(&left) || is_false(&right) {
        left
    } else if is_true(&right) || is_false(&left) || left == right {
        right
    } else {
        left.or(right)
    }
}

fn negate(condition: Expr) -> Expr {
    if is_true(&condition) {
        lit(false)
    } else if is_false(&condition) {
        lit(true)
    } else {
        not(condition)
    }
}
