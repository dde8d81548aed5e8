//! The length of the cycle of a series, for `predict` and `x11`.
//!
//! The series, less its straight trend, is compared with itself shifted by each lag. The lag where it is most alike is its
//! period, if the likeness stands out from what chance would give.

/// Least likeness (1 = the same) of a series with itself a period later.
const LEAST_LIKENESS: f64 = 0.3;

/// The period within bounds; none when the series is not periodic or has not two full periods.
pub fn detect(series: &[f64], least: usize, most: usize) -> Option<usize> {
    let flat = without_trend(series);
    let total: f64 = flat.iter().map(|value| value * value).sum();
    let scale: f64 = series.iter().map(|value| value * value).sum();
    if total <= scale * 1e-18 {
        return None;
    }
    let most = most.min(series.len() / 2);
    let likeness = |lag: usize| flat.iter().zip(flat.iter().skip(lag)).map(|(a, b)| a * b).sum::<f64>() / total;
    let found: Vec<f64> = (least.saturating_sub(1)..=most + 1).map(likeness).collect();
    let bound = LEAST_LIKENESS.max(2.0 / (series.len() as f64).sqrt());
    let mut best: Option<(f64, usize)> = None;
    for (place, window) in found.windows(3).enumerate() {
        let [before, here, after] = window else { continue };
        let is_peak = here > before && here >= after && *here >= bound;
        if is_peak && best.is_none_or(|(highest, _)| *here > highest) {
            best = Some((*here, least + place));
        }
    }
    best.map(|(_, lag)| lag)
}

/// A series less the straight line that fits it best.
fn without_trend(series: &[f64]) -> Vec<f64> {
    let count = series.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = series.iter().sum::<f64>() / count;
    let places = || series.iter().enumerate().map(|(place, value)| (place as f64 - middle, value));
    let spread: f64 = places().map(|(place, _)| place * place).sum();
    let slope = if spread > 0.0 { places().map(|(place, value)| place * value).sum::<f64>() / spread } else { 0.0 };
    places().map(|(place, value)| value - mean - slope * place).collect()
}

/// Fills what is missing between values in a straight line, and at the ends with the nearest value.
pub fn filled(series: &[Option<f64>]) -> Vec<f64> {
    let known: Vec<(usize, f64)> = series.iter().enumerate().filter_map(|(place, value)| Some((place, (*value)?))).collect();
    (0..series.len())
        .map(|place| {
            let after = known.partition_point(|(known, _)| *known < place);
            match (after.checked_sub(1).and_then(|before| known.get(before)), known.get(after)) {
                (Some((left, a)), Some((right, b))) => a + (b - a) * (place - left) as f64 / (right - left) as f64,
                (Some((_, only)), None) | (None, Some((_, only))) => *only,
                (None, None) => 0.0,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_found_in_a_rising_series() {
        let series: Vec<f64> = (0..42).map(|day| f64::from(day) * 2.0 + if day % 7 == 3 { 50.0 } else { 0.0 }).collect();
        assert_eq!(detect(&series, 2, 1000), Some(7));
    }

    #[test]
    fn no_period_in_a_line() {
        let series: Vec<f64> = (0..40).map(f64::from).collect();
        assert_eq!(detect(&series, 2, 1000), None);
        assert_eq!(detect(&[5.0; 20], 2, 1000), None);
        assert_eq!(detect(&[], 2, 1000), None);
    }

    #[test]
    fn gaps_are_filled_in_a_straight_line() {
        assert_eq!(filled(&[None, Some(1.0), None, Some(3.0), None]), [1.0, 1.0, 2.0, 3.0, 3.0]);
    }
}
