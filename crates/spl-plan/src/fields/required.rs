//! Needed fields: walking a pipeline from its end, which fields must the data yield?

use std::collections::BTreeSet;

use spl_parser::syntax::{
    Aggregation, AggregationArgument, Argument, CommandCall, Expression, ExpressionKind, Pipeline, SearchExpression, SearchKind,
    TemplatePart,
};

/// Fields wanted of a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Needed {
    /// Every field.
    All,
    /// These; names may hold `*`.
    Only(BTreeSet<String>),
}

impl Needed {
    /// No field.
    pub fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// One more field.
    pub fn add(&mut self, name: &str) {
        if let Self::Only(names) = self {
            names.insert(name.to_owned());
        }
    }

    /// Both.
    pub fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(mut left), Self::Only(right)) => {
                left.extend(right);
                Self::Only(left)
            }
            _ => Self::All,
        }
    }

    /// Whether a field is wanted.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => {
                names.contains(name)
                    || names
                        .iter()
                        .any(|pattern| pattern.contains('*') && crate::names::wildcards::wildcard_matches(pattern, name))
            }
        }
    }

    /// What must come into a row of commands so that `after` comes out.
    pub fn before(calls: &[CommandCall], after: Needed) -> Needed {
        calls.iter().rev().fold(after, |after, call| before_command(call, after))
    }
}

/// What the data must yield for a whole search, subsearches and all.
pub fn of_pipeline(pipeline: &Pipeline) -> Needed {
    let mut all = Needed::before(&pipeline.commands, Needed::All);
    for call in &pipeline.commands {
        for_each_subsearch(call, &mut |inner| {
            let wanted = std::mem::replace(&mut all, Needed::none());
            all = wanted.union(of_pipeline(inner));
        });
    }
    all
}

fn for_each_subsearch(call: &CommandCall, visit: &mut dyn FnMut(&Pipeline)) {
    for argument in call.arguments.iter().chain(call.clauses.iter().flat_map(|clause| &clause.arguments)) {
        match argument {
            Argument::Subsearch(subsearch) => visit(&subsearch.pipeline),
            Argument::Search(search) => search_subsearches(search, visit),
            Argument::Expression(expression) => expression_subsearches(expression, visit),
            Argument::Assignment(assignment) => expression_subsearches(&assignment.expression, visit),
            _ => {}
        }
    }
}

fn search_subsearches(search: &SearchExpression, visit: &mut dyn FnMut(&Pipeline)) {
    match &search.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().for_each(|part| search_subsearches(part, visit)),
        SearchKind::Not(inner) => search_subsearches(inner, visit),
        SearchKind::Subsearch(subsearch) | SearchKind::SubsearchComparison { subsearch, .. } => visit(&subsearch.pipeline),
        _ => {}
    }
}

fn expression_subsearches(expression: &Expression, visit: &mut dyn FnMut(&Pipeline)) {
    walk_expression(expression, &mut |part| {
        if let ExpressionKind::Subsearch(subsearch) = &part.kind {
            visit(&subsearch.pipeline);
        }
    });
}

/// Visits an expression and all its parts.
pub fn walk_expression(expression: &Expression, visit: &mut dyn FnMut(&Expression)) {
    visit(expression);
    match &expression.kind {
        ExpressionKind::Unary { operand, .. } => walk_expression(operand, visit),
        ExpressionKind::Binary { left, right, .. } => {
            walk_expression(left, visit);
            walk_expression(right, visit);
        }
        ExpressionKind::In { operand, list } => {
            walk_expression(operand, visit);
            list.iter().for_each(|item| walk_expression(item, visit));
        }
        ExpressionKind::Call { arguments, .. } => arguments.iter().for_each(|argument| walk_expression(argument, visit)),
        _ => {}
    }
}

/// The fields that an expression reads.
pub fn expression_fields(expression: &Expression, needed: &mut Needed) {
    walk_expression(expression, &mut |part| match &part.kind {
        ExpressionKind::Field(field) => {
            needed.add(&field.name);
            // A bare `a.b` may turn out to be a concatenation.
            if field.name.contains('.') {
                field.name.split('.').for_each(|piece| needed.add(piece));
            }
        }
        ExpressionKind::Call { name, arguments } if name.value.eq_ignore_ascii_case("searchmatch") => {
            if let Some(ExpressionKind::Text(source)) = arguments.first().map(|argument| &argument.kind)
                && let Ok(search) = spl_parser::parse_search_expression(source)
            {
                search_fields(&search, needed);
            }
        }
        ExpressionKind::Subsearch(_) => *needed = Needed::All,
        _ => {}
    });
}

