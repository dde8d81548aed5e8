//! Planning of `extract`: fields out of key and value pairs, and by the transforms of transforms.conf.

use futures::future::BoxFuture;
use spl_functions::extraction::pairs::Pairs;
use spl_functions::extraction::rule::Rule;
use spl_functions::pattern::PatternCache;
use spl_knowledge::Transform;
use spl_parser::Diagnostic;
use spl_parser::syntax::CommandCall;
use spl_plan::arguments::count;
use spl_plan::cells::rules;
use spl_plan::context::{Input, PlanContext};
use spl_plan::frame::Frame;
use spl_plan::rows::extraction::{Existing, extract};

/// Plans the command. `reload` has nothing to do: definitions are read anew for each run; neither has `segment`, which notes
/// for Splunk's own display where pairs stand.
pub fn plan<'a>(context: &'a PlanContext, call: &'a CommandCall, input: Input) -> BoxFuture<'a, Result<Frame, Diagnostic>> {
    Box::pin(async move {
        let mut frame = input.frame.ok_or_else(|| Diagnostic::error("plan/no-input", "`extract` needs rows", call.span))?;
        let characters = |name: &str| {
            call.option(name).map(|option| option.value.value.chars().collect::<Vec<_>>()).filter(|set| !set.is_empty())
        };
        let number =
            |name: &str, default: u64| count(call, name, default).map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let several = call.flag("mv_add");
        let existing = if several { Existing::Add } else { Existing::Keep };
        for field in call.fields() {
            let transform = context.knowledge().transform(&field.name).map_err(|error| error.at(field.span))?;
            let existing = if several || transform.mv_add { Existing::Add } else { Existing::Keep };
            frame = by_transform(context, frame, transform, existing, several || transform.mv_add, call).await?;
        }
        if !call.flag("auto") {
            return Ok(frame);
        }
        let between = characters("pairdelim");
        let inside = characters("kvdelim").unwrap_or_else(|| vec!['=']);
        let pairs = Pairs {
            between,
            inside,
            limit: number("limit", 50)?,
            characters: number("maxchars", 10_240)?,
            several,
            clean: call.flag("clean_keys"),
            empty: false,
        };
        extract(context, frame, "_raw", existing, |text| Ok(pairs.read(text))).await
    })
}

async fn by_transform(
    context: &PlanContext,
    frame: Frame,
    transform: &Transform,
    existing: Existing,
    several: bool,
    call: &CommandCall,
) -> Result<Frame, Diagnostic> {
    let Some(rule) = rules::of_transform(transform) else { return Ok(frame) };
    let clean = call.option("clean_keys").map_or(transform.clean_keys, |_| call.flag("clean_keys"));
    let rule = Rule { clean, several, ..rule };
    let failed =
        |message: String| Diagnostic::error("plan/regex", format!("transform `{}`: {message}", transform.name), call.span);
    let patterns = PatternCache::default();
    let read = rule.compile(None, &patterns).map_err(failed)?;
    extract(context, frame, rules::source_field(&transform.source_key), existing, |text| Ok(read.fields(text))).await
}
