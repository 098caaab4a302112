//! The model's steps, done by browsers at the real handlers.
//!
//! A person who knows an address in the model uses it here, however they came by it; what they do not
//! know, they guess.

use std::collections::BTreeMap;

use local::parts::Addresses;
use reqwest::Method;
use tests::{Browser, Setup, Visit, World, parameter};
use url::Url;

use crate::{
    model::{
        Browser::{self as Of, AlicesDesk, AlicesPhone, Bobs},
        FlowId, Person,
    },
    protocol::Action,
    replay_client::AUDIENCE,
};

const BINDING: &str = "/oauth2/session-binding";
const CALLBACK: &str = "/identities/oauth2/callback/";

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tried {
    /// The address that it takes was never given to anyone.
    Impossible,
    /// In the words of the page, or by the code of the outcome.
    Refused(String),
    Done,
}

/// What was seen of a flow.
pub(crate) struct Seen {
    pub(crate) user: Person,
    pub(crate) link: Url,
    /// What a click has sealed, for each browser, as a link.
    pub(crate) continued: BTreeMap<Of, Url>,
    /// Of the sealed flow.
    pub(crate) cookie_name: Option<String>,
    pub(crate) authorization: Option<Url>,
    provider: Option<Url>,
    codes: BTreeMap<Of, String>,
    binding: Option<Url>,
    landed: Vec<Of>,
}

impl Seen {
    pub(crate) fn new(user: Person, link: &str) -> Self {
        Self {
            user,
            link: link.parse().expect("a link"),
            continued: BTreeMap::new(),
            cookie_name: None,
            authorization: None,
            provider: None,
            codes: BTreeMap::new(),
            binding: None,
            landed: Vec::new(),
        }
    }

    /// What leads furthest of what `browser` has, or is sent by bob.
    fn link_for(&self, browser: Of) -> &Url {
        let continued = self.continued.get(&browser).or_else(|| self.continued.get(&Bobs));
        continued.unwrap_or(&self.link)
    }
}

/// A world in which steps are taken.
pub(crate) struct Replay {
    pub(crate) world: World,
    pub(crate) browsers: BTreeMap<Of, Browser>,
    pub(crate) flows: Vec<Seen>,
}

impl Replay {
    /// Everyone is signed in as themself, and nobody has asked for anything.
    pub(crate) async fn start() -> Self {
        let world = World::with(Setup::default().with("MCP_AUDIENCE", AUDIENCE)).await;
        let mut browsers = BTreeMap::new();
        for (browser, person) in [(AlicesDesk, "alice"), (AlicesPhone, "alice"), (Bobs, "bob")] {
            browsers.insert(browser, world.browser_of(person).await);
        }
        Self { world, browsers, flows: Vec::new() }
    }

    /// Takes a step; `user` is who the model has signed in where it is taken.
    pub(crate) async fn step(&mut self, action: Action, user: Person) -> Tried {
        match action {
            Action::SignIn(browser, person) => self.sign_in(browser, person).await,
            Action::Ask(browser) => self.ask(browser, user).await,
            Action::AskByClient(person) => self.ask_by_client(person).await,
            Action::Continue(browser, flow) => self.continue_in(browser, flow).await,
            Action::OpenLink(browser, flow) => self.open_link(browser, flow).await,
            Action::OpenAuthorization(browser, flow) => {
                self.open_authorization(browser, flow).await
            }
            Action::Consent(browser, flow) => self.consent(browser, flow).await,
            Action::OpenCallback { browser, flow, code_of } => {
                self.open_callback(browser, flow, code_of).await
            }
            Action::Bind { browser, session, state, cookie } => {
                self.bind(browser, session, state, cookie).await
            }
        }
    }

    /// What the agent tells `browser`'s user that they have at the provider; nothing while they have to
    /// consent first.
    pub(crate) async fn repositories_shown_in(&self, browser: Of) -> Option<String> {
        let (status, answer) = self.browsers[&browser]
            .say("control", "Which repositories do I have, private ones too?")
            .await;
        assert!(status.is_success(), "{answer}");
        (answer["status"] == "completed").then(|| answer["message"].to_string())
    }

    fn addresses(&self) -> &Addresses {
        &self.world.running.addresses
    }

    async fn sign_in(&self, browser: Of, person: Person) -> Tried {
        let browser = &self.browsers[&browser];
        browser.sign_out();
        let name = if person == Person::Alice { "alice" } else { "bob" };
        let page = self.world.sign_in(browser, name).await;
        assert!(page.status.is_success(), "{page:?}");
        Tried::Done
    }

    async fn ask(&mut self, browser: Of, user: Person) -> Tried {
        let conversation = format!("flow-{}", self.flows.len());
        let link = self.world.ask(&self.browsers[&browser], &conversation).await;
        self.flows.push(Seen::new(user, &link));
        Tried::Done
    }

    async fn open_link(&mut self, browser: Of, flow: FlowId) -> Tried {
        let link = self.flows[flow].link_for(browser).clone();
        let browser = &self.browsers[&browser];
        let agentcore = self.addresses().agentcore.origin();
        let visit =
            browser.open_until(link.as_str(), |address| address.origin() == agentcore).await;
        if visit.address().origin() != agentcore {
            return refused(&visit);
        }
        let sealed = parameter(&link, "flow").expect("a sealed flow");
        let cookies = browser.cookies();
        let of_this_flow = pairs(&cookies).find(|(_, value)| *value == sealed);
        let name = of_this_flow.expect("the flow's cookie").0.to_owned();
        let seen = &mut self.flows[flow];
        (seen.cookie_name, seen.authorization) = (Some(name), Some(visit.address().clone()));
        Tried::Done
    }

