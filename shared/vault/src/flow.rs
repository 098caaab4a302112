//! One consent flow as the workload began it, sealed for the binder.
//!
//! It is all that the binder knows about who asked: it has no store of its own. The browser
//! that asked carries it in a cookie, and can neither read nor change it.
//!
//! A flow that a client asked for, which is no browser, belongs to no browser yet: nothing goes on with it
//! until the person who asked continues it in theirs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::constant_time;
use identity::{BrowserHash, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    client::ClientRequest,
    consent_key::{ConsentKeys, Purpose},
    sealed::{self, SealError},
    secret::AuthorizationUrl,
    session_uri::SessionUri,
    state::StateHash,
    visitor::{FlowRefusal, Visitor, VisitorBrowser},
};

/// Who asked, in which browser, for which flow.
#[derive(Debug)]
pub struct Flow {
    contents: Contents,
    authorization_url: AuthorizationUrl,
}

#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    #[serde(rename = "u")]
    user: UserId,
    #[serde(rename = "b")]
    browser: Option<BrowserHash>,
    #[serde(rename = "s")]
    session: [u8; 32],
    #[serde(rename = "n")]
    state: StateHash,
    #[serde(rename = "e")]
    expires: u64,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    client: Option<ClientRequest>,
}

#[derive(Serialize, Deserialize)]
struct Wire<'a, C> {
    #[serde(flatten)]
    contents: C,
    #[serde(rename = "a")]
    authorization_url: std::borrow::Cow<'a, str>,
}

impl Flow {
    /// How long AgentCore Identity keeps a flow open.
    pub const LIFETIME: Duration = Duration::from_secs(600);

    /// The flow that `user` began at `now` in `browser`, if flows are tied to browsers.
    #[must_use]
    pub fn begin(
        user: UserId,
        browser: Option<BrowserHash>,
        session: &SessionUri,
        state: StateHash,
        authorization_url: AuthorizationUrl,
        now: SystemTime,
    ) -> Self {
        let expires = since_epoch(now + Self::LIFETIME);
        let session = session.sha256();
        let contents = Contents { user, browser, session, state, expires, client: None };
        Self { contents, authorization_url }
    }

    /// The same flow, which a client asked for: it belongs to no browser.
    #[must_use]
    pub fn asked_by(mut self, client: ClientRequest) -> Self {
        self.contents.browser = None;
        self.contents.client = Some(client);
        self
    }

    /// What a client asked for that no browser has continued yet; `None` for every other flow.
    #[must_use]
    pub fn client_request(&self) -> Option<&ClientRequest> {
        self.contents.client.as_ref()
    }

    /// When the flow began.
    #[must_use]
    pub fn began_at(&self) -> SystemTime {
        self.expires_at() - Self::LIFETIME
    }

    /// The flow that `user`, who was shown what the client asked for, continues at `now` in `browser`. It
    /// belongs to that browser from here on.
    ///
    /// # Errors
    /// When somebody else asked, or the flow is over, or it is no client's.
    pub fn continued_in(
        mut self,
        user: &UserId,
        browser: Option<BrowserHash>,
        now: SystemTime,
    ) -> Result<Self, FlowRefusal> {
        self.check_person(user, now)?;
        self.contents.client.take().ok_or(FlowRefusal::AnotherBrowser)?;
        self.contents.browser = browser;
        Ok(self)
    }

    /// Whether `user` is the person who asked, and in time, in any browser: enough to be shown what was
    /// asked for, and not to go on.
    ///
    /// # Errors
    /// When somebody else asked, or the flow is over.
    pub fn check_person(&self, user: &UserId, now: SystemTime) -> Result<(), FlowRefusal> {
        if self.contents.user != *user {
            return Err(FlowRefusal::AnotherUser);
        }
        if since_epoch(now) >= self.contents.expires {
            return Err(FlowRefusal::Expired);
        }
        Ok(())
    }

    /// The flow as only [`Flow::open`] with one of `keys` can read it: base64url, at most 3,800
    /// bytes.
    ///
    /// # Errors
    /// When it can't be sealed, or the authorization URL is so long that no cookie could carry it.
    pub fn seal(&self, keys: &ConsentKeys) -> Result<String, SealError> {
        let authorization_url = self.authorization_url.expose().into();
        let wire = Wire { contents: &self.contents, authorization_url };
        sealed::seal(&wire, Purpose::Flow, keys)
    }

