//! What a search file says about its search: the comment at the top of a .spl file, the tags of a detection file.

use serde::Deserialize;
use spl_parser::diagnostic::nearest;

/// What is known of a search beside its text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// Its title.
    pub title: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Earliest time, as `--earliest` takes it.
    pub earliest: Option<String>,
    /// Latest time.
    pub latest: Option<String>,
    /// How many rows it must find.
    pub expect: Option<Expectation>,
    /// Tags; for a detection its analytic stories, type, status, asset type and security domain.
    pub tags: Vec<String>,
    /// ATT&CK techniques: `T1059.001`.
    pub techniques: Vec<String>,
    /// Fields that the risk notable of a detection reads from its results, with where they are named.
    pub risk_fields: Vec<(String, &'static str)>,
    /// It is a detection file.
    pub detection: bool,
}

/// How many rows a search must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// At least so many.
    least: usize,
    /// At most so many.
    most: usize,
}

impl Expectation {
    /// Reads `3`, `> 0`, `>= 2`, `< 5`, `<= 5`, `2..5`, `rows`, `no rows`; the word `rows` may follow a number.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_suffix("rows").or_else(|| text.strip_suffix("row")).unwrap_or(text).trim();
        let number = |text: &str| text.trim().parse::<usize>().ok();
        let (least, most) = if text.is_empty() || text.eq_ignore_ascii_case("some") {
            (1, usize::MAX)
        } else if text.eq_ignore_ascii_case("no") {
            (0, 0)
        } else if let Some(rest) = text.strip_prefix(">=") {
            (number(rest)?, usize::MAX)
        } else if let Some(rest) = text.strip_prefix('>') {
            (number(rest)?.checked_add(1)?, usize::MAX)
        } else if let Some(rest) = text.strip_prefix("<=") {
            (0, number(rest)?)
        } else if let Some(rest) = text.strip_prefix('<') {
            (0, number(rest)?.checked_sub(1)?)
        } else if let Some((least, most)) = text.split_once("..") {
            (number(least)?, number(most)?)
        } else {
            let exactly = number(text)?;
            (exactly, exactly)
        };
        (least <= most).then_some(Self { least, most })
    }

    /// What is wrong with a number of rows; none when it is as expected.
    pub fn mismatch(self, rows: usize) -> Option<String> {
        if (self.least..=self.most).contains(&rows) {
            return None;
        }
        let expected = match (self.least, self.most) {
            (least, usize::MAX) => format!("{least} or more"),
            (least, most) if least == most => least.to_string(),
            (0, most) => format!("at most {most}"),
            (least, most) => format!("{least} to {most}"),
        };
        Some(format!("{rows} {}, expected {expected}", if rows == 1 { "row" } else { "rows" }))
    }
}

/// The keys of the comment.
const KEYS: [&str; 6] = ["name", "description", "earliest", "latest", "expect", "tags"];

/// Reads the comments before the first command: lines `key: value`; a line without a key goes on with the description.
/// Other lines are free text.
///
/// # Errors
/// A value that can't be understood, a key that is nearly one of the known.
pub fn of_comments(search: &str) -> Result<Metadata, String> {
    let mut metadata = Metadata::default();
    let mut rest = search.trim_start();
    while let Some((comment, after)) = rest.strip_prefix("```").and_then(|rest| rest.split_once("```")) {
        let mut in_description = false;
        for line in comment.lines().map(str::trim) {
            let Some((key, value)) = line.split_once(':').map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim()))
            else {
                if in_description && !line.is_empty() {
                    let description = metadata.description.get_or_insert_default();
                    description.push(' ');
                    description.push_str(line);
                }
                in_description = in_description && !line.is_empty();
                continue;
            };
            in_description = key == "description";
            let some = Some(value.to_owned()).filter(|value| !value.is_empty());
            match key.as_str() {
                "name" => metadata.title = some,
                "description" => metadata.description = some,
                "earliest" => metadata.earliest = some,
                "latest" => metadata.latest = some,
                "expect" => {
                    metadata.expect = Some(Expectation::parse(value).ok_or_else(|| {
                        format!("`expect: {value}` is not understood; expected a number of rows as `3`, `> 0`, `2..5`, `rows`, `no rows`")
                    })?);
                }
                "tags" => {
                    let tags = value.trim_matches(['[', ']']).split(',').map(str::trim).filter(|tag| !tag.is_empty());
                    metadata.tags.extend(tags.map(str::to_owned));
                }
                other => {
                    if let Some(near) = nearest(other, KEYS).filter(|_| other.len() > 3) {
                        return Err(format!("unknown key `{other}:` in the comment at the top; did you mean `{near}:`?"));
                    }
                }
            }
        }
        rest = after.trim_start();
    }
    metadata.techniques = metadata.tags.iter().filter(|tag| is_technique(tag)).cloned().collect();
    Ok(metadata)
}

