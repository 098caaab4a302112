//! What can't be done is told before anyone is asked to approve it.

use super::*;

fn creating(repository: &str) -> String {
    format!("create an issue in {repository}: Hello")
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_no_approval_is_asked_for_what_github_would_refuse() {
    let world = World::in_process().await;
    let alice = connect(&world, "octo-carol").await;
    for (repository, words) in [
        ("octo-carol/attic", "archived, so that it can only be read"),
        ("octo-carol/silence", "Issues are switched off"),
        ("octo-carol/caterpillar", "is called \"octo-carol/butterfly\" now"),
        ("smallcorp/handbook", "an owner has to approve this one"),
        ("bigcorp/handbook", "the user must authorize it for this app first"),
    ] {
        assert_says(&ok(alice.say(SESSION, &creating(repository))).await, words);
    }
    // Where nothing is in the way, in any case, the user is asked.
    let asked = ok(alice.say(SESSION, &creating("Octo-Carol/Butterfly"))).await;
    assert_eq!(asked["interrupts"][0]["reason"], "confirmation_required", "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_user_without_a_right_to_read_is_told_and_one_of_whom_nothing_is_known_is_asked() {
    let carol = Connected::new("octo-carol").await;
    for (permissions, words) in
        [(json!({ "pull": false }), Some("no right")), (json!({}), None), (Value::Null, None)]
    {
        let body = json!({ "full_name": "octo-carol/bare", "permissions": permissions });
        carol.proxies.github.rule(move |seen| match is_repository(seen) {
            true => answered(200, &[], &body),
            false => Fate::Arrives,
        });
        let answer = carol.say(&creating("octo-carol/bare")).await;
        match words {
            Some(words) => assert_says(&answer, words),
            None => assert_eq!(answer["status"], "interrupted", "{answer}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_sign_on_reaches_the_user_as_a_link_and_the_model_as_words() {
    let carol = Connected::new("octo-carol").await;
    let told = carol.say(&creating("bigcorp/handbook")).await;
    assert_says(&told, "GitHub shows this only after a single sign-on for bigcorp");
    let message = told["message"].as_str().expect("a message");
    let link = message.split_whitespace().find(|word| word.contains("/orgs/bigcorp/sso"));
    let link = link.expect("a link").to_owned();
    let request = link.split_once("authorization_request=").expect("a request").1.to_owned();
    let saw: String = carol.proxies.bedrock.seen().into_iter().map(|it| it.body).collect();
    assert!(saw.contains("single sign-on") && !saw.contains(&request), "{saw}");
    assert!(!carol.world.everything_saved().await.contains(&request));

    assert_eq!(carol.alice.open(&link).await.status, StatusCode::OK);
    let asked = carol.say(&creating("bigcorp/handbook")).await;
    assert_says(&carol.approve(&asked).await, "I created issue 1");
    let list = carol.say("Which repositories do I have, private ones too? Show page 2.").await;
    assert_says(&list, "10 repositories");
    assert!(!carol.model_saw().contains("missingOrganizationIds"));
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_no_approval_is_asked_for_a_comment_on_a_locked_issue_of_somebody_else() {
    let bob = Connected::new("octo-bob").await;
    let comment = "comment on issue 3 of octo-alice/weather-station: That way";
    assert_says(&bob.say(comment).await, "The issue is locked");
    let alice = Connected::new("octo-alice").await;
    let asked = alice.say(comment).await;
    assert_says(&alice.approve(&asked).await, "I created a comment");
}
