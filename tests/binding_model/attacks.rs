//! The known attacks: what has to be taken away for each, and how it goes.

use crate::{
    model::{
        Browser,
        Browser::{AlicesDesk, Bobs},
        FlowId,
        Person::Bob,
    },
    properties::{NOTHING_PLANTED, NOTHING_STOLEN, ONCE, SIGNED_IN_THERE},
    protocol::{Action, Protocol},
};

/// A way to break a property once something is taken away.
pub(crate) struct Attack {
    /// What is taken away.
    pub(crate) without: fn(&mut Protocol),
    /// What no longer holds.
    pub(crate) breaks: &'static str,
    /// How.
    pub(crate) steps: Vec<Action>,
}

/// From the authorization address to our page, in alice's browser.
pub(crate) fn she_consents(flow: FlowId) -> [Action; 3] {
    [
        Action::OpenAuthorization(AlicesDesk, flow),
        Action::Consent(AlicesDesk, flow),
        Action::OpenCallback { browser: AlicesDesk, flow, code_of: AlicesDesk },
    ]
}

/// … and in bob's, who brings a code that he has.
fn he_consents(flow: FlowId) -> [Action; 2] {
    [
        Action::OpenAuthorization(Bobs, flow),
        Action::OpenCallback { browser: Bobs, flow, code_of: Bobs },
    ]
}

pub(crate) fn bind(browser: Browser, flow: FlowId) -> Action {
    Action::Bind { browser, session: flow, state: flow, cookie: flow }
}

/// Alice opens bob's link and consents: her token goes to him through her browser.
pub(crate) fn alice_consents_on_bobs_link() -> Attack {
    let mut steps = vec![Action::Ask(Bobs), Action::OpenLink(AlicesDesk, 0)];
    steps.extend(she_consents(0));
    steps.push(bind(AlicesDesk, 0));
    // The browser would give it away too: bearer mode can do without that check.
    let without = |protocol: &mut Protocol| {
        (protocol.checks_person, protocol.checks_browser) = (false, false);
    };
    Attack { without, breaks: NOTHING_STOLEN, steps }
}

/// Bob signs in over alice in her browser, and her flow is finished while he is.
pub(crate) fn alices_flow_is_finished_while_bob_is_signed_in() -> Attack {
    let mut steps = vec![Action::Ask(AlicesDesk), Action::OpenLink(AlicesDesk, 0)];
    steps.extend(she_consents(0));
    steps.extend([Action::SignIn(AlicesDesk, Bob), bind(AlicesDesk, 0)]);
    let without = |protocol: &mut Protocol| protocol.checks_person = false;
    Attack { without, breaks: SIGNED_IN_THERE, steps }
}

/// Bob signs alice's browser in as himself and lets her consent (login CSRF).
pub(crate) fn bob_signs_alices_browser_in_and_lets_her_consent() -> Attack {
    let mut steps =
        vec![Action::Ask(Bobs), Action::SignIn(AlicesDesk, Bob), Action::OpenLink(AlicesDesk, 0)];
    steps.extend(she_consents(0));
    steps.push(bind(AlicesDesk, 0));
    let without = |protocol: &mut Protocol| protocol.checks_browser = false;
    Attack { without, breaks: NOTHING_STOLEN, steps }
}

/// Alice consents on bob's authorization address, and he completes in his own browser.
pub(crate) fn bob_completes_what_alice_consented_to() -> Attack {
    let mut steps = vec![Action::Ask(Bobs), Action::OpenLink(Bobs, 0)];
    steps.extend(she_consents(0));
    steps.push(bind(Bobs, 0));
    let without = |protocol: &mut Protocol| protocol.keeps_state_secret = false;
    Attack { without, breaks: NOTHING_STOLEN, steps }
}

/// … with the sealed flow, and so with the state, of another flow of his.
pub(crate) fn bob_completes_with_the_state_of_another_flow() -> Attack {
    let mut steps = vec![Action::Ask(Bobs), Action::OpenLink(Bobs, 0)];
    steps.extend(she_consents(0));
    steps.extend([Action::Ask(Bobs), Action::OpenLink(Bobs, 1)]);
    steps.extend(he_consents(1));
    steps.push(Action::Bind { browser: Bobs, session: 0, state: 1, cookie: 1 });
    let without = |protocol: &mut Protocol| protocol.ties_state_to_session = false;
    Attack { without, breaks: NOTHING_STOLEN, steps }
}

/// Bob consents himself to learn the state, then lets alice consent on the same session.
pub(crate) fn bob_lets_alice_consent_after_himself() -> Attack {
    let mut steps = vec![Action::Ask(Bobs), Action::OpenLink(Bobs, 0)];
    steps.extend(he_consents(0));
    steps.extend(she_consents(0));
    steps.push(bind(Bobs, 0));
    let without = |protocol: &mut Protocol| protocol.authorizes_once = false;
    Attack { without, breaks: NOTHING_STOLEN, steps }
}

/// Bob opens his binding address twice.
pub(crate) fn a_flow_is_completed_twice() -> Attack {
    let mut steps = vec![Action::Ask(Bobs), Action::OpenLink(Bobs, 0)];
    steps.extend(he_consents(0));
    steps.extend([bind(Bobs, 0), bind(Bobs, 0)]);
    let without = |protocol: &mut Protocol| protocol.completes_once = false;
    Attack { without, breaks: ONCE, steps }
}

/// Bob sees alice's authorization address before she uses it, consents on it himself, and sends
/// her on.
pub(crate) fn bob_consents_on_the_address_that_waits_for_alice() -> Attack {
    let mut steps = vec![Action::Ask(AlicesDesk), Action::OpenLink(AlicesDesk, 0)];
    steps.extend(he_consents(0));
    steps.push(bind(AlicesDesk, 0));
    let without = |protocol: &mut Protocol| protocol.keeps_authorization_address_private = false;
    Attack { without, breaks: NOTHING_PLANTED, steps }
}

/// Alice does not notice that she is signed in as bob, asks, and consents.
pub(crate) fn alice_takes_bobs_account_for_hers() -> Attack {
    let mut steps = vec![
        Action::SignIn(AlicesDesk, Bob),
        Action::Ask(AlicesDesk),
        Action::OpenLink(AlicesDesk, 0),
    ];
    steps.extend(she_consents(0));
    steps.push(bind(AlicesDesk, 0));
    let without = |protocol: &mut Protocol| protocol.alice_looks_who_she_is = false;
    Attack { without, breaks: NOTHING_STOLEN, steps }
}

/// Bob sees the provider's page that waits for alice, answers it himself, and sends her on.
pub(crate) fn bob_answers_the_page_that_waits_for_alice() -> Attack {
    let steps = vec![
        Action::Ask(AlicesDesk),
        Action::OpenLink(AlicesDesk, 0),
        Action::OpenAuthorization(AlicesDesk, 0),
        Action::OpenCallback { browser: AlicesDesk, flow: 0, code_of: Bobs },
        bind(AlicesDesk, 0),
    ];
    let without = |protocol: &mut Protocol| protocol.keeps_provider_page_private = false;
    Attack { without, breaks: NOTHING_PLANTED, steps }
}