/// `T1059`, `T1059.001`.
fn is_technique(tag: &str) -> bool {
    let Some(number) = tag.strip_prefix(['T', 't']) else { return false };
    let (technique, sub) = number.split_once('.').unwrap_or((number, "000"));
    let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(technique, 4) && digits(sub, 3)
}

/// The parts of a detection file that are read beside its search.
#[derive(Debug, Default, Deserialize)]
pub struct DetectionFile {
    name: Option<String>,
    description: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    status: Option<String>,
    #[serde(default)]
    tags: Tags,
    rba: Option<RiskBasedAlerting>,
}

#[derive(Debug, Default, Deserialize)]
struct Tags {
    #[serde(default)]
    analytic_story: Vec<String>,
    #[serde(default)]
    mitre_attack_id: Vec<String>,
    asset_type: Option<String>,
    security_domain: Option<String>,
    message: Option<String>,
    #[serde(default)]
    observable: Vec<Observable>,
}

#[derive(Debug, Deserialize)]
struct Observable {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
struct RiskBasedAlerting {
    message: Option<String>,
    #[serde(default)]
    risk_objects: Vec<RiskObject>,
    #[serde(default)]
    threat_objects: Vec<RiskObject>,
}

#[derive(Debug, Deserialize)]
struct RiskObject {
    field: String,
}

impl DetectionFile {
    /// What matters of it here.
    pub fn metadata(self) -> Metadata {
        let mut risk_fields: Vec<(String, &'static str)> = Vec::new();
        // A hunting detection makes no risk.
        if !self.kind.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("hunting")) {
            let rba = self.rba.unwrap_or_default();
            risk_fields.extend(self.tags.observable.into_iter().map(|observable| (observable.name, "an observable")));
            risk_fields.extend(rba.risk_objects.into_iter().map(|object| (object.field, "a risk object")));
            risk_fields.extend(rba.threat_objects.into_iter().map(|object| (object.field, "a threat object")));
            for message in [self.tags.message, rba.message].into_iter().flatten() {
                risk_fields.extend(tokens(&message).map(|field| (field.to_owned(), "the risk message")));
            }
        }
        let one = [self.kind, self.status, self.tags.asset_type, self.tags.security_domain];
        let mut tags = self.tags.analytic_story;
        tags.extend(one.into_iter().flatten());
        Metadata {
            title: self.name,
            description: self.description,
            tags,
            techniques: self.tags.mitre_attack_id,
            risk_fields,
            detection: true,
            ..Metadata::default()
        }
    }
}

/// The names between dollar signs.
fn tokens(message: &str) -> impl Iterator<Item = &str> {
    let is_name =
        |name: &&str| !name.is_empty() && !name.contains(|character: char| character.is_whitespace() || character == ',');
    message.split('$').skip(1).step_by(2).filter(is_name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn comments_at_the_top() {
        let metadata = of_comments(
            "```\nname: Odd services\ndescription: services of\n  odd names\nearliest: -24h@h\nexpect: > 0 rows\ntags: a, T1543.003\n```\n\
             ``` second\n see https://example.org ```\nindex=main ``` name: not this ```",
        )
        .unwrap();
        assert_eq!(metadata.title.as_deref(), Some("Odd services"));
        assert_eq!(metadata.description.as_deref(), Some("services of odd names"));
        assert_eq!(metadata.earliest.as_deref(), Some("-24h@h"));
        assert_eq!(metadata.tags, ["a", "T1543.003"]);
        assert_eq!(metadata.techniques, ["T1543.003"]);
        assert_eq!(metadata.expect.unwrap().mismatch(0).as_deref(), Some("0 rows, expected 1 or more"));
        assert_eq!(of_comments("index=main"), Ok(Metadata::default()));
    }

    #[test]
    fn mistakes_in_comments() {
        assert!(of_comments("```earlist: -1h```").unwrap_err().contains("`earliest:`"));
        assert!(of_comments("```expect: many```").unwrap_err().contains("many"));
        assert!(of_comments("```author: me\nnote: x```").is_ok());
    }

    #[test]
    fn expectations() {
        for (text, good, bad) in
            [("3", 3, 2), ("3 rows", 3, 4), (">= 2", 2, 1), ("< 2", 1, 2), ("2..4", 4, 5), ("rows", 1, 0), ("no rows", 0, 1)]
        {
            let expectation = Expectation::parse(text).unwrap();
            assert_eq!(expectation.mismatch(good), None, "{text}");
            assert!(expectation.mismatch(bad).is_some(), "{text}");
        }
        assert_eq!(Expectation::parse("5..2"), None);
        assert_eq!(Expectation::parse("< 0"), None);
    }

    #[test]
    fn names_in_a_message() {
        assert_eq!(tokens("$user$ on $dest$, $5 and $6").collect::<Vec<_>>(), ["user", "dest"]);
    }
}
