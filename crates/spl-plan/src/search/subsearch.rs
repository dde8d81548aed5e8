//! Subsearches whose result becomes search text: run first, then put in place as the search that `format` would write.

use arrow::array::RecordBatch;
use futures::future::BoxFuture;
use spl_functions::column::Column;
use spl_operators::errors::engine_error;
use spl_parser::syntax::{
    Directive, Expression, ExpressionKind, FieldName, Quoting, SearchExpression, SearchKind, SearchOperator, SearchValue,
    Subsearch,
};
use spl_parser::{Diagnostic, Span, Spanned};

use crate::context::PlanContext;
use crate::search::predicate::pattern_of;
use spl_parser::effects::RequiredFields;

/// The search expression with every subsearch replaced by its result.
pub fn resolve<'a>(
    context: &'a PlanContext,
    search: &'a SearchExpression,
) -> BoxFuture<'a, Result<SearchExpression, Diagnostic>> {
    Box::pin(async move {
        let span = search.span;
        let kind = match &search.kind {
            SearchKind::And(parts) => SearchKind::And(resolve_all(context, parts).await?),
            SearchKind::Or(parts) => SearchKind::Or(resolve_all(context, parts).await?),
            SearchKind::Not(inner) => SearchKind::Not(Box::new(resolve(context, inner).await?)),
            SearchKind::Subsearch(subsearch) => run(context, subsearch).await?.kind,
            SearchKind::SubsearchComparison { field, operator, subsearch } => {
                compared(context, field, operator, subsearch).await?
            }
            other => other.clone(),
        };
        Ok(SearchExpression { kind, span })
    })
}

async fn resolve_all(context: &PlanContext, parts: &[SearchExpression]) -> Result<Vec<SearchExpression>, Diagnostic> {
    let mut resolved = Vec::with_capacity(parts.len());
    for part in parts {
        resolved.push(resolve(context, part).await?);
    }
    Ok(resolved)
}

/// Runs a subsearch and makes of its rows `((a="1" b="2") OR (a="3"))`, as `format` does, which ends every subsearch. A field named
/// `search` or `query` is taken as search text itself; `earliest` and its kin are the time range of the conditions beside them (Splunk
/// search reference, format, return and Time modifiers).
async fn run(context: &PlanContext, subsearch: &Subsearch) -> Result<SearchExpression, Diagnostic> {
    let frame = context.subsearch(subsearch, "subsearch_maxout", RequiredFields::All).await?;
    let (_, batches) = context.collect(frame).await?;
    rows_to_search(&batches, subsearch.span)
}

pub(super) fn rows_to_search(batches: &[RecordBatch], span: Span) -> Result<SearchExpression, Diagnostic> {
    let mut rows: Vec<SearchExpression> = Vec::new();
    for batch in batches {
        let schema = batch.schema();
        let columns: Vec<(String, Column)> = schema
            .fields()
            .iter()
            .zip(batch.columns())
            .filter(|(field, _)| !field.name().starts_with('_'))
            .map(|(field, array)| Ok((field.name().clone(), Column::new(array).map_err(engine_error)?)))
            .collect::<Result<_, Diagnostic>>()?;
        for row in 0..batch.num_rows() {
            let mut parts: Vec<SearchExpression> = Vec::new();
            for (name, column) in &columns {
                let values = column.value(row).each_text();
                if values.is_empty() {
                    continue;
                }
                if matches!(name.as_str(), "search" | "query") {
                    for text in values {
                        parts.push(text_to_search(&text, name == "search", span)?);
                    }
                    continue;
                }
                let is_time = spl_parser::parser::search::TIME_MODIFIERS.contains(&name.as_str());
                let condition = if is_time { time_modifier } else { equality };
                let mut any: Vec<SearchExpression> = values.iter().map(|text| condition(name, text, span)).collect();
                match (any.len(), any.pop()) {
                    (1, Some(single)) => parts.push(single),
                    (_, Some(last)) => {
                        any.push(last);
                        parts.push(SearchExpression { kind: SearchKind::Or(any), span });
                    }
                    _ => {}
                }
            }
            if !parts.is_empty() {
                rows.push(SearchExpression { kind: SearchKind::And(parts), span });
            }
        }
    }
    // Without rows the result is `NOT ()`, which nothing matches: an empty OR.
    Ok(SearchExpression { kind: SearchKind::Or(rows), span })
}

