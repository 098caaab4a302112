//! How many flows a browser carries at once.
//!
//! A flow is a cookie that every request of the browser brings along. A load balancer takes 64 KB of
//! headers ("Quotas for your Application Load Balancers"), and a firewall looks at the first 8 KB of
//! the cookies (AWS WAF, "Oversize web request components"), so somebody who asks again and again
//! instead of consenting would be refused in the end. The newest flows stay, and the others go.

use std::time::SystemTime;

use http::HeaderMap;
use vault::{Bound, Flow};

use crate::{browser, inbound::Inbound, problem::Problem, reply::Reply};

/// How many flows a browser can have open, and how many bound ones it remembers.
const MAX_FLOWS: usize = 3;

/// How many cookies one reply removes at most: what others planted must not make it huge.
const MAX_REMOVED: usize = 32;

/// What a cookie with a flow's name holds.
enum Carried {
    /// A flow that is open until then.
    Open(SystemTime),
    /// That a flow was bound, until then.
    Bound(SystemTime),
    /// Nothing of ours, or nothing that still counts.
    Nothing,
}

/// Makes the browser that sent `headers` drop what it can't use any more, and its oldest flows until
/// there is room for the flow `newest`.
///
/// # Errors
/// An internal problem when a cookie can't be in a header.
pub fn make_room(
    reply: &mut Reply,
    headers: &HeaderMap,
    newest: &str,
    inbound: &Inbound,
) -> Result<(), Problem> {
    let (mut open, mut bound, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for fingerprint in browser::flow_fingerprints(headers, &inbound.site) {
        match carried(headers, &fingerprint, inbound) {
            _ if fingerprint == newest => {}
            Carried::Open(until) => open.push((until, fingerprint)),
            Carried::Bound(until) => bound.push((until, fingerprint)),
            Carried::Nothing => gone.push(fingerprint),
        }
    }
    for (mut flows, room) in [(open, MAX_FLOWS - 1), (bound, MAX_FLOWS)] {
        // A browser sends the older of two cookies first (RFC 6265, section 5.4), which decides
        // between flows of the same second.
        flows.sort_by_key(|(until, _)| *until);
        let too_many = flows.len().saturating_sub(room);
        gone.extend(flows.drain(..too_many).map(|(_, fingerprint)| fingerprint));
    }
    let mut gone = gone.iter().rev().take(MAX_REMOVED);
    gone.try_for_each(|fingerprint| browser::drop_flow(reply, fingerprint, &inbound.site))
}

fn carried(headers: &HeaderMap, fingerprint: &str, inbound: &Inbound) -> Carried {
    let (keys, now) = (&inbound.consent_keys, inbound.clock.now());
    let Some(sealed) = browser::flow_of(headers, fingerprint, &inbound.site) else {
        return Carried::Nothing;
    };
    if let Some(flow) = Flow::open(&sealed, keys) {
        let counts = flow.fingerprint() == fingerprint && flow.expires_at() > now;
        return if counts { Carried::Open(flow.expires_at()) } else { Carried::Nothing };
    }
    match Bound::open(&sealed, keys) {
        Some(bound) if !bound.has_expired(now) => Carried::Bound(bound.expires_at()),
        _ => Carried::Nothing,
    }
}
