//! What stands behind the search that reads the events: which condition or command removed the rows that were left.

use spl_parser::Span;
use spl_parser::effects::pipeline::writes;
use spl_parser::effects::relied_on;
use spl_parser::spec::ReadsEvents;
use spl_parser::syntax::CommandCall;

use super::probes::{can_be_named, parsed, search_for};
use super::{EmptyReason, MOST, Rows, VALUES};
use crate::engine::{Engine, Failure, Search};
use crate::row_counts::{Step, steps};

impl Engine {
    /// The last step that was given rows and left none, and what is known of the fields that it reads.
    pub(super) async fn reasons_of_commands(&self, search: &Search, reasons: &mut Vec<EmptyReason>) -> Result<(), Failure> {
        let commands = &search.pipeline.commands;
        // What changes something outside of the search is not run again.
        let readable = commands.iter().position(writes).unwrap_or(commands.len());
        let all: Vec<(usize, Step)> = (0..readable)
            .flat_map(|place| steps(&commands[place], place == 0).into_iter().map(move |step| (place, step)))
            .collect();
        let Some(end) = all.len().checked_sub(1) else { return Ok(()) };
        if self.rows_behind(search, &all[end]).await? > 0 {
            return Ok(());
        }
        // The rows end between a step with rows, none when that is what the search begins with, and one without.
        let (mut with, mut without, mut before) = (None, end, 0);
        loop {
            let first = with.map_or(0, |with: usize| with + 1);
            if first >= without {
                break;
            }
            let middle = first + (without - first) / 2;
            match self.rows_behind(search, &all[middle]).await? {
                0 => without = middle,
                rows => (with, before) = (Some(middle), rows),
            }
        }
        let (command, step) = &all[without];
        let text = text_at(search, step.span);
        let Some((previous_command, previous)) = with.and_then(|place| all.get(place)) else {
            return self.nothing_to_begin_with(search, text, reasons).await;
        };
        // The rows that the step was given: those behind the command before, narrowed by the conditions before it.
        let mut given: Vec<CommandCall> = commands[..*command].to_vec();
        if previous_command == command {
            if previous.counts_events {
                return self.removed_events(search, text, before, without, reasons).await;
            }
            given.push(previous.call.clone());
        }
        self.reasons_of_step(search, step, given, &commands[*command], text, before, reasons).await
    }

    /// The rows behind a step.
    async fn rows_behind(&self, search: &Search, (place, step): &(usize, Step)) -> Result<u64, Failure> {
        let mut commands = search.pipeline.commands[..*place].to_vec();
        commands.push(step.call.clone());
        if step.counts_events {
            commands.extend(parsed("| stats sum(count) AS count | where count>0"));
        }
        self.count_behind(search, commands).await
    }

    async fn nothing_to_begin_with(&self, search: &Search, text: String, reasons: &mut Vec<EmptyReason>) -> Result<(), Failure> {
        let reads = spl_parser::effects::pipeline_effects(&search.pipeline).reads_events;
        let sourcetypes = match reads {
            ReadsEvents::Yes => self.present_behind(search, search_for(Vec::new()), "sourcetype", None).await?.0.values,
            _ => Vec::new(),
        };
        reasons.push(EmptyReason::NothingToBeginWith { text, sourcetypes });
        Ok(())
    }

    /// A condition of `tstats` removed the events that were left.
    async fn removed_events(
        &self,
        search: &Search,
        text: String,
        before: u64,
        place: usize,
        reasons: &mut Vec<EmptyReason>,
    ) -> Result<(), Failure> {
        let counts = self.row_counts(search).await?;
        let counted = counts.get(place.saturating_sub(1)).map_or(before, |count| count.rows);
        let values = self.values_before(search, &counts).await?;
        let values = values.into_iter().map(|values| {
            let distinct = values.values.len();
            let mut present = super::Present { values: values.values, distinct, range: None };
            present.values.truncate(VALUES);
            (values.field, present)
        });
        reasons.push(EmptyReason::Removed { text, rows: Rows::Events, before: counted, values: values.collect() });
        Ok(())
    }

    /// Why a step left nothing of the rows that it was given.
    #[expect(clippy::too_many_arguments, reason = "the parts of one step")]
    async fn reasons_of_step(
        &self,
        search: &Search,
        step: &Step,
        given: Vec<CommandCall>,
        command: &CommandCall,
        text: String,
        before: u64,
        reasons: &mut Vec<EmptyReason>,
    ) -> Result<(), Failure> {
        // The fields that the step compares, or that its command is of no use without.
        let mut fields: Vec<String> = match step.fields.is_empty() {
            false => step.fields.clone(),
            true => relied_on(command).into_iter().map(|(name, _)| name).collect(),
        };
        fields.retain(|field| can_be_named(field));
        fields.dedup();
        let filled = match fields.is_empty() {
            true => Vec::new(),
            false => self.filled_behind(search, given.clone(), &fields).await?,
        };
        for (field, _) in fields.iter().zip(&filled).filter(|(_, rows)| **rows == 0) {
            if reasons.len() >= MOST {
                return Ok(());
            }
            if let Some((compared, word)) = step.words.iter().find(|(_, word)| word == field) {
                reasons.push(EmptyReason::WordIsField { field: compared.clone(), word: word.clone() });
                continue;
            }
            let nearest = self.nearest_field(search, &given, field).await?;
            reasons.push(EmptyReason::NoField { field: field.clone(), rows: Rows::Before, nearest });
        }
        if !reasons.is_empty() {
            return Ok(());
        }
        if let Some((field, wanted)) = step.compared.clone() {
            let (present, meant) = self.present_behind(search, given.clone(), &field, Some(&wanted)).await?;
            if meant.is_some() {
                let rows = Rows::Before;
                reasons.push(EmptyReason::NoValue { field, condition: text, rows, present, meant, at_other_times: 0 });
                return Ok(());
            }
        }
        let mut values = Vec::new();
        // A command without conditions removes rows for reasons that the values of its fields do not tell.
        for field in step.fields.iter().filter(|field| can_be_named(field)).take(2) {
            let (mut present, _) = self.present_behind(search, given.clone(), field, None).await?;
            if present.distinct > present.values.len() {
                present.range = self.range_behind(search, given.clone(), field).await?;
            }
            values.push((field.clone(), present));
        }
        reasons.push(EmptyReason::Removed { text, rows: Rows::Before, before, values });
        Ok(())
    }
}

/// A place of the expanded text on one line.
fn text_at(search: &Search, span: Span) -> String {
    let text = search.expansion.text.get(span.start..span.end).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
