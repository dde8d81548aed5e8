//! Planning of `anomalousvalue`: rows with improbable field values.
//!
//! A field is judged by the frequency of its values and, when all its values are numbers, by their distance from the mean
//! under a normal distribution (Splunk search reference, anomalousvalue). A value is anomalous when its probability is
//! at most `pthresh`; a test counts when the share of anomalous values lies between `minnormfreq` and `maxanofreq`.
//!
//! # Differences
//!
//! * Splunk does not document what a score is. Here it is the probability that was compared with `pthresh`: the smaller,
//!   the more anomalous.
//! * A field of numbers can get both scores.
//! * The columns of `action=summary` whose names end in `%` are numbers from 0 to 100.

use arrow::array::ArrayRef;
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
use crate::mining::statistics::{Coded, moments, named_fields, two_sided_probability};

/// Plans the command, and `anomalydetection method=zscore`.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let limits = Limits {
            threshold: number_within(call, "pthresh", 0.01, 0.0, 1.0)?,
            least_count: count_within(call, "minsupcount", 100, 1, u64::MAX)? as usize,
            least_support: number_within(call, "minsupfreq", 0.05, 0.0, 1.0)?,
            most_anomalous: number_within(call, "maxanofreq", 0.05, 0.0, 1.0)?,
            least_anomalous: number_within(call, "minnormfreq", 0.01, 0.0, 1.0)?,
        };
        let action = option_text(call, "action", "filter").to_ascii_lowercase();
        let rows = statistics::rows(context, call, input).await?;
        let tested: Vec<Tested> = named_fields(context, call, &rows)
            .iter()
            .map(|name| Tested::of(Coded::of(&rows, name), rows.len(), &limits))
            .collect();
        match action.as_str() {
            "summary" => summary(context, &tested, rows.len()),
            "annotate" => annotated(context, &rows, &tested, false),
            _ => {
                let frame = annotated(context, &rows, &tested, true)?;
                let most = context.limits().get("anomalousvalue_maxresultrows");
                context.limited(frame, "anomalousvalue_maxresultrows", most, call.span).await
            }
        }
    })
}

struct Limits {
    threshold: f64,
    least_count: usize,
    least_support: f64,
    most_anomalous: f64,
    least_anomalous: f64,
}

/// The probabilities of a field's distinct values under one test.
struct Test {
    /// The score where a value is anomalous.
    scores: Vec<Option<f64>>,
    /// Share of the field's occurrences that are anomalous.
    anomalous: f64,
    /// Whether the test counts.
    used: bool,
}

impl Test {
    fn of(probabilities: Vec<f64>, field: &Coded, supported: bool, limits: &Limits) -> Self {
        let scores: Vec<Option<f64>> = probabilities
            .into_iter()
            .map(|probability| (probability <= limits.threshold + 1e-12).then_some(probability))
            .collect();
        let found: usize = scores.iter().zip(&field.counts).filter(|(score, _)| score.is_some()).map(|(_, count)| count).sum();
        let anomalous = if field.present() == 0 { 0.0 } else { found as f64 / field.present() as f64 };
        let within = anomalous <= limits.most_anomalous + 1e-12 && anomalous >= limits.least_anomalous - 1e-12;
        Self { scores, anomalous, used: supported && within }
    }
}

struct Tested {
    field: Coded,
    frequency: Test,
    distance: Option<Test>,
    moments: Option<(f64, f64)>,
}

impl Tested {
    fn of(field: Coded, rows: usize, limits: &Limits) -> Self {
        let present = field.present();
        let supported = present >= limits.least_count && present as f64 >= limits.least_support * rows as f64 - 1e-9;
        let shares = field.counts.iter().map(|count| *count as f64 / present as f64).collect();
        let frequency = Test::of(shares, &field, supported, limits);
        let numbers = field.numbers();
        let moments = numbers.as_ref().and_then(|numbers| moments(numbers, &field.counts));
        let distance = numbers.zip(moments).map(|(numbers, (mean, deviation))| {
            let probability =
                |number: f64| if deviation > 0.0 { two_sided_probability((number - mean) / deviation) } else { 1.0 };
            Test::of(numbers.into_iter().map(probability).collect(), &field, supported, limits)
        });
        Self { field, frequency, distance, moments }
    }

    /// The tests that count, with the name of their score's field.
    fn used(&self) -> impl Iterator<Item = (String, &Test)> {
        let name = |kind: &str| format!("Anomaly_Score_{kind}({})", self.field.name);
        let distance = self.distance.as_ref().map(|distance| (name("Num"), distance));
        let tests = [Some((name("Cat"), &self.frequency)), distance];
        tests.into_iter().flatten().filter(|(_, test)| test.used)
    }
}

fn annotated(context: &PlanContext, rows: &Rows, tested: &[Tested], filters: bool) -> Result<Frame, Diagnostic> {
    let mut anomalous = vec![false; rows.len()];
    let mut set: Vec<(String, ArrayRef)> = Vec::new();
    for field in tested {
        for (name, test) in field.used() {
            let scores: Vec<Cell> = anomalous
                .iter_mut()
                .enumerate()
                .map(|(row, anomalous)| match field.field.code(row).and_then(|code| test.scores.get(code).copied().flatten()) {
                    Some(score) => {
                        *anomalous = true;
                        Cell::Float(score)
                    }
                    None => Cell::Null,
                })
                .collect();
            if scores.iter().any(|score| !score.is_null()) {
                set.push((name, array(&scores)));
            }
        }
    }
    let places: Vec<u32> = (0..rows.len() as u32).filter(|row| anomalous.get(*row as usize).copied().unwrap_or(false)).collect();
    rows.with_columns(context, set, filters.then_some(places.as_slice()))
}

fn summary(context: &PlanContext, tested: &[Tested], rows: usize) -> Result<Frame, Diagnostic> {
    const COLUMNS: [&str; 12] = [
        "fieldname",
        "count",
        "distinct_count",
        "mean",
        "stdev",
        "catAnoFreq%",
        "catNormFreq%",
        "numAnoFreq%",
        "supportFreq%",
        "useCat",
        "useNum",
        "isNum",
    ];
    let mut table = Table::new(tested.len());
    COLUMNS.into_iter().for_each(|name| table.add_column(name));
    let whole = |number: usize| Cell::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    let yes = |flag: bool| Cell::Text(if flag { "YES" } else { "NO" }.to_owned());
    for (row, field) in tested.iter().enumerate() {
        let is_number = field.distance.is_some();
        table.set(row, "fieldname", Cell::Text(field.field.name.clone()));
        table.set(row, "count", whole(field.field.present()));
        table.set(row, "distinct_count", whole(field.field.values.len()));
        if let Some((mean, deviation)) = field.moments {
            table.set(row, "mean", Cell::Float(mean));
            table.set(row, "stdev", Cell::Float(deviation));
        }
        table.set(row, "catAnoFreq%", Cell::Float(100.0 * field.frequency.anomalous));
        table.set(row, "catNormFreq%", Cell::Float(100.0 * (1.0 - field.frequency.anomalous)));
        if let Some(distance) = &field.distance {
            table.set(row, "numAnoFreq%", Cell::Float(100.0 * distance.anomalous));
        }
        table.set(row, "supportFreq%", Cell::Float(100.0 * field.field.present() as f64 / rows as f64));
        table.set(row, "useCat", yes(field.frequency.used));
        table.set(row, "useNum", yes(field.distance.as_ref().is_some_and(|distance| distance.used)));
        table.set(row, "isNum", yes(is_number));
    }
    table.frame(context)
}
