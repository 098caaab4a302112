//! What GitHub says no to after an approval, with its reason.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use reqwest::Method;

use super::*;

const CREATE: &str = "create an issue in octo-carol/bare: Hello";

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_refusal_is_told_with_its_cause_and_in_githubs_words() {
    let carol = Connected::new("octo-carol").await;
    let errors = json!([{ "resource": "Issue", "field": "title", "code": "invalid" }]);
    for (status, body, plain, words) in [
        (
            410,
            json!({ "message": "Issues are disabled for this repo" }),
            "switched off",
            "disabled",
        ),
        (403, json!({ "message": "Repository was archived so is read-only." }), "archived", "was"),
        (403, json!({ "message": "Blocked" }), "has blocked the user", "Blocked"),
        (
            422,
            json!({ "message": "Validation Failed", "errors": errors }),
            "does not accept",
            "Validation Failed; title invalid",
        ),
        (451, json!({ "message": "Repository access blocked" }), "closed", "access blocked"),
        (400, json!({ "message": "Problems parsing JSON" }), "status 400", "Problems parsing"),
    ] {
        carol.proxies.github.rule(|_| Fate::Arrives);
        let asked = carol.say(CREATE).await;
        carol.proxies.github.rule(move |seen| match seen.method == Method::POST {
            true => answered(status, &[("x-accepted-oauth-scopes", "repo")], &body),
            false => Fate::Arrives,
        });
        let told = carol.approve(&asked).await;
        assert_says(&told, plain);
        let quoted = told["message"].as_str().and_then(|it| it.split_once("GitHub says: \""));
        assert!(quoted.is_some_and(|(_, quoted)| quoted.contains(words)), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_user_whom_the_owner_has_blocked_is_told_so() {
    let carol = Connected::new("octo-carol").await;
    let asked = carol.say("create an issue in octo-bob/boat: Hello").await;
    assert_says(&carol.approve(&asked).await, "has blocked the user");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_secondary_limit_without_a_header_is_a_limit_and_no_lack_of_rights() {
    let carol = Connected::new("octo-carol").await;
    let text = "You have exceeded a secondary rate limit and have been temporarily blocked from \
                content creation.";
    let accepted = ("x-accepted-oauth-scopes", "admin:org");
    for (status, header, wait) in [
        (403, None, ""),
        (429, None, ""),
        (403, Some(("retry-after", "60")), "Try again in 60 seconds."),
    ] {
        let headers: Vec<_> = [accepted].into_iter().chain(header).collect();
        let body = json!({ "message": text });
        carol.proxies.github.rule(move |_| answered(status, &headers, &body));
        let told = carol.say("What are the issues of octo-carol/bare?").await;
        assert_says(&told, &format!("GitHub's rate limit is reached. {wait}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_an_approved_action_is_never_sent_to_where_github_redirects_it() {
    let carol = Connected::new("octo-carol").await;
    let asked = carol.say(CREATE).await;
    let is_renamed = Arc::new(AtomicBool::new(false));
    // It is renamed after the user has approved: the look before still saw the old name.
    carol.proxies.github.rule(move |seen| {
        if seen.method == Method::POST {
            is_renamed.store(true, SeqCst);
            let location = ("location", "/repositories/2013/issues");
            return answered(307, &[location], &json!({ "message": "Temporary Redirect" }));
        }
        match is_repository(seen) && is_renamed.load(SeqCst) {
            true => answered(200, &[], &json!({ "full_name": "octo-carol/barren" })),
            false => Fate::Arrives,
        }
    });
    let told = carol.approve(&asked).await;
    assert_says(&told, "is called \"octo-carol/barren\" now");
    assert_eq!(carol.proxies.github.count(&Method::POST, ""), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_comment_on_an_issue_that_was_transferred_after_the_approval_is_not_called_renamed() {
    let alice = Connected::new("octo-alice").await;
    let asked = alice.say("comment on issue 1 of octo-alice/weather-station: Dry").await;
    alice.proxies.github.rule(|seen| match seen.method == Method::POST {
        true => {
            let location = ("location", "/repositories/2001/issues/1/comments");
            answered(307, &[location], &json!({ "message": "Temporary Redirect" }))
        }
        false => Fate::Arrives,
    });
    let told = alice.approve(&asked).await;
    assert_says(&told, "The issue was transferred to another repository.");
    assert_eq!(alice.proxies.github.count(&Method::POST, ""), 1);
}

/// What a token was shown a moment ago needs no wider one: the owner has another reason to say no.
#[tokio::test(flavor = "multi_thread")]
async fn m11_a_refusal_of_an_approved_action_leads_to_no_wider_consent() {
    let (world, proxies) = World::proxied(Setup::default()).await;
    let alice = world.browser_of("alice").await;
    let asked = ok(alice.say(SESSION, "create an issue in octo-alice/garden: Water")).await;
    assert_eq!(asked["interrupts"][0]["scopes"], json!(["public_repo", "read:user"]), "{asked}");
    world.consent(&alice, &asked, "octo-alice").await;
    let asked = ok(alice.go_on(SESSION)).await;
    proxies.github.rule(|seen| match seen.method == Method::POST {
        true => Fate::Answered(
            StatusCode::FORBIDDEN,
            vec![("x-oauth-scopes", "public_repo, read:user"), ("x-accepted-oauth-scopes", "repo")],
            json!({ "message": "No." }).to_string(),
        ),
        false => Fate::Arrives,
    });
    let resume = json!([{ "interruptId": asked["interrupts"][0]["id"], "status": "resolved" }]);
    let told = ok(alice.invoke(&json!({ "sessionId": SESSION, "resume": resume }))).await;
    assert_says(&told, "GitHub says: \"No.\"");
}
