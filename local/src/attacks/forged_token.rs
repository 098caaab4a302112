//! Elastic Load Balancing, "User claims encoding and signature verification": a target that can be reached past
//! the load balancer can be sent any claims, so that nothing but their signature counts.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use url::Url;

use crate::{environment::OIDC_CLIENT_ID, parts::Addresses};

use super::{
    Attack,
    ending::{AttackError, Ending},
    people::{MALLORY, Person},
    scene::Scene,
    told::Answer,
};

pub(super) const ATTACK: Attack = Attack {
    name: "forged-token",
    title: "Mallory writes the proof of being carol",
    story: "Mallory knows what the load balancer's signed header looks like, writes one that says carol, signs \
            it with a key of their own, and sends it: through the load balancer, and straight to the \
            service past it.",
    row: "M2",
    run: |scene| Box::pin(run(scene)),
};

const LIFETIME: Duration = Duration::from_secs(120);

async fn run(scene: &mut Scene) -> Result<Ending, AttackError> {
    // Nobody is signed in in this browser.
    let mallory = Person::new(MALLORY, &scene.addresses.application)?;
    let Addresses { application, invoke, .. } = scene.addresses.clone();
    let forged = forged(&scene.addresses)
        .ok_or_else(|| AttackError::Unexpected("no key could be made to sign with".to_owned()))?;
    let request = |origin: &Url| -> Result<(RequestBuilder, Url), AttackError> {
        let address = origin.join("/sessions");
        let address = address.map_err(|error| AttackError::Unexpected(error.to_string()))?;
        let request = mallory.browser.request(Method::GET, &address);
        let request = request.header("x-amzn-oidc-data", &forged);
        let request = request.header("x-amzn-oidc-identity", "carol");
        let host = application.port().map(|port| format!("localhost:{port}")).unwrap_or_default();
        Ok((request.header("host", host), address))
    };
    let (through, address) = request(&application)?;
    let answer = Answer::to(through, &address).await?;
    let does =
        "asks for carol's conversations with it, through the load balancer, which removes it";
    scene.tell(&mallory, does, answer.told());
    let mut is_in = answer.status.is_success();

    let (past, address) = request(&invoke)?;
    let answer = Answer::to(past, &address).await.map_err(|error| {
        AttackError::Unexpected(format!(
            "the service can't be reached past the load balancer, as on --platform lambda: {error}"
        ))
    })?;
    scene.tell(&mallory, "sends the same straight to the service", answer.told());
    is_in |= answer.status.is_success();
    let gained = is_in.then(|| "Mallory reads carol's conversations.".to_owned());
    Ending::new(&answer.code(), gained)
}

/// What the load balancer would send for carol, signed by a new key.
fn forged(addresses: &Addresses) -> Option<String> {
    let issuer = addresses.identity_provider.origin().ascii_serialization();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let exp = (now + LIFETIME).as_secs();
    let header = json!({
        "typ": "JWT", "alg": "ES256", "kid": development_key::KEY_ID, "exp": exp, "iss": issuer,
        "client": OIDC_CLIENT_ID, "signer": load_balancer_local::ARN,
    });
    let payload = json!({ "sub": "carol", "exp": exp, "iss": issuer });
    let [header, payload] = [header, payload].map(|part| URL_SAFE.encode(part.to_string()));
    let signed = format!("{header}.{payload}");
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
    Some(format!("{signed}.{}", URL_SAFE.encode(signature)))
}
