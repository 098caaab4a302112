//! Calls that wait for a consent: which, at which provider, and what happens to each of them.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Turn,
    call::{OpenCall, Stage, TurnCall},
    texts,
};
use crate::{provider::Provider, scopes::Scopes};

/// Why a consent can't be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Impossible {
    /// The vault has no token but such that the provider refuses.
    OnlyDeadTokens,
    /// The user has disconnected, and the vault returns a token without asking them.
    NotAsked,
}

impl Turn {
    /// A call that was tried needs a consent first. `interrupt` is for the first at its provider
    /// that does.
    pub(crate) fn needs_consent(&mut self, id: &str, interrupt: String) {
        if !self.rules.may_wait {
            self.withheld = true;
            return self.answered(texts::not_authorized(id));
        }
        let Some(provider) = self.open_mut(id).and_then(|open| open.provider().cloned()) else {
            return;
        };
        let asked_before = self
            .open_calls()
            .filter(|(_, open)| open.provider() == Some(&provider))
            .find_map(|(_, open)| open.interrupt.clone());
        let interrupt = asked_before.unwrap_or(interrupt);
        if let Some(open) = self.open_mut(id)
            && matches!(open.stage, Stage::Pending(_))
        {
            open.interrupt = Some(interrupt.clone());
            open.stage = Stage::AwaitingConsent { interrupt };
        }
    }

    /// The calls that waited for a consent at `provider` can be tried: the vault has a token after
    /// all.
    pub(crate) fn consent_found(&mut self, provider: &Provider) {
        for open in self.calls.iter_mut().filter_map(TurnCall::open_mut) {
            let waits = matches!(open.stage, Stage::AwaitingConsent { .. });
            if waits && open.provider().is_some_and(|own| **own == *provider) {
                open.stage = Stage::Pending(None);
            }
        }
    }

    /// The calls that waited for a consent at `provider` are not made, and the user is told what they
    /// can do: the vault gives no token but such that can't be used, and asks for no consent.
    pub(crate) fn consent_impossible(&mut self, provider: &Provider, why: Impossible) {
        let ids = self.awaiting(provider);
        if ids.is_empty() {
            return;
        }
        let label = provider.label();
        for id in ids {
            self.answered(match why {
                Impossible::OnlyDeadTokens => texts::no_usable_token(&id),
                Impossible::NotAsked => texts::not_reconnected(&id, label),
            });
        }
        let notice = match why {
            Impossible::OnlyDeadTokens => texts::authorization_is_dead(label),
            Impossible::NotAsked => texts::no_new_consent(label),
        };
        self.notices.insert(label.to_owned(), notice);
    }

    /// The user has disconnected `provider` while this turn runs: the calls that waited for a consent
    /// there are not made.
    pub(crate) fn disconnected(&mut self, provider: &Provider) {
        for id in self.awaiting(provider) {
            self.call_disconnected(&id, provider);
        }
    }

    /// The same for a call that was about to be made.
    pub(crate) fn call_disconnected(&mut self, id: &str, provider: &Provider) {
        self.answered(texts::disconnected(id, provider.label()));
    }

    fn awaiting(&self, provider: &Provider) -> Vec<String> {
        let waits = |open: &OpenCall| {
            let awaits = matches!(open.stage, Stage::AwaitingConsent { .. });
            awaits && open.provider().is_some_and(|own| **own == *provider)
        };
        let ids = self.open_calls().filter(|(_, open)| waits(open));
        ids.map(|(call, _)| call.tool_use_id.clone()).collect()
    }

    /// What must be consented to before the waiting calls can be tried, by provider.
    pub(crate) fn consents_needed(&self) -> BTreeMap<Arc<Provider>, Scopes> {
        let mut needed = BTreeMap::<_, Scopes>::new();
        for attempt in self.attempts(|stage| matches!(stage, Stage::AwaitingConsent { .. })) {
            if let Some(need) = attempt.need {
                needed.entry(need.provider).or_default().extend(need.scopes);
            }
        }
        needed
    }

    /// The interrupt that stands for the consent at `provider`: the same as long as it waits.
    #[must_use]
    pub fn consent_interrupt(&self, provider: &Provider) -> Option<&str> {
        self.open_calls().find_map(|(_, open)| match &open.stage {
            Stage::AwaitingConsent { interrupt } if **open.provider()? == *provider => {
                Some(interrupt.as_str())
            }
            _ => None,
        })
    }

    /// The ids of the calls that wait for the consent at `provider`.
    pub fn calls_awaiting(&self, provider: &Provider) -> impl Iterator<Item = &str> {
        self.open_calls().filter_map(|(call, open)| {
            let waits = matches!(open.stage, Stage::AwaitingConsent { .. });
            let is_its = open.provider().is_some_and(|own| **own == *provider);
            (waits && is_its).then_some(call.tool_use_id.as_str())
        })
    }
}
