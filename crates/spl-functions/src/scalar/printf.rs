//! The formats of eval's `printf` (Splunk search reference, Conversion functions, printf), which are C's.

use crate::value::Value;

/// A compiled format.
#[derive(Debug)]
pub(crate) struct Format {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Conversion(Conversion),
}

/// Width or precision.
#[derive(Clone, Copy, Debug)]
enum Size {
    Given(usize),
    /// `*`: the next argument.
    Argument,
}

#[derive(Debug, Default)]
struct Conversion {
    grouped: bool,
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: Option<Size>,
    precision: Option<Size>,
    specifier: char,
}

/// Widths and precisions beyond this are cut, so that a format can't ask for gigabytes.
const LARGEST_SIZE: usize = 10_000;

impl Format {
    /// Reads a format; the message names what is wrong with it.
    pub(crate) fn new(format: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut characters = format.chars().peekable();
        while let Some(character) = characters.next() {
            if character != '%' {
                text.push(character);
                continue;
            }
            if characters.next_if_eq(&'%').is_some() {
                text.push('%');
                continue;
            }
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            // A lone percent sign at the end stands for itself.
            if characters.peek().is_none() {
                text.push('%');
                break;
            }
            let mut conversion = Conversion::default();
            while let Some(flag) = characters.next_if(|character| "'-0+ #".contains(*character)) {
                match flag {
                    '\'' => conversion.grouped = true,
                    '-' => conversion.left = true,
                    '0' => conversion.zero = true,
                    '+' => conversion.plus = true,
                    ' ' => conversion.space = true,
                    _ => conversion.alternate = true,
                }
            }
            conversion.width = read_size(&mut characters);
            if characters.next_if_eq(&'.').is_some() {
                conversion.precision = Some(read_size(&mut characters).unwrap_or(Size::Given(0)));
            }
            conversion.specifier = match characters.next() {
                Some('i') => 'd',
                Some('z') => 's',
                Some('p') => 'X',
                Some(specifier) if "aAcdeEfFgGosuxX".contains(specifier) => specifier,
                Some('$') => {
                    return Err("printf does not support %<num>$ to pick an argument".to_owned());
                }
                Some(other) => return Err(format!("printf does not know the conversion %{other}")),
                None => return Err("the format of printf ends inside a conversion".to_owned()),
            };
            parts.push(Part::Conversion(conversion));
        }
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Ok(Self { parts })
    }

    /// How many arguments it takes.
    pub(crate) fn arguments(&self) -> usize {
        let takes = |size: Option<Size>| usize::from(matches!(size, Some(Size::Argument)));
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(_) => 0,
                Part::Conversion(conversion) => 1 + takes(conversion.width) + takes(conversion.precision),
            })
            .sum()
    }

    /// Prints the arguments; none when one of them is null or no number where one is needed.
    pub(crate) fn print<'a>(&self, argument: impl Fn(usize) -> Value<'a>, printed: &mut String) -> Option<()> {
        let mut next = 0;
        let mut take = || {
            next += 1;
            argument(next - 1)
        };
        for part in &self.parts {
            match part {
                Part::Text(text) => printed.push_str(text),
                Part::Conversion(conversion) => {
                    let mut left = conversion.left;
                    let width = match conversion.width {
                        None => 0,
                        Some(Size::Given(width)) => width,
                        Some(Size::Argument) => {
                            let width = take().number()?;
                            left |= width < 0.0;
                            (width.abs() as usize).min(LARGEST_SIZE)
                        }
                    };
                    let precision = match conversion.precision {
                        None => None,
                        Some(Size::Given(precision)) => Some(precision),
                        // A negative precision is as if there were none.
                        Some(Size::Argument) => match take().number()? {
                            precision if precision < 0.0 => None,
                            precision => Some((precision as usize).min(LARGEST_SIZE)),
                        },
                    };
                    conversion.print(take(), width, left, precision, printed)?;
                }
            }
        }
        Some(())
    }
}

