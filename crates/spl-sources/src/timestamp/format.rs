//! `TIME_FORMAT`: a time described with the conversions of strptime and Splunk's own for fractions.

use super::Parts;
use super::clock::{digits, micros};
use super::forms::month_name;
use super::zone::zone;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Literal(Vec<u8>),
    Blank,
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    DayOfYear,
    DayName,
    Hour,
    HalfDayHour,
    Half,
    Minute,
    Second,
    Fraction(usize),
    Epoch,
    Zone,
}

/// A time format, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TimeFormat {
    tokens: Vec<Token>,
}

impl TimeFormat {
    /// Reads a format; the error names the conversion that is not known.
    pub(crate) fn new(format: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut literal = Vec::new();
        let mut characters = format.chars().peekable();
        while let Some(character) = characters.next() {
            if character.is_whitespace() {
                flush(&mut literal, &mut tokens);
                if tokens.last() != Some(&Token::Blank) {
                    tokens.push(Token::Blank);
                }
                continue;
            }
            if character != '%' {
                literal.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            let mut width = None;
            while let Some(&flag) = characters.peek() {
                match flag {
                    '-' | '_' | ':' | 'E' | 'O' => {}
                    '0'..='9' => width = flag.to_digit(10),
                    _ => break,
                }
                characters.next();
            }
            let conversion = characters.next().ok_or("a `%` stands at the end")?;
            if conversion == '%' {
                literal.push(b'%');
                continue;
            }
            flush(&mut literal, &mut tokens);
            let one = |token| vec![token];
            let with = |between: &[u8], parts: [Token; 3]| {
                let mut tokens = Vec::new();
                for part in parts {
                    if !tokens.is_empty() {
                        tokens.push(Token::Literal(between.to_vec()));
                    }
                    tokens.push(part);
                }
                tokens
            };
            tokens.extend(match conversion {
                'Y' | 'G' => one(Token::Year),
                'y' => one(Token::ShortYear),
                'm' => one(Token::Month),
                'b' | 'B' | 'h' => one(Token::MonthName),
                'd' | 'e' => one(Token::Day),
                'j' => one(Token::DayOfYear),
                'a' | 'A' => one(Token::DayName),
                'H' | 'k' => one(Token::Hour),
                'I' | 'l' => one(Token::HalfDayHour),
                'p' | 'P' => one(Token::Half),
                'M' => one(Token::Minute),
                'S' => one(Token::Second),
                'N' | 'Q' | 'f' => one(Token::Fraction(width.map_or(0, |width| width as usize))),
                's' => one(Token::Epoch),
                'z' | 'Z' => one(Token::Zone),
                'T' | 'X' => with(b":", [Token::Hour, Token::Minute, Token::Second]),
                'F' => with(b"-", [Token::Year, Token::Month, Token::Day]),
                'D' | 'x' => with(b"/", [Token::Month, Token::Day, Token::ShortYear]),
                'R' => vec![Token::Hour, Token::Literal(b":".to_vec()), Token::Minute],
                'n' | 't' => one(Token::Blank),
                other => return Err(format!("`%{other}` is not a conversion of TIME_FORMAT")),
            });
        }
        flush(&mut literal, &mut tokens);
        if tokens.is_empty() { Err("an empty format".to_owned()) } else { Ok(Self { tokens }) }
    }

    /// The time at the beginning of a text, blanks before it apart.
    pub(super) fn parse(&self, bytes: &[u8]) -> Option<Parts> {
        let mut parts = Parts::default();
        let mut half = None;
        let mut day_of_year = None;
        let mut at = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
        for (index, token) in self.tokens.iter().enumerate() {
            let blanks = |at: usize| at + bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            let two = |at: usize| {
                // A day or an hour may be padded with a blank.
                let at = if bytes.get(at) == Some(&b' ') { at + 1 } else { at };
                digits(bytes, at, 1, 2).map(|(number, end)| (number as u32, end))
            };
            at = match token {
                Token::Literal(text) => {
                    if !bytes.get(at..)?.starts_with(text) {
                        return None;
                    }
                    at + text.len()
                }
                Token::Blank => blanks(at),
                Token::Year => {
                    let (year, end) = digits(bytes, at, 4, 4)?;
                    parts.year = Some(year);
                    end
                }
                Token::ShortYear => {
                    let (year, end) = digits(bytes, at, 2, 2)?;
                    parts.year = Some(if year < 69 { 2000 + year } else { 1900 + year });
                    end
                }
                Token::Month => set(&mut parts.month, two(at)?),
                Token::Day => set(&mut parts.day, two(at)?),
                Token::Hour => {
                    parts.clock = true;
                    set(&mut parts.hour, two(at)?)
                }
                Token::HalfDayHour => {
                    parts.clock = true;
                    set(&mut parts.hour, two(at)?)
                }
                Token::Minute => set(&mut parts.minute, two(at)?),
                Token::Second => set(&mut parts.second, two(at)?),
                Token::MonthName => {
                    let (month, length) = month_name(bytes.get(at..)?)?;
                    parts.month = month;
                    at + length
                }
                Token::DayName => {
                    let length = bytes.get(at..)?.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                    if length < 3 {
                        return None;
                    }
                    at + length
                }
                Token::DayOfYear => {
                    let (day, end) = digits(bytes, at, 1, 3)?;
                    day_of_year = Some(day);
                    end
                }
                Token::Half => {
                    let text = bytes.get(at..at + 2)?;
                    half = Some(if text.eq_ignore_ascii_case(b"PM") {
                        12
                    } else if text.eq_ignore_ascii_case(b"AM") {
                        0
                    } else {
                        return None;
                    });
                    at + 2
                }
                Token::Fraction(width) => {
                    let most = if *width == 0 { 9 } else { *width };
                    let (_, end) = digits(bytes, at, 1, most)?;
                    parts.micros = micros(&bytes[at..end]);
                    // Digits beyond the width that is asked for belong to the fraction all the same.
                    end + bytes[end..].iter().take_while(|byte| byte.is_ascii_digit()).count()
                }
                Token::Epoch => {
                    let all = bytes.get(at..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    // A fraction that follows directly takes its digits from the end.
                    let behind = match self.tokens.get(index + 1) {
                        Some(Token::Fraction(width)) if *width > 0 => *width,
                        Some(Token::Fraction(_)) => all.saturating_sub(10),
                        _ => 0,
                    };
                    let length = all.checked_sub(behind).filter(|length| (1..=12).contains(length))?;
                    let (seconds, end) = digits(bytes, at, length, length)?;
                    parts.epoch = Some(seconds);
                    parts.clock = true;
                    end
                }
                Token::Zone => {
                    let end = zone(bytes, at, &mut parts);
                    if end == at {
                        return None;
                    }
                    end
                }
            };
        }
        if let Some(half) = half {
            parts.hour = parts.hour % 12 + half;
        }
        if let Some(day) = day_of_year {
            let first = chrono::NaiveDate::from_yo_opt(i32::try_from(parts.year?).ok()?, u32::try_from(day).ok()?)?;
            (parts.month, parts.day) = (chrono::Datelike::month(&first), chrono::Datelike::day(&first));
        }
        if parts.month > 0 && parts.day == 0 {
            parts.day = 1;
        }
        Some(parts)
    }
}

fn flush(literal: &mut Vec<u8>, tokens: &mut Vec<Token>) {
    if !literal.is_empty() {
        tokens.push(Token::Literal(std::mem::take(literal)));
    }
}

fn set(place: &mut u32, (number, end): (u32, usize)) -> usize {
    *place = number;
    end
}
