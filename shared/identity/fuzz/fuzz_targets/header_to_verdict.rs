//! From the value of a header to a verdict: nothing panics, and nobody is let in with bytes that were
//! not signed.
//!
//! The first byte of the input chooses the kind of token, the others are the header's value. Time,
//! names and keys are always the same, so that the corpus' good tokens are good in every run.

#![no_main]

use std::{collections::HashSet, sync::LazyLock};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use identity::{Authenticator, OIDC_DATA_HEADER};
use identity_fuzz::{ISSUER, NOW, at, authenticator};
use identity_vectors::{Kind, World, all};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;

struct Bench {
    runtime: Runtime,
    kinds: [(Kind, HeaderName, &'static [u8], Authenticator); 3],
    /// What our keys have signed that is to be accepted.
    signed: HashSet<Vec<u8>>,
    _serving: World,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let world = runtime.block_on(World::of_issuer(ISSUER));
    let good = all().into_iter().filter(|vector| vector.expect == "User");
    let signed = good.map(|vector| signed_part(vector.token(&world, NOW).as_bytes()).to_vec());
    let (signed, scheme) = (signed.collect(), b"Bearer ");
    let kinds = [
        (Kind::Alb, OIDC_DATA_HEADER, &b""[..], authenticator(Kind::Alb, &world)),
        (Kind::Bearer, header::AUTHORIZATION, scheme, authenticator(Kind::Bearer, &world)),
        (Kind::Entra, header::AUTHORIZATION, scheme, authenticator(Kind::Entra, &world)),
    ];
    Bench { runtime, kinds, signed, _serving: world }
});

fuzz_target!(|input: &[u8]| {
    let Some((choice, value)) = input.split_first() else { return };
    let (kind, name, scheme, authenticator) = &BENCH.kinds[usize::from(*choice) % 3];
    let Ok(header) = HeaderValue::from_bytes(&[scheme, value].concat()) else { return };
    let headers = HeaderMap::from_iter([(name.clone(), header)]);
    let verdict = BENCH.runtime.block_on(authenticator.authenticate(&headers, at(NOW)));
    if verdict.is_ok() {
        let token = value.trim_ascii_start();
        assert!(BENCH.signed.contains(signed_part(token)), "a forged token of {kind:?} was accepted");
    }
});

fn signed_part(token: &[u8]) -> &[u8] {
    let dot = token.iter().rposition(|byte| *byte == b'.').unwrap_or_default();
    &token[..dot]
}
