//! Attacks on the consent that a client asks for: a forwarded link, a client of an attacker's, a signed-in
//! victim, a flow that nobody has continued (M9).

use reqwest::{Method, StatusCode};
use serde_json::json;
use tests::{
    flow::{assert_nothing_bound, assert_refused},
    parameter,
};
use url::Url;

use super::client::{Door, Kind, click, clicked};

const BINDING: &str = "/oauth2/session-binding";
const LIST: &str = "github_list_repositories";

fn is_binding(address: &Url) -> bool {
    address.path() == BINDING
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_link_of_mallorys_client_shows_alice_nothing_and_binds_nothing() {
    let door = Door::open().await;
    let (alice, mallory) =
        (door.world.browser_of("alice").await, door.world.browser_of("mallory").await);
    let client = door.client(Kind::WithLinks, "mallory").await;
    let link = client.link(LIST, &json!({})).await;
    let page = alice.open(&link).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("not yours") && !page.text.contains("Test client"), "{}", page.text);
    // Nor can her browser be made to continue it.
    let own = mallory.open(&link).await;
    let forwarded = clicked(&alice, &own, "continue").header("sec-fetch-site", "same-origin");
    assert_eq!(forwarded.send().await.expect("an answer").status(), StatusCode::CONFLICT);
    let flow = parameter(&Url::parse(&link).expect("an address"), "flow").expect("a flow");
    let bare = alice.request(Method::POST, "/consent").header("sec-fetch-site", "same-origin");
    let bare = bare.json(&json!({ "flow": flow, "choice": "continue" })).send().await;
    assert_eq!(bare.expect("an answer").status(), StatusCode::FORBIDDEN);
    assert_nothing_bound(&alice).await;
    assert_nothing_bound(&mallory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_login_csrf_does_not_continue_a_clients_flow() {
    let door = Door::open().await;
    let victim = door.world.browser_of("alice").await;
    let client = door.client(Kind::WithLinks, "mallory").await;
    let link = client.link(LIST, &json!({})).await;
    door.world.sign_in_over(&victim, "mallory").await;
    // The page says whose it is, and goes nowhere by itself.
    let page = victim.open(&link).await;
    assert_eq!((page.status, page.way.len()), (StatusCode::OK, 1));
    assert!(page.text.contains("Signed in as <b>Mallory"), "{}", page.text);
    let cookies = page.headers.get_all("set-cookie").iter();
    assert!(!cookies.filter_map(|it| it.to_str().ok()).any(|it| it.contains("flow-")));
    // And no other page can send the click.
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let foreign = clicked(&victim, &page, "continue").header(name, value);
        assert_eq!(foreign.send().await.expect("an answer").status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_flow_that_nobody_has_continued_is_refused_by_the_binder() {
    let door = Door::open().await;
    let alice = door.world.browser_of("alice").await;
    let client = door.client(Kind::WithLinks, "alice").await;
    let link = client.link(LIST, &json!({})).await;
    let page = alice.open(&link).await;
    let (_, _, told) = click(&alice, &page, "continue").await;
    let provider = alice.open(told["location"].as_str().expect("an address")).await;
    let back = alice.consent_until(&provider, "octo-alice", is_binding).await;
    // In place of the flow that the click has sealed, the one that the client was given.
    let carried = alice.cookie("flow-");
    let name = carried.split('=').next().expect("a name");
    let asked = parameter(&Url::parse(&link).expect("an address"), "flow").expect("a flow");
    alice.add_cookie(&format!("{name}={asked}"));
    let ended = alice.open(back.address().as_str()).await;
    assert_refused(&ended, "not_continued", StatusCode::FORBIDDEN);
    assert_nothing_bound(&alice).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_continued_flow_is_finished_in_its_browser_alone() {
    let door = Door::open().await;
    let (desk, cafe) = (door.world.browser_of("alice").await, door.world.browser_of("alice").await);
    let client = door.client(Kind::WithLinks, "alice").await;
    let page = desk.open(&client.link(LIST, &json!({})).await).await;
    let (_, _, told) = click(&desk, &page, "continue").await;
    let provider = desk.open(told["location"].as_str().expect("an address")).await;
    let back = desk.consent_until(&provider, "octo-alice", is_binding).await;
    assert_refused(&cafe.open(back.address().as_str()).await, "no_flow", StatusCode::FORBIDDEN);
    cafe.add_cookie(&desk.cookie("flow-"));
    let ended = cafe.open(back.address().as_str()).await;
    assert_refused(&ended, "another_browser", StatusCode::FORBIDDEN);
    assert_nothing_bound(&desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_prefetch_does_not_even_see_what_a_client_asks_for() {
    let door = Door::open().await;
    let alice = door.world.browser_of("alice").await;
    let client = door.client(Kind::WithLinks, "alice").await;
    let link = client.link(LIST, &json!({})).await;
    let path = link.split_once("/consent").expect("a path").1;
    let request = alice.request(Method::GET, &format!("/consent{path}"));
    let answer = request.header("sec-purpose", "prefetch").send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}
