//! Links and images in what the model says: nothing is carried out unseen.

use std::collections::BTreeMap;

use reqwest::Method;
use tests::Browser;

use super::*;

/// Mallory has the model say an image and a link whose addresses hold what it knows. A page that showed the
/// image would send it. Ours makes links of both, which show their addresses, and its policy loads no image.
#[tokio::test(flavor = "multi_thread")]
async fn m7_an_image_that_the_model_was_told_to_show_loads_nothing() {
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
    for (file, script) in scripts(&alice.alice, &page.text).await {
        for html in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "createContextualFragment",
        ] {
            assert!(!script.contains(html), "{file}: {html} makes elements of a text");
        }
    }
    let everyone = [&alice.proxies.github, &alice.proxies.agentcore, &alice.proxies.s3];
    assert!(everyone.iter().all(|it| it.seen().iter().all(|seen| !seen.path.contains("pixel"))));
}

/// The scripts of a page, by address: the one that it names, and all that these import.
async fn scripts(browser: &Browser, page: &str) -> BTreeMap<String, String> {
    let named = page.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(".js"));
    let mut open = vec![named.expect("a script").to_owned()];
    let mut scripts = BTreeMap::new();
    while let Some(file) = open.pop() {
        let answer = browser.request(Method::GET, &file).send().await.expect("an answer");
        let script = answer.text().await.expect("a script");
        let (folder, _) = file.rsplit_once('/').expect("a folder");
        let imports = script.split("from \"./").skip(1).filter_map(|rest| rest.split('"').next());
        let imports = imports.map(|name| format!("{folder}/{name}"));
        open.extend(imports.filter(|it| !scripts.contains_key(it)));
        scripts.insert(file, script);
    }
    assert!(scripts.len() > 5, "{:?}", scripts.keys());
    scripts
}
