//! Authenticators that trust the vectors' keys, and the tokens to try them with.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use identity::{
    AlbSettings, AudienceClaim, AuthenticationError, Authenticator, BearerSettings, KeySetPlace,
    Refusal, User,
};
use identity_vectors::{
    CLIENT, ENTRA_CLIENT, ENTRA_ISSUER, Kind, LOAD_BALANCER, SECOND_LOAD_BALANCER, Vector, World,
};
use serde_json::{Value, json};

/// When everything begins, in seconds since the Unix epoch.
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn authenticator(kind: Kind, world: &World) -> Authenticator {
    match kind {
        Kind::Alb => Authenticator::alb(AlbSettings {
            load_balancers: [LOAD_BALANCER, SECOND_LOAD_BALANCER]
                .map(|arn| (arn.parse().unwrap(), world.load_balancer_keys().parse().unwrap()))
                .into(),
            issuer: world.issuer(),
            client: CLIENT.to_owned(),
        }),
        Kind::Bearer => Authenticator::bearer(BearerSettings {
            issuer: world.issuer(),
            client: CLIENT.to_owned(),
            audience: AudienceClaim::Aud,
            keys: KeySetPlace::Discovered(world.issuer().parse().unwrap()),
        }),
        Kind::Entra => Authenticator::bearer(BearerSettings {
            issuer: ENTRA_ISSUER.to_owned(),
            client: ENTRA_CLIENT.to_owned(),
            audience: AudienceClaim::Aud,
            keys: KeySetPlace::At(world.entra_keys().parse().unwrap()),
        }),
    }
}

/// A verdict in a vector's words.
pub(crate) fn word(verdict: &Result<User, AuthenticationError>) -> String {
    match verdict {
        Ok(_) => "User".to_owned(),
        Err(AuthenticationError::Refused(refusal)) => rule(refusal),
        Err(AuthenticationError::NotAllowed(_)) => "NotAllowed".to_owned(),
        Err(AuthenticationError::KeysUnavailable(_)) => "Unavailable".to_owned(),
        Err(AuthenticationError::KeyMayBeNew(wait)) => format!("In {} s", wait.as_secs()),
    }
}

/// The rule that a token broke, without what it was broken by.
fn rule(refusal: &Refusal) -> String {
    let rule = format!("{refusal:?}");
    rule.split('(').next().unwrap_or_default().to_owned()
}

/// One kind's authenticator, with a clock and a token that never expires.
pub(crate) struct Desk {
    pub(crate) world: World,
    authenticator: Authenticator,
    kind: Kind,
}

impl Desk {
    pub(crate) async fn new(kind: Kind) -> Self {
        let world = World::start().await;
        Self { authenticator: authenticator(kind, &world), world, kind }
    }

    /// The headers of a request whose token has `header`'s members and was signed by `key`.
    pub(crate) fn request(&self, header: &Value, key: Option<&str>) -> HeaderMap {
        let exp = json!({ "exp": 4_102_444_800_u64 });
        let mut vector = json!({ "name": "", "kind": "alb", "why": "", "expect": "",
            "header": header, "payload": exp, "key": key });
        match self.kind {
            Kind::Alb => vector["header"]["exp"] = exp["exp"].clone(),
            Kind::Bearer => vector["kind"] = "bearer".into(),
            Kind::Entra => vector["kind"] = "entra".into(),
        }
        serde_json::from_value::<Vector>(vector).unwrap().headers(&self.world, NOW)
    }

    /// The headers of a request whose token names no key.
    pub(crate) fn unnamed(&self, key: Option<&str>) -> HeaderMap {
        let vector = json!({ "name": "", "kind": "bearer", "why": "", "expect": "", "key": key,
            "without": ["header.kid"], "payload": { "exp": 4_102_444_800_u64 } });
        serde_json::from_value::<Vector>(vector).unwrap().headers(&self.world, NOW)
    }

    /// What is made of a good token, `seconds` after the beginning.
    pub(crate) async fn after(&self, seconds: u64) -> String {
        self.of_request(&self.request(&json!({}), None), seconds).await
    }

    /// What is made of a token with the key id `kid`, `seconds` after the beginning.
    pub(crate) async fn of_key(&self, kid: &str, seconds: u64) -> String {
        self.of_request(&self.request(&json!({ "kid": kid }), None), seconds).await
    }

    /// What is made of a request, `seconds` after the beginning.
    pub(crate) async fn of_request(&self, headers: &HeaderMap, seconds: u64) -> String {
        word(&self.authenticator.authenticate(headers, at(NOW + seconds)).await)
    }

    /// The user who sends a good token.
    pub(crate) async fn user(&self) -> User {
        let headers = self.request(&json!({}), None);
        self.authenticator.authenticate(&headers, at(NOW)).await.unwrap()
    }
}
