//! Aggregations: `count`, `dc(user) AS users`, `count(eval(status=404))`, `sparkline(count, 1h)`.

use super::argument::missing_argument;
use super::{Reader, lexical};
use crate::diagnostic::{Diagnostic, nearest};
use crate::span::{Span, Spanned};
use crate::syntax::{Aggregation, AggregationArgument, Argument, CommandCall, FieldName, Quoting};

impl<'a> Reader<'a> {
    /// Aggregations and options up to the end of the command or one of the keywords.
    pub fn aggregations(&mut self, call: &mut CommandCall, stops: &[&str]) -> Result<(), Diagnostic> {
        loop {
            self.options(call)?;
            self.stray_commas();
            if self.at_end_of_command() || stops.iter().any(|word| self.at_keyword(word)) {
                return Ok(());
            }
            self.refuse_unknown_option(call.spec)?;
            let aggregation = self.aggregation()?;
            call.arguments.push(Argument::Aggregation(aggregation));
            self.separator();
        }
    }

    /// The whole of `stats` and its kin: aggregations, then `by` fields; options anywhere between them.
    pub fn aggregations_by(&mut self, call: &mut CommandCall) -> Result<(), Diagnostic> {
        self.aggregations(call, &["by"])?;
        self.field_clause(call, "by", &[])?;
        if call.aggregations().next().is_none() {
            return Err(missing_argument(&format!("`{}` needs at least one aggregation", call.spec.name), call.name.span)
                .with_help("for example `count` or `sum(bytes)`"));
        }
        self.expect_end_of_command("an aggregation or `by`")
    }

    /// One aggregation with its alias.
    pub fn aggregation(&mut self) -> Result<Aggregation, Diagnostic> {
        let mut aggregation = self.aggregation_call()?;
        aggregation.alias = self.alias()?;
        Ok(aggregation)
    }

    fn aggregation_call(&mut self) -> Result<Aggregation, Diagnostic> {
        if let Some(opener) = self.symbol("(") {
            return self.bare_expression(opener);
        }
        let Some(name) = self.read(lexical::function_name) else {
            return Err(self.unexpected("an aggregation such as `count` or `sum(bytes)`"));
        };
        let function = Spanned::new(name.value.to_ascii_lowercase(), name.span);
        let after_name = self.position();
        let Some(opener) = self.symbol("(") else {
            self.return_to(after_name);
            return self.bare_aggregation(name.value, function);
        };
        self.enter(opener)?;
        let (argument, text) = if function.value == "sparkline" {
            self.sparkline(name.value, opener)?
        } else {
            self.aggregation_argument(name.value, &function, opener)?
        };
        let end = self.close(")", opener)?;
        self.leave();
        let span = function.span.to(end);
        let text = match text {
            Some(text) => text,
            None => format!("{}({})", name.value, self.text(Span::new(opener.end, end.start)).trim()),
        };
        Ok(Aggregation { function, argument, alias: None, text, span })
    }

    /// `(avg(a)*2)`: an expression over aggregations without the word `eval` in front.
    fn bare_expression(&mut self, opener: Span) -> Result<Aggregation, Diagnostic> {
        self.note_practice(opener, "an expression over aggregations stands without `eval`", "write eval(...)");
        self.enter(opener)?;
        let expression = self.expression()?;
        let end = self.close(")", opener)?;
        self.leave();
        let span = opener.to(end);
        let text = format!("eval({})", self.text(Span::new(opener.end, end.start)).trim());
        let function = Spanned::new("eval".to_owned(), opener);
        Ok(Aggregation { function, argument: AggregationArgument::Eval(expression), alias: None, text, span })
    }

    /// `count` and `sparkline`, and any other function over all fields.
    fn bare_aggregation(&mut self, written: &str, function: Spanned<String>) -> Result<Aggregation, Diagnostic> {
        let span = function.span;
        let argument = match function.value.as_str() {
            "count" | "c" => AggregationArgument::None,
            "sparkline" => AggregationArgument::Sparkline { aggregation: Box::new(bare_count(span)), time_span: None },
            // `eval` is no function of a field: its parentheses hold an expression over functions.
            "eval" => {
                return Err(missing_argument("`eval` needs an expression in parentheses", span)
                    .with_help("for example `eval(sum(bytes)/count(host))`"));
            }
            _ if nearest(written, ["count"]).is_some() => {
                let message = format!("aggregation `{written}` needs a field in parentheses");
                return Err(missing_argument(&message, span).with_help("did you mean `count`?"));
            }
            _ => {
                self.note_choice(span, "a function without a field is taken over every field", "name the fields: function(*)");
                let field = FieldName { name: "*".to_owned(), span, quoting: Quoting::None };
                let text = format!("{written}(*)");
                return Ok(Aggregation { function, argument: AggregationArgument::Field(field), alias: None, text, span });
            }
        };
        Ok(Aggregation { function, argument, alias: None, text: written.to_owned(), span })
    }

