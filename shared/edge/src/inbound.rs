//! What both services need to know of a caller: who it is, at which site, in which browser.

use std::time::{Duration, SystemTime};

use clock::Clock;
use http::HeaderMap;
use identity::{AuthenticationError, Authenticator, User};
use telemetry::Audit;
use vault::{ConsentKeys, Naming, Principal, WorkloadName};

use crate::{
    agent_name::AgentName,
    consent_address::ConsentAddress,
    environment::{Reader, switch},
    person,
    problem::{Kind, Problem},
    recent_users::RecentUsers,
    sign_in::{self, InboundAuth},
    site::Site,
};

crate::variables! {
    /// What a consent is begun and completed with.
    pub CONSENTS = "Consents", read by "both services, and the same for both":
    SESSION_BINDING_URL: Required, "the page after consent: `https://{host}/oauth2/session-binding`";
    CONSENT_URL: Optional, "where browsers reach the page `/consent`, when not on the host of `SESSION_BINDING_URL`: a base address, such as `https://app.example/agent`. On another host, which has other cookies, only with `BROWSER_BINDING=off`";
    CONSENT_KEY: Required, "the secret that seals flows: at least 32 random characters; two, comma-separated, while rotating (the first seals). Required unless `CONSENT_KEY_SECRET` is set";
    CONSENT_KEY_SECRET: Optional, "the ARN of a secret in AWS Secrets Manager that holds the consent key, instead of `CONSENT_KEY`: it is fetched when a service starts, so that the key is in no configuration, and a new one needs no deployment";
    WORKLOAD_IDENTITY_NAME: Required, "this agent in AgentCore Identity; what one deployment seals, no other opens";
    BROWSER_BINDING: Or("on"), "`on`: a consent counts only in the browser that asked; `off` only with `INBOUND_AUTH=bearer`";
    VAULT_IDENTITY: Or("user-id"), "as whom AgentCore Identity knows a user: `user-id`, or `user-token` with `INBOUND_AUTH=bearer` only";
}

const KEYS_RETRY: Duration = Duration::from_secs(5);

/// Everything that decides about a caller, from [`CONSENTS`] and
/// [`SIGN_IN`](crate::sign_in::SIGN_IN).
#[derive(Debug)]
pub struct Inbound {
    /// Turns headers into users.
    pub authenticator: Authenticator,
    /// Where browsers know the application.
    pub site: Site,
    /// Where they reach the page `/consent`.
    pub consent_address: ConsentAddress,
    /// Seal and open flows, of this deployment alone.
    pub consent_keys: ConsentKeys,
    /// This agent in AgentCore Identity.
    pub workload: WorkloadName,
    /// Whether a consent counts only in the browser that asked for it. Off only where callers are
    /// programs with bearer tokens, which have no browser's cookies.
    pub browser_binding: bool,
    /// Whether callers bring a bearer token of their own.
    pub bearer: bool,
    /// What the agent is called.
    pub agent: AgentName,
    /// What time it is.
    pub clock: Clock,
    naming: Naming,
    recent_users: RecentUsers,
}

