//! Planning of `pivot`: a table over a dataset of a data model, written as the search that it stands for.

use futures::future::BoxFuture;
use spl_parser::syntax::{Aggregation, AggregationArgument, Argument, Clause, CommandCall};
use spl_parser::{Diagnostic, Span, Spanned};
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::names::quoting::escaped;
use spl_plan::search::inner_search;
use spl_plan::search::inner_search::SearchTimes;

/// Splunk's own number of columns.
const MOST_COLUMNS: u64 = 100;
/// Between the values of several row fields while they are one; no value of a field holds it.
const BETWEEN: &str = "\u{1f}";

/// Plans the command.
///
/// Source: Splunk search reference, pivot.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        if input.frame.is_some() {
            return Err(Diagnostic::error("plan/position", "`pivot` must be the first command", call.name.span));
        }
        let [Argument::Text { text: model, .. }, Argument::Text { text: dataset, .. }, ..] = call.arguments.as_slice() else {
            return Err(Diagnostic::error("plan/argument", "`pivot` needs a data model and a dataset", call.span));
        };
        let found = context.knowledge().data_model(&model.value).map_err(|error| error.at(model.span))?;
        found.dataset(&dataset.value).map_err(|error| error.at(dataset.span))?;
        let text = Pivot::read(call, &model.value, &dataset.value)?.search()?;
        inner_search::plan(context, &text, &SearchTimes::default(), call.span, "pivot").await
    })
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A field inside an expression.
fn single(name: &str) -> String {
    format!("'{}'", name.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A field that splits rows or columns.
struct Split {
    field: String,
    label: String,
    /// Commands that cut its values into ranges, or name them.
    prepared: String,
}

/// How many rows in which order.
struct Order {
    most: u64,
    /// Descending, and the key.
    keys: Vec<(bool, String)>,
}

struct Pivot<'a> {
    base: String,
    dataset: &'a str,
    cells: Vec<&'a Aggregation>,
    rows: Vec<Split>,
    columns: Vec<Split>,
    filters: Vec<String>,
    limits: Vec<&'a Clause>,
    row_summary: bool,
    column_summary: bool,
    show_other: bool,
    most_columns: u64,
    sort: Option<Order>,
    span: Span,
}

impl<'a> Pivot<'a> {
    fn read(call: &'a CommandCall, model: &str, dataset: &'a str) -> Result<Self, Diagnostic> {
        let base = format!("| from datamodel:{}", quoted(&format!("{model}.{dataset}")));
        let mut pivot = Self {
            base,
            dataset,
            cells: call.aggregations().collect(),
            rows: Vec::new(),
            columns: Vec::new(),
            filters: Vec::new(),
            limits: Vec::new(),
            row_summary: false,
            column_summary: false,
            show_other: true,
            most_columns: MOST_COLUMNS,
            sort: None,
            span: call.span,
        };
        for clause in &call.clauses {
            match clause.keyword.value.as_str() {
                "splitrow" => pivot.rows.push(split(clause)?),
                "splitcol" => pivot.columns.push(split(clause)?),
                "filter" => pivot.filters.push(filter(clause)?),
                "limit" => pivot.limits.push(clause),
                "rowsummary" => pivot.row_summary = flag(clause)?,
                "colsummary" => pivot.column_summary = flag(clause)?,
                "showother" => pivot.show_other = flag(clause)?,
                "numcols" => pivot.most_columns = number(first_text(clause)?)?,
                _ => pivot.sort = Some(sort(clause)?),
            }
        }
        if pivot.cells.is_empty() && pivot.rows.is_empty() {
            return Err(Diagnostic::error("plan/argument", "`pivot` needs a statistic or SPLITROW", call.span)
                .with_help(format!("for example `count({dataset})`")));
        }
        if let [_, second, ..] = pivot.columns.as_slice() {
            let message = format!("`pivot` splits columns by one field; `{}` is the second", second.field);
            return Err(Diagnostic::error("plan/argument", message, call.span));
        }
        Ok(pivot)
    }

    /// The events: those that the filters and limits leave.
    fn events(&self) -> Result<String, Diagnostic> {
        let mut filtered = self.base.clone();
        self.filters.iter().for_each(|filter| filtered.push_str(filter));
        let mut text = filtered.clone();
        for limit in &self.limits {
            let [
                Argument::Field(field),
                Argument::Text { text: which, .. },
                Argument::Text { text: most, .. },
                Argument::Aggregation(by),
            ] = limit.arguments.as_slice()
            else {
                return Err(Diagnostic::error(
                    "plan/argument",
                    "LIMIT takes a field, TOP or BOTTOM, a number and a statistic",
                    self.span,
                ));
            };
            let order = match which.value.to_ascii_lowercase().as_str() {
                "top" => "-",
                "bottom" => "+",
                other => return Err(Diagnostic::error("plan/argument", format!("`{other}` is not TOP or BOTTOM"), which.span)),
            };
            let most = number(most)?;
            let field = quoted(&field.name);
            text.push_str(&format!(
                " | search [{filtered} | stats {} AS limit_value BY {field} | sort {most} {order} limit_value | table {field}]",
                self.statistic(by)
            ));
        }
        for split in self.rows.iter().chain(&self.columns) {
            text.push_str(&split.prepared);
        }
        Ok(text)
    }

    /// A statistic as `stats` has it: one of the dataset itself counts its events.
    fn statistic(&self, one: &Aggregation) -> String {
        match &one.argument {
            AggregationArgument::Field(field)
                if field.name == self.dataset && matches!(one.function.value.as_str(), "count" | "c") =>
            {
                "count".to_owned()
            }
            AggregationArgument::Field(field) => format!("{}({})", one.function.value, quoted(&field.name)),
            _ => one.function.value.clone(),
        }
    }

    fn label(&self, one: &Aggregation) -> String {
        one.alias.as_ref().map_or_else(|| one.text.clone(), |alias| alias.name.clone())
    }

    fn search(&self) -> Result<String, Diagnostic> {
        let mut text = self.events()?;
        let cells: Vec<String> =
            self.cells.iter().map(|one| format!("{} AS {}", self.statistic(one), quoted(&self.label(one)))).collect();
        let fields: Vec<String> = self.rows.iter().map(|split| quoted(&split.field)).collect();
        match self.columns.first() {
            None if cells.is_empty() => {
                text.push_str(&format!(" | stats count AS row_count BY {} | fields - row_count", fields.join(" ")));
            }
            None if fields.is_empty() => text.push_str(&format!(" | stats {}", cells.join(" "))),
            None => text.push_str(&format!(" | stats {} BY {}", cells.join(" "), fields.join(" "))),
            Some(column) => self.split_columns(&mut text, column, &cells),
        }
        if let Some(order) = &self.sort {
            text.push_str(&self.sorted(order));
        }
        for split in self.rows.iter().filter(|split| split.label != split.field) {
            text.push_str(&format!(" | rename {} AS {}", quoted(&split.field), quoted(&split.label)));
        }
        if self.row_summary && !self.columns.is_empty() {
            text.push_str(" | addtotals row=true col=false fieldname=\"ALL\"");
        }
        if self.column_summary {
            match self.rows.first() {
                Some(row) => text.push_str(&format!(" | addcoltotals label=\"ALL\" labelfield={}", quoted(&row.label))),
                None => text.push_str(" | addcoltotals"),
            }
        }
        Ok(text)
    }

    /// Keys are fields, or the names that they are given.
    fn sorted(&self, order: &Order) -> String {
        if order.keys.is_empty() {
            return format!(" | head {}", order.most);
        }
        let keys = order.keys.iter().map(|(descending, name)| {
            let field = self.rows.iter().find(|split| split.label == *name).map_or(name, |split| &split.field);
            format!("{} {}", if *descending { "-" } else { "+" }, quoted(field))
        });
        format!(" | sort {} {}", order.most, keys.collect::<Vec<_>>().join(" "))
    }

    fn split_columns(&self, text: &mut String, column: &Split, cells: &[String]) {
        let key = if self.rows.is_empty() {
            "\"all\"".to_owned()
        } else {
            self.rows.iter().map(|split| single(&split.field)).collect::<Vec<_>>().join(&format!(".\"{BETWEEN}\"."))
        };
        let cells = if cells.is_empty() { "count".to_owned() } else { cells.join(" ") };
        text.push_str(&format!(
            " | eval row_key={key} | chart limit={} useother={} usenull=false {cells} OVER row_key BY {}",
            self.most_columns,
            self.show_other,
            quoted(&column.field)
        ));
        let mut names = Vec::new();
        for (place, split) in self.rows.iter().enumerate() {
            text.push_str(&format!(" | eval {}=mvindex(split(row_key,\"{BETWEEN}\"),{place})", quoted(&split.field)));
            names.push(quoted(&split.field));
        }
        text.push_str(" | fields - row_key");
        text.push_str(&format!(" | table {} *", names.join(" ")));
    }
}

fn first_text(clause: &Clause) -> Result<&Spanned<String>, Diagnostic> {
    match clause.arguments.first() {
        Some(Argument::Text { text, .. }) => Ok(text),
        _ => Err(Diagnostic::error("plan/argument", format!("`{}` needs a value", clause.keyword.value), clause.keyword.span)),
    }
}

fn flag(clause: &Clause) -> Result<bool, Diagnostic> {
    let text = first_text(clause)?;
    match text.value.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Ok(true),
        "false" | "f" | "0" => Ok(false),
        other => Err(Diagnostic::error("plan/argument", format!("`{other}` is not true or false"), text.span)),
    }
}

