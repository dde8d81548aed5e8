//! Planning of `analyzefields`: how well each numeric field predicts the value of a field.
//!
//! For each class (a value of `classfield`) the numbers of a field have a mean and a standard deviation. An event is
//! predicted to be of the class from whose mean its number is the fewest deviations away, which is the class with the
//! highest z-probability (Splunk search reference, analyzefields). Equal distances go to the class with more events, then
//! to the one that comes first.

use futures::future::BoxFuture;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::option_text;
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::table::Table;

use crate::mining::statistics;
use crate::mining::statistics::{Coded, moments};

/// Plans the command.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let class_field = option_text(call, "classfield", "");
        let rows = statistics::rows(context, call, input).await?;
        let classes = Coded::of(&rows, class_field);
        if classes.values.is_empty() && !rows.is_empty() {
            let message = format!("no row has the field `{class_field}`, which `analyzefields` is to predict");
            context.warn(Diagnostic::warning("plan/no-values", message, Some(call.span)));
        }
        let mut table = Table::new(0);
        ["field", "count", "cocur", "acc", "balacc"].into_iter().for_each(|name| table.add_column(name));
        let names: Vec<String> = rows
            .fields()
            .map(|(name, _)| name)
            .filter(|name| !name.starts_with('_') && *name != class_field)
            .map(str::to_owned)
            .collect();
        for name in names {
            let field = Coded::of(&rows, &name);
            let Some(numbers) = field.numbers() else { continue };
            let found = analyse(&classes, &field, &numbers);
            let row = table.add_row();
            table.set(row, "field", Cell::Text(name));
            table.set(row, "count", Cell::Integer(i64::try_from(field.present()).unwrap_or(i64::MAX)));
            let ratio = |share: Option<f64>| share.map_or(Cell::Null, Cell::Float);
            table.set(row, "cocur", ratio(found.occurs_with));
            table.set(row, "acc", ratio(found.accuracy));
            table.set(row, "balacc", ratio(found.balanced));
        }
        table.frame(context)
    })
}

struct Found {
    occurs_with: Option<f64>,
    accuracy: Option<f64>,
    balanced: Option<f64>,
}

fn analyse(classes: &Coded, field: &Coded, numbers: &[f64]) -> Found {
    let both = || (0..field.codes.len()).filter_map(|row| Some((classes.code(row)?, field.code(row)?)));
    let mut counts = vec![vec![0_usize; numbers.len()]; classes.values.len()];
    for (class, value) in both() {
        counts[class][value] += 1;
    }
    let shapes: Vec<Option<(f64, f64)>> = counts.iter().map(|counts| moments(numbers, counts)).collect();
    let predicted: Vec<Option<usize>> = numbers.iter().map(|number| nearest(*number, &shapes, &classes.counts)).collect();
    let mut right = vec![0_usize; classes.values.len()];
    for (class, counts) in counts.iter().enumerate() {
        right[class] = counts.iter().zip(&predicted).filter(|(_, guess)| **guess == Some(class)).map(|(count, _)| count).sum();
    }
    let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
    let per_class: Vec<f64> =
        right.iter().zip(&counts).filter_map(|(right, counts)| share(*right, counts.iter().sum())).collect();
    Found {
        occurs_with: share(both().count(), classes.present()),
        accuracy: share(right.iter().sum(), field.present()),
        balanced: (!per_class.is_empty()).then(|| per_class.iter().sum::<f64>() / per_class.len() as f64),
    }
}

/// The class that a number belongs to by its distance from the mean in standard deviations.
fn nearest(number: f64, shapes: &[Option<(f64, f64)>], sizes: &[usize]) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    for (class, shape) in shapes.iter().enumerate() {
        let Some((mean, deviation)) = shape else { continue };
        let away = (number - mean).abs();
        let distance = match *deviation {
            deviation if deviation > 0.0 => away / deviation,
            _ if away == 0.0 => 0.0,
            _ => f64::INFINITY,
        };
        let closer = match best {
            None => true,
            Some((least, chosen)) => distance < least || (distance == least && sizes.get(class) > sizes.get(chosen)),
        };
        if closer {
            best = Some((distance, class));
        }
    }
    best.map(|(_, class)| class)
}
