//! Everything that is known beside the data, and how layers of it are combined.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use spl_macros::{Conf, MacroTable, Origin};
use spl_parser::diagnostic::{Diagnostic, nearest};

use crate::app::AppFolder;
use crate::data_model::DataModel;
use crate::event_type::{EventType, TagRule, read_event_type_tags, read_event_types, read_tags};
use crate::fields::{Tokenizer, read_tokenizers};
use crate::index_transform::{IndexTransform, read_index_transforms};
use crate::lookup::{LookupDefinition, LookupSource, LookupTable, read_lookups};
use crate::props::{IndexTimeSettings, KvMode, PropsStanza, ResolvedProps, is_field_definition, read_props, resolve};
use crate::saved_search::{SavedSearch, read_saved_searches};
use crate::stanza::StanzaMatcher;
use crate::transaction_type::{TransactionType, read_transaction_types};
use crate::transform::{Transform, read_transforms};

/// All knowledge objects. Filled by [`Knowledge::built_in`], then by apps, content folders and single files; what is
/// loaded later wins, for .conf files setting by setting.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// Search macros.
    pub macros: MacroTable,
    /// Event types by name, disabled ones included.
    pub event_types: IndexMap<String, EventType>,
    /// Tags of field values.
    pub tags: Vec<TagRule>,
    /// `TOKENIZER` of fields.conf, by field.
    pub tokenizers: IndexMap<String, Tokenizer>,
    /// Stanzas of props.conf; [`Knowledge::props_for`] combines those that match.
    pub props: Vec<PropsStanza>,
    /// The same as loading sees them, where several apps bring some; none when it sees what searches see.
    pub index_props: Option<Vec<PropsStanza>>,
    /// Field transforms by name.
    pub transforms: IndexMap<String, Transform>,
    /// Index-time transforms by name.
    pub index_transforms: IndexMap<String, IndexTransform>,
    /// Lookup definitions by name.
    pub lookups: IndexMap<String, LookupDefinition>,
    /// Files that can be used as lookups by their name, definition or not.
    pub lookup_files: IndexMap<String, PathBuf>,
    /// Data models by name.
    pub data_models: IndexMap<String, DataModel>,
    /// Saved searches by name.
    pub saved_searches: IndexMap<String, SavedSearch>,
    /// Transaction types by name.
    pub transaction_types: IndexMap<String, TransactionType>,
    /// Commands that apps declare in commands.conf, by name in lower case, with the app's folder.
    pub custom_commands: IndexMap<String, String>,
    /// Form templates of `kvform` by name: the text of `forms/<name>.form`.
    pub forms: IndexMap<String, String>,
    /// What was read but has no effect, such as unknown settings.
    pub warnings: Vec<Diagnostic>,
    pub(crate) layers: Layers,
}

/// What stands under the typed objects: .conf files in layers, lookups from elsewhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    /// What splq brings.
    pub base: ConfFiles,
    /// Macros that are not from apps.
    pub base_macros: MacroTable,
    /// The apps by name.
    pub apps: Vec<AppLayers>,
    /// Lookups that are defined elsewhere than in transforms.conf.
    pub lookups: IndexMap<String, LookupDefinition>,
    /// Tables that splq brings, by file name.
    pub tables: IndexMap<String, Arc<LookupTable>>,
    /// Files given for lookups, by lookup name.
    pub given: IndexMap<String, PathBuf>,
}

/// The .conf files of a folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfFiles {
    pub macros: Conf,
    pub event_types: Conf,
    pub tags: Conf,
    pub fields: Conf,
    pub props: Conf,
    pub transforms: Conf,
    pub saved_searches: Conf,
    pub transaction_types: Conf,
}

impl ConfFiles {
    fn layer(&mut self, upper: &Self) {
        for (lower, upper) in [
            (&mut self.macros, &upper.macros),
            (&mut self.event_types, &upper.event_types),
            (&mut self.tags, &upper.tags),
            (&mut self.fields, &upper.fields),
            (&mut self.props, &upper.props),
            (&mut self.transforms, &upper.transforms),
            (&mut self.saved_searches, &upper.saved_searches),
            (&mut self.transaction_types, &upper.transaction_types),
        ] {
            lower.layer(upper.clone());
        }
    }
}

