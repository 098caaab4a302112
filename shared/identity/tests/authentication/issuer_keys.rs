//! The issuer's keys: found by discovery, changed without a restart, and out of an attacker's reach.

use std::{sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use identity_vectors::{
    Answer, DISCOVERY_PATH, ENTRA_KEYS_PATH, KEYS_PATH, KeyServer, Kind, SigningKey,
};
use serde_json::{Value, json};
use tokio::{sync::Semaphore, time::Instant};

use crate::world::Desk;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

fn key_set(kid: &str, key: SigningKey) -> String {
    let mut jwk = key.jwk();
    jwk["kid"] = kid.into();
    json!({ "keys": [jwk] }).to_string()
}

/// From now on the issuer signs with another key, and says so.
fn rotate(desk: &Desk, kid: &str, key: SigningKey) {
    desk.world.server().put(KEYS_PATH, Answer::Document(key_set(kid, key)));
}

async fn of_new_key(desk: &Desk, seconds: u64) -> String {
    let request = desk.request(&json!({ "kid": "new" }), Some("other-load-balancer"));
    desk.of_request(&request, seconds).await
}

#[tokio::test]
async fn m15_the_user_of_a_bearer_token_comes_with_the_token_that_proved_it() {
    let desk = Desk::new(Kind::Bearer).await;
    let user = desk.user().await;
    assert_eq!((user.id().as_str(), user.name()), ("alice", Some("Alice Example")));
    let token = user.token().unwrap();
    assert_eq!(token.expose().split('.').count(), 3);
    assert!(!format!("{user:?}").contains(token.expose()));

    let desk = Desk::new(Kind::Alb).await;
    assert!(desk.user().await.token().is_none());
}

#[tokio::test]
async fn a_thousand_requests_at_once_make_one_discovery_and_one_fetch() {
    let desk = Desk::new(Kind::Bearer).await;
    let gate = Arc::new(Semaphore::new(0));
    let keys = key_set("p256", SigningKey::P256);
    desk.world.server().put(KEYS_PATH, Answer::Gated(Arc::clone(&gate), keys));
    let release = async {
        desk.world.server().until_asked(KEYS_PATH, 1).await;
        gate.add_permits(1000);
    };
    let (verdicts, ()) = join(join_all((0..1000).map(|_| desk.after(0))), release).await;
    assert!(verdicts.iter().all(|verdict| verdict == "User"));
    assert_eq!(desk.world.server().asked_in_all(), 2);
}

#[tokio::test]
async fn new_keys_are_believed_and_old_ones_are_not_without_a_restart() {
    let desk = Desk::new(Kind::Bearer).await;
    assert_eq!(desk.after(0).await, "User");
    rotate(&desk, "new", SigningKey::OtherLoadBalancer);
    assert_eq!(of_new_key(&desk, MINUTE).await, "User");
    assert_eq!(desk.after(MINUTE).await, "UnknownKey");
}

#[tokio::test]
async fn a_key_that_was_taken_back_is_not_believed_for_longer_than_fifteen_minutes() {
    let desk = Desk::new(Kind::Bearer).await;
    assert_eq!(desk.after(0).await, "User");
    rotate(&desk, "new", SigningKey::OtherLoadBalancer);
    assert_eq!(desk.after(15 * MINUTE - 1).await, "User");
    assert_eq!(desk.after(15 * MINUTE).await, "UnknownKey");
}

#[tokio::test]
async fn concurrent_requests_with_a_new_key_share_one_fetch() {
    let desk = Desk::new(Kind::Bearer).await;
    assert_eq!(desk.after(0).await, "User");
    let gate = Arc::new(Semaphore::new(0));
    let keys = key_set("new", SigningKey::OtherLoadBalancer);
    desk.world.server().put(KEYS_PATH, Answer::Gated(Arc::clone(&gate), keys));
    let release = async {
        desk.world.server().until_asked(KEYS_PATH, 2).await;
        gate.add_permits(1000);
    };
    let requests = join_all((0..100).map(|_| of_new_key(&desk, MINUTE)));
    let (verdicts, ()) = join(requests, release).await;
    assert!(verdicts.iter().all(|verdict| verdict == "User"), "{verdicts:?}");
    assert_eq!(desk.world.server().asked(KEYS_PATH), 2);
}

#[tokio::test]
async fn made_up_key_ids_make_one_fetch_a_minute_and_no_more() {
    let desk = Desk::new(Kind::Bearer).await;
    assert_eq!(desk.after(0).await, "User");
    for second in 1..130 {
        let kid = format!("made-up-{second}");
        let verdict = match second % MINUTE {
            0 => "UnknownKey".to_owned(),
            since => format!("In {} s", MINUTE - since),
        };
        assert_eq!(desk.of_key(&kid, second).await, verdict);
    }
    assert_eq!(desk.world.server().asked(KEYS_PATH), 3);
}

/// An attacker who sends made-up ids keeps the issuer from being asked for the rest of the minute.
#[tokio::test]
async fn a_key_that_the_issuer_publishes_is_never_refused_and_known_after_one_wait() {
    let desk = Desk::new(Kind::Bearer).await;
    assert_eq!(desk.after(0).await, "User");
    assert_eq!(desk.of_key("made-up", MINUTE).await, "UnknownKey");
    rotate(&desk, "new", SigningKey::OtherLoadBalancer);
    assert_eq!(of_new_key(&desk, MINUTE + 1).await, "In 59 s");
    assert_eq!(desk.of_key("made-up", MINUTE + 2).await, "In 58 s");
    assert_eq!(of_new_key(&desk, MINUTE + 1 + 59).await, "User");
    assert_eq!(desk.world.server().asked(KEYS_PATH), 3);
}

/// The issuer is already asked when the token comes, and what it is about to answer may be from before
/// its new key.
#[tokio::test]
async fn an_answer_that_was_asked_for_before_the_token_came_refuses_no_key() {
    let desk = Desk::new(Kind::Bearer).await;
    assert_eq!(desk.after(0).await, "User");
    let gate = Arc::new(Semaphore::new(0));
    let old = key_set("p256", SigningKey::P256);
    desk.world.server().put(KEYS_PATH, Answer::Gated(Arc::clone(&gate), old));
    let later = async {
        desk.world.server().until_asked(KEYS_PATH, 2).await;
        rotate(&desk, "new", SigningKey::OtherLoadBalancer);
        let verdict = of_new_key(&desk, MINUTE + 1);
        join(verdict, async { gate.add_permits(1) }).await.0
    };
    let (made_up, later) = join(desk.of_key("made-up", MINUTE), later).await;
    assert_eq!((made_up.as_str(), later.as_str()), ("UnknownKey", "In 59 s"));
    assert_eq!(of_new_key(&desk, 2 * MINUTE).await, "User");
}

/// The key may be any: it is the issuer's only one for the algorithm, before and after.
#[tokio::test]
async fn a_token_that_names_no_key_is_verified_if_one_key_alone_can() {
    let desk = Desk::new(Kind::Bearer).await;
    let set = |keys: &[(&str, SigningKey)]| {
        let jwks = keys.iter().map(|(kid, key)| {
            let mut jwk = key.jwk();
            if !kid.is_empty() {
                jwk["kid"] = (*kid).into();
            }
            jwk
        });
        Answer::Document(json!({ "keys": jwks.collect::<Vec<_>>() }).to_string())
    };
    let (own, other) = (SigningKey::P256, SigningKey::OtherLoadBalancer);
    let unnamed = desk.unnamed(None);
    for (number, (keys, verdict)) in [
        (vec![("p256", own), ("rsa", SigningKey::Rsa)], "User"),
        (vec![("", own)], "User"),
        (vec![("p256", own), ("other", other)], "KeyId"),
        (vec![("other", other)], "Signature"),
        (vec![("rsa", SigningKey::Rsa)], "Algorithm"),
    ]
    .into_iter()
    .enumerate()
    {
        desk.world.server().put(KEYS_PATH, set(&keys));
        let seconds = 20 * MINUTE * u64::try_from(number).unwrap();
        assert_eq!(desk.of_request(&unnamed, seconds).await, verdict, "{keys:?}");
    }
    // The issuer's next key is in no name either.
    desk.world.server().put(KEYS_PATH, set(&[("", own)]));
    assert_eq!(desk.of_request(&unnamed, 80 * MINUTE + 1).await, "In 59 s");
    assert_eq!(desk.of_request(&unnamed, 81 * MINUTE).await, "User");
}

#[tokio::test]
async fn while_the_issuer_is_down_its_keys_work_for_twelve_hours_and_new_ones_can_not_be_decided() {
    let desk = Desk::new(Kind::Bearer).await;
    assert_eq!(desk.after(0).await, "User");
    desk.world.server().put(DISCOVERY_PATH, Answer::Status(503));
    assert_eq!(of_new_key(&desk, HOUR).await, "Unavailable");
    assert_eq!(of_new_key(&desk, HOUR + 1).await, "Unavailable");
    assert_eq!(desk.after(HOUR + 2).await, "User");
    assert_eq!(desk.after(12 * HOUR - 1).await, "User");
    assert_eq!(desk.after(12 * HOUR).await, "Unavailable");
}

#[tokio::test]
async fn an_issuer_that_is_down_is_asked_every_five_seconds_at_most() {
    let desk = Desk::new(Kind::Bearer).await;
    desk.world.server().put(KEYS_PATH, Answer::Status(500));
    for (seconds, asked) in [(0, 1), (1, 1), (4, 1), (5, 2), (10, 3)] {
        assert_eq!(desk.after(seconds).await, "Unavailable");
        assert_eq!(desk.world.server().asked(KEYS_PATH), asked, "after {seconds} s");
    }
}

#[tokio::test]
async fn an_unusable_key_set_gives_503_not_401() {
    let desk = Desk::new(Kind::Bearer).await;
    let redirect = format!("{}{ENTRA_KEYS_PATH}", desk.world.server().address());
    let answers = [
        Answer::Status(404),
        Answer::Status(403),
        Answer::Redirect(redirect),
        Answer::Endless,
        Answer::Document(String::new()),
        Answer::Document("[]".to_owned()),
        Answer::Document(r#"{"keys":[]}"#.to_owned()),
        Answer::Document(r#"{"keys":[{"kid":"p256","kty":"oct","k":"AAAA"}]}"#.to_owned()),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        desk.world.server().put(KEYS_PATH, answer.clone());
        let seconds = 10 * u64::try_from(number).unwrap();
        assert_eq!(desk.after(seconds).await, "Unavailable", "{answer:?}");
    }
}

/// An attacker who writes another issuer's discovery document must not become our issuer by it, and
/// one who listens on the network must not be asked for keys.
#[tokio::test]
async fn a_discovery_document_of_another_issuer_or_of_keys_in_the_open_is_not_followed() {
    let desk = Desk::new(Kind::Bearer).await;
    let good = desk.world.discovery_document();
    let changed = |name: &str, value: Value| {
        let mut document = good.clone();
        document[name] = value;
        document.to_string()
    };
    let in_the_open = KeyServer::start().await;
    let keys = key_set("p256", SigningKey::P256);
    in_the_open.put(KEYS_PATH, Answer::Document(keys));
    let documents = [
        changed("jwks_uri", format!("{}{KEYS_PATH}", in_the_open.address()).into()),
        changed("issuer", "https://issuer.example".into()),
        changed("issuer", format!("{}/", desk.world.issuer()).into()),
        changed("issuer", Value::Null),
        changed("jwks_uri", "http://keys.example/keys".into()),
        changed("jwks_uri", "http://127.0.0.1:1/keys".into()),
        changed("jwks_uri", "file:///etc/passwd".into()),
        changed("jwks_uri", KEYS_PATH.into()),
        changed("jwks_uri", Value::Null),
        "<html>".to_owned(),
    ];
    for (number, document) in documents.into_iter().enumerate() {
        desk.world.server().put(DISCOVERY_PATH, Answer::Document(document.clone()));
        let seconds = 10 * u64::try_from(number).unwrap();
        assert_eq!(desk.after(seconds).await, "Unavailable", "{document}");
    }
    assert_eq!(desk.world.server().asked(KEYS_PATH) + in_the_open.asked_in_all(), 0);
    desk.world.server().put(DISCOVERY_PATH, Answer::Document(good.to_string()));
    assert_eq!(desk.after(1000).await, "User");
}

#[tokio::test]
async fn a_configured_key_set_address_is_the_only_one_fetched() {
    let desk = Desk::new(Kind::Entra).await;
    assert_eq!(desk.after(0).await, "User");
    assert_eq!(desk.world.server().asked(ENTRA_KEYS_PATH), 1);
    assert_eq!(desk.world.server().asked_in_all(), 1);
}

/// The clock is stopped, so that the patience of three seconds ends at once.
#[tokio::test(start_paused = true)]
async fn an_issuer_that_never_answers_times_out() {
    let desk = Desk::new(Kind::Bearer).await;
    desk.world.server().put(DISCOVERY_PATH, Answer::Silence);
    assert_eq!(desk.after(0).await, "Unavailable");
}

/// Each byte comes in good time, and all of them too late.
#[tokio::test(start_paused = true)]
async fn an_issuer_that_drips_times_out_after_three_seconds() {
    let keys = key_set("p256", SigningKey::P256);
    let document = |desk: &Desk| desk.world.discovery_document().to_string();
    for (path, pause, verdict) in [
        (KEYS_PATH, 10, "User"),
        (KEYS_PATH, 1000, "Unavailable"),
        (DISCOVERY_PATH, 5, "User"),
        (DISCOVERY_PATH, 1000, "Unavailable"),
    ] {
        let (desk, begun) = (Desk::new(Kind::Bearer).await, Instant::now());
        let whole = if path == KEYS_PATH { keys.clone() } else { document(&desk) };
        desk.world.server().put(KEYS_PATH, Answer::Document(keys.clone()));
        desk.world.server().put(path, Answer::Drip(Duration::from_millis(pause), whole));
        assert_eq!(desk.after(0).await, verdict, "{path}, a byte every {pause} ms");
        assert_eq!(desk.world.server().asked(path), 1);
        let waited = begun.elapsed().as_secs_f64();
        assert!((1.5..3.1).contains(&waited), "waited for {waited} s");
    }
}
