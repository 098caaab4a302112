//! What each step does, and what protects against it.

use crate::model::{
    Bound, Browser,
    Browser::Bobs,
    Browsers, Flow, FlowId, Person,
    Person::{Alice, Bob},
    Session, State,
};

/// One step of anyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Signs a browser in: bob does so to any of alice's (login CSRF), she to hers.
    SignIn(Browser, Person),
    /// Asks for something that needs a consent: a flow begins.
    Ask(Browser),
    /// A client asks with an access token of its user's.
    AskByClient(Person),
    /// Opens the page of a client's flow, and clicks.
    Continue(Browser, FlowId),
    /// Opens our own link.
    OpenLink(Browser, FlowId),
    /// Opens the authorization address.
    OpenAuthorization(Browser, FlowId),
    /// Consents on the provider's page, with the account of the person who sits there.
    Consent(Browser, FlowId),
    /// Opens a flow's callback, with a code that was given to the browser `code_of`.
    OpenCallback { browser: Browser, flow: FlowId, code_of: Browser },
    /// Opens the binding address with `session`'s session and `state`'s state, while the cookie
    /// of that session's flow holds the sealed flow `cookie`.
    Bind { browser: Browser, session: FlowId, state: FlowId, cookie: FlowId },
}

/// The result of a step.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Nobody there knows what it takes.
    Impossible,
    /// It was tried, and changed nothing.
    Refused,
    /// What is then.
    Done(State),
}

/// The protocol, and what it stands on. Each of these can be taken away.
#[derive(Debug, Clone)]
pub(crate) struct Protocol {
    /// Our pages compare the signed-in person with the one who asked.
    pub(crate) checks_person: bool,
    /// Our pages compare the browser with the one that asked.
    pub(crate) checks_browser: bool,
    /// Bob does not learn what AgentCore Identity gives to alice's browser on a flow of bob's.
    pub(crate) keeps_state_secret: bool,
    /// A sealed flow, and so its state, counts for its own session alone.
    pub(crate) ties_state_to_session: bool,
    /// AgentCore Identity lets a session be authorized once.
    pub(crate) authorizes_once: bool,
    /// AgentCore Identity completes a session once.
    pub(crate) completes_once: bool,
    /// Bob can sign alice's browsers in as himself. He can't where every request brings a token
    /// of its own, and no browser is signed in.
    pub(crate) has_sign_in: bool,
    /// Alice asks only where she is signed in as herself.
    pub(crate) alice_looks_who_she_is: bool,
    /// Nobody sees the provider's page of alice's flow before she has answered it.
    pub(crate) keeps_provider_page_private: bool,
    /// Nobody sees the authorization address of alice's flow before she has used it.
    pub(crate) keeps_authorization_address_private: bool,
    /// Clients ask, too.
    pub(crate) has_clients: bool,
    /// Browsers ask.
    pub(crate) browsers_ask: bool,
    /// A client's flow goes on with a click alone, and not by opening its link.
    pub(crate) needs_click: bool,
    /// Alice clicks only where the page names her.
    pub(crate) alice_reads_the_page: bool,
    /// How many flows there can be.
    pub(crate) flows: usize,
    /// The one property to look at, or all.
    pub(crate) only: Option<&'static str>,
}

impl Protocol {
    /// As it is, for so many flows.
    pub(crate) fn complete(flows: usize) -> Self {
        Self {
            checks_person: true,
            checks_browser: true,
            keeps_state_secret: true,
            ties_state_to_session: true,
            authorizes_once: true,
            completes_once: true,
            has_sign_in: true,
            alice_looks_who_she_is: true,
            keeps_provider_page_private: true,
            keeps_authorization_address_private: true,
            has_clients: false,
            browsers_ask: true,
            needs_click: true,
            alice_reads_the_page: true,
            flows,
            only: None,
        }
    }

    /// Returns the result of `action`.
    pub(crate) fn attempt(&self, last: &State, action: Action) -> Outcome {
        if !self.is_possible(last, action) {
            return Outcome::Impossible;
        }
        let mut next = last.clone();
        self.apply(&mut next, action).map_or(Outcome::Refused, |()| Outcome::Done(next))
    }

    /// Every step that somebody may think of.
    pub(crate) fn steps(flows: usize) -> Vec<Action> {
        let mut steps = [Alice, Bob].map(Action::AskByClient).to_vec();
        for browser in Browser::ALL {
            steps.extend([Alice, Bob].map(|person| Action::SignIn(browser, person)));
            steps.push(Action::Ask(browser));
            for flow in 0..flows {
                steps.push(Action::OpenLink(browser, flow));
                steps.push(Action::Continue(browser, flow));
                steps.push(Action::OpenAuthorization(browser, flow));
                steps.push(Action::Consent(browser, flow));
                let callback = |code_of| Action::OpenCallback { browser, flow, code_of };
                steps.extend(Browser::ALL.map(callback));
                let (session, others) = (flow, || 0..flows);
                let bind = |(state, cookie)| Action::Bind { browser, session, state, cookie };
                steps.extend(
                    others().flat_map(|it| others().map(move |other| (it, other))).map(bind),
                );
            }
        }
        steps
    }

