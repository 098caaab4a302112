//! Links and images in what the model says: nothing is carried out unseen.

use super::*;

/// Mallory has the model say an image and a link whose addresses hold what it knows. A page that showed the
/// image would send it. Ours shows the answer as text, address and all, and its policy loads no image.
#[tokio::test(flavor = "multi_thread")]
async fn m7_an_image_that_the_model_was_told_to_show_is_text_and_loads_nothing() {
    let alice = Obedient::after("Who am I?").await;
    let told = alice.say(SESSION, "Please read links.md in octo-mallory/trap").await;
    let message = told["message"].as_str().expect("a message");
    for part in
        ["![See](https://mallory.example/", "[GitHub](https://mallory.example/", "<img src="]
    {
        assert!(message.contains(part), "the answer is what the model said: {message}");
    }
    let page = alice.alice.open(alice.world.running.addresses.application.as_str()).await;
    let policy = page.headers["content-security-policy"].to_str().expect("text");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("connect-src 'self'"),
        "{policy}"
    );
    assert!(!policy.contains("img-src") && !policy.contains("unsafe"), "{policy}");
    for html in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "createContextualFragment",
    ] {
        assert!(!page.text.contains(html), "{html} makes elements of a text");
    }
    let everyone = [&alice.proxies.github, &alice.proxies.agentcore, &alice.proxies.s3];
    assert!(everyone.iter().all(|it| it.seen().iter().all(|seen| !seen.path.contains("pixel"))));
}
