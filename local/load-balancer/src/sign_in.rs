//! Signs people in at an OpenID provider; the library `openidconnect` makes the checks of the standard.
//!
//! OpenID Connect Core 1.0, section 3.1 (authorization code flow), with PKCE, `state` and `nonce`,
//! each tied to the browser that started the sign-in. As on AWS, the claims are those of the user-info
//! endpoint.

use std::time::{Duration, UNIX_EPOCH};

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use openidconnect::{
    AdditionalClaims, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    RedirectUrl, Scope, TokenResponse, UserInfoClaims,
    core::{CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreProviderMetadata},
};
use reqwest::redirect::Policy;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::{
    OidcClient, Proof, Settings, callback, pages,
    sessions::{
        self, Lifetime, NONCE_COOKIE, Pending, SESSION_COOKIE, Session, Sessions, set_cookie,
    },
};
use stand_in::{Clock, error_chain};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// All other claims of the provider; the load balancer forwards them.
#[derive(Debug, Serialize, Deserialize)]
struct OtherClaims(Map<String, Value>);

impl AdditionalClaims for OtherClaims {}

/// Signs people in.
pub(super) struct SignIn {
    client: OidcClient,
    callback: Url,
    proof: Proof,
    sessions: Sessions,
    clock: Clock,
}

impl SignIn {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            client: settings.oidc.clone(),
            callback: callback(&settings.application),
            proof: settings.proof,
            sessions: Sessions::default(),
            clock: settings.clock.clone(),
        }
    }

    /// The session of the browser that sent `headers`.
    pub(super) fn session(&self, headers: &HeaderMap) -> Option<Session> {
        self.sessions.find(headers, self.clock.now())
    }

    /// Redirects a browser to the provider.
    pub(super) async fn begin(&self, head: &Parts) -> Response {
        match self.authorization_request(head).await {
            Ok((address, nonce)) => {
                redirect(&address, &set_cookie(NONCE_COOKIE, nonce, Lifetime::SignIn))
            }
            Err(error) => failed(&error),
        }
    }

    async fn authorization_request(&self, head: &Parts) -> Result<(String, String), Failure> {
        let http = http_client()?;
        let issuer = IssuerUrl::new(self.client.issuer.clone())?;
        let provider = CoreProviderMetadata::discover_async(issuer, &transport(&http)).await?;
        let client = self.client(&provider)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (address, state, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(["email", "profile"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge)
            .url();
        let browser = sessions::cookie(&head.headers, NONCE_COOKIE);
        let browser = browser.unwrap_or_else(|| CsrfToken::new_random().into_secret());
        let requested = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let pending = Pending { browser: browser.clone(), provider, nonce, verifier, requested };
        self.sessions.begin(state.into_secret(), pending, self.clock.now());
        Ok((address.into(), browser))
    }

    /// Handles the redirect from the provider to the callback.
    pub(super) async fn callback(&self, head: &Parts) -> Response {
        let query = head.uri.query().unwrap_or_default().as_bytes();
        let parameter = |name: &str| {
            form_urlencoded::parse(query)
                .find(|(key, _)| key == name)
                .map(|(_, it)| it.into_owned())
        };
        let now = self.clock.now();
        let pending = parameter("state").and_then(|state| self.sessions.take(&state, now));
        let browser = sessions::cookie(&head.headers, NONCE_COOKIE);
        let Some(pending) = pending.filter(|it| Some(&it.browser) == browser.as_ref()) else {
            return pages::unauthorized();
        };
        let Some(code) = parameter("code") else {
            return failed(&"the identity provider sent no code".into());
        };
        let requested = pending.requested.clone();
        match self.finish(pending, code).await {
            Ok(session) => {
                let id = CsrfToken::new_random().into_secret();
                self.sessions.sign_in(id.clone(), session, self.proof, self.clock.now());
                redirect(&requested, &set_cookie(SESSION_COOKIE, id, Lifetime::Session))
            }
            Err(error) => failed(&error),
        }
    }

    async fn finish(&self, pending: Pending, code: String) -> Result<Session, Failure> {
        let Pending { provider, nonce, verifier, .. } = pending;
        let http = http_client()?;
        let client = self.client(&provider)?;
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))?
            .set_pkce_verifier(verifier)
            .request_async(&transport(&http))
            .await?;
        let id_token = tokens.id_token().ok_or("the identity provider sent no ID token")?;
        let id_claims = id_token.claims(&client.id_token_verifier(), &nonce)?;
        let subject = id_claims.subject().clone();
        let expires = u64::try_from(id_claims.expiration().timestamp()).unwrap_or_default();
        let access_token = tokens.access_token().clone();
        let claims: UserInfoClaims<OtherClaims, CoreGenderClaim> = client
            .user_info(access_token.clone(), Some(subject.clone()))?
            .request_async(&transport(&http))
            .await?;
        Ok(Session {
            subject: subject.to_string(),
            claims: serde_json::to_value(claims)?,
            access_token: access_token.into_secret(),
            id_token: id_token.to_string(),
            expires: UNIX_EPOCH + Duration::from_secs(expires),
        })
    }

    fn client(&self, provider: &CoreProviderMetadata) -> Result<Client, Failure> {
        let OidcClient { client_id, client_secret, .. } = self.client.clone();
        let secret = Some(ClientSecret::new(client_secret));
        let client =
            CoreClient::from_provider_metadata(provider.clone(), ClientId::new(client_id), secret);
        Ok(client.set_redirect_uri(RedirectUrl::new(self.callback.to_string())?))
    }
}

/// A client that follows no redirects: a provider's endpoints have none, and one could lead into the
/// local network.
fn http_client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().redirect(Policy::none()).build()
}

/// The HTTP client in the form that `openidconnect` expects.
fn transport(
    http: &reqwest::Client,
) -> impl Fn(
    openidconnect::HttpRequest,
) -> std::pin::Pin<
    Box<dyn Future<Output = reqwest::Result<openidconnect::HttpResponse>> + Send>,
> + use<> {
    let http = http.clone();
    move |request| {
        let http = http.clone();
        Box::pin(async move {
            let answer = http.execute(request.try_into()?).await?;
            let mut reply = openidconnect::HttpResponse::default();
            *reply.status_mut() = answer.status();
            *reply.headers_mut() = answer.headers().clone();
            *reply.body_mut() = answer.bytes().await?.to_vec();
            Ok(reply)
        })
    }
}

fn redirect(address: &str, cookie: &str) -> Response {
    let mut reply = StatusCode::FOUND.into_response();
    let headers = reply.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in [(header::LOCATION, address), (header::SET_COOKIE, cookie)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    reply
}

fn failed(error: &Failure) -> Response {
    let cause = error_chain(&**error);
    tracing::error!(cause, "stand-in for a load balancer: signing in failed");
    pages::identity_provider_failed()
}
