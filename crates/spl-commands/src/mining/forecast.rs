//! The models of `predict`: Kalman filters over levels, trends, seasons and pairs of series.
//!
//! A level moves by random steps and is observed with random noise; the ratio of the two variances is the one that makes the
//! series most likely, their size follows from the errors of the forecasts one step ahead. Values that are missing are
//! stepped over.

/// A forecast of one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The expected value.
    pub mean: f64,
    /// The variance of the value around it.
    pub variance: f64,
}

/// The least and the greatest logarithm of a ratio of variances that is tried.
const LEAST: f64 = -12.0;
const GREATEST: f64 = 8.0;

/// Forecasts by a level without trend and season: for each value from those before it, and `ahead` more.
pub fn level(series: &[Option<f64>], ahead: usize) -> Vec<Estimate> {
    seasonal(series, 1, ahead)
}

/// Forecasts by a level of its own for each place in the period.
pub fn seasonal(series: &[Option<f64>], period: usize, ahead: usize) -> Vec<Estimate> {
    let ratio = best_ratio(&|ratio| levels(series, period, 0, ratio).1);
    levels(series, period, ahead, ratio).0
}

/// Sums over the errors of forecasts: squares by their variance, logarithms of variances, and how many.
#[derive(Clone, Copy, Default)]
struct Errors {
    squares: f64,
    logarithms: f64,
    count: usize,
}

impl Errors {
    fn add(&mut self, error: f64, variance: f64) {
        self.squares += error * error / variance;
        self.logarithms += variance.ln();
        self.count += 1;
    }

    /// The variance of the noise.
    fn noise(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.squares / self.count as f64 }
    }

    /// How unlikely the series is; less is better.
    fn cost(&self) -> f64 {
        if self.count == 0 || self.squares <= 0.0 { 0.0 } else { self.count as f64 * self.noise().ln() + self.logarithms }
    }
}

fn levels(series: &[Option<f64>], period: usize, ahead: usize, ratio: f64) -> (Vec<Estimate>, f64) {
    let mut states: Vec<Option<(f64, f64)>> = vec![None; period];
    let mut errors = Errors::default();
    let mut found: Vec<Estimate> = Vec::with_capacity(series.len() + ahead);
    let firsts: Vec<Option<f64>> =
        (0..period).map(|phase| series.iter().skip(phase).step_by(period).find_map(|value| *value)).collect();
    for place in 0..series.len() + ahead {
        let phase = place % period;
        let value = series.get(place).copied().flatten();
        let (mean, spread) = match states[phase] {
            Some((mean, spread)) => (mean, spread + ratio),
            // Before the first value nothing is known but that value itself.
            None => {
                states[phase] = value.map(|value| (value, 1.0));
                found.push(Estimate { mean: firsts[phase].unwrap_or(0.0), variance: 2.0 + ratio });
                continue;
            }
        };
        let variance = spread + 1.0;
        found.push(Estimate { mean, variance });
        states[phase] = Some(match value {
            Some(value) => {
                errors.add(value - mean, variance);
                let gain = spread / variance;
                (mean + gain * (value - mean), spread * (1.0 - gain))
            }
            None => (mean, spread),
        });
    }
    let noise = errors.noise();
    found.iter_mut().for_each(|estimate| estimate.variance *= noise);
    (found, errors.cost())
}

/// The ratio of variances with the least cost.
fn best_ratio(cost: &dyn Fn(f64) -> f64) -> f64 {
    let mut best = (cost(LEAST.exp()), LEAST);
    let mut tried = LEAST;
    while tried < GREATEST {
        tried += 1.0;
        let here = cost(tried.exp());
        if here < best.0 - 1e-9 {
            best = (here, tried);
        }
    }
    let mut width = 0.5;
    while width > 1e-4 {
        let near = [best.1 - width, best.1 + width];
        match near.into_iter().map(|place| (cost(place.exp()), place)).find(|(here, _)| *here < best.0 - 1e-9) {
            Some(better) => best = better,
            None => width /= 2.0,
        }
    }
    best.1.exp()
}

