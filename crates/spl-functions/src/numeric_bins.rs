//! Bins of numbers, as `bin`, `chart` and `xyseries` make them: `0-10`, `10-20`.

use crate::value::format_number;

/// The bounds of the bin of a number: multiples of `size`, the lower one belongs to the bin. None when the size or
/// the number is not usable.
pub fn linear_bin(value: f64, size: f64) -> Option<(f64, f64)> {
    Some(linear_bounds(linear_place(value, size)?, size))
}

/// Which bin a number is in: 0 begins at 0. None as for [`linear_bin`].
pub fn linear_place(value: f64, size: f64) -> Option<f64> {
    (size > 0.0 && size.is_finite() && value.is_finite()).then(|| floor_of_quotient(value / size))
}

/// The bounds of a bin.
pub fn linear_bounds(place: f64, size: f64) -> (f64, f64) {
    (without_noise(place * size), without_noise((place + 1.0) * size))
}

/// A bin as Splunk prints it: `10-20`.
pub fn bin_text((low, high): (f64, f64)) -> String {
    format!("{}-{}", format_number(low), format_number(high))
}

/// The size of at most `bins` bins that hold the numbers from `low` to `high`: a power of ten.
///
/// Source: Splunk search manual, Search using time bins and spans.
pub fn automatic_size(low: f64, high: f64, bins: usize) -> f64 {
    let least = (high - low).abs() / bins.max(1) as f64;
    if !(least > 0.0 && least.is_finite()) {
        return 1.0;
    }
    without_noise(10_f64.powf((least.log10() - 1e-9).ceil()))
}

/// A logarithmic span: bins from `coefficient * base^n` to `coefficient * base^(n+1)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogSpan {
    coefficient: f64,
    base: f64,
}

/// Reads a logarithmic span `[<coefficient>]log[<base>]`: coefficient 1 and base 10 unless given; the base is more than
/// 1, the coefficient at least 1 and less than the base. None when the text is not of this form at all, an error when
/// a number is out of range.
///
/// Source: Splunk search reference, bin, log-span.
pub fn parse_log_span(text: &str) -> Option<Result<LogSpan, String>> {
    let (coefficient, base) = text.trim().split_once("log")?;
    let number = |text: &str, default: f64| {
        if text.is_empty() { Some(default) } else { text.parse::<f64>().ok() }
    };
    let (coefficient, base) = (number(coefficient, 1.0)?, number(base, 10.0)?);
    Some(if !(base > 1.0 && base.is_finite()) {
        Err(format!("the base of the logarithmic span \"{text}\" must be more than 1"))
    } else if !(1.0..base).contains(&coefficient) {
        Err(format!("the coefficient of the logarithmic span \"{text}\" must be at least 1 and less than the base"))
    } else {
        Ok(LogSpan { coefficient, base })
    })
}

impl LogSpan {
    /// Which bin a number is in; none for 0 and less.
    pub fn place(&self, value: f64) -> Option<f64> {
        (value > 0.0 && value.is_finite()).then(|| floor_of_quotient((value / self.coefficient).ln() / self.base.ln()))
    }

    /// The bounds of a bin.
    pub fn bounds(&self, place: f64) -> (f64, f64) {
        let bound = |place: f64| without_noise(self.coefficient * self.base.powf(place));
        (bound(place), bound(place + 1.0))
    }
}

/// Rounds down, but takes a quotient that misses a whole number by rounding alone for that number.
fn floor_of_quotient(quotient: f64) -> f64 {
    let nearest = quotient.round();
    if (quotient - nearest).abs() < 1e-9 { nearest } else { quotient.floor() }
}

/// Rounds to 12 digits: bounds are products of short numbers.
fn without_noise(number: f64) -> f64 {
    if number.abs() >= 1e12 { number } else { format!("{number:.11e}").parse().unwrap_or(number) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn linear() {
        let text = |value: f64, size: f64| bin_text(linear_bin(value, size).unwrap());
        assert_eq!(text(5.0, 10.0), "0-10");
        assert_eq!(text(10.0, 10.0), "10-20");
        assert_eq!(text(0.7, 1.0), "0-1");
        assert_eq!(text(0.3, 0.1), "0.3-0.4");
        assert_eq!(text(-3.0, 10.0), "-10-0");
        assert_eq!(linear_bin(1.0, 0.0), None);
        assert_eq!(linear_bin(f64::NAN, 1.0), None);
    }

    #[test]
    fn automatic() {
        assert_eq!(automatic_size(0.0, 23.0, 24), 1.0);
        assert_eq!(automatic_size(0.0, 24.0, 12), 10.0);
        assert_eq!(automatic_size(0.0, 59.0, 5), 100.0);
        assert_eq!(automatic_size(0.0, 1.0, 100), 0.01);
        assert_eq!(automatic_size(3.0, 3.0, 100), 1.0);
    }

    #[test]
    fn logarithmic() {
        let text = |span: &str, value: f64| {
            let span = parse_log_span(span).unwrap().unwrap();
            bin_text(span.bounds(span.place(value).unwrap()))
        };
        assert_eq!([text("log10", 5.0), text("log", 50.0), text("log10", 1000.0)], ["1-10", "10-100", "1000-10000"]);
        assert_eq!([text("log2", 3.0), text("2log5", 7.0), text("log10", 0.05)], ["2-4", "2-10", "0.01-0.1"]);
        assert!(parse_log_span("5m").is_none());
        assert!(parse_log_span("log1").unwrap().is_err());
        assert!(parse_log_span("5log2").unwrap().is_err());
        assert_eq!(parse_log_span("log2").unwrap().unwrap().place(0.0), None);
    }
}
