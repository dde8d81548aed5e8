//! The risk of a detection: which fields of its results are counted as what, how much, and what is said of it; one form
//! for both layouts.

use spl_parser::span::Spanned;

use crate::detection::{Detection, DetectionType, unknown_name};
use crate::yaml::{Mapping, Reader};

/// A field of a detection of layout 4 and its part in what happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Observable {
    /// The field.
    pub name: Spanned<String>,
    /// What its values are: `Hostname`, `User`; none when the file does not say so.
    pub kind: Option<Spanned<String>>,
    /// Attacker or victim; none when the file does not say so.
    pub role: Option<Role>,
}

/// The part that an observable plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What did it: a threat object.
    Attacker,
    /// Whom it happened to: a risk object.
    Victim,
}

/// What a risk object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RiskObjectType {
    /// A machine.
    System,
    /// An account.
    User,
    /// Anything else.
    Other,
}

impl RiskObjectType {
    /// All, as they are written.
    pub const NAMES: [(&'static str, Self); 3] = [("system", Self::System), ("user", Self::User), ("other", Self::Other)];

    /// As it is written.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// A field whose values risk is counted for.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskObject {
    /// The field.
    pub field: Spanned<String>,
    /// What its values are; none when the file says nothing or something unknown.
    pub kind: Option<RiskObjectType>,
    /// How much, 1 to 100; none when the file does not say so.
    pub score: Option<i64>,
}

/// A field whose values tell where the risk comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreatObject {
    /// The field.
    pub field: Spanned<String>,
    /// What its values are: `process_name`, `ip_address`; empty when the file does not say so.
    pub kind: String,
}

/// What the risk events of a detection are made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Risk {
    /// With `$field$` for a field of the results.
    pub message: Option<Spanned<String>>,
    /// Whom risk is counted for.
    pub risk_objects: Vec<RiskObject>,
    /// Where it comes from.
    pub threat_objects: Vec<ThreatObject>,
}

impl Observable {
    pub(crate) fn of(reading: &mut Reader, observable: &Mapping<'_>) -> Option<Self> {
        let name = reading.text(observable, "name");
        let name = reading.required(observable, "name", name);
        let kind = reading.text(observable, "type");
        let kind = reading.required(observable, "type", kind);
        let roles = reading.texts(observable, "role");
        if let [_, second, ..] = roles.as_slice() {
            reading.wrong("an observable has one `role`", second.span);
        }
        let role = roles.first().and_then(|role| match role.value.as_str() {
            "Attacker" => Some(Role::Attacker),
            "Victim" => Some(Role::Victim),
            other => {
                reading.wrong(unknown_name("role", other, &["Attacker", "Victim"]), role.span);
                None
            }
        });
        if roles.is_empty() {
            reading.required::<()>(observable, "role", None);
        }
        Some(Self { name: name?, kind, role })
    }

    /// The risk object that a victim is (the mapping of `contentctl` 4).
    fn risk_object_type(&self) -> RiskObjectType {
        match self.kind.as_ref().map(|kind| kind.value.to_ascii_lowercase()).as_deref() {
            Some("user" | "username" | "email address") => RiskObjectType::User,
            Some("device" | "endpoint" | "hostname" | "ip address") => RiskObjectType::System,
            _ => RiskObjectType::Other,
        }
    }

    /// The type of the threat object that an attacker is (the mapping of `contentctl` 4).
    fn threat_object_type(&self) -> String {
        let kind = self.kind.as_ref().map(|kind| kind.value.to_ascii_lowercase()).unwrap_or_default();
        match kind.as_str() {
            "process" | "process name" => "process".to_owned(),
            "file name" | "file" | "file hash" => "file_name".to_owned(),
            "ip address" => "ip_address".to_owned(),
            "url string" | "url" => "url".to_owned(),
            _ => kind,
        }
    }
}

impl RiskObject {
    pub(crate) fn of(reading: &mut Reader, object: &Mapping<'_>) -> Option<Self> {
        let field = reading.text(object, "field");
        let field = reading.required(object, "field", field);
        let kind = reading.text(object, "type");
        let kind = reading.required(object, "type", kind).and_then(|kind| {
            let found = RiskObjectType::NAMES.iter().find(|(name, _)| *name == kind.value);
            if found.is_none() {
                let known = RiskObjectType::NAMES.map(|(name, _)| name);
                reading.wrong(unknown_name("type", &kind, &known), kind.span);
            }
            found.map(|(_, kind)| *kind)
        });
        let score = reading.integer(object, "score");
        let score = reading.required(object, "score", score);
        if let Some(score) = score.as_ref().filter(|score| !(1..=100).contains(&score.value)) {
            reading.wrong(format!("`score: {}` is out of range; expected 1 to 100", score.value), score.span);
        }
        Some(Self { field: field?, kind, score: score.map(|score| score.value) })
    }
}

impl ThreatObject {
    pub(crate) fn of(reading: &mut Reader, object: &Mapping<'_>) -> Option<Self> {
        let field = reading.text(object, "field");
        let field = reading.required(object, "field", field);
        let kind = reading.text(object, "type");
        let kind = reading.required(object, "type", kind);
        Some(Self { field: field?, kind: kind.map(|kind| kind.value).unwrap_or_default() })
    }
}

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

/// The names between dollar signs.
pub fn tokens(message: &str) -> impl Iterator<Item = &str> {
    let is_name =
        |name: &&str| !name.is_empty() && !name.contains(|character: char| character.is_whitespace() || character == ',');
    message.split('$').skip(1).step_by(2).filter(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_message() {
        assert_eq!(tokens("$user$ on $dest$, $5 and $6").collect::<Vec<_>>(), ["user", "dest"]);
    }
}