/// The fields that a search expression reads.
pub fn search_fields(search: &SearchExpression, needed: &mut Needed) {
    match &search.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => parts.iter().for_each(|part| search_fields(part, needed)),
        SearchKind::Not(inner) => search_fields(inner, needed),
        SearchKind::Comparison { field, .. } | SearchKind::In { field, .. } => {
            needed.add(&field.name);
            // Which fields a saved search names is known to the knowledge objects only.
            if matches!(field.name.as_str(), "savedsearch" | "savedsplunk") {
                *needed = Needed::All;
            }
            if field.name.starts_with("tag::") || matches!(field.name.as_str(), "hosttag" | "eventtypetag") {
                needed.add("tag");
            }
        }
        SearchKind::Term(value) if !value.pattern.is_any() => needed.add("_raw"),
        SearchKind::Term(_) | SearchKind::TimeModifier { .. } => {}
        // Which fields its rows name is known only when it ran.
        SearchKind::Subsearch(_) => *needed = Needed::All,
        SearchKind::SubsearchComparison { field, .. } => needed.add(&field.name),
    }
}

fn aggregation_fields(aggregation: &Aggregation, needed: &mut Needed) {
    match &aggregation.argument {
        AggregationArgument::None => {}
        AggregationArgument::Field(field) => needed.add(&field.name),
        AggregationArgument::Eval(expression) => expression_fields(expression, needed),
        AggregationArgument::Sparkline { aggregation, .. } => aggregation_fields(aggregation, needed),
    }
}

/// The fields that the arguments and clauses of a command name.
fn own_fields(call: &CommandCall, needed: &mut Needed) {
    for argument in call.arguments.iter().chain(call.clauses.iter().flat_map(|clause| &clause.arguments)) {
        match argument {
            Argument::Search(search) => search_fields(search, needed),
            Argument::Expression(expression) => expression_fields(expression, needed),
            Argument::Assignment(assignment) => {
                expression_fields(&assignment.expression, needed);
                for part in &assignment.template {
                    if let TemplatePart::Field(name) = part {
                        needed.add(name);
                    }
                }
            }
            Argument::Field(field) => needed.add(&field.name),
            Argument::Aggregation(aggregation) => aggregation_fields(aggregation, needed),
            Argument::Rename { from, to } => {
                needed.add(&from.name);
                needed.add(&to.name);
            }
            Argument::SortKey(key) => needed.add(&key.field.name),
            Argument::Conversion { field, .. } => needed.add(&field.name),
            Argument::Pair { .. } | Argument::Text { .. } | Argument::Subsearch(_) => {}
        }
    }
}

/// The fields that options name, or their defaults.
fn with_options(call: &CommandCall, mut needed: Needed, options: &[(&str, &str)]) -> Needed {
    for (name, default) in options {
        needed.add(call.option(name).map_or(*default, |option| option.value.value.as_str()));
    }
    needed
}

