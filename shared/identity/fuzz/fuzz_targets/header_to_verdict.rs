//! From the value of a header to a verdict: nothing panics, nobody is let in with bytes that were not
//! signed, and the key of what was signed is always there.
//!
//! The first byte of the input chooses the kind of token, the others are the header's value. Time,
//! names and keys are always the same, so that the corpus' good tokens are good in every run.

#![no_main]

use std::{
    collections::HashSet,
    sync::{LazyLock, Mutex, PoisonError},
};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use identity::{AuthenticationError, OIDC_DATA_HEADER};
use identity_fuzz::{ISSUER, NOW, Verifier};
use identity_vectors::{Kind, World, all};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;

struct Bench {
    runtime: Runtime,
    kinds: [(Kind, HeaderName, &'static [u8], Mutex<Verifier>); 3],
    /// What our keys have signed that is to be accepted.
    signed: HashSet<Vec<u8>>,
    world: World,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let runtime = Runtime::new().expect("a runtime");
    let world = runtime.block_on(World::of_issuer(ISSUER));
    let good = all().into_iter().filter(|vector| vector.expect == "User");
    let signed = good.map(|vector| signed_part(vector.token(&world, NOW).as_bytes()).to_vec());
    let (signed, scheme) = (signed.collect(), b"Bearer ");
    let verifier = |kind| Mutex::new(Verifier::new(kind, &world));
    let kinds = [
        (Kind::Alb, OIDC_DATA_HEADER, &b""[..], verifier(Kind::Alb)),
        (Kind::Bearer, header::AUTHORIZATION, scheme, verifier(Kind::Bearer)),
        (Kind::Entra, header::AUTHORIZATION, scheme, verifier(Kind::Entra)),
    ];
    Bench { runtime, kinds, signed, world }
});

fuzz_target!(|input: &[u8]| {
    let Some((choice, value)) = input.split_first() else { return };
    let (kind, name, scheme, verifier) = &BENCH.kinds[usize::from(*choice) % 3];
    let Ok(header) = HeaderValue::from_bytes(&[scheme, value].concat()) else { return };
    let headers = HeaderMap::from_iter([(name.clone(), header)]);
    let mut verifier = verifier.lock().unwrap_or_else(PoisonError::into_inner);
    let verdict = BENCH.runtime.block_on(verifier.authenticate(&headers, &BENCH.world));
    let is_signed = BENCH.signed.contains(signed_part(value.trim_ascii_start()));
    match verdict {
        Ok(_) => assert!(is_signed, "a forged token of {kind:?} was accepted"),
        Err(AuthenticationError::KeysUnavailable(_) | AuthenticationError::KeyMayBeNew(_)) => {
            assert!(!is_signed, "the key of a good token of {kind:?} was not there");
        }
        Err(AuthenticationError::NotAllowed(_)) => unreachable!("no claim is needed here"),
        Err(AuthenticationError::Refused(_)) => {}
    }
});

fn signed_part(token: &[u8]) -> &[u8] {
    let dot = token.iter().rposition(|byte| *byte == b'.').unwrap_or_default();
    &token[..dot]
}
