//! The steps of a client and of who clicks on its page, at the real handlers.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    model::{Browser, FlowId, Person},
    replay::{Replay, Seen, Tried, refused},
};

/// For whom clients' access tokens are.
pub(crate) const AUDIENCE: &str = "https://agents.example/mcp";

impl Replay {
    /// A client asks for what needs a consent, with an access token of `person`.
    pub(crate) async fn ask_by_client(&mut self, person: Person) -> Tried {
        let running = &self.world.running;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let sub = if person == Person::Alice { "alice" } else { "bob" };
        let token = development_key::sign_jwt(&json!({
            "iss": running.issuer, "aud": AUDIENCE, "sub": sub, "iat": now, "exp": now + 600,
        }));
        let address = running.addresses.application.join("/mcp").expect("an address");
        // No two are the same call.
        let input = json!({ "visibility": "all", "page": self.flows.len() + 1 });
        let params = json!({ "name": "github_list_repositories", "arguments": input });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let request = reqwest::Client::new().post(address).bearer_auth(token).json(&call);
        let request = request.header("accept", "application/json, text/event-stream");
        let answer = request.send().await.expect("an answer");
        let answer: Value = answer.json().await.expect("JSON");
        let text = answer["result"]["content"][0]["text"].as_str().expect("a text");
        let link = text.split_whitespace().find(|word| word.starts_with("http"));
        self.flows.push(Seen::new(person, link.expect("a link")));
        Tried::Done
    }

    /// Opens the page of the client's link in `browser`, and clicks.
    pub(crate) async fn continue_in(&mut self, browser: Browser, flow: FlowId) -> Tried {
        let person = &self.browsers[&browser];
        let page = person.open(self.flows[flow].link.as_str()).await;
        if !page.status.is_success() {
            return refused(&page);
        }
        let sealed = tests::parameter(&self.flows[flow].link, "flow").expect("a sealed flow");
        let click =
            person.request(Method::POST, "/consent").header("sec-fetch-site", "same-origin");
        let click = click.json(&json!({ "flow": sealed, "choice": "continue" }));
        let answer = click.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
        let cookies = answer.headers().get_all("set-cookie").iter().cloned();
        let cookies: Vec<String> =
            cookies.filter_map(|it| it.to_str().ok().map(str::to_owned)).collect();
        let carried = cookies.iter().find_map(|it| {
            let (name, value) = it.split(';').next()?.split_once('=')?;
            (name.starts_with("flow-") && !value.is_empty()).then_some((name, value))
        });
        let (name, value) = carried.expect("a cookie");
        let told: Value = answer.json().await.expect("JSON");
        let location = told["location"].as_str().expect("an address");
        let seen = &mut self.flows[flow];
        let mut link = seen.link.clone();
        link.set_query(Some(&format!("flow={value}")));
        seen.continued.insert(browser, link);
        seen.cookie_name = Some(name.to_owned());
        seen.authorization = Some(location.parse().expect("an address"));
        Tried::Done
    }
}
