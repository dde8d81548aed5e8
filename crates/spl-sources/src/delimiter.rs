//! What the first lines of a table in text say of how it is written: lines before the header, and what separates values.

/// How long the lines before a header are that say how the file is written: `#TYPE` of PowerShell's Export-Csv and Excel's
/// `sep=;`, which names the separator.
pub(crate) fn preamble(text: &[u8]) -> (usize, Option<u8>) {
    let line = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let first = text[..line].trim_ascii_end();
    let next = (line + 1).min(text.len());
    if first.starts_with(b"#TYPE ") {
        return (next, None);
    }
    match first.strip_prefix(b"sep=").or(first.strip_prefix(b"\"sep=")) {
        Some([separator] | [separator, b'"']) => (next, Some(*separator)),
        _ => (0, None),
    }
}

/// What separates the values of a file whose first line is its header.
pub(crate) fn separator(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| line.iter().filter(|byte| **byte == separator).count();
    // A comma, unless there is none.
    b",;|\t".iter().copied().find(|separator| count(*separator) > 0).unwrap_or(b',')
}
