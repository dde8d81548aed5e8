//! The names of the groups of a regular expression, without compiling it.

/// Names of named groups in the order in which they stand: `(?<name>`, `(?P<name>` and `(?'name'`. Escapes, classes and
/// quoted text (`\Q…\E`) are passed over. What is no valid pattern gives the names that it seems to have.
pub fn group_names(regex: &str) -> Vec<&str> {
    let bytes = regex.as_bytes();
    let mut names = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if bytes.get(at + 1) == Some(&b'Q') => {
                at = regex[at..].find("\\E").map_or(bytes.len(), |end| at + end + 2);
            }
            b'\\' => at += 2,
            b'[' => at = behind_class(bytes, at),
            b'(' => {
                let rest = &regex[at + 1..];
                let opened = ["?<", "?P<", "?'"].iter().find_map(|mark| Some((mark.len(), rest.strip_prefix(mark)?)));
                if let Some((length, inside)) = opened.filter(|(_, inside)| !inside.starts_with(['=', '!'])) {
                    let end = inside.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(inside.len());
                    if end > 0 && matches!(inside.as_bytes().get(end), Some(b'>' | b'\'')) {
                        names.push(&inside[..end]);
                    }
                    at += length;
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    names
}

/// Where a class that opens here ends. A bracket right behind the opening one is a member.
fn behind_class(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    if bytes.get(at) == Some(&b'^') {
        at += 1;
    }
    if bytes.get(at) == Some(&b']') {
        at += 1;
    }
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'[' if bytes.get(at + 1) == Some(&b':') => {
                let end = bytes[at..].windows(2).position(|pair| pair == b":]");
                at = end.map_or(at + 1, |end| at + end + 2);
            }
            b']' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found() {
        for (regex, names) in [
            (r"user=(?<user>\w+) (?P<b>x)(?'c'y)", vec!["user", "b", "c"]),
            (r"\(?<no>[(?<no>](?<=a)(?<!b)(?<yes>)", vec!["yes"]),
            (r"[](?<no>](?<a>)\Q(?<no>\E(?<b>[[:alpha:](?<no>])", vec!["a", "b"]),
            (r"(?|u=(?<x>\w+)|v=(?<x>\w+))", vec!["x", "x"]),
            (r"(?<open", vec![]),
            (r"é(?<é>ü)", vec!["é"]),
        ] {
            assert_eq!(group_names(regex), names, "{regex}");
        }
    }
}
