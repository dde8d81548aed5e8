//! Goes over JSON text: where values begin and end, without reading what they say.

/// What stands before each value of a JSON text sequence (RFC 7464).
pub(crate) const RECORD: u8 = 0x1E;

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JsonError;

/// What a word of JSON is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Null,
    Other,
}

/// A place in JSON text.
pub(crate) struct Scanner<'t> {
    pub(crate) text: &'t [u8],
    pub(crate) at: usize,
}

impl<'t> Scanner<'t> {
    pub(crate) fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte that is not blank, which stays.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.get(self.at)?;
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// The next byte that is not blank.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(crate) fn next_is(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.next() == Some(byte) { Ok(()) } else { Err(JsonError) }
    }

    pub(crate) fn expect_end(&mut self) -> Result<(), JsonError> {
        if self.peek().is_none() { Ok(()) } else { Err(JsonError) }
    }

    /// The next key of an object (as it is written), behind its colon; none when there is none.
    pub(crate) fn key(&mut self) -> Option<&'t [u8]> {
        if !self.next_is(b'"') {
            return None;
        }
        let start = self.at;
        self.string().ok()?;
        let key = self.text.get(start..self.at - 1)?;
        self.expect(b':').ok()?;
        Some(key)
    }

    /// Goes behind the closing quote; says whether there were escapes.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<bool, JsonError> {
        const LOW: u64 = 0x0101_0101_0101_0101;
        const HIGH: u64 = 0x8080_8080_8080_8080;
        let mut escaped = false;
        loop {
            // Eight bytes at a time: the high bit is set in bytes that are a quote or a backslash.
            while let Some(word) = self.text.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
                let word = u64::from_le_bytes(*word);
                let quote = word ^ (LOW * b'"' as u64);
                let backslash = word ^ (LOW * b'\\' as u64);
                let found = ((quote.wrapping_sub(LOW) & !quote) | (backslash.wrapping_sub(LOW) & !backslash)) & HIGH;
                if found != 0 {
                    self.at += found.trailing_zeros() as usize / 8;
                    break;
                }
                self.at += 8;
            }
            match self.text.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.at += 2;
                }
                Some(_) => self.at += 1,
                None => return Err(JsonError),
            }
        }
    }

    /// Goes behind a number, `true`, `false` or `null`.
    pub(crate) fn scalar(&mut self) -> Result<Scalar, JsonError> {
        let rest = self.rest();
        let length =
            rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t')).unwrap_or(rest.len());
        let word = &rest[..length];
        self.at += length;
        match word {
            b"null" => Ok(Scalar::Null),
            b"true" | b"false" => Ok(Scalar::Other),
            _ if is_number(word) => Ok(Scalar::Other),
            _ => Err(JsonError),
        }
    }

    /// Goes behind a value of any kind.
    pub(crate) fn skip_value(&mut self) -> Result<(), JsonError> {
        match self.peek().ok_or(JsonError)? {
            b'"' => {
                self.at += 1;
                self.string().map(drop)
            }
            b'{' | b'[' => self.skip_nested(),
            _ => self.scalar().map(drop),
        }
    }

    /// Goes behind an object or array; only its strings and brackets matter.
    fn skip_nested(&mut self) -> Result<(), JsonError> {
        let mut depth = 0_usize;
        loop {
            let byte = *self.text.get(self.at).ok_or(JsonError)?;
            self.at += 1;
            match byte {
                b'"' => drop(self.string()?),
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether a word is a number by JSON's grammar.
fn is_number(word: &[u8]) -> bool {
    let unsigned = word.strip_prefix(b"-").unwrap_or(word);
    let whole = unsigned.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(unsigned.len());
    if whole == 0 || (whole > 1 && unsigned[0] == b'0') {
        return false;
    }
    let mut rest = &unsigned[whole..];
    if let Some(after) = rest.strip_prefix(b".") {
        let digits = after.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(after.len());
        if digits == 0 {
            return false;
        }
        rest = &after[digits..];
    }
    if let [b'e' | b'E', after @ ..] = rest {
        let after = after.strip_prefix(b"+").or_else(|| after.strip_prefix(b"-")).unwrap_or(after);
        return !after.is_empty() && after.iter().all(u8::is_ascii_digit);
    }
    rest.is_empty()
}
