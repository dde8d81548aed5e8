//! Planning of `typer`: the event types that the rows match, in the field `eventtype`.

use datafusion::logical_expr::{Expr, lit};
use spl_functions::column::ValueType;
use spl_knowledge::Origin;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::context::PlanContext;
use spl_plan::frame::scope::{Scope, Typed};
use spl_plan::frame::{Frame, column, conditions, text};
use spl_plan::function_call::{call as function, choose};
use spl_plan::search::{inner_search, predicate};

/// Plans the command.
pub fn plan(context: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    let most = call.count("maxlen")?;
    let scope = Beginnings::of(context, &frame, most)?;
    let wanted: Option<Vec<&str>> =
        call.option("eventtypes").map(|option| option.value.value.split(',').map(str::trim).collect());
    let mut all = frame.field("eventtype").map(|found| Typed::new(column("eventtype"), found.value_type()));
    // An event that has an event type of the user's shows none of the knowledge pack's beside it.
    let mut of_user: Option<Expr> = None;
    let mut kinds = context.knowledge().enabled_event_types();
    kinds.sort_by_key(|kind| kind.origin == Origin::BuiltIn);
    for kind in kinds {
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&kind.name.as_str())) {
            continue;
        }
        let what = format!("event type `{}`", kind.name);
        let source = inner_search::expand(context, &kind.search, call.span, &what)?;
        let source = source.trim();
        let source = source.strip_prefix("search ").unwrap_or(source);
        let parsed = spl_parser::parse_search_expression(source).map_err(|errors| {
            let why = errors.into_iter().next().map(|error| error.message).unwrap_or_default();
            Diagnostic::general("knowledge/definition", format!("{what} can't be used: {why}")).with_help(source.to_owned())
        })?;
        let mut condition = predicate::plan(context, &parsed, &scope)?;
        match (kind.origin == Origin::BuiltIn, &of_user) {
            (true, Some(of_user)) => condition = conditions::and(condition, conditions::negate(of_user.clone())),
            (true, None) => {}
            (false, Some(before)) => of_user = Some(conditions::or(before.clone(), condition.clone())),
            (false, None) => of_user = Some(condition.clone()),
        }
        if conditions::is_false(&condition) {
            continue;
        }
        let member = choose(context, vec![(condition, Typed::new(text(kind.name.clone()), ValueType::Text))], None)?;
        all = Some(match all {
            None => member,
            Some(before) => function(context, "mvappend", vec![before, member])?,
        });
    }
    match all {
        None => Ok(frame),
        Some(all) => {
            let distinct = if all.value_type == ValueType::Multivalue { function(context, "mvdedup", vec![all])? } else { all };
            frame.assign(vec![("eventtype".to_owned(), distinct.expression)])
        }
    }
}

/// Rows of which only the beginning of the text is looked at.
struct Beginnings<'a> {
    frame: &'a Frame,
    raw: Option<Typed>,
}

impl<'a> Beginnings<'a> {
    fn of(context: &PlanContext, frame: &'a Frame, most: u64) -> Result<Self, Diagnostic> {
        let number = |number: i64| Typed::new(lit(number), ValueType::Integer);
        let raw = match frame.field("_raw") {
            Some(found) => {
                let whole = Typed::new(column("_raw"), found.value_type());
                Some(function(context, "substr", vec![whole, number(1), number(i64::try_from(most).unwrap_or(i64::MAX))])?)
            }
            None => None,
        };
        Ok(Self { frame, raw })
    }
}

impl Scope for Beginnings<'_> {
    fn resolve(&self, name: &str) -> Result<Option<Typed>, Diagnostic> {
        if name == "_raw" { Ok(self.raw.clone()) } else { self.frame.resolve(name) }
    }

    fn names(&self) -> Vec<String> {
        self.frame.names()
    }
}
