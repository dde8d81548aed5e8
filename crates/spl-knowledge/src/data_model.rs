//! Data models in Splunk's JSON format: datasets, their constraints, fields and calculations.

use indexmap::IndexMap;
use serde::Deserialize;
use spl_macros::Origin;
use spl_parser::diagnostic::{Diagnostic, nearest};

use crate::problem::error;

/// A data model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataModel {
    /// The name that searches use.
    pub name: String,
    /// The name for people.
    pub display_name: String,
    /// What it is about.
    pub description: String,
    /// Datasets by name, parents ahead of their children.
    pub datasets: IndexMap<String, Dataset>,
    /// Where it was defined.
    pub origin: Origin,
}

/// A dataset of a data model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// The name.
    pub name: String,
    /// The dataset that it narrows; none for a root.
    pub parent: Option<String>,
    /// The searches that its events satisfy besides its parent's.
    pub constraints: Vec<String>,
    /// The search of a root search dataset, pipes included; none for event datasets.
    pub base_search: Option<String>,
    /// Its own fields, without inherited and calculated ones.
    pub fields: Vec<DatasetField>,
    /// Its own calculations, in the order in which they apply.
    pub calculations: Vec<Calculation>,
}

/// A field of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetField {
    /// The name without the dataset's prefix.
    pub name: String,
    /// The dataset that it belongs to.
    pub owner: String,
    /// What its values are.
    pub kind: FieldKind,
    /// Only events that have it belong to the dataset.
    pub required: bool,
    /// It may have several values.
    pub multivalue: bool,
}

/// What a field's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Text.
    String,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// An IPv4 address.
    Ipv4,
    /// A time.
    Timestamp,
    /// The number of events of the dataset.
    ObjectCount,
    /// The number of events of a child.
    ChildCount,
}

/// A calculation of a dataset. Later ones see the results of earlier ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calculation {
    /// The fields that it sets.
    pub outputs: Vec<DatasetField>,
    /// What it does.
    pub kind: CalculationKind,
}