/// Forecasts by a level with a trend, and no season.
pub fn trend(series: &[Option<f64>], ahead: usize) -> Vec<Estimate> {
    let mut best = (f64::INFINITY, (LEAST, LEAST));
    let consider = |place: (f64, f64), best: &mut (f64, (f64, f64))| {
        let here = trends(series, 0, place.0.exp(), place.1.exp()).1;
        let better = here < best.0 - 1e-9;
        if better {
            *best = (here, place);
        }
        better
    };
    for level in 0..=10 {
        for slope in 0..=10 {
            consider((LEAST + 2.0 * f64::from(level), LEAST + 2.0 * f64::from(slope)), &mut best);
        }
    }
    let mut width = 1.0;
    while width > 1e-3 {
        let (level, slope) = best.1;
        let near = [(level - width, slope), (level + width, slope), (level, slope - width), (level, slope + width)];
        if !near.into_iter().any(|place| consider(place, &mut best)) {
            width /= 2.0;
        }
    }
    trends(series, ahead, best.1.0.exp(), best.1.1.exp()).0
}

fn trends(series: &[Option<f64>], ahead: usize, level_ratio: f64, slope_ratio: f64) -> (Vec<Estimate>, f64) {
    let known: Vec<(usize, f64)> =
        series.iter().enumerate().filter_map(|(place, value)| Some((place, (*value)?))).take(2).collect();
    let [(first, first_value), (second, second_value)] = known.as_slice() else {
        return (vec![Estimate { mean: 0.0, variance: 0.0 }; series.len() + ahead], 0.0);
    };
    let gap = (second - first) as f64;
    // Level and slope as the first two values give them, with their variances and covariance.
    let mut slope = (second_value - first_value) / gap;
    let mut level = *second_value;
    let (mut level_variance, mut between) = (1.0, 1.0 / gap);
    let mut slope_variance = (2.0 + level_ratio * gap) / (gap * gap) + slope_ratio * gap;
    let mut errors = Errors::default();
    let start = 2.0 + level_ratio + slope_ratio;
    let mut found: Vec<Estimate> = (0..=*second)
        .map(|place| Estimate { mean: if place <= *first { *first_value } else { *second_value }, variance: start })
        .collect();
    for place in second + 1..series.len() + ahead {
        level += slope;
        level_variance += 2.0 * between + slope_variance + level_ratio;
        between += slope_variance;
        slope_variance += slope_ratio;
        let variance = level_variance + 1.0;
        found.push(Estimate { mean: level, variance });
        let Some(value) = series.get(place).copied().flatten() else { continue };
        let error = value - level;
        errors.add(error, variance);
        let (level_gain, slope_gain) = (level_variance / variance, between / variance);
        level += level_gain * error;
        slope += slope_gain * error;
        slope_variance -= slope_gain * between;
        between -= level_gain * between;
        level_variance -= level_gain * level_variance;
    }
    let noise = errors.noise();
    found.iter_mut().for_each(|estimate| estimate.variance *= noise);
    (found, errors.cost())
}

/// The weighted average of two forecasts; the one with the smaller errors so far, from a place on, counts for more.
pub fn combined(series: &[Option<f64>], one: &[Estimate], other: &[Estimate], from: usize) -> Vec<Estimate> {
    let square = |estimates: &[Estimate]| -> f64 {
        let errors = series.iter().zip(estimates).skip(from).filter_map(|(value, estimate)| Some((*value)? - estimate.mean));
        errors.map(|error| error * error).sum()
    };
    let (a, b) = (square(one), square(other));
    let weight = if a + b > 0.0 { b / (a + b) } else { 0.5 };
    one.iter()
        .zip(other)
        .map(|(one, other)| Estimate {
            mean: weight * one.mean + (1.0 - weight) * other.mean,
            variance: weight * one.variance + (1.0 - weight) * other.variance,
        })
        .collect()
}

