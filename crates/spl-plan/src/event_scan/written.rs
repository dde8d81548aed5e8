//! The form of a scan outside the process: its condition is text as a search writes it, its required fields are names.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use spl_parser::syntax::SearchExpression;

/// Writes a condition as text.
pub(super) fn serialize<S: Serializer>(condition: &Option<SearchExpression>, serializer: S) -> Result<S::Ok, S::Error> {
    condition.as_ref().map(spl_parser::print_search_expression).serialize(serializer)
}

/// Reads a condition from text.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SearchExpression>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    match spl_parser::parse_search_expression(&text) {
        Ok(condition) => Ok(Some(condition)),
        Err(errors) => {
            let why = errors.into_iter().next().map(|error| error.message).unwrap_or_default();
            Err(de::Error::custom(format!("the condition `{text}` of a scan: {why}")))
        }
    }
}

/// Required fields as a list of names; null = all.
pub(super) mod required {
    use std::collections::BTreeSet;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use spl_parser::effects::RequiredFields;

    /// Writes required fields.
    pub(in super::super) fn serialize<S: Serializer>(required: &RequiredFields, serializer: S) -> Result<S::Ok, S::Error> {
        match required {
            RequiredFields::All => None,
            RequiredFields::Only(names) => Some(names),
        }
        .serialize(serializer)
    }

    /// Reads required fields.
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RequiredFields, D::Error> {
        let names = Option::<BTreeSet<String>>::deserialize(deserializer)?;
        Ok(names.map_or(RequiredFields::All, RequiredFields::Only))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use spl_parser::Span;
    use spl_parser::effects::RequiredFields;

    use crate::event_scan::{EventScan, NamedColumn, ScannedColumns, ScannedDataset, ScannedTimes};
    use crate::models::search_text::Naming;

    fn read_back(scan: &EventScan) -> EventScan {
        serde_json::from_str(&serde_json::to_string(scan).unwrap()).unwrap()
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let conditions = [
            r#"EventCode=7045 ServiceName="RemCom*""#,
            "(a=1 OR NOT b IN (x, \"y z\")) earliest=-70m@m latest=-10m@m",
            r#"path="C:\\Windows\\*" TERM(10.0.0.1) CASE(Error) "a phrase" tag=web eventtype=x"#,
            "a<5 a!=b* \"field with blank\"=\"a \\\"quoted\\\" text\"",
        ];
        for text in conditions {
            let condition = spl_parser::parse_search_expression(text).unwrap();
            let scan = EventScan::of_events(Some(condition), &RequiredFields::only(["a", "b*"]));
            let read = read_back(&scan);
            let printed = |scan: &EventScan| scan.condition.as_ref().map(spl_parser::print_search_expression);
            assert_eq!((printed(&read), &read.columns, read.times), (printed(&scan), &scan.columns, scan.times), "{text}");
        }
    }

    #[test]
    fn datasets_and_columns_travel_by_name() {
        let dataset = ScannedDataset { model: "Endpoint".to_owned(), dataset: "Processes".to_owned(), place: Span::default() };
        for columns in [
            ScannedColumns::Carried,
            ScannedColumns::Required(RequiredFields::All),
            ScannedColumns::OfTheDataset { naming: Naming::Prefixed, strict: true, required: RequiredFields::none() },
            ScannedColumns::Named(vec![NamedColumn { name: "PREFIX(a=)".to_owned(), prefix: Some("a=".to_owned()) }]),
        ] {
            let dataset = Some(dataset.clone());
            let scan = EventScan { condition: None, dataset, times: ScannedTimes::All, columns };
            assert_eq!(read_back(&scan), scan);
        }
    }

    #[test]
    fn a_condition_that_is_none_is_refused() {
        let text = r#"{"condition":"a=(","dataset":null,"times":"All","columns":"Carried"}"#;
        let error = serde_json::from_str::<EventScan>(text).unwrap_err().to_string();
        assert!(error.contains("the condition `a=(` of a scan"), "{error}");
    }
}
