//! The row operator of `abstract`: a shorter text in place of each event's.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use spl_functions::column::{Column, ColumnBuilder, ValueType};

use crate::columns::{with_columns, with_fields};
use crate::node::{Operator, OperatorContext, OperatorState, to_json};

const RAW: &str = "_raw";

/// Shortens the text of each event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Abstract {
    /// Most terms.
    pub terms: usize,
    /// Most lines.
    pub lines: usize,
}

impl Operator for Abstract {
    fn name(&self) -> &'static str {
        "abstract"
    }

    fn parameters(&self) -> Result<Json> {
        to_json(self)
    }

    fn ordered(&self) -> bool {
        false
    }

    fn schema(&self, input: &SchemaRef) -> Result<SchemaRef> {
        Ok(with_fields(input, [(RAW, DataType::Utf8View)]))
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
    fn push(&mut self, batch: RecordBatch) -> Result<Option<RecordBatch>> {
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
