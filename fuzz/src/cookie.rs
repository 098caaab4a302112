//! From `Cookie` headers to what a browser carries: nothing panics, a cookie counts only while it is the one of
//! its name, and nothing opens but what a service has sealed.
//!
//! Each line of the input is a header, with the placeholders of [`service`](crate::service) in it.

use std::sync::LazyLock;

use edge::{Reply, browser, open_flows::make_room, reply};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use vault::{Bound, Ended, Flow};

use crate::{service::Bench, token::now};

static BENCH: LazyLock<Bench> = LazyLock::new(Bench::new);

/// How many cookies one reply removes at most, as `edge::open_flows` says.
const MOST_REMOVED: usize = 32;

/// Reads one input.
pub(crate) fn run(input: &[u8]) {
    let filled = BENCH.filled(&String::from_utf8_lossy(input));
    let lines: Vec<&[u8]> = filled.as_bytes().split(|byte| *byte == b'\n').collect();
    let Some(headers) = headers(&lines) else { return };
    let carried = carried(&headers);
    reads_one_line_as_many(&lines, &carried);
    let (inbound, session) = (&BENCH.inbound, &BENCH.session);
    if let Some(sealed) = &carried.flow {
        let is_flow = Flow::open(sealed, &inbound.consent_keys).is_some();
        let is_bound = Bound::open(sealed, &inbound.consent_keys).is_some();
        assert_eq!(is_flow, ["@mine", "@bobs"].iter().any(|it| BENCH.value(it) == sealed));
        assert_eq!(is_bound, BENCH.value("@bound") == sealed);
        counts_only_once(&lines, &format!("__Host-flow-{}", session.fingerprint()));
    }
    if let Some(secret) = &carried.secret {
        assert_eq!(secret.len(), BENCH.value("@browser").len(), "it has another length than ours");
        counts_only_once(&lines, "__Host-countersign");
    }
    if let Some(sealed) = &carried.ended {
        let user = BENCH.user.id();
        let (browser, keys) = (browser::hash(&headers, &inbound.site), &inbound.consent_keys);
        assert!(!Ended::is_proven(sealed, user, browser, "connected", now(), keys));
    }
    removes_what_is_there(&headers);
}

#[derive(Debug, PartialEq, Eq)]
struct Carried {
    secret: Option<String>,
    flow: Option<String>,
    ended: Option<String>,
}

fn headers(lines: &[&[u8]]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header::COOKIE, HeaderValue::from_bytes(line).ok()?);
    }
    Some(headers)
}

fn carried(headers: &HeaderMap) -> Carried {
    let site = &BENCH.inbound.site;
    Carried {
        secret: browser::secret(headers, site).map(|secret| secret.expose()),
        flow: browser::flow(headers, &BENCH.session, site),
        ended: browser::ended(headers, "connected", site),
    }
}

/// A proxy may join headers (RFC 9113, section 8.2.3).
fn reads_one_line_as_many(lines: &[&[u8]], as_many: &Carried) {
    let joined = lines.join(&b"; "[..]);
    let headers = headers(&[&joined]).expect("a header of headers");
    assert_eq!(carried(&headers), *as_many, "joined, the same headers say something else");
}

/// Another site of the domain may have set a second one.
fn counts_only_once(lines: &[&[u8]], name: &str) {
    let second = format!("{name}=theirs");
    let mut lines = lines.to_vec();
    for at in [0, lines.len()] {
        lines.insert(at, second.as_bytes());
        let carried = carried(&headers(&lines).expect("headers"));
        let is_read = if name.ends_with("countersign") { carried.secret } else { carried.flow };
        assert_eq!(is_read, None, "of two cookies of one name, one was believed");
        lines.remove(at);
    }
}

/// Room for a flow is made by removing cookies that the browser has, and not the flow's own.
fn removes_what_is_there(headers: &HeaderMap) {
    let newest = BENCH.session.fingerprint();
    let mut reply: Reply = reply::body(StatusCode::OK, "text/plain", "");
    let made = make_room(&mut reply, headers, &newest, &BENCH.inbound);
    assert!(made.is_ok(), "a cookie that a browser has can't be removed");
    let removed: Vec<&HeaderValue> = reply.headers().get_all(header::SET_COOKIE).iter().collect();
    assert!(removed.len() <= MOST_REMOVED);
    for cookie in removed {
        let text = cookie.to_str().expect("a cookie in ASCII");
        let (name, rest) = text.split_once('=').expect("a cookie");
        assert!(rest.starts_with("; ") && rest.contains("Max-Age=0"), "{text} removes nothing");
        let of_flow = name.strip_prefix("__Host-flow-").expect("a flow's cookie");
        assert!(of_flow.len() == 16 && of_flow != newest, "{text}");
        let has = |line: &HeaderValue| String::from_utf8_lossy(line.as_bytes()).contains(name);
        assert!(headers.get_all(header::COOKIE).iter().any(has), "{text} was not there");
    }
}