/// An app as it was read.
#[derive(Clone, Debug)]
pub(crate) struct AppLayers {
    pub folder: AppFolder,
    pub default: ConfFiles,
    pub local: ConfFiles,
    /// The files of its lookups folder.
    pub lookup_files: IndexMap<String, PathBuf>,
}

impl Layers {
    /// All .conf files as one: `default/` of the apps over what splq brings, then `local/` of the apps. The app whose name
    /// comes later wins.
    ///
    /// Source: Splunk admin manual, configuration file precedence, app or user context: reverse lexicographical order.
    fn combined(&self) -> ConfFiles {
        let mut combined = self.base.clone();
        self.apps.iter().for_each(|app| combined.layer(&app.default));
        self.apps.iter().for_each(|app| combined.layer(&app.local));
        combined
    }

    /// props.conf and transforms.conf as loading sees them: the app whose name comes first wins.
    ///
    /// Source: Splunk admin manual, configuration file precedence, global context: lexicographical order.
    fn combined_for_loading(&self) -> (Conf, Conf) {
        let (mut props, mut transforms) = (self.base.props.clone(), self.base.transforms.clone());
        let layers = self.apps.iter().rev().map(|app| &app.default).chain(self.apps.iter().rev().map(|app| &app.local));
        for layer in layers {
            props.layer(layer.props.clone());
            transforms.layer(layer.transforms.clone());
        }
        (props, transforms)
    }

    /// The file of a lookup that is defined at a place: that of its own app, or the one of the app that wins.
    fn lookup_file(&self, name: &str, origin: &Origin) -> Option<&PathBuf> {
        let own = self.apps.iter().find(|app| match origin {
            Origin::File { path, .. } => Path::new(path).starts_with(&app.folder.shown),
            Origin::BuiltIn | Origin::CommandLine => false,
        });
        let mut all = own.into_iter().chain(self.apps.iter().rev());
        all.find_map(|app| app.lookup_files.get(name))
    }
}

impl Knowledge {
    /// Nothing at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// What splq brings: macros, data models, and the mapping of Windows events onto them.
    pub fn built_in() -> Self {
        crate::pack::load()
    }

    /// What splq brings without the knowledge of any source: macros, data models and lookups, but no fields, event types
    /// and tags.
    pub fn without_pack() -> Self {
        crate::pack::load_without_sources()
    }

    /// Derives the macros from the layers; returns what is wrong with them.
    pub(crate) fn rebuild_macros(&mut self) -> Vec<Diagnostic> {
        self.macros = self.layers.base_macros.clone();
        self.macros.add_conf(&self.layers.combined().macros).err().unwrap_or_default()
    }

