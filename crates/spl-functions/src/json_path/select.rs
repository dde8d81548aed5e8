//! Reads the values at a path out of JSON text, without building the rest of the document.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Path, Step};

impl Path {
    /// The values that the path names in a JSON text, in the order of the document; none when the text is not JSON.
    ///
    /// It is what [`Path::extract`] finds in the document: of keys that stand twice in an object the last one counts. Beside the
    /// path a number may be too large and nesting too deep for a document.
    pub fn select(&self, text: &str) -> Option<Vec<Value>> {
        let mut found = Vec::new();
        let mut reader = serde_json::Deserializer::from_str(text);
        Select { steps: &self.0, found: &mut found }.deserialize(&mut reader).ok()?;
        reader.end().ok()?;
        Some(found)
    }
}

struct Select<'p> {
    steps: &'p [Step],
    found: &'p mut Vec<Value>,
}

impl<'de> DeserializeSeed<'de> for Select<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        match self.steps.first() {
            None => self.found.push(Value::deserialize(reader)?),
            // What the last elements are is known at the end of the array.
            Some(Step::Element(index)) if *index < 0 => {
                let path = Path(self.steps.to_vec());
                self.found.extend(path.extract(&Value::deserialize(reader)?).into_iter().cloned());
            }
            Some(Step::Attribute(_)) => drop(IgnoredAny::deserialize(reader)?),
            Some(_) => reader.deserialize_any(self)?,
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Select<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let before = self.found.len();
        let (wanted, rest) = match self.steps.split_first() {
            Some((Step::Key(key), rest)) => (Some(key.as_str()), rest),
            _ => (None, self.steps),
        };
        while let Some(is_wanted) = object.next_key_seed(IsKey(wanted))? {
            if is_wanted {
                self.found.truncate(before);
                object.next_value_seed(Select { steps: rest, found: &mut *self.found })?;
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        let (index, rest) = match self.steps.split_first() {
            Some((Step::Elements, rest)) => (None, rest),
            Some((Step::Element(index), rest)) => (Some(*index), rest),
            _ => (Some(-1), self.steps),
        };
        for place in 0_i64.. {
            let next = if index.is_none_or(|index| index == place) {
                array.next_element_seed(Select { steps: rest, found: &mut *self.found })?
            } else {
                array.next_element::<IgnoredAny>()?.map(drop)
            };
            if next.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Whether a key is this one.
struct IsKey<'k>(Option<&'k str>);

impl<'de> DeserializeSeed<'de> for IsKey<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for IsKey<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(self.0 == Some(key))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_same_as_from_the_whole_document() {
        let texts = [
            r#"{"a": 1, "b": {"c": "x\u00e9\n"}, "d": [10, 20], "e": [{"f": "p"}, {"f": "q"}, {"g": 1}], "h": [[1], [2, 3]], "a": [true, null, 1.50]}"#,
            r#"[{"n": 1}, {"n": -2}]"#,
            "5",
            "null",
            r#"{"b": {"c": 1}, "b": 2}"#,
            r#"{"b": 1} x"#,
            r#"{"b": {"c": 1}, "z": [1, }"#,
            "",
        ];
        for path in [
            "a", "a{}", "a{1}", "a{-1}", "b", "b.c", "d{1}", "d{-3}", "e{}.f", "e{-2}.f", "h{}{}", "h{1}{0}", "{}.n", "d{@x}",
            "d.x",
        ] {
            let path = Path::parse(path).unwrap();
            for text in texts {
                let whole: Option<Value> = serde_json::from_str(text).ok();
                let expected = whole.as_ref().map(|document| path.extract(document).into_iter().cloned().collect::<Vec<_>>());
                assert_eq!(path.select(text), expected, "{path:?} {text}");
            }
        }
    }
}
