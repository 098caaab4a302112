//! Models that take less than others (M4): every family gets what it takes, and says what it can't do.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{Browser, Proxies, Setup, World};

const SESSION: &str = "families";
const REPOSITORIES: &str = "Which repositories do I have, private ones too?";
const NO_TOOLS: &str = "This model can't use tools";

async fn ok(answer: impl Future<Output = (StatusCode, Value)>) -> Value {
    let (status, answer) = answer.await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["status"], "completed", "{answer}");
    answer
}

#[track_caller]
fn assert_says(answer: &Value, words: &str) {
    assert!(answer["message"].as_str().is_some_and(|it| it.contains(words)), "{answer}");
}

async fn with_model(id: &str) -> (World, Proxies, Browser) {
    let (world, proxies) = World::proxied(Setup::default().with("MODEL_ID", id)).await;
    let alice = world.browser_of("alice").await;
    (world, proxies, alice)
}

/// The requests to the model so far.
fn asked(proxies: &Proxies) -> Vec<Value> {
    let read = |text: &str| serde_json::from_str(text).expect("JSON");
    proxies
        .bedrock
        .seen()
        .iter()
        .filter(|it| !it.body.is_empty())
        .map(|it| read(&it.body))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_family_gets_the_parts_that_it_takes_by_id_profile_or_arn() {
    let claude = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let profile = format!("arn:aws:bedrock:eu-west-1:111122223333:inference-profile/{claude}");
    let own = "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/a1b2c3d4e5f6";
    for (id, takes_keywords, takes_status, cache_points) in [
        (claude, true, true, (true, true)),
        (&profile, true, true, (true, true)),
        ("eu.amazon.nova-pro-v1:0", false, true, (true, false)),
        ("openai.gpt-oss-120b-1:0", false, false, (false, false)),
        (own, false, false, (false, false)),
    ] {
        let (world, proxies, alice) = with_model(id).await;
        world.connect(&alice, SESSION, "octo-alice").await;
        let answer = ok(alice.go_on(SESSION)).await;
        assert_says(&answer, "octo-alice/diary");

        let path = format!("/model/{}/converse-stream", id.replace(':', "%3A").replace('/', "%2F"));
        let seen = proxies.bedrock.seen();
        let mut paths = seen.iter().filter(|it| !it.body.is_empty()).map(|it| it.path.as_str());
        assert!(paths.all(|it| it == path), "{id}: {:?}", seen.last());
        let last = asked(&proxies).pop().expect("a request");
        let tools = last["toolConfig"]["tools"].as_array().expect("tools");
        let mut tools = tools.iter().map(|tool| &tool["toolSpec"]);
        let tool = tools.find(|tool| tool["name"] == "github_create_issue").expect("the tool");
        let schema = &tool["inputSchema"]["json"];
        assert_eq!(schema["type"], "object", "{last}");
        assert_eq!(schema.get("additionalProperties").is_some(), takes_keywords, "{id}: {schema}");
        let point = last["system"].get(1).map(|it| &it["cachePoint"]["type"]);
        let (after_system, after_tools) = cache_points;
        assert_eq!(point, after_system.then_some(&json!("default")), "{id}: {last}");
        let end = last["toolConfig"]["tools"].as_array().and_then(|tools| tools.last());
        let point = end.and_then(|it| it.pointer("/cachePoint/type"));
        assert_eq!(point, after_tools.then_some(&json!("default")), "{id}: {last}");
        let mut results = last["messages"].as_array().expect("messages").iter();
        let result = results.find_map(|it| it["content"][0].get("toolResult")).expect("a result");
        assert_eq!(result.get("status").is_some(), takes_status, "{id}: {result}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_tokens_of_a_prompt_that_is_kept_count_as_input() {
    let mut used = Vec::new();
    for id in ["eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "openai.gpt-oss-120b-1:0"] {
        let (_world, _, alice) = with_model(id).await;
        let answer = ok(alice.say(SESSION, "Hello")).await;
        used.push(answer["usage"]["inputTokens"].as_u64().expect("a number"));
    }
    // The script counts what was said alone; Bedrock counts what it keeps apart.
    assert!(used[0] > used[1] + 50, "{used:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_failure_is_told_in_words_where_no_status_is_taken() {
    let (world, proxies, alice) = with_model("openai.gpt-oss-120b-1:0").await;
    world.connect(&alice, "consent", "octo-alice").await;
    ok(alice.go_on("consent")).await;
    let answer = ok(alice.say(SESSION, "List the issues of octo-alice/nothing")).await;
    assert_says(&answer, "I could not do that");
    let last = asked(&proxies).pop().expect("a request");
    assert!(last["messages"].to_string().contains("\"Error: "), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_model_without_tools_gets_none_and_says_so_once() {
    for id in ["deepseek.r1-v1:0", "us.meta.llama4-scout-17b-instruct-v1:0"] {
        let (_world, proxies, alice) = with_model(id).await;
        let answer = ok(alice.say(SESSION, REPOSITORIES)).await;
        assert_says(&answer, "This is message 1 of yours");
        assert_says(&answer, NO_TOOLS);
        let again = ok(alice.say(SESSION, REPOSITORIES)).await;
        assert_says(&again, "This is message 2 of yours");
        assert!(!again["message"].to_string().contains(NO_TOOLS), "{again}");
        for request in asked(&proxies) {
            assert_eq!(request.get("toolConfig"), None, "{request}");
            assert!(request["system"][0]["text"].to_string().contains("no tools"), "{request}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_model_without_a_system_prompt_reads_it_before_the_first_message() {
    let (_world, proxies, alice) = with_model("mistral.mistral-7b-instruct-v0:2").await;
    ok(alice.say(SESSION, "Hello")).await;
    ok(alice.say(SESSION, "And again")).await;
    for request in asked(&proxies) {
        assert_eq!(request.get("system"), None, "{request}");
        let first = &request["messages"][0];
        assert_eq!(
            (&first["role"], &first["content"][1]),
            (&json!("user"), &json!({ "text": "Hello" }))
        );
        assert!(first["content"][0]["text"].to_string().contains("no tools"), "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_conversation_with_tools_goes_on_with_a_model_without() {
    let (mut world, _, alice) = with_model("eu.amazon.nova-pro-v1:0").await;
    world.connect(&alice, SESSION, "octo-alice").await;
    ok(alice.go_on(SESSION)).await;
    drop(alice);
    let (model, proxy) = ("deepseek.r1-v1:0", tests::Proxy::new().await);
    let origin = proxy.address.as_str().trim_end_matches('/').to_owned();
    for (name, value) in [("MODEL_ID", model), ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &origin)] {
        world.variables.insert(name.to_owned(), value.to_owned());
    }
    world.variables.retain(|name, _| name != "GITHUB_API_URL" && name != "AWS_ENDPOINT_URL_S3");
    world.variables.remove("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE");
    let world = world.again(false).await;
    proxy.lead_to(&world.running.addresses.bedrock);
    let alice = world.browser_of("alice").await;
    let answer = ok(alice.say(SESSION, "Thank you")).await;
    assert_says(&answer, NO_TOOLS);
    let last: Value =
        serde_json::from_str(&proxy.seen().pop().expect("a request").body).expect("JSON");
    let messages = last["messages"].to_string();
    let called = r#"[The tool github_list_repositories was called with {\"visibility\":\"all\"}.]"#;
    assert!(messages.contains(called), "{last}");
    assert!(messages.contains("[The tool returned: ") && messages.contains("octo-alice/diary"));
    assert!(!messages.contains("toolUse") && !messages.contains("toolResult"), "{last}");
}
