//! Everything that the vectors' tokens refer to, served on one socket.

use serde_json::{Value, json};

use crate::{
    key_server::{Answer, KeyServer},
    keys::SigningKey,
    vector::Kind,
};

/// Our load balancer.
pub const LOAD_BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/countersign/0123456789abcdef";
/// A second one of ours.
pub const SECOND_LOAD_BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/countersign-2/fedcba9876543210";
/// The id of our load balancer's key.
pub const KEY_ID: &str = "2d2c7d2a-5b1e-4c6f-9a70-0c1f5a1de001";
/// Our client id at the issuer.
pub const CLIENT: &str = "countersign-client";
/// Our application at Entra ID.
pub const ENTRA_CLIENT: &str = "11112222-bbbb-4333-8ccc-4444dddd5555";
/// Our directory at Entra ID.
pub const ENTRA_ISSUER: &str =
    "https://login.microsoftonline.com/72f988bf-0000-4000-8000-2d7cd011db47/v2.0";
/// Where the issuer describes itself.
pub const DISCOVERY_PATH: &str = "/issuer/.well-known/openid-configuration";
/// Where the issuer's keys are.
pub const KEYS_PATH: &str = "/issuer/keys";
/// Where Entra ID's keys are.
pub const ENTRA_KEYS_PATH: &str = "/entra/discovery/v2.0/keys";

/// The modulus of an RSA key that is too short, of 1024 bits; the one token that it signed is in
/// the table.
const WEAK_MODULUS: &str = "0VHEXZ5BDlpTIcDdec7dPpd6gYMWMYyz9F1_W6AgepSo84UHXsQywt7JlNpxG8bs7ZGS279sPkzBMp-rAr2kOcQ6wtHFU4SwXR-2mYDStT4bozrKh-9DEgtiWht6-_UtjiqbPWsDqZSe1wWmf6KZruMLu2Vv19FCjSKem2zML-E";

/// The running servers of all keys.
#[derive(Debug)]
pub struct World {
    server: KeyServer,
    issuer: String,
}

impl World {
    /// Starts serving; the issuer is found by discovery at its own address.
    pub async fn start() -> Self {
        let server = KeyServer::start().await;
        let issuer = format!("{}/issuer", server.address());
        Self::serving(server, issuer)
    }

    /// Starts serving an issuer that has this name, whatever its address: tokens are then the
    /// same in every run, but for their signatures.
    pub async fn of_issuer(issuer: &str) -> Self {
        Self::serving(KeyServer::start().await, issuer.to_owned())
    }

    fn serving(server: KeyServer, issuer: String) -> Self {
        let world = Self { server, issuer };
        let put = |path: &str, document: String| {
            world.server.put(path, Answer::Document(document));
        };
        let key = |number: u8| format!("/alb/2d2c7d2a-5b1e-4c6f-9a70-0c1f5a1de0{number:02}");
        put(&key(1), SigningKey::LoadBalancer.pem());
        put(&key(2), SigningKey::OtherLoadBalancer.pem());
        put(&key(3), SigningKey::P384.pem());
        put(&key(4), "<html>not a key</html>".to_owned());
        world.server.put(&key(5), Answer::Status(503));
        put(DISCOVERY_PATH, world.discovery_document().to_string());
        put(KEYS_PATH, json!({ "keys": issuer_keys() }).to_string());
        put(ENTRA_KEYS_PATH, json!({ "keys": entra_keys() }).to_string());
        world
    }

    /// The server, to change what it answers and to see what it was asked.
    #[must_use]
    pub fn server(&self) -> &KeyServer {
        &self.server
    }

    /// Stops serving: from now on nobody listens there.
    pub fn stop(&mut self) {
        self.server.stop();
    }

    /// Where load balancers' keys are.
    #[must_use]
    pub fn load_balancer_keys(&self) -> String {
        format!("{}/alb", self.server.address())
    }

