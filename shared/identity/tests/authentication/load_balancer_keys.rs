//! The load balancer's keys: fetched once, kept, renewed, and out of an attacker's reach.

use std::{sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use identity_vectors::{Answer, KEY_ID, Kind, SigningKey};
use serde_json::json;
use tokio::{sync::Semaphore, time::Instant};

use crate::world::Desk;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

fn path(kid: &str) -> String {
    format!("/alb/{kid}")
}

/// A key id without a key, each time another one.
fn unknown(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

#[tokio::test]
async fn a_thousand_requests_at_once_make_one_fetch() {
    let desk = Desk::new(Kind::Alb).await;
    let gate = Arc::new(Semaphore::new(0));
    let gated = Answer::Gated(Arc::clone(&gate), SigningKey::LoadBalancer.pem());
    desk.world.server().put(&path(KEY_ID), gated);

    let requests = join_all((0..1000).map(|_| desk.after(0)));
    let release = async {
        desk.world.server().until_asked(&path(KEY_ID), 1).await;
        gate.add_permits(1000);
    };
    let (verdicts, ()) = join(requests, release).await;
    assert!(verdicts.iter().all(|verdict| verdict == "User"));
    assert_eq!(desk.world.server().asked_in_all(), 1);
}

#[tokio::test]
async fn a_fetch_goes_on_when_its_first_caller_leaves() {
    let desk = Desk::new(Kind::Alb).await;
    let gate = Arc::new(Semaphore::new(0));
    let gated = Answer::Gated(Arc::clone(&gate), SigningKey::LoadBalancer.pem());
    desk.world.server().put(&path(KEY_ID), gated);

    let server = desk.world.server();
    let (who_leaves, key) = (desk.after(0), path(KEY_ID));
    tokio::select! {
        verdict = who_leaves => panic!("nothing was to be answered yet: {verdict}"),
        () = server.until_asked(&key, 1) => {}
    }
    gate.add_permits(1);
    assert_eq!(desk.after(0).await, "User");
    assert_eq!(server.asked_in_all(), 1);
}

#[tokio::test]
async fn a_key_is_kept_and_asked_for_again_every_fifteen_minutes() {
    let desk = Desk::new(Kind::Alb).await;
    for (seconds, asked) in [(0, 1), (14 * MINUTE, 1), (15 * MINUTE, 2), (29 * MINUTE, 2)] {
        assert_eq!(desk.after(seconds).await, "User");
        assert_eq!(desk.world.server().asked_in_all(), asked, "after {seconds} s");
    }
}

#[tokio::test]
async fn a_key_that_was_taken_back_is_not_believed_for_longer_than_fifteen_minutes() {
    let desk = Desk::new(Kind::Alb).await;
    assert_eq!(desk.after(0).await, "User");
    desk.world.server().put(&path(KEY_ID), Answer::Status(404));
    assert_eq!(desk.after(15 * MINUTE - 1).await, "User");
    assert_eq!(desk.after(15 * MINUTE).await, "UnknownKey");
    assert_eq!(desk.after(15 * MINUTE + 1).await, "UnknownKey");
}

/// A bucket or a proxy that was locked answers 403 for every key; with ours dropped, everybody
/// would be signed out. For a key that was never there it means what S3 means by it.
#[tokio::test]
async fn a_403_of_the_key_server_keeps_proven_keys() {
    let desk = Desk::new(Kind::Alb).await;
    assert_eq!(desk.after(0).await, "User");
    desk.world.server().put(&path(KEY_ID), Answer::Status(403));
    desk.world.server().put(&path(&unknown(0)), Answer::Status(403));
    assert_eq!(desk.after(15 * MINUTE).await, "User");
    assert_eq!(desk.world.server().asked(&path(KEY_ID)), 2);
    assert_eq!(desk.of_key(&unknown(0), 15 * MINUTE).await, "UnknownKey");
    assert_eq!(desk.after(12 * HOUR - 1).await, "User");
    assert_eq!(desk.after(12 * HOUR + 10).await, "Unavailable");
}

#[tokio::test]
async fn while_the_key_server_is_down_a_known_key_works_for_twelve_hours() {
    let desk = Desk::new(Kind::Alb).await;
    assert_eq!(desk.after(0).await, "User");
    desk.world.server().put(&path(KEY_ID), Answer::Status(503));
    assert_eq!(desk.after(HOUR).await, "User");
    assert_eq!(desk.after(12 * HOUR - 1).await, "User");
    assert_eq!(desk.after(12 * HOUR + 10).await, "Unavailable");

    let pem = SigningKey::LoadBalancer.pem();
    desk.world.server().put(&path(KEY_ID), Answer::Document(pem));
    assert_eq!(desk.after(12 * HOUR + 20).await, "User");
}

#[tokio::test]
async fn a_key_server_that_is_down_is_asked_every_five_seconds_at_most() {
    let desk = Desk::new(Kind::Alb).await;
    desk.world.server().put(&path(KEY_ID), Answer::Status(500));
    for (seconds, asked) in [(0, 1), (1, 1), (4, 1), (5, 2), (9, 2), (10, 3)] {
        assert_eq!(desk.after(seconds).await, "Unavailable");
        assert_eq!(desk.world.server().asked_in_all(), asked, "after {seconds} s");
    }
}

#[tokio::test]
async fn only_a_p256_key_from_its_own_address_is_accepted() {
    let desk = Desk::new(Kind::Alb).await;
    let elsewhere = format!("{}{}", desk.world.server().address(), path("elsewhere"));
    let key = SigningKey::LoadBalancer.pem();
    desk.world.server().put(&path("elsewhere"), Answer::Document(key.clone()));
    let certificate = key.replace("PUBLIC KEY", "CERTIFICATE");
    let cut = key.replace("-----END", "-----");
    for (number, (answer, verdict)) in [
        (Answer::Status(404), "UnknownKey"),
        (Answer::Status(403), "UnknownKey"),
        (Answer::Status(429), "Unavailable"),
        (Answer::Status(500), "Unavailable"),
        (Answer::Status(204), "Unavailable"),
        (Answer::Redirect(elsewhere), "Unavailable"),
        (Answer::Endless, "Unavailable"),
        (Answer::Document(String::new()), "Unavailable"),
        (Answer::Document("{}".to_owned()), "Unavailable"),
        (Answer::Document(cut), "Unavailable"),
        (Answer::Document(certificate), "Unavailable"),
        (Answer::Document(SigningKey::P384.pem()), "Unavailable"),
        (Answer::Document(SigningKey::Rsa.pem()), "Unavailable"),
        (Answer::Document(SigningKey::Ed25519.pem()), "Unavailable"),
        (Answer::Document(key), "User"),
    ]
    .into_iter()
    .enumerate()
    {
        let kid = unknown(number);
        desk.world.server().put(&path(&kid), answer.clone());
        let seconds = 60 * u64::try_from(number).unwrap();
        assert_eq!(desk.of_key(&kid, seconds).await, verdict, "{answer:?}");
    }
    assert_eq!(desk.world.server().asked(&path("elsewhere")), 0);
}

/// The clock is stopped, so that the patience of three seconds ends at once.
#[tokio::test(start_paused = true)]
async fn a_key_server_that_never_answers_times_out() {
    let desk = Desk::new(Kind::Alb).await;
    desk.world.server().put(&path(KEY_ID), Answer::Silence);
    assert_eq!(desk.after(0).await, "Unavailable");
}

/// Each byte comes in good time, and all of them too late.
#[tokio::test(start_paused = true)]
async fn a_key_server_that_drips_times_out_after_three_seconds() {
    for (pause, verdict) in [(10, "User"), (1000, "Unavailable")] {
        let (desk, begun) = (Desk::new(Kind::Alb).await, Instant::now());
        let pem = SigningKey::LoadBalancer.pem();
        let drip = Answer::Drip(Duration::from_millis(pause), pem);
        desk.world.server().put(&path(KEY_ID), drip);
        assert_eq!(desk.after(0).await, verdict, "a byte every {pause} ms");
        assert_eq!(desk.world.server().asked_in_all(), 1);
        let waited = begun.elapsed().as_secs_f64();
        assert!((1.5..3.1).contains(&waited), "waited for {waited} s");
    }
}

#[tokio::test]
async fn an_unreachable_key_server_gives_503() {
    let mut desk = Desk::new(Kind::Alb).await;
    let token = desk.request(&json!({}), None);
    desk.world.stop();
    assert_eq!(desk.of_request(&token, 0).await, "Unavailable");
}

#[tokio::test]
async fn made_up_key_ids_make_ten_fetches_in_five_seconds_and_no_more() {
    let desk = Desk::new(Kind::Alb).await;
    for number in 0..100 {
        let verdict = desk.of_key(&unknown(number), 0).await;
        assert_eq!(verdict, if number < 10 { "UnknownKey" } else { "Unavailable" });
    }
    assert_eq!(desk.world.server().asked_in_all(), 10);
    assert_eq!(desk.of_key(&unknown(100), 4).await, "Unavailable");
    assert_eq!(desk.of_key(&unknown(101), 5).await, "UnknownKey");
    assert_eq!(desk.world.server().asked_in_all(), 11);
}

#[tokio::test]
async fn a_flood_of_made_up_key_ids_does_not_keep_the_known_key_from_working_or_renewal() {
    let desk = Desk::new(Kind::Alb).await;
    assert_eq!(desk.after(0).await, "User");
    let flood = |from: usize| join_all((from..from + 200).map(|n| async move { unknown(n) }));
    for kid in flood(0).await {
        desk.of_key(&kid, 15 * MINUTE).await;
    }
    assert_eq!(desk.after(15 * MINUTE).await, "User");
    assert_eq!(desk.world.server().asked(&path(KEY_ID)), 2);
}

#[tokio::test]
async fn a_new_key_that_was_refused_in_a_flood_works_as_soon_as_it_is_over() {
    let desk = Desk::new(Kind::Alb).await;
    for number in 0..50 {
        desk.of_key(&unknown(number), 0).await;
    }
    assert_eq!(desk.after(0).await, "Unavailable");
    assert_eq!(desk.after(5).await, "User");
}

/// Other customers' keys are published at the same place: their ids can be named by anybody, and
/// the key server answers. They must not push ours out.
#[tokio::test]
async fn other_customers_published_keys_never_take_the_place_of_ours() {
    let desk = Desk::new(Kind::Alb).await;
    assert_eq!(desk.after(0).await, "User");
    for number in 0..100 {
        let kid = unknown(number);
        let foreign = Answer::Document(SigningKey::OtherLoadBalancer.pem());
        desk.world.server().put(&path(&kid), foreign);
        let seconds = u64::try_from(number).unwrap();
        assert_eq!(desk.of_key(&kid, seconds).await, "Signature");
    }
    assert_eq!(desk.after(100).await, "User");
    assert_eq!(desk.world.server().asked(&path(KEY_ID)), 1);
}

#[tokio::test]
async fn a_clock_that_is_put_back_does_not_prolong_a_key() {
    let desk = Desk::new(Kind::Alb).await;
    assert_eq!(desk.after(HOUR).await, "User");
    desk.world.server().put(&path(KEY_ID), Answer::Status(404));
    assert_eq!(desk.after(HOUR - 1).await, "User");
    assert_eq!(desk.after(0).await, "UnknownKey");
}
