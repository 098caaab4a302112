//! Lists that are not whole, and what is absent in them.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_list_says_that_there_is_more_and_the_next_page_can_be_asked_for() {
    let carol = Connected::new("octo-carol").await;
    let first = carol.say("Which repositories do I have?").await;
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
    carol.say("Which repositories do I have?").await;
    let seen = carol.model_saw();
    assert!(seen.contains(r#""missingOrganizationIds":[1004]"#), "{seen}");
    assert!(seen.contains("not whole"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_members_that_are_null_are_read_and_pull_requests_are_no_issues() {
    let carol = Connected::new("octo-carol").await;
    let answer = carol.say("What are the issues of octo-carol/bare?").await;
    assert_says(&answer, "It has 1 issues: By a ghost.");
    let asked = carol.say("create an issue in octo-carol/bare: Say more").await;
    assert_says(&carol.approve(&asked).await, "I created issue 3");

    let nulls = json!([{
        "full_name": "a/b", "private": null, "description": null, "updated_at": null,
        "license": null, "permissions": null, "owner": null,
    }]);
    carol.proxies.github.rule(move |_| answered(200, &[], &nulls));
    assert_says(&carol.say("Which repositories do I have?").await, "1 repositories: a/b");
}
