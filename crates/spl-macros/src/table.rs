//! The table of macro definitions, by name and number of arguments, and the places they are read from.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::Deserialize;
use spl_parser::diagnostic::Diagnostic;

use crate::conf::{Conf, problem};
use crate::definition::{MacroDefinition, Origin, key};

const BUILT_IN: &str = include_str!("built_in/macros.conf");

/// Macro definitions in the order of their first definition. A later one of the same name and number of arguments wins.
#[derive(Clone, Debug, Default)]
pub struct MacroTable {
    /// By stanza name: `name`, `name(2)`.
    macros: IndexMap<String, Arc<MacroDefinition>>,
}

/// A macro file of a content folder.
#[derive(Deserialize)]
struct ContentMacro {
    name: String,
    definition: String,
    #[serde(default)]
    arguments: Option<Vec<String>>,
}

impl MacroTable {
    /// A table without definitions.
    pub fn new() -> Self {
        Self::default()
    }

    /// The macros that splq brings.
    pub fn built_in() -> Self {
        let mut table = Self::default();
        // The file is part of the program; a unit test keeps it readable.
        if let Ok(conf) = Conf::parse_built_in(BUILT_IN) {
            let _ = table.add_conf(&conf);
        }
        table
    }

    /// Adds a definition; one of the same name and number of arguments is replaced.
    pub fn insert(&mut self, definition: MacroDefinition) {
        self.macros.insert(definition.key(), Arc::new(definition));
    }

    /// Reads a macros.conf.
    ///
    /// # Errors
    /// Unreadable lines, and stanzas whose name, arguments or definition do not fit; the others are added.
    pub fn load_conf(&mut self, text: &str, path: &str) -> Result<(), Vec<Diagnostic>> {
        self.add_conf(&Conf::parse(text, path)?)
    }

