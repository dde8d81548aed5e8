//! Records of the Linux audit daemon: one event per line, every `key=value` of it a field.

use crate::chunk::ChunkBuilder;
use crate::event::EventFinisher;
use crate::role::{Role, Slots};

/// Whether a line is a record: `type=... msg=audit(epoch:serial): ...`, perhaps with `node=` before.
pub(crate) fn is_line(line: &str) -> bool {
    let rest = match line.strip_prefix("node=") {
        Some(rest) => rest.split_once(' ').map_or("", |(_, rest)| rest),
        None => line,
    };
    rest.starts_with("type=") && rest.contains(" msg=audit(")
}

/// Adds the fields of a record; the host is its `node`.
pub(crate) fn read(builder: &mut ChunkBuilder<'_>, finisher: &EventFinisher<'_>, slots: &mut Slots, line: &str) {
    if let Some(node) = line.strip_prefix("node=").and_then(|rest| rest.split(' ').next()) {
        let span = builder.place(node);
        slots.set(Role::Host, span);
    }
    for (name, value) in pairs(line) {
        finisher.field(builder, name, value);
    }
}

/// The pairs of a record. Programs of user space put theirs into `msg='...'`; a group separator stands before the
/// names that the daemon resolved.
fn pairs(line: &str) -> Vec<(&str, &str)> {
    let bytes = line.as_bytes();
    let mut found: Vec<(&str, &str)> = Vec::new();
    let mut at = 0;
    while let Some(equals) = memchr::memchr(b'=', &bytes[at..]).map(|place| at + place) {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let start = bytes[at..equals].iter().rposition(|byte| !is_name(byte)).map_or(at, |place| at + place + 1);
        let name = &line[start..equals];
        let value = equals + 1;
        let (value, next) = match bytes.get(value) {
            Some(b'"') => {
                let end = memchr::memchr(b'"', &bytes[value + 1..]).map_or(bytes.len(), |end| value + 1 + end);
                (&line[value + 1..end], end + 1)
            }
            // What is inside has names of its own.
            Some(b'\'') => ("", value + 1),
            _ => {
                let rest = &bytes[value..];
                let length = rest.iter().position(|byte| matches!(byte, b' ' | b'\'' | 0x1D | b'\t')).unwrap_or(rest.len());
                (line[value..value + length].trim_end_matches([':', ',']), value + length)
            }
        };
        if !name.is_empty() && !value.is_empty() && name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            found.push((name, value));
        }
        at = next.min(bytes.len());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_pairs() {
        let line = "node=web type=ADD_USER msg=audit(1722950859.266:6994): pid=1788 msg='op=adding user id=1002 exe=\"/a b\" addr=? res=success'\u{1d}UID=\"root\"";
        assert!(is_line(line));
        assert_eq!(
            pairs(line),
            [
                ("node", "web"),
                ("type", "ADD_USER"),
                ("msg", "audit(1722950859.266:6994)"),
                ("pid", "1788"),
                ("op", "adding"),
                ("id", "1002"),
                ("exe", "/a b"),
                ("addr", "?"),
                ("res", "success"),
                ("UID", "root"),
            ]
        );
        assert!(!is_line("type=x y"));
        assert_eq!(pairs("=a =\" b='"), []);
    }
}
