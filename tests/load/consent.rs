//! A user follows the link to consent, consents, and ends on the page after consent.

use reqwest::{Method, header};
use serde_json::Value;
use tests::{Form, parameter};
use url::Url;

use github_local::crowd;

use crate::person::Person;

const MAX_STEPS: usize = 20;

/// Follows the link of `interrupt`. Returns whether the page after consent said that it is connected.
pub(crate) async fn consent(person: &mut Person, interrupt: &Value) -> bool {
    let link = interrupt["url"].as_str().and_then(|it| Url::parse(it).ok()).expect("a link");
    let is_connected = visit(person, link).await;
    match &is_connected {
        Some(result) => person.site.counts.one(format!("page after consent: {result}")),
        None => person.site.counts.one("consents that came to no end"),
    }
    let is_connected =
        is_connected.is_some_and(|it| it == "connected" || it == "already_connected");
    if is_connected {
        person.bound.insert(interrupt["scopes"].to_string());
    }
    is_connected
}

/// The result that the page after consent names, if the browser comes to it.
async fn visit(person: &mut Person, link: Url) -> Option<String> {
    let mut here = link;
    let mut form: Option<Form> = None;
    let mut result = None;
    for _ in 0..MAX_STEPS {
        let method = if form.is_some() { Method::POST } else { Method::GET };
        let mut request = person.site.request(method, &here, &person.subject());
        if person.site.has(&here) {
            request = request.header(header::COOKIE, person.cookie());
        }
        if let Some(form) = form.take() {
            request = request.form(&form.fields);
        }
        let request = request.header("sec-fetch-mode", "navigate");
        let answer = request.header("sec-fetch-dest", "document").send().await.ok()?;
        if person.site.has(&here) {
            person.keep_cookies(&answer);
        }
        let status = answer.status();
        if status.is_redirection() {
            let next = answer.headers().get(header::LOCATION)?.to_str().ok()?;
            here = here.join(next).ok()?;
            result = parameter(&here, "result").or(result);
            continue;
        }
        let text = answer.text().await.ok()?;
        if person.site.has(&here) || !status.is_success() {
            person.look_for_foreign(&text);
            // What the address says is so only if the page has been shown.
            return result.filter(|_| status.as_u16() != 502);
        }
        let page = Form::in_page(&text).with("account", &crowd::login(person.number));
        here = here.join(&page.action).ok()?;
        form = Some(page);
    }
    None
}
