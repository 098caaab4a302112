//! Which of the issuer's users may come in: those whose token has a certain claim.
//!
//! RFC 7519, section 4, leaves it to both sides what a claim holds. Here it is text, or a list
//! (OpenID Connect providers name groups and roles in one), and it is compared character by
//! character: two spellings of one name are two names.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

/// A claim, and the values of which a user needs one: `groups=engineering,ops`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowClaim {
    name: String,
    values: Vec<String>,
}

/// What can't be an [`AllowClaim`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a claim and its values are expected, as in groups=engineering,ops; none of them blank")]
pub struct InvalidAllowClaim;

impl FromStr for AllowClaim {
    type Err = InvalidAllowClaim;

    fn from_str(text: &str) -> Result<Self, InvalidAllowClaim> {
        let (name, values) = text.split_once('=').ok_or(InvalidAllowClaim)?;
        let word = |text: &str| match text.trim() {
            "" => Err(InvalidAllowClaim),
            word => Ok(word.to_owned()),
        };
        let values = values.split(',').map(word).collect::<Result<_, _>>()?;
        Ok(Self { name: word(name)?, values })
    }
}

impl AllowClaim {
    /// Whether the payload of a verified token has the claim; one that can't be read has not.
    pub(crate) fn is_in(&self, payload: &[u8]) -> bool {
        let mut payload = serde_json::Deserializer::from_slice(payload);
        self.deserialize(&mut payload).unwrap_or(false)
    }

    fn is_met_by(&self, claim: &Value) -> bool {
        let is_one = |value: &Value| {
            value.as_str().is_some_and(|text| self.values.iter().any(|value| value == text))
        };
        match claim {
            Value::Array(values) => values.iter().any(is_one),
            value => is_one(value),
        }
    }
}

/// Reads the one claim and skips all others.
impl<'de> DeserializeSeed<'de> for &AllowClaim {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, payload: D) -> Result<bool, D::Error> {
        payload.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &AllowClaim {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        let mut is_met = false;
        while let Some(Name(name)) = members.next_key()? {
            if name == self.name {
                is_met = self.is_met_by(&members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(is_met)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::AllowClaim;

    fn allows(claim: &str, payload: &str) -> bool {
        claim.parse::<AllowClaim>().unwrap().is_in(payload.as_bytes())
    }

    #[test]
    fn the_claim_is_one_of_the_values_or_a_list_with_one_of_them() {
        for payload in [
            r#"{"groups":"ops"}"#,
            r#"{"groups":["sales","engineering"]}"#,
            r#"{"groups":[1,null,{"ops":[]},"ops"]}"#,
            r#"{"a":[[{"groups":[]}]],"gr\u006fups":["\u006fps"],"z":{}}"#,
        ] {
            assert!(allows("groups = engineering, ops", payload), "{payload}");
        }
    }

    #[test]
    fn a_value_that_only_resembles_an_allowed_one_is_refused() {
        let deep = format!(r#"{{"groups":{}"ops"{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        for payload in [
            "{}",
            "[]",
            "",
            r#"{"groups":"ops engineering"}"#,
            r#"{"groups":"ops,engineering"}"#,
            r#"{"groups":"Ops"}"#,
            r#"{"groups":" ops"}"#,
            r#"{"Groups":"ops"}"#,
            r#"{"groups":[["ops"]]}"#,
            r#"{"groups":{"ops":true}}"#,
            r#"{"groups":true}"#,
            r#"{"groups":null}"#,
            r#"{"x":{"groups":"ops"}}"#,
            r#"{"groups":"ops""#,
            &deep,
        ] {
            assert!(!allows("groups=engineering,ops", payload), "{payload}");
        }
        // One accented letter, and a letter with an accent.
        assert!(!allows("team=caf\u{e9}", "{\"team\":\"cafe\u{301}\"}"));
        assert!(allows("team=caf\u{e9}", "{\"team\":\"caf\u{e9}\"}"));
    }

    #[test]
    fn a_claim_without_a_name_or_with_a_blank_value_is_refused() {
        for text in ["", "groups", "=ops", "groups=", "groups=ops,", "groups=,ops", " = "] {
            assert!(text.parse::<AllowClaim>().is_err(), "{text}");
        }
        assert!(allows("https://a.example/groups=a=b", r#"{"https://a.example/groups":"a=b"}"#));
    }
}
