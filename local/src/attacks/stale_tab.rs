//! A page stays open while another person signs in in the same browser, and then acts for them.

use reqwest::Method;
use serde_json::json;

use crate::signing_in::sign_in;

use super::{
    Attack,
    checks::MARK,
    ending::{AttackError, Ending},
    people::{CAROL, MALLORY, SESSION_COOKIES},
    scene::Scene,
};

pub(super) const ATTACK: Attack = Attack {
    name: "stale-tab",
    title: "Carol writes in a tab of before mallory signed in",
    story: "Carol has left the page open at a shared computer, and mallory has signed in in another tab. The \
            page still shows her name. What she writes there would go into mallory's conversations, and \
            what she consents to into mallory's vault.",
    row: "M9",
    run: |scene| Box::pin(run(scene)),
};

async fn run(scene: &mut Scene) -> Result<Ending, AttackError> {
    let carol = scene.enter(CAROL).await?;
    let application = scene.addresses.application.clone();
    let page = scene.opens(&carol, &application, "opens the page, which is made for her").await?;
    let mark = page.text.split_once("data-mark=\"").and_then(|(_, rest)| rest.split_once('"'));
    let (mark, _) =
        mark.ok_or_else(|| AttackError::unexpected(&carol, "shown the page", &page.told()))?;
    carol.browser.forget_cookies(SESSION_COOKIES, &application);
    sign_in(&carol.browser, &application, MALLORY.name).await?;
    let mallory = scene.enter(MALLORY).await?;
    let does = "signs in in another tab of that browser";
    scene.tell(&mallory, does, "the load balancer lets mallory in".to_owned());

    // It would be mallory's.
    let conversation = scene.conversation(MALLORY);
    let body = json!({ "sessionId": conversation, "message": "Hello, this is carol." });
    let headers = [("sec-fetch-site", "same-origin"), ("x-countersign-user", mark)];
    let answer = carol.fetch_with(Method::POST, "/invocations", Some(&body), &headers).await?;
    scene.tell(&carol, "sends a message from the old tab", answer.told());
    let found = mallory.fetch(Method::GET, &format!("/sessions/{conversation}"), None).await?;
    scene.tell(&mallory, "looks for it in their conversations", found.told());
    let is_there = answer.status.is_success() || found.status.is_success();
    let gained = is_there.then(|| "Carol's message is in mallory's conversations.".to_owned());
    let code = answer.code();
    Ending::by((code == "another_user").then_some(MARK), &code, gained)
}
