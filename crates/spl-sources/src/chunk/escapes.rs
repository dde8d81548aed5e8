//! JSON's escapes.

/// Resolves JSON's escapes; what is no valid escape stays as it is.
pub(crate) fn unescape(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let Some(&kind) = rest.get(at + 1) else {
            out.push(b'\\');
            return;
        };
        rest = &rest[at + 2..];
        let plain = match kind {
            b'"' | b'\\' | b'/' => kind,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let Some(unit) = hexadecimal(rest) else {
                    out.extend_from_slice(b"\\u");
                    continue;
                };
                rest = &rest[4..];
                let low = || rest.strip_prefix(b"\\u").and_then(hexadecimal).filter(|low| (0xDC00..0xE000).contains(low));
                let code = if (0xD800..0xDC00).contains(&unit) {
                    low().map(|low| 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
                } else {
                    Some(unit)
                };
                if code.is_some_and(|code| code >= 0x10000) {
                    rest = &rest[6..];
                }
                let character = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            other => {
                out.push(b'\\');
                other
            }
        };
        out.push(plain);
    }
    out.extend_from_slice(rest);
}

fn hexadecimal(bytes: &[u8]) -> Option<u32> {
    bytes.get(..4)?.iter().try_fold(0, |number, &digit| Some(number << 4 | char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved() {
        for (escaped, plain) in [
            (r"C:\\Windows\\x", r"C:\Windows\x"),
            (r#"a\"b\/c\n\t\r\b\f"#, "a\"b/c\n\t\r\u{8}\u{c}"),
            (r"\u00e9\u20AC\ud83d\ude00", "é€😀"),
            (r"\ud83d x \ude00", "\u{fffd} x \u{fffd}"),
            (r"\ud83d\u0041", "\u{fffd}A"),
            (r"\u12", r"\u12"),
            (r"\Users", r"\Users"),
        ] {
            let mut out = Vec::new();
            unescape(escaped.as_bytes(), &mut out);
            assert_eq!(String::from_utf8_lossy(&out), plain, "{escaped}");
        }
    }
}