    /// What stands between the parentheses, and the result name where it is not the text as written.
    fn aggregation_argument(
        &mut self,
        written: &str,
        function: &Spanned<String>,
        opener: Span,
    ) -> Result<(AggregationArgument, Option<String>), Diagnostic> {
        if self.at_symbol(")") {
            if matches!(function.value.as_str(), "count" | "c") {
                return Ok((AggregationArgument::None, Some(written.to_owned())));
            }
            return Err(missing_argument(&format!("aggregation `{written}` needs a field"), function.span));
        }
        if function.value == "eval" {
            return Ok((AggregationArgument::Eval(self.expression()?), None));
        }
        let before = self.position();
        if self.keyword("eval").is_some()
            && let Some(inner) = self.symbol("(")
        {
            let expression = self.expression()?;
            self.close(")", inner)?;
            return Ok((AggregationArgument::Eval(expression), None));
        }
        self.return_to(before);
        if self.at_end_of_command() {
            self.close(")", opener)?;
        }
        let field = self.aggregated_field()?;
        if !self.at_symbol(")") && !self.at_end_of_command() {
            return Err(self
                .unexpected("`)` after the field")
                .with_help(format!("an expression is written {written}(eval(...))")));
        }
        let text = format!("{written}({})", field.name);
        Ok((AggregationArgument::Field(field), Some(text)))
    }

    fn aggregated_field(&mut self) -> Result<FieldName, Diagnostic> {
        if self.at_keyword("PREFIX") {
            let before = self.position();
            if let Some(name) = self.read(lexical::function_name)
                && let Some(opener) = self.symbol("(")
                && let Some(word) = self.read(lexical::search_word(lexical::WordPlace::Value))
            {
                let end = self.close(")", opener)?;
                let span = name.span.to(end);
                return Ok(FieldName { name: format!("PREFIX({})", word.value), span, quoting: Quoting::None });
            }
            self.return_to(before);
        }
        let start = self.here();
        let field = self.plain_field("a field name")?;
        if field.quoting == Quoting::None && !self.at_symbol(")") {
            self.return_to(start.start);
            if let Some(name) = self.read(lexical::name_in_parentheses) {
                let what = "a field name with blanks or parentheses stands without quotes";
                self.note_choice(name.span, what, "put it in single quotes; an expression is written eval(...)");
                return Ok(FieldName { name: name.value.to_owned(), span: name.span, quoting: Quoting::None });
            }
            self.return_to(field.span.end);
        }
        if field.quoting == Quoting::None && field.name.contains('+') {
            return Err(Diagnostic::error("parse/unexpected", format!("`{}` is not a field name", field.name), field.span)
                .with_help("an expression is written inside eval(...), an odd field name in quotes"));
        }
        Ok(field)
    }

    /// `count, 1h` or `avg(x), 5m` inside `sparkline(...)`.
    fn sparkline(&mut self, written: &str, opener: Span) -> Result<(AggregationArgument, Option<String>), Diagnostic> {
        if self.at_end_of_command() {
            self.close(")", opener)?;
        }
        if self.at_symbol(")") {
            let aggregation = Box::new(bare_count(opener));
            return Ok((AggregationArgument::Sparkline { aggregation, time_span: None }, None));
        }
        if self.at_keyword("sparkline") {
            return Err(self.unexpected("an aggregation other than `sparkline`"));
        }
        let aggregation = self.aggregation_call()?;
        let mut text = format!("{written}({}", aggregation.text);
        let mut time_span = None;
        if self.symbol(",").is_some() {
            let (span, _) = self.text_or_word("a span such as 1h")?;
            text.push_str(", ");
            text.push_str(&span.value);
            time_span = Some(span);
        }
        text.push(')');
        Ok((AggregationArgument::Sparkline { aggregation: Box::new(aggregation), time_span }, Some(text)))
    }
}

/// The `count` that a sparkline draws when nothing else is given.
pub(crate) fn bare_count(span: Span) -> Aggregation {
    Aggregation {
        function: Spanned::new("count".to_owned(), span),
        argument: AggregationArgument::None,
        alias: None,
        text: "count".to_owned(),
        span,
    }
}
