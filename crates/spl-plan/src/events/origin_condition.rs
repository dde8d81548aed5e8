//! Conditions over what events come from: sourcetype, source and host; all else is open.

use spl_functions::search::SearchPattern;

/// A condition of an event type over what events come from; all else that it asks for is open.
#[derive(Clone, Debug, PartialEq)]
pub enum OriginCondition {
    /// These all; none = everything.
    All(Vec<OriginCondition>),
    /// One of these.
    Any(Vec<OriginCondition>),
    /// Not this.
    Not(Box<OriginCondition>),
    /// A value that matches a pattern, in any case.
    Is(OriginField, SearchPattern),
    /// Not known before the event is read.
    Open,
}

/// What an event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginField {
    /// The sourcetype at search time.
    Sourcetype,
    /// The source.
    Source,
    /// The host.
    Host,
}

/// What a condition can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Outcome {
    can_be_true: bool,
    can_be_false: bool,
}

impl OriginCondition {
    /// Whether an event that comes from there can meet the condition.
    pub fn can_hold(&self, sourcetype: &str, source: &str, host: &str) -> bool {
        self.outcome(&|field, pattern| {
            let text = match field {
                OriginField::Sourcetype => sourcetype,
                OriginField::Source => source,
                OriginField::Host => host,
            };
            pattern.matcher().matches(text)
        })
        .can_be_true
    }

    fn outcome(&self, is: &dyn Fn(OriginField, &SearchPattern) -> bool) -> Outcome {
        match self {
            Self::All(parts) => {
                let parts: Vec<Outcome> = parts.iter().map(|part| part.outcome(is)).collect();
                Outcome {
                    can_be_true: parts.iter().all(|part| part.can_be_true),
                    can_be_false: parts.iter().any(|part| part.can_be_false),
                }
            }
            Self::Any(parts) => {
                let parts: Vec<Outcome> = parts.iter().map(|part| part.outcome(is)).collect();
                Outcome {
                    can_be_true: parts.iter().any(|part| part.can_be_true),
                    can_be_false: parts.iter().all(|part| part.can_be_false),
                }
            }
            Self::Not(part) => {
                let part = part.outcome(is);
                Outcome { can_be_true: part.can_be_false, can_be_false: part.can_be_true }
            }
            Self::Is(field, pattern) => {
                let holds = is(*field, pattern);
                Outcome { can_be_true: holds, can_be_false: !holds }
            }
            Self::Open => Outcome { can_be_true: true, can_be_false: true },
        }
    }
}
