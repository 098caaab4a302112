//! A browser carries three open flows at most (M8).

use std::time::Duration;

use reqwest::StatusCode;
use tests::{Browser, Setup, Time, Visit, World, flow::assert_refused};

/// What a firewall looks at: AWS WAF, "Oversize web request components".
const LOOKED_AT: usize = 8 * 1024;

fn flows(browser: &Browser) -> Vec<String> {
    let cookies = browser.cookies();
    cookies.split("; ").filter(|it| it.starts_with("flow-")).map(str::to_owned).collect()
}

/// Alice asks in as many conversations, follows each link, and does not consent yet.
async fn open(world: &World, alice: &Browser, time: &Time, sessions: &[&str]) -> Vec<Visit> {
    let mut consents = Vec::new();
    for session in sessions {
        consents.push(alice.open(&world.ask(alice, session).await).await);
        time.let_pass(Duration::from_secs(1));
    }
    consents
}

async fn world() -> (World, Time) {
    let time = Time::default();
    let world = World::with(Setup { clock: time.clock(), ..Setup::default() }).await;
    (world, time)
}

#[tokio::test(flavor = "multi_thread")]
async fn m8_the_fourth_open_consent_of_a_browser_closes_the_oldest_and_the_others_go_on() {
    let (world, time) = world().await;
    let alice = world.browser_of("alice").await;
    let consents = open(&world, &alice, &time, &["one", "two", "three", "four"]).await;
    assert_eq!(flows(&alice).len(), 3);
    let bytes = alice.cookies().len();
    assert!(bytes < LOOKED_AT, "the Cookie header has {bytes} bytes");
    println!("four consents open: the Cookie header has {bytes} bytes");

    let closed = alice.consent(&consents[0], "octo-alice").await;
    assert_refused(&closed, "no_flow", StatusCode::FORBIDDEN);
    assert!(closed.text.contains("This request is no longer open"), "{}", closed.text);
    for consent in &consents[1..] {
        let page = alice.consent(consent, "octo-alice").await;
        assert_eq!(page.parameter("result").as_deref(), Some("connected"), "{:?}", page.way);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_cookies_planted_in_alices_browser_close_none_of_her_flows_and_are_removed() {
    let (world, time) = world().await;
    let alice = world.browser_of("alice").await;
    let consents = open(&world, &alice, &time, &["one", "two"]).await;
    let (name, sealed) = flows(&alice)[0]
        .split_once('=')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("a cookie");
    for planted in ["flow-0000000000000000=garbage", "flow-1111111111111111=", "flow-x=y"] {
        alice.add_cookie(planted);
    }
    // A flow of hers under another name would count twice.
    alice.add_cookie(&format!("flow-2222222222222222={sealed}"));
    let third = open(&world, &alice, &time, &["three"]).await;
    let left = flows(&alice);
    assert_eq!(
        left.len(),
        4,
        "three flows, and a cookie that is not called as flows are: {left:?}"
    );
    assert!(left.iter().any(|it| it.starts_with(&name)) && left.contains(&"flow-x=y".to_owned()));
    for consent in consents.iter().chain(&third) {
        let page = alice.consent(consent, "octo-alice").await;
        assert_eq!(page.parameter("result").as_deref(), Some("connected"), "{:?}", page.way);
    }
}