/// The kinds of calculations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalculationKind {
    /// The output is the value of an eval expression.
    Eval {
        /// The expression.
        expression: String,
    },
    /// The outputs are the named groups of a regular expression.
    Rex {
        /// The field that is read.
        input: String,
        /// The regular expression.
        expression: String,
    },
    /// The outputs come from a lookup.
    Lookup {
        /// Its name.
        lookup: String,
        /// Fields of the table and of the event.
        inputs: Vec<(String, String)>,
        /// Fields of the table and of the dataset.
        outputs: Vec<(String, String)>,
    },
    /// The outputs are the location of an address.
    GeoIp {
        /// The field with the address.
        input: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModelJson {
    model_name: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    objects: Vec<ObjectJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObjectJson {
    object_name: String,
    #[serde(default)]
    parent_name: Option<String>,
    #[serde(default)]
    fields: Vec<FieldJson>,
    #[serde(default)]
    calculations: Vec<CalculationJson>,
    #[serde(default)]
    constraints: Vec<ConstraintJson>,
    #[serde(default)]
    base_search: Option<String>,
    #[serde(default)]
    transaction_max_pause: Option<serde_json::Value>,
    #[serde(default)]
    transaction_max_time_span: Option<serde_json::Value>,
    /// The datasets whose events a transaction dataset groups.
    #[serde(default)]
    objects_to_group: Vec<String>,
    #[serde(default)]
    group_by_fields: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FieldJson {
    field_name: String,
    #[serde(default)]
    owner: Option<String>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    multivalue: bool,
    /// The field of a lookup's table that fills this one.
    #[serde(default)]
    lookup_output_field_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConstraintJson {
    search: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CalculationJson {
    calculation_type: String,
    #[serde(default)]
    expression: String,
    #[serde(default)]
    input_field: String,
    #[serde(default)]
    lookup_name: String,
    #[serde(default)]
    lookup_inputs: Vec<LookupInputJson>,
    #[serde(default)]
    output_fields: Vec<FieldJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LookupInputJson {
    input_field: String,
    lookup_field: String,
}

impl DataModel {
    /// Reads a model from JSON.
    ///
    /// # Errors
    /// JSON of another form; datasets without their parent; unknown kinds of fields and calculations.
    pub fn parse(json: &str, path: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::parse_from(json, Origin::file(path, 0))
    }

    pub(crate) fn parse_from(json: &str, origin: Origin) -> Result<Self, Vec<Diagnostic>> {
        let json = json.strip_prefix('\u{feff}').unwrap_or(json);
        let read: ModelJson =
            serde_json::from_str(json).map_err(|problem| vec![error(&origin, "knowledge/data-model", problem)])?;
        let mut model = Self {
            display_name: read.display_name.unwrap_or_else(|| read.model_name.clone()),
            name: read.model_name,
            description: read.description.unwrap_or_default(),
            datasets: IndexMap::new(),
            origin,
        };
        let mut problems = Vec::new();
        for object in read.objects {
            match read_dataset(object, &model.name) {
                Ok(dataset) => {
                    model.datasets.insert(dataset.name.clone(), dataset);
                }
                Err(message) => problems.push(error(&model.origin, "knowledge/data-model", message)),
            }
        }
        model.check_parents(&mut problems);
        if problems.is_empty() { Ok(model) } else { Err(problems) }
    }

    fn check_parents(&self, problems: &mut Vec<Diagnostic>) {
        for dataset in self.datasets.values() {
            let mut at = dataset;
            for _ in 0..=self.datasets.len() {
                let Some(parent) = &at.parent else { break };
                match self.datasets.get(parent) {
                    Some(next) => at = next,
                    None => {
                        let message = format!("dataset `{}` has parent `{parent}`, which the model does not define", at.name);
                        problems.push(error(&self.origin, "knowledge/data-model", message));
                        break;
                    }
                }
            }
            if self.datasets.len() > 1 && at.parent.as_ref().is_some_and(|parent| self.datasets.contains_key(parent)) {
                let message = format!("dataset `{}` is its own ancestor", dataset.name);
                problems.push(error(&self.origin, "knowledge/data-model", message));
            }
        }
    }

    /// A dataset by its name, or by its lineage (`All_Changes.Account_Management`).
    ///
    /// # Errors
    /// An unknown name, with the nearest known one.
    pub fn dataset(&self, name: &str) -> Result<&Dataset, Diagnostic> {
        let last = name.rsplit('.').next().unwrap_or(name);
        if let Some(dataset) = self.datasets.get(last)
            && (last == name || self.lineage(last).join(".").ends_with(name))
        {
            return Ok(dataset);
        }
        let unknown =
            Diagnostic::general("knowledge/unknown-dataset", format!("data model `{}` has no dataset `{name}`", self.name));
        let names = || self.datasets.keys().map(String::as_str);
        Err(match nearest(last, names()) {
            Some(near) => unknown.with_help(format!("did you mean `{}.{near}`?", self.name)),
            None => unknown.with_help(format!("its datasets are {}", names().collect::<Vec<_>>().join(", "))),
        })
    }

    /// The first root dataset, which `from datamodel=Model` without a dataset means.
    pub fn root(&self) -> Option<&Dataset> {
        self.datasets.values().find(|dataset| dataset.parent.is_none())
    }

    /// The names of a dataset and its ancestors, the root first; empty for an unknown dataset.
    pub fn lineage(&self, dataset: &str) -> Vec<&str> {
        self.ancestry(dataset).into_iter().map(|dataset| dataset.name.as_str()).collect()
    }

    /// A dataset and its ancestors, the root first.
    pub fn ancestry(&self, dataset: &str) -> Vec<&Dataset> {
        let mut chain: Vec<&Dataset> = Vec::new();
        let mut next = self.datasets.get(dataset);
        while let Some(at) = next
            && chain.len() < self.datasets.len()
        {
            chain.push(at);
            next = at.parent.as_ref().and_then(|parent| self.datasets.get(parent));
        }
        chain.reverse();
        chain
    }

    /// All searches that the events of a dataset satisfy, the root's first; a base search (with its pipes) stands first.
    ///
    /// # Errors
    /// An unknown dataset.
    pub fn constraint_chain(&self, dataset: &str) -> Result<Vec<&str>, Diagnostic> {
        let name = &self.dataset(dataset)?.name;
        Ok(self
            .ancestry(name)
            .into_iter()
            .flat_map(|dataset| dataset.base_search.iter().chain(&dataset.constraints))
            .map(String::as_str)
            .collect())
    }

    /// All calculations for the events of a dataset, the root's first.
    ///
    /// # Errors
    /// An unknown dataset.
    pub fn all_calculations(&self, dataset: &str) -> Result<Vec<&Calculation>, Diagnostic> {
        let name = &self.dataset(dataset)?.name;
        Ok(self.ancestry(name).into_iter().flat_map(|dataset| &dataset.calculations).collect())
    }

    /// All fields of a dataset, inherited and calculated ones included, the root's first, each name once. The fields
    /// `_time`, `host`, `source` and `sourcetype`, which all datasets have, are among them only when the model lists them.
    ///
    /// # Errors
    /// An unknown dataset.
    pub fn all_fields(&self, dataset: &str) -> Result<Vec<&DatasetField>, Diagnostic> {
        let name = &self.dataset(dataset)?.name;
        let mut fields: IndexMap<&str, &DatasetField> = IndexMap::new();
        for dataset in self.ancestry(name) {
            let calculated = dataset.calculations.iter().flat_map(|calculation| &calculation.outputs);
            for field in dataset.fields.iter().chain(calculated) {
                if !matches!(field.kind, FieldKind::ObjectCount | FieldKind::ChildCount) {
                    fields.insert(&field.name, field);
                }
            }
        }
        Ok(fields.into_values().collect())
    }
}

fn read_dataset(mut object: ObjectJson, model: &str) -> Result<Dataset, String> {
    if object.parent_name.as_deref() == Some("BaseTransaction") || !object.objects_to_group.is_empty() {
        object.base_search = Some(transaction_search(&object, model)?);
        object.parent_name = None;
    }
    let name = object.object_name;
    let parent = object.parent_name.filter(|parent| !parent.is_empty());
    let parent = parent.filter(|parent| !matches!(parent.as_str(), "BaseEvent" | "BaseSearch" | "BaseImpersonate"));
    if parent.as_deref() == Some(name.as_str()) {
        return Err(format!("dataset `{name}` is its own parent"));
    }
    let fields = object.fields.iter().map(|field| read_field(field, &name)).collect::<Result<_, _>>()?;
    let calculations = object.calculations.into_iter().map(|one| read_calculation(one, &name)).collect::<Result<_, _>>()?;
    Ok(Dataset {
        parent,
        constraints: object
            .constraints
            .into_iter()
            .map(|constraint| constraint.search.trim().to_owned())
            .filter(|search| !search.is_empty())
            .collect(),
        base_search: object.base_search.filter(|search| !search.trim().is_empty()),
        fields,
        calculations,
        name,
    })
}

/// What a transaction dataset stands for: the events of the datasets that it groups, through `transaction`.
fn transaction_search(object: &ObjectJson, model: &str) -> Result<String, String> {
    let name = &object.object_name;
    let [first, more @ ..] = object.objects_to_group.as_slice() else {
        return Err(format!("transaction dataset `{name}` names no dataset in `objectsToGroup`"));
    };
    let mut search = format!("| from datamodel:\"{model}.{first}\"");
    for other in more {
        search.push_str(&format!(" | append [| from datamodel:\"{model}.{other}\"]"));
    }
    if !more.is_empty() {
        search.push_str(" | sort 0 - _time");
    }
    search.push_str(" | transaction");
    for field in &object.group_by_fields {
        search.push_str(&format!(" \"{field}\""));
    }
    for (option, value) in [("maxpause", &object.transaction_max_pause), ("maxspan", &object.transaction_max_time_span)] {
        let value = match value {
            Some(serde_json::Value::String(text)) => text.trim().to_owned(),
            Some(serde_json::Value::Number(seconds)) => seconds.to_string(),
            _ => String::new(),
        };
        if !value.is_empty() {
            search.push_str(&format!(" {option}={value}"));
        }
    }
    Ok(search)
}

fn read_field(field: &FieldJson, dataset: &str) -> Result<DatasetField, String> {
    let kind = match field.kind.as_deref().unwrap_or("string").to_ascii_lowercase().as_str() {
        "string" => FieldKind::String,
        "number" => FieldKind::Number,
        "boolean" => FieldKind::Boolean,
        "ipv4" => FieldKind::Ipv4,
        "timestamp" => FieldKind::Timestamp,
        "objectcount" => FieldKind::ObjectCount,
        "childcount" => FieldKind::ChildCount,
        other => {
            return Err(format!("field `{}` of dataset `{dataset}` has unknown type `{other}`", field.field_name));
        }
    };
    Ok(DatasetField {
        name: field.field_name.clone(),
        owner: field.owner.clone().unwrap_or_else(|| dataset.to_owned()),
        kind,
        required: field.required,
        multivalue: field.multivalue,
    })
}

fn read_calculation(read: CalculationJson, dataset: &str) -> Result<Calculation, String> {
    let outputs = read.output_fields.iter().map(|field| read_field(field, dataset)).collect::<Result<Vec<_>, _>>()?;
    let kind = match read.calculation_type.to_ascii_lowercase().as_str() {
        "eval" => CalculationKind::Eval { expression: read.expression },
        "rex" => CalculationKind::Rex { input: read.input_field, expression: read.expression },
        "lookup" => CalculationKind::Lookup {
            lookup: read.lookup_name,
            inputs: read.lookup_inputs.into_iter().map(|input| (input.lookup_field, input.input_field)).collect(),
            outputs: read
                .output_fields
                .iter()
                .map(|field| {
                    (field.lookup_output_field_name.clone().unwrap_or_else(|| field.field_name.clone()), field.field_name.clone())
                })
                .collect(),
        },
        "geoip" => CalculationKind::GeoIp { input: read.input_field },
        other => {
            return Err(format!("dataset `{dataset}` has a calculation of unknown type `{other}`"));
        }
    };
    Ok(Calculation { outputs, kind })
}

#[cfg(test)]
mod tests;
