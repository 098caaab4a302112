//! A browser: keeps cookies, follows redirects one by one, says that a person navigates.

use std::sync::Arc;

use local::parts::Addresses;
use reqwest::{
    Client, ClientBuilder, Method, RequestBuilder, StatusCode,
    cookie::{CookieStore, Jar},
    header::HeaderMap,
    redirect::Policy,
};
use serde_json::{Value, json};
use url::Url;

use crate::{described::Document, form::Form};

const MAX_REDIRECTS: usize = 20;

/// Someone's browser.
#[derive(Debug, Clone)]
pub struct Browser {
    client: Client,
    jar: Arc<Jar>,
    addresses: Addresses,
}

/// Where a navigation ended.
#[derive(Debug)]
pub struct Visit {
    /// Every address on the way, the last one included.
    pub way: Vec<Url>,
    /// The last answer's status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub text: String,
}

impl Visit {
    /// The address that the browser now shows.
    ///
    /// # Panics
    /// Never: a visit begins somewhere.
    #[must_use]
    pub fn address(&self) -> &Url {
        self.way.last().expect("a visit begins somewhere")
    }

    /// A parameter of the address's query.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        parameter(self.address(), name)
    }

    /// The fingerprint of the flow that the browser came back from, as the audit trail has it: the
    /// beginning of the session URI's SHA-256.
    ///
    /// # Panics
    /// When it came back from none.
    #[must_use]
    pub fn flow(&self) -> String {
        let session = self.way.iter().find_map(|at| parameter(at, "session_id")).expect("a flow");
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, session.as_bytes());
        hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A parameter of an address's query.
