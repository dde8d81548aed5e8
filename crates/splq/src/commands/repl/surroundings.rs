//! What completion asks of the loaded data: fields at a point of a pipeline, and values of a field there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::Int32Type;
use spl_exec::{Engine, Results, SearchClock};
use spl_functions::column::Column;
use spl_knowledge::Knowledge;
use spl_parser::commands::lookup;
use spl_parser::spec::Writes;

use super::approximation::fields_behind;
use super::completion::Surroundings;
use super::running::Runner;
use super::tokens::{Kind, Token, tokens};

/// How long a key press may wait for the engine.
const PATIENCE: Duration = Duration::from_millis(600);
/// Distinct values of a column without a dictionary that are counted; those that come later are not offered.
const COUNTED: usize = 20_000;
/// Values that are kept of a field.
const KEPT: usize = 2_000;
/// Longer values are no help.
const LONGEST: usize = 200;
/// Pipelines whose fields are remembered.
const REMEMBERED: usize = 200;

/// The engine as completion sees it. What was found is kept: the data does not change below it.
pub struct EngineSurroundings<'a> {
    engine: Arc<Engine>,
    clock: SearchClock,
    runner: &'a Runner<'a>,
    sources: Vec<String>,
    fields: RefCell<HashMap<String, Vec<String>>>,
    values: RefCell<HashMap<(String, String), Vec<String>>>,
}

impl<'a> EngineSurroundings<'a> {
    /// Over an engine, with the clock of the next search and the paths that the data came from.
    pub fn new(engine: Arc<Engine>, clock: SearchClock, runner: &'a Runner<'a>, sources: Vec<String>) -> Self {
        Self { engine, clock, runner, sources, fields: RefCell::default(), values: RefCell::default() }
    }

    /// The rows of a search that is run for completion; none when it can't be run quickly, or would write.
    fn ask(&self, text: &str) -> Option<Results> {
        if writes(text) {
            return None;
        }
        let search = self.engine.compile_at(text, self.clock.clone()).ok()?;
        self.runner.quickly(&self.engine, search, PATIENCE)
    }

    fn find_fields(&self, pipeline: &str) -> Vec<String> {
        if pipeline.is_empty() {
            let planned = self.engine.data().filter(|data| data.rows() > 0).and_then(|_| self.ask("search * | head 0"));
            return planned.map_or_else(|| self.loaded_fields(), |results| results.fields);
        }
        match self.ask(&format!("{pipeline}\n| head 0")) {
            Some(results) => results.fields,
            None => fields_behind(pipeline, || self.fields("")),
        }
    }

    fn loaded_fields(&self) -> Vec<String> {
        let fields = self.engine.data().map(|data| data.schema.fields().iter().map(|field| field.name().clone()).collect());
        fields.unwrap_or_default()
    }

    fn find_values(&self, pipeline: &str, field: &str) -> Vec<String> {
        let is_loaded = self.engine.data().is_some_and(|data| data.schema.field_with_name(field).is_ok());
        // Values of the events themselves are counted without the engine.
        if is_loaded && !pipeline.contains('|') {
            return self.loaded_values(field);
        }
        let rows = if pipeline.is_empty() { "search *" } else { pipeline };
        let name = field.replace('\\', "\\\\").replace('"', "\\\"");
        let counted = self.ask(&format!("{rows}\n| top limit={KEPT} showcount=f showperc=f \"{name}\""));
        match counted {
            Some(results) => texts(&results, field),
            None if is_loaded => self.loaded_values(field),
            None => Vec::new(),
        }
    }

    fn loaded_values(&self, field: &str) -> Vec<String> {
        let Some(data) = self.engine.data() else {
            return Vec::new();
        };
        let mut counts: HashMap<String, u64> = HashMap::new();
        let mut columns = data.batches.iter().filter_map(|batch| batch.column_by_name(field));
        let Some(first) = columns.next() else {
            return Vec::new();
        };
        let others: Vec<&ArrayRef> = columns.collect();
        let mut shared = Keys::new(first);
        for array in std::iter::once(first).chain(others) {
            if !shared.as_mut().is_some_and(|keys| keys.count(array)) {
                count_each(array, &mut counts);
            }
        }
        if let Some(keys) = shared {
            keys.finish(&mut counts);
        }
        let mut values: Vec<(String, u64)> = counts.into_iter().filter(|(value, _)| value.len() <= LONGEST).collect();
        values.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
        values.truncate(KEPT);
        values.into_iter().map(|(value, _)| value).collect()
    }
}

