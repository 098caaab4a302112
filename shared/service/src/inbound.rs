//! What both services need to know of a caller: who it is, at which site, in which browser.

use std::time::Duration;

use clock::Clock;
use http::HeaderMap;
use identity::{
    AlbSettings, AllowClaim, AuthenticationError, Authenticator, BearerSettings, KeySetPlace,
    LoadBalancerArn, User,
};
use telemetry::Audit;
use url::Url;
use vault::{ConsentKeys, Naming, Principal, WorkloadName, endpoint};

use crate::{
    environment::{Reader, parsed, switch, text},
    not_allowed, person,
    problem::{Kind, Problem},
    site::Site,
};

const KEYS_RETRY: Duration = Duration::from_secs(5);

/// Everything that decides about a caller, from `INBOUND_AUTH` and the variables of the kind that
/// it names, `SESSION_BINDING_URL`, `CONSENT_KEY`, `WORKLOAD_IDENTITY_NAME`, `BROWSER_BINDING`,
/// `VAULT_IDENTITY` and `ALLOW_CLAIM`.
#[derive(Debug)]
pub struct Inbound {
    /// Turns headers into users.
    pub authenticator: Authenticator,
    /// Where browsers know the application.
    pub site: Site,
    /// Seal and open flows, of this deployment alone.
    pub consent_keys: ConsentKeys,
    /// This agent in AgentCore Identity.
    pub workload: WorkloadName,
    /// Whether a consent counts only in the browser that asked for it. Off only where callers are
    /// programs with bearer tokens, which have no browser's cookies.
    pub browser_binding: bool,
    /// Whether callers bring a bearer token of their own.
    pub bearer: bool,
    /// What time it is.
    pub clock: Clock,
    naming: Naming,
}

impl Inbound {
    /// Reads its variables; nothing, and the mistakes with `reader`, if they can't be used.
    pub fn read(reader: &mut Reader<'_>, clock: Clock) -> Option<Self> {
        let kind = reader.or("INBOUND_AUTH", "alb", InboundAuth::parse);
        let authenticator = kind.and_then(|kind| authenticator(kind, reader));
        let allowed = reader.optional("ALLOW_CLAIM", parsed::<AllowClaim>);
        let site = reader.required("SESSION_BINDING_URL", Site::parse);
        let consent_keys = reader.required("CONSENT_KEY", ConsentKeys::parse);
        let workload = reader.required("WORKLOAD_IDENTITY_NAME", |name| WorkloadName::parse(name));
        let browser_binding = reader.or("BROWSER_BINDING", "on", switch);
        let naming = reader.or("VAULT_IDENTITY", "user-id", naming);
        let (kind, browser_binding, naming) = (kind?, browser_binding?, naming?);
        if kind == InboundAuth::Alb && !browser_binding {
            reader.mistake("BROWSER_BINDING", "off is for INBOUND_AUTH=bearer only");
            return None;
        }
        if kind == InboundAuth::Alb && naming == Naming::UserToken {
            let why = "user-token is for INBOUND_AUTH=bearer only: a load balancer signs a new \
                       token for every request, and a flow has to be completed with the one that \
                       it was begun with";
            reader.mistake("VAULT_IDENTITY", why);
            return None;
        }
        let (site, workload) = (site?, workload?);
        Some(Self {
            authenticator: authenticator?.allowing(allowed),
            consent_keys: consent_keys?.tied_to(&site.origin(), &workload),
            site,
            workload,
            browser_binding,
            bearer: kind == InboundAuth::Bearer,
            clock,
            naming,
        })
    }

    /// As whom AgentCore Identity knows `user`.
    ///
    /// # Errors 401 when they are to be named by a token and have none.
    pub fn principal(&self, user: &User) -> Result<Principal, Problem> {
        self.naming.principal(user).ok_or_else(Problem::unauthorized)
    }

