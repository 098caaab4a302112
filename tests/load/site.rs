//! The two services as users reach them, with what the load balancer would send: a rule for each path, and
//! who is signed in. A sign-in is not under test here, so there is none.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use local::{environment, running::Keys};
use reqwest::{Client, Method, RequestBuilder, redirect::Policy};
use serde_json::json;
use url::Url;

use crate::counts::Counts;

const BINDING: &str = "/oauth2/session-binding";
/// As long as a load balancer's token is good.
const LIFETIME: Duration = Duration::from_secs(120);
/// Longer than a turn may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// The addresses of the services.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// What users see.
    pub(crate) application: Url,
    pub(crate) invoke: Url,
    pub(crate) bind_session: Url,
}

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) counts: Arc<Counts>,
    /// What users take for a second when they wait.
    pub(crate) second: Duration,
    places: Places,
    issuer: String,
    keys: Keys,
    is_bearer: bool,
    client: Client,
}

impl Site {
    pub(crate) fn new(
        places: Places,
        (issuer, keys): (String, Keys),
        counts: Arc<Counts>,
        is_bearer: bool,
    ) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE);
        Self {
            counts,
            second: Duration::from_secs(1),
            places,
            issuer,
            keys,
            is_bearer,
            client: client.build().expect("a client"),
        }
    }

    /// Whether `address` is behind the load balancer.
    pub(crate) fn has(&self, address: &Url) -> bool {
        address.origin() == self.places.application.origin()
    }

    /// The address of a path of the application.
    pub(crate) fn address(&self, path: &str) -> Url {
        self.places.application.join(path).expect("an address")
    }

    /// A request to `address` by the user `subject`, as the load balancer passes it on if it is behind it.
    pub(crate) fn request(&self, method: Method, address: &Url, subject: &str) -> RequestBuilder {
        if !self.has(address) {
            return self.client.request(method, address.clone());
        }
        let is_binding = address.path() == BINDING;
        let mut at =
            if is_binding { &self.places.bind_session } else { &self.places.invoke }.clone();
        at.set_path(address.path());
        at.set_query(address.query());
        let host = self.places.application.authority().to_owned();
        let request = self.client.request(method, at).header("host", host);
        match self.is_bearer {
            true => request.bearer_auth(self.id_token(subject)),
            false => request.header("x-amzn-oidc-data", self.oidc_data(subject)),
        }
    }

    fn oidc_data(&self, subject: &str) -> String {
        let expires = seconds(SystemTime::now() + LIFETIME);
        let header = json!({
            "typ": "JWT", "alg": "ES256", "iss": self.issuer, "exp": expires,
            "client": environment::OIDC_CLIENT_ID, "signer": load_balancer_local::ARN,
        });
        let payload = json!({ "sub": subject, "exp": expires, "iss": self.issuer });
        self.keys.load_balancer.sign(header, &payload)
    }

    fn id_token(&self, subject: &str) -> String {
        let now = SystemTime::now();
        self.keys.issuer.sign_jwt(&json!({
            "iss": self.issuer, "aud": environment::OIDC_CLIENT_ID, "sub": subject,
            "iat": seconds(now), "exp": seconds(now + LIFETIME),
        }))
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
