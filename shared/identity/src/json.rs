//! JSON of an unknown sender, read strictly.
//!
//! Member names must be unique (RFC 7515, section 4, and RFC 7519, section 4): of two members of
//! one name, one reader believes the first and another the last. Text must be UTF-8 throughout,
//! also where nobody looks.

use std::{borrow::Cow, collections::HashSet, fmt, str};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::error::Refusal;

/// The object that is all of `bytes`.
pub(crate) fn object<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Refusal> {
    let text = str::from_utf8(bytes).map_err(|_| Refusal::Malformed)?;
    let UniqueMembers = serde_json::from_str(text).map_err(|_| Refusal::Malformed)?;
    serde_json::from_str(text).map_err(|_| Refusal::Malformed)
}

/// What is all of `bytes`, in which no object at any level has two members of one name. For what a
/// caller asks to be done, where nothing is skipped.
///
/// # Errors
/// When it is no JSON in UTF-8, gives a member twice, or is not of the type `T`.
pub fn unambiguous<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let text = str::from_utf8(bytes).map_err(serde_json::Error::custom)?;
    let UniqueThroughout = serde_json::from_str(text)?;
    serde_json::from_str(text)
}

/// Deserialises a member that may be absent but must have its type when present: `null` is
/// malformed, and never the same as absent. To be used with `#[serde(default)]`.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// An object no two members of which have one name, escapes undone.
struct UniqueMembers;

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Names)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = UniqueMembers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<UniqueMembers, A::Error> {
        visit_unique::<IgnoredAny, A>(members).map(|()| UniqueMembers)
    }
}

/// Any value in which no two members of one object have one name; as deep as `serde_json` reads.
struct UniqueThroughout;

impl<'de> Deserialize<'de> for UniqueThroughout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for UniqueThroughout {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self, A::Error> {
        visit_unique::<Self, A>(members).map(|()| self)
    }
}

/// Reads members, each value as a `V`; fails at the second of one name.
fn visit_unique<'de, V, A>(mut members: A) -> Result<(), A::Error>
where
    V: Deserialize<'de>,
    A: MapAccess<'de>,
{
    let mut seen = HashSet::new();
    while let Some(Name(name)) = members.next_key()? {
        if !seen.insert(name) {
            return Err(A::Error::custom("a member is given twice"));
        }
        members.next_value::<V>()?;
    }
    Ok(())
}

/// Borrowed where no escape has to be undone.
#[derive(Deserialize, PartialEq, Eq, Hash)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use serde_json::Value;

    use super::{object, present, unambiguous};

    #[derive(Deserialize, Debug, PartialEq)]
    struct Example {
        #[serde(default, deserialize_with = "present")]
        exp: Option<f64>,
    }

    fn read(text: &str) -> Option<Example> {
        object(text.as_bytes()).ok()
    }

    #[test]
    fn a_member_given_twice_is_refused_known_or_not_and_however_it_is_spelt() {
        for text in [
            r#"{"exp":1,"exp":1}"#,
            r#"{"x":1,"exp":1,"x":2}"#,
            r#"{"exp":1,"\u0065xp":2}"#,
            r#"{"x":{},"exp":1,"x":{}}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(r#"{"exp":1,"Exp":2}"#), Some(Example { exp: Some(1.0) }));
    }

    #[test]
    fn a_repeated_member_is_refused_at_every_level() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"\u0062":2}}"#,
            r#"[{"status":"cancelled","status":"resolved"}]"#,
            r#"{"x":[[{"y":[{"a":null,"b":{},"a":[]}]}]]}"#,
            r#"{"":1,"":2}"#,
        ] {
            let error = unambiguous::<Value>(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("a member is given twice"), "{text}: {error}");
        }
        for text in
            [r#"{"a":{"a":[{"a":-1},{"a":1.5,"A":true}]},"b":null}"#, "7", "null", r#""a""#, "[]"]
        {
            let value: Value = unambiguous(text.as_bytes()).unwrap();
            assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in [deep.as_str(), "", "{} {}", "{\"x\":"] {
            assert!(unambiguous::<Value>(text.as_bytes()).is_err());
        }
        assert!(unambiguous::<Value>(b"{\"x\":\"\xff\"}").is_err());
    }

    #[test]
    fn null_and_text_are_refused_as_numbers() {
        for text in [r#"{"exp":null}"#, r#"{"exp":"1"}"#, r#"{"exp":1e999}"#, r#"{"exp":NaN}"#] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("{}"), Some(Example { exp: None }));
    }

    #[test]
    fn only_one_object_in_utf8_is_read() {
        for text in ["", "null", "[]", "{} {}", "\u{feff}{}", r#"{"x":"\u0000"#, "{}\u{a0}"] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert!(object::<Example>(b"{\"x\":\"\xff\"}").is_err());
    }

    #[test]
    fn an_unread_member_is_skipped_without_recursion() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&format!(r#"{{"x":{deep}}}"#)).is_some());
        assert!(read(&format!(r#"{{"exp":{deep}}}"#)).is_none());
    }
}
