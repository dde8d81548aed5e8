//! Planning of `anomalydetection`: rows whose field values are together improbable.
//!
//! The probability of a row is the product of the frequencies of its values; a row that lacks a field is not judged by
//! it. `method=zscore` is `anomalousvalue` and `method=iqr` is `outlier`.
//!
//! # Differences
//!
//! * Splunk does not document the bins of histograms. Here there are ceil(log2(n)) + 1 bins of equal width between the
//!   least and the greatest number (Sturges' rule).
//! * Nor does it say how `cutoff=true` makes for fewer anomalies. Here the threshold is then the first quartile less three
//!   times the distance of the quartiles (Tukey's outer fence) in place of one and a half times.
//! * `log_event_prob` and `max_freq` are added to every row with `action=annotate`, `probable_cause` and
//!   `probable_cause_freq` to anomalous ones only.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::{number_within, option_text, refuse_beside};
use spl_plan::cells::cell::{Cell, array};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::collected::Rows;
use spl_plan::rows::table::Table;

use crate::mining::statistics::{Coded, named_fields, quantile};
use crate::mining::{anomalousvalue, outlier, statistics};

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        const OF_IQR: [&str; 3] = ["mark", "param", "uselower"];
        const OF_ZSCORE: [&str; 4] = ["minsupcount", "maxanofreq", "minsupfreq", "minnormfreq"];
        let method = option_text(call, "method", "histogram").to_ascii_lowercase();
        let beside = format!("method={method}");
        match method.as_str() {
            "iqr" => {
                refuse_beside(call, &OF_ZSCORE, &beside)?;
                refuse_beside(call, &["pthresh", "cutoff"], &beside)?;
                action(call, &beside, &["transform", "tf", "remove", "rm"])?;
                let frame =
                    input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`anomalydetection` needs rows", call.span))?;
                outlier::plan(context, call, frame)
            }
            "zscore" => {
                refuse_beside(call, &OF_IQR, &beside)?;
                refuse_beside(call, &["cutoff"], &beside)?;
                action(call, &beside, &["filter", "annotate", "summary"])?;
                anomalousvalue::plan(context, call, input).await
            }
            _ => {
                refuse_beside(call, &OF_IQR, &beside)?;
                refuse_beside(call, &OF_ZSCORE, &beside)?;
                let action = action(call, &beside, &["filter", "annotate", "summary"])?;
                let threshold = match call.option("pthresh") {
                    Some(_) => Some(number_within(call, "pthresh", 0.0, 0.0, 1.0)?),
                    None => None,
                };
                if threshold.is_some() {
                    refuse_beside(call, &["cutoff"], "pthresh")?;
                }
                let rows = statistics::rows(context, call, input).await?;
                let fields: Vec<Coded> = named_fields(context, call, &rows).iter().map(|name| Coded::of(&rows, name)).collect();
                let judged = judge(&fields, rows.len());
                let limit = Limit::of(&judged, threshold, call.flag("cutoff"));
                if action == "summary" {
                    summary(context, &judged, &limit)
                } else {
                    marked(context, &rows, &judged, &limit, action == "filter")
                }
            }
        }
    })
}

