//! Names with `*` against names.

/// The texts that the stars of a pattern stand for in a name; the shortest first, the last takes the rest. None when it does
/// not match.
pub fn captures<'n>(pattern: &str, name: &'n str) -> Option<Vec<&'n str>> {
    let mut parts = pattern.split('*');
    let mut rest = name.strip_prefix(parts.next()?)?;
    let parts: Vec<&str> = parts.collect();
    let mut texts = Vec::with_capacity(parts.len());
    for (number, part) in parts.iter().enumerate() {
        let at = if number + 1 == parts.len() {
            rest.len().checked_sub(part.len()).filter(|_| rest.ends_with(part))?
        } else {
            rest.find(part)?
        };
        texts.push(rest.get(..at)?);
        rest = rest.get(at + part.len()..)?;
    }
    rest.is_empty().then_some(texts)
}

/// Whether a pattern matches a name.
pub fn matches(pattern: &str, name: &str) -> bool {
    captures(pattern, name).is_some()
}

/// A pattern with its stars replaced, in their order.
pub fn filled(pattern: &str, texts: &[&str]) -> String {
    let mut texts = texts.iter();
    let mut parts = pattern.split('*');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        whole.push_str(texts.next().copied().unwrap_or_default());
        whole.push_str(part);
    }
    whole
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{captures, filled, matches};

    #[test]
    fn stars_stand_for_texts() {
        assert_eq!(captures("a*c*", "abcd").unwrap(), ["b", "d"]);
        assert_eq!(captures("*", "ä").unwrap(), ["ä"]);
        assert!(captures("a*a", "a").is_none());
        assert!(matches("a", "a") && !matches("a", "ab"));
        assert_eq!(filled("*_x", &captures("Traffic.*", "Traffic.dest").unwrap()), "dest_x");
    }
}
