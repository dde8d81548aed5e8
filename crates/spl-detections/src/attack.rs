//! Techniques and tactics of MITRE ATT&CK by their ids, and what follows from them: the phases of the kill chain.

use indexmap::IndexMap;
use spl_knowledge::Knowledge;

/// The lookup of the knowledge that names techniques and tactics.
const LOOKUP: &str = "mitre_attack_lookup";

/// A tactic of ATT&CK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tactic {
    /// `TA0002`
    pub id: String,
    /// `Execution`
    pub name: String,
}

/// A technique of ATT&CK and the tactics that it serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Technique {
    /// Its name: `Service Execution`.
    pub name: String,
    /// Its tactics.
    pub tactics: Vec<Tactic>,
}

/// The techniques by id: `T1569.002`.
#[derive(Clone, Debug, Default)]
pub struct Attack {
    techniques: IndexMap<String, Technique>,
}

/// The phase of the kill chain that each tactic stands for, as `contentctl` maps them.
const KILL_CHAIN: [(&str, &str); 14] = [
    ("TA0043", "Reconnaissance"),
    ("TA0042", "Weaponization"),
    ("TA0001", "Delivery"),
    ("TA0002", "Installation"),
    ("TA0003", "Installation"),
    ("TA0004", "Exploitation"),
    ("TA0005", "Exploitation"),
    ("TA0006", "Exploitation"),
    ("TA0007", "Exploitation"),
    ("TA0008", "Exploitation"),
    ("TA0009", "Exploitation"),
    ("TA0011", "Command and Control"),
    ("TA0010", "Actions on Objectives"),
    ("TA0040", "Actions on Objectives"),
];

/// The version of ATT&CK for Enterprise that the techniques are of.
pub const VERSION: &str = "17";

/// The tactics in the order of the matrix, with their names.
pub const TACTICS: [(&str, &str); 14] = [
    ("TA0043", "Reconnaissance"),
    ("TA0042", "Resource Development"),
    ("TA0001", "Initial Access"),
    ("TA0002", "Execution"),
    ("TA0003", "Persistence"),
    ("TA0004", "Privilege Escalation"),
    ("TA0005", "Defense Evasion"),
    ("TA0006", "Credential Access"),
    ("TA0007", "Discovery"),
    ("TA0008", "Lateral Movement"),
    ("TA0009", "Collection"),
    ("TA0011", "Command and Control"),
    ("TA0010", "Exfiltration"),
    ("TA0040", "Impact"),
];

impl Attack {
    /// The techniques that the lookup `mitre_attack_lookup` of the knowledge names; none when it can't be read.
    pub fn of(knowledge: &Knowledge) -> Self {
        let mut attack = Self::default();
        let Ok(table) = knowledge.lookup(LOOKUP).and_then(|lookup| lookup.load()) else { return attack };
        let column = |name: &str| table.column(name).ok();
        let (Some(id), Some(name)) = (column("mitre_technique_id"), column("mitre_technique")) else { return attack };
        let (tactic_id, tactic) = (column("mitre_tactic_id"), column("mitre_tactic"));
        for row in &table.rows {
            let value = |place: usize| row.get(place).cloned().unwrap_or_default();
            let technique = attack.techniques.entry(value(id)).or_default();
            technique.name = value(name);
            if let Some((id, name)) = tactic_id.zip(tactic) {
                technique.tactics.push(Tactic { id: value(id), name: value(name) });
            }
        }
        attack
    }

    /// A technique or sub-technique by its id.
    pub fn technique(&self, id: &str) -> Option<&Technique> {
        self.techniques.get(id)
    }

    /// Every technique with its id, sorted by id.
    pub fn techniques(&self) -> impl Iterator<Item = (&str, &Technique)> {
        self.techniques.iter().map(|(id, technique)| (id.as_str(), technique))
    }

    /// The tactics of techniques, each once, in the order of the techniques.
    pub fn tactics_of<'a>(&'a self, ids: impl IntoIterator<Item = &'a str>) -> Vec<&'a Tactic> {
        let mut tactics: Vec<&Tactic> = Vec::new();
        for tactic in ids.into_iter().filter_map(|id| self.technique(id)).flat_map(|technique| &technique.tactics) {
            if !tactics.contains(&tactic) {
                tactics.push(tactic);
            }
        }
        tactics
    }
}

/// The phase of the kill chain that a tactic stands for; none for an unknown one.
pub fn kill_chain_phase(tactic_id: &str) -> Option<&'static str> {
    KILL_CHAIN.iter().find(|(id, _)| *id == tactic_id).map(|(_, phase)| *phase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pack_names_techniques() {
        let attack = Attack::of(&Knowledge::built_in());
        let technique = attack.technique("T1569.002");
        assert_eq!(technique.map(|technique| technique.name.as_str()), Some("Service Execution"));
        let tactics = attack.tactics_of(["T1569.002", "T1543.003", "T9999"]);
        let names: Vec<&str> = tactics.iter().map(|tactic| tactic.name.as_str()).collect();
        assert_eq!(names, ["Execution", "Persistence", "Privilege Escalation"]);
        assert!(attack.techniques().count() > 600);
        let all = attack.techniques().flat_map(|(_, technique)| &technique.tactics);
        assert!(all.into_iter().all(|tactic| kill_chain_phase(&tactic.id).is_some()));
        assert_eq!(kill_chain_phase("TA0002"), Some("Installation"));
    }
}
