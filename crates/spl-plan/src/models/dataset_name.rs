//! Names of data models' datasets, and of the fields that a search looks for in them.

use spl_knowledge::{DataModel, Dataset, Knowledge};
use spl_parser::diagnostic::nearest;
use spl_parser::syntax::SearchExpression;
use spl_parser::{Diagnostic, Span};

use crate::context::PlanContext;

/// Fields that every dataset has without a prefix.
pub(crate) const DEFAULT_FIELDS: &[&str] = &["_time", "host", "source", "sourcetype", "index", "_raw"];

/// A dataset as `from` names it.
pub struct DatasetName<'k> {
    /// The data model.
    pub model: &'k DataModel,
    /// The dataset's name.
    pub dataset: &'k str,
}

impl<'k> DatasetName<'k> {
    /// Finds it by `Model`, `Model.Dataset` or `Model.Parent.Dataset`; a model alone is its first dataset.
    pub fn find(knowledge: &'k Knowledge, name: &str, span: Span) -> Result<Self, Diagnostic> {
        let (model, path) = match name.split_once('.') {
            Some((model, path)) => (model, Some(path)),
            None => (name, None),
        };
        let model = knowledge.data_model(model).map_err(|error| error.at(span))?;
        let dataset = match path {
            Some(path) => along(model, path).map_err(|error| error.at(span))?,
            None => model
                .root()
                .ok_or_else(|| Diagnostic::error("knowledge/data-model", format!("data model `{name}` has no dataset"), span))?,
        };
        Ok(Self { model, dataset: &dataset.name })
    }

    /// The name of a field without the prefix of the dataset or one of its ancestors; none for other names.
    pub fn unprefixed<'n>(&self, name: &'n str) -> Option<&'n str> {
        let lineage = self.model.lineage(self.dataset);
        let mut rest = name;
        let mut stripped = false;
        while let Some((prefix, after)) = rest.split_once('.') {
            if !lineage.contains(&prefix) {
                break;
            }
            rest = after;
            stripped = true;
        }
        stripped.then_some(rest)
    }

    /// Warns about a name that the dataset has not: in Splunk it has no value, which is hardly what was meant.
    pub fn check_field(&self, context: &PlanContext, name: &str, span: Span) {
        if DEFAULT_FIELDS.contains(&name)
            || matches!(name, "nodename" | "splunk_server" | "eventtype" | "tag" | "linecount" | "punct")
        {
            return;
        }
        let known: Vec<String> = self
            .model
            .all_fields(self.dataset)
            .map(|fields| fields.into_iter().map(|field| field.name.clone()).collect())
            .unwrap_or_default();
        let full = |field: &str| format!("{}.{field}", self.dataset);
        let warning = match self.unprefixed(name) {
            Some(inner) if known.iter().any(|field| field == inner) => return,
            Some(inner) => {
                let near = nearest(inner, known.iter().map(String::as_str)).map(full);
                (format!("{}.{} has no field `{inner}`", self.model.name, self.dataset), near)
            }
            None => {
                let near = known.iter().find(|field| *field == name).map(|field| full(field));
                (format!("`{name}` has not the prefix of {}.{}", self.model.name, self.dataset), near)
            }
        };
        let mut diagnostic = Diagnostic::warning("tstats/unknown-field", warning.0, Some(span));
        if let Some(near) = warning.1 {
            diagnostic = diagnostic.with_help(format!("did you mean `{near}`?"));
        }
        context.warn(diagnostic);
    }

    /// Warns about fields of a search that the dataset has not; refuses terms.
    ///
    /// # Errors
    /// A term, which compares no field.
    pub fn check_search(&self, context: &PlanContext, search: &SearchExpression) -> Result<(), Diagnostic> {
        use spl_parser::syntax::SearchKind as K;
        match &search.kind {
            K::And(parts) | K::Or(parts) => parts.iter().try_for_each(|part| self.check_search(context, part)),
            K::Not(inner) => self.check_search(context, inner),
            K::Comparison { field, .. } | K::In { field, .. } => {
                self.check_field(context, &field.name, field.span);
                Ok(())
            }
            K::Term(value) if value.pattern.is_any() => Ok(()),
            K::Term(value) => Err(Diagnostic::error(
                "plan/term",
                "a `tstats` search of a data model compares fields; a lone term can't be found",
                value.span,
            )
            .with_help("write `Dataset.field=value`")),
            _ => Ok(()),
        }
    }
}

/// The dataset at the end of a path of datasets, each of which descends from the one before it.
fn along<'k>(model: &'k DataModel, path: &str) -> Result<&'k Dataset, Diagnostic> {
    let mut names = path.split('.');
    let mut found = model.dataset(names.next().unwrap_or_default())?;
    for name in names {
        let next = model.dataset(name)?;
        if next.name == found.name || !model.lineage(&next.name).contains(&found.name.as_str()) {
            let message = format!("data model `{}` has no dataset `{name}` below `{}`", model.name, found.name);
            return Err(Diagnostic::general("knowledge/unknown-dataset", message).with_help(format!(
                "the dataset is `{}.{}`",
                model.name,
                model.lineage(&next.name).join(".")
            )));
        }
        found = next;
    }
    Ok(found)
}
