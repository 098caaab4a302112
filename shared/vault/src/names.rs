//! Names that AgentCore Identity and OAuth put limits on, checked once.
//!
//! Limits: the service model of `bedrock-agentcore` (`workloadName`,
//! `resourceCredentialProviderName`) and RFC 6749, section 3.3 (scope token).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A string that breaks its name's rule; says the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(&'static str);

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $length:expr, $allowed:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The only way to one.
            ///
            /// # Errors
            /// When the text breaks the rule, which the error says.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidName> {
                let text = text.into();
                let allowed: fn(u8) -> bool = $allowed;
                let is_valid = $length.contains(&text.len()) && text.bytes().all(allowed);
                if is_valid { Ok(Self(text)) } else { Err(InvalidName($rule)) }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

name!(
    /// An agent's name in AgentCore Identity: 3 to 255 of `A-Z a-z 0-9 _ . -`.
    WorkloadName,
    (3..=255),
    |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'),
    "a workload identity's name has 3 to 255 of A-Z a-z 0-9 _ . -"
);

name!(
    /// A credential provider's name in AgentCore Identity: 1 to 128 of `A-Z a-z 0-9 _ -`.
    ProviderName,
    (1..=128),
    |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'),
    "a credential provider's name has 1 to 128 of A-Z a-z 0-9 _ -"
);

name!(
    /// One OAuth scope: 1 to 128 printable ASCII characters but space, `"` and `\`.
    Scope,
    (1..=128),
    |b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\'),
    "a scope has 1 to 128 printable ASCII characters, no space, no \" and no \\"
);

#[cfg(test)]
mod tests {
    use super::{ProviderName, Scope, WorkloadName};

    #[test]
    fn names_keep_to_the_service_models_limits() {
        assert!(WorkloadName::parse("ab").is_err());
        assert!(WorkloadName::parse("a.b_c-1").is_ok());
        assert!(ProviderName::parse("git.hub").is_err());
        assert!(ProviderName::parse("p".repeat(129)).is_err());
    }

    #[test]
    fn a_scope_is_one_scope_token() {
        assert!(Scope::parse("read:user").is_ok());
        assert!(Scope::parse("repo read:user").is_err());
        assert!(Scope::parse("").is_err());
    }
}
