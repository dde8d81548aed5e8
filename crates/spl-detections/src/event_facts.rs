//! What the loaded events have of what searches need: for each place that events are read from their number, their sourcetypes
//! and how many of them fill each field.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use spl_exec::Engine;

use crate::event_needs::{EventNeed, EventSource};
use crate::rows::rows;

/// What the events of one source have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFacts {
    /// How many there are.
    pub events: u64,
    /// Their sourcetypes, sorted.
    pub sourcetypes: Vec<String>,
    /// How many of them have a value in each field that was asked for. What a data model writes for an absent value is none.
    pub filled: BTreeMap<String, u64>,
    /// Why nothing is known of them.
    pub problem: Option<String>,
}

/// What is known of the events of all sources.
#[derive(Clone, Debug, Default)]
pub struct EventFacts {
    sources: BTreeMap<EventSource, SourceFacts>,
}

/// What a data model writes where an event has no value.
const ABSENT: &str = "unknown";

/// The search that counts, and the fields in the order of its columns.
struct Question {
    source: EventSource,
    fields: Vec<String>,
    search: String,
}

fn questions<'n>(needs: impl IntoIterator<Item = &'n EventNeed>) -> Vec<Question> {
    let mut asked: BTreeMap<&EventSource, BTreeSet<&str>> = BTreeMap::new();
    for need in needs {
        asked.entry(&need.source).or_default().extend(need.fields.iter().map(String::as_str));
    }
    let questions = asked.into_iter().map(|(source, fields)| {
        let quoted = |field: &str| format!("'{}'", field.replace('\\', "\\\\").replace('\'', "\\'"));
        let (start, has): (String, fn(&str) -> String) = match source {
            EventSource::Events(condition) => (format!("search {condition}"), |field| format!("isnotnull({field})")),
            EventSource::Dataset(name) => {
                (format!("| from datamodel:{name}"), |field| format!("isnotnull({field}) AND {field}!=\"{ABSENT}\""))
            }
        };
        let counts = fields.iter().enumerate().map(|(place, field)| format!(" count(eval({})) AS n{place}", has(&quoted(field))));
        let search = format!("{start} | stats count AS n values(sourcetype) AS sourcetypes{}", counts.collect::<String>());
        Question { source: source.clone(), fields: fields.into_iter().map(str::to_owned).collect(), search }
    });
    questions.collect()
}

/// The searches that [`EventFacts::of`] runs, for who loads what they need.
pub fn fact_searches<'n>(needs: impl IntoIterator<Item = &'n EventNeed>) -> Vec<String> {
    questions(needs).into_iter().map(|question| question.search).collect()
}

impl EventFacts {
    /// Asks the engine, whose data are loaded as far as [`fact_searches`] need them; so many searches run at a time.
    pub async fn of<'n>(engine: &Engine, needs: impl IntoIterator<Item = &'n EventNeed>, at_once: usize) -> Self {
        let answers = questions(needs).into_iter().map(|question| async move {
            let facts = answered(engine, &question)
                .await
                .unwrap_or_else(|problem| SourceFacts { problem: Some(problem), ..SourceFacts::default() });
            (question.source, facts)
        });
        Self { sources: futures::stream::iter(answers).buffer_unordered(at_once.max(1)).collect().await }
    }

    /// What is known of a source; nothing of one that nobody asked for.
    pub fn source(&self, source: &EventSource) -> Option<&SourceFacts> {
        self.sources.get(source)
    }
}

async fn answered(engine: &Engine, question: &Question) -> Result<SourceFacts, String> {
    let told = |failure: spl_exec::Failure| {
        failure.diagnostics.into_iter().next().map_or_else(|| "the search failed".to_owned(), |problem| problem.message)
    };
    let search = engine.compile(&question.search).map_err(told)?;
    let results = engine.run(&search).await.map_err(told)?;
    let rows = rows(&results);
    let Some(row) = rows.first() else { return Ok(SourceFacts::default()) };
    let number = |name: &str| row.get(name).and_then(|values| values.first()?.parse().ok()).unwrap_or(0);
    let filled = question.fields.iter().enumerate().map(|(place, field)| (field.clone(), number(&format!("n{place}"))));
    Ok(SourceFacts {
        events: number("n"),
        sourcetypes: row.get("sourcetypes").cloned().unwrap_or_default(),
        filled: filled.collect(),
        problem: None,
    })
}