#[must_use]
pub fn parameter(address: &Url, name: &str) -> Option<String> {
    address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

impl Browser {
    /// A browser without any cookie, on top of `client`.
    ///
    /// # Panics
    /// When the HTTP client can't be made.
    #[must_use]
    pub fn new(client: ClientBuilder, addresses: &Addresses) -> Self {
        let jar = Arc::new(Jar::default());
        let client = client.cookie_provider(Arc::clone(&jar)).redirect(Policy::none());
        let client = client.build().expect("a client");
        Self { client, jar, addresses: addresses.clone() }
    }

    /// Opens `address` as a person does, and follows it to the end.
    pub async fn open(&self, address: &str) -> Visit {
        self.navigate(self.client.get(address), address, |_| true).await
    }

    /// As [`open`](Self::open), but stops before it asks for the first address that `stop` names.
    pub async fn open_until(&self, address: &str, stop: impl Fn(&Url) -> bool) -> Visit {
        self.navigate(self.client.get(address), address, |next| !stop(next)).await
    }

    /// Sends the form that `visit` shows.
    pub async fn submit(&self, visit: &Visit, form: Form) -> Visit {
        self.submit_until(visit, form, |_| false).await
    }

    /// As [`submit`](Self::submit), but stops before the address that `stop` names is asked for.
    pub async fn submit_until(
        &self,
        visit: &Visit,
        form: Form,
        stop: impl Fn(&Url) -> bool,
    ) -> Visit {
        let action = visit.address().join(&form.action).expect("an action");
        let request = self.client.post(action.clone()).form(&form.fields);
        self.navigate(request, action.as_str(), |next| !stop(next)).await
    }

    /// Forgets who is signed in here, and nothing else.
    pub fn sign_out(&self) {
        let gone = "AWSELBAuthSessionCookie-0=; Path=/; Max-Age=0";
        self.jar.add_cookie_str(gone, &self.addresses.application);
    }

    /// Consents at GitHub as `account` on the page that `visit` shows.
    pub async fn consent(&self, visit: &Visit, account: &str) -> Visit {
        let form = Form::in_page(&visit.text);
        self.submit(visit, form.with("account", account)).await
    }

    /// As [`consent`](Self::consent), but stops before the page that `stop` names is asked for.
    pub async fn consent_until(
        &self,
        visit: &Visit,
        account: &str,
        stop: impl Fn(&Url) -> bool,
    ) -> Visit {
        let form = Form::in_page(&visit.text);
        let form = form.with("account", account);
        self.submit_until(visit, form, stop).await
    }

    /// What the chat page's script does: one turn of the conversation `session`.
    pub async fn say(&self, session: &str, message: &str) -> (StatusCode, Value) {
        self.invoke(&json!({ "sessionId": session, "message": message })).await
    }

    /// What the chat page's script does after a consent.
    pub async fn go_on(&self, session: &str) -> (StatusCode, Value) {
        self.invoke(&json!({ "sessionId": session })).await
    }

    /// `POST /invocations` with `body`.
    pub async fn invoke(&self, body: &Value) -> (StatusCode, Value) {
        let address = self.addresses.application.join("/invocations").expect("an address");
        let request = self.client.post(address).header("sec-fetch-site", "same-origin");
        let answer = request.json(body).send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.expect("a body");
        let document = Document::of_these_services();
        document.assert_describes(("post", "/invocations"), (status, &headers), &text);
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// A request of the chat page's script without a body.
    ///
    /// # Panics
    /// When the answer is not as the OpenAPI document says.
    pub async fn ask(&self, method: Method, path: &str) -> (StatusCode, Value) {
        let name = method.as_str().to_lowercase();
        let request = self.request(method, path).header("sec-fetch-site", "same-origin");
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.expect("a body");
        let document = Document::of_these_services();
        document.assert_describes((&name, path), (status, &headers), &text);
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// The cookies that this browser sends to the application.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn cookies(&self) -> String {
        let cookies = self.jar.cookies(&self.addresses.application).expect("cookies");
        cookies.to_str().expect("readable cookies").to_owned()
    }

    /// The cookie, `name=value`, whose name begins so.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn cookie(&self, name: &str) -> String {
        let cookies = self.cookies();
        let cookie = cookies.split("; ").find(|cookie| cookie.starts_with(name));
        cookie.unwrap_or_else(|| panic!("no cookie {name} in {cookies}")).to_owned()
    }

    /// Puts a cookie, `name=value`, into this browser.
    pub fn add_cookie(&self, cookie: &str) {
        self.jar.add_cookie_str(&format!("{cookie}; Path=/"), &self.addresses.application);
    }

    /// The load balancer's session in `other` is this browser's from now on; everything else here
    /// stays.
    pub(crate) fn take_session_of(&self, other: &Self) {
        for cookie in other.cookies().split("; ").filter(|it| it.starts_with("AWSELB")) {
            self.add_cookie(cookie);
        }
    }

    /// A request of any kind, with this browser's cookies.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let address = self.addresses.application.join(path).expect("an address");
        self.client.request(method, address)
    }

    /// Fails unless an answer of the services is as the OpenAPI document says.
    #[track_caller]
    fn assert_described(&self, address: &Url, answer: (StatusCode, &HeaderMap), text: &str) {
        if address.origin() == self.addresses.application.origin() {
            let document = Document::of_these_services();
            document.assert_describes(("get", address.path()), answer, text);
        }
    }

    async fn navigate(
        &self,
        first: RequestBuilder,
        address: &str,
        goes_on: impl Fn(&Url) -> bool,
    ) -> Visit {
        let mut way = vec![Url::parse(address).expect("an address")];
        let mut request = first;
        for _ in 0..MAX_REDIRECTS {
            let person = request
                .header("sec-fetch-mode", "navigate")
                .header("sec-fetch-dest", "document")
                .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
            let answer = person.send().await.expect("an answer");
            let (status, headers) = (answer.status(), answer.headers().clone());
            let next = headers.get("location").map(|location| {
                let location = location.to_str().expect("a readable location");
                way.last().and_then(|here| here.join(location).ok()).expect("an address")
            });
            let Some(next) = next.filter(|_| status.is_redirection()) else {
                let text = answer.text().await.expect("a body");
                let here = way.last().expect("an address");
                self.assert_described(here, (status, &headers), &text);
                return Visit { way, status, headers, text };
            };
            let here = way.last().expect("an address");
            self.assert_described(here, (status, &headers), "");
            way.push(next.clone());
            if !goes_on(&next) {
                return Visit { way, status, headers, text: String::new() };
            }
            request = self.client.get(next);
        }
        panic!("too many redirects: {way:?}");
    }
}