/// The action, which must be one of the method's; its first one is the default.
fn action<'c>(call: &'c CommandCall, beside: &str, known: &[&'c str]) -> Result<&'c str, Diagnostic> {
    let Some(option) = call.option("action") else {
        return Ok(known.first().copied().unwrap_or_default());
    };
    known.iter().copied().find(|known| option.value.value.eq_ignore_ascii_case(known)).ok_or_else(|| {
        let message = format!("`action={}` has no meaning with `{beside}`", option.value.value);
        Diagnostic::error("plan/option", message, option.value.span).with_help(format!("its actions are {}", known.join(", ")))
    })
}

/// What is known about a row.
struct Judged {
    log_probability: f64,
    /// Field and frequency of the rarest value.
    rarest: Option<(String, f64)>,
    greatest: Option<f64>,
}

/// The frequency of each distinct value: of itself, or of its bin when all values are numbers.
fn frequencies(field: &Coded, rows: usize) -> Vec<f64> {
    let share = |count: usize| count as f64 / rows as f64;
    let Some(numbers) = field.numbers() else {
        return field.counts.iter().map(|count| share(*count)).collect();
    };
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bins = (field.present() as f64).log2().ceil() as usize + 1;
    let width = (greatest - least) / bins as f64;
    let bin = |number: f64| if width > 0.0 { (((number - least) / width) as usize).min(bins - 1) } else { 0 };
    let mut sizes = vec![0_usize; bins];
    for (number, count) in numbers.iter().zip(&field.counts) {
        sizes[bin(*number)] += count;
    }
    numbers.iter().map(|number| share(sizes[bin(*number)])).collect()
}

fn judge(fields: &[Coded], rows: usize) -> Vec<Judged> {
    let frequencies: Vec<Vec<f64>> = fields.iter().map(|field| frequencies(field, rows)).collect();
    (0..rows)
        .map(|row| {
            let mut judged = Judged { log_probability: 0.0, rarest: None, greatest: None };
            for (field, frequencies) in fields.iter().zip(&frequencies) {
                let Some(frequency) = field.code(row).and_then(|code| frequencies.get(code)).copied() else { continue };
                judged.log_probability += frequency.ln();
                if judged.rarest.as_ref().is_none_or(|(_, rarest)| frequency < *rarest) {
                    judged.rarest = Some((field.name.clone(), frequency));
                }
                judged.greatest = Some(judged.greatest.map_or(frequency, |greatest| greatest.max(frequency)));
            }
            judged
        })
        .collect()
}

/// Where anomalies begin, as the logarithm of a probability.
struct Limit {
    threshold: f64,
    /// Whether a row right at the threshold is an anomaly: when it was given.
    inclusive: bool,
    quartiles: Option<(f64, f64)>,
}

impl Limit {
    fn of(judged: &[Judged], given: Option<f64>, cutoff: bool) -> Self {
        let mut logs: Vec<f64> = judged.iter().map(|row| row.log_probability).collect();
        logs.sort_by(f64::total_cmp);
        let quartiles = quantile(&logs, 0.25).zip(quantile(&logs, 0.75));
        let computed =
            quartiles.map_or(f64::NEG_INFINITY, |(first, third)| first - (third - first) * if cutoff { 3.0 } else { 1.5 });
        Self { threshold: given.map_or(computed, f64::ln), inclusive: given.is_some(), quartiles }
    }

    fn is_anomaly(&self, row: &Judged) -> bool {
        // Sums of logarithms carry rounding, which must not make equal rows differ.
        let slack = 1e-12 * self.threshold.abs().max(1.0);
        let distance = row.log_probability - self.threshold;
        if self.inclusive { distance <= slack } else { distance < -slack }
    }
}

fn summary(context: &PlanContext, judged: &[Judged], limit: &Limit) -> Result<Frame, Diagnostic> {
    let mut table = Table::new(1);
    let logs = || judged.iter().map(|row| row.log_probability);
    let anomalies = judged.iter().filter(|row| limit.is_anomaly(row)).count();
    let number = |number: Option<f64>| number.map_or(Cell::Null, Cell::Float);
    table.set(0, "num_anomalies", Cell::Integer(i64::try_from(anomalies).unwrap_or(i64::MAX)));
    table.set(0, "thresh", number(limit.quartiles.map(|_| limit.threshold)));
    table.set(0, "max_logprob", number(logs().reduce(f64::max)));
    table.set(0, "min_logprob", number(logs().reduce(f64::min)));
    table.set(0, "1st_quartile", number(limit.quartiles.map(|(first, _)| first)));
    table.set(0, "3rd_quartile", number(limit.quartiles.map(|(_, third)| third)));
    table.frame(context)
}

fn marked(context: &PlanContext, rows: &Rows, judged: &[Judged], limit: &Limit, filters: bool) -> Result<Frame, Diagnostic> {
    let anomalies: Vec<bool> = judged.iter().map(|row| limit.is_anomaly(row)).collect();
    let cells = |read: &dyn Fn(&Judged, bool) -> Cell| -> Vec<Cell> {
        judged.iter().zip(&anomalies).map(|(row, anomaly)| read(row, *anomaly)).collect()
    };
    let cause = |row: &Judged, anomaly: bool| row.rarest.clone().filter(|_| anomaly);
    let columns: [(&str, Vec<Cell>); 4] = [
        ("log_event_prob", cells(&|row, _| Cell::Float(row.log_probability))),
        ("max_freq", cells(&|row, _| row.greatest.map_or(Cell::Null, Cell::Float))),
        ("probable_cause", cells(&|row, anomaly| cause(row, anomaly).map_or(Cell::Null, |(name, _)| Cell::Text(name)))),
        ("probable_cause_freq", cells(&|row, anomaly| cause(row, anomaly).map_or(Cell::Null, |(_, share)| Cell::Float(share)))),
    ];
    let set = columns.into_iter().map(|(name, cells)| (name.to_owned(), array(&cells))).collect();
    let places: Vec<u32> = (0..rows.len() as u32).filter(|row| anomalies.get(*row as usize).copied().unwrap_or(false)).collect();
    rows.with_columns(context, set, filters.then_some(places.as_slice()))
}
