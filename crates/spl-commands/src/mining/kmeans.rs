//! Planning of `kmeans`: rows in groups around means.
//!
//! Starts are repeated `reps` times and the one with the least distortion (the sum of the distances from the means) is
//! kept. Rows are put in the order of their groups, which are numbered from 1 by the first row of each.
//!
//! # Differences
//!
//! * Splunk starts at random. Here starts are drawn by a generator of fixed seeds (k-means++), so that a search gives the
//!   same answer each time; numbers of groups differ from Splunk's, and where the data has no plain groups the groups too.
//! * Means are means for every distance, as the documentation says, also for `dt=l1`.
//! * Without fields the numeric ones that every row has are taken. Rows without a number in one of the fields are left
//!   out, with a warning.
//! * The columns of a range of `k` are not documented. Here they are `k`, `distortion` and `cluster_sizes` (several values,
//!   in the order of the groups' numbers).

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::{count_within, number_within, option_text};
use spl_plan::cells::cell::{Cell, array};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::table::Table;

use crate::mining::statistics;
use crate::mining::statistics::{Coded, named_fields};

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let (least, most) = group_counts(context, call)?;
        let method = Method {
            repetitions: count_within(call, "reps", 10, 1, u64::MAX)?,
            rounds: count_within(call, "maxiters", 10_000, 1, u64::MAX)?,
            tolerance: number_within(call, "t", 0.0, 0.0, f64::MAX)?,
            distance: match option_text(call, "dt", "sqeuclidean").to_ascii_lowercase().as_str() {
                "l1" | "l1norm" | "cityblock" | "cb" => Distance::CityBlock,
                "cos" | "cosine" => Distance::Cosine,
                _ => Distance::SquaredEuclidean,
            },
        };
        let rows = statistics::rows(context, call, input).await?;
        let fields = fields(context, call, &rows)?;
        let (places, points) = points(context, call, &rows, &fields)?;
        if call.option("k").is_some_and(|option| option.value.value.contains('-')) {
            return summary(context, &method, &points, least, most);
        }
        let found = method.groups(&points, least);
        if !found.converged {
            let message = format!("`kmeans` did not come to rest within {} rounds", method.rounds);
            context.warn(Diagnostic::warning("plan/no-convergence", message, Some(call.span)));
        }
        let mut set = Vec::new();
        let mut labels = vec![Cell::Null; rows.len()];
        for (place, group) in places.iter().zip(&found.labels) {
            labels[*place as usize] = Cell::Integer(i64::try_from(group + 1).unwrap_or(i64::MAX));
        }
        set.push((option_text(call, "cfield", "CLUSTERNUM").to_owned(), array(&labels)));
        if call.flag("showcentroid") {
            for (dimension, field) in fields.iter().enumerate() {
                let mut cells = vec![Cell::Null; rows.len()];
                for (place, group) in places.iter().zip(&found.labels) {
                    cells[*place as usize] = Cell::Float(found.means[*group][dimension]);
                }
                set.push((format!("centroid_{}", field.name), array(&cells)));
            }
        }
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|point| found.labels[*point]);
        let order: Vec<u32> = order.into_iter().map(|point| places[point]).collect();
        rows.with_columns(context, set, Some(&order))
    })
}

/// The numbers of groups: one, or a range.
fn group_counts(context: &PlanContext, call: &CommandCall) -> Result<(usize, usize), Diagnostic> {
    let Some(option) = call.option("k") else { return Ok((2, 2)) };
    let wrong = |message: String| Err(Diagnostic::error("plan/number", message, option.value.span));
    let text = option.value.value.trim();
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    let (Ok(least), Ok(most)) = (least.trim().parse::<u64>(), most.trim().parse::<u64>()) else {
        return wrong(format!("`k` of `kmeans` takes a whole number or a range such as 2-5, not `{text}`"));
    };
    let limit = context.limits().get("kmeans_maxkvalue");
    let range = context.limits().get("kmeans_maxkrange");
    if least < 2 || most < least {
        return wrong("`k` of `kmeans` is greater than 1, and a range goes upwards".to_owned());
    }
    if limit > 0 && most > limit {
        return wrong(format!("`k` of `kmeans` is at most {limit} (`kmeans_maxkvalue`)"));
    }
    if range > 0 && most - least > range {
        return wrong(format!("a range of `k` spans at most {range} (`kmeans_maxkrange`)"));
    }
    Ok((least as usize, most as usize))
}