/// Two series together: the forecasts of each. With `helped`, a value of the first is forecast from the value of the second at
/// the same place too, where that is known.
pub fn pair(first: &[Option<f64>], second: &[Option<f64>], ahead: usize, helped: bool) -> [Vec<Estimate>; 2] {
    let length = first.len().max(second.len());
    let series = [first, second];
    let shape = series.map(variances);
    let likeness = likeness(first, second);
    let matrix = |a: f64, b: f64| [[a, likeness * (a * b).sqrt()], [likeness * (a * b).sqrt(), b]];
    let noise = matrix(shape[0].0, shape[1].0);
    let step = matrix(shape[0].1, shape[1].1);
    let mut level = series.map(|series| series.iter().find_map(|value| *value).unwrap_or(0.0));
    let mut spread = noise;
    let mut found = [Vec::with_capacity(length + ahead), Vec::with_capacity(length + ahead)];
    for place in 0..length + ahead {
        for row in 0..2 {
            for column in 0..2 {
                spread[row][column] += step[row][column];
            }
        }
        let values = series.map(|series| series.get(place).copied().flatten());
        let whole = |row: usize, column: usize, spread: &[[f64; 2]; 2]| spread[row][column] + noise[row][column];
        let mut estimates = [0, 1].map(|which| Estimate { mean: level[which], variance: whole(which, which, &spread) });
        if let (true, Some(value)) = (helped, values[1])
            && whole(1, 1, &spread) > 0.0
        {
            let gain = whole(0, 1, &spread) / whole(1, 1, &spread);
            estimates[0].mean += gain * (value - level[1]);
            estimates[0].variance -= gain * whole(0, 1, &spread);
        }
        found[0].push(estimates[0]);
        found[1].push(estimates[1]);
        update(&mut level, &mut spread, &noise, values);
    }
    found
}

/// Takes in the values of one place, as far as they are known.
fn update(level: &mut [f64; 2], spread: &mut [[f64; 2]; 2], noise: &[[f64; 2]; 2], values: [Option<f64>; 2]) {
    let whole = |row: usize, column: usize| spread[row][column] + noise[row][column];
    match values {
        [Some(a), Some(b)] => {
            let determinant = whole(0, 0) * whole(1, 1) - whole(0, 1) * whole(1, 0);
            if determinant.abs() > 1e-300 {
                let inverse = [
                    [whole(1, 1) / determinant, -whole(0, 1) / determinant],
                    [-whole(1, 0) / determinant, whole(0, 0) / determinant],
                ];
                let product = |left: &[[f64; 2]; 2], right: &[[f64; 2]; 2]| {
                    [0, 1].map(|row| [0, 1].map(|column| left[row][0] * right[0][column] + left[row][1] * right[1][column]))
                };
                let gain = product(spread, &inverse);
                let errors = [a - level[0], b - level[1]];
                for which in 0..2 {
                    level[which] += gain[which][0] * errors[0] + gain[which][1] * errors[1];
                }
                let taken = product(&gain, spread);
                for row in 0..2 {
                    for column in 0..2 {
                        spread[row][column] -= taken[row][column];
                    }
                }
                return;
            }
            // Without any noise the values are the levels.
            *level = [a, b];
        }
        [None, None] => {}
        [a, b] => {
            let (which, value) = if let Some(a) = a { (0, a) } else { (1, b.unwrap_or(0.0)) };
            let variance = whole(which, which);
            if variance <= 0.0 {
                level[which] = value;
                return;
            }
            let error = value - level[which];
            let gain = [0, 1].map(|other| spread[other][which] / variance);
            let row = spread[which];
            for other in 0..2 {
                level[other] += gain[other] * error;
                for column in 0..2 {
                    spread[other][column] -= gain[other] * row[column];
                }
            }
        }
    }
}

/// The variances of noise and of steps of a series that has a level.
fn variances(series: &[Option<f64>]) -> (f64, f64) {
    let ratio = best_ratio(&|ratio| levels(series, 1, 0, ratio).1);
    // Two steps after the last value, variances differ by one step.
    let ahead = levels(series, 1, 2, ratio).0;
    let step = match ahead.as_slice() {
        [.., one, two] => (two.variance - one.variance).max(0.0),
        _ => 0.0,
    };
    (if ratio > 0.0 { step / ratio } else { 0.0 }, step)
}

