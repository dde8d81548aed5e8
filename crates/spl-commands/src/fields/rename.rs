//! Planning of `rename`: one pair after the other; a target that exists is overwritten.

use spl_parser::Diagnostic;
use spl_parser::syntax::{Argument, CommandCall};
use spl_plan::aggregation::prestats;
use spl_plan::context::PlanContext;
use spl_plan::frame::{Frame, column};
use spl_plan::names::wildcards::wildcard_captures;

/// Plans the command.
pub fn plan(_: &PlanContext, call: &CommandCall, frame: Frame) -> Result<Frame, Diagnostic> {
    // Name now -> column before.
    let fields = frame.fields().into_iter().map(|field| field.name);
    let mut names: Vec<(String, String)> = fields.chain(prestats::hidden(&frame)).map(|name| (name.clone(), name)).collect();
    for argument in &call.arguments {
        let Argument::Rename { from, to } = argument else { continue };
        if from.has_wildcard() {
            let plain = |name: &&str| !name.starts_with(prestats::PREFIX);
            let mut present: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).filter(plain).collect();
            // What `prestats=true` prepared of a field stands for the field.
            for field in names.iter().filter_map(|(name, _)| prestats::field_of(name)) {
                if !present.contains(&field) {
                    present.push(field);
                }
            }
            let renamed: Vec<(String, String)> = present
                .into_iter()
                .filter_map(|name| {
                    let captures = wildcard_captures(&from.name, name)?;
                    let mut target = String::new();
                    let mut captures = captures.into_iter();
                    for (index, piece) in to.name.split('*').enumerate() {
                        if index > 0 {
                            target.push_str(captures.next().unwrap_or_default());
                        }
                        target.push_str(piece);
                    }
                    Some((name.to_owned(), target))
                })
                .filter(|(name, _)| !name.starts_with('_') || from.name.starts_with('_'))
                .collect();
            for (name, target) in renamed {
                set(&mut names, &name, &target);
            }
        } else {
            set(&mut names, &from.name, &to.name);
        }
    }
    frame.select(names.into_iter().filter(|(name, _)| !name.is_empty()).map(|(name, before)| (name, column(&before))).collect())
}

/// Renames; an unknown name still removes the target, as documented.
fn set(names: &mut Vec<(String, String)>, from: &str, to: &str) {
    if from == to {
        return;
    }
    names.retain(|(name, _)| name != to && prestats::field_of(name) != Some(to));
    for (name, _) in names.iter_mut() {
        if let Some(renamed) = prestats::renamed(name, from, to) {
            *name = renamed;
        }
    }
    if let Some(found) = names.iter_mut().find(|(name, _)| name == from) {
        found.0 = to.to_owned();
    }
}
