//! Planning of `geostats`: aggregations per cell of the world, at several levels of zoom.

use std::collections::{BTreeMap, HashMap, HashSet};

use datafusion::functions_aggregate::expr_fn::avg;
use datafusion::logical_expr::lit;
use futures::future::BoxFuture;
use spl_functions::column::ValueType;
use spl_operators::nodes::mv_expand::MvExpand;
use spl_operators::ordinal::ORDINAL;
use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::arguments::count;
use spl_plan::cells::cell::Cell;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::scope::Typed;
use spl_plan::frame::{Frame, column};
use spl_plan::function_call::{call as function, convert};
use spl_plan::rows::table::Table;

use crate::charts::series;
use crate::charts::series::Measure;

const LAT: &str = "__lat";
const LON: &str = "__lon";
const Y: &str = "__y";
const X: &str = "__x";
const SERIES: &str = "__series";
const OTHER: &str = "OTHER";
/// Splunk's own bound of `maxzoomlevel`.
const MOST_LEVELS: u64 = 9;

/// Plans the command. A cell stands where its events are on average.
///
/// Source: Splunk search reference, geostats.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`geostats` needs rows", call.span))?;
        let settings = Settings::read(call)?;
        let frame = settings.located(context, frame)?;
        let measures = series::measures(context, call, &frame, None)?;
        let mut result = Table::new(0);
        for name in ["geobin", settings.latitude.as_str(), settings.longitude.as_str()] {
            result.add_column(name);
        }
        let mut kept: Option<HashSet<String>> = None;
        for level in 0..=settings.levels {
            let cells = settings.level(context, frame.clone(), &measures, level).await?;
            if kept.is_none() && settings.split.is_some() {
                kept = Some(settings.kept(&cells));
            }
            settings.add(&mut result, cells, &measures, kept.as_ref());
        }
        if result.rows() == 0 { Table::new(0).frame(context) } else { result.frame(context) }
    })
}

struct Settings {
    latitude_field: String,
    longitude_field: String,
    latitude: String,
    longitude: String,
    split: Option<String>,
    /// One row per cell, with a column per series.
    columns: bool,
    global: usize,
    local: usize,
    height: f64,
    width: f64,
    levels: u32,
}

/// A cell with what was computed of it, by series.
#[derive(Default)]
struct Bin {
    latitude: f64,
    longitude: f64,
    series: BTreeMap<String, Vec<Cell>>,
}

impl Settings {
    fn read(call: &CommandCall) -> Result<Self, Diagnostic> {
        let text =
            |name: &str, default: &str| call.option(name).map_or_else(|| default.to_owned(), |option| option.value.value.clone());
        let size = |name: &str, default: f64, whole: f64| match call.option(name) {
            None => Ok(default),
            Some(option) => {
                option.value.value.parse::<f64>().ok().filter(|size| *size > 0.0 && *size <= whole).ok_or_else(|| {
                    Diagnostic::error("plan/number", format!("`{name}` is a number above 0, up to {whole}"), option.value.span)
                })
            }
        };
        let most = |name: &str| count(call, name, 10).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let split = match call.by_fields() {
            [] => None,
            [Argument::Field(field)] if !field.has_wildcard() => Some(field.name.clone()),
            _ => return Err(Diagnostic::error("plan/argument", "`geostats` splits by one field", call.span)),
        };
        if let Some(clause) = call.clause("where") {
            return Err(Diagnostic::error("plan/argument", "`geostats` has no `where`", clause.keyword.span));
        }
        let levels = count(call, "maxzoomlevel", MOST_LEVELS)?;
        if levels > MOST_LEVELS {
            let place = call.option("maxzoomlevel").map_or(call.span, |option| option.value.span);
            return Err(Diagnostic::error("plan/number", format!("`maxzoomlevel` is at most {MOST_LEVELS}"), place));
        }
        Ok(Self {
            latitude_field: text("latfield", "lat"),
            longitude_field: text("longfield", "lon"),
            latitude: text("outputlatfield", "latitude"),
            longitude: text("outputlongfield", "longitude"),
            split,
            columns: call.flag("translatetoxy"),
            global: most("globallimit")?,
            local: most("locallimit")?,
            height: size("binspanlat", 22.5, 180.0)?,
            width: size("binspanlong", 45.0, 360.0)?,
            levels: u32::try_from(levels).unwrap_or(0),
        })
    }