    /// The flow in `sealed`, if one of `keys` sealed it. It may have expired.
    #[must_use]
    pub fn open(sealed: &str, keys: &ConsentKeys) -> Option<Self> {
        let wire: Wire<'_, Contents> = sealed::open(sealed, Purpose::Flow, keys)?;
        let authorization_url = AuthorizationUrl::parse(&wire.authorization_url).ok()?;
        Some(Self { contents: wire.contents, authorization_url })
    }

    /// Whether the flow is the visitor's to go on with: the person who asked, in the browser that
    /// asked, in time. In this order, so that a stranger does not learn how old the flow is. A client's
    /// flow that nobody has continued is no visitor's.
    ///
    /// # Errors
    /// The first of these that is not so.
    pub fn check(&self, visitor: &Visitor<'_>) -> Result<(), FlowRefusal> {
        if self.contents.user != *visitor.user {
            return Err(FlowRefusal::AnotherUser);
        }
        if self.contents.client.is_some() {
            return Err(FlowRefusal::NotContinued);
        }
        if let VisitorBrowser::Counts(browser) = visitor.browser
            && (browser.is_none() || browser != self.contents.browser)
        {
            return Err(FlowRefusal::AnotherBrowser);
        }
        if since_epoch(visitor.now) >= self.contents.expires {
            return Err(FlowRefusal::Expired);
        }
        Ok(())
    }

    /// Whether this is the flow that `session` names.
    #[must_use]
    pub fn is_of_session(&self, session: &SessionUri) -> bool {
        constant_time::verify_slices_are_equal(&self.contents.session, &session.sha256()).is_ok()
    }

    /// Whether `state` is what only the browser that consented could bring.
    #[must_use]
    pub fn is_of_state(&self, state: &str) -> bool {
        self.contents.state == StateHash::new(state)
    }

