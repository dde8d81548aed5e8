//! Every function against a plain computation over lists of values, in every way DataFusion may drive it.

use std::collections::BTreeMap;

use arrow::array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array, ListBuilder, StringViewArray,
    StringViewBuilder,
};
use arrow::datatypes::{Int32Type, Schema};
use datafusion_expr::EmitTo;
use proptest::prelude::*;

use super::*;
use crate::column::Column;
use crate::value::{Value, parse_number, sort_order};

/// How the values are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Text,
    Dictionary,
    Multivalue,
    Integer,
    Float,
}

const SHAPES: [Shape; 5] = [Shape::Text, Shape::Dictionary, Shape::Multivalue, Shape::Integer, Shape::Float];

#[derive(Clone, Debug)]
struct Event {
    group: usize,
    values: Vec<&'static str>,
    time: Option<i64>,
    order: i64,
}

const TEXTS: [&str; 14] =
    ["10", "9", "100", "-3.5", "a", "B", "b", "", "1e2", "0.25", "Zed", "10", "longer than an inlined view", "9.0"];
const NUMBERS: [&str; 8] = ["10", "9", "100", "-3", "0", "7", "9", "123456789"];
const GROUPS: usize = 6;

fn column(shape: Shape, events: &[Event]) -> ArrayRef {
    let single = |event: &Event| event.values.first().copied();
    match shape {
        Shape::Text => Arc::new(events.iter().map(single).collect::<StringViewArray>()),
        Shape::Dictionary => Arc::new(slice_of_dictionary(events)),
        Shape::Multivalue => {
            let mut builder = ListBuilder::new(StringViewBuilder::new());
            for event in events {
                event.values.iter().for_each(|value| builder.values().append_value(value));
                builder.append(!event.values.is_empty());
            }
            Arc::new(builder.finish())
        }
        Shape::Integer => {
            Arc::new(events.iter().map(|event| single(event).map(|text| text.parse().unwrap())).collect::<Int64Array>())
        }
        Shape::Float => {
            Arc::new(events.iter().map(|event| single(event).map(|text| text.parse().unwrap())).collect::<Float64Array>())
        }
    }
}

fn slice_of_dictionary(events: &[Event]) -> DictionaryArray<Int32Type> {
    let place = |text: &str| TEXTS.iter().chain(&NUMBERS).position(|known| *known == text).map(|place| place as i32);
    let keys: Int32Array = events.iter().map(|event| event.values.first().and_then(|text| place(text))).collect();
    DictionaryArray::new(keys, dictionary_values())
}

fn dictionary_values() -> ArrayRef {
    use std::sync::OnceLock;
    static VALUES: OnceLock<ArrayRef> = OnceLock::new();
    VALUES.get_or_init(|| Arc::new(TEXTS.iter().chain(&NUMBERS).copied().map(Some).collect::<StringViewArray>())).clone()
}

fn arguments(spec: &AggregateSpec, shape: Shape, events: &[Event]) -> Vec<ArrayRef> {
    let value = column(shape, events);
    let order: ArrayRef = Arc::new(events.iter().map(|event| Some(event.order)).collect::<Int64Array>());
    let times: ArrayRef = Arc::new(events.iter().map(|event| event.time.map(|time| time as f64)).collect::<Float64Array>());
    let spans: ArrayRef = Arc::new(Int64Array::from(vec![1_800; events.len()]));
    match spec.inputs {
        Inputs::Optional | Inputs::Value => vec![value],
        Inputs::ValueAndTime if spec.name == "rate" => vec![value, times],
        Inputs::ValueAndTime => vec![value, times, order],
        Inputs::ValueAndOrder => vec![value, order],
        Inputs::ValueAndSpan => vec![value, spans],
        Inputs::ValueTimeAndSeries => vec![value, times],
    }
}

fn printed(array: &dyn Array) -> Vec<Vec<String>> {
    let column = Column::new(array).unwrap();
    (0..array.len()).map(|row| column.value(row).each_text().into_iter().map(|text| text.into_owned()).collect()).collect()
}

