//! What the commands that look at all values of a result share: its rows, coded values, options, a little arithmetic.

use std::collections::HashMap;

use spl_functions::value::parse_number;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::{Input, PlanContext};
use spl_plan::rows::collected::Rows;

/// The code of a row without a value.
pub const ABSENT: u32 = u32::MAX;

/// The rows before a command.
pub async fn rows(context: &PlanContext, call: &CommandCall, input: Input) -> Result<Rows, Diagnostic> {
    let needs_rows = || Diagnostic::error("plan/no-input", format!("`{}` needs rows", call.spec.name), call.span);
    Rows::of(context, input.frame.ok_or_else(needs_rows)?).await
}

/// The fields that a command names, patterns expanded, or all with a value whose name does not start with `_`.
pub fn named_fields(context: &PlanContext, call: &CommandCall, rows: &Rows) -> Vec<String> {
    let has_value = |name: &str| rows.column(name).is_some_and(|column| (0..rows.len()).any(|row| !column.value(row).is_null()));
    let all = || rows.fields().map(|(name, _)| name).filter(|name| !name.starts_with('_') && has_value(name));
    if call.fields().next().is_none() {
        return all().map(str::to_owned).collect();
    }
    let mut names: Vec<String> = Vec::new();
    for field in call.fields() {
        if field.has_wildcard() {
            names.extend(all().filter(|name| spl_plan::names::wildcards::wildcard_matches(&field.name, name)).map(str::to_owned));
        } else if has_value(&field.name) {
            names.push(field.name.clone());
        } else if !rows.is_empty() {
            let message = format!("no row has the field `{}`, which `{}` asks for", field.name, call.spec.name);
            context.warn(Diagnostic::warning("plan/no-values", message, Some(field.span)));
        }
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// The values of a field, each distinct one with a number; several values of a row are one, joined by line feeds.
#[derive(Debug, Default)]
pub struct Coded {
    /// The field.
    pub name: String,
    /// The value's number per row, or [`ABSENT`].
    pub codes: Vec<u32>,
    /// Distinct values in order of appearance.
    pub values: Vec<String>,
    /// Rows per distinct value.
    pub counts: Vec<usize>,
}

impl Coded {
    /// Numbers the values of a field.
    pub fn of(rows: &Rows, name: &str) -> Self {
        let mut coded = Self { name: name.to_owned(), codes: Vec::with_capacity(rows.len()), ..Self::default() };
        let mut known: HashMap<String, u32> = HashMap::new();
        let column = rows.column(name);
        for row in 0..rows.len() {
            let text = column.and_then(|column| column.value(row).text());
            let Some(text) = text else {
                coded.codes.push(ABSENT);
                continue;
            };
            let code = match known.get(text.as_ref()) {
                Some(code) => *code,
                None => {
                    let code = u32::try_from(coded.values.len()).unwrap_or(ABSENT - 1);
                    coded.values.push(text.clone().into_owned());
                    coded.counts.push(0);
                    known.insert(text.into_owned(), code);
                    code
                }
            };
            coded.counts[code as usize] += 1;
            coded.codes.push(code);
        }
        coded
    }

    /// The number of a row's value.
    pub fn code(&self, row: usize) -> Option<usize> {
        self.codes.get(row).filter(|code| **code != ABSENT).map(|code| *code as usize)
    }

    /// Rows with a value.
    pub fn present(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The number that each distinct value is, when all of them are numbers.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        if self.values.is_empty() {
            return None;
        }
        self.values.iter().map(|value| parse_number(value)).collect()
    }
}

/// Mean and standard deviation (of a sample; 0 for one number) of numbers that occur so many times.
pub fn moments(numbers: &[f64], counts: &[usize]) -> Option<(f64, f64)> {
    let total: usize = counts.iter().sum();
    if total == 0 {
        return None;
    }
    let weighted = || numbers.iter().zip(counts).map(|(number, count)| (*number, *count as f64));
    let mean = weighted().map(|(number, count)| number * count).sum::<f64>() / total as f64;
    let squares: f64 = weighted().map(|(number, count)| (number - mean).powi(2) * count).sum();
    let deviation = if total > 1 { (squares / (total - 1) as f64).sqrt() } else { 0.0 };
    Some((mean, deviation))
}

/// The number below which a part of sorted numbers lies, between two numbers by their distance to it.
pub fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = part * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(low + (high - low) * place.fract())
}

/// Shannon entropy, in bits, of a value that occurs so many times out of all.
pub fn entropy(counts: impl Iterator<Item = usize>, total: usize) -> f64 {
    let bits: f64 = counts
        .filter(|count| *count > 0)
        .map(|count| {
            let share = count as f64 / total as f64;
            -share * share.log2()
        })
        .sum();
    // Not minus zero.
    bits.max(0.0) + 0.0
}

/// The probability that a normal number is at least so many standard deviations away from its mean.
pub fn two_sided_probability(deviations: f64) -> f64 {
    complementary_error(deviations.abs() / std::f64::consts::SQRT_2)
}

/// How many standard deviations around the mean hold a share of normal numbers, 0 to below 1.
pub fn deviations_for(share: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 40.0_f64);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        if 1.0 - two_sided_probability(middle) < share { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// The complementary error function of a number that is not negative.
fn complementary_error(x: f64) -> f64 {
    if x.is_nan() {
        return f64::NAN;
    }
    if x > 27.0 {
        return 0.0;
    }
    let scale = (-x * x).exp() / std::f64::consts::PI.sqrt();
    if x < 2.0 {
        // erf(x) = 2x/sqrt(pi) exp(-x^2) sum of (2x^2)^n / (1*3*5*...*(2n+1))
        let (mut term, mut sum) = (1.0, 1.0);
        for n in 1..200 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        return 1.0 - 2.0 * x * scale * sum;
    }
    // A continued fraction, from its far end.
    let tail = (1..=120).rev().fold(x, |below, n| x + f64::from(n) / 2.0 / below);
    scale / tail
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn normal_probabilities() {
        for (deviations, probability) in [
            (0.0, 1.0),
            (1.0, 0.317_310_507_862_914),
            (1.959_963_984_540_054, 0.05),
            (3.0, 0.002_699_796_063_260),
            (6.0, 1.973_175_290_075e-9),
        ] {
            let found = two_sided_probability(deviations);
            assert!((found - probability).abs() <= 1e-12 + probability * 1e-9, "{deviations}: {found}");
        }
        assert!((deviations_for(0.95) - 1.959_963_984_540_054).abs() < 1e-9);
        assert!((deviations_for(0.5) - 0.674_489_750_196_082).abs() < 1e-9);
        assert_eq!(two_sided_probability(100.0), 0.0);
    }

    #[test]
    fn quantiles_and_entropy() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.25), Some(1.75));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(entropy([2, 2].into_iter(), 4), 1.0);
        assert_eq!(entropy([4].into_iter(), 4), 0.0);
        assert_eq!(moments(&[1.0, 3.0], &[1, 1]), Some((2.0, std::f64::consts::SQRT_2)));
        assert_eq!(moments(&[], &[]), None);
    }
}