    /// Derives the typed objects but macros from the layers; returns what is wrong with them.
    pub(crate) fn rebuild(&mut self) -> Vec<Diagnostic> {
        let (mut problems, mut warnings) = (Vec::new(), Vec::new());
        let combined = self.layers.combined();
        self.event_types = read_event_types(&combined.event_types, &mut problems, &mut warnings);
        self.tags = read_tags(&combined.tags, &mut problems);
        self.tags.extend(read_event_type_tags(&combined.event_types, &combined.tags));
        self.tokenizers = read_tokenizers(&combined.fields, &mut warnings);
        self.props = read_props(&combined.props, &mut problems, &mut warnings);
        self.transforms = read_transforms(&combined.transforms, &mut problems, &mut warnings);
        if self.layers.apps.len() > 1 {
            let (props, transforms) = self.layers.combined_for_loading();
            // What is wrong with a stanza was said above.
            self.index_props = Some(read_props(&props, &mut Vec::new(), &mut Vec::new()));
            self.index_transforms = read_index_transforms(&transforms, &mut warnings);
        } else {
            self.index_props = None;
            self.index_transforms = read_index_transforms(&combined.transforms, &mut warnings);
        }
        self.saved_searches = read_saved_searches(&combined.saved_searches);
        self.transaction_types = read_transaction_types(&combined.transaction_types, &mut warnings);
        let (files, layers) = (&self.lookup_files, &self.layers);
        let find = |name: &str, origin: &Origin| {
            let packed = format!("{name}.gz");
            let of_app = layers.lookup_file(name, origin).or_else(|| layers.lookup_file(&packed, origin));
            match of_app.or_else(|| files.get(name)).or_else(|| files.get(&packed)) {
                Some(path) => Some(LookupSource::File(path.clone())),
                None => layers.tables.get(name).map(|table| LookupSource::Table(table.clone())),
            }
        };
        let mut lookups = read_lookups(&combined.transforms, find, &mut problems, &mut warnings);
        lookups.extend(self.layers.lookups.iter().map(|(name, definition)| (name.clone(), definition.clone())));
        for (name, path) in &self.layers.given {
            let source = LookupSource::File(path.clone());
            match lookups.get_mut(name) {
                Some(definition) => definition.source = source,
                None => {
                    lookups.insert(name.clone(), LookupDefinition::new(name.clone(), source, Origin::CommandLine));
                }
            }
        }
        self.lookups = lookups;
        self.warnings = warnings;
        problems
    }

    /// Like [`Knowledge::rebuild`]; the warnings that are new come along.
    pub(crate) fn rebuild_and_report(&mut self) -> Vec<Diagnostic> {
        let before = std::mem::take(&mut self.warnings);
        let mut problems = self.rebuild();
        problems.extend(self.warnings.iter().filter(|warning| !before.contains(warning)).cloned());
        problems
    }

    /// Makes a CSV file a lookup: by `name`, and by `name.csv`. A lookup of that name that is defined already keeps its
    /// matching rules and takes its rows from the file.
    ///
    /// # Errors
    /// A file that does not exist.
    pub fn add_lookup_file(&mut self, name: &str, path: &Path) -> Result<(), Diagnostic> {
        if !path.is_file() {
            return Err(Diagnostic::general("lookup/file", format!("{}: no such file", path.display())));
        }
        let bare = name.strip_suffix(".csv").unwrap_or(name);
        self.layers.given.insert(bare.to_owned(), path.to_owned());
        for file in [format!("{bare}.csv"), name.to_owned()] {
            self.lookup_files.insert(file, path.to_owned());
        }
        // Lookups from content folders that use a file of this name.
        for definition in self.layers.lookups.values_mut() {
            if matches!(&definition.source, LookupSource::Missing(file) if file == &format!("{bare}.csv")) {
                definition.source = LookupSource::File(path.to_owned());
            }
        }
        let _ = self.rebuild();
        Ok(())
    }

    /// Whether a file was named by the user as a lookup ([`Knowledge::add_lookup_file`]), which makes it one that
    /// `outputlookup` may write.
    pub fn is_given_file(&self, path: &Path) -> bool {
        self.layers.given.values().any(|given| given == path)
    }

    /// The lookup that a command names: a definition, or a file in a lookups folder (with or without `.csv`).
    ///
    /// # Errors
    /// An unknown name, with the nearest known one.
    pub fn lookup(&self, name: &str) -> Result<LookupDefinition, Diagnostic> {
        if let Some(definition) = self.lookups.get(name) {
            return Ok(definition.clone());
        }
        let file = [name.to_owned(), format!("{name}.csv"), format!("{name}.csv.gz"), format!("{name}.gz")]
            .into_iter()
            .find_map(|file| self.lookup_files.get(&file));
        if let Some(path) = file {
            let origin = Origin::file(path.display().to_string(), 0);
            return Ok(LookupDefinition::new(name, LookupSource::File(path.clone()), origin));
        }
        let tables = &self.layers.tables;
        if let Some(table) = tables.get(name).or_else(|| tables.get(&format!("{name}.csv"))) {
            return Ok(LookupDefinition::new(name, LookupSource::Table(table.clone()), Origin::BuiltIn));
        }
        let unknown = Diagnostic::general("lookup/unknown", format!("unknown lookup `{name}`"));
        let (given, tables) = (self.layers.given.keys(), self.layers.tables.keys());
        let known = self.lookups.keys().chain(self.lookup_files.keys()).chain(given).chain(tables).map(String::as_str);
        Err(match nearest(name, known) {
            Some(near) => unknown.with_help(format!("did you mean `{near}`?")),
            None => unknown.with_help("give its rows with `--lookup NAME=FILE.csv`, or its app with `--app DIR`"),
        })
    }

