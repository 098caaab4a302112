//! Connections that end before the answer.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use reqwest::Method;

use super::*;

/// The first `broken` requests of this method end their connection.
fn breaks(carol: &Connected, method: &Method, broken: usize) {
    let (method, so_far) = (method.clone(), AtomicUsize::new(0));
    carol.proxies.github.rule(move |seen| {
        let is_broken = seen.method == method && so_far.fetch_add(1, SeqCst) < broken;
        if is_broken { Fate::NeverArrives } else { Fate::Arrives }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_get_whose_connection_ended_is_sent_once_more_and_no_third_time() {
    let carol = Connected::new("octo-carol").await;
    for (broken, sent, words) in [(1, 2, "By a ghost"), (9, 2, "can't be reached")] {
        let before = carol.proxies.github.count(&Method::GET, "/issues");
        breaks(&carol, &Method::GET, broken);
        assert_says(&carol.say("What are the issues of octo-carol/bare?").await, words);
        assert_eq!(carol.proxies.github.count(&Method::GET, "/issues") - before, sent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_post_whose_connection_ended_is_not_sent_again() {
    let carol = Connected::new("octo-carol").await;
    let asked = carol.say("create an issue in octo-carol/bare: Hello").await;
    breaks(&carol, &Method::POST, 1);
    assert_says(&carol.approve(&asked).await, "not known whether");
    assert_eq!(carol.proxies.github.count(&Method::POST, ""), 1);
}
