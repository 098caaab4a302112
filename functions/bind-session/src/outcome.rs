//! Every way a visit can end, with its code, its status and its text.

use edge::{AgentName, Code, Kind, returned::Connection};

/// How a visit ended. The code stands in the page's address; it holds no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The token is the user's now.
    Connected,
    /// The token was bound before: the page was reloaded.
    AlreadyConnected,
    /// Nobody is signed in.
    NotSignedIn,
    /// The address names no session.
    NoSession,
    /// The address names more than one session, or none that could be one.
    Malformed,
    /// The user said no at the provider.
    Declined,
    /// The provider returned an error of its own.
    ProviderFailed,
    /// This browser has no cookie for the flow: another browser began it, or the cookie has expired
    /// or had to make room for a newer flow's.
    NoFlow,
    /// The flow was begun by someone else.
    AnotherUser,
    /// The flow was begun in another browser.
    AnotherBrowser,
    /// A client asked for the flow, and nobody has continued it in a browser.
    NotContinued,
    /// The flow's ten minutes are over.
    Expired,
    /// The browser brought no state, which only the one that consented has.
    NoState,
    /// The browser brought another flow's state.
    WrongState,
    /// AgentCore Identity knows no such open session of this user.
    SessionRefused,
    /// AgentCore Identity was asked and its answer did not come, so the token may be bound.
    Unclear,
    /// AgentCore Identity is asked too often.
    Throttled,
    /// AgentCore Identity can't be reached.
    Unavailable,
    /// AgentCore Identity refuses this service itself: the operator has to act.
    Misconfigured,
    /// AgentCore Identity returned nothing usable.
    Failed,
}

impl Outcome {
    const ALL: [Self; 20] = [
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
        Self::NotContinued,
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

    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.code() == code)
    }

    /// The outcome as the page's address, a program and the audit trail name it.
    pub(crate) fn code(self) -> &'static str {
        match self.result() {
            Ok(connection) => connection.as_str(),
            Err((_, code)) => code.as_str(),
        }
    }

    /// How the user is connected, or which problem it is.
    pub(crate) fn result(self) -> Result<Connection, (Kind, Code)> {
        Err(match self {
            Self::Connected => return Ok(Connection::Connected),
            Self::AlreadyConnected => return Ok(Connection::AlreadyConnected),
            Self::NotSignedIn => (Kind::Unauthorized, Code::NotSignedIn),
            Self::NoSession => (Kind::InvalidRequest, Code::NoSession),
            Self::Malformed => (Kind::InvalidRequest, Code::Malformed),
            Self::Declined => (Kind::Forbidden, Code::Declined),
            Self::ProviderFailed => (Kind::UpstreamFailed, Code::ProviderFailed),
            Self::NoFlow => (Kind::Forbidden, Code::NoFlow),
            Self::AnotherUser => (Kind::Forbidden, Code::AnotherUser),
            Self::AnotherBrowser => (Kind::Forbidden, Code::AnotherBrowser),
            Self::NotContinued => (Kind::Forbidden, Code::NotContinued),
            Self::Expired => (Kind::Gone, Code::Expired),
            Self::NoState => (Kind::Forbidden, Code::NoState),
            Self::WrongState => (Kind::Forbidden, Code::WrongState),
            Self::SessionRefused => (Kind::Forbidden, Code::SessionRefused),
            Self::Unclear => (Kind::UpstreamUnavailable, Code::Unclear),
            Self::Throttled => (Kind::UpstreamUnavailable, Code::Throttled),
            Self::Unavailable => (Kind::UpstreamUnavailable, Code::Unavailable),
            Self::Misconfigured => (Kind::UpstreamFailed, Code::Misconfigured),
            Self::Failed => (Kind::UpstreamFailed, Code::Failed),
        })
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
            Self::AnotherBrowser => "This was not asked for in this browser",
            Self::NotContinued => "You have not continued this request",
            Self::AnotherUser => "This request is not yours",
            Self::Expired => "This request is too old",
            Self::NoState | Self::WrongState => "This is not where you consented",
            Self::NoFlow | Self::SessionRefused => "This request is no longer open",
            Self::Unclear => "We could not see whether it worked",
            Self::Throttled | Self::Unavailable => "Please try again in a moment",
            Self::Misconfigured | Self::Failed => "Something is wrong on our side",
        }
    }

    /// What it means and what to do next. Nothing about anybody else.
    pub(crate) fn explanation(self, agent: &AgentName) -> String {
        agent.within(self.explanation_of_agent())
    }

    /// The same, with `{agent}` for the agent's name.
    fn explanation_of_agent(self) -> &'static str {
        match self {
            Self::Connected => {
                "{agent} can go on. You can close this page: the conversation continues by itself."
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
                 again in the conversation; if it happens again, tell the people who run {agent}."
            }
            Self::NoFlow => {
                "Nothing was connected. A browser keeps the three newest requests open, for ten minutes; \
                 this is none of them, or it was asked for in another browser. Ask again in the \
                 conversation. If somebody sent you this link, do not use it."
            }
            Self::AnotherBrowser => {
                "Nothing was connected. Consent in the same browser in which you are talking to \
                 {agent}. If somebody sent you this link, do not use it."
            }
            Self::NotContinued => {
                "Nothing was connected. Open the link that your client shows, and continue there. If \
                 somebody sent you this link, do not use it."
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
                 who run {agent}."
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
            assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
        }
        assert_eq!(Outcome::from_code("<script>"), None);
    }
}