    /// The rows that have a place, with it as numbers, and with the split value as text.
    fn located(&self, context: &PlanContext, frame: Frame) -> Result<Frame, Diagnostic> {
        let (Some(lat), Some(lon)) = (frame.field(&self.latitude_field), frame.field(&self.longitude_field)) else {
            let nothing = |name: &str| (name.to_owned(), spl_plan::frame::null(ValueType::Float));
            let mut set = vec![nothing(LAT), nothing(LON)];
            set.extend(self.split.as_ref().map(|_| (SERIES.to_owned(), spl_plan::frame::null(ValueType::Text))));
            return frame.assign(set)?.filter(lit(false));
        };
        let number = |name: &str, kind| convert(context, Typed::new(column(name), kind), ValueType::Float);
        let mut set = vec![
            (LAT.to_owned(), number(&self.latitude_field, lat.value_type())?),
            (LON.to_owned(), number(&self.longitude_field, lon.value_type())?),
        ];
        let mut split_kind = ValueType::Null;
        if let Some(split) = &self.split {
            let value = match frame.field(split) {
                Some(found) => {
                    split_kind = found.value_type();
                    column(split)
                }
                None => spl_plan::frame::null(ValueType::Text),
            };
            set.push((SERIES.to_owned(), value));
        }
        let mut placed = frame
            .assign(set)?
            .filter(column(LAT).gt_eq(lit(-90.0)).and(column(LAT).lt_eq(lit(90.0))))?
            .filter(column(LON).gt_eq(lit(-180.0)).and(column(LON).lt_eq(lit(180.0))))?;
        if self.split.is_some() {
            if split_kind == ValueType::Multivalue {
                placed = placed.operate(MvExpand { field: SERIES.to_owned(), limit: 0, drop_null: true })?;
                split_kind = ValueType::Text;
            }
            let kind = if split_kind == ValueType::Null { ValueType::Text } else { split_kind };
            let series = convert(context, Typed::new(column(SERIES), kind), ValueType::Text)?;
            placed = placed.assign(vec![(SERIES.to_owned(), series)])?.filter(column(SERIES).is_not_null())?;
        }
        Ok(placed)
    }

    /// The cells of a level, by row and column of the grid.
    async fn level(
        &self,
        context: &PlanContext,
        frame: Frame,
        measures: &[Measure],
        level: u32,
    ) -> Result<(u32, BTreeMap<(i64, i64), Bin>), Diagnostic> {
        let part = f64::from(1_u32 << level);
        let place = |name: &str, from: f64, size: f64| -> Result<(String, _), Diagnostic> {
            let number = Typed::new((column(name) + lit(from)) / lit(size / part), ValueType::Float);
            Ok((if name == LAT { Y } else { X }.to_owned(), function(context, "floor", vec![number])?.expression))
        };
        let frame = frame.assign(vec![place(LAT, 90.0, self.height)?, place(LON, 180.0, self.width)?])?;
        let at = |table: &Table, row: usize| {
            let number = |name: &str| table.cell(row, name).number().unwrap_or_default() as i64;
            (number(Y), number(X))
        };
        let mut bins: BTreeMap<(i64, i64), Bin> = BTreeMap::new();
        let centres = frame.clone().build(|plan| {
            plan.aggregate(vec![column(Y), column(X)], vec![avg(column(LAT)).alias(LAT), avg(column(LON)).alias(LON)])
        })?;
        let mut columns: Vec<_> = [Y, X, LAT, LON].into_iter().map(|name| (name.to_owned(), column(name))).collect();
        columns.push((ORDINAL.to_owned(), lit(0_i64)));
        let centres = Table::of(context, centres.select(columns)?).await?;
        for row in 0..centres.rows() {
            let number = |name: &str| centres.cell(row, name).number().unwrap_or_default();
            bins.insert(at(&centres, row), Bin { latitude: number(LAT), longitude: number(LON), series: BTreeMap::new() });
        }
        let groups: &[&str] = if self.split.is_some() { &[Y, X, SERIES] } else { &[Y, X] };
        let cells = series::cells(context, frame, groups, measures).await?;
        for row in 0..cells.rows() {
            let values = (0..measures.len()).map(|place| cells.cell(row, &series::measure_name(place)).clone()).collect();
            let name = cells.cell(row, SERIES).text().unwrap_or_default();
            if let Some(bin) = bins.get_mut(&at(&cells, row)) {
                bin.series.insert(name, values);
            }
        }
        Ok((level, bins))
    }