impl Inbound {
    /// Reads its variables; nothing, and the mistakes with `reader`, if they can't be used.
    pub fn read(reader: &mut Reader<'_>, clock: Clock) -> Option<Self> {
        let (kind, authenticator) = sign_in::read(reader);
        let site = reader.required(&SESSION_BINDING_URL, Site::parse);
        let consent_address = reader.optional(&CONSENT_URL, ConsentAddress::parse);
        let consent_keys = reader.required(&CONSENT_KEY, ConsentKeys::parse);
        let workload = reader.required(&WORKLOAD_IDENTITY_NAME, |name| WorkloadName::parse(name));
        let browser_binding = reader.or(&BROWSER_BINDING, switch);
        let naming = reader.or(&VAULT_IDENTITY, naming);
        let agent = AgentName::read(reader);
        let (kind, browser_binding, naming) = (kind?, browser_binding?, naming?);
        if kind == InboundAuth::Alb && !browser_binding {
            reader.mistake(&BROWSER_BINDING, "off is for INBOUND_AUTH=bearer only");
            return None;
        }
        if kind == InboundAuth::Alb && naming == Naming::UserToken {
            let why = "user-token is for INBOUND_AUTH=bearer only: a load balancer signs a new \
                       token for every request, and a flow has to be completed with the one that \
                       it was begun with";
            reader.mistake(&VAULT_IDENTITY, why);
            return None;
        }
        let (site, workload) = (site?, workload?);
        let consent_address = consent_address.unwrap_or_else(|| ConsentAddress::on(&site));
        if browser_binding && !consent_address.has_cookies_of(&site) {
            let why = "another host than that of SESSION_BINDING_URL is for BROWSER_BINDING=off only: \
                       a browser does not bring the cookie along that it asked with";
            reader.mistake(&CONSENT_URL, why);
            return None;
        }
        Some(Self {
            authenticator: authenticator?,
            consent_keys: consent_keys?.tied_to(&site.origin(), &workload),
            site,
            consent_address,
            workload,
            browser_binding,
            bearer: kind == InboundAuth::Bearer,
            agent: agent?,
            clock,
            naming,
            recent_users: RecentUsers::new(),
        })
    }

    /// As whom AgentCore Identity knows `user`.
    ///
    /// # Errors
    /// 401 when they are to be named by a token and have none.
    pub fn principal(&self, user: &User) -> Result<Principal, Problem> {
        self.naming.principal(user).ok_or_else(Problem::unauthorized)
    }

    /// Whether AgentCore Identity knows users by their ids, so that any proof of who they are will do.
    #[must_use]
    pub fn names_users_by_id(&self) -> bool {
        self.naming == Naming::UserId
    }

    /// The signed-in user who sent `headers`, from no page that was made for somebody else.
    ///
    /// # Errors
    /// 401 for no or bad proof (the reason goes to the audit trail alone), 403 for someone whose
    /// token lacks what `ALLOW_CLAIM` asks for, 409 for a page of another user's, 503 when who it is
    /// can't be decided now.
    pub async fn user(&self, headers: &HeaderMap) -> Result<User, Problem> {
        let challenge = self.authenticator.challenge();
        let user = self.authenticated(&self.authenticator, headers, challenge).await?;
        person::refuse_another(headers, &user, &self.consent_keys)
            .inspect_err(|_| Audit::StalePage { user: user.id() }.record())?;
        Ok(user)
    }

    /// The user whose access token `headers` bring, in which `tokens` believe. Nothing else in `headers`
    /// says who it is.
    ///
    /// # Errors
    /// As [`user`](Self::user); 401 with `challenge`.
    pub async fn user_of_token(
        &self,
        tokens: &Authenticator,
        headers: &HeaderMap,
        challenge: &str,
    ) -> Result<User, Problem> {
        self.authenticated(tokens, headers, Some(challenge)).await
    }

    async fn authenticated(
        &self,
        authenticator: &Authenticator,
        headers: &HeaderMap,
        challenge: Option<&str>,
    ) -> Result<User, Problem> {
        let now = self.clock.now();
        let outcome = authenticator.authenticate(headers, now).await;
        outcome.inspect(|user| self.note(user, challenge.is_some(), now)).map_err(|error| {
            match error {
                AuthenticationError::Refused(refusal) => {
                    Audit::SignInRefused { refusal: &refusal }.record();
                    challenge.map_or_else(Problem::unauthorized, Problem::challenged)
                }
                AuthenticationError::NotAllowed(user) => {
                    Audit::NotAllowed { user: &user }.record();
                    Problem::not_allowed()
                }
                AuthenticationError::KeysUnavailable(_) | AuthenticationError::KeyMayBeNew(_) => {
                    let retry = match &error {
                        AuthenticationError::KeyMayBeNew(wait) => *wait,
                        _ => KEYS_RETRY,
                    };
                    let detail = "Sign-in can't be checked at the moment. Try again.";
                    Problem::new(Kind::UpstreamUnavailable, detail)
                        .retry_after(retry)
                        .because(error)
                }
            }
        })
    }
}