fn read_size(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Size> {
    if characters.next_if_eq(&'*').is_some() {
        return Some(Size::Argument);
    }
    let mut size = None;
    while let Some(digit) = characters.peek().and_then(|character| character.to_digit(10)) {
        size = Some((size.unwrap_or(0) * 10 + digit as usize).min(LARGEST_SIZE));
        characters.next();
    }
    size.map(Size::Given)
}

impl Conversion {
    fn print(&self, value: Value<'_>, width: usize, left: bool, precision: Option<usize>, printed: &mut String) -> Option<()> {
        let (sign, digits) = match self.specifier {
            's' => {
                let text = value.text()?;
                let shown: String = match precision {
                    Some(precision) => text.chars().take(precision).collect(),
                    None => text.into_owned(),
                };
                pad("", &shown, width, left, false, printed);
                return Some(());
            }
            'c' => {
                let character = match value.number() {
                    Some(code) => char::from_u32(code as u32)?,
                    None => value.text()?.chars().next()?,
                };
                pad("", character.encode_utf8(&mut [0; 4]), width, left, false, printed);
                return Some(());
            }
            'd' | 'u' | 'o' | 'x' | 'X' => self.whole(value, precision)?,
            _ => self.fraction(value.number()?, precision),
        };
        let zero = self.zero
            && !left
            && (precision.is_none() || !matches!(self.specifier, 'd' | 'u' | 'o' | 'x' | 'X'))
            && digits.starts_with(|first: char| first.is_ascii_hexdigit());
        pad(&sign, &digits, width, left, zero, printed);
        Some(())
    }

    fn sign(&self, negative: bool) -> String {
        match (negative, self.plus, self.space) {
            (true, _, _) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        }
        .to_owned()
    }

    fn whole(&self, value: Value<'_>, precision: Option<usize>) -> Option<(String, String)> {
        let number: i128 = match value {
            Value::Integer(number) => i128::from(number),
            value => {
                let number = value.number()?;
                if !number.is_finite() {
                    return None;
                }
                number.trunc() as i128
            }
        };
        // The unsigned conversions show a negative number's 64 bits, as C does.
        let bits = || number as i64 as u64;
        let (sign, mut digits) = match self.specifier {
            'd' => (self.sign(number < 0), number.unsigned_abs().to_string()),
            'u' => (String::new(), bits().to_string()),
            'o' => (String::new(), format!("{:o}", bits())),
            'x' => (if self.alternate && number != 0 { "0x" } else { "" }.to_owned(), format!("{:x}", bits())),
            _ => (if self.alternate && number != 0 { "0X" } else { "" }.to_owned(), format!("{:X}", bits())),
        };
        if let Some(precision) = precision {
            if precision == 0 && number == 0 {
                digits.clear();
            }
            if digits.len() < precision {
                digits.insert_str(0, &"0".repeat(precision - digits.len()));
            }
        }
        if self.specifier == 'o' && self.alternate && !digits.starts_with('0') {
            digits.insert(0, '0');
        }
        if self.grouped && matches!(self.specifier, 'd' | 'u') {
            digits = grouped(&digits);
        }
        Some((sign, digits))
    }

    fn fraction(&self, number: f64, precision: Option<usize>) -> (String, String) {
        let sign = self.sign(number.is_sign_negative() && !number.is_nan());
        let upper = self.specifier.is_ascii_uppercase();
        let number = number.abs();
        let mut digits = if number.is_nan() {
            "nan".to_owned()
        } else if number.is_infinite() {
            "inf".to_owned()
        } else {
            match self.specifier {
                'f' | 'F' => self.fixed(number, precision.unwrap_or(6)),
                'e' | 'E' => self.scientific(number, precision.unwrap_or(6)),
                'g' | 'G' => self.general(number, precision.unwrap_or(6).max(1)),
                _ => self.hexadecimal(number, precision),
            }
        };
        if self.grouped && matches!(self.specifier, 'f' | 'F') {
            digits = grouped(&digits);
        }
        (sign, if upper { digits.to_ascii_uppercase() } else { digits })
    }

    fn fixed(&self, number: f64, precision: usize) -> String {
        let mut digits = format!("{number:.precision$}");
        if self.alternate && precision == 0 {
            digits.push('.');
        }
        digits
    }

    fn scientific(&self, number: f64, precision: usize) -> String {
        let written = format!("{number:.precision$e}");
        let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
        let point = if self.alternate && precision == 0 { "." } else { "" };
        format!("{mantissa}{point}e{sign}{exponent:0>2}")
    }

    fn general(&self, number: f64, precision: usize) -> String {
        let exponent: i32 =
            format!("{number:.0$e}", precision - 1).split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
        let scientific = exponent < -4 || exponent >= precision as i32;
        let mut written = if scientific {
            self.scientific(number, precision - 1)
        } else {
            self.fixed(number, (precision as i32 - 1 - exponent).max(0) as usize)
        };
        if !self.alternate {
            let (mantissa, exponent) = match written.find('e') {
                Some(at) => written.split_at(at),
                None => (written.as_str(), ""),
            };
            if mantissa.contains('.') {
                let shorter = mantissa.trim_end_matches('0').trim_end_matches('.');
                written = format!("{shorter}{exponent}");
            }
        }
        written
    }

    /// `0x1.921fb54442d18p+1`: as many digits as needed, or the precision's.
    fn hexadecimal(&self, number: f64, precision: Option<usize>) -> String {
        let bits = number.to_bits();
        let mut exponent = ((bits >> 52) & 0x7ff) as i64;
        let mut mantissa = bits & ((1 << 52) - 1);
        let mut leading: u64 = 1;
        if exponent == 0 {
            leading = 0;
            exponent = if mantissa == 0 { 1023 } else { 1 };
        }
        exponent -= 1023;
        let digits = match precision {
            Some(precision) if precision < 13 => {
                let dropped = 52 - 4 * precision as u32;
                let all = (leading << 52) | mantissa;
                let half = 1u64 << (dropped - 1);
                let rest = all & ((1 << dropped) - 1);
                let mut kept = all >> dropped;
                // Halves go to the even digit, as in C.
                if rest > half || (rest == half && kept & 1 == 1) {
                    kept += 1;
                }
                leading = kept >> (4 * precision);
                mantissa = kept & ((1u64 << (4 * precision)) - 1);
                if precision == 0 { String::new() } else { format!("{mantissa:0precision$x}") }
            }
            Some(precision) => format!("{mantissa:013x}{}", "0".repeat(precision - 13)),
            None => format!("{mantissa:013x}").trim_end_matches('0').to_owned(),
        };
        let point = if digits.is_empty() && !self.alternate { "" } else { "." };
        format!("0x{leading}{point}{digits}p{exponent:+}")
    }
}

/// Pads to the width: with blanks on either side, or with zeros after the sign.
fn pad(sign: &str, digits: &str, width: usize, left: bool, zero: bool, printed: &mut String) {
    let missing = width.saturating_sub(sign.chars().count() + digits.chars().count());
    if missing > 0 && !left && !zero {
        printed.extend(std::iter::repeat_n(' ', missing));
    }
    printed.push_str(sign);
    if zero {
        printed.extend(std::iter::repeat_n('0', missing));
    }
    printed.push_str(digits);
    if left {
        printed.extend(std::iter::repeat_n(' ', missing));
    }
}

/// Appends the digits with commas between thousands; a sign and a fraction stay as they are.
pub(super) fn write_grouped(digits: &str, printed: &mut String) {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let (whole, fraction) = digits.find('.').map_or((digits, ""), |point| digits.split_at(point));
    printed.push_str(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            printed.push(',');
        }
        printed.push(digit);
    }
    printed.push_str(fraction);
}