/// What a group must give, from its values in order of events; one inner entry per value.
fn expected(name: &str, parameter: Option<f64>, events: &[Event]) -> Vec<String> {
    let mut ordered: Vec<&Event> = events.iter().collect();
    ordered.sort_by_key(|event| event.order);
    let texts: Vec<&str> = ordered.iter().flat_map(|event| event.values.iter().copied()).collect();
    let numbers: Vec<f64> = texts.iter().filter_map(|text| parse_number(text)).collect();
    let count = numbers.len() as f64;
    let sum: f64 = numbers.iter().sum();
    let squares: f64 = numbers.iter().map(|number| (number - sum / count).powi(2)).sum();
    let number = |number: Option<f64>| number.map(format_number).into_iter().collect::<Vec<_>>();
    let some = |value: f64| number((count > 0.0).then_some(value));
    let rank = |percentile: f64| {
        let mut sorted = numbers.clone();
        sorted.sort_by(f64::total_cmp);
        number(sorted.get(((percentile * count / 100.0) as usize).min(sorted.len().saturating_sub(1))).copied())
    };
    let mut distinct = texts.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let mut by_value = texts.clone();
    by_value.sort_by(|left, right| sort_order(Value::Text(left), Value::Text(right)).then(left.cmp(right)));
    let mut timed: Vec<(&Event, i64)> =
        ordered.iter().filter(|event| !event.values.is_empty()).filter_map(|event| Some((*event, event.time?))).collect();
    timed.sort_by_key(|(event, time)| (-*time, event.order));
    let text = |text: Option<&&str>| text.map(|text| (*text).to_owned()).into_iter().collect::<Vec<_>>();
    match name {
        "count" => vec![texts.len().to_string()],
        "distinct_count" | "estdc" => vec![distinct.len().to_string()],
        "estdc_error" => vec!["0".to_owned()],
        "values" => distinct.iter().map(|text| (*text).to_owned()).collect(),
        "list" => texts.iter().take(100).map(|text| (*text).to_owned()).collect(),
        "sum" => some(sum),
        "sumsq" => some(numbers.iter().map(|number| number * number).sum()),
        "avg" | "mean" => some(sum / count),
        "range" => some(numbers.iter().copied().fold(f64::MIN, f64::max) - numbers.iter().copied().fold(f64::MAX, f64::min)),
        "var" => some(if count == 1.0 { 0.0 } else { squares / (count - 1.0) }),
        "stdev" => some(if count == 1.0 { 0.0 } else { (squares / (count - 1.0)).sqrt() }),
        "varp" => some(squares / count),
        "stdevp" => some((squares / count).sqrt()),
        "per_second" => some(sum / 1_800.0),
        "per_minute" => some(sum / 30.0),
        "per_hour" => some(sum * 2.0),
        "per_day" => some(sum * 48.0),
        "perc" | "exactperc" | "upperperc" => rank(parameter.unwrap()),
        "median" => rank(50.0),
        "min" => text(by_value.first()),
        "max" => {
            let best = by_value.last();
            let equal = |text: &&&str| sort_order(Value::Text(text), Value::Text(best.unwrap())).is_eq();
            text(by_value.iter().find(equal))
        }
        "mode" => {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            texts.iter().for_each(|text| *counts.entry(text).or_default() += 1);
            let most = counts.values().max().copied();
            text(by_value.iter().find(|text| counts.get(**text).copied() == most))
        }
        "first" => text(texts.first()),
        "last" => text(texts.last()),
        "latest" => text(timed.first().and_then(|(event, _)| event.values.first())),
        "earliest" => text(timed.last().and_then(|(event, _)| event.values.last())),
        "latest_time" => number(timed.first().map(|(_, time)| *time as f64)),
        "earliest_time" => number(timed.last().map(|(_, time)| *time as f64)),
        other => panic!("no expectation for {other}"),
    }
}

fn close(left: &[Vec<String>], right: &[Vec<String>]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|(left, right)| {
            left == right
                || (left.len() == 1
                    && right.len() == 1
                    && match (left[0].parse::<f64>(), right[0].parse::<f64>()) {
                        (Ok(left), Ok(right)) => (left - right).abs() <= 1e-6 * (1.0 + left.abs().max(right.abs())),
                        _ => false,
                    })
        })
}

/// A function under test, made through the DataFusion interface.
struct Tested {
    function: Arc<AggregateUDF>,
    fields: Vec<FieldRef>,
}

impl Tested {
    fn new(name: &str, arguments: &[ArrayRef]) -> Self {
        let (spec, parameter) = lookup(name).unwrap();
        let fields = arguments
            .iter()
            .enumerate()
            .map(|(place, array)| Arc::new(Field::new(format!("c{place}"), array.data_type().clone(), true)))
            .collect();
        Self { function: udaf(spec, parameter, ValueLimit::default()), fields }
    }