    /// The issuer of load balancers' and of bearer tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.issuer.clone()
    }

    /// Where the issuer's keys are.
    #[must_use]
    pub fn issuer_keys(&self) -> String {
        format!("{}{KEYS_PATH}", self.server.address())
    }

    /// Where Entra ID's keys are.
    #[must_use]
    pub fn entra_keys(&self) -> String {
        format!("{}{ENTRA_KEYS_PATH}", self.server.address())
    }

    /// A service's variables for tokens of this kind.
    #[must_use]
    pub fn variables(&self, kind: Kind) -> Vec<(&'static str, String)> {
        match kind {
            Kind::Alb => vec![
                ("ALB_ARN", format!("{LOAD_BALANCER},{SECOND_LOAD_BALANCER}")),
                ("ALB_PUBLIC_KEYS_URL", self.load_balancer_keys()),
                ("OIDC_ISSUER", self.issuer()),
                ("OIDC_CLIENT_ID", CLIENT.to_owned()),
            ],
            Kind::Bearer => vec![
                ("INBOUND_AUTH", "bearer".to_owned()),
                ("OIDC_ISSUER", self.issuer()),
                ("OIDC_CLIENT_ID", CLIENT.to_owned()),
            ],
            Kind::Entra => vec![
                ("INBOUND_AUTH", "bearer".to_owned()),
                ("OIDC_ISSUER", ENTRA_ISSUER.to_owned()),
                ("OIDC_CLIENT_ID", ENTRA_CLIENT.to_owned()),
                ("OIDC_JWKS_URL", self.entra_keys()),
            ],
        }
    }

    /// OpenID Connect Discovery 1.0, section 3.
    #[must_use]
    pub fn discovery_document(&self) -> Value {
        let issuer = self.issuer();
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": self.issuer_keys(),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        })
    }
}

/// A JWK with more members than its numbers.
fn with(key: SigningKey, more: Value) -> Value {
    let mut jwk = key.jwk();
    if let (Value::Object(jwk), Value::Object(more)) = (&mut jwk, more) {
        jwk.extend(more);
    }
    jwk
}

fn issuer_keys() -> Vec<Value> {
    vec![
        with(SigningKey::P256, json!({ "kid": "p256", "use": "sig", "alg": "ES256" })),
        with(SigningKey::P384, json!({ "kid": "p384", "use": "sig" })),
        with(SigningKey::P521, json!({ "kid": "p521", "use": "sig", "alg": "ES512" })),
        with(SigningKey::Ed25519, json!({ "kid": "ed25519", "alg": "EdDSA" })),
        with(SigningKey::Rsa, json!({ "kid": "rsa", "use": "sig" })),
        with(SigningKey::Rsa, json!({ "kid": "rsa-pss-only", "use": "sig", "alg": "PS256" })),
        with(SigningKey::Rsa, json!({ "kid": "rsa-512-only", "use": "sig", "alg": "RS512" })),
        with(SigningKey::Rsa, json!({ "kid": "rsa-encryption", "use": "enc" })),
        with(SigningKey::P256, json!({ "kid": "p256-signing-only", "key_ops": ["sign"] })),
        with(SigningKey::P256, json!({ "kid": "shared", "use": "sig" })),
        with(SigningKey::Rsa, json!({ "kid": "shared", "use": "sig" })),
        with(SigningKey::P256, json!({ "use": "sig" })),
        json!({ "kid": "secret", "kty": "oct", "alg": "HS256", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMzQ" }),
        json!({ "kid": "future", "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA" }),
        json!({ "kid": "broken", "kty": "RSA", "e": "AQAB" }),
        json!({ "kid": 7, "kty": "RSA", "n": "AQAB", "e": "AQAB" }),
        json!("no key at all"),
    ]
}

/// As Entra ID publishes them: no `alg`, and a certificate that nobody here looks at.
fn entra_keys() -> Vec<Value> {
    vec![
        with(
            SigningKey::Rsa,
            json!({ "kid": "Xk9_pC3zV0iR7mQaLw2-TnYbE4s", "use": "sig",
                "x5t": "Xk9_pC3zV0iR7mQaLw2-TnYbE4s", "x5c": ["MIIC/TCCAeWgAwIBAgIIUd7j"],
                "cloud_instance_name": "microsoftonline.com", "issuer": ENTRA_ISSUER }),
        ),
        json!({ "kid": "weak", "kty": "RSA", "use": "sig", "n": WEAK_MODULUS, "e": "AQAB" }),
    ]
}