fn fields(context: &PlanContext, call: &CommandCall, rows: &Rows) -> Result<Vec<Coded>, Diagnostic> {
    let fields = named_fields(context, call, rows).into_iter().map(|name| Coded::of(rows, &name));
    let fields: Vec<Coded> = if call.fields().next().is_some() {
        fields.collect()
    } else {
        fields.filter(|field| field.present() == rows.len() && field.numbers().is_some()).collect()
    };
    if fields.is_empty() && !rows.is_empty() {
        return Err(Diagnostic::error("plan/no-values", "`kmeans` finds no numeric field that it could go by", call.span)
            .with_help("name the fields"));
    }
    Ok(fields)
}

/// The rows with a number in each field, and these numbers.
fn points(
    context: &PlanContext,
    call: &CommandCall,
    rows: &Rows,
    fields: &[Coded],
) -> Result<(Vec<u32>, Vec<Vec<f64>>), Diagnostic> {
    let numbers: Vec<Vec<Option<f64>>> =
        fields.iter().map(|field| field.values.iter().map(|value| spl_functions::value::parse_number(value)).collect()).collect();
    let (mut places, mut points) = (Vec::new(), Vec::new());
    for row in 0..rows.len() {
        let point: Option<Vec<f64>> =
            fields.iter().zip(&numbers).map(|(field, numbers)| field.code(row).and_then(|code| numbers[code])).collect();
        if let (Some(point), Ok(place)) = (point, u32::try_from(row)) {
            places.push(place);
            points.push(point);
        }
    }
    if places.len() < rows.len() {
        let message = format!("`kmeans` left out {} rows without a number in each field", rows.len() - places.len());
        context.warn(Diagnostic::warning("plan/no-values", message, Some(call.span)));
    }
    let most = context.limits().get("kmeans_maxdatapoints");
    if most > 0 && points.len() as u64 > most {
        return Err(Diagnostic::error("limit/reached", format!("`kmeans` takes at most {most} rows"), call.span)
            .with_help("the limit is `kmeans_maxdatapoints`"));
    }
    Ok((places, points))
}

fn summary(context: &PlanContext, method: &Method, points: &[Vec<f64>], least: usize, most: usize) -> Result<Frame, Diagnostic> {
    let mut table = Table::new(0);
    ["k", "distortion", "cluster_sizes"].into_iter().for_each(|name| table.add_column(name));
    for groups in least..=most {
        if points.is_empty() {
            break;
        }
        let found = method.groups(points, groups);
        let mut sizes = vec![0_usize; found.means.len()];
        found.labels.iter().for_each(|group| sizes[*group] += 1);
        let row = table.add_row();
        table.set(row, "k", Cell::Integer(i64::try_from(groups).unwrap_or(i64::MAX)));
        table.set(row, "distortion", Cell::Float(found.distortion));
        table.set(row, "cluster_sizes", Cell::of_texts(sizes.iter().map(usize::to_string).collect()));
    }
    table.frame(context)
}

#[derive(Clone, Copy)]
enum Distance {
    CityBlock,
    SquaredEuclidean,
    Cosine,
}

impl Distance {
    fn between(self, a: &[f64], b: &[f64]) -> f64 {
        let pairs = || a.iter().zip(b);
        match self {
            Self::CityBlock => pairs().map(|(a, b)| (a - b).abs()).sum(),
            Self::SquaredEuclidean => pairs().map(|(a, b)| (a - b).powi(2)).sum(),
            Self::Cosine => {
                let length = |vector: &[f64]| vector.iter().map(|number| number * number).sum::<f64>().sqrt();
                let product = length(a) * length(b);
                let cosine = if product > 0.0 { pairs().map(|(a, b)| a * b).sum::<f64>() / product } else { 0.0 };
                (1.0 - cosine).max(0.0)
            }
        }
    }
}

struct Method {
    repetitions: u64,
    rounds: u64,
    tolerance: f64,
    distance: Distance,
}

struct Found {
    labels: Vec<usize>,
    means: Vec<Vec<f64>>,
    distortion: f64,
    converged: bool,
}