    /// A data model by name.
    ///
    /// # Errors
    /// An unknown name, with the nearest known one.
    pub fn data_model(&self, name: &str) -> Result<&DataModel, Diagnostic> {
        self.data_models.get(name).ok_or_else(|| {
            let unknown = Diagnostic::general("knowledge/unknown-data-model", format!("unknown data model `{name}`"));
            let names = || self.data_models.keys().map(String::as_str);
            match nearest(name, names()) {
                Some(near) => unknown.with_help(format!("did you mean `{near}`?")),
                None => unknown.with_help(format!("known are {}", names().collect::<Vec<_>>().join(", "))),
            }
        })
    }

    /// A transaction type by name.
    ///
    /// # Errors
    /// An unknown name, with the nearest known one.
    pub fn transaction_type(&self, name: &str) -> Result<&TransactionType, Diagnostic> {
        self.transaction_types.get(name).ok_or_else(|| {
            let unknown = Diagnostic::general("knowledge/unknown-transaction-type", format!("unknown transaction type `{name}`"));
            match nearest(name, self.transaction_types.keys().map(String::as_str)) {
                Some(near) => unknown.with_help(format!("did you mean `{near}`?")),
                None => unknown.with_help("transaction types come from transactiontypes.conf of the apps given with --app"),
            }
        })
    }

    /// A form template of `kvform` by name.
    ///
    /// # Errors
    /// An unknown name, with the nearest known one.
    pub fn form(&self, name: &str) -> Result<&str, Diagnostic> {
        self.forms.get(name).map(String::as_str).ok_or_else(|| {
            let unknown = Diagnostic::general("knowledge/unknown-form", format!("unknown form `{name}`"));
            match nearest(name, self.forms.keys().map(String::as_str)) {
                Some(near) => unknown.with_help(format!("did you mean `{near}`?")),
                None => unknown.with_help("forms come from the `forms` folder of the apps given with --app"),
            }
        })
    }

    /// A transform by name, for `extract` and `REPORT-` settings.
    ///
    /// # Errors
    /// An unknown name, with the nearest known one.
    pub fn transform(&self, name: &str) -> Result<&Transform, Diagnostic> {
        self.transforms.get(name).ok_or_else(|| {
            let unknown = Diagnostic::general("knowledge/unknown-transform", format!("unknown transform `{name}`"));
            match nearest(name, self.transforms.keys().map(String::as_str)) {
                Some(near) => unknown.with_help(format!("did you mean `{near}`?")),
                None => unknown,
            }
        })
    }

    /// The name that a sourcetype has at search time: what `rename` of its stanza says, or itself.
    pub fn search_time_sourcetype<'a>(&'a self, sourcetype: &'a str) -> &'a str {
        self.props
            .iter()
            .filter(|stanza| matches!(stanza.matcher, StanzaMatcher::Sourcetype(_)) && stanza.matcher.matches(sourcetype, "", ""))
            .filter_map(|stanza| Some((stanza.priority, stanza.settings.get("rename")?.value.as_str())))
            .filter(|(_, name)| !name.is_empty())
            .max_by_key(|(priority, _)| *priority)
            .map_or(sourcetype, |(_, name)| name)
    }

