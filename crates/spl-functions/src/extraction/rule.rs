//! One extraction: what a regular expression or delimiters find in a text.
//!
//! Source: Splunk admin manual, props.conf (EXTRACT) and transforms.conf (REGEX, FORMAT, DELIMS, FIELDS, MV_ADD, CLEAN_KEYS,
//! KEEP_EMPTY_VALS).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::format::Template;
use super::pairs::{Pairs, split_outside_quotes, unquoted};
use super::{Found, clean_key, merged};
use crate::pattern::{Group, Pattern, PatternCache};

/// An extraction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// How fields are found.
    pub reads: Reads,
    /// `MV_ADD`: each match gives values, and they are added to those that the event has. Without it the first match counts.
    pub several: bool,
    /// `CLEAN_KEYS`: names that stand in the text become field names.
    pub clean: bool,
    /// `KEEP_EMPTY_VALS`: an empty value is a value.
    pub keep_empty: bool,
}

/// How an extraction finds fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reads {
    /// Named groups are fields; `_KEY_1` and `_VAL_1` hold the name and the value of one.
    Groups {
        /// The regular expression.
        regex: String,
    },
    /// Names and values are put together from groups.
    Format {
        /// The regular expression.
        regex: String,
        /// Names and values.
        pairs: Vec<(Template, Template)>,
    },
    /// Values between delimiters have names by their place.
    Columns {
        /// Any of these characters ends a value.
        between: String,
        /// The names.
        fields: Vec<String>,
    },
    /// Pairs between delimiters.
    Pairs {
        /// Any of these characters ends a pair.
        between: String,
        /// Any of these characters stands between a name and its value.
        inside: String,
    },
    /// Names and values by turns between delimiters.
    Tokens {
        /// Any of these characters ends a name or a value.
        between: String,
    },
}

impl Rule {
    /// `EXTRACT-`: the regular expression is multi-line, and points match line feeds.
    pub fn inline(regex: &str) -> Self {
        Self { reads: Reads::Groups { regex: multi_line(regex) }, several: false, clean: true, keep_empty: false }
    }

    /// The regular expression, if it has one.
    pub fn regex(&self) -> Option<&str> {
        match &self.reads {
            Reads::Groups { regex } | Reads::Format { regex, .. } => Some(regex),
            _ => None,
        }
    }

    /// The fields that it names itself, of a regular expression with these groups.
    pub fn names<'a>(&'a self, groups: impl Iterator<Item = &'a str>) -> Vec<String> {
        match &self.reads {
            Reads::Groups { .. } => groups.filter(|name| !is_key_group(name)).map(str::to_owned).collect(),
            Reads::Format { pairs, .. } => pairs.iter().filter_map(|(name, _)| name.constant()).map(str::to_owned).collect(),
            Reads::Columns { fields, .. } => fields.clone(),
            Reads::Pairs { .. } | Reads::Tokens { .. } => Vec::new(),
        }
    }

    /// Whether names of fields stand in the texts, for a regular expression with these groups.
    pub fn reads_names<'a>(&self, mut groups: impl Iterator<Item = &'a str>) -> bool {
        match &self.reads {
            Reads::Groups { .. } => groups.any(is_key_group),
            Reads::Format { pairs, .. } => pairs.iter().any(|(name, _)| name.constant().is_none()),
            Reads::Columns { .. } => false,
            Reads::Pairs { .. } | Reads::Tokens { .. } => true,
        }
    }

    /// The highest group that `FORMAT` names.
    pub fn highest_group(&self) -> Option<usize> {
        match &self.reads {
            Reads::Format { pairs, .. } => {
                pairs.iter().flat_map(|(name, value)| [name.highest_group(), value.highest_group()]).flatten().max()
            }
            _ => None,
        }
    }

    /// Ready for use; `wanted` is the only field that will be asked for.
    ///
    /// # Errors
    /// A regular expression that can't be read.
    pub fn compile<'r>(&'r self, wanted: Option<&str>, patterns: &PatternCache) -> Result<Compiled<'r>, String> {
        let pattern = self.regex().map(|regex| patterns.get(regex)).transpose()?;
        let groups = pattern.as_ref().map(|pattern| pattern.group_names()).unwrap_or_default();
        let reads_names = self.reads_names(groups.iter().copied().flatten());
        let wants = match (&self.reads, wanted, &pattern) {
            (Reads::Groups { .. }, Some(field), Some(pattern)) if !reads_names => {
                let number = groups.iter().position(|name| *name == Some(field));
                Wants::Groups(number.map(|number| pattern.named_alike(number)).unwrap_or_default())
            }
            (Reads::Format { pairs, .. }, Some(field), _) if !reads_names => {
                let named = pairs.iter().filter(|(name, _)| name.constant() == Some(field));
                Wants::Templates(named.map(|(_, value)| value).collect())
            }
            (Reads::Columns { fields, .. }, Some(field), _) => {
                Wants::Places((0..fields.len()).filter(|place| fields[*place] == field).collect())
            }
            _ => Wants::All,
        };
        let group_names = groups.into_iter().map(|name| name.map(str::to_owned)).collect();
        Ok(Compiled { rule: self, limit: usize::from(!self.several && !reads_names), group_names, wants, pattern })
    }
}

