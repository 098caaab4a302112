//! What only the user can do, as a caller is told of it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// Something that only the user can do; `reason` says what.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(discriminator(property_name = "reason", mapping(
    ("authorization_required" = "#/components/schemas/AuthorizationRequired"),
    ("confirmation_required" = "#/components/schemas/ConfirmationRequired"),
    ("input_required" = "#/components/schemas/InputRequired"),
)))]
pub(crate) enum InterruptAnswer {
    Authorization(AuthorizationRequired),
    Confirmation(ConfirmationRequired),
    Input(InputRequired),
}

/// The user has not yet allowed what a tool needs. Open `url`, then send the `sessionId`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizationRequired {
    // Described by its type: with words of its own, it would be an `allOf` of a string and an object.
    #[schema(inline)]
    pub(crate) reason: AuthorizationReason,
    /// Names the interrupt.
    pub(crate) id: String,
    /// At which credential provider consent is needed.
    pub(crate) provider: String,
    /// What the consent has to allow: nothing, where the provider has no scopes.
    pub(crate) scopes: Vec<String>,
    /// What you choose at the provider besides, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) choice: Option<String>,
    /// Open this in the same browser to consent.
    #[schema(format = "uri")]
    pub(crate) url: String,
    /// When the link ends (RFC 3339). Ask again for a fresh one.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = "date-time")]
    pub(crate) expires_at: OffsetDateTime,
    /// The call that waits, if it is one alone.
    #[serde(skip)]
    pub(crate) call: Option<String>,
}

/// The user has to consent.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthorizationReason {
    #[default]
    AuthorizationRequired,
}

/// A tool would change something. Show exactly this to the user, and answer with `resume`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfirmationRequired {
    // As above.
    #[schema(inline)]
    pub(crate) reason: ConfirmationReason,
    /// Names the interrupt.
    pub(crate) id: String,
    /// What would be done.
    pub(crate) tool: String,
    /// With which input.
    pub(crate) input: Value,
    /// As which account of the provider.
    pub(crate) account: String,
    /// What to check besides, by name: what is at that place now, and who will see it. Others may have
    /// written it.
    pub(crate) details: BTreeMap<String, String>,
    /// When an approval no longer counts (RFC 3339). Send the `sessionId` to be asked again.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = "date-time")]
    pub(crate) expires_at: OffsetDateTime,
    /// The call that waits.
    #[serde(skip)]
    pub(crate) call: String,
}

/// The user has to approve.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConfirmationReason {
    #[default]
    ConfirmationRequired,
}

/// A tool's server asks the user something. It may be anybody's: show who asks. Answer with `resume`, and with
/// the values in its `payload`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputRequired {
    // As above.
    #[schema(inline)]
    pub(crate) reason: InputReason,
    /// Names the interrupt.
    pub(crate) id: String,
    /// Who asks.
    pub(crate) server: String,
    /// What the server says.
    pub(crate) message: String,
    /// Which values it wants: a JSON Schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) schema: Option<Value>,
    /// Or which page is to be visited. Show its whole address before it is opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri")]
    pub(crate) url: Option<String>,
    /// The call that asks.
    #[serde(skip)]
    pub(crate) call: String,
}

/// The user has to answer.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InputReason {
    #[default]
    InputRequired,
}
