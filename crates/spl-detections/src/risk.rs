//! The risk of a detection: which fields of its results are counted as what, how much, and what is said of it; one form
//! for both layouts.

use spl_parser::span::Spanned;

use crate::detection_type::unknown_name;
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
    pub(crate) fn risk_object_type(&self) -> RiskObjectType {
        match self.kind.as_ref().map(|kind| kind.value.to_ascii_lowercase()).as_deref() {
            Some("user" | "username" | "email address") => RiskObjectType::User,
            Some("device" | "endpoint" | "hostname" | "ip address") => RiskObjectType::System,
            _ => RiskObjectType::Other,
        }
    }

    /// The type of the threat object that an attacker is (the mapping of `contentctl` 4).
    pub(crate) fn threat_object_type(&self) -> String {
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
