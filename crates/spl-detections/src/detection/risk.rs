//! The risk of a detection, in one form for both layouts.

use crate::detection::Detection;
use crate::detection_type::DetectionType;
use crate::risk::{Risk, RiskObject, Role, ThreatObject, tokens};

impl Detection {
    /// Its risk in one form: `rba` as it stands, or the observables of layout 4, each victim with the score of the
    /// detection.
    pub fn risk(&self) -> Risk {
        if let Some(rba) = &self.rba {
            return Risk {
                message: rba.message.clone(),
                risk_objects: rba.risk_objects.clone(),
                threat_objects: rba.threat_objects.clone(),
            };
        }
        let score = self.score_of_tags();
        let of = |role: Role| self.tags.observables.iter().filter(move |observable| observable.role == Some(role));
        Risk {
            message: self.tags.message.clone(),
            risk_objects: of(Role::Victim)
                .map(|victim| RiskObject { field: victim.name.clone(), kind: Some(victim.risk_object_type()), score })
                .collect(),
            threat_objects: of(Role::Attacker)
                .map(|attacker| ThreatObject { field: attacker.name.clone(), kind: attacker.threat_object_type() })
                .collect(),
        }
    }

    /// The risk score: the highest of its risk objects (layout 5), confidence times impact as a percentage (layout 4).
    pub fn risk_score(&self) -> Option<i64> {
        match &self.rba {
            Some(rba) => rba.risk_objects.iter().filter_map(|object| object.score).max(),
            None => self.score_of_tags(),
        }
    }

    /// Halves are rounded to the even neighbour, as Python's `round` does.
    fn score_of_tags(&self) -> Option<i64> {
        let (confidence, impact) = (self.tags.confidence.as_ref()?.value, self.tags.impact.as_ref()?.value);
        Some((confidence.saturating_mul(impact) as f64 / 100.0).round_ties_even() as i64)
    }

    /// Fields that a risk event reads from the results, with where they are named; none for a hunting detection, which
    /// makes no risk.
    pub fn risk_fields(&self) -> Vec<(String, &'static str)> {
        if self.kind_text.as_ref().is_some_and(|kind| kind.eq_ignore_ascii_case(DetectionType::Hunting.name())) {
            return Vec::new();
        }
        let mut fields: Vec<(String, &'static str)> = Vec::new();
        fields.extend(self.tags.observables.iter().map(|observable| (observable.name.value.clone(), "an observable")));
        if let Some(rba) = &self.rba {
            fields.extend(rba.risk_objects.iter().map(|object| (object.field.value.clone(), "a risk object")));
            fields.extend(rba.threat_objects.iter().map(|object| (object.field.value.clone(), "a threat object")));
        }
        let messages = self.tags.message.iter().chain(self.rba.iter().flat_map(|rba| &rba.message));
        for message in messages {
            fields.extend(tokens(message).map(|field| (field.to_owned(), "the risk message")));
        }
        fields
    }
}
