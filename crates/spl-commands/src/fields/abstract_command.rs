//! Planning of `abstract`: a shorter text in place of each event's.
//!
//! Of an event with more lines than `maxlines` the lines with most terms are kept, in their order; `...` stands before a
//! line that does not follow the one before it. Then the text ends after `maxterms` terms, where each run of letters and
//! digits and each other character is a term (Splunk search reference, abstract).
//!
//! # Differences
//!
//! * A line scores its terms and half of those of its neighbours; of equal lines the first is preferred. Terms of the
//!   search do not count for more.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use spl_functions::column::{Column, ColumnBuilder, ValueType};
use spl_operators::node::{Operator, OperatorContext, OperatorState};
use spl_operators::nodes::whole_table::{with_columns, with_fields};
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::count_within;
use spl_plan::context::PlanContext;
use spl_plan::frame::Frame;

const RAW: &str = "_raw";

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let terms = count_within(call, "maxterms", 1000, 1, 1000)? as usize;
    let lines = count_within(call, "maxlines", 10, 1, 500)? as usize;
    if frame.field(RAW).is_none() {
        return Ok(frame);
    }
    frame.operate(Abstract { terms, lines })
}

#[derive(Clone, Debug)]
struct Abstract {
    terms: usize,
    lines: usize,
}

impl Operator for Abstract {
    fn name(&self) -> &'static str {
        "abstract"
    }

    fn parameters(&self) -> String {
        format!("terms={} lines={}", self.terms, self.lines)
    }

    fn ordered(&self) -> bool {
        false
    }

    fn schema(&self, input: &SchemaRef) -> datafusion::common::Result<SchemaRef> {
        Ok(with_fields(input, &[(RAW, DataType::Utf8View)]))
    }

    fn start(&self, output: &SchemaRef, _: &OperatorContext) -> Box<dyn OperatorState> {
        Box::new(State { operator: self.clone(), output: output.clone() })
    }
}

struct State {
    operator: Abstract,
    output: SchemaRef,
}

impl OperatorState for State {
    fn push(&mut self, batch: RecordBatch) -> datafusion::common::Result<Option<RecordBatch>> {
        let column = Column::new(batch.column(batch.schema().index_of(RAW)?))?;
        let mut built = ColumnBuilder::new(ValueType::Text, batch.num_rows());
        for row in 0..batch.num_rows() {
            match column.value(row).text() {
                Some(text) => built.append_text(&shortened(&text, self.operator.terms, self.operator.lines)),
                None => built.append_null(),
            }
        }
        let column: ArrayRef = built.finish();
        with_columns(&batch, &self.output, &[(RAW.to_owned(), column)]).map(Some)
    }
}

/// The places where terms end.
fn term_ends(text: &str) -> impl Iterator<Item = usize> {
    let mut characters = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, first) = characters.next()?;
        let mut end = start + first.len_utf8();
        if first.is_alphanumeric() {
            while let Some((next, character)) = characters.next_if(|(_, character)| character.is_alphanumeric()) {
                end = next + character.len_utf8();
            }
        }
        Some(end)
    })
}

fn shortened(text: &str, most_terms: usize, most_lines: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let chosen = if lines.len() > most_lines { best_lines(&lines, most_lines) } else { text.to_owned() };
    let end = term_ends(&chosen).nth(most_terms - 1);
    match end {
        Some(end) => chosen.get(..end).unwrap_or_default().to_owned(),
        None => chosen,
    }
}

fn best_lines(lines: &[&str], most: usize) -> String {
    // Twice the score, so that halves stay whole. Blanks are no terms that say anything.
    let terms: Vec<usize> = lines
        .iter()
        .map(|line| line.split(|character: char| !character.is_alphanumeric()).filter(|term| !term.is_empty()).count())
        .collect();
    let at = |place: Option<usize>| place.and_then(|place| terms.get(place)).copied().unwrap_or(0);
    let score = |place: usize| 2 * at(Some(place)) + at(place.checked_sub(1)) + at(Some(place + 1));
    let mut places: Vec<usize> = (0..lines.len()).collect();
    places.sort_by_key(|place| (std::cmp::Reverse(score(*place)), *place));
    places.truncate(most);
    places.sort_unstable();
    let mut written = String::new();
    for (number, place) in places.iter().enumerate() {
        if number > 0 {
            written.push('\n');
        }
        let follows = match number.checked_sub(1).and_then(|before| places.get(before)) {
            Some(before) => before + 1 == *place,
            None => *place == 0,
        };
        if !follows {
            written.push_str("...");
        }
        written.push_str(lines[*place]);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_words_and_single_characters() {
        let raw = "91.205.189.15 - - [04/Jan/2023:18:22:16] \"GET /oldlink\"";
        assert_eq!(shortened(raw, 20, 10), "91.205.189.15 - - [04/Jan/2023:18");
        assert_eq!(shortened("a b", 1000, 10), "a b");
    }

    #[test]
    fn lines_with_most_terms_stay() {
        assert_eq!(shortened("a\nb c d e f\n\n\nw x y z", 1000, 2), "...b c d e f\n...w x y z");
    }
}
