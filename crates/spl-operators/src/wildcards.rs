//! Names and values matched by patterns with `*`.

/// Whether a name matches a pattern in which `*` stands for any text; with case.
pub fn wildcard_matches(pattern: &str, name: &str) -> bool {
    wildcard_captures(pattern, name).is_some()
}

/// The texts that the stars of a pattern stand for in a name; the shortest first, the last takes the rest.
pub fn wildcard_captures<'n>(pattern: &str, name: &'n str) -> Option<Vec<&'n str>> {
    let mut parts = pattern.split('*');
    let mut rest = name.strip_prefix(parts.next()?)?;
    let parts: Vec<&str> = parts.collect();
    let mut captures = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let at = if index + 1 == parts.len() {
            rest.len().checked_sub(part.len()).filter(|at| rest.is_char_boundary(*at) && rest[*at..] == **part)?
        } else {
            rest.find(part)?
        };
        captures.push(&rest[..at]);
        rest = &rest[at + part.len()..];
    }
    rest.is_empty().then_some(captures)
}