fn number(text: &Spanned<String>) -> Result<u64, Diagnostic> {
    spl_plan::arguments::parse_count(&text.value, text.span)
}

fn split(clause: &Clause) -> Result<Split, Diagnostic> {
    let Some(Argument::Field(field)) = clause.arguments.first() else {
        return Err(Diagnostic::error("plan/argument", "a field is needed here", clause.keyword.span));
    };
    let setting = |wanted: &str| {
        clause.arguments.iter().find_map(|argument| match argument {
            Argument::Pair { name, value } if name.value.eq_ignore_ascii_case(wanted) => Some(value),
            _ => None,
        })
    };
    let mut prepared = String::new();
    let mut options = String::new();
    for (name, option) in [("size", "span"), ("max", "bins"), ("start", "start"), ("end", "end")] {
        if let Some(value) = setting(name) {
            options.push_str(&format!(" {option}={}", value.value));
        }
    }
    if !options.is_empty() {
        prepared.push_str(&format!(" | bin{options} {}", quoted(&field.name)));
    }
    if let Some(period) = setting("period") {
        let span = match period.value.to_ascii_lowercase().as_str() {
            "auto" => "",
            "year" => " span=1y",
            "month" => " span=1mon",
            "day" => " span=1d",
            "hour" => " span=1h",
            "minute" => " span=1m",
            "second" => " span=1s",
            other => {
                return Err(Diagnostic::error("plan/argument", format!("`{other}` is not a PERIOD"), period.span)
                    .with_help("auto, year, month, day, hour, minute or second"));
            }
        };
        prepared.push_str(&format!(" | bin{span} {}", quoted(&field.name)));
    }
    for (name, truth) in [("truelabel", r#"="true" OR {}=1"#), ("falselabel", r#"="false" OR {}=0"#)] {
        if let Some(label) = setting(name) {
            let own = single(&field.name);
            let test = format!("{own}{}", truth.replace("{}", &own));
            prepared.push_str(&format!(" | eval {own}=if({test},{},{own})", quoted(&label.value)));
        }
    }
    let label = setting("as").map_or_else(|| field.name.clone(), |label| label.value.clone());
    Ok(Split { field: field.name.clone(), label, prepared })
}

/// A filter as a command.
fn filter(clause: &Clause) -> Result<String, Diagnostic> {
    let [Argument::Field(field), Argument::Text { text: operator, .. }, values @ ..] = clause.arguments.as_slice() else {
        return Err(Diagnostic::error("plan/argument", "FILTER takes a field, an operator and a value", clause.keyword.span));
    };
    let values: Vec<&str> = values
        .iter()
        .filter_map(|value| match value {
            Argument::Text { text, .. } => Some(text.value.as_str()),
            _ => None,
        })
        .collect();
    let name = quoted(&field.name);
    let one = || match values.as_slice() {
        [value] => Ok(*value),
        _ => Err(Diagnostic::error("plan/argument", format!("`{}` takes one value", operator.value), operator.span)),
    };
    Ok(match operator.value.to_ascii_lowercase().as_str() {
        "is" | "=" => format!(" | search {name}={}", quoted(one()?)),
        "isnot" | "!=" => format!(" | search NOT {name}={}", quoted(one()?)),
        symbol @ ("<" | "<=" | ">" | ">=") => format!(" | search {name}{symbol}{}", quoted(one()?)),
        "contains" => format!(" | search {name}={}", quoted(&format!("*{}*", one()?))),
        "doesnotcontain" => format!(" | search NOT {name}={}", quoted(&format!("*{}*", one()?))),
        "startswith" => format!(" | search {name}={}", quoted(&format!("{}*", one()?))),
        "endswith" => format!(" | search {name}={}", quoted(&format!("*{}", one()?))),
        "isnull" => format!(" | where isnull({})", single(&field.name)),
        "isnotnull" => format!(" | where isnotnull({})", single(&field.name)),
        "in" if !values.is_empty() => {
            let listed: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            format!(" | search {name} IN ({})", listed.join(", "))
        }
        other => {
            return Err(Diagnostic::error("plan/argument", format!("`{other}` is not an operator of FILTER"), operator.span)
                .with_help(
                    "is, isNot, contains, doesNotContain, startsWith, endsWith, in, isNull, isNotNull, =, !=, <, <=, > or >=",
                ));
        }
    })
}

fn sort(clause: &Clause) -> Result<Order, Diagnostic> {
    let most = number(first_text(clause)?)?;
    let keys = clause.arguments[1..]
        .iter()
        .filter_map(|argument| match argument {
            Argument::Text { text, .. } => Some(match text.value.strip_prefix('-') {
                Some(name) => (true, name.to_owned()),
                None => (false, text.value.clone()),
            }),
            _ => None,
        })
        .collect();
    Ok(Order { most, keys })
}
