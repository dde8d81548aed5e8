//! The short searches that reasons are made of: how many rows, which fields they have, which values.

use spl_functions::column::Column;
use spl_parser::Span;
use spl_parser::diagnostic::nearest;
use spl_parser::span::Spanned;
use spl_parser::syntax::{
    Argument, CommandCall, Directive, FieldName, Pattern, PatternPart, Pipeline, Quoting, SearchExpression, SearchKind,
    SearchOperator, SearchValue,
};

use super::{Meant, Present, VALUES};
use crate::engine::{Engine, Failure, Results, Search};

/// Different values of a field that are looked at.
const LOOKED_AT: usize = 20_000;
/// Texts shorter than this stand in too many others.
const SHORTEST_PART: usize = 3;

impl Engine {
    /// The rows of commands, run in place of a search.
    pub(super) async fn ask(&self, search: &Search, commands: Vec<CommandCall>) -> Result<Results, Failure> {
        let part = Search { pipeline: Pipeline { commands, span: search.pipeline.span }, ..search.clone() };
        self.run(&part).await
    }

    /// The number of rows behind commands.
    pub(super) async fn count_behind(&self, search: &Search, mut commands: Vec<CommandCall>) -> Result<u64, Failure> {
        commands.extend(parsed("| stats count"));
        Ok(first_number(&self.ask(search, commands).await?, "count"))
    }

    /// The rows behind commands that have each of these fields.
    pub(super) async fn filled_behind(
        &self,
        search: &Search,
        mut commands: Vec<CommandCall>,
        fields: &[String],
    ) -> Result<Vec<u64>, Failure> {
        let named: Vec<String> =
            fields.iter().enumerate().map(|(place, field)| format!("count(\"{field}\") AS c{place}")).collect();
        commands.extend(parsed(&format!("| stats {}", named.join(" "))));
        let results = self.ask(search, commands).await?;
        Ok((0..fields.len()).map(|place| first_number(&results, &format!("c{place}"))).collect())
    }

    /// The fields that rows behind commands can have.
    pub(super) async fn fields_behind(&self, search: &Search, mut commands: Vec<CommandCall>) -> Result<Vec<String>, Failure> {
        commands.extend(parsed("| head 0"));
        Ok(self.ask(search, commands).await?.fields)
    }

    /// A field that rows behind commands have and that may be meant by a name which none has.
    pub(super) async fn nearest_field(
        &self,
        search: &Search,
        commands: &[CommandCall],
        name: &str,
    ) -> Result<Option<String>, Failure> {
        let known = self.fields_behind(search, commands.to_vec()).await?;
        let candidates: Vec<String> =
            near_names(name, known.iter().map(String::as_str)).into_iter().filter(|near| can_be_named(near)).collect();
        if candidates.is_empty() {
            return Ok(None);
        }
        let filled = self.filled_behind(search, commands.to_vec(), &candidates).await?;
        Ok(candidates.into_iter().zip(filled).find(|(_, rows)| *rows > 0).map(|(name, _)| name))
    }

    /// What rows behind commands have in a field, and the value among them that may be meant by `wanted`.
    pub(super) async fn present_behind(
        &self,
        search: &Search,
        mut commands: Vec<CommandCall>,
        field: &str,
        wanted: Option<&str>,
    ) -> Result<(Present, Option<Meant>), Failure> {
        if !can_be_named(field) {
            return Ok((Present::default(), None));
        }
        let counted = "| stats count AS \"rows of it\" by";
        let text = format!("{counted} \"{field}\" | rename \"{field}\" AS value | sort {LOOKED_AT} -\"rows of it\", value");
        commands.extend(parsed(&text));
        let results = self.ask(search, commands).await?;
        let mut all: Vec<(String, u64)> = Vec::new();
        for batch in &results.batches {
            let column = |name: &str| batch.column_by_name(name).and_then(|column| Column::new(column).ok());
            let (Some(texts), Some(counts)) = (column("value"), column("rows of it")) else { continue };
            all.extend((0..batch.num_rows()).filter_map(|row| {
                let count = counts.value(row).number().unwrap_or_default() as u64;
                Some((texts.value(row).text()?.into_owned(), count))
            }));
        }
        let meant = wanted.and_then(|wanted| meant_by(wanted, &all));
        let present = Present { distinct: all.len(), values: all.into_iter().take(VALUES).collect(), range: None };
        Ok((present, meant))
    }

    /// The least and the greatest number in a field behind commands.
    pub(super) async fn range_behind(
        &self,
        search: &Search,
        mut commands: Vec<CommandCall>,
        field: &str,
    ) -> Result<Option<(String, String)>, Failure> {
        if !can_be_named(field) {
            return Ok(None);
        }
        commands.extend(parsed(&format!("| stats min(\"{field}\") AS least max(\"{field}\") AS greatest")));
        let results = self.ask(search, commands).await?;
        Ok(first_text(&results, "least").zip(first_text(&results, "greatest")))
    }
}

