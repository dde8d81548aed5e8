//! What is known of the columns of loaded events before a search runs, and expressions settled by it: a condition that
//! is the same for each value a field has among the events of a kind is a constant.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, ListArray, RecordBatch, StringViewArray};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Field, Int32Type, Schema};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, ExprSchemable, lit};
use spl_functions::column::ValueType;

use crate::compiled::compile;
use crate::event_data::EventData;
use crate::expression::Typed;
use crate::frame::null;
use crate::per_distinct::dictionary_type;
use crate::search;

/// Columns with more distinct texts than this are only known to be absent or present.
const MOST_TEXTS: usize = 2_048;

/// Multivalue columns with more distinct lists than this are only known to be absent or present.
const MOST_LISTS: usize = 32;

/// A column among the events of one kind.
#[derive(Clone, Debug)]
pub struct ColumnFacts {
    /// Whether each event lacks it.
    pub always_absent: bool,
    /// Whether each event has it.
    pub always_present: bool,
    /// Each value that it may have, absent ones left out, as an array of the column's type; none when they are many.
    values: Option<ArrayRef>,
}

/// The facts of one column, for each kind of event.
pub fn of_column(batches: &[RecordBatch], place: usize, kinds_place: usize, kinds: usize) -> Vec<ColumnFacts> {
    let mut counts = vec![Counted::default(); kinds.max(1)];
    let mut texts = SharedTexts::of(batches, place);
    let mut lists = Lists::default();
    for (number, batch) in batches.iter().enumerate() {
        let array = batch.column(place);
        let nulls = array.logical_nulls();
        let absent = |row: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        if kinds <= 1 {
            counts[0].rows += batch.num_rows();
            counts[0].absent += nulls.as_ref().map_or(0, |nulls| nulls.null_count());
        } else {
            for (row, kind) in batch.column(kinds_place).as_primitive::<Int32Type>().values().iter().enumerate() {
                let counted = &mut counts[*kind as usize];
                counted.rows += 1;
                counted.absent += usize::from(absent(row));
            }
        }
        if let (Some(texts), true) = (&mut texts, kinds > 1) {
            let kinds = batch.column(kinds_place).as_primitive::<Int32Type>();
            for (key, kind) in array.as_dictionary::<Int32Type>().keys().iter().zip(kinds.values()) {
                if let Some(key) = key {
                    texts.see(*kind as usize, key as usize);
                }
            }
        }
        if let (Some(array), true) = (array.as_list_opt::<i32>(), lists.few) {
            lists.see(number, array);
        }
    }
    let lists = lists.values(batches, place);
    counts
        .into_iter()
        .enumerate()
        .map(|(kind, counted)| ColumnFacts {
            // Of no events nothing is known.
            always_absent: counted.rows > 0 && counted.rows == counted.absent,
            always_present: counted.rows > 0 && counted.absent == 0,
            values: match &texts {
                Some(texts) => texts.values(kind, kinds),
                None => lists.clone(),
            },
        })
        .collect()
}

#[derive(Clone, Default)]
struct Counted {
    rows: usize,
    absent: usize,
}

/// The texts of a dictionary that all batches share, and which of them each kind of event has.
struct SharedTexts {
    values: StringViewArray,
    seen: Vec<Vec<bool>>,
}

impl SharedTexts {
    fn of(batches: &[RecordBatch], place: usize) -> Option<Self> {
        let dictionary =
            |batch: &RecordBatch| batch.column(place).as_dictionary_opt::<Int32Type>().map(|array| array.values().clone());
        let first = dictionary(batches.first()?)?;
        let texts = first.as_string_view_opt()?.clone();
        let shared = |values: ArrayRef| {
            values
                .as_string_view_opt()
                .is_some_and(|other| other.len() == texts.len() && std::ptr::eq(other.views().as_ptr(), texts.views().as_ptr()))
        };
        (texts.len() <= MOST_TEXTS && batches.iter().all(|batch| dictionary(batch).is_some_and(shared)))
            .then(|| Self { values: texts, seen: Vec::new() })
    }

    fn see(&mut self, kind: usize, key: usize) {
        if self.seen.len() <= kind {
            self.seen.resize(kind + 1, Vec::new());
        }
        let seen = &mut self.seen[kind];
        if seen.is_empty() {
            seen.resize(self.values.len(), false);
        }
        seen[key] = true;
    }

