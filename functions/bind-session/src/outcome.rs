//! Every way a visit can end, with its code, its status and the words for it.

use http::StatusCode;
use service::Kind;

/// How a visit ended. The code stands in the page's address; it holds no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The token is the user's now.
    Connected,
    /// It was before: the page was reloaded.
    AlreadyConnected,
    /// Nobody is signed in.
    NotSignedIn,
    /// The address names no session.
    NoSession,
    /// The address names more than one session, or none that could be one.
    Malformed,
    /// The user said no at the provider.
    Declined,
    /// The provider sent him back with an error of its own.
    ProviderFailed,
    /// This browser carries no such flow: another one began it, or it is long over.
    NoFlow,
    /// The flow was begun by someone else.
    AnotherUser,
    /// The flow was begun in another browser.
    AnotherBrowser,
    /// The flow's ten minutes are over.
    Expired,
    /// The browser brought no state, which only the one that consented has.
    NoState,
    /// … or a wrong one.
    WrongState,
    /// AgentCore Identity knows no such open session of this user.
    SessionRefused,
    /// AgentCore Identity may have bound the token: it was asked and its answer did not come.
    Unclear,
    /// AgentCore Identity is asked too often.
    Throttled,
    /// AgentCore Identity can't be reached.
    Unavailable,
    /// AgentCore Identity refuses this service itself: the operator has to act.
    Misconfigured,
    /// AgentCore Identity makes no sense.
    Failed,
}

impl Outcome {
    const ALL: [Self; 19] = [
        Self::Connected,
        Self::AlreadyConnected,
        Self::NotSignedIn,
        Self::NoSession,
        Self::Malformed,
        Self::Declined,
        Self::ProviderFailed,
        Self::NoFlow,
        Self::AnotherUser,
        Self::AnotherBrowser,
        Self::Expired,
        Self::NoState,
        Self::WrongState,
        Self::SessionRefused,
        Self::Unclear,
        Self::Throttled,
        Self::Unavailable,
        Self::Misconfigured,
        Self::Failed,
    ];

    pub(crate) fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::AlreadyConnected => "already_connected",
            Self::NotSignedIn => "not_signed_in",
            Self::NoSession => "no_session",
            Self::Malformed => "malformed",
            Self::Declined => "declined",
            Self::ProviderFailed => "provider_failed",
            Self::NoFlow => "no_flow",
            Self::AnotherUser => "another_user",
            Self::AnotherBrowser => "another_browser",
            Self::Expired => "expired",
            Self::NoState => "no_state",
            Self::WrongState => "wrong_state",
            Self::SessionRefused => "session_refused",
            Self::Unclear => "unclear",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Misconfigured => "misconfigured",
            Self::Failed => "failed",
        }
    }

    /// Which kind of problem it is; none when the user is connected.
    pub(crate) fn problem(self) -> Option<Kind> {
        match self {
            Self::Connected | Self::AlreadyConnected => None,
            Self::NotSignedIn => Some(Kind::Unauthorized),
            Self::NoSession | Self::Malformed => Some(Kind::InvalidRequest),
            Self::Declined
            | Self::NoFlow
            | Self::AnotherUser
            | Self::AnotherBrowser
            | Self::NoState
            | Self::WrongState
            | Self::SessionRefused => Some(Kind::Forbidden),
            Self::Expired => Some(Kind::Gone),
            Self::Unclear | Self::Throttled | Self::Unavailable => Some(Kind::UpstreamUnavailable),
            Self::ProviderFailed | Self::Misconfigured | Self::Failed => Some(Kind::UpstreamFailed),
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        self.problem().map_or(StatusCode::OK, Kind::status)
    }

    /// What to tell the visitor, in a few words.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Connected => "You are connected",
            Self::AlreadyConnected => "You are already connected",
            Self::NotSignedIn => "Sign in first",
            Self::NoSession | Self::Malformed => "This link is incomplete",
            Self::Declined => "You did not allow it",
            Self::ProviderFailed => "The consent could not be given",
            Self::NoFlow | Self::AnotherBrowser => "This was not asked for in this browser",
            Self::AnotherUser => "This request is not yours",
            Self::Expired => "This request is too old",
            Self::NoState | Self::WrongState => "This is not where you consented",
            Self::SessionRefused => "This request is no longer open",
            Self::Unclear => "We could not see whether it worked",
            Self::Throttled | Self::Unavailable => "Please try again in a moment",
            Self::Misconfigured | Self::Failed => "Something is wrong on our side",
        }
    }

    /// What it means and what to do next. Nothing about anybody else.
    pub(crate) fn explanation(self) -> &'static str {
        match self {
            Self::Connected => {
                "The assistant can go on. You can close this page: the conversation continues by itself."
            }
            Self::AlreadyConnected => "There is nothing left to do here. You can close this page.",
            Self::NotSignedIn => {
                "Nothing was connected. Open the conversation, sign in, and follow the link there \
                 again."
            }
            Self::NoSession | Self::Malformed => {
                "Go back to the conversation and follow the link there again."
            }
            Self::Declined => {
                "Nothing was connected. If you change your mind, ask again in the conversation."
            }
            Self::ProviderFailed => {
                "Nothing was connected: the service that you were asked to consent at had a problem. Ask \
                 again in the conversation; if it happens again, tell the people who run the assistant."
            }
            Self::NoFlow | Self::AnotherBrowser => {
                "Nothing was connected. Consent in the same browser in which you are talking to the \
                 assistant. If somebody sent you this link, do not use it."
            }
            Self::AnotherUser => {
                "Nothing was connected. If somebody sent you this link, do not use it. Ask in a \
                 conversation of your own."
            }
            Self::Expired => {
                "Nothing was connected. A request is good for ten minutes. Ask again in the conversation."
            }
            Self::NoState | Self::WrongState => {
                "Nothing was connected, because this visit does not come from the consent page. Go \
                 back to the conversation and follow the link there again."
            }
            Self::SessionRefused => {
                "It has been used, or is over. If you have just consented, go back to the conversation: it \
                 goes on if you are connected. If not, ask again there."
            }
            Self::Unclear => {
                "Go back to the conversation: it goes on if you are connected. If not, follow the link \
                 there again."
            }
            Self::Throttled | Self::Unavailable => {
                "Nothing was connected, because a service we need is busy. Go back to the conversation \
                 and follow the link there again."
            }
            Self::Misconfigured | Self::Failed => {
                "Nothing was connected. Ask again in the conversation; if it happens again, tell the people \
                 who run the assistant."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn a_code_names_one_outcome() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::of_code(outcome.code()), Some(outcome));
        }
        assert_eq!(Outcome::of_code("<script>"), None);
    }
}