impl Inbound {
    /// Writes to the audit trail that `user` was let in, if they have been away. Who can be challenged brings
    /// a token of their own.
    fn note(&self, user: &User, brings_token: bool, now: SystemTime) {
        if self.recent_users.comes(user.id(), now) {
            let by = if brings_token { "bearer" } else { "load_balancer" };
            Audit::SignedIn { user: user.id(), by }.record();
        }
    }
}

/// What `VAULT_IDENTITY` can be.
fn naming(text: &str) -> Result<Naming, &'static str> {
    match text {
        "user-id" => Ok(Naming::UserId),
        "user-token" => Ok(Naming::UserToken),
        _ => Err("neither user-id nor user-token"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Clock, Inbound, Reader};

    fn mistakes(variables: &[(&str, &str)]) -> Option<String> {
        let common = [
            ("SESSION_BINDING_URL", "https://a.example/oauth2/session-binding"),
            ("CONSENT_KEY", "0123456789abcdef0123456789abcdef"),
            ("WORKLOAD_IDENTITY_NAME", "countersign"),
        ];
        let all = common.iter().chain(variables);
        let source: BTreeMap<_, _> =
            all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut reader = Reader::new(&source);
        let inbound = Inbound::read(&mut reader, Clock::system());
        reader.finish(inbound).err().map(|mistakes| mistakes.to_string())
    }

    const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/1";

    #[test]
    fn alb_is_the_default_inbound_auth() {
        let client = [("OIDC_ISSUER", "https://issuer.example"), ("OIDC_CLIENT_ID", "c")];
        let missing = mistakes(&client).unwrap();
        assert!(missing.contains("ALB_ARN: missing"), "{missing}");
        assert_eq!(mistakes(&[&client[..], &[("ALB_ARN", ARN)]].concat()), None);
        assert_eq!(mistakes(&[&client[..], &[("INBOUND_AUTH", "bearer")]].concat()), None);
        let wrong = mistakes(&[&client[..], &[("INBOUND_AUTH", "Bearer")]].concat()).unwrap();
        assert!(wrong.contains("INBOUND_AUTH: neither alb nor bearer"), "{wrong}");
    }

    #[test]
    fn every_variable_of_the_chosen_kind_is_named_when_it_is_missing() {
        let alb = mistakes(&[]).unwrap();
        let bearer = mistakes(&[("INBOUND_AUTH", "bearer")]).unwrap();
        assert!(alb.contains("ALB_ARN") && alb.contains("OIDC_ISSUER"), "{alb}");
        assert!(alb.contains("OIDC_CLIENT_ID"), "{alb}");
        assert!(bearer.contains("OIDC_ISSUER") && bearer.contains("OIDC_CLIENT_ID"), "{bearer}");
        assert!(!bearer.contains("ALB_ARN"), "{bearer}");
    }

    #[test]
    fn a_partition_without_a_published_place_of_keys_needs_one() {
        let china = ARN.replace("arn:aws:", "arn:aws-cn:");
        let common =
            [("OIDC_ISSUER", "https://i.example"), ("OIDC_CLIENT_ID", "c"), ("ALB_ARN", &china)];
        let missing = mistakes(&common).unwrap();
        assert!(missing.contains("ALB_PUBLIC_KEYS_URL: missing"), "{missing}");
        let keys = [("ALB_PUBLIC_KEYS_URL", "https://keys.example")];
        assert_eq!(mistakes(&[&common[..], &keys].concat()), None);
    }

    #[test]
    fn an_attacker_on_the_network_is_not_asked_for_keys() {
        let bearer = [("INBOUND_AUTH", "bearer"), ("OIDC_CLIENT_ID", "c")];
        for issuer in
            ["http://issuer.example", "issuer", "https://i.example?x", "https://i.example#x"]
        {
            let wrong = mistakes(&[&bearer[..], &[("OIDC_ISSUER", issuer)]].concat()).unwrap();
            assert!(wrong.contains("OIDC_ISSUER: "), "{wrong}");
        }
        let keys = [("OIDC_ISSUER", "https://i.example"), ("OIDC_JWKS_URL", "http://i.example/k")];
        let wrong = mistakes(&[&bearer[..], &keys].concat()).unwrap();
        assert!(wrong.contains("OIDC_JWKS_URL: "), "{wrong}");
    }

    #[test]
    fn no_claim_but_aud_and_client_id_can_name_us() {
        let bearer = [("INBOUND_AUTH", "bearer"), ("OIDC_CLIENT_ID", "c")];
        let issuer = [("OIDC_ISSUER", "https://i.example")];
        for (claim, is_known) in
            [("aud", true), ("client_id", true), ("azp", false), ("AUD", false)]
        {
            let claim = [("BEARER_AUDIENCE_CLAIM", claim)];
            let wrong = mistakes(&[&bearer[..], &issuer, &claim].concat());
            let said = wrong.is_some_and(|it| it.contains("BEARER_AUDIENCE_CLAIM: neither aud"));
            assert_eq!(said, !is_known, "{claim:?}");
        }
    }

    #[test]
    fn a_malformed_allow_claim_does_not_let_everybody_in() {
        let common =
            [("OIDC_ISSUER", "https://i.example"), ("OIDC_CLIENT_ID", "c"), ("ALB_ARN", ARN)];
        for claim in ["groups", "groups=", "=ops", "groups=ops,"] {
            let wrong = mistakes(&[&common[..], &[("ALLOW_CLAIM", claim)]].concat()).unwrap();
            assert!(wrong.contains("ALLOW_CLAIM: a claim and its values are expected"), "{wrong}");
        }
        assert_eq!(mistakes(&[&common[..], &[("ALLOW_CLAIM", "groups=ops")]].concat()), None);
    }

    #[test]
    fn a_page_that_gets_no_cookie_is_refused_where_browsers_count() {
        let bearer = [
            ("OIDC_ISSUER", "https://i.example"),
            ("OIDC_CLIENT_ID", "c"),
            ("INBOUND_AUTH", "bearer"),
        ];
        let at = |url, binding| {
            let more = [("CONSENT_URL", url), ("BROWSER_BINDING", binding)];
            mistakes(&[&bearer[..], &more].concat())
        };
        let wrong = at("https://b.example", "on").unwrap();
        assert!(wrong.contains("CONSENT_URL: another host") && wrong.contains("off"), "{wrong}");
        assert_eq!(at("https://b.example", "off"), None);
        assert_eq!(at("https://a.example/agent", "on"), None);
        let wrong = at("http://b.example", "off").unwrap();
        assert!(wrong.contains("CONSENT_URL: not an https base address"), "{wrong}");
    }

    #[test]
    fn a_load_balancers_users_are_tied_to_their_browser_and_named_by_their_id() {
        let client = [("OIDC_ISSUER", "https://i.example"), ("OIDC_CLIENT_ID", "c")];
        for (name, value) in [("BROWSER_BINDING", "off"), ("VAULT_IDENTITY", "user-token")] {
            let alb = [&client[..], &[("ALB_ARN", ARN), (name, value)]].concat();
            let wrong = mistakes(&alb).unwrap();
            assert!(wrong.contains(&format!("{name}: {value} is for")), "{wrong}");
            let bearer = [&client[..], &[("INBOUND_AUTH", "bearer"), (name, value)]].concat();
            assert_eq!(mistakes(&bearer), None);
            let typo = mistakes(&[&bearer[..], &[(name, "maybe")]].concat()).unwrap();
            assert!(typo.contains(name), "{typo}");
        }
    }
}