/// How alike the changes of two series are, -1 to 1.
fn likeness(first: &[Option<f64>], second: &[Option<f64>]) -> f64 {
    let changes = |series: &[Option<f64>]| -> Vec<Option<f64>> {
        series.windows(2).map(|pair| Some(pair.last().copied().flatten()? - pair.first().copied().flatten()?)).collect()
    };
    let both: Vec<(f64, f64)> = changes(first).into_iter().zip(changes(second)).filter_map(|(a, b)| Some((a?, b?))).collect();
    let count = both.len().max(1) as f64;
    let (mean_a, mean_b) = (both.iter().map(|(a, _)| a).sum::<f64>() / count, both.iter().map(|(_, b)| b).sum::<f64>() / count);
    let (mut across, mut a_squares, mut b_squares) = (0.0, 0.0, 0.0);
    for (a, b) in both {
        across += (a - mean_a) * (b - mean_b);
        a_squares += (a - mean_a).powi(2);
        b_squares += (b - mean_b).powi(2);
    }
    let product = (a_squares * b_squares).sqrt();
    // Just short of 1, so that one series never says all about the other.
    if product > 0.0 { (across / product).clamp(-0.999, 0.999) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    #[test]
    fn a_constant_series_goes_on() {
        for found in [level(&some(&[5.0; 6]), 2), trend(&some(&[5.0; 6]), 2), seasonal(&some(&[5.0; 6]), 2, 2)] {
            assert_eq!(found.len(), 8);
            assert!(found.iter().all(|estimate| (estimate.mean - 5.0).abs() < 1e-12 && estimate.variance.abs() < 1e-12));
        }
    }

    /// The yearly flow of the Nile at Aswan, 1871 to 1970: the level that the textbooks find has the variances 15099 of noise
    /// and 1469 of steps, and forecasts 798.4.
    #[test]
    fn the_level_of_the_nile() {
        let flow = [
            1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140, 1100,
            1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969, 831, 726,
            456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759, 781, 865, 845, 944, 984,
            897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050, 918, 986, 797, 923,
            975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
        ];
        let flow: Vec<Option<f64>> = flow.into_iter().map(|year| Some(f64::from(year))).collect();
        let (noise, step) = variances(&flow);
        assert!((noise - 15_099.0).abs() < 160.0 && (step - 1469.0).abs() < 60.0, "{noise} {step}");
        let found = level(&flow, 1);
        assert!((found[100].mean - 798.4).abs() < 0.5, "{:?}", found[100]);
    }

    #[test]
    fn a_line_goes_on_with_its_slope() {
        let found = trend(&[Some(1.0), Some(3.0), None, Some(7.0), Some(9.0)], 2);
        let means: Vec<f64> = found.iter().map(|estimate| estimate.mean).collect();
        assert!((means[5] - 11.0).abs() < 1e-9 && (means[6] - 13.0).abs() < 1e-9, "{means:?}");
    }

    #[test]
    fn a_season_comes_again() {
        let found = seasonal(&some(&[1.0, 5.0, 1.0, 5.0, 1.0, 5.0]), 2, 3);
        let means: Vec<f64> = found.iter().skip(6).map(|estimate| estimate.mean).collect();
        assert_eq!(means, [1.0, 5.0, 1.0]);
    }

    #[test]
    fn the_future_is_less_certain_the_farther_it_is() {
        let series = some(&[1.0, 4.0, 2.0, 6.0, 9.0, 7.0, 11.0, 10.0, 15.0, 12.0]);
        for found in [level(&series, 5), trend(&series, 5), pair(&series, &series, 5, false)[0].clone()] {
            let ahead: Vec<f64> = found.iter().skip(10).map(|estimate| estimate.variance).collect();
            assert!(ahead.windows(2).all(|pair| pair[0] <= pair[1] && pair[0] > 0.0), "{ahead:?}");
        }
    }

    #[test]
    fn one_series_helps_another() {
        let second = some(&[1.0, 5.0, 2.0, 8.0, 3.0, 9.0, 1.0, 7.0]);
        let mut first: Vec<Option<f64>> = second.iter().map(|value| value.map(|value| 2.0 * value + 1.0)).collect();
        first[7] = None;
        let [found, _] = pair(&first, &second, 0, true);
        assert!((found[7].mean - 15.0).abs() < 1.0, "{:?}", found[7]);
    }
}
