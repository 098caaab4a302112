//! What is different for a flow that a client asked for: it goes on with a click on its page.

use crate::{
    model::{
        Browser::{self, Bobs},
        FlowId,
        Person::Alice,
        State,
    },
    protocol::Protocol,
};

impl Protocol {
    /// Whether somebody would click there. Anyone may open the page, and bob clicks anywhere; alice
    /// clicks where the page says that she herself is signed in.
    pub(crate) fn may_be_clicked(&self, state: &State, browser: Browser, flow: FlowId) -> bool {
        let is_read = browser == Bobs || state.signed_in(browser) == Alice;
        state.flows[flow].is_clients() && (is_read || !self.alice_reads_the_page)
    }

    /// A click on the page: the flow is sealed anew for this browser, if it is its person's.
    pub(crate) fn continue_in(
        &self,
        next: &mut State,
        browser: Browser,
        flow: FlowId,
    ) -> Option<()> {
        let is_person = next.signed_in(browser) == next.flows[flow].user || !self.checks_person;
        is_person.then_some(())?;
        let flow = &mut next.flows[flow];
        flow.continued_in.add(browser);
        flow.opened.add(browser);
        Some(())
    }

    /// The client's link leads to the page alone. What a click has sealed can be made a link of, too, by whom
    /// it was given to; bob sends such a link to alice.
    pub(crate) fn open_clients_link(
        &self,
        next: &mut State,
        browser: Browser,
        flow: FlowId,
    ) -> Option<()> {
        if !self.needs_click {
            return self.continue_in(next, browser, flow);
        }
        let continued = next.flows[flow].continued_in;
        (continued.has(browser) || continued.has(Bobs)).then_some(())?;
        self.check(next, browser, flow)?;
        next.flows[flow].opened.add(browser);
        Some(())
    }
}