    /// What props.conf says about events with these fields. A sourcetype that is renamed has the search-time
    /// definitions of its new name only.
    pub fn props_for(&self, sourcetype: &str, source: &str, host: &str) -> ResolvedProps {
        let sourcetype = self.search_time_sourcetype(sourcetype);
        resolve(self.props.iter().filter(|stanza| stanza.matcher.matches(sourcetype, source, host)))
    }

    /// Every stanza of props.conf by itself: what could apply to events that are not known yet.
    pub fn all_props(&self) -> Vec<ResolvedProps> {
        self.props.iter().map(|stanza| resolve(std::iter::once(stanza))).collect()
    }

    /// What props.conf says about loading events with these fields; `rename` has no part in it.
    pub fn index_time_for(&self, sourcetype: &str, source: &str, host: &str) -> IndexTimeSettings {
        let props = self.index_props.as_ref().unwrap_or(&self.props);
        resolve(props.iter().filter(|stanza| stanza.matcher.matches(sourcetype, source, host))).index_time
    }

    /// Whether any stanza of props.conf says something about loading: how events end, where their time is, what the
    /// sourcetype is called, which fields are found by themselves, or, for a sourcetype of an app, what has no header.
    pub fn has_index_time_settings(&self) -> bool {
        self.props.iter().any(|stanza| {
            let resolved = resolve(std::iter::once(stanza));
            is_of_app(stanza)
                || !resolved.index_time.is_empty()
                || resolved.kv_mode.is_some_and(|mode| mode != KvMode::Auto)
                || resolved.auto_kv_json == Some(false)
                || resolved.kv_trim_spaces == Some(false)
        })
    }

    /// Whether a stanza for a sourcetype, source or host defines fields of events with these.
    pub fn maps(&self, sourcetype: &str, source: &str, host: &str) -> bool {
        let sourcetype = self.search_time_sourcetype(sourcetype);
        self.props.iter().any(|stanza| {
            stanza.matcher != StanzaMatcher::Default
                && stanza.matcher.matches(sourcetype, source, host)
                && stanza.settings.keys().any(|key| is_field_definition(key))
        })
    }

    /// Whether a stanza of an app is for a sourcetype.
    pub fn has_sourcetype(&self, sourcetype: &str) -> bool {
        self.props.iter().any(|stanza| {
            is_of_app(stanza)
                && matches!(stanza.matcher, StanzaMatcher::Sourcetype(_))
                && stanza.matcher.matches(sourcetype, "", "")
        })
    }

    /// Whether any stanza of props.conf changes events while they are loaded: `TRANSFORMS-`, `RULESET-`, `SEDCMD-`.
    pub fn changes_events(&self) -> bool {
        let begins = |key: &str| ["TRANSFORMS", "RULESET-", "SEDCMD"].iter().any(|prefix| key.starts_with(prefix));
        self.props.iter().any(|stanza| stanza.settings.iter().any(|(key, setting)| begins(key) && !setting.value.is_empty()))
    }

    /// The tags of a field's value, in the order of their definition. Values of `eventtype` and other fields are
    /// compared with case.
    pub fn tags_of<'a>(&'a self, field: &'a str, value: &'a str) -> impl Iterator<Item = &'a str> {
        self.tags.iter().filter(move |rule| rule.field == field && rule.value == value).map(|rule| rule.tag.as_str())
    }

    /// The enabled event types, in the order in which their names stand in `eventtype`: by priority, then by name.
    pub fn enabled_event_types(&self) -> Vec<&EventType> {
        let mut enabled: Vec<_> = self.event_types.values().filter(|event_type| !event_type.disabled).collect();
        enabled.sort_by(|a, b| a.priority.cmp(&b.priority).then_with(|| a.name.cmp(&b.name)));
        enabled
    }
}

/// Whether a stanza for sourcetypes was not brought by splq.
fn is_of_app(stanza: &PropsStanza) -> bool {
    stanza.origin != Origin::BuiltIn && matches!(stanza.matcher, StanzaMatcher::Sourcetype(_))
}
