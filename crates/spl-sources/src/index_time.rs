//! What props.conf and transforms.conf do with an event while it is loaded: sed scripts, transforms, rule sets.
//!
//! Splunk applies them behind line breaking and time recognition, by the sourcetype, source and host that the event had
//! then: first `SEDCMD-`, then `TRANSFORMS-`, then `RULESET-`, each in the order of the classes (admin manual, props.conf,
//! transforms.conf; Getting data in, How data moves through the pipeline). A sourcetype that a transform sets decides over
//! searches, not over further transforms.

mod evaluation;
mod event;
mod transform;

use std::fmt;
use std::sync::Arc;

use spl_functions::pattern::PatternCache;
use spl_functions::scalar::rex::Sed;

pub use evaluation::{IngestEvaluator, IngestExpression, IngestValue};
pub(crate) use event::IndexedEvent;
use transform::Step;

use crate::rules::IndexTimeRules;

/// A transform as transforms.conf has it. None stands for a setting that is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexTransform {
    /// The stanza's name.
    pub name: String,
    /// `REGEX`.
    pub regex: Option<String>,
    /// `FORMAT`.
    pub format: Option<String>,
    /// `SOURCE_KEY`.
    pub source_key: String,
    /// `DEST_KEY`.
    pub dest_key: Option<String>,
    /// `WRITE_META`.
    pub write_meta: bool,
    /// `DEFAULT_VALUE`.
    pub default_value: Option<String>,
    /// `REPEAT_MATCH`.
    pub repeat_match: bool,
    /// `LOOKAHEAD` in bytes.
    pub lookahead: usize,
    /// `CLONE_SOURCETYPE`.
    pub clone_sourcetype: Option<String>,
    /// `INGEST_EVAL`.
    pub ingest_eval: Option<String>,
    /// `STOP_PROCESSING_IF`.
    pub stop_processing_if: Option<String>,
    /// The file and line, for messages.
    pub origin: String,
}

/// The steps that events of one sourcetype, source and host go through.
#[derive(Clone)]
pub(crate) struct Steps {
    sed: Vec<Sed>,
    steps: Vec<Step>,
    patterns: Arc<PatternCache>,
}

impl fmt::Debug for Steps {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Steps").field("sed", &self.sed).field("steps", &self.steps.len()).finish()
    }
}

impl Steps {
    /// The steps that rules describe, none when there are none; `problems` gets what can't be used.
    pub(crate) fn new(
        rules: &IndexTimeRules,
        evaluator: Option<&Arc<dyn IngestEvaluator>>,
        problems: &mut Vec<String>,
    ) -> Option<Self> {
        if rules.sed_commands.is_empty() && rules.transforms.is_empty() {
            return None;
        }
        let patterns = Arc::new(PatternCache::default());
        let mut sed = Vec::new();
        for (script, origin) in &rules.sed_commands {
            // A script in quotes is the script.
            let script = script.strip_prefix('"').and_then(|script| script.strip_suffix('"')).unwrap_or(script);
            let parsed = Sed::parse(script).and_then(|commands| {
                for command in &commands {
                    if let Sed::Substitute { regex, .. } = command {
                        patterns.get(regex)?;
                    }
                }
                Ok(commands)
            });
            match parsed {
                Ok(commands) => sed.extend(commands),
                Err(message) => problems.push(format!("{origin}: `SEDCMD`: {message}")),
            }
        }
        let mut steps = Vec::new();
        for transform in &rules.transforms {
            match Step::new(transform, &patterns, evaluator) {
                Ok(step) => steps.extend(step),
                Err(message) => problems.push(format!("{}: transform `{}`: {message}", transform.origin, transform.name)),
            }
        }
        (!sed.is_empty() || !steps.is_empty()).then_some(Self { sed, steps, patterns })
    }

    /// Takes an event through the steps; gives its copies.
    pub(crate) fn apply(&self, event: &mut IndexedEvent) -> Vec<IndexedEvent> {
        for command in &self.sed {
            if let Ok(changed) = command.apply(&event.raw, &self.patterns)
                && changed != event.raw
            {
                event.set_raw(changed);
            }
        }
        let mut copies = Vec::new();
        for step in &self.steps {
            if step.apply(event, &mut copies) {
                break;
            }
        }
        copies
    }

    /// How often an expression reached its limits, so that the event was left as it was.
    pub(crate) fn limits_reached(&self) -> u64 {
        self.patterns.limits_reached()
    }
}
