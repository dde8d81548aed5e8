//! Texts in other encodings than UTF-8: UTF-16 and UTF-32, with or without a byte order mark; lines that end with a
//! carriage return alone.

/// An encoding that is turned into UTF-8, and the length of its byte order mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf16 {
        big: bool,
        mark: usize,
    },
    Utf32 {
        big: bool,
    },
    /// UTF-8 whose lines end with a carriage return alone, as on old Macs.
    CarriageReturns,
}

impl Encoding {
    /// The encoding that the first bytes of a file show, when it is not UTF-8 with line feeds.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0xFF, 0xFE, 0, 0, ..] => return Some(Self::Utf32 { big: false }),
            [0, 0, 0xFE, 0xFF, ..] => return Some(Self::Utf32 { big: true }),
            [0xFF, 0xFE, ..] => return Some(Self::Utf16 { big: false, mark: 2 }),
            [0xFE, 0xFF, ..] => return Some(Self::Utf16 { big: true, mark: 2 }),
            _ => {}
        }
        if let Some(big) = [false, true].into_iter().find(|big| is_utf16(head, *big)) {
            return Some(Self::Utf16 { big, mark: 0 });
        }
        let returns = memchr::memchr(b'\r', head).is_some_and(|at| at + 1 < head.len());
        (returns && memchr::memchr2(b'\n', 0, head).is_none()).then_some(Self::CarriageReturns)
    }

    /// A text in UTF-8; what has no meaning in the encoding becomes U+FFFD. None when it is as it should be.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Utf16 { big, mark } => {
                let units = bytes.get(mark..).unwrap_or_default().chunks_exact(2).map(|pair| unit(pair, big));
                let text: String = char::decode_utf16(units).map(|found| found.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
                Some(text.into_bytes())
            }
            Self::Utf32 { big } => {
                let read = |four: &[u8]| {
                    let four = [four[0], four[1], four[2], four[3]];
                    let code = if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
                    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                };
                let text: String = bytes.get(4..).unwrap_or_default().chunks_exact(4).map(read).collect();
                Some(text.into_bytes())
            }
            // A line feed further on shows that the first line is just long.
            Self::CarriageReturns if memchr::memchr(b'\n', bytes).is_some() => None,
            Self::CarriageReturns => Some(bytes.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect()),
        }
    }
}

/// A text in the encoding that `CHARSET` of props.conf names, in UTF-8; none when it is UTF-8, or is recognised anyway.
///
/// # Errors
/// A name that is no known encoding.
pub(crate) fn decode_as(charset: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let name = charset.trim().trim_matches('"').to_ascii_lowercase();
    if matches!(name.as_str(), "auto" | "utf-8" | "utf8" | "ascii" | "us-ascii") {
        return Ok(None);
    }
    let code_page = name.strip_prefix("cp").or(name.strip_prefix("ms-cp")).map(|page| format!("windows-{page}"));
    let labels = [name.clone(), code_page.unwrap_or_default(), name.replace('-', "_"), name.replace('_', "-")];
    let encoding = labels.iter().find_map(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    let encoding = encoding.ok_or_else(|| format!("`{charset}` is not a known encoding"))?;
    let wide = encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE;
    if encoding == encoding_rs::UTF_8 || (wide && memchr::memchr(0, bytes).is_none()) {
        return Ok(None);
    }
    Ok(Some(encoding.decode(bytes).0.into_owned().into_bytes()))
}

fn unit(pair: &[u8], big: bool) -> u16 {
    if big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) }
}

/// Whether a text is UTF-16 without a byte order mark, as Windows writes it: printable characters with a zero beside each,
/// but for a few.
fn is_utf16(head: &[u8], big: bool) -> bool {
    let pairs = head.chunks_exact(2).take(512);
    let all = pairs.len();
    let plain = |unit: u16| (0x20..0x7F).contains(&unit) || matches!(unit, 9 | 10 | 13);
    let strange = |unit: u16| unit == 0 || unit == 0xFFFF || (unit < 0x20 && !plain(unit));
    let units = pairs.map(|pair| unit(pair, big));
    all >= 8 && units.clone().filter(|unit| plain(*unit)).count() * 100 >= all * 75 && !units.clone().any(strange)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    /// A text in UTF-8 whatever its encoding.
    fn text(bytes: &[u8]) -> Cow<'_, [u8]> {
        let decoded = Encoding::of(&bytes[..bytes.len().min(4096)]).and_then(|encoding| encoding.decode(bytes));
        decoded.map_or(Cow::Borrowed(bytes), Cow::Owned)
    }

    #[test]
    fn encodings_are_named() {
        let decoded = |charset: &str, bytes: &[u8]| {
            decode_as(charset, bytes).map(|text| text.map(|text| String::from_utf8_lossy(&text).into_owned()))
        };
        assert_eq!(decoded("ISO-8859-1", b"caf\xE9"), Ok(Some("café".to_owned())));
        assert_eq!(decoded("CP1251", b"\xC0"), Ok(Some("А".to_owned())));
        assert_eq!(decoded("SHIFT-JIS", b"\x83\x65"), Ok(Some("テ".to_owned())));
        assert_eq!(decoded("UTF-16LE", b"plain"), Ok(None));
        assert_eq!(decoded("AUTO", b"caf\xE9"), Ok(None));
        assert!(decoded("klingon", b"x").is_err());
    }

    #[test]
    fn encodings_are_recognised() {
        let plain = "2024-03-04 10:11:25 é one\r\nzwei €\r\n";
        let little: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = plain.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let wide: Vec<u8> = ['\u{feff}'].into_iter().chain(plain.chars()).flat_map(|c| u32::from(c).to_le_bytes()).collect();
        for bytes in [little.clone(), big.clone(), [vec![0xFF, 0xFE], little].concat(), [vec![0xFE, 0xFF], big].concat(), wide] {
            assert_eq!(String::from_utf8_lossy(&text(&bytes)), plain, "{bytes:?}");
        }
        assert_eq!(*text(b"one\rtwo\rthree"), *b"one\ntwo\nthree");
        for bytes in [
            &b"one\r\ntwo"[..],
            b"one\ntwo",
            b"",
            b"one\r",
            b"a\0b\0",
            &[0x30, 0x82, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        ] {
            assert_eq!(*text(bytes), *bytes);
        }
    }
}
