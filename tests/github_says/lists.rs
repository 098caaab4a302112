//! Lists that are not whole, and what is absent in them.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_list_says_that_there_is_more_and_the_next_page_can_be_asked_for() {
    let carol = Connected::new("octo-carol").await;
    let first = carol.say("Which repositories do I have, private ones too?").await;
    assert_says(&first, "100 repositories");
    assert!(carol.model_saw().contains(r#""more":true"#));
    let second = carol.say("And the repositories on page 2?").await;
    assert_says(&second, "8 repositories");
    assert!(carol.model_saw().contains(r#""more":false"#));
    let wrong = carol.say("And the repositories on page 101?").await;
    assert_says(&wrong, "page is 1 to 100");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_list_says_which_organizations_are_missing_until_the_user_signs_on_there() {
    let carol = Connected::new("octo-carol").await;
    carol.say("Which repositories do I have, private ones too?").await;
    let seen = carol.model_saw();
    assert!(seen.contains(r#""missingOrganizationIds":[1004]"#), "{seen}");
    assert!(seen.contains("not whole"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_members_that_are_null_are_read_and_pull_requests_are_no_issues() {
    let carol = Connected::new("octo-carol").await;
    let answer = carol.say("What are the issues of octo-carol/bare?").await;
    assert_says(&answer, "By a ghost (open, by somebody who is gone");
    assert_says(&answer, "octo-carol/bare has 1 open issue:\n\n- [#1](");
    let asked = carol.say("create an issue in octo-carol/bare: Say more").await;
    assert_says(&carol.approve(&asked).await, "I created issue 3");

    let nulls = json!([{
        "full_name": "a/b", "private": null, "description": null, "updated_at": null,
        "license": null, "permissions": null, "owner": null,
    }]);
    carol.proxies.github.rule(move |_| answered(200, &[], &nulls));
    assert_says(
        &carol.say("Which repositories do I have, private ones too?").await,
        "You have 1 repository at GitHub:\n\n- a/b",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_what_is_on_the_second_page_of_comments_commits_and_searches_is_read() {
    let carol = Connected::new("octo-carol").await;
    for (said, first, second) in [
        ("Please read issue 1 of octo-carol/sample-001", "Remark 1\n", "Remark 21\n"),
        ("Which are the commits of octo-carol/sample-001", "Take sample 25 (", "Take sample 5 ("),
        ("Please search code for needle", "samples/01.md", "samples/21.md"),
        ("Please search repositories for sample", "sample-001", "sample-021"),
    ] {
        let (one, two) = (carol.say(said).await, carol.say(&format!("{said} page 2")).await);
        assert_says(&one, first);
        assert_says(&two, second);
        let has = |told: &Value, words: &str| {
            told["message"].as_str().is_some_and(|message| message.contains(words))
        };
        assert!(!has(&one, second) && !has(&two, first), "{one} {two}");
    }
}

/// GitHub itself has much to send, or does not work, where the comments are.
#[tokio::test(flavor = "multi_thread")]
async fn m5_an_issue_whose_comments_can_not_be_had_is_shown_without_them() {
    let carol = Connected::new("octo-carol").await;
    for (status, body, words) in [
        (200, json!(["x".repeat(3 * 1024 * 1024)]), "GitHub's answer is too large."),
        (500, json!({}), "GitHub is not working at the moment."),
    ] {
        carol.proxies.github.rule(move |seen| match seen.path.ends_with("/comments") {
            true => answered(status, &[], &body),
            false => Fate::Arrives,
        });
        let told = carol.say("Please read issue 1 of octo-alice/weather-station").await;
        assert_says(&told, "It rained all night.");
        let left_out = format!(r#""commentsLeftOut":"all on this page: {words}"#);
        assert!(carol.model_saw().contains(&left_out), "{}", carol.model_saw());
    }
}

/// Mallory writes what no person sees, and a model reads: characters without a width, direction marks, tags.
#[tokio::test(flavor = "multi_thread")]
async fn m5_characters_that_nobody_sees_reach_the_model_as_their_codes() {
    let carol = Connected::new("octo-carol").await;
    let hidden = "a\u{e0041}\u{202e}\u{200b}b";
    let text = json!({
        "title": hidden, "body": hidden, "state": "open", "login": hidden, "name": hidden,
        "user": { "login": hidden }, "message": hidden,
    });
    for (said, end, body) in [
        ("Please read issue 1 of octo-alice/weather-station", "/issues/1", text.clone()),
        ("Please read issue 1 of octo-alice/weather-station", "/comments", json!([text])),
        ("What are the issues of octo-alice/garden?", "/issues", json!([text])),
        ("Who am I?", "/user", text.clone()),
    ] {
        carol.proxies.github.rule(move |seen| match seen.path.ends_with(end) {
            true => answered(200, &[], &body),
            false => Fate::Arrives,
        });
        carol.say(said).await;
        assert!(carol.model_saw().contains("a⟨U+E0041⟩⟨U+202E⟩⟨U+200B⟩b"), "{said}");
        assert!(!carol.model_saw().contains(['\u{e0041}', '\u{202e}', '\u{200b}']), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_only_a_search_asks_for_the_words_that_it_has_found() {
    let carol = Connected::new("octo-carol").await;
    for said in [
        "Which repositories do I have?",
        "What are the issues of octo-carol/bare?",
        "Which are the commits of octo-alice/garden?",
        "Please search code for needle",
    ] {
        carol.say(said).await;
    }
    let asks = |seen: &Seen| {
        let accept = seen.headers.get("accept").and_then(|it| it.to_str().ok());
        accept.is_some_and(|it| it.contains("text-match"))
    };
    let seen = carol.proxies.github.seen();
    assert!(seen.iter().all(|seen| asks(seen) == seen.path.starts_with("/search/")), "{seen:?}");
    assert!(seen.iter().any(asks));
}