fn grouped(digits: &str) -> String {
    let mut printed = String::new();
    write_grouped(digits, &mut printed);
    printed
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn print(format: &str, arguments: &[Value<'_>]) -> Option<String> {
        let mut printed = String::new();
        let argument = |index: usize| arguments.get(index).copied().unwrap_or(Value::Null);
        Format::new(format).unwrap().print(argument, &mut printed).map(|()| printed)
    }

    #[test]
    fn conversions() {
        let pi = Value::Float(std::f64::consts::PI);
        let int = Value::Integer;
        for (format, arguments, expected) in [
            ("%.3A", &[pi][..], "0X1.922P+1"),
            ("%a", &[Value::Float(1.0)], "0x1p+0"),
            ("%a", &[Value::Float(0.0)], "0x0p+0"),
            ("%c,%c", &[int(65), Value::Text("Foo")], "A,F"),
            ("%d,%i,%d", &[int(-2), int(4), int(30)], "-2,4,30"),
            ("%.2e", &[int(5139)], "5.14e+03"),
            ("%.2f", &[pi], "3.14"),
            ("%f", &[Value::Float(2.5)], "2.500000"),
            ("%.2g,%.2g", &[pi, int(123)], "3.1,1.2e+02"),
            ("%g", &[Value::Float(0.0001)], "0.0001"),
            ("%g", &[Value::Float(100000.0)], "100000"),
            ("%g", &[Value::Float(1000000.0)], "1e+06"),
            ("%#g", &[int(1)], "1.00000"),
            ("%o", &[int(255)], "377"),
            ("%#o", &[int(8)], "010"),
            ("%s%z", &[Value::Text("foo"), Value::Text("bar")], "foobar"),
            ("%.2s", &[Value::Text("foo")], "fo"),
            ("%u", &[int(99)], "99"),
            ("%x,%X,%p", &[int(10), int(10), int(10)], "a,A,A"),
            ("100%%", &[], "100%"),
            ("%'d", &[int(12345)], "12,345"),
            ("%'.2f", &[Value::Float(1234567.891)], "1,234,567.89"),
            ("%-4d|", &[int(1)], "1   |"),
            ("%04d", &[int(1)], "0001"),
            ("%04d", &[int(-1)], "-001"),
            ("%+4d", &[int(1)], "  +1"),
            ("%+d", &[int(-7)], "-7"),
            ("% -4d|", &[int(1)], " 1  |"),
            ("%#x", &[int(1)], "0x1"),
            ("%#06x", &[int(1)], "0x0001"),
            ("%*d", &[int(5), int(123)], "  123"),
            ("%-*d|", &[int(5), int(123)], "123  |"),
            ("%*d|", &[int(-5), int(123)], "123  |"),
            ("%.*f", &[int(1), Value::Float(1.23)], "1.2"),
            ("[%*.*e]", &[int(9), int(2), pi], "[ 3.14e+00]"),
            ("[%8s]", &[Value::Text("abc")], "[     abc]"),
            ("[%-8s]", &[Value::Text("abc")], "[abc     ]"),
            ("%2d", &[int(12345)], "12345"),
            ("%.5d", &[int(42)], "00042"),
            ("%.0d", &[int(0)], ""),
            ("%d", &[Value::Float(2.9)], "2"),
            ("%d", &[Value::Text("7")], "7"),
            ("%s", &[Value::Float(2.50)], "2.5"),
            ("%x", &[int(-1)], "ffffffffffffffff"),
            ("%5.1f", &[Value::Float(-0.04)], " -0.0"),
            ("%05f", &[Value::Float(f64::INFINITY)], "  inf"),
        ] {
            assert_eq!(print(format, arguments).as_deref(), Some(expected), "{format}");
        }
        assert_eq!(print("%d", &[Value::Null]), None);
        assert_eq!(print("%d", &[Value::Text("x")]), None);
    }

    #[test]
    fn faulty_formats_are_named() {
        for format in ["%5", "%n", "%C", "%S", "%1$d", "%y"] {
            assert!(Format::new(format).is_err(), "{format}");
        }
        assert_eq!(Format::new("%*.*f %s").unwrap().arguments(), 4);
    }
}