fn before_command(call: &CommandCall, after: Needed) -> Needed {
    let mut needed = match call.spec.name {
        // These make new rows: only what they read themselves is wanted.
        "stats" | "table" | "top" | "rare" | "chart" | "timechart" | "sichart" | "sistats" | "sitop" | "sirare"
        | "sitimechart" => {
            let mut needed = Needed::none();
            needed.add("_time");
            own_fields(call, &mut needed);
            return needed;
        }
        "geostats" => {
            let mut needed = Needed::none();
            needed.add("_time");
            for (name, default) in [("latfield", "lat"), ("longfield", "lon")] {
                needed.add(call.option(name).map_or(default, |option| option.value.value.as_str()));
            }
            own_fields(call, &mut needed);
            return needed;
        }
        "eventcount" if call.option("report_size").is_some() => {
            let mut needed = Needed::none();
            needed.add("_raw");
            return needed;
        }
        // What tstats reads itself is added elsewhere, as its names can be those of a data model.
        "tstats" if call.option("append").is_some() => return after,
        "tstats" | "makeresults" | "inputlookup" | "inputcsv" | "gentimes" | "metadata" | "eventcount"
            if call.option("append").is_none() =>
        {
            return Needed::none();
        }
        "fields" => {
            let removes = call
                .arguments
                .first()
                .is_some_and(|argument| matches!(argument, Argument::Text { text, .. } if text.value == "-"));
            if removes {
                return after;
            }
            let mut listed = Needed::none();
            own_fields(call, &mut listed);
            return match (after, listed) {
                (Needed::All, mut listed) => {
                    listed.add("_raw");
                    listed.add("_time");
                    listed
                }
                (Needed::Only(names), listed) => Needed::Only(
                    names
                        .into_iter()
                        .filter(|name| listed.contains(name) || name.starts_with('_') || name.contains('*'))
                        .collect(),
                ),
            };
        }
        // With aliases every field gets another name.
        "join" if call.option("left").is_some() => Needed::All,
        "rename" => {
            let wildcard =
                call.arguments.iter().any(|argument| matches!(argument, Argument::Rename { from, .. } if from.has_wildcard()));
            if wildcard { Needed::All } else { after }
        }
        "eval" => {
            let Needed::Only(mut names) = after else { return Needed::All };
            for argument in call.arguments.iter().rev() {
                if let Argument::Assignment(assignment) = argument {
                    if assignment.template.is_empty() {
                        names.remove(&assignment.target.name);
                    }
                    let mut needed = Needed::Only(std::mem::take(&mut names));
                    expression_fields(&assignment.expression, &mut needed);
                    for part in &assignment.template {
                        if let TemplatePart::Field(name) = part {
                            needed.add(name);
                        }
                    }
                    match needed {
                        Needed::Only(left) => names = left,
                        Needed::All => return Needed::All,
                    }
                }
            }
            Needed::Only(names)
        }
        // The commands inside read the same rows.
        "appendpipe" => match call.subsearch() {
            Some(inner) => after.clone().union(Needed::before(&inner.pipeline.commands, after)),
            None => Needed::All,
        },
        "rex" | "regex" | "spath" => {
            let mut needed = after;
            match call.option("field").or_else(|| call.option("input")) {
                Some(option) => needed.add(&option.value.value),
                None => needed.add("_raw"),
            }
            needed
        }
        "extract" | "xmlkv" if call.fields().next().is_none() => {
            let mut needed = after;
            match call.arguments.first() {
                Some(Argument::Text { text, .. }) => needed.add(&text.value),
                _ => needed.add("_raw"),
            }
            needed
        }
        "anomalydetection" | "anomalousvalue" | "kmeans" if call.fields().next().is_some() => after,
        "abstract" | "anomalies" | "cluster" => with_options(call, after, &[("field", "_raw")]),
        "scrub" | "x11" => after,
        "predict" => {
            let mut needed = after;
            ["_time", "_span", "_spandays"].into_iter().for_each(|name| needed.add(name));
            for argument in &call.arguments {
                if let Argument::Pair { name, value } = argument
                    && name.value.starts_with("correlate")
                {
                    needed.add(&value.value);
                }
            }
            needed
        }
        // These make new rows of the fields that they name.
        "arules" | "associate" | "cofilter" if call.fields().next().is_some() => Needed::none(),
        "diff" => with_options(call, Needed::none(), &[("attribute", "_raw")]),
        "folderize" => with_options(call, Needed::none(), &[("attr", ""), ("size", "totalCount")]),
        "bucketdir" => {
            let defaults = [("pathfield", "source"), ("sizefield", "totalCount"), ("countfield", "totalCount")];
            with_options(call, Needed::none(), &defaults)
        }
        "findtypes" | "typelearner" => {
            let mut needed = Needed::none();
            ["_raw", "punct", "sourcetype", "eventtype"].into_iter().for_each(|name| needed.add(name));
            needed
        }
        "tojson" if call.arguments.is_empty() => Needed::All,
        "noop" | "redistribute" | "require" => after,
        "fromjson" | "tojson" => after,
        "tags" if call.fields().next().is_some() => after,
        "search" | "where" | "sort" | "head" | "tail" | "dedup" | "convert" | "fillnull" | "bin" | "eventstats"
        | "streamstats" | "mvexpand" | "makemv" | "nomv" | "lookup" | "append" | "join" | "reverse" | "inputlookup"
        | "iplocation" | "accum" | "delta" | "autoregress" | "filldown" | "strcat" | "rangemap" | "replace" | "fieldformat"
        | "addinfo" | "highlight" | "iconify" | "localop" => match call.spec.name {
            "fillnull" | "filldown" if call.fields().next().is_none() => Needed::All,
            "replace" if call.clause("in").is_none() => Needed::All,
            _ => after,
        },
        _ => Needed::All,
    };
    own_fields(call, &mut needed);
    for option in &call.options {
        if matches!(option.name.value.as_str(), "field" | "sortby" | "event_time_field") {
            needed.add(&option.value.value);
        }
        if matches!(option.name.value.as_str(), "reset_before" | "reset_after")
            && let Ok(condition) = spl_parser::parse_expression(&option.value.value)
        {
            expression_fields(&condition, &mut needed);
        }
    }
    needed
}