    /// Adds the macros of a macros.conf that was read (and layered) before.
    ///
    /// # Errors
    /// As [`MacroTable::load_conf`].
    pub fn add_conf(&mut self, conf: &Conf) -> Result<(), Vec<Diagnostic>> {
        let mut problems = Vec::new();
        for stanza in conf.effective() {
            let wrong = |message: String| problem(&stanza.origin, "macro/definition", message);
            let (name, arity) = match split_key(&stanza.name) {
                Ok(parts) => parts,
                Err(message) => {
                    problems.push(wrong(message));
                    continue;
                }
            };
            let arguments: Vec<String> = match stanza.get("args") {
                Some(list) if arity > 0 => list.split(',').map(|argument| argument.trim().to_owned()).collect(),
                _ => Vec::new(),
            };
            let Some(definition) = stanza.get("definition") else {
                problems.push(wrong(format!("macro `{}` has no definition", stanza.name)));
                continue;
            };
            if let Err(message) = check_arguments(&stanza.name, &arguments, arity) {
                problems.push(wrong(message));
                continue;
            }
            let is_eval = match stanza.settings.get("iseval").map(|setting| (setting, setting.as_bool())) {
                Some((setting, None)) => {
                    problems.push(problem(
                        &setting.origin,
                        "macro/definition",
                        format!("`iseval` of macro `{}` is neither true nor false", stanza.name),
                    ));
                    continue;
                }
                Some((_, Some(value))) => value,
                None => false,
            };
            self.insert(MacroDefinition {
                name: name.to_owned(),
                arguments,
                definition: definition.to_owned(),
                is_eval,
                validation: stanza.get("validation").filter(|text| !text.is_empty()).map(str::to_owned),
                error_message: stanza.get("errormsg").filter(|text| !text.is_empty()).map(str::to_owned),
                origin: stanza.settings.get("definition").map_or(stanza.origin.clone(), |setting| setting.origin.clone()),
            });
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    /// Reads a macro file of a content folder (`macros/*.yml`: name, definition, arguments).
    ///
    /// # Errors
    /// YAML that does not fit.
    pub fn load_yaml(&mut self, text: &str, path: &str) -> Result<(), Vec<Diagnostic>> {
        let origin = Origin::file(path, 0);
        let read: ContentMacro =
            crate::yaml::from_str(text).map_err(|message| vec![problem(&origin, "macro/definition", message)])?;
        let arguments = read.arguments.unwrap_or_default();
        let name = read.name.trim();
        let (bare, arity) = match split_key(name) {
            // `name(2)` in YAML says again what the list says.
            Ok((bare, 0)) => (bare, arguments.len()),
            Ok(parts) => parts,
            Err(message) => return Err(vec![problem(&origin, "macro/definition", message)]),
        };
        check_arguments(name, &arguments, arity).map_err(|message| vec![problem(&origin, "macro/definition", message)])?;
        let line = text.lines().position(|line| line.starts_with("definition:")).map_or(0, |index| index + 1);
        self.insert(MacroDefinition::new(bare, arguments, read.definition.trim(), Origin::file(path, line)));
        Ok(())
    }

    /// Adds a definition given as `name=definition` or `name(a, b)=definition`.
    ///
    /// # Errors
    /// Text of another form.
    pub fn define(&mut self, text: &str) -> Result<(), Diagnostic> {
        let wrong = |message: String| {
            Diagnostic::general("macro/definition", message).with_help("write `name=definition` or `name(a, b)=definition`")
        };
        let malformed = || wrong(format!("`{text}` does not define a macro"));
        let (head, definition) = match text.find(['(', '=']) {
            Some(at) if text[at..].starts_with('(') => {
                let close = text.find(')').ok_or_else(malformed)?;
                let rest = text[close + 1..].trim_start().strip_prefix('=').ok_or_else(malformed)?;
                (&text[..=close], rest)
            }
            Some(at) => (&text[..at], &text[at + 1..]),
            None => return Err(malformed()),
        };
        let head = head.trim();
        let (name, arguments) = match head.split_once('(') {
            None => (head, Vec::new()),
            Some((name, list)) => {
                let list = list.trim_end_matches(')').trim();
                let arguments: Vec<String> = if list.is_empty() {
                    Vec::new()
                } else {
                    list.split(',').map(|argument| argument.trim().to_owned()).collect()
                };
                (name.trim(), arguments)
            }
        };
        check_name(name).map_err(wrong)?;
        check_arguments(name, &arguments, arguments.len()).map_err(wrong)?;
        self.insert(MacroDefinition::new(name, arguments, definition.trim(), Origin::CommandLine));
        Ok(())
    }

    /// The definition with this name and number of arguments.
    pub fn get(&self, name: &str, arity: usize) -> Option<&MacroDefinition> {
        self.macros.get(&key(name, arity)).map(Arc::as_ref)
    }

    /// The definition that a call uses: as defined, or `search *` for an undefined `..._filter`.
    pub(crate) fn find(&self, name: &str, arity: usize) -> Option<Arc<MacroDefinition>> {
        self.macros.get(&key(name, arity)).cloned().or_else(|| {
            let filter = arity == 0 && name.ends_with("_filter") && !self.iter().any(|known| known.name == name);
            filter.then(|| Arc::new(MacroDefinition::new(name, Vec::new(), "search *", Origin::BuiltIn)))
        })
    }

    /// All definitions.
    pub fn iter(&self) -> impl Iterator<Item = &MacroDefinition> {
        self.macros.values().map(Arc::as_ref)
    }

    /// How many definitions there are.
    pub fn len(&self) -> usize {
        self.macros.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.macros.is_empty()
    }
}

/// `name(2)` to name and number of arguments.
fn split_key(stanza: &str) -> Result<(&str, usize), String> {
    let (name, arity) = match stanza.split_once('(') {
        None => (stanza.trim(), 0),
        Some((name, rest)) => {
            let number = rest.trim().strip_suffix(')').and_then(|number| number.trim().parse().ok());
            let Some(number) = number else {
                return Err(format!(
                    "`{stanza}` is not a macro name: the number of arguments stands in parentheses, as in `name(2)`"
                ));
            };
            (name.trim(), number)
        }
    };
    check_name(name)?;
    Ok((name, arity))
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || matches!(c, '`' | '"' | '|' | '(' | ')' | ',')) {
        return Err(format!("`{name}` is not a macro name"));
    }
    Ok(())
}

fn check_arguments(name: &str, arguments: &[String], arity: usize) -> Result<(), String> {
    if arguments.len() != arity {
        return Err(format!("macro `{name}` takes {arity} arguments and names {}", arguments.len()));
    }
    for (index, argument) in arguments.iter().enumerate() {
        if argument.is_empty() || !argument.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
            return Err(format!("argument `{argument}` of macro `{name}` is not a name: letters, digits, `_` and `-` only"));
        }
        if arguments[..index].contains(argument) {
            return Err(format!("macro `{name}` names argument `{argument}` twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_file_is_readable() {
        let mut table = MacroTable::new();
        table.load_conf(BUILT_IN, "macros.conf").unwrap();
        let built_in = MacroTable::built_in();
        assert_eq!(built_in.len(), table.len());
        assert!(built_in.iter().all(|known| known.origin == Origin::BuiltIn));
        assert_eq!(
            built_in.get("security_content_ctime", 1).unwrap().definition,
            "convert timeformat=\"%Y-%m-%dT%H:%M:%S\" ctime($field$)"
        );
        assert_eq!(built_in.get("drop_dm_object_name", 1).unwrap().definition, "rename $object_name$.* as *");
    }

    #[test]
    fn conf_stanzas() {
        let mut table = MacroTable::new();
        table
            .load_conf("[a]\ndefinition = x\n[a(2)]\nargs = one, two\ndefinition = $one$ $two$\niseval = 1\nvalidation = isnum(one)\nerrormsg = no\n", "m.conf")
            .unwrap();
        let two = table.get("a", 2).unwrap();
        assert_eq!(two.arguments, ["one", "two"]);
        assert!(two.is_eval);
        assert_eq!(two.validation.as_deref(), Some("isnum(one)"));
        assert_eq!(two.error_message.as_deref(), Some("no"));
        assert_eq!(two.origin, Origin::file("m.conf", 5));
        assert_eq!(two.signature(), "a(one, two)");
    }

    #[test]
    fn conf_errors_name_the_line_and_keep_the_rest() {
        let mut table = MacroTable::new();
        let text = "[good]\ndefinition=x\n[bad(2)]\nargs=a\ndefinition=x\n[none]\n[worse(x)]\ndefinition=x\n[e]\ndefinition=x\niseval=perhaps\n[d(2)]\nargs=a,a\ndefinition=\n";
        let problems = table.load_conf(text, "m.conf").unwrap_err();
        let messages: Vec<_> = problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "m.conf:3: macro `bad(2)` takes 2 arguments and names 1",
                "m.conf:6: macro `none` has no definition",
                "m.conf:7: `worse(x)` is not a macro name: the number of arguments stands in parentheses, as in `name(2)`",
                "m.conf:11: `iseval` of macro `e` is neither true nor false",
                "m.conf:12: macro `d(2)` names argument `a` twice",
            ]
        );
        assert_eq!(table.len(), 1);
    }

    #[test]
    fn yaml_macros() {
        let mut table = MacroTable::new();
        table.load_yaml("name: x\ndefinition: \"false\"\ndescription: d\n", "x.yml").unwrap();
        table.load_yaml("arguments:\n  - field\ndefinition: 'convert ctime($field$)'\nname: y\n", "y.yml").unwrap();
        assert_eq!(table.get("x", 0).unwrap().definition, "false");
        assert_eq!(table.get("y", 1).unwrap().origin, Origin::file("y.yml", 3));
        let problems = table.load_yaml("name: z\n", "z.yml").unwrap_err();
        assert!(problems[0].message.starts_with("z.yml: "), "{}", problems[0].message);
    }

    #[test]
    fn command_line_definitions() {
        let mut table = MacroTable::new();
        table.define("plain=a=b (c)").unwrap();
        table.define("two(x, y) = search $x$=$y$").unwrap();
        table.define("zero()=search *").unwrap();
        assert_eq!(table.get("plain", 0).unwrap().definition, "a=b (c)");
        assert_eq!(table.get("two", 2).unwrap().definition, "search $x$=$y$");
        assert_eq!(table.get("zero", 0).unwrap().definition, "search *");
        table.define("plain=later").unwrap();
        assert_eq!(table.get("plain", 0).unwrap().definition, "later");
        for bad in ["nothing", "a(b", "a(b)c", "=x", "a b=c", "a(b,b)=c", "a(,)=c"] {
            assert!(table.define(bad).is_err(), "{bad}");
        }
    }
}