    fn with<T>(&self, make: impl FnOnce(&AggregateUDF, AccumulatorArgs<'_>) -> Result<T>) -> T {
        let schema = Schema::empty();
        let arguments = AccumulatorArgs {
            return_field: self.function.return_field(&self.fields).unwrap(),
            schema: &schema,
            ignore_nulls: false,
            order_bys: &[],
            is_reversed: false,
            name: "f",
            is_distinct: false,
            exprs: &[],
            expr_fields: &self.fields,
        };
        make(&self.function, arguments).unwrap()
    }

    fn groups(&self) -> Box<dyn GroupsAccumulator> {
        self.with(|function, arguments| function.create_groups_accumulator(arguments))
    }

    fn one(&self) -> Box<dyn Accumulator> {
        self.with(|function, arguments| function.accumulator(arguments))
    }

    fn check_state(&self, states: &[ArrayRef]) {
        let fields = self
            .function
            .state_fields(StateFieldsArgs {
                name: "f",
                input_fields: &self.fields,
                return_field: self.function.return_field(&self.fields).unwrap(),
                ordering_fields: &[],
                is_distinct: false,
            })
            .unwrap();
        assert_eq!(
            states.iter().map(|state| state.data_type().clone()).collect::<Vec<_>>(),
            fields.iter().map(|field| field.data_type().clone()).collect::<Vec<_>>()
        );
    }
}

fn slices(arguments: &[ArrayRef], from: usize, to: usize) -> Vec<ArrayRef> {
    arguments.iter().map(|array| array.slice(from, to - from)).collect()
}

/// All results by all ways of driving the function.
fn check(name: &str, shape: Shape, events: &[Event], split: usize, first: usize) {
    let (spec, parameter) = lookup(name).unwrap();
    let arguments = arguments(spec, shape, events);
    let tested = Tested::new(name, &arguments);
    let groups: Vec<usize> = events.iter().map(|event| event.group).collect();
    let rows = events.len();
    let split = split.min(rows);
    let of_group = |group: usize| events.iter().filter(|event| event.group == group).cloned().collect::<Vec<_>>();
    let wanted: Vec<Vec<String>> = (0..GROUPS).map(|group| expected(spec.name, parameter, &of_group(group))).collect();
    let compare = |way: &str, got: &[Vec<String>], wanted: &[Vec<String>]| {
        assert!(close(got, wanted), "{name} of {shape:?}, {way}\n got    {got:?}\n wanted {wanted:?}\n {events:?}");
    };

    // Batches, then all groups; and the first groups before the others.
    for first in [GROUPS, first.min(GROUPS)] {
        let mut state = tested.groups();
        state.update_batch(&slices(&arguments, 0, split), &groups[..split], None, GROUPS).unwrap();
        state.update_batch(&slices(&arguments, split, rows), &groups[split..], None, GROUPS).unwrap();
        let mut got = printed(&state.evaluate(EmitTo::First(first)).unwrap());
        got.extend(printed(&state.evaluate(EmitTo::All).unwrap()));
        compare("grouped", &got, &wanted);
        assert!(state.size() > 0);
    }

    // Groups that go on after the first ones were emitted.
    let mut state = tested.groups();
    let first = first.min(GROUPS);
    let early: Vec<Event> = events.iter().filter(|event| event.group < first).cloned().collect();
    let late: Vec<Event> = events.iter().filter(|event| event.group >= first).cloned().collect();
    let early_groups: Vec<usize> = early.iter().map(|event| event.group).collect();
    let late_groups: Vec<usize> = late.iter().map(|event| event.group - first).collect();
    state.update_batch(&super::tests::arguments(spec, shape, &early), &early_groups, None, GROUPS).unwrap();
    let mut got = printed(&state.evaluate(EmitTo::First(first)).unwrap());
    state.update_batch(&super::tests::arguments(spec, shape, &late), &late_groups, None, GROUPS - first).unwrap();
    got.extend(printed(&state.evaluate(EmitTo::All).unwrap()));
    compare("emitted in between", &got, &wanted);

    // Two partial aggregations merged, one of them event by event; a filter that cuts the events in two does the same.
    let front: BooleanArray = (0..rows).map(|row| Some(row < split)).collect();
    let back: BooleanArray = (0..rows).map(|row| if row >= split { Some(true) } else { None }).collect();
    let mut left = tested.groups();
    left.update_batch(&slices(&arguments, 0, split), &groups[..split], None, GROUPS).unwrap();
    let left = left.state(EmitTo::All).unwrap();
    let mut left_filtered = tested.groups();
    left_filtered.update_batch(&arguments, &groups, Some(&front), GROUPS).unwrap();
    let left_filtered = left_filtered.state(EmitTo::All).unwrap();
    let right = tested.groups().convert_to_state(&slices(&arguments, split, rows), None).unwrap();
    let right_filtered = tested.groups().convert_to_state(&arguments, Some(&back)).unwrap();
    let all: Vec<usize> = (0..GROUPS).collect();
    tested.check_state(&left);
    tested.check_state(&right);
    for (left, right, right_groups) in
        [(&left, &right, &groups[split..]), (&left_filtered, &right, &groups[split..]), (&left, &right_filtered, &groups[..])]
    {
        let mut merged = tested.groups();
        merged.merge_batch(left, &all, GROUPS).unwrap();
        merged.merge_batch(right, right_groups, GROUPS).unwrap();
        compare("merged", &printed(&merged.evaluate(EmitTo::All).unwrap()), &wanted);
    }

    // Everything as one group; partial results of it; windows.
    let whole = vec![expected(spec.name, parameter, events)];
    let mut one = tested.one();
    let mut other = tested.one();
    one.update_batch(&slices(&arguments, 0, split)).unwrap();
    let halfway = printed(&one.evaluate().unwrap().to_array().unwrap());
    compare("running window", &halfway, &[expected(spec.name, parameter, &events[..split])]);
    other.update_batch(&slices(&arguments, split, rows)).unwrap();
    let state: Vec<ArrayRef> = other.state().unwrap().iter().map(|state| state.to_array().unwrap()).collect();
    tested.check_state(&state);
    one.merge_batch(&state).unwrap();
    compare("one group", &printed(&one.evaluate().unwrap().to_array().unwrap()), &whole);
    let mut window = tested.with(|function, arguments| function.create_sliding_accumulator(arguments));
    window.update_batch(&slices(&arguments, 0, split)).unwrap();
    window.update_batch(&slices(&arguments, split, rows)).unwrap();
    let leaving = first.min(rows);
    window.retract_batch(&slices(&arguments, 0, leaving)).unwrap();
    let got = printed(&window.evaluate().unwrap().to_array().unwrap());
    compare("sliding window", &got, &[expected(spec.name, parameter, &events[leaving..])]);
}

fn events(shape: Shape) -> impl Strategy<Value = Vec<Event>> {
    let value = prop_oneof![Just(None), (0..14usize).prop_map(Some)];
    let values = prop::collection::vec(value, if shape == Shape::Multivalue { 0..4 } else { 1..2 });
    let event = (0..GROUPS - 1, values, prop::option::weighted(0.9, 0i64..20));
    (prop::collection::vec(event, 0..60), any::<u64>()).prop_map(move |(events, seed)| {
        let count = events.len() as u64;
        events
            .into_iter()
            .enumerate()
            .map(|(row, (group, values, time))| {
                let known: &[&str] = match shape {
                    Shape::Integer | Shape::Float => &NUMBERS,
                    _ => &TEXTS,
                };
                Event {
                    group,
                    values: values.into_iter().flatten().map(|place| known[place % known.len()]).collect(),
                    time,
                    // Distinct, in an order of its own.
                    order: if count == 0 {
                        0
                    } else {
                        ((row as u64 * 7 + seed % count) % (count * 7)) as i64 * 61 % 1_009 * 64 + row as i64
                    },
                }
            })
            .collect()
    })
}

fn names() -> Vec<String> {
    all()
        .filter(|spec| spec.status == Status::Full && !spec.name.starts_with("rate") && spec.name != "sparkline")
        .map(|spec| if spec.parameter { format!("{}37.5", spec.name) } else { spec.name.to_owned() })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn all_functions_agree_with_plain_computation(
        (shape, events) in prop::sample::select(SHAPES.to_vec()).prop_flat_map(|shape| (Just(shape), events(shape))),
        split in 0usize..60,
        first in 0usize..7,
    ) {
        for name in names() {
            check(&name, shape, &events, split, first);
        }
    }
}

#[test]
fn names_and_parameters() {
    assert_eq!(all().count(), 36);
    let found = |name: &str| lookup(name).map(|(spec, parameter)| (spec.name, parameter));
    assert_eq!(found("perc95"), Some(("perc", Some(95.0))));
    assert_eq!(found("p99.9"), Some(("perc", Some(99.9))));
    assert_eq!(found("ExactPerc50"), Some(("exactperc", Some(50.0))));
    assert_eq!(found("upperperc1"), Some(("upperperc", Some(1.0))));
    assert_eq!(found("dc"), Some(("distinct_count", None)));
    assert_eq!(found("c"), Some(("count", None)));
    assert_eq!(found("perc"), Some(("perc", None)));
    assert_eq!(found("sum5"), None);
    assert_eq!(found("p1x"), None);
    assert_eq!(found("p1.2.3"), None);
    assert_eq!(found("p"), Some(("perc", None)));
    assert_eq!(found("pé5"), None);
    assert_eq!(found(""), None);
    let (spec, parameter) = lookup("p99.9").unwrap();
    assert_eq!(udaf(spec, parameter, ValueLimit::default()).name(), "perc99.9");
    assert!(spec.check_parameter(parameter).is_ok());
    assert!(spec.check_parameter(None).is_err());
    assert!(spec.check_parameter(Some(101.0)).is_err());
    assert_ne!(udaf(spec, Some(1.0), ValueLimit::default()), udaf(spec, Some(2.0), ValueLimit::default()));
}

fn one(name: &str, arguments: &[ArrayRef]) -> Vec<String> {
    let mut state = Tested::new(name, arguments).one();
    state.update_batch(arguments).unwrap();
    printed(&state.evaluate().unwrap().to_array().unwrap()).remove(0)
}

#[test]
fn rates() {
    let counter: ArrayRef = Arc::new(StringViewArray::from(vec![Some("220"), Some("x"), Some("150"), None, Some("100")]));
    let times: ArrayRef = Arc::new(Int64Array::from(vec![60, 50, 30, 20, 0]));
    assert_eq!(one("rate", &[counter.clone(), times.clone()]), ["2"]);
    let series: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "a", "b", "b", "a"]));
    assert_eq!(one("rate_sum", &[counter.clone(), times.clone(), series]), ["2"]);
    let series: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "b", "a", "b", "b"]));
    assert_eq!(one("rate_avg", &[counter.clone(), times.clone(), series]), ["2.3333333333333335"]);
    assert!(one("rate", &[counter.slice(0, 1), times.slice(0, 1)]).is_empty());
}

