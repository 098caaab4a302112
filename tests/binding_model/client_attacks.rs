//! The known attacks on a flow that a client asked for.

use crate::{
    attacks::{Attack, bind, she_consents},
    model::{
        Browser::{AlicesDesk, Bobs},
        Person::Bob,
    },
    properties::NOTHING_STOLEN,
    protocol::{Action, Protocol},
};

fn only_clients(protocol: &mut Protocol) {
    (protocol.has_clients, protocol.browsers_ask) = (true, false);
}

/// Bob's client asks, and bob signs alice's browser in as himself; opening the link is enough.
pub(crate) fn a_link_goes_on_by_itself() -> Attack {
    let mut steps = vec![
        Action::AskByClient(Bob),
        Action::SignIn(AlicesDesk, Bob),
        Action::OpenLink(AlicesDesk, 0),
    ];
    steps.extend(she_consents(0));
    steps.push(bind(AlicesDesk, 0));
    let without = |protocol: &mut Protocol| {
        only_clients(protocol);
        protocol.needs_click = false;
    };
    Attack { without, breaks: NOTHING_STOLEN, steps }
}

/// Bob's client asks, and he sends alice the link, whose page names her.
pub(crate) fn alice_continues_bobs_link() -> Attack {
    let mut steps = vec![Action::AskByClient(Bob), Action::Continue(AlicesDesk, 0)];
    steps.extend(she_consents(0));
    steps.push(bind(AlicesDesk, 0));
    let without = |protocol: &mut Protocol| {
        only_clients(protocol);
        protocol.checks_person = false;
    };
    Attack { without, breaks: NOTHING_STOLEN, steps }
}

/// Bob continues himself, lets alice consent on the authorization address, and completes.
pub(crate) fn bob_completes_a_clients_flow_with_alices_code() -> Attack {
    let mut steps = vec![Action::AskByClient(Bob), Action::Continue(Bobs, 0)];
    steps.extend(she_consents(0));
    steps.push(bind(Bobs, 0));
    let without = |protocol: &mut Protocol| {
        only_clients(protocol);
        protocol.keeps_state_secret = false;
    };
    Attack { without, breaks: NOTHING_STOLEN, steps }
}

/// Bob continues himself, and makes a link of what was sealed for his browser.
pub(crate) fn bob_sends_what_was_sealed_for_his_browser() -> Attack {
    let mut steps = vec![
        Action::AskByClient(Bob),
        Action::Continue(Bobs, 0),
        Action::SignIn(AlicesDesk, Bob),
        Action::OpenLink(AlicesDesk, 0),
    ];
    steps.extend(she_consents(0));
    steps.push(bind(AlicesDesk, 0));
    let without = |protocol: &mut Protocol| {
        only_clients(protocol);
        protocol.checks_browser = false;
    };
    Attack { without, breaks: NOTHING_STOLEN, steps }
}

/// Bob signs alice's browser in as himself, and she clicks although the page names him.
pub(crate) fn alice_clicks_where_the_page_names_bob() -> Attack {
    let mut steps = vec![
        Action::AskByClient(Bob),
        Action::SignIn(AlicesDesk, Bob),
        Action::Continue(AlicesDesk, 0),
    ];
    steps.extend(she_consents(0));
    steps.push(bind(AlicesDesk, 0));
    let without = |protocol: &mut Protocol| {
        only_clients(protocol);
        protocol.alice_reads_the_page = false;
    };
    Attack { without, breaks: NOTHING_STOLEN, steps }
}
