//! How callers prove who they are, as it is configured.

use identity::{
    AlbSettings, AllowClaim, AudienceClaim, Authenticator, BearerSettings, KeySetPlace,
    LoadBalancerArn,
};
use url::Url;
use vault::endpoint;

use crate::environment::{Reader, parsed, text};

crate::variables! {
    /// Who is believed, and who may use the agent.
    pub SIGN_IN = "Signing in", read by "both services":
    INBOUND_AUTH: Or("alb"), "how callers prove who they are: `alb`, by the load balancer's signed header; `bearer`, by `Authorization: Bearer` tokens of the issuer (EKS, on-premises, any proxy that forwards the token)";
    OIDC_ISSUER: Required, "the one trusted issuer";
    OIDC_CLIENT_ID: Required, "our client there: the load balancer's, or the audience of bearer tokens";
    BEARER_AUDIENCE_CLAIM: Or("aud"), "with `bearer`, or `MCP_AUDIENCE`: the claim that names us in a token: `aud`, or `client_id` for the access tokens of Amazon Cognito, which have no `aud` (their `token_use` has to be `access`)";
    ALB_ARN: Required, "with `alb` only: the load balancers that may sign, comma-separated";
    ALB_PUBLIC_KEYS_URL: Optional, "with `alb` only: where the load balancer's keys are, when not at AWS's published place (there is none for AWS China): the key is at `{base}/{kid}`";
    OIDC_JWKS_URL: Optional, "with `bearer`, or `MCP_AUDIENCE`: where the issuer's keys are, when not where its discovery document says: the key set's own URL";
    ALLOW_CLAIM: Optional, "who may use the agent, as `groups=engineering,ops`: only users whose token has that claim, as one of these values or as a list with one of them, compared exactly; others get 403 `not_allowed`. Behind a load balancer it is a claim of the user-info endpoint. Not set: everyone who can sign in. Try it locally: alice is in `engineering`, bob in `sales`";
}

/// Reads how callers prove who they are; the kind is returned even if the rest can't be used.
pub(crate) fn read(reader: &mut Reader<'_>) -> (Option<InboundAuth>, Option<Authenticator>) {
    let kind = reader.or(&INBOUND_AUTH, InboundAuth::parse);
    let authenticator = kind.and_then(|kind| authenticator(kind, reader));
    let allowed = reader.optional(&ALLOW_CLAIM, parsed::<AllowClaim>);
    (kind, authenticator.map(|authenticator| authenticator.allowing(allowed)))
}

/// Whom to believe: the load balancer (`alb`, the default) or one issuer's bearer tokens.
fn authenticator(kind: InboundAuth, reader: &mut Reader<'_>) -> Option<Authenticator> {
    match kind {
        InboundAuth::Alb => {
            let arns = reader.required(&ALB_ARN, load_balancers);
            let public_keys = reader.optional(&ALB_PUBLIC_KEYS_URL, endpoint);
            let issuer = reader.required(&OIDC_ISSUER, text);
            let client = reader.required(&OIDC_CLIENT_ID, text);
            let load_balancers = with_keys(arns?, public_keys, reader)?;
            let settings = AlbSettings { load_balancers, issuer: issuer?, client: client? };
            Some(Authenticator::alb(settings))
        }
        InboundAuth::Bearer => {
            let client = reader.required(&OIDC_CLIENT_ID, text);
            bearer(client, reader).map(|(authenticator, _)| authenticator)
        }
    }
}

/// Who believes the issuer's tokens that are made for `client`, and the issuer.
fn bearer(client: Option<String>, reader: &mut Reader<'_>) -> Option<(Authenticator, String)> {
    let issuer = reader.required(&OIDC_ISSUER, issuer);
    let audience = reader.or(&BEARER_AUDIENCE_CLAIM, audience_claim);
    let key_set = reader.optional(&OIDC_JWKS_URL, endpoint);
    let (issuer, address) = issuer?;
    let keys = key_set.map_or(KeySetPlace::Discovered(address), KeySetPlace::At);
    let settings =
        BearerSettings { issuer: issuer.clone(), client: client?, audience: audience?, keys };
    Some((Authenticator::bearer(settings), issuer))
}

/// Whether `audience` is our own client, for whose tokens people sign in with `bearer`.
#[must_use]
pub fn is_own_client(audience: &str, reader: &Reader<'_>) -> bool {
    reader.is(&OIDC_CLIENT_ID, audience)
}

/// Who believes the one issuer's access tokens that are made for `audience`, and the issuer; however people
/// sign in. Those whom `ALLOW_CLAIM` leaves out may not come in.
pub fn access_tokens(audience: String, reader: &mut Reader<'_>) -> Option<(Authenticator, String)> {
    let tokens = bearer(Some(audience), reader);
    let allowed = reader.optional(&ALLOW_CLAIM, parsed::<AllowClaim>);
    tokens.map(|(authenticator, issuer)| (authenticator.allowing(allowed), issuer))
}

/// What `INBOUND_AUTH` can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InboundAuth {
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

/// What `BEARER_AUDIENCE_CLAIM` can be.
fn audience_claim(text: &str) -> Result<AudienceClaim, &'static str> {
    match text {
        "aud" => Ok(AudienceClaim::Aud),
        "client_id" => Ok(AudienceClaim::ClientId),
        _ => Err("neither aud nor client_id"),
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
                &ALB_PUBLIC_KEYS_URL,
                "missing, and AWS has not published where the keys of ALB_ARN's partition are",
            );
            return None;
        };
        all.push((arn, keys));
    }
    Some(all)
}