fn text_to_search(text: &str, parsed: bool, span: Span) -> Result<SearchExpression, Diagnostic> {
    let trimmed = text.trim();
    if is_nothing(trimmed) {
        return Ok(SearchExpression { kind: SearchKind::Or(Vec::new()), span });
    }
    if !parsed && !trimmed.contains(['=', '(', '"', '<', '>']) {
        return Ok(SearchExpression { kind: SearchKind::Term(literal(trimmed, span)), span });
    }
    let mut search = spl_parser::parse_search_expression(trimmed).map_err(|errors| {
        let why = errors.first().map(|error| error.message.clone()).unwrap_or_default();
        Diagnostic::error("plan/subsearch", format!("the subsearch returned text that is no search: {why}"), span)
            .with_help(trimmed.chars().take(200).collect::<String>())
    })?;
    search.span = span;
    Ok(search)
}

/// Whether a text is what `format` writes when there are no rows.
fn is_nothing(text: &str) -> bool {
    let mut written = text.chars().filter(|character| !character.is_whitespace());
    let start = written.by_ref().take(6).collect::<String>();
    start.is_empty() || (start == "NOT()" && written.next().is_none())
}

fn literal(text: &str, span: Span) -> SearchValue {
    // Values of a subsearch keep their wildcards: `*` in a lookup's rows is how lists of patterns are written.
    SearchValue { pattern: pattern_of(text), quoted: true, directive: Directive::None, span }
}

fn equality(name: &str, text: &str, span: Span) -> SearchExpression {
    SearchExpression {
        kind: SearchKind::Comparison {
            field: FieldName { name: name.to_owned(), span, quoting: Quoting::Double },
            operator: Spanned::new(SearchOperator::Equal, span),
            value: literal(text, span),
        },
        span,
    }
}

/// A bound of the time range, as the text that `format` writes would be read.
fn time_modifier(name: &str, text: &str, span: Span) -> SearchExpression {
    let kind = SearchKind::TimeModifier { name: Spanned::new(name.to_owned(), span), value: Spanned::new(text.to_owned(), span) };
    SearchExpression { kind, span }
}

/// The expression with every subsearch replaced by the expression that it returns.
pub fn resolve_expression<'a>(
    context: &'a PlanContext,
    expression: &'a Expression,
) -> BoxFuture<'a, Result<Expression, Diagnostic>> {
    Box::pin(async move {
        let kind = match &expression.kind {
            ExpressionKind::Subsearch(subsearch) => return returned_expression(context, subsearch).await,
            ExpressionKind::Unary { operator, operand } => {
                ExpressionKind::Unary { operator: *operator, operand: Box::new(resolve_expression(context, operand).await?) }
            }
            ExpressionKind::Binary { operator, left, right } => ExpressionKind::Binary {
                operator: operator.clone(),
                left: Box::new(resolve_expression(context, left).await?),
                right: Box::new(resolve_expression(context, right).await?),
            },
            ExpressionKind::In { operand, list } => ExpressionKind::In {
                operand: Box::new(resolve_expression(context, operand).await?),
                list: resolve_list(context, list).await?,
            },
            ExpressionKind::Call { name, arguments } => {
                ExpressionKind::Call { name: name.clone(), arguments: resolve_list(context, arguments).await? }
            }
            other => other.clone(),
        };
        Ok(Expression { kind, span: expression.span })
    })
}

async fn resolve_list(context: &PlanContext, list: &[Expression]) -> Result<Vec<Expression>, Diagnostic> {
    let mut resolved = Vec::with_capacity(list.len());
    for item in list {
        resolved.push(resolve_expression(context, item).await?);
    }
    Ok(resolved)
}

/// Whether an expression holds a subsearch.
pub fn has_subsearch(expression: &Expression) -> bool {
    let mut found = false;
    spl_parser::effects::walk_expression(expression, &mut |part| found |= matches!(part.kind, ExpressionKind::Subsearch(_)));
    found
}

async fn returned_expression(context: &PlanContext, subsearch: &Subsearch) -> Result<Expression, Diagnostic> {
    let span = subsearch.span;
    let frame = context.subsearch(subsearch, "subsearch_maxout", RequiredFields::All).await?;
    let (_, batches) = context.collect(frame).await?;
    // `return $field` gives a lone text in the field `search`: an expression where an expression is wanted.
    if let Some(text) = lone_text(&batches)? {
        if is_nothing(&text) {
            return to_expression(&SearchExpression { kind: SearchKind::Or(Vec::new()), span });
        }
        return Ok(match spl_parser::parse_expression(&text) {
            Ok(expression) if !matches!(expression.kind, ExpressionKind::Field(_)) => at_span(expression, span),
            _ => Expression { kind: ExpressionKind::Text(text), span },
        });
    }
    to_expression(&rows_to_search(&batches, span)?)
}

