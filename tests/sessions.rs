//! A user's conversations: listed, read and deleted by them and nobody else (M12).

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{Browser, Setup, Workload, World};

async fn ask(browser: &Browser, method: Method, path: &str) -> (StatusCode, Value) {
    let request = browser.request(method, path).header("sec-fetch-site", "same-origin");
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    let text = answer.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

async fn get(browser: &Browser, path: &str) -> Value {
    let (status, answer) = ask(browser, Method::GET, path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    answer
}

fn ids(list: &Value) -> Vec<&str> {
    let sessions = list["sessions"].as_array().expect("a list");
    sessions.iter().filter_map(|it| it["sessionId"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_conversations_are_listed_newest_first_in_pages() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    assert_eq!(get(&alice, "/sessions").await, json!({ "sessions": [], "next": null }));
    for (session, words) in
        [("a", "Hello!"), ("b", "Hi \u{1F331}\n there"), ("c", "One"), ("a", "Two")]
    {
        let (status, _) = alice.say(session, words).await;
        assert_eq!(status, StatusCode::OK);
    }
    world.ask(&alice, "waits").await;
    let list = get(&alice, "/sessions").await;
    assert_eq!((ids(&list), &list["next"]), (vec!["waits", "a", "c", "b"], &Value::Null));
    let titles = list["sessions"].as_array().expect("a list").iter().map(|it| &it["title"]);
    let first =
        ["Which repositories do I have, private ones too?", "Hello!", "One", "Hi \u{1F331} there"];
    assert_eq!(titles.collect::<Vec<_>>(), first, "each is called by its first words");
    assert_eq!(ask(&alice, Method::DELETE, "/sessions/waits").await.0, StatusCode::NO_CONTENT);
    let first = get(&alice, "/sessions?limit=2").await;
    assert_eq!(ids(&first), ["a", "c"]);
    let next = first["next"].as_str().expect("a next page");
    assert_eq!(ids(&get(&alice, &format!("/sessions?limit=2&page={next}")).await), ["b"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_a_conversation_is_shown_with_the_tools_that_were_used() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    world.ask(&alice, "s").await;
    let waiting = get(&alice, "/sessions/s").await;
    let input = json!({ "visibility": "all" });
    let tool =
        |status| json!([{ "name": "github_list_repositories", "input": input, "status": status }]);
    assert_eq!(waiting["waiting"], true);
    assert_eq!(waiting["messages"][1]["tools"], tool("waiting"));

    world.connect(&alice, "s", "octo-alice").await;
    let (status, answer) = alice.go_on("s").await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let done = get(&alice, "/sessions/s").await;
    let first =
        json!({ "role": "user", "text": "Which repositories do I have, private ones too?" });
    assert_eq!((&done["waiting"], &done["earlier"]), (&json!(false), &Value::Null));
    assert_eq!(done["messages"][0], first);
    let messages = done["messages"].as_array().expect("messages");
    let last = messages.last().expect("an answer");
    assert_eq!((&last["role"], &last["text"]), (&json!("assistant"), &answer["message"]));
    assert!(messages.iter().any(|message| message["tools"] == tool("success")), "{done}");
    assert_eq!(get(&alice, "/sessions/s?before=1").await["messages"], json!([first]));
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_another_users_conversation_is_not_found_and_not_deleted() {
    let world = World::in_process().await;
    let (alice, bob) = (world.browser_of("alice").await, world.browser_of("bob").await);
    alice.say("s", "Hello!").await;
    for path in ["/sessions/s", "/sessions/other", "/sessions/..%2Falice%2Fs", "/sessions/"] {
        for method in [Method::GET, Method::DELETE] {
            let (status, answer) = ask(&bob, method.clone(), path).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{method} {path}: {answer}");
        }
    }
    assert_eq!(ids(&get(&bob, "/sessions").await), [""; 0]);
    assert_eq!(ids(&get(&alice, "/sessions").await), ["s"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_a_deleted_conversation_is_gone() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    alice.say("s", "a secret").await;
    assert!(world.everything_saved().await.contains("a secret"));
    let (status, answer) = ask(&alice, Method::DELETE, "/sessions/s").await;
    assert_eq!((status, answer), (StatusCode::NO_CONTENT, json!("")));
    assert!(!world.everything_saved().await.contains("a secret"));
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(ask(&alice, method, "/sessions/s").await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_another_sites_page_can_not_delete_a_conversation() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    alice.say("s", "Hello!").await;
    let request = || alice.request(Method::DELETE, "/sessions/s");
    let foreign = [
        request().header("sec-fetch-site", "cross-site"),
        request().header("sec-fetch-site", "same-site"),
        request().header("origin", "https://evil.example"),
    ];
    for request in foreign {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(ids(&get(&alice, "/sessions").await), ["s"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_a_malformed_parameter_is_named_in_the_refusal() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    alice.say("s", "Hello!").await;
    let cases = [
        ("/sessions?limit=0", "limit"),
        ("/sessions?limit=101", "limit"),
        ("/sessions?limit=x", "limit"),
        ("/sessions?page=x", "page"),
        ("/sessions/s?before=-1", "before"),
    ];
    for (path, field) in cases {
        let (status, answer) = ask(&alice, Method::GET, path).await;
        assert_eq!((status, &answer["field"]), (StatusCode::BAD_REQUEST, &json!(field)), "{path}");
    }
    let (status, _) = ask(&alice, Method::POST, "/sessions").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    let (status, answer) = alice.say("s", &"long ".repeat(40_000)).await;
    assert_eq!((status, &answer["field"]), (StatusCode::BAD_REQUEST, &json!("message")));
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_the_interface_describes_them() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    let document = get(&alice, "/openapi.json").await;
    assert!(document["paths"]["/sessions"]["get"].is_object());
    assert!(document["paths"]["/sessions/{sessionId}"]["get"].is_object());
    assert!(document["paths"]["/sessions/{sessionId}"]["delete"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_fifty_messages_at_once_are_all_answered_and_kept() {
    let world = World::with(Setup::default().with("MAX_TURNS_PER_USER", "50")).await;
    let alice = world.browser_of("alice").await;
    let say = (0..50).map(|n| {
        let alice = alice.clone();
        tokio::spawn(async move { alice.say("s", &format!("message {n}")).await })
    });
    let said: Vec<_> = say.collect();
    for answer in said {
        let (status, answer) = answer.await.expect("an answer");
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    let kept = get(&alice, "/sessions/s").await;
    let messages = kept["messages"].as_array().expect("messages");
    let roles: Vec<_> = messages.iter().map(|message| message["role"].as_str()).collect();
    assert_eq!(roles, [Some("user"), Some("assistant")].repeat(50));
    let mut texts: Vec<_> = messages.iter().step_by(2).map(|it| it["text"].to_string()).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 50, "every message is there once");
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_a_turn_that_can_not_be_saved_is_given_back_and_marked() {
    let world = World::in_process().await;
    let alice = world.browser_of("alice").await;
    world.lose_storage();
    let (status, answer) = alice.say("s", "Hello!").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{answer}");
    assert_eq!(answer["code"], "turn_not_saved");
    let said = answer["unsaved"]["message"].as_str().expect("what was said");
    assert!(said.contains("scripted model"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_the_model_sees_the_newest_turns_that_fit_and_the_conversation_keeps_all() {
    let world = World::in_process().await;
    let mut variables = Workload::variables(&world);
    variables.insert("MAX_CONTEXT_TOKENS".to_owned(), "3000".to_owned());
    let workload = Workload::start(&variables).await;
    // The scripted model says how many messages of the user it sees.
    let mut seen = Vec::new();
    for n in 1..=30 {
        let answer = workload.say("s", &format!("message {n}")).await.expect("an answer");
        let text = answer["message"].as_str().expect("what was said").to_owned();
        let (_, number) = text.split_once("This is message ").expect("a number");
        seen.push(number.split(' ').next().and_then(|it| it.parse::<usize>().ok()).expect("one"));
    }
    assert_eq!(seen[..3], [1, 2, 3]);
    assert!(seen.iter().all(|it| *it < 20) && seen[29] > 4, "{seen:?}");
    assert_eq!(workload.said("s").await.len(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_a_conversation_that_is_long_enough_for_segments_is_shown_whole_and_deleted_whole() {
    let setup = Setup::default().with("MAX_CONTEXT_TOKENS", "20000");
    let (world, proxies) = World::proxied(setup).await;
    let alice = world.browser_of("alice").await;
    let long = "long ".repeat(2_850);
    for n in 0..24 {
        let (_, answer) = alice.say("s", &format!("message {n} {long}")).await;
        assert_eq!(answer["status"], "completed", "{n}: {answer}");
    }
    let paths = || proxies.s3.seen().into_iter().filter(|seen| seen.method == Method::PUT);
    assert!(paths().any(|seen| seen.path.contains("/.segments/s/")), "none was sealed");
    assert_eq!(ids(&get(&alice, "/sessions").await), ["s"]);

    let (mut path, mut said) = ("/sessions/s".to_owned(), Vec::new());
    loop {
        let page = get(&alice, &path).await;
        let messages = page["messages"].as_array().expect("messages").iter();
        let users = messages.filter(|message| message["role"] == "user");
        let texts: Vec<String> = users.map(|user| user["text"].to_string()).collect();
        said.splice(0..0, texts);
        let Some(earlier) = page["earlier"].as_u64() else { break };
        path = format!("/sessions/s?before={earlier}");
    }
    let right = |(n, text): (usize, &String)| text.starts_with(&format!("\"message {n} long"));
    assert!(said.len() == 24 && said.iter().enumerate().all(right), "{}", said.len());

    assert_eq!(ask(&alice, Method::DELETE, "/sessions/s").await.0, StatusCode::NO_CONTENT);
    let deleted = proxies.s3.seen().into_iter().filter(|seen| seen.method == Method::DELETE);
    assert!(deleted.count() > 1, "its segments are deleted, too");
    assert_eq!(ask(&alice, Method::GET, "/sessions/s").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_a_turn_costs_one_get_and_one_put_a_round_of_calls_a_get_more_and_a_round_of_changes_a_put_more()
 {
    let (world, proxies) = World::proxied(Setup::default().with("CONFIRM_ACTIONS", "off")).await;
    let alice = world.browser_of("alice").await;
    world.connect(&alice, "s", "octo-alice").await;
    alice.go_on("s").await;
    for (message, expected) in [
        ("Hello!", vec![Method::GET, Method::PUT]),
        // Whether the user has disconnected the provider meanwhile is read before each use of a token.
        (
            "Which repositories do I have, private ones too?",
            vec![Method::GET, Method::GET, Method::PUT],
        ),
        (
            "Please create an issue in octo-alice/garden: Water it",
            vec![Method::GET, Method::GET, Method::PUT, Method::GET, Method::PUT],
        ),
    ] {
        let before = proxies.s3.seen().len();
        let (status, answer) = alice.say("s", message).await;
        assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("completed")), "{answer}");
        let seen: Vec<Method> = proxies.s3.seen().drain(before..).map(|it| it.method).collect();
        assert_eq!(seen, expected, "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_conversations_are_kept_between_runs_unless_one_starts_fresh() {
    let world = World::in_process().await;
    world.browser_of("alice").await.say("s", "Hello!").await;
    let world = world.again(false).await;
    assert_eq!(ids(&get(&world.browser_of("alice").await, "/sessions").await), ["s"]);
    let world = world.again(true).await;
    assert!(ids(&get(&world.browser_of("alice").await, "/sessions").await).is_empty());
}