    /// With one kind all texts count as seen: that is never wrong, only less exact.
    fn values(&self, kind: usize, kinds: usize) -> Option<ArrayRef> {
        let keys: Int32Array = if kinds <= 1 {
            (0..self.values.len()).map(|key| i32::try_from(key).ok()).collect()
        } else {
            let seen = self.seen.get(kind).map(Vec::as_slice).unwrap_or_default();
            seen.iter().enumerate().filter(|(_, seen)| **seen).map(|(key, _)| i32::try_from(key).ok()).collect()
        };
        let dictionary = DictionaryArray::<Int32Type>::try_new(keys, Arc::new(self.values.clone())).ok()?;
        Some(Arc::new(dictionary))
    }
}

/// The distinct lists of a multivalue column, by where they were seen first.
struct Lists {
    few: bool,
    seen: Vec<(usize, usize, ArrayRef)>,
}

impl Default for Lists {
    fn default() -> Self {
        Self { few: true, seen: Vec::new() }
    }
}

impl Lists {
    fn see(&mut self, batch: usize, array: &ListArray) {
        let Some(items) = array.values().as_string_view_opt() else {
            self.few = false;
            return;
        };
        let offsets = array.value_offsets();
        let same = |row: usize, known: &StringViewArray| {
            let (from, until) = (offsets[row] as usize, offsets[row + 1] as usize);
            known.len() == until - from && (from..until).zip(known.iter()).all(|(place, item)| Some(items.value(place)) == item)
        };
        let mut last = usize::MAX;
        for row in 0..array.len() {
            if array.is_null(row) {
                continue;
            }
            let known = |(_, _, list): &(usize, usize, ArrayRef)| list.as_string_view_opt().is_some_and(|list| same(row, list));
            if self.seen.get(last).is_some_and(known) {
                continue;
            }
            match self.seen.iter().position(known) {
                Some(place) => last = place,
                None if self.seen.len() < MOST_LISTS => {
                    last = self.seen.len();
                    self.seen.push((batch, row, array.value(row)));
                }
                None => {
                    self.few = false;
                    return;
                }
            }
        }
    }

    fn values(self, batches: &[RecordBatch], place: usize) -> Option<ArrayRef> {
        if !self.few || self.seen.is_empty() {
            return None;
        }
        let arrays: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(place).as_ref()).collect();
        let places: Vec<(usize, usize)> = self.seen.iter().map(|(batch, row, _)| (*batch, *row)).collect();
        interleave(&arrays, &places).ok()
    }
}

/// The events of one kind, as expressions are settled for them.
pub struct Events<'a> {
    /// The loaded events.
    pub data: &'a EventData,
    /// The kind's number.
    pub kind: usize,
    /// The settings of the search.
    pub options: &'a Arc<ConfigOptions>,
}

impl Events<'_> {
    fn facts(&self, name: &str) -> Option<(DataType, ColumnFacts)> {
        self.data.facts(name, self.kind)
    }
}

/// Settles an expression over the carried columns of events of one kind.
pub fn settle(typed: Typed, events: &Events<'_>) -> Typed {
    let value_type = typed.value_type;
    let expression = settle_expression(typed.expression, events);
    let expression = match expression {
        // A text column needs no other type once nothing else has to fit with it.
        Expr::Cast(cast) if value_type == ValueType::Text => match *cast.expr {
            Expr::Column(column) if events.facts(&column.name).is_some_and(|(known, _)| known == dictionary_type()) => {
                Expr::Column(column)
            }
            other => Expr::Cast(datafusion::logical_expr::Cast { expr: Box::new(other), ..cast }),
        },
        Expr::Literal(ScalarValue::Null, _) => return Typed::new(null(value_type), ValueType::Null),
        other => other,
    };
    Typed::new(expression, value_type)
}

/// Settles a condition; see [`settle`].
pub fn settle_expression(expression: Expr, events: &Events<'_>) -> Expr {
    if matches!(expression, Expr::Column(_) | Expr::Literal(..)) {
        return expression;
    }
    let original = expression.clone();
    expression.transform_up(|node| Ok(settle_node(node, events))).map_or(original, |settled| settled.data)
}

fn settle_node(node: Expr, events: &Events<'_>) -> Transformed<Expr> {
    use datafusion::logical_expr::{BinaryExpr, Operator};
    match node {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => Transformed::yes(search::and(*left, *right)),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => Transformed::yes(search::or(*left, *right)),
        Expr::Case(case) if case.expr.is_none() => settle_case(case),
        other => match constant(&other, events) {
            Some(known) => Transformed::yes(lit(known)),
            None => Transformed::no(other),
        },
    }
}