/// Whether a group holds the name or the value of a field.
fn is_key_group(name: &str) -> bool {
    name.starts_with("_KEY_") || name.starts_with("_VAL_")
}

/// The expression with `(?ms)` in front, behind verbs such as `(*UCP)`, which must stand first.
fn multi_line(regex: &str) -> String {
    let mut verbs = 0;
    while let Some(end) = regex[verbs..].strip_prefix("(*").and_then(|inside| inside.find(')')) {
        verbs += end + 3;
    }
    format!("{}(?ms){}", &regex[..verbs], &regex[verbs..])
}

/// An extraction that is ready for use.
pub struct Compiled<'r> {
    rule: &'r Rule,
    pattern: Option<Arc<Pattern>>,
    group_names: Vec<Option<String>>,
    /// Most matches; 0 = all.
    limit: usize,
    wants: Wants<'r>,
}

/// Where the values of the wanted field are.
enum Wants<'r> {
    /// In the first of these groups that took part in a match.
    Groups(Vec<usize>),
    /// In the first of these texts that has a value.
    Templates(Vec<&'r Template>),
    /// At these places.
    Places(Vec<usize>),
    /// Anywhere: all fields are looked at.
    All,
}

impl Compiled<'_> {
    /// Whether one event can have several values of the field.
    pub fn gives_several(&self) -> bool {
        self.rule.several
    }

    fn keeps(&self, value: &str) -> bool {
        self.rule.keep_empty || !value.is_empty()
    }

    /// Adds the values of the wanted field to those found so far: the first one, or with `MV_ADD` all.
    pub fn add_values(&self, field: &str, text: &str, found: &mut Vec<String>) {
        let before = found.len();
        let several = self.rule.several;
        match (&self.wants, &self.pattern) {
            (Wants::Groups(numbers), Some(pattern)) => {
                let complete = pattern.each_match(text, self.limit, |groups| {
                    let value = numbers.iter().find_map(|number| groups.get(*number).copied().flatten());
                    let value = value.and_then(|(start, end)| text.get(start..end)).filter(|value| self.keeps(value));
                    found.extend(value.map(str::to_owned));
                });
                if !complete {
                    found.truncate(before);
                }
            }
            (Wants::Templates(templates), Some(pattern)) => {
                let complete = pattern.each_match(text, self.limit, |groups| {
                    let group = |number: usize| of_text(text, groups, number);
                    for template in templates {
                        let value = template.filled(&group).filter(|value| self.keeps(value));
                        if let Some(value) = value
                            && (several || found.len() == before)
                        {
                            found.push(value);
                        }
                    }
                });
                if !complete {
                    found.truncate(before);
                }
            }
            (Wants::Places(places), _) => {
                let values = self.columns(text);
                let values = places.iter().filter_map(|place| values.get(*place)).filter(|value| self.keeps(value));
                found.extend(values.take(if several { usize::MAX } else { 1 }).cloned());
            }
            _ => {
                if let Some((_, values)) = self.fields(text).into_iter().find(|(name, _)| name == field) {
                    found.extend(values);
                }
            }
        }
    }

    /// All fields of a text.
    pub fn fields(&self, text: &str) -> Found {
        let rule = self.rule;
        let mut found: Found = match &rule.reads {
            Reads::Groups { .. } => self.each(text, |group, found| self.named_groups(group, found)),
            Reads::Format { pairs, .. } => self.each(text, |group, found| {
                for (name, value) in pairs {
                    let fixed = name.constant().is_some();
                    if let (Some(name), Some(value)) = (name.filled(group), value.filled(group)) {
                        found.push((if fixed { name } else { self.key(&name) }, vec![value]));
                    }
                }
            }),
            Reads::Columns { fields, .. } => {
                fields.iter().cloned().zip(self.columns(text).into_iter().map(|value| vec![value])).collect()
            }
            Reads::Pairs { between, inside } => {
                let pairs = Pairs {
                    between: Some(between.chars().collect()),
                    inside: inside.chars().collect(),
                    limit: usize::MAX,
                    characters: usize::MAX,
                    several: rule.several,
                    clean: rule.clean,
                    empty: rule.keep_empty,
                };
                pairs.read(text)
            }
            Reads::Tokens { between } => {
                let tokens = split_outside_quotes(text, |c| between.contains(c));
                let tokens: Vec<String> = tokens.into_iter().filter(|token| !token.is_empty()).map(unquoted).collect();
                tokens.chunks_exact(2).map(|pair| (self.key(&pair[0]), vec![pair[1].clone()])).collect()
            }
        };
        found.retain(|(name, values)| !name.is_empty() && values.iter().all(|value| self.keeps(value)));
        merged(found, rule.several)
    }

    fn key(&self, text: &str) -> String {
        if self.rule.clean { clean_key(text) } else { text.to_owned() }
    }

    /// What is found in the matches of the regular expression; nothing when a limit is reached.
    fn each<'t>(&self, text: &'t str, mut read: impl FnMut(&dyn Fn(usize) -> Option<&'t str>, &mut Found)) -> Found {
        let mut found = Found::new();
        if let Some(pattern) = &self.pattern
            && !pattern.each_match(text, self.limit, |groups| read(&|number| of_text(text, groups, number), &mut found))
        {
            found.clear();
        }
        found
    }

    fn named_groups<'t>(&self, group: &dyn Fn(usize) -> Option<&'t str>, found: &mut Found) {
        let names = &self.group_names;
        for (number, name) in names.iter().enumerate() {
            let Some(name) = name else { continue };
            if name.starts_with("_VAL_") {
                continue;
            }
            let value = || {
                let pattern = self.pattern.as_ref()?;
                pattern.named_alike(number).into_iter().find_map(group)
            };
            let Some(value) = value() else { continue };
            match name.strip_prefix("_KEY_") {
                None => found.push((name.clone(), vec![value.to_owned()])),
                Some(place) => {
                    let is_value =
                        |name: &Option<String>| name.as_deref().and_then(|name| name.strip_prefix("_VAL_")) == Some(place);
                    if let Some(paired) = names.iter().position(is_value).and_then(group) {
                        found.push((self.key(value), vec![paired.to_owned()]));
                    }
                }
            }
        }
    }

    /// The values between delimiters, by place. Blanks behind another delimiter belong to it.
    fn columns(&self, text: &str) -> Vec<String> {
        let Reads::Columns { between, .. } = &self.rule.reads else { return Vec::new() };
        let mut others = between.chars().filter(|c| !c.is_whitespace());
        let joined = between.contains(' ') && others.next().is_some();
        let ends = |c: char| between.contains(c) && !(joined && c == ' ');
        let pieces = split_outside_quotes(text, ends);
        if !joined {
            return pieces.into_iter().map(unquoted).collect();
        }
        pieces.into_iter().flat_map(|piece| split_outside_quotes(piece.trim_matches(' '), |c| c == ' ')).map(unquoted).collect()
    }
}

