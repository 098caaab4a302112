//! What a browser or an application brings back after a consent, parsed once and not yet believed.

use lambda_http::Request;
use service::{Problem, Site, browser, request, request::query, returned::ReturnedConsent};
use vault::SessionUri;

use crate::outcome::Outcome;

/// Names under which the state may come back: the service model says that `customState` is
/// returned and not as what; public code reads `state`.
const STATE_PARAMETERS: [&str; 3] = ["state", "customState", "custom_state"];

/// A return to the session binding URL.
#[derive(Debug)]
pub(crate) enum Callback {
    /// The user consented; it is for [`binding`](crate::binding) to judge who completes it.
    Consented(Consent),
    /// The return can't complete a consent.
    Ended {
        /// Why not.
        outcome: Outcome,
        /// The session that was named, for the audit trail.
        session: Option<SessionUri>,
    },
}

/// The values that decide whether a consent is completed.
#[derive(Debug)]
pub(crate) struct Consent {
    pub(crate) session: SessionUri,
    /// The sealed flow that the caller has of this session, or the mark that it was bound.
    pub(crate) sealed: Option<String>,
    /// Every value that may be the state; one of them has to match.
    pub(crate) states: Vec<String>,
}

impl Callback {
    /// Parses the provider's redirect, which the browser followed with `request`.
    pub(crate) fn from_redirect(request: &Request, site: &Site) -> Self {
        let session = only_session(request);
        let declined = provider_error(request);
        match (session, declined) {
            (session, Some(outcome)) => Self::Ended { outcome, session: session.ok() },
            (Err(outcome), None) => Self::Ended { outcome, session: None },
            (Ok(session), None) => {
                let sealed = browser::flow(request.headers(), &session, site);
                let states = STATE_PARAMETERS.iter().flat_map(|name| query(request, name));
                Self::Consented(Consent { session, sealed, states: states.collect() })
            }
        }
    }

    /// Parses what an application sends in `body`.
    ///
    /// # Errors
    /// 400 for a body of another form.
    pub(crate) fn from_json(body: &[u8]) -> Result<Self, Problem> {
        let ReturnedConsent { session_id, state, flow } = request::json(body)?;
        Ok(match SessionUri::parse(session_id) {
            Ok(session) => {
                Self::Consented(Consent { session, sealed: Some(flow), states: vec![state] })
            }
            Err(_) => Self::Ended { outcome: Outcome::Malformed, session: None },
        })
    }

    /// The session that is named, if it can be one.
    pub(crate) fn session(&self) -> Option<&SessionUri> {
        match self {
            Self::Consented(consent) => Some(&consent.session),
            Self::Ended { session, .. } => session.as_ref(),
        }
    }
}

/// Returns the session if the address names exactly one. With two, one check could read the first
/// and another the second.
fn only_session(request: &Request) -> Result<SessionUri, Outcome> {
    let mut sessions = query(request, "session_id");
    let session = sessions.next().ok_or(Outcome::NoSession)?;
    if sessions.next().is_some() {
        return Err(Outcome::Malformed);
    }
    SessionUri::parse(session).map_err(|_| Outcome::Malformed)
}

/// What the provider's `error` says (RFC 6749, section 4.1.2.1), if there is one.
fn provider_error(request: &Request) -> Option<Outcome> {
    let mut errors = query(request, "error").peekable();
    errors.peek()?;
    let is_declined = errors.any(|error| error == "access_denied");
    Some(if is_declined { Outcome::Declined } else { Outcome::ProviderFailed })
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;
    use lambda_http::{Body, Request};
    use service::Site;

    use super::{Callback, Outcome};

    const SESSION: &str = "urn:ietf:params:oauth:request_uri:one";

    fn redirect(query: &str) -> Callback {
        let cookies = "__Host-flow-ffffffffffffffff=another; __Host-flow-FINGERPRINT=sealed";
        let session = vault::SessionUri::parse(SESSION).unwrap();
        let cookies = cookies.replace("FINGERPRINT", &session.fingerprint());
        let uri = format!("/oauth2/session-binding?{query}");
        let mut request = Request::new(Body::Empty);
        *request.uri_mut() = uri.parse().unwrap();
        request.headers_mut().insert(COOKIE, cookies.parse().unwrap());
        let site = Site::parse("https://agent.example/oauth2/session-binding").unwrap();
        Callback::from_redirect(&request, &site)
    }

    fn ended(callback: &Callback) -> Option<(Outcome, bool)> {
        match callback {
            Callback::Consented(_) => None,
            Callback::Ended { outcome, session } => Some((*outcome, session.is_some())),
        }
    }

    #[test]
    fn a_consent_brings_its_sessions_own_flow_and_every_value_that_may_be_the_state() {
        let callback =
            redirect(&format!("session_id={SESSION}&custom_state=c&state=a&x=y&state=b"));
        let Callback::Consented(consent) = callback else { panic!("{callback:?}") };
        assert_eq!(consent.session.as_str(), SESSION);
        assert_eq!(consent.sealed.as_deref(), Some("sealed"));
        assert_eq!(consent.states, ["a", "b", "c"]);
    }

    #[test]
    fn an_address_with_no_two_or_an_impossible_session_completes_nothing() {
        for (query, outcome) in [
            (String::new(), Outcome::NoSession),
            ("session_id=".to_owned(), Outcome::Malformed),
            ("session_id=https://evil.example".to_owned(), Outcome::Malformed),
            (format!("session_id={SESSION}&session_id={SESSION}"), Outcome::Malformed),
            (format!("session_id={SESSION}&session_id=x"), Outcome::Malformed),
        ] {
            assert_eq!(ended(&redirect(&query)), Some((outcome, false)), "{query}");
        }
    }

    #[test]
    fn an_error_of_the_provider_ends_it_whatever_else_is_there() {
        for (query, outcome) in [
            ("error=access_denied&state=a", Outcome::Declined),
            ("error=server_error&state=a", Outcome::ProviderFailed),
            ("error=server_error&error=access_denied", Outcome::Declined),
            ("error=", Outcome::ProviderFailed),
        ] {
            assert_eq!(ended(&redirect(query)), Some((outcome, false)), "{query}");
            let named = format!("{query}&session_id={SESSION}");
            assert_eq!(ended(&redirect(&named)), Some((outcome, true)), "{named}");
        }
    }

    #[test]
    fn an_application_returns_one_session_one_state_and_its_flow() {
        let json = format!(r#"{{"session_id":"{SESSION}","state":"a","flow":"sealed"}}"#);
        let callback = Callback::from_json(json.as_bytes()).unwrap();
        let Callback::Consented(consent) = callback else { panic!("{callback:?}") };
        assert_eq!((consent.sealed.as_deref(), consent.states), (Some("sealed"), vec!["a".into()]));
        let other = Callback::from_json(br#"{"session_id":"x","state":"a","flow":"f"}"#).unwrap();
        assert_eq!(ended(&other), Some((Outcome::Malformed, false)));
        assert!(Callback::from_json(br#"{"session_id":"x","state":"a"}"#).is_err());
    }
}