    /// When the flow is over.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.contents.expires)
    }

    /// Where the user consents.
    #[must_use]
    pub fn authorization_url(&self) -> &AuthorizationUrl {
        &self.authorization_url
    }

    /// 16 hexadecimal digits that stand for the flow; see [`SessionUri::fingerprint`].
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.contents.session[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

pub(crate) fn since_epoch(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use identity::{BrowserHash, BrowserSecret, UserId};

    use super::{Flow, FlowRefusal, Visitor, VisitorBrowser};
    use crate::{
        AuthorizationUrl, ClientName, ClientRequest, ConsentKeys, FlowState, SealError, SessionUri,
        VisitorBrowser::{Any, Counts},
    };

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn user(id: &str) -> UserId {
        UserId::parse(id).unwrap()
    }

    fn browser() -> BrowserHash {
        BrowserSecret::generate().unwrap().hash()
    }

    fn keys() -> ConsentKeys {
        ConsentKeys::parse("a key of at least 32 characters for tests").unwrap()
    }

    fn flow(browser: Option<BrowserHash>, url: &str) -> Flow {
        let session = SessionUri::parse("urn:ietf:params:oauth:request_uri:one").unwrap();
        let state = FlowState::generate().unwrap().hash();
        Flow::begin(
            user("alice"),
            browser,
            &session,
            state,
            AuthorizationUrl::parse(url).unwrap(),
            NOW,
        )
    }

    fn check(
        flow: &Flow,
        who: &str,
        browser: VisitorBrowser,
        now: SystemTime,
    ) -> Result<(), FlowRefusal> {
        flow.check(&Visitor { user: &user(who), browser, now })
    }

    #[test]
    fn m9_only_the_person_who_asked_goes_on_in_the_browser_that_asked_for_ten_minutes() {
        let (own, other) = (browser(), browser());
        let sealed = flow(Some(own), "https://provider.example/").seal(&keys()).unwrap();
        let flow = Flow::open(&sealed, &keys()).unwrap();
        let end = NOW + Flow::LIFETIME;
        let (own, other) = (Counts(Some(own)), Counts(Some(other)));
        assert_eq!(check(&flow, "alice", own, NOW), Ok(()));
        assert_eq!(check(&flow, "alice", own, end - Duration::from_secs(1)), Ok(()));
        assert_eq!(check(&flow, "bob", own, NOW), Err(FlowRefusal::AnotherUser));
        assert_eq!(check(&flow, "bob", Any, end), Err(FlowRefusal::AnotherUser));
        assert_eq!(check(&flow, "alice", other, NOW), Err(FlowRefusal::AnotherBrowser));
        assert_eq!(check(&flow, "alice", Counts(None), end), Err(FlowRefusal::AnotherBrowser));
        assert_eq!(check(&flow, "alice", own, end), Err(FlowRefusal::Expired));
    }

    #[test]
    fn m9_a_flow_without_a_browser_is_refused_if_browsers_are_checked() {
        let flow = flow(None, "https://provider.example/");
        for browser in [Counts(None), Counts(Some(browser()))] {
            assert_eq!(check(&flow, "alice", browser, NOW), Err(FlowRefusal::AnotherBrowser));
        }
        assert_eq!(check(&flow, "alice", Any, NOW), Ok(()));
    }

    #[test]
    fn m9_a_clients_flow_goes_on_nowhere_until_its_person_continues_it_in_one_browser() {
        let (own, other) = (browser(), browser());
        let request = ClientRequest {
            client: ClientName::shortened("A client"),
            provider: "GitHub".to_owned(),
            scopes: vec!["repo".to_owned()],
            choice: None,
        };
        let asked = || flow(Some(own), "https://provider.example/").asked_by(request.clone());
        let sealed = asked().seal(&keys()).unwrap();
        let opened = Flow::open(&sealed, &keys()).unwrap();
        assert_eq!(opened.client_request(), Some(&request));
        assert_eq!(opened.began_at(), NOW);
        for browser in [Any, Counts(None), Counts(Some(own)), Counts(Some(other))] {
            assert_eq!(check(&opened, "alice", browser, NOW), Err(FlowRefusal::NotContinued));
            assert_eq!(check(&opened, "bob", browser, NOW), Err(FlowRefusal::AnotherUser));
        }
        let end = NOW + Flow::LIFETIME;
        let continued = |who, now| asked().continued_in(&user(who), Some(other), now);
        assert_eq!(continued("bob", NOW).unwrap_err(), FlowRefusal::AnotherUser);
        assert_eq!(continued("alice", end).unwrap_err(), FlowRefusal::Expired);
        let sealed = continued("alice", NOW).unwrap().seal(&keys()).unwrap();
        let flow = Flow::open(&sealed, &keys()).unwrap();
        assert_eq!(flow.client_request(), None);
        assert_eq!(check(&flow, "alice", Counts(Some(other)), NOW), Ok(()));
        assert_eq!(check(&flow, "alice", Counts(Some(own)), NOW), Err(FlowRefusal::AnotherBrowser));
        let again = flow.continued_in(&user("alice"), Some(own), NOW).unwrap_err();
        assert_eq!(again, FlowRefusal::AnotherBrowser);
    }

    #[test]
    fn m9_a_flow_is_of_its_own_session_and_of_its_own_state_alone() {
        let session =
            |id| SessionUri::parse(format!("urn:ietf:params:oauth:request_uri:{id}")).unwrap();
        let (state, another) = (FlowState::generate().unwrap(), FlowState::generate().unwrap());
        let page = AuthorizationUrl::parse("https://provider.example/").unwrap();
        let flow = Flow::begin(user("alice"), None, &session("one"), state.hash(), page, NOW);
        assert_eq!(flow.fingerprint(), session("one").fingerprint());
        assert!(flow.is_of_session(&session("one")) && !flow.is_of_session(&session("other")));
        assert!(flow.is_of_state(state.expose()) && !flow.is_of_state(another.expose()));
        assert!(!flow.is_of_state(""));
    }

    #[test]
    fn a_flow_that_no_cookie_can_carry_is_not_sealed_and_the_error_says_why() {
        let long = format!("https://provider.example/?state={}", "s".repeat(4_000));
        let error = flow(None, &long).seal(&keys()).unwrap_err();
        assert!(matches!(error, SealError::TooLong(4_000..)), "{error}");
        assert!(error.to_string().contains("a cookie can carry 3800"), "{error}");
    }
}