/// An expression that was read from a text of its own, told at the place of the subsearch: spans into the search would be others' text.
fn at_span(expression: Expression, span: Span) -> Expression {
    let at = |inner: Box<Expression>| Box::new(at_span(*inner, span));
    let all = |list: Vec<Expression>| list.into_iter().map(|inner| at_span(inner, span)).collect();
    let kind = match expression.kind {
        ExpressionKind::Unary { operator, operand } => ExpressionKind::Unary { operator, operand: at(operand) },
        ExpressionKind::Binary { operator, left, right } => {
            ExpressionKind::Binary { operator: Spanned::new(operator.value, span), left: at(left), right: at(right) }
        }
        ExpressionKind::In { operand, list } => ExpressionKind::In { operand: at(operand), list: all(list) },
        ExpressionKind::Call { name, arguments } => {
            ExpressionKind::Call { name: Spanned::new(name.value, span), arguments: all(arguments) }
        }
        ExpressionKind::Field(field) => ExpressionKind::Field(FieldName { span, ..field }),
        other => other,
    };
    Expression { kind, span }
}

pub(super) fn lone_text(batches: &[RecordBatch]) -> Result<Option<String>, Diagnostic> {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) else { return Ok(None) };
    let schema = batch.schema();
    let visible: Vec<usize> = (0..schema.fields().len()).filter(|place| !schema.field(*place).name().starts_with('_')).collect();
    match visible.as_slice() {
        [place] if rows == 1 && schema.field(*place).name() == "search" => {
            let column = Column::new(batch.column(*place)).map_err(engine_error)?;
            Ok(column.value(0).text().map(|text| text.into_owned()))
        }
        _ => Ok(None),
    }
}

fn to_expression(search: &SearchExpression) -> Result<Expression, Diagnostic> {
    use spl_parser::syntax::BinaryOperator as B;
    let span = search.span;
    let fold = |parts: &[SearchExpression], operator: B, empty: bool| -> Result<Expression, Diagnostic> {
        let mut whole: Option<Expression> = None;
        for part in parts {
            let part = to_expression(part)?;
            whole = Some(match whole {
                None => part,
                Some(before) => Expression {
                    kind: ExpressionKind::Binary {
                        operator: Spanned::new(operator, span),
                        left: Box::new(before),
                        right: Box::new(part),
                    },
                    span,
                },
            });
        }
        Ok(whole.unwrap_or_else(|| Expression {
            kind: ExpressionKind::Call {
                name: Spanned::new(if empty { "true" } else { "false" }.to_owned(), span),
                arguments: Vec::new(),
            },
            span,
        }))
    };
    match &search.kind {
        SearchKind::And(parts) => fold(parts, B::And, true),
        SearchKind::Or(parts) => fold(parts, B::Or, false),
        SearchKind::Comparison { field, value, .. } => Ok(Expression {
            kind: ExpressionKind::Binary {
                operator: Spanned::new(B::Equal, span),
                left: Box::new(Expression {
                    kind: ExpressionKind::Field(FieldName { quoting: Quoting::Single, ..field.clone() }),
                    span,
                }),
                right: Box::new(Expression {
                    kind: ExpressionKind::Text(value.pattern.as_literal().unwrap_or_default().to_owned()),
                    span,
                }),
            },
            span,
        }),
        _ => Err(Diagnostic::error("plan/subsearch", "the result of this subsearch can't stand in an expression", span)
            .with_help("end the subsearch with `| return $field`")),
    }
}

/// `field=[ ... ]`: the returned values are compared, any of them.
async fn compared(
    context: &PlanContext,
    field: &FieldName,
    operator: &Spanned<SearchOperator>,
    subsearch: &Subsearch,
) -> Result<SearchKind, Diagnostic> {
    let span = subsearch.span;
    let frame = context.subsearch(subsearch, "subsearch_maxout", RequiredFields::All).await?;
    let (_, batches) = context.collect(frame).await?;
    let mut any = Vec::new();
    for batch in &batches {
        let schema = batch.schema();
        for place in (0..schema.fields().len()).filter(|place| !schema.field(*place).name().starts_with('_')) {
            let column = Column::new(batch.column(place)).map_err(engine_error)?;
            for row in 0..batch.num_rows() {
                for text in column.value(row).each_text() {
                    let kind =
                        SearchKind::Comparison { field: field.clone(), operator: operator.clone(), value: literal(&text, span) };
                    any.push(SearchExpression { kind, span });
                }
            }
        }
    }
    Ok(SearchKind::Or(any))
}