/// Branches whose condition never holds go; one that always holds is the last.
fn settle_case(case: Case) -> Transformed<Expr> {
    let mut branches = Vec::with_capacity(case.when_then_expr.len());
    let mut otherwise = case.else_expr;
    for (when, then) in case.when_then_expr {
        match when.as_ref() {
            Expr::Literal(ScalarValue::Boolean(Some(true)), _) => {
                otherwise = Some(then);
                break;
            }
            Expr::Literal(ScalarValue::Boolean(_), _) => {}
            _ => branches.push((when, then)),
        }
    }
    match (branches.is_empty(), otherwise) {
        (true, Some(only)) => Transformed::yes(*only),
        (true, None) => Transformed::yes(lit(ScalarValue::Null)),
        (false, otherwise) => Transformed::yes(Expr::Case(Case { expr: None, when_then_expr: branches, else_expr: otherwise })),
    }
}

/// The value of a condition that reads at most one column and is the same for all of its values.
fn constant(node: &Expr, events: &Events<'_>) -> Option<bool> {
    if !matches!(node, Expr::ScalarFunction(_) | Expr::IsNull(_) | Expr::IsNotNull(_) | Expr::Not(_)) || node.is_volatile() {
        return None;
    }
    let mut columns = node.column_refs().into_iter();
    let (only, None) = (columns.next(), columns.next()) else { return None };
    let Some(only) = only else { return evaluate(node, None, events.options).ok().flatten() };
    let (data_type, facts) = events.facts(&only.name)?;
    match presence_test(node) {
        Some(wants_present) if facts.always_present => return Some(wants_present),
        Some(wants_present) if facts.always_absent => return Some(!wants_present),
        Some(_) => return None,
        None => {}
    }
    let known = facts.values.filter(|values| values.len() <= MOST_TEXTS)?;
    evaluate(node, Some((&only.name, &data_type, &known, facts.always_present)), events.options).ok().flatten()
}

/// Whether a condition only asks if a column has a value (true) or lacks one (false).
fn presence_test(node: &Expr) -> Option<bool> {
    let is_column = |expression: &Expr| matches!(expression, Expr::Column(_));
    match node {
        Expr::IsNotNull(inner) if is_column(inner) => Some(true),
        Expr::IsNull(inner) if is_column(inner) => Some(false),
        Expr::ScalarFunction(call) if call.args.len() == 1 && is_column(&call.args[0]) => match call.func.name() {
            "isnotnull" => Some(true),
            "isnull" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

type KnownColumn<'a> = (&'a str, &'a DataType, &'a ArrayRef, bool);

/// A condition for all values of its column, if it is the same for all of them.
fn evaluate(node: &Expr, known: Option<KnownColumn<'_>>, options: &Arc<ConfigOptions>) -> Result<Option<bool>> {
    let (schema, batch) = match known {
        Some((name, data_type, values, always_present)) => {
            let schema = Arc::new(Schema::new(vec![Field::new(name, data_type.clone(), true)]));
            let values = if always_present { values.clone() } else { with_absent(values)? };
            let batch = RecordBatch::try_new(schema.clone(), vec![values])?;
            (schema, batch)
        }
        None => {
            let schema = Arc::new(Schema::new(vec![Field::new("none", DataType::Null, true)]));
            let batch = RecordBatch::try_new(schema.clone(), vec![arrow::array::new_null_array(&DataType::Null, 1)])?;
            (schema, batch)
        }
    };
    if node.get_type(&DFSchema::try_from(schema.as_ref().clone())?)? != DataType::Boolean || batch.num_rows() == 0 {
        return Ok(None);
    }
    let compiled = compile(node, &schema, options)?;
    let results = compiled.evaluate(&batch)?.into_array(batch.num_rows())?;
    let results = results.as_boolean();
    if results.null_count() > 0 {
        return Ok(None);
    }
    Ok(match results.true_count() {
        0 => Some(false),
        all if all == results.len() => Some(true),
        _ => None,
    })
}

/// The values and, last, an absent one.
fn with_absent(values: &ArrayRef) -> Result<ArrayRef> {
    if let Some(dictionary) = values.as_dictionary_opt::<Int32Type>() {
        // Keeps the dictionary, by which functions know results that they have already.
        let keys: Int32Array = dictionary.keys().iter().chain([None]).collect();
        return Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, dictionary.values().clone())?));
    }
    let absent = arrow::array::new_null_array(values.data_type(), 1);
    Ok(arrow::compute::concat(&[values.as_ref(), absent.as_ref()])?)
}
