//! Who is there, who knows what, and where everything stands.
//!
//! Two people, three browsers, one attacker: alice sits at her desk and her phone, bob at his own
//! browser. He is a user as good as she is, and the attacker. What stands for a secret is a flow's
//! number: a value is known to those who were given an address that holds it, and to nobody else.
//!
//! | address | holds |
//! |---|---|
//! | our own link (`/consent`) | the sealed flow |
//! | authorization address (AgentCore Identity's) | the session |
//! | provider's page | the provider's state, which AgentCore Identity drew |
//! | callback (AgentCore Identity's) | the provider's state, and a code |
//! | binding address | the session, and our own state |
//!
//! Alice's browsers open what they were given, and whatever bob makes of values that he knows and
//! sends to her; she consents to all of it, in any order, and may stop anywhere. Bob sees the
//! addresses of alice's flows, each once it has been used, and her links at once. He sends any
//! request that he can make up, with any cookies that he knows.
//!
//! A flow may be asked for by a client, too, which is no browser and shows its link to anyone. It belongs to
//! the browsers in which its page was continued, by a click; each of these carries a sealed flow of its own.

use stateright::Representative;

/// Someone with an account here and one at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Person {
    Alice,
    Bob,
}

/// A browser, with a cookie that no other has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Browser {
    AlicesDesk,
    AlicesPhone,
    Bobs,
}

use Browser::{AlicesDesk, AlicesPhone, Bobs};
use Person::{Alice, Bob};

impl Browser {
    pub(crate) const ALL: [Self; 3] = [AlicesDesk, AlicesPhone, Bobs];

    /// Who sits at it, and so whose account at the provider a consent is about.
    pub(crate) fn person(self) -> Person {
        if self == Bobs { Bob } else { Alice }
    }
}

/// A set of browsers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Browsers(u8);

impl Browsers {
    pub(crate) fn has(self, browser: Browser) -> bool {
        self.0 & (1 << browser as u8) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn add(&mut self, browser: Browser) {
        self.0 |= 1 << browser as u8;
    }
}

/// A flow's number.
pub(crate) type FlowId = usize;

/// How far AgentCore Identity's session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Session {
    Begun,
    AtProvider,
    /// It holds the code of a consent in this browser.
    Consented(Browser),
    Bound(Bound),
}

/// A token in the vault of the flow's user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Bound {
    pub(crate) consented_in: Browser,
    pub(crate) bound_in: Browser,
    /// Who was signed in there.
    pub(crate) signed_in: Person,
}

/// One flow: who asked where, how far it is, and which browsers were given what of it.
///
/// What can't matter any more is forgotten, so that fewer states have to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Flow {
    pub(crate) user: Person,
    /// `None` if a client asked.
    pub(crate) asked_in: Option<Browser>,
    /// Where a client's flow was continued.
    pub(crate) continued_in: Browsers,
    pub(crate) session: Session,
    /// How many tokens it has brought.
    pub(crate) tokens: u8,
    /// They carry the flow's cookie, and were given the authorization address.
    pub(crate) opened: Browsers,
    /// They were given the provider's page.
    pub(crate) at_provider: Browsers,
    /// They were given a code.
    pub(crate) consented: Browsers,
    /// They were given the binding address.
    pub(crate) landed: Browsers,
}

impl Flow {
    pub(crate) fn begin(user: Person, asked_in: Option<Browser>) -> Self {
        let nobody = Browsers::default();
        Self {
            user,
            asked_in,
            continued_in: nobody,
            session: Session::Begun,
            tokens: 0,
            opened: nobody,
            at_provider: nobody,
            consented: nobody,
            landed: nobody,
        }
    }

    /// Whether it is this browser's to go on with.
    pub(crate) fn belongs_to(&self, browser: Browser) -> bool {
        self.asked_in == Some(browser) || self.continued_in.has(browser)
    }

    /// Whether a client asked for it.
    pub(crate) fn is_clients(&self) -> bool {
        self.asked_in.is_none()
    }
}

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// Who is signed in at alice's desk and at her phone; bob is at his own.
    desk: Person,
    phone: Person,
    pub(crate) flows: Vec<Flow>,
}

impl State {
    /// Everyone is signed in as themself, and nobody has asked for anything.
    pub(crate) fn start() -> Self {
        Self { desk: Alice, phone: Alice, flows: Vec::new() }
    }

    pub(crate) fn signed_in(&self, browser: Browser) -> Person {
        match browser {
            AlicesDesk => self.desk,
            AlicesPhone => self.phone,
            Bobs => Bob,
        }
    }

    pub(crate) fn sign_in(&mut self, browser: Browser, person: Person) {
        match browser {
            AlicesDesk => self.desk = person,
            AlicesPhone => self.phone = person,
            Bobs => {}
        }
    }

    /// The tokens that there are, with their flows.
    pub(crate) fn bound(&self) -> impl Iterator<Item = (&Flow, Bound)> {
        self.flows.iter().filter_map(|flow| match flow.session {
            Session::Bound(bound) => Some((flow, bound)),
            _ => None,
        })
    }
}

/// Flows differ by nothing but their number.
impl Representative for State {
    fn representative(&self) -> Self {
        let mut same = self.clone();
        same.flows.sort_unstable();
        same
    }
}