impl Surroundings for EngineSurroundings<'_> {
    fn knowledge(&self) -> &Knowledge {
        self.engine.knowledge()
    }

    fn fields(&self, pipeline: &str) -> Vec<String> {
        if let Some(known) = self.fields.borrow().get(pipeline) {
            return known.clone();
        }
        let mut found = self.find_fields(pipeline);
        found.retain(|name| !name.starts_with("__"));
        let mut fields = self.fields.borrow_mut();
        if fields.len() >= REMEMBERED {
            fields.clear();
        }
        fields.insert(pipeline.to_owned(), found.clone());
        found
    }

    fn values(&self, pipeline: &str, field: &str) -> Vec<String> {
        let key = (pipeline.to_owned(), field.to_owned());
        if let Some(known) = self.values.borrow().get(&key) {
            return known.clone();
        }
        let found = self.find_values(pipeline, field);
        let mut values = self.values.borrow_mut();
        if values.len() >= REMEMBERED {
            values.clear();
        }
        values.insert(key, found.clone());
        found
    }

    fn sources(&self) -> Vec<String> {
        self.sources.clone()
    }
}

/// Whether a pipeline writes something when it is run.
fn writes(pipeline: &str) -> bool {
    let words = tokens(pipeline);
    let counting: Vec<&Token> = words.iter().filter(|token| token.counts()).collect();
    let command = |place: usize| {
        let before = place.checked_sub(1).map(|before| counting[before]);
        let begins = before.is_some_and(|before| before.kind == Kind::Pipe || before.text(pipeline) == "[");
        begins.then(|| lookup(counting[place].text(pipeline))).flatten()
    };
    let writing = |place: usize| command(place).is_some_and(|spec| spec.effects.writes != Writes::Nothing);
    (0..counting.len()).any(writing)
        // A macro may hold anything.
        || words.iter().any(|token| token.kind == Kind::Macro && token.text(pipeline).contains("output"))
}

/// How often each key of a dictionary occurs that all batches share.
struct Keys {
    values: ArrayRef,
    counts: Vec<u64>,
}

impl Keys {
    fn new(array: &ArrayRef) -> Option<Self> {
        let values = array.as_dictionary_opt::<Int32Type>()?.values().clone();
        let counts = vec![0; values.len()];
        Some(Self { values, counts })
    }

    /// Counts a column; false when it has a dictionary of its own.
    fn count(&mut self, array: &ArrayRef) -> bool {
        let Some(dictionary) = array.as_dictionary_opt::<Int32Type>() else {
            return false;
        };
        if !Arc::ptr_eq(dictionary.values(), &self.values) {
            return false;
        }
        for key in dictionary.keys().iter().flatten() {
            if let Some(count) = usize::try_from(key).ok().and_then(|key| self.counts.get_mut(key)) {
                *count += 1;
            }
        }
        true
    }

    fn finish(self, counts: &mut HashMap<String, u64>) {
        let Ok(column) = Column::new(&self.values) else {
            return;
        };
        for (row, count) in self.counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            if let Some(text) = column.value(row).text() {
                *counts.entry(text.into_owned()).or_default() += count;
            }
        }
    }
}

/// Counts the values of a column one by one.
fn count_each(array: &ArrayRef, counts: &mut HashMap<String, u64>) {
    let Ok(column) = Column::new(array) else {
        return;
    };
    for row in 0..array.len() {
        for text in column.value(row).each_text() {
            if let Some(count) = counts.get_mut(text.as_ref()) {
                *count += 1;
            } else if counts.len() < COUNTED {
                counts.insert(text.into_owned(), 1);
            }
        }
    }
}

/// The values of a field in row order.
fn texts(results: &Results, field: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for array in results.batches.iter().filter_map(|batch| batch.column_by_name(field)) {
        if let Ok(column) = Column::new(array) {
            let values = (0..array.len()).filter_map(|row| Some(column.value(row).text()?.into_owned()));
            texts.extend(values.filter(|value| value.len() <= LONGEST));
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_that_write_are_not_run_for_completion() {
        assert!(writes("x | outputlookup a.csv"));
        assert!(writes("x | `output_it`"));
        assert!(writes("x | append [ outputcsv b ]"));
        assert!(!writes("x \"outputlookup\" | stats count"));
        assert!(!writes("delete script | stats count by collect"));
    }
}
