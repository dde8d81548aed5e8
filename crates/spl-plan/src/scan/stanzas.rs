//! What stanzas of props.conf are for, told before search time.

use std::collections::BTreeSet;

use spl_knowledge::{Knowledge, StanzaMatcher};

/// What the stanzas at these places are for, sourcetypes that are called so at search time among them; none for all events.
pub fn matchers(knowledge: &Knowledge, places: &BTreeSet<usize>) -> Option<Vec<StanzaMatcher>> {
    let mut found = Vec::new();
    for stanza in places.iter().filter_map(|place| knowledge.props.get(*place)) {
        if stanza.matcher == StanzaMatcher::Default {
            return None;
        }
        found.push(stanza.matcher.clone());
        for other in &knowledge.props {
            let renamed = other.settings.get("rename").map(|setting| setting.value.as_str());
            if renamed.is_some_and(|name| stanza.matcher.matches(name, "", "")) {
                found.push(other.matcher.clone());
            }
        }
    }
    Some(found)
}
