//! What an operator is told of a refused token: what was expected of it, and what it said.

use identity::{AuthenticationError, Mismatch, Refusal};
use identity_vectors::{CLIENT, ENTRA_CLIENT, LOAD_BALANCER, SECOND_LOAD_BALANCER, World, all};

use crate::world::{NOW, at, authenticator};

async fn refusal(name: &str, world: &World) -> Refusal {
    let vectors = all();
    let vector = vectors.iter().find(|vector| vector.name == name).unwrap();
    let headers = vector.headers(world, NOW);
    match authenticator(vector.kind, world).authenticate(&headers, at(NOW)).await {
        Err(AuthenticationError::Refused(refusal)) => refusal,
        other => panic!("{name}: {other:?}"),
    }
}

#[tokio::test]
async fn m2_a_refusal_has_the_expected_and_the_seen_value() {
    let world = World::start().await;
    let (issuer, balancers) = (world.issuer(), format!("{LOAD_BALANCER}, {SECOND_LOAD_BALANCER}"));
    let (slash, foreign) = (format!("{issuer}/"), "https://issuer.example");
    let balancer = LOAD_BALANCER.replace("123456789012", "999999999999");
    let (expired, early) = (
        format!("exp after {}, because it is {NOW} here", NOW - 10),
        format!("nbf by {}, because it is {NOW} here", NOW + 10),
    );
    let (before, later) = ((NOW - 15).to_string(), (NOW + 60).to_string());
    for (name, expected, seen) in [
        ("alb/issuer-with-a-slash", issuer.as_str(), slash.as_str()),
        ("alb/another-issuer-in-the-payload", issuer.as_str(), foreign),
        ("alb/another-client", CLIENT, "another-client"),
        ("alb/signer-of-another-account", balancers.as_str(), balancer.as_str()),
        ("alb/expired-in-the-header", expired.as_str(), before.as_str()),
        ("alb/expired-in-the-payload", expired.as_str(), before.as_str()),
        ("alb/not-yet", early.as_str(), later.as_str()),
        ("bearer/issuer-with-a-slash", issuer.as_str(), slash.as_str()),
        ("bearer/no-issuer", issuer.as_str(), "no iss"),
        ("bearer/another-audience", CLIENT, "another-client"),
        ("bearer/audiences-without-us", CLIENT, "a, b"),
        ("bearer/no-audience", CLIENT, "no aud"),
        ("bearer/expired", expired.as_str(), before.as_str()),
        ("bearer/not-yet", early.as_str(), later.as_str()),
        ("entra/token-for-graph", ENTRA_CLIENT, "00000003-0000-0000-c000-000000000000"),
    ] {
        let refusal = refusal(name, &world).await;
        let told = refusal.mismatch().map(|it| (Mismatch::expected(it), Mismatch::seen(it)));
        assert_eq!(told, Some((expected, seen)), "{name}");
        assert!(!refusal.to_string().contains(seen), "the rule's name is the same for all");
    }
}