fn of_text<'t>(text: &'t str, groups: &[Group], number: usize) -> Option<&'t str> {
    groups.get(number).copied().flatten().and_then(|(start, end)| text.get(start..end))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::extraction::format;

    fn rule(reads: Reads) -> Rule {
        Rule { reads, several: false, clean: true, keep_empty: false }
    }

    fn shown(rule: &Rule, text: &str) -> Vec<String> {
        let compiled = rule.compile(None, &PatternCache::default()).unwrap();
        compiled.fields(text).into_iter().map(|(name, values)| format!("{name}={}", values.join("+"))).collect()
    }

    fn values(rule: &Rule, field: &str, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        rule.compile(Some(field), &PatternCache::default()).unwrap().add_values(field, text, &mut found);
        found
    }

    #[test]
    fn inline_expressions_are_multi_line() {
        assert_eq!(shown(&Rule::inline("a(?<x>.*)^c"), "ab\nc"), ["x=b\n"]);
        assert_eq!(shown(&Rule::inline("(*UCP)(?<x>\\w+)"), "é"), ["x=é"]);
        assert_eq!(shown(&Rule::inline("k=(?<k>[^,]*),(?<r>.)"), "k=,z"), ["r=z"]);
    }

    #[test]
    fn formats() {
        let of = |regex: &str, pairs: &str| rule(Reads::Format { regex: regex.to_owned(), pairs: format::pairs(pairs) });
        let twice = of("os=(?:\"([^\"]*)\"|(\\S+))", "os::$1 os::$2");
        assert_eq!(shown(&twice, "os=linux"), ["os=linux"]);
        assert_eq!(values(&twice, "os", "os=\"win 10\""), ["win 10"]);
        let fixed = of("a=(\\d)|b=(\\d)", "a::$1 b::$2");
        assert_eq!(shown(&fixed, "a=1 b=2"), ["a=1"]);
        let keyed = of("(\\S+)=(\\S+)", "$1::$2");
        assert_eq!(shown(&keyed, "x-y=1 _z=2 x-y=3"), ["x_y=1", "z=2"]);
        let adding = Rule { several: true, ..keyed };
        assert_eq!(shown(&adding, "x-y=1 x-y=3"), ["x_y=1+3"]);
        assert_eq!(values(&adding, "x_y", "x-y=1 x-y=3"), ["1", "3"]);
    }

    #[test]
    fn keys_in_groups() {
        let keyed = rule(Reads::Groups { regex: r"(?<_KEY_1>\w+):(?<_VAL_1>\w+)(?<end>;)?".to_owned() });
        assert_eq!(shown(&keyed, "k1:v1 k2:v2;"), ["k1=v1", "k2=v2", "end=;"]);
        assert_eq!(values(&keyed, "k2", "k1:v1 k2:v2"), ["v2"]);
    }

    #[test]
    fn delimiters() {
        let fields = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let columns = rule(Reads::Columns { between: ",".to_owned(), fields: fields(&["a", "b", "c", "d"]) });
        assert_eq!(shown(&columns, "1,\"x,y\",,4"), ["a=1", "b=x,y", "d=4"]);
        assert_eq!(values(&columns, "c", "1,\"x,y\",,4"), Vec::<String>::new());
        let kept = Rule { keep_empty: true, ..columns };
        assert_eq!(shown(&kept, "1,\"x,y\",,4"), ["a=1", "b=x,y", "c=", "d=4"]);
        let spaced = rule(Reads::Columns { between: ", ".to_owned(), fields: fields(&["a", "b", "c"]) });
        assert_eq!(shown(&spaced, "1, 2, 3"), ["a=1", "b=2", "c=3"]);
        assert_eq!(shown(&spaced, "1 2,3"), ["a=1", "b=2", "c=3"]);
        let tokens = rule(Reads::Tokens { between: ",".to_owned() });
        assert_eq!(shown(&tokens, "a,1,,b,2,c"), ["a=1", "b=2"]);
        let pairs = rule(Reads::Pairs { between: "|;".to_owned(), inside: "=:".to_owned() });
        assert_eq!(shown(&pairs, "a=1|b:\"2;3\";c;d="), ["a=1", "b=2;3"]);
        assert_eq!(shown(&Rule { keep_empty: true, ..pairs }, "a=1|d="), ["a=1", "d="]);
    }
}
