//! The codes of problems: a closed list, which the OpenAPI document repeats.
//!
//! RFC 9457 (section 3.1.1) tells problems apart by `type`, which is `about:blank` here; a program
//! reads the extension member `code` instead.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

/// Declares each code once: its name in Rust, its name on the wire, and what it means and what the
/// caller does.
macro_rules! codes {
    ($($variant:ident = $name:literal: $meaning:literal,)*) => {
        /// What a program tells a problem by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $meaning] #[serde(rename = $name)] $variant,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it is sent.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, and what the caller does.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

codes! {
    // One for each kind.
    InvalidRequest = "invalid_request": "The request breaks the interface. Correct the member that `field` names.",
    Unauthorized = "unauthorized": "Nobody is signed in, or the token is not accepted. Sign in again.",
    Forbidden = "forbidden": "The caller may not do this. Do not repeat it.",
    NotFound = "not_found": "There is no such route, or nothing there that is the caller's.",
    MethodNotAllowed = "method_not_allowed": "The route has other methods. Use one that `Allow` lists.",
    RequestTimeout = "request_timeout": "The body did not arrive in time. Send it again.",
    Conflict = "conflict": "Another request got there first. Read the state again.",
    Gone = "gone": "Its time is over. Begin again.",
    TooLarge = "too_large": "The body has more than 1,048,576 bytes. Send less.",
    UnsupportedMediaType = "unsupported_media_type": "The body is not declared as `application/json`. Declare it.",
    TooManyRequests = "too_many_requests": "The caller has asked for too much. Wait as long as `Retry-After` says.",
    Internal = "internal": "A failure of this service. Report `requestId` if it happens again.",
    UpstreamFailed = "upstream_failed": "A service behind this one failed or refused. `detail` says what was saved.",
    UpstreamUnavailable = "upstream_unavailable": "A service behind this one is busy or unreachable. `detail` says what was saved. Wait as long as `Retry-After` says, then try again.",
    Overloaded = "overloaded": "This service has as much to do as it can. Wait as long as `Retry-After` says, then try again.",
    // Who may call, and from where.
    NotAllowed = "not_allowed": "The caller is signed in, but may not use this service. Ask its operator.",
    CrossSite = "cross_site": "A page of another site sent the request. Send it from the application itself.",
    NotAVisit = "not_a_visit": "No person opened this page (prefetch, frame, script). Open it as a document.",
    AnotherUser = "another_user": "The page or the consent was made for another person. Reload as the person who is signed in now, and ask again.",
    // A turn.
    TurnInProgress = "turn_in_progress": "Another request is at work on this conversation. Wait as long as `Retry-After` says, then try again.",
    TurnUnfinished = "turn_unfinished": "The turn stopped, and what was done so far is saved. Send the `sessionId` again to have it finished.",
    TurnNotSaved = "turn_not_saved": "The turn is done but could not be saved: `unsaved.message` is its only answer. Do not repeat it.",
    MessageTooLong = "message_too_long": "The message is longer than the language model takes. Nothing of it was saved: send a shorter one.",
    ConversationTooLarge = "conversation_too_large": "The saved conversation is too large to be opened. Delete it, or start a new one.",
    ConversationDeleted = "conversation_deleted": "The conversation was deleted meanwhile, and nothing was saved. Start a new one.",
    InterruptNotOpen = "interrupt_not_open": "`resume` names an interrupt that is not open here. Send the `sessionId` alone to see which are.",
    InterruptExpired = "interrupt_expired": "`resume` names a confirmation that is too old. Send the `sessionId` alone to be asked again.",
    TooManyTurns = "too_many_turns": "The caller has too many turns at work, or too many requests on their way. Wait as long as `Retry-After` says.",
    DailyTokensUsed = "daily_tokens_used": "The caller has used the model's tokens of the day. Wait as long as `Retry-After` says.",
    // The end of a consent.
    NotSignedIn = "not_signed_in": "Nobody is signed in, and nothing was bound. Sign in, and follow the interrupt's link again.",
    NoSession = "no_session": "The return address names no session. Follow the interrupt's link again.",
    Malformed = "malformed": "The address is malformed. Follow the interrupt's link again.",
    Declined = "declined": "The user declined at the provider. Ask again if they change their mind.",
    ProviderFailed = "provider_failed": "The provider returned an error instead of a consent. Ask again.",
    NoFlow = "no_flow": "This browser carries no such consent. Consent in the browser that asked.",
    AnotherBrowser = "another_browser": "The consent was begun in another browser. Consent in the browser that asked.",
    NotContinued = "not_continued": "A client asked for the consent, and the person has not continued it on its page. Open the client's link.",
    Expired = "expired": "The consent was begun more than ten minutes ago. Ask again.",
    NoState = "no_state": "The return address brings no state. Follow the interrupt's link again.",
    WrongState = "wrong_state": "The return address brings another consent's state. Follow the interrupt's link again.",
    SessionRefused = "session_refused": "AgentCore Identity knows no such open session of this user. Send the `sessionId` again: the turn goes on if the consent counted before.",
    Unclear = "unclear": "AgentCore Identity did not say whether the consent counts. Send the `sessionId` again to find out.",
    Throttled = "throttled": "AgentCore Identity is asked too often. Wait as long as `Retry-After` says, then follow the interrupt's link again.",
    Unavailable = "unavailable": "AgentCore Identity can't be reached. Wait as long as `Retry-After` says, then follow the interrupt's link again.",
    Misconfigured = "misconfigured": "AgentCore Identity refuses this service itself. Report it to the operator.",
    Failed = "failed": "AgentCore Identity returned nothing usable. Report it to the operator.",
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let line = |code: &Self| format!("* `{}`: {}\n", code.as_str(), code.meaning());
        let meanings: String = Self::ALL.iter().map(line).collect();
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .description(Some(format!("What a program tells a problem by.\n\n{meanings}")))
            .into()
    }
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        "ProblemCode".into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Code;

    #[test]
    fn a_code_is_sent_as_it_is_listed_and_listed_once() {
        let sent = |code: &Code| serde_json::to_value(code).unwrap();
        assert!(Code::ALL.iter().all(|code| sent(code) == code.as_str()));
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