/// The commands of a text that is known to be right.
pub(super) fn parsed(text: &str) -> Vec<CommandCall> {
    spl_parser::parse(text).map(|pipeline| pipeline.commands).unwrap_or_default()
}

/// A search for events that meet all of these conditions.
pub(super) fn search_for(parts: Vec<SearchExpression>) -> Vec<CommandCall> {
    let mut commands = parsed("search *");
    if let Some(first) = commands.first_mut() {
        first.arguments = vec![Argument::Search(SearchExpression { kind: SearchKind::And(parts), span: Span::default() })];
    }
    commands
}

/// `field=*`
pub(super) fn has_field(field: &FieldName) -> SearchExpression {
    let span = field.span;
    let value =
        SearchValue { pattern: Pattern { parts: vec![PatternPart::Wildcard] }, quoted: false, directive: Directive::None, span };
    let operator = Spanned { value: SearchOperator::Equal, span };
    SearchExpression { kind: SearchKind::Comparison { field: field.clone(), operator, value }, span }
}

/// Whether a name can be written in double quotes.
pub(super) fn can_be_named(field: &str) -> bool {
    !field.is_empty() && !field.contains(['"', '\\', '*'])
}

/// A name as a field.
pub(super) fn field_named(name: &str) -> FieldName {
    FieldName { name: name.to_owned(), span: Span::default(), quoting: Quoting::None }
}

/// Names that may be meant by one that is not there: those that differ in case, whose last part is the same, or that are
/// written almost so. The likeliest first.
pub(super) fn near_names<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let known: Vec<&str> = known.into_iter().filter(|known| *known != name && !known.starts_with("__")).collect();
    let last_part = |name: &'a str| name.rsplit('.').next().unwrap_or(name).trim_end_matches("{}");
    let mut near: Vec<&str> = known.iter().copied().filter(|known| known.eq_ignore_ascii_case(name)).collect();
    let plain = name.rsplit('.').next().unwrap_or(name);
    near.extend(known.iter().copied().filter(|known| last_part(known).eq_ignore_ascii_case(plain)));
    near.extend(nearest(name, known.iter().copied()));
    let mut once: Vec<String> = Vec::new();
    for name in near {
        if once.len() < VALUES && !once.iter().any(|known| known == name) {
            once.push(name.to_owned());
        }
    }
    once
}

/// The value among those present that may be meant: another case, almost the same text, or a text that has it as a part.
fn meant_by(wanted: &str, present: &[(String, u64)]) -> Option<Meant> {
    let of = |value: &str| present.iter().find(|(known, _)| known == value).map(|(known, rows)| (known.clone(), *rows));
    let same = present.iter().find(|(known, _)| known.to_lowercase() == wanted.to_lowercase());
    if let Some((value, rows)) = same {
        return Some(Meant::Value(value.clone(), *rows));
    }
    let lower = wanted.to_lowercase();
    if lower.chars().count() >= SHORTEST_PART {
        let rows: u64 = present.iter().filter(|(known, _)| known.to_lowercase().contains(&lower)).map(|(_, rows)| rows).sum();
        if rows > 0 {
            return Some(Meant::PartOf(wanted.to_owned(), rows));
        }
    }
    // A number that is near another one is not what was meant.
    if wanted.parse::<f64>().is_ok() {
        return None;
    }
    let near = nearest(wanted, present.iter().map(|(known, _)| known.as_str()))?;
    of(near).map(|(value, rows)| Meant::Value(value, rows))
}

/// A number of the first row.
fn first_number(results: &Results, field: &str) -> u64 {
    let batch = results.batches.iter().find(|batch| batch.num_rows() > 0);
    let number = batch.and_then(|batch| Column::new(batch.column_by_name(field)?).ok()?.value(0).number());
    number.map_or(0, |number| number as u64)
}

/// A text of the first row.
fn first_text(results: &Results, field: &str) -> Option<String> {
    let batch = results.batches.iter().find(|batch| batch.num_rows() > 0)?;
    let column = Column::new(batch.column_by_name(field)?).ok()?;
    column.value(0).text().map(std::borrow::Cow::into_owned)
}

/// Two numbers of the first row.
pub(super) fn first_numbers(results: &Results, fields: [&str; 2]) -> Option<(f64, f64)> {
    let batch = results.batches.iter().find(|batch| batch.num_rows() > 0)?;
    let number = |field: &str| Column::new(batch.column_by_name(field)?).ok()?.value(0).number();
    number(fields[0]).zip(number(fields[1]))
}