#[test]
fn nothing_at_all() {
    let nothing: ArrayRef = Arc::new(arrow::array::NullArray::new(3));
    let order: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    for name in names() {
        let expected: &[&str] = match name.as_str() {
            "count" | "distinct_count" | "estdc" | "estdc_error" => &["0"],
            _ => &[],
        };
        assert_eq!(one(&name, &[nothing.clone(), order.clone()]), expected, "{name}");
        // No event at all.
        assert_eq!(one(&name, &[nothing.slice(0, 0), order.slice(0, 0)]), expected, "{name}");
    }
}

#[test]
fn conditions_and_large_numbers() {
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true)]));
    assert_eq!(one("count", &[flags]), ["2"]);
    let large: ArrayRef = Arc::new(Int64Array::from(vec![i64::MAX, i64::MIN, 0]));
    assert_eq!(one("max", std::slice::from_ref(&large)), [i64::MAX.to_string()]);
    assert_eq!(one("min", &[large]), [i64::MIN.to_string()]);
    let near: ArrayRef = Arc::new(Float64Array::from(vec![1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]));
    assert_eq!(one("var", &[near]), ["1"]);
}

#[test]
fn list_stops_at_a_hundred_and_values_does_not() {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values((0..150).rev()));
    let order = numbers.clone();
    let list = one("list", &[numbers.clone(), order]);
    assert_eq!((list.len(), list[99].as_str()), (100, "99"));
    assert_eq!(one("values", &[numbers]).len(), 150);
}

#[test]
fn many_groups_and_values_leave_the_bits() {
    let rows = 300_000usize;
    let groups: Vec<usize> = (0..rows).map(|row| row % 3_000).collect();
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|row| (row % 90_001) as i64)));
    let tested = Tested::new("dc", std::slice::from_ref(&numbers));
    let mut state = tested.groups();
    for start in (0..rows).step_by(8_192) {
        let end = (start + 8_192).min(rows);
        state.update_batch(&[numbers.slice(start, end - start)], &groups[start..end], None, 3_000).unwrap();
    }
    let mut sets = vec![std::collections::HashSet::new(); 3_000];
    (0..rows).for_each(|row| {
        sets[row % 3_000].insert(row % 90_001);
    });
    let wanted: Vec<Vec<String>> = sets.iter().map(|set| vec![set.len().to_string()]).collect();
    assert_eq!(printed(&state.evaluate(EmitTo::All).unwrap()), wanted);
}