    /// The series that are kept everywhere: those with the highest sums.
    fn kept(&self, (_, bins): &(u32, BTreeMap<(i64, i64), Bin>)) -> HashSet<String> {
        let mut sums: HashMap<&String, f64> = HashMap::new();
        for (name, values) in bins.values().flat_map(|bin| &bin.series) {
            *sums.entry(name).or_default() += values.first().and_then(Cell::number).unwrap_or_default();
        }
        highest(sums, self.global).into_iter().cloned().collect()
    }

    fn add(
        &self,
        result: &mut Table,
        (level, bins): (u32, BTreeMap<(i64, i64), Bin>),
        measures: &[Measure],
        kept: Option<&HashSet<String>>,
    ) {
        for ((y, x), mut bin) in bins {
            if let Some(kept) = kept {
                bin.merge(&|name| kept.contains(name));
                let sums = bin.series.iter().filter(|(name, _)| *name != OTHER);
                let sums = sums.map(|(name, values)| (name, values.first().and_then(Cell::number).unwrap_or_default())).collect();
                let local: HashSet<String> = highest(sums, self.local).into_iter().cloned().collect();
                bin.merge(&|name| local.contains(name));
            }
            let place = |result: &mut Table| {
                let row = result.add_row();
                result.set(row, "geobin", Cell::Text(format!("bin_id_zl_{level}_y_{y}_x_{x}")));
                result.set(row, &self.latitude, Cell::Float(bin.latitude));
                result.set(row, &self.longitude, Cell::Float(bin.longitude));
                row
            };
            match &self.split {
                Some(split) if !self.columns => {
                    for (name, values) in &bin.series {
                        let row = place(result);
                        result.set(row, split, Cell::Text(name.clone()));
                        for (measure, value) in measures.iter().zip(values) {
                            result.set(row, measure.name(), value.clone());
                        }
                    }
                }
                split => {
                    let row = place(result);
                    for (name, values) in &bin.series {
                        for (measure, value) in measures.iter().zip(values) {
                            let title = match (split, measures.len()) {
                                (None, _) => measure.name().to_owned(),
                                (Some(_), 1) => name.clone(),
                                (Some(_), _) => format!("{}: {name}", measure.name()),
                            };
                            result.set(row, &title, value.clone());
                        }
                    }
                }
            }
        }
    }
}

impl Bin {
    /// The series that are not kept become one, whose values are their sums.
    fn merge(&mut self, keep: &dyn Fn(&str) -> bool) {
        let mut kept = BTreeMap::new();
        let mut other: Option<Vec<Cell>> = None;
        for (name, values) in std::mem::take(&mut self.series) {
            if name != OTHER && keep(&name) {
                kept.insert(name, values);
                continue;
            }
            other = Some(match other {
                None => values,
                Some(before) => before.iter().zip(&values).map(|(left, right)| sum(left, right)).collect(),
            });
        }
        kept.extend(other.map(|values| (OTHER.to_owned(), values)));
        self.series = kept;
    }
}

fn sum(left: &Cell, right: &Cell) -> Cell {
    match (left.number(), right.number()) {
        (Some(one), Some(other)) => Cell::Float(one + other),
        (None, Some(_)) => right.clone(),
        _ => left.clone(),
    }
}

/// The names with the highest sums; 0 = all.
fn highest(sums: HashMap<&String, f64>, most: usize) -> Vec<&String> {
    let mut ordered: Vec<(&String, f64)> = sums.into_iter().collect();
    ordered.sort_by(|(left, a), (right, b)| b.total_cmp(a).then_with(|| left.cmp(right)));
    let most = if most == 0 { ordered.len() } else { most };
    ordered.into_iter().take(most).map(|(name, _)| name).collect()
}
