//! What holds for every token, and not only for those somebody thought of.

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use identity::{Authenticator, OIDC_DATA_HEADER};
use identity_vectors::{Kind, SigningKey, Vector, World, all};
use proptest::prelude::*;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::world::{NOW, at, authenticator, word};

struct Bench {
    runtime: Runtime,
    world: World,
    authenticators: [Authenticator; 3],
    /// A plain good token of each kind and algorithm.
    good: Vec<(Kind, Vec<u8>)>,
}

/// One world for all cases: its servers run on the runtime that every case blocks on.
static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let world = runtime.block_on(World::start());
    let kinds = [Kind::Alb, Kind::Bearer, Kind::Entra];
    let authenticators = kinds.map(|kind| authenticator(kind, &world));
    let plain = [
        "alb/as-aws-writes-it",
        "bearer/es256",
        "bearer/es384",
        "bearer/es512",
        "bearer/rs256",
        "bearer/rs384",
        "bearer/algorithm-rs512",
        "bearer/ps256",
        "bearer/eddsa",
        "bearer/ed25519",
        "bearer/no-key-id-and-one-key-that-fits",
        "entra/access-token",
    ];
    let good = all().into_iter().filter(|of| plain.contains(&of.name.as_str()));
    let good = good.map(|of| (of.kind, of.token(&world, NOW).into_bytes())).collect();
    Bench { runtime, world, authenticators, good }
});

impl Bench {
    /// What is made of `value` in the header that `kind` reads.
    fn verdict(&self, kind: Kind, value: &[u8]) -> Option<String> {
        let (name, value) = match kind {
            Kind::Alb => (OIDC_DATA_HEADER, value.to_vec()),
            _ => (header::AUTHORIZATION, [b"Bearer ", value].concat()),
        };
        Some(self.outcome(kind, name, HeaderValue::from_bytes(&value).ok()?))
    }

    fn outcome(&self, kind: Kind, name: HeaderName, value: HeaderValue) -> String {
        let headers = HeaderMap::from_iter([(name, value)]);
        let verdict = self.authenticators[kind as usize].authenticate(&headers, at(NOW));
        word(&self.runtime.block_on(verdict))
    }
}

/// Each bit of each byte: among the neighbours of a base64url symbol are others, and padding.
#[test]
fn no_single_changed_bit_of_a_valid_token_verifies() {
    for (kind, token) in &BENCH.good {
        assert_eq!(BENCH.verdict(*kind, token), Some("User".to_owned()));
        for place in 0..token.len() {
            for bit in 0..8 {
                let mut changed = token.clone();
                changed[place] ^= 1 << bit;
                let verdict = BENCH.verdict(*kind, &changed);
                assert_ne!(verdict, Some("User".to_owned()), "{place}, {bit}");
            }
        }
    }
}

// As many cases as `PROPTEST_CASES` says, else 256.
proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_single_changed_byte_of_a_valid_token_verifies(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (kind, token) = which.get(&BENCH.good);
        let mut changed = token.clone();
        *place.get_mut(&mut changed) = byte;
        prop_assume!(changed != *token);
        prop_assert_ne!(BENCH.verdict(*kind, &changed), Some("User".to_owned()));
    }

    #[test]
    fn no_valid_token_with_a_byte_more_or_less_verifies(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        more in any::<Option<u8>>(),
    ) {
        let (kind, mut token) = which.get(&BENCH.good).clone();
        let at = place.index(token.len());
        // After the scheme there may be more than one space.
        prop_assume!(kind == Kind::Alb || (at, more) != (0, Some(b' ')));
        match more {
            Some(byte) => token.insert(at, byte),
            None => { token.remove(at); }
        }
        prop_assert_ne!(BENCH.verdict(kind, &token), Some("User".to_owned()));
    }

    #[test]
    fn anything_at_all_is_refused_without_a_panic(value in prop::collection::vec(any::<u8>(), 0..300)) {
        for kind in [Kind::Alb, Kind::Bearer, Kind::Entra] {
            prop_assert_ne!(BENCH.verdict(kind, &value), Some("User".to_owned()));
        }
    }

    #[test]
    fn anything_that_looks_like_a_token_is_refused_without_a_panic(
        value in r#"[A-Za-z0-9_-]{0,80}={0,3}\.[A-Za-z0-9_-]{0,80}={0,3}\.[A-Za-z0-9_-]{0,90}={0,3}"#,
    ) {
        for kind in [Kind::Alb, Kind::Bearer, Kind::Entra] {
            prop_assert_ne!(BENCH.verdict(kind, value.as_bytes()), Some("User".to_owned()));
        }
    }

    /// The strongest attacker short of the issuer: everything is signed, only the claims are wild.
    #[test]
    fn a_signed_token_passes_only_in_its_time(exp in any::<f64>(), nbf in any::<Option<f64>>()) {
        prop_assume!(exp.is_finite() && nbf.is_none_or(f64::is_finite));
        let mut payload = json!({ "exp": exp });
        if let Some(nbf) = nbf {
            payload["nbf"] = nbf.into();
        }
        let vector = json!({ "name": "", "kind": "bearer", "why": "", "expect": "",
            "payload": payload });
        let vector: Vector = serde_json::from_value(vector).unwrap();
        let now = 1_800_000_000.0;
        let is_in_time = exp + 10.0 > now && nbf.is_none_or(|nbf| nbf <= now + 10.0);
        let verdict = BENCH.verdict(Kind::Bearer, vector.token(&BENCH.world, NOW).as_bytes());
        prop_assert_eq!(verdict.as_deref() == Some("User"), is_in_time, "{:?}", verdict);
    }

    #[test]
    fn a_signed_subject_is_a_whole_user_id_or_refused(sub in any::<String>()) {
        let vector = json!({ "name": "", "kind": "bearer", "why": "", "expect": "",
            "payload": { "sub": sub.replace(['{', '*'], "") } });
        let vector: Vector = serde_json::from_value(vector).unwrap();
        let sub = sub.replace(['{', '*'], "");
        let headers = vector.headers(&BENCH.world, NOW);
        let verdict = BENCH.authenticators[Kind::Bearer as usize].authenticate(&headers, at(NOW));
        match BENCH.runtime.block_on(verdict) {
            Ok(user) => prop_assert_eq!(user.id().as_str(), sub),
            Err(error) => {
                prop_assert_eq!(error.to_string(), "unusable subject");
                prop_assert!(sub.is_empty() || sub.chars().count() > 128 || sub.contains(char::is_control));
            }
        }
    }

    /// Any bytes, signed as a header and a payload are: JSON is read only where it is JSON.
    #[test]
    fn a_signed_payload_that_is_no_json_object_is_refused(
        header in prop::collection::vec(any::<u8>(), 0..60),
        payload in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let good = URL_SAFE_NO_PAD.encode(json!({ "alg": "ES256", "kid": "p256" }).to_string());
        for header in [URL_SAFE_NO_PAD.encode(&header), good] {
            let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(&payload));
            let signature = SigningKey::P256.sign("ES256", signed.as_bytes());
            let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
            let verdict = BENCH.verdict(Kind::Bearer, token.as_bytes());
            prop_assert_ne!(verdict, Some("User".to_owned()));
        }
    }
}