    async fn open_authorization(&mut self, browser: Of, flow: FlowId) -> Tried {
        let Some(address) = self.flows[flow].authorization.clone() else {
            return Tried::Impossible;
        };
        let visit = self.browsers[&browser].open(address.as_str()).await;
        if visit.address().origin() != self.addresses().github.origin() {
            return refused(&visit);
        }
        self.flows[flow].provider = Some(visit.address().clone());
        Tried::Done
    }

    async fn consent(&mut self, browser: Of, flow: FlowId) -> Tried {
        let Some(provider) = self.flows[flow].provider.clone() else { return Tried::Impossible };
        let code = code_at(&self.browsers[&browser], browser.person(), &provider).await;
        self.flows[flow].codes.insert(browser, code);
        Tried::Done
    }

    async fn open_callback(&mut self, browser: Of, flow: FlowId, code_of: Of) -> Tried {
        let Some(provider) = self.flows[flow].provider.clone() else { return Tried::Impossible };
        if code_of == Bobs {
            let code = code_at(&self.browsers[&Bobs], Person::Bob, &provider).await;
            self.flows[flow].codes.insert(Bobs, code);
        }
        let Some(code) = self.flows[flow].codes.get(&code_of) else { return Tried::Impossible };
        let [callback, state] = ["redirect_uri", "state"]
            .map(|name| parameter(&provider, name).expect("the provider's parameters"));
        let mut address: Url = callback.parse().expect("a callback");
        address.query_pairs_mut().append_pair("code", code).append_pair("state", &state);
        let is_ours = |address: &Url| address.path() == BINDING;
        let visit = self.browsers[&browser].open_until(address.as_str(), is_ours).await;
        if !is_ours(visit.address()) {
            return refused(&visit);
        }
        let seen = &mut self.flows[flow];
        seen.binding = Some(visit.address().clone());
        seen.landed.push(browser);
        Tried::Done
    }

    async fn bind(&self, browser: Of, session: FlowId, state: FlowId, cookie: FlowId) -> Tried {
        let (target, stated) = (&self.flows[session], &self.flows[state]);
        let Some(authorization) = &target.authorization else { return Tried::Impossible };
        let uri = parameter(authorization, "request_uri").expect("a session");
        let is_known =
            browser != Bobs || stated.landed.contains(&Bobs) || stated.user == Person::Alice;
        let known = stated.binding.as_ref().filter(|_| is_known);
        let state = known.and_then(|address| parameter(address, "state"));
        let mut address = self.addresses().application.join(BINDING).expect("an address");
        address
            .query_pairs_mut()
            .append_pair("session_id", &uri)
            .append_pair("state", state.as_deref().unwrap_or("a guess"));
        let result = if browser == Bobs {
            let name = target.cookie_name.as_deref().expect("a flow with a known session");
            let sealed = self.flows[cookie].link_for(Bobs);
            let sealed = parameter(sealed, "flow").expect("a sealed flow");
            visit_with(&self.browsers[&Bobs], &address, (name, &sealed)).await
        } else {
            self.browsers[&browser].open(address.as_str()).await.parameter("result")
        };
        match result.as_deref() {
            Some("connected") => Tried::Done,
            other => Tried::Refused(other.unwrap_or_default().to_owned()),
        }
    }
}

/// The code that a consent of `person` brings.
async fn code_at(browser: &Browser, person: Person, provider: &Url) -> String {
    let account = if person == Person::Alice { "octo-alice" } else { "octo-bob" };
    let page = browser.open(provider.as_str()).await;
    let is_callback = |address: &Url| address.path().starts_with(CALLBACK);
    let visit = browser.consent_until(&page, account, is_callback).await;
    visit.parameter("code").expect("a code")
}

/// A visit with one flow's cookie put in place by hand; returns its result.
async fn visit_with(browser: &Browser, address: &Url, flow: (&str, &str)) -> Option<String> {
    let cookies = browser.cookies();
    let others = pairs(&cookies).filter(|(name, _)| *name != flow.0);
    let all: Vec<String> =
        others.chain([flow]).map(|(name, value)| format!("{name}={value}")).collect();
    let path = format!("{BINDING}?{}", address.query().unwrap_or_default());
    let request = browser.request(Method::GET, &path).header("cookie", all.join("; "));
    let request = request.header("sec-fetch-mode", "navigate");
    let answer = request.header("sec-fetch-dest", "document").send().await.expect("an answer");
    let location = answer.headers().get("location")?.to_str().ok()?;
    parameter(&location.parse().ok()?, "result")
}

fn pairs(cookies: &str) -> impl Iterator<Item = (&str, &str)> {
    cookies.split("; ").filter_map(|cookie| cookie.split_once('='))
}

/// The heading of a page that refuses, or that goes on with a click alone.
pub(crate) fn refused(page: &Visit) -> Tried {
    let asks = page.text.contains("id=\"question\"");
    assert!(page.status.is_client_error() || asks, "{page:?}");
    let heading = page.text.split_once("<h1>").and_then(|(_, rest)| rest.split_once("</h1>"));
    Tried::Refused(heading.map_or(&*page.text, |(heading, _)| heading).to_owned())
}