    /// The signed-in user who sent `headers`, from no page that was made for somebody else.
    ///
    /// # Errors
    /// 401 for no or bad proof (the reason goes to the audit trail alone), 403 for someone whose
    /// token lacks what `ALLOW_CLAIM` asks for, 409 for a page of another user's, 503 when who it is
    /// can't be decided now.
    pub async fn user(&self, headers: &HeaderMap) -> Result<User, Problem> {
        let user = self.authenticated(headers).await?;
        person::refuse_another(headers, &user, &self.consent_keys)
            .inspect_err(|_| Audit::StalePage { user: user.id() }.record())?;
        Ok(user)
    }

    async fn authenticated(&self, headers: &HeaderMap) -> Result<User, Problem> {
        let outcome = self.authenticator.authenticate(headers, self.clock.now()).await;
        outcome.map_err(|error| match error {
            AuthenticationError::Refused(refusal) => {
                Audit::SignInRefused { refusal: &refusal }.record();
                let challenge = self.authenticator.challenge();
                challenge.map_or_else(Problem::unauthorized, Problem::challenged)
            }
            AuthenticationError::NotAllowed(user) => {
                Audit::NotAllowed { user: &user }.record();
                not_allowed::problem()
            }
            AuthenticationError::KeysUnavailable(_) => {
                let detail = "Sign-in can't be checked at the moment. Try again.";
                Problem::new(Kind::UpstreamUnavailable, detail)
                    .retry_after(KEYS_RETRY)
                    .because(error)
            }
        })
    }
}

/// Whom to believe: the load balancer (`alb`, the default) or one issuer's bearer tokens.
fn authenticator(kind: InboundAuth, reader: &mut Reader<'_>) -> Option<Authenticator> {
    match kind {
        InboundAuth::Alb => {
            let arns = reader.required("ALB_ARN", load_balancers);
            let public_keys = reader.optional("ALB_PUBLIC_KEYS_URL", endpoint);
            let issuer = reader.required("OIDC_ISSUER", text);
            let client = reader.required("OIDC_CLIENT_ID", text);
            let load_balancers = with_keys(arns?, public_keys, reader)?;
            let settings = AlbSettings { load_balancers, issuer: issuer?, client: client? };
            Some(Authenticator::alb(settings))
        }
        InboundAuth::Bearer => {
            let issuer = reader.required("OIDC_ISSUER", issuer);
            let client = reader.required("OIDC_CLIENT_ID", text);
            let key_set = reader.optional("OIDC_JWKS_URL", endpoint);
            let (issuer, address) = issuer?;
            let keys = key_set.map_or(KeySetPlace::Discovered(address), KeySetPlace::At);
            Some(Authenticator::bearer(BearerSettings { issuer, client: client?, keys }))
        }
    }
}

/// What `INBOUND_AUTH` can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InboundAuth {
    Alb,
    Bearer,
}

impl InboundAuth {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "alb" => Ok(Self::Alb),
            "bearer" => Ok(Self::Bearer),
            _ => Err("neither alb nor bearer"),
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

/// An issuer as its tokens name it, and as an address to ask; an issuer has no query and no
/// fragment (OpenID Connect Discovery 1.0, section 3).
fn issuer(text: &str) -> Result<(String, Url), &'static str> {
    let address =
        endpoint(text).map_err(|_| "not an https URL (http is for loopback hosts only)")?;
    if address.query().is_some() || address.fragment().is_some() {
        return Err("an issuer has no query and no fragment");
    }
    Ok((text.to_owned(), address))
}

fn load_balancers(list: &str) -> Result<Vec<LoadBalancerArn>, identity::NotALoadBalancer> {
    list.split(',').map(|arn| parsed(arn.trim())).collect()
}

/// Each load balancer with the place of its keys: the one configured, else the published one.
fn with_keys(
    arns: Vec<LoadBalancerArn>,
    configured: Option<Url>,
    reader: &mut Reader<'_>,
) -> Option<Vec<(LoadBalancerArn, Url)>> {
    let mut all = Vec::new();
    for arn in arns {
        let Some(keys) = configured.clone().or_else(|| arn.public_keys()) else {
            reader.mistake(
                "ALB_PUBLIC_KEYS_URL",
                "missing, and AWS has not published where the keys of ALB_ARN's partition are",
            );
            return None;
        };
        all.push((arn, keys));
    }
    Some(all)
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
