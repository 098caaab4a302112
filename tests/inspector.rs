//! The inspector of `local`: what passes between the parts, on every platform, for the person at this machine
//! (M9, M14, M15, M19).

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use local::options::Platform;
use reqwest::{Client, StatusCode, header::HOST};
use serde_json::{Value, json};
use tests::Terminal;

/// The address of the inspector, as the greeting tells it.
async fn inspector(terminal: &Terminal) -> String {
    let greeting = terminal.shows("Ctrl-C stops everything").await;
    let (_, address) = greeting.split_once("hop by hop: ").expect("an address");
    address.split_whitespace().next().expect("an address").to_owned()
}

/// Every hop that is kept.
async fn hops(inspector: &str) -> Vec<Value> {
    let mut events =
        Client::new().get(format!("{inspector}/events")).send().await.expect("an answer");
    let kept = Client::new().get(format!("{inspector}/mermaid")).send().await.expect("an answer");
    let count = kept.text().await.expect("a diagram").matches("->>").count();
    let mut text = String::new();
    while text.matches("event: hop").count() < count || !text.ends_with("\n\n") {
        let more = events.chunk().await.expect("bytes").expect("more");
        text.push_str(&String::from_utf8_lossy(&more));
    }
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|json| serde_json::from_str(json).expect("a hop")).collect()
}

fn of<'a>(hops: &'a [Value], to: &str, title: &str) -> Vec<&'a Value> {
    let is_it = |hop: &&Value| {
        hop["to"] == to && hop["title"].as_str().is_some_and(|it| it.contains(title))
    };
    hops.iter().filter(is_it).collect()
}

async fn the_refusal_of_an_attack_is_seen(platform: Platform) {
    let terminal = Terminal::run(platform, &[], &[]).await;
    let inspector = inspector(&terminal).await;
    let attack = Client::new().post(format!("{inspector}/attacks/someone-elses-consent"));
    let outcome: Value =
        attack.json(&json!({})).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(outcome["stopped"], true, "{outcome:#}");

    let hops = hops(&inspector).await;
    let refused = of(&hops, "binder", "/oauth2/session-binding").into_iter();
    let refused = refused.filter(|hop| hop["audit"].to_string().contains("reason=wrong_state"));
    let [refused] = refused.collect::<Vec<_>>()[..] else { panic!("{hops:#?}") };
    assert_eq!((&refused["kind"], &refused["from"]), (&json!("refused"), &json!("load_balancer")));
    let checks = refused["checks"].as_array().expect("checks").iter();
    let checks: Vec<_> =
        checks.map(|it| (it["name"].as_str().expect("a name"), &it["passed"])).collect();
    let (yes, no) = (json!(true), json!(false));
    let expected = [
        ("identity", &yes),
        ("session", &yes),
        ("person", &yes),
        ("browser", &yes),
        ("age", &yes),
        ("state", &no),
    ];
    assert_eq!(checks, expected);
    let flow = refused["flow"].as_str().expect("a flow");
    assert!(refused["audit"][0].as_str().expect("a line").contains(&format!("flow={flow}")));
    let of_flow = |it: &&Value| it["flow"] == flow && it["to"] == "agentcore";
    assert!(hops.iter().filter(of_flow).count() > 1, "the flow is followed: {hops:#?}");
    let mut completed = of(&hops, "agentcore", "CompleteResourceTokenAuth").into_iter();
    assert!(completed.all(|it| it["flow"] != flow), "it was bound");
    for (to, title) in
        [("agent", "POST /invocations"), ("s3", "PutObject"), ("bedrock", "ConverseStream")]
    {
        assert!(!of(&hops, to, title).is_empty(), "{title} is missing");
    }
    let all = Value::from(hops).to_string();
    for part in ["request_uri:", "gho_", "eyJ", "Bearer ", "__Host-", "countersign="] {
        assert!(!all.contains(part), "{part} is told");
    }
    drop(terminal);
}

#[tokio::test(flavor = "multi_thread")]
async fn m14_the_inspector_shows_which_check_refuses_an_attack() {
    the_refusal_of_an_attack_is_seen(Platform::InProcess).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_inspector_shows_it_of_containers_too() {
    the_refusal_of_an_attack_is_seen(Platform::Container).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_the_inspector_shows_it_of_lambda_functions_too() {
    the_refusal_of_an_attack_is_seen(Platform::Lambda).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_no_other_site_reads_the_inspector_or_acts_there() {
    let terminal = Terminal::run(Platform::InProcess, &[], &[]).await;
    let inspector = inspector(&terminal).await;
    let get = |path: &str| Client::new().get(format!("{inspector}{path}"));
    let own = get("/").send().await.expect("an answer");
    assert_eq!(own.status(), StatusCode::OK);
    let policy = own.headers()["content-security-policy"].to_str().expect("a policy");
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let page = own.text().await.expect("a page");
    assert!(page.contains("stand-in") && page.contains("http://localhost:"), "{page}");
    // A name of the attacker's own that leads to this machine (DNS rebinding), and a page of their site.
    for path in ["/", "/events", "/mermaid", "/attacks"] {
        let rebound = get(path).header(HOST, "attacker.example").send().await.expect("an answer");
        assert_eq!(rebound.status(), StatusCode::FORBIDDEN, "{path}");
        let other = get(path).header("sec-fetch-site", "cross-site");
        let other = other.header("sec-fetch-mode", "cors").send().await.expect("an answer");
        assert_eq!(other.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let plain = Client::new().post(format!("{inspector}/clear")).body("{}").send().await;
    assert_eq!(plain.expect("an answer").status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test(flavor = "multi_thread")]
async fn m19_open_opens_the_application_and_the_inspector_in_a_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let (browser, opened) = (folder.path().join("xdg-open"), folder.path().join("opened"));
    let script = format!("#!/bin/sh\necho \"$1\" >> {}\n", opened.display());
    fs::write(&browser, script).expect("a script");
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).expect("a program");
    let path = folder.path().to_str().expect("a path");
    let terminal = Terminal::run(Platform::InProcess, &["--open"], &[("PATH", path)]).await;
    let inspector = inspector(&terminal).await;
    let all = || fs::read_to_string(&opened).unwrap_or_default();
    // The browser is a program of its own, which nobody waits for.
    let both = async {
        while all().lines().count() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), both).await.expect("both are opened");
    assert!(all().contains(&inspector) && all().contains("http://localhost:"), "{}", all());

    let terminal = Terminal::run(Platform::InProcess, &["--open"], &[("PATH", "/nowhere")]).await;
    terminal.shows("No browser could be opened").await;
}
