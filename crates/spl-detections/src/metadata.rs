//! What a search file says about its search: the comment at the top of a .spl file, the tags of a detection file.

use spl_knowledge::saved_search::SavedSearch;
use spl_parser::diagnostic::nearest;
use spl_parser::span::Spanned;

use crate::detection::Detection;
use crate::expectation::Expectation;

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

impl Metadata {
    /// What the settings of a saved search say.
    pub fn of_saved_search(saved: &SavedSearch) -> Self {
        let annotations = saved.settings.get("action.correlationsearch.annotations");
        let annotations = annotations.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        let texts = |key: &str| -> Vec<String> {
            let values = annotations.as_ref().and_then(|annotations| annotations.get(key)?.as_array());
            values.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
        };
        Self {
            title: Some(saved.name.clone()),
            description: saved.description.clone(),
            earliest: saved.earliest.clone(),
            latest: saved.latest.clone(),
            tags: texts("analytic_story"),
            techniques: texts("mitre_attack"),
            ..Self::default()
        }
    }

    /// What a detection says of its search.
    pub fn of_detection(detection: &Detection) -> Self {
        let text = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.value.clone());
        let tags = &detection.tags;
        let one = [&detection.kind_text, &detection.status_text, &tags.asset_type, &tags.security_domain];
        Self {
            title: text(&detection.name),
            description: text(&detection.description),
            tags: tags.analytic_stories.iter().chain(one.into_iter().flatten()).map(|tag| tag.value.clone()).collect(),
            techniques: tags.techniques.iter().map(|technique| technique.value.clone()).collect(),
            risk_fields: detection.risk_fields(),
            detection: true,
            ..Self::default()
        }
    }
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
}
