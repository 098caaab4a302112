//! The access tokens of Amazon Cognito, which name their client in `client_id` and have no `aud`
//! (its developer guide, "Understanding the access token").

use identity::{AudienceClaim, Authenticator, BearerSettings, KeySetPlace};
use identity_vectors::{CLIENT, Kind, Vector, World};
use serde_json::{Value, json};

use crate::world::{NOW, at, authenticator, word};

/// What is made of a token with these claims for us; `null` stands for a claim that is not there.
async fn verdict(of: &Authenticator, world: &World, claims: [(&str, Value); 3]) -> String {
    let mut vector = json!({ "name": "", "kind": "bearer", "why": "", "expect": "",
        "payload": {}, "without": [] });
    let mut without = Vec::new();
    for (name, value) in claims {
        if value.is_null() {
            without.push(format!("payload.{name}"));
        } else {
            vector["payload"][name] = value;
        }
    }
    vector["without"] = json!(without);
    let headers = serde_json::from_value::<Vector>(vector).unwrap().headers(world, NOW);
    word(&of.authenticate(&headers, at(NOW)).await)
}

fn by_client_id(world: &World) -> Authenticator {
    Authenticator::bearer(BearerSettings {
        issuer: world.issuer(),
        client: CLIENT.to_owned(),
        audience: AudienceClaim::ClientId,
        keys: KeySetPlace::Discovered(world.issuer().parse().unwrap()),
    })
}

fn claims(aud: Value, client_id: Value, token_use: Value) -> [(&'static str, Value); 3] {
    [("aud", aud), ("client_id", client_id), ("token_use", token_use)]
}

#[tokio::test]
async fn m15_an_access_token_of_cognito_signs_in_where_the_deployment_says_client_id() {
    let world = World::start().await;
    let access = || claims(json!(null), json!(CLIENT), json!("access"));
    assert_eq!(verdict(&by_client_id(&world), &world, access()).await, "User");
    let by_aud = authenticator(Kind::Bearer, &world);
    assert_eq!(verdict(&by_aud, &world, access()).await, "Audience");
}

/// Somebody sends a token that was made for another purpose or for another client of the same user
/// pool: an ID token, which pages and logs see, or the access token of a client of their own.
#[tokio::test]
async fn m2_no_other_token_of_the_user_pool_signs_in_where_the_deployment_says_client_id() {
    let world = World::start().await;
    let by_client_id = by_client_id(&world);
    let (none, us, other) = (json!(null), json!(CLIENT), json!("another-client"));
    for (aud, client_id, token_use) in [
        (&us, &none, json!("id")),
        (&us, &none, json!("access")),
        (&us, &none, none.clone()),
        (&none, &us, json!("id")),
        (&none, &us, none.clone()),
        (&none, &us, json!("Access")),
        (&none, &us, json!(["access"])),
        (&none, &other, json!("access")),
        (&us, &other, json!("access")),
        (&none, &json!([CLIENT]), json!("access")),
        (&none, &json!(""), json!("access")),
        (&none, &none, json!("access")),
    ] {
        let sent = claims(aud.clone(), client_id.clone(), token_use);
        let shown = format!("{sent:?}");
        assert_eq!(verdict(&by_client_id, &world, sent).await, "Audience", "{shown}");
    }
}
