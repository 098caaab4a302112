//! The known attacks on a flow that a client asked for.

use crate::{
    attacks::{Attack, bind, she_consents},
    model::{
        Browser::{self, AlicesDesk, Bobs},
        Person::Bob,
    },
    properties::NOTHING_STOLEN,
    protocol::{Action, Protocol},
};

fn only_clients(protocol: &mut Protocol) {
    (protocol.has_clients, protocol.browsers_ask) = (true, false);
}

/// What begins with `steps`: alice consents, and the visit to our page is in `last`.
fn attack(steps: &[Action], last: Browser, without: fn(&mut Protocol)) -> Attack {
    let end = she_consents(0).into_iter().chain([bind(last, 0)]);
    let steps = steps.iter().cloned().chain(end).collect();
    Attack { without, breaks: NOTHING_STOLEN, steps }
}

/// Bob's client asks, and bob signs alice's browser in as bob; opening the link is enough.
pub(crate) fn a_link_goes_on_by_itself() -> Attack {
    attack(
        &[
            Action::AskByClient(Bob),
            Action::SignIn(AlicesDesk, Bob),
            Action::OpenLink(AlicesDesk, 0),
        ],
        AlicesDesk,
        |protocol| {
            only_clients(protocol);
            protocol.needs_click = false;
        },
    )
}

/// Bob's client asks, and bob sends alice the link, whose page names alice.
pub(crate) fn alice_continues_bobs_link() -> Attack {
    attack(&[Action::AskByClient(Bob), Action::Continue(AlicesDesk, 0)], AlicesDesk, |protocol| {
        only_clients(protocol);
        protocol.checks_person = false;
    })
}

/// Bob continues, lets alice consent on the authorization address, and completes.
pub(crate) fn bob_completes_a_clients_flow_with_alices_code() -> Attack {
    attack(&[Action::AskByClient(Bob), Action::Continue(Bobs, 0)], Bobs, |protocol| {
        only_clients(protocol);
        protocol.keeps_state_secret = false;
    })
}

/// Bob continues, and makes a link of what was sealed for bob's browser.
pub(crate) fn bob_sends_what_was_sealed_for_his_browser() -> Attack {
    attack(
        &[
            Action::AskByClient(Bob),
            Action::Continue(Bobs, 0),
            Action::SignIn(AlicesDesk, Bob),
            Action::OpenLink(AlicesDesk, 0),
        ],
        AlicesDesk,
        |protocol| {
            only_clients(protocol);
            protocol.checks_browser = false;
        },
    )
}

/// Bob signs alice's browser in as bob, and alice clicks although the page names bob.
pub(crate) fn alice_clicks_where_the_page_names_bob() -> Attack {
    attack(
        &[
            Action::AskByClient(Bob),
            Action::SignIn(AlicesDesk, Bob),
            Action::Continue(AlicesDesk, 0),
        ],
        AlicesDesk,
        |protocol| {
            only_clients(protocol);
            protocol.alice_reads_the_page = false;
        },
    )
}