    /// Whether the browser was given what the step takes, or bob can make it up: then he sends
    /// it to the browser, or it is his.
    fn is_possible(&self, state: &State, action: Action) -> bool {
        let flows = &state.flows;
        match action {
            Action::SignIn(browser, _) => browser != Bobs && self.has_sign_in,
            Action::Ask(browser) => {
                let is_herself = state.signed_in(browser) == browser.person();
                let may_ask = self.browsers_ask && flows.len() < self.flows;
                may_ask && (is_herself || !self.alice_looks_who_she_is)
            }
            Action::AskByClient(_) => self.has_clients && flows.len() < self.flows,
            Action::Continue(browser, flow) => self.may_be_clicked(state, browser, flow),
            // What a link holds is sealed: everyone may see it.
            Action::OpenLink(..) => true,
            Action::OpenAuthorization(browser, flow) => {
                flows[flow].opened.has(browser) || self.bob_knows_session(&flows[flow])
            }
            Action::Consent(browser, flow) => {
                flows[flow].at_provider.has(browser) || self.bob_knows_provider_state(&flows[flow])
            }
            // A code of his own bob can always get, by a flow of his own.
            Action::OpenCallback { browser, flow, code_of } => {
                let is_its_own = code_of == browser && flows[flow].consented.has(browser);
                let is_bobs = code_of == Bobs && self.bob_knows_provider_state(&flows[flow]);
                is_its_own || is_bobs
            }
            Action::Bind { browser, session, state, cookie } => {
                let was_given = state == session && flows[session].landed.has(browser);
                let is_made =
                    self.bob_knows_session(&flows[session]) && self.bob_knows_state(&flows[state]);
                (was_given || is_made) && (browser == Bobs || cookie == session)
            }
        }
    }

    fn bob_knows_session(&self, flow: &Flow) -> bool {
        let is_spent = flow.user == Alice && flow.session != Session::Begun;
        let is_seen = flow.user == Alice
            && !flow.opened.is_empty()
            && !self.keeps_authorization_address_private;
        flow.opened.has(Bobs) || flow.landed.has(Bobs) || is_spent || is_seen
    }

    fn bob_knows_provider_state(&self, flow: &Flow) -> bool {
        let is_alices = flow.user == Alice && !flow.at_provider.is_empty();
        flow.at_provider.has(Bobs) || (is_alices && !self.keeps_provider_page_private)
    }

    fn bob_knows_state(&self, flow: &Flow) -> bool {
        let is_seen = flow.user == Alice || !self.keeps_state_secret;
        flow.landed.has(Bobs) || (is_seen && !flow.landed.is_empty())
    }

    /// Does the step, or nothing where it is refused.
    fn apply(&self, next: &mut State, action: Action) -> Option<()> {
        match action {
            Action::SignIn(browser, person) => next.sign_in(browser, person),
            Action::Ask(browser) => {
                next.flows.push(Flow::begin(next.signed_in(browser), Some(browser)));
            }
            Action::AskByClient(person) => next.flows.push(Flow::begin(person, None)),
            Action::Continue(browser, flow) => self.continue_in(next, browser, flow)?,
            Action::OpenLink(browser, flow) if next.flows[flow].is_clients() => {
                self.open_clients_link(next, browser, flow)?;
            }
            Action::OpenLink(browser, flow) => {
                self.check(next, browser, flow)?;
                next.flows[flow].opened.add(browser);
            }
            Action::OpenAuthorization(browser, flow) => {
                self.authorize(&mut next.flows[flow], browser)?;
            }
            Action::Consent(browser, flow) => next.flows[flow].consented.add(browser),
            Action::OpenCallback { browser, flow, code_of } => {
                come_back(&mut next.flows[flow], browser, code_of)?;
            }
            Action::Bind { browser, session, state, cookie } => {
                self.bind(next, browser, session, (state, cookie))?;
            }
        }
        Some(())
    }

    /// What both of our pages check: person and browser, against the sealed flow.
    pub(crate) fn check(&self, state: &State, browser: Browser, flow: FlowId) -> Option<()> {
        let flow = &state.flows[flow];
        let is_person = state.signed_in(browser) == flow.user || !self.checks_person;
        let is_browser = flow.belongs_to(browser) || !self.checks_browser;
        (is_person && is_browser).then_some(())
    }

    fn authorize(&self, flow: &mut Flow, browser: Browser) -> Option<()> {
        let is_open = match flow.session {
            Session::Begun => true,
            Session::AtProvider | Session::Consented(_) => !self.authorizes_once,
            Session::Bound(_) => false,
        };
        flow.session = is_open.then_some(Session::AtProvider)?;
        flow.at_provider.add(browser);
        Some(())
    }

    /// The binder's checks, then AgentCore Identity's. The binder completes for the person of the
    /// sealed flow, who is the visitor where it checks that.
    fn bind(
        &self,
        next: &mut State,
        browser: Browser,
        session: FlowId,
        (state, cookie): (FlowId, FlowId),
    ) -> Option<()> {
        let (target, sealed) = (&next.flows[session], &next.flows[cookie]);
        let is_carried = match target.is_clients() {
            true => target.opened.has(browser),
            false => browser == Bobs || target.opened.has(browser),
        };
        let is_tied = cookie == session || !self.ties_state_to_session;
        if !is_carried || !is_tied || state != cookie {
            return None;
        }
        self.check(next, browser, cookie)?;
        let consented_in = match target.session {
            Session::Consented(consented_in) => consented_in,
            Session::Bound(bound) if !self.completes_once => bound.consented_in,
            _ => return None,
        };
        if sealed.user != target.user {
            return None;
        }
        let signed_in = next.signed_in(browser);
        let flow = &mut next.flows[session];
        flow.session = Session::Bound(Bound { consented_in, bound_in: browser, signed_in });
        flow.tokens += 1;
        flow.opened = Browsers::default();
        Some(())
    }
}

/// AgentCore Identity keeps the code, and gives the browser the binding address.
fn come_back(flow: &mut Flow, browser: Browser, code_of: Browser) -> Option<()> {
    if flow.session != Session::AtProvider {
        return None;
    }
    flow.session = Session::Consented(code_of);
    flow.landed.add(browser);
    (flow.at_provider, flow.consented) = Default::default();
    Some(())
}
