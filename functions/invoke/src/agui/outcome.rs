//! Interrupts as AG-UI has them: what the protocol has no member for is in `metadata`.

use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::event::{Interrupt, Outcome};
use crate::invocation::{
    AuthorizationRequired, ConfirmationRequired, InputRequired, InterruptAnswer,
};

/// Why a run ended that was not stopped.
pub(super) fn outcome(interrupts: Vec<InterruptAnswer>) -> Outcome {
    if interrupts.is_empty() {
        return Outcome::Success;
    }
    Outcome::Interrupt { interrupts: interrupts.into_iter().map(interrupt).collect() }
}

fn interrupt(interrupt: InterruptAnswer) -> Interrupt {
    match interrupt {
        InterruptAnswer::Authorization(consent) => authorization(consent),
        InterruptAnswer::Confirmation(action) => confirmation(action),
        InterruptAnswer::Input(question) => input(question),
    }
}

/// The link's expiry is in the metadata: a client would refuse to resolve the interrupt past it,
/// although a consent may have been given in time.
fn authorization(consent: AuthorizationRequired) -> Interrupt {
    let AuthorizationRequired { id, provider, scopes, choice, url, expires_at, call, .. } = consent;
    let mut message = format!("Allow this at {provider} first: open the link, then go on.");
    let mut metadata = json!({
        "provider": provider, "scopes": scopes, "url": url, "urlExpiresAt": time(expires_at),
    });
    if let Some(choice) = choice {
        message = format!("{message} {choice}");
        metadata["choice"] = choice.into();
    }
    Interrupt {
        id,
        reason: "authorization_required",
        message,
        tool_call_id: call,
        response_schema: None,
        expires_at: None,
        metadata,
    }
}

fn confirmation(action: ConfirmationRequired) -> Interrupt {
    let ConfirmationRequired { id, tool, input, account, details, expires_at, call, .. } = action;
    Interrupt {
        id,
        reason: "confirmation_required",
        message: format!("Approve that {tool} is done once, as {account}, exactly as shown."),
        tool_call_id: Some(call),
        response_schema: Some(json!({
            "type": "object",
            "properties": { "reason": {
                "type": "string", "description": "Why not, if you decline. The model is told.",
            } },
            "additionalProperties": false,
        })),
        expires_at: time(expires_at),
        metadata: json!({
            "tool": tool, "input": input, "account": account, "details": details,
        }),
    }
}

/// The server's words are in the message, and who says them is in the metadata.
fn input(question: InputRequired) -> Interrupt {
    let InputRequired { id, server, message, schema, url, call, .. } = question;
    let mut metadata = json!({ "server": server });
    if let Some(url) = url {
        metadata["url"] = url.into();
    }
    Interrupt {
        id,
        reason: "input_required",
        message,
        tool_call_id: Some(call),
        response_schema: schema,
        expires_at: None,
        metadata,
    }
}

/// RFC 3339; `None` for a time that has no form in it.
fn time(time: OffsetDateTime) -> Option<String> {
    time.format(&Rfc3339).ok()
}
