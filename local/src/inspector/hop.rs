//! One request, as the inspector shows it.

use serde::Serialize;

/// Who takes part, in the order of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    Browser,
    LoadBalancer,
    Agent,
    Bedrock,
    S3,
    Agentcore,
    Binder,
    Github,
    Calendar,
    IdentityProvider,
}

impl Place {
    pub(crate) const ALL: [Self; 10] = [
        Self::Browser,
        Self::LoadBalancer,
        Self::Agent,
        Self::Bedrock,
        Self::S3,
        Self::Agentcore,
        Self::Binder,
        Self::Github,
        Self::Calendar,
        Self::IdentityProvider,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Browser => "Browser",
            Self::LoadBalancer => "Load balancer",
            Self::Agent => "Agent",
            Self::Bedrock => "Bedrock",
            Self::S3 => "S3",
            Self::Agentcore => "AgentCore Identity",
            Self::Binder => "Session Binding",
            Self::Github => "GitHub",
            Self::Calendar => "Calendar",
            Self::IdentityProvider => "Identity provider",
        }
    }
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Anything else.
    Plain,
    /// It proves who is signed in.
    Identity,
    /// It asks the vault for a token.
    Token,
    /// The user is asked for their consent.
    Consent,
    /// A token is bound, or about to be.
    Bound,
    /// It was refused.
    Refused,
}

/// A rule that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    /// `None` if an earlier one failed, so that nobody got to it.
    pub(crate) passed: Option<bool>,
    pub(crate) detail: String,
}

/// One request from `from` to `to`. No text in it holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Hop {
    /// Its place in the order in which they began.
    pub(crate) number: u64,
    /// When it began, in milliseconds since 1970.
    pub(crate) at: u64,
    pub(crate) from: Place,
    pub(crate) to: Place,
    /// What is asked for.
    pub(crate) title: String,
    /// What is known of its answer.
    pub(crate) note: String,
    pub(crate) kind: Kind,
    /// How long it took; `None` while it is under way.
    pub(crate) milliseconds: Option<u64>,
    pub(crate) status: Option<u16>,
    /// For whom, if that is known.
    pub(crate) person: Option<String>,
    /// The fingerprint of the consent flow that it belongs to.
    pub(crate) flow: Option<String>,
    pub(crate) checks: Vec<Check>,
    pub(crate) sent: String,
    pub(crate) answered: String,
    /// The lines of the audit trail that were written meanwhile.
    pub(crate) audit: Vec<String>,
}

impl Hop {
    pub(crate) const fn is_open(&self) -> bool {
        self.milliseconds.is_none()
    }
}