impl Method {
    fn groups(&self, points: &[Vec<f64>], count: usize) -> Found {
        let mut best: Option<Found> = None;
        for repetition in 0..self.repetitions {
            let found = self.one_start(points, count, repetition);
            let is_better = best.as_ref().is_none_or(|best| found.distortion < best.distortion);
            // What fits perfectly can't be bettered.
            let perfect = found.distortion == 0.0;
            if is_better {
                best = Some(found);
            }
            if perfect || points.is_empty() {
                break;
            }
        }
        let empty = || Found { labels: Vec::new(), means: Vec::new(), distortion: 0.0, converged: true };
        numbered(best.unwrap_or_else(empty))
    }

    fn one_start(&self, points: &[Vec<f64>], count: usize, seed: u64) -> Found {
        let mut means = self.starts(points, count, seed);
        let mut labels = vec![0; points.len()];
        let mut distortion = f64::INFINITY;
        let mut converged = false;
        for _ in 0..self.rounds {
            let mut sum = 0.0;
            for (label, point) in labels.iter_mut().zip(points) {
                let (group, distance) = self.nearest(point, &means);
                *label = group;
                sum += distance;
            }
            let rests = sum.is_nan() || distortion - sum <= self.tolerance;
            distortion = sum;
            if rests {
                converged = true;
                break;
            }
            means = moved(points, &labels, means);
        }
        Found { labels, means, distortion, converged }
    }

    fn nearest(&self, point: &[f64], means: &[Vec<f64>]) -> (usize, f64) {
        let mut best = (0, f64::INFINITY);
        for (group, mean) in means.iter().enumerate() {
            let distance = self.distance.between(point, mean);
            if distance < best.1 {
                best = (group, distance);
            }
        }
        best
    }

    /// Points drawn with a chance that grows with their distance from those drawn before; the first start takes the farthest.
    fn starts(&self, points: &[Vec<f64>], count: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1));
        let first = if seed == 0 { 0 } else { random.below(points.len()) };
        let Some(start) = points.get(first) else { return Vec::new() };
        let mut means = vec![start.clone()];
        let mut distances: Vec<f64> = points.iter().map(|point| self.distance.between(point, start)).collect();
        while means.len() < count {
            let total: f64 = distances.iter().sum();
            if total.is_nan() || total <= 0.0 {
                break;
            }
            let chosen = if seed == 0 {
                distances
                    .iter()
                    .enumerate()
                    .fold((0, -1.0), |best, (place, far)| if *far > best.1 { (place, *far) } else { best })
                    .0
            } else {
                let mut left = random.share() * total;
                distances
                    .iter()
                    .position(|far| {
                        left -= far;
                        left < 0.0
                    })
                    .unwrap_or(points.len() - 1)
            };
            let mean = points[chosen].clone();
            for (distance, point) in distances.iter_mut().zip(points) {
                *distance = distance.min(self.distance.between(point, &mean));
            }
            means.push(mean);
        }
        means
    }
}

/// The means of the groups; a group without points stays where it was.
fn moved(points: &[Vec<f64>], labels: &[usize], means: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut sums: Vec<Vec<f64>> = means.iter().map(|mean| vec![0.0; mean.len()]).collect();
    let mut sizes = vec![0_usize; means.len()];
    for (label, point) in labels.iter().zip(points) {
        sizes[*label] += 1;
        sums[*label].iter_mut().zip(point).for_each(|(sum, number)| *sum += number);
    }
    sums.into_iter()
        .zip(sizes)
        .zip(means)
        .map(|((sum, size), mean)| if size == 0 { mean } else { sum.into_iter().map(|sum| sum / size as f64).collect() })
        .collect()
}

/// Groups by the first of their points; those without any last.
fn numbered(found: Found) -> Found {
    let mut order: Vec<usize> = Vec::new();
    for label in found.labels.iter().copied().chain(0..found.means.len()) {
        if !order.contains(&label) {
            order.push(label);
        }
    }
    let mut fresh = vec![0; found.means.len()];
    order.iter().enumerate().for_each(|(number, group)| fresh[*group] = number);
    Found {
        labels: found.labels.iter().map(|label| fresh[*label]).collect(),
        means: order.iter().filter_map(|group| found.means.get(*group).cloned()).collect(),
        ..found
    }
}

/// Numbers that look random and are the same in each run (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { (self.next() % count as u64) as usize }
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
