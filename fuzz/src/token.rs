//! From the value of a header to a verdict: nothing panics, nobody is let in with bytes that were not
//! signed, and the key of what was signed is always there.
//!
//! The first byte of the input chooses the kind of token, the others are the header's value. Time,
//! names and keys are always the same, so that the corpus' good tokens are good in every run.

use std::{
    collections::HashSet,
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use identity::{
    AlbSettings, AudienceClaim, AuthenticationError, Authenticator, BearerSettings, KeySetPlace,
    OIDC_DATA_HEADER, User,
};
use identity_vectors::{
    CLIENT, ENTRA_CLIENT, ENTRA_ISSUER, Kind, LOAD_BALANCER, SECOND_LOAD_BALANCER, World, all,
};
use tokio::runtime::Runtime;

/// When everything happens, in seconds since the Unix epoch.
pub const NOW: u64 = 1_800_000_000;
/// Who issues what Entra ID does not.
pub const ISSUER: &str = "https://issuer.example";
/// How many inputs one verifier judges. Each may name an invented key, and ten of those are fetched
/// at one time of the clock; one of the ten was the verifier's own key.
const INPUTS: u32 = 9;

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

/// Judges one input.
pub(crate) fn run(input: &[u8]) {
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
}

fn signed_part(token: &[u8]) -> &[u8] {
    let dot = token.iter().rposition(|byte| *byte == b'.').unwrap_or_default();
    &token[..dot]
}

/// The time of every run.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

/// A verifier that has its key, and may still ask for others.
struct Verifier {
    kind: Kind,
    good: HeaderMap,
    authenticator: Authenticator,
    left: u32,
}

impl Verifier {
    fn new(kind: Kind, world: &World) -> Self {
        let good = all().into_iter().find(|vector| vector.kind == kind && vector.expect == "User");
        let good = good.expect("a good token").headers(world, NOW);
        Self { kind, good, authenticator: authenticator(kind, world), left: 0 }
    }

    /// What it makes of a request.
    async fn authenticate(
        &mut self,
        headers: &HeaderMap,
        world: &World,
    ) -> Result<User, AuthenticationError> {
        if self.left == 0 {
            self.authenticator = authenticator(self.kind, world);
            self.authenticator.authenticate(&self.good, now()).await.expect("a user");
            self.left = INPUTS;
        }
        self.left -= 1;
        self.authenticator.authenticate(headers, now()).await
    }
}

/// One that trusts the vectors' keys.
fn authenticator(kind: Kind, world: &World) -> Authenticator {
    let keys_at = |address: String| KeySetPlace::At(address.parse().expect("an address"));
    let (issuer, client, keys) = match kind {
        Kind::Alb => {
            let keys = || world.load_balancer_keys().parse().expect("an address");
            let arns = [LOAD_BALANCER, SECOND_LOAD_BALANCER];
            return Authenticator::alb(AlbSettings {
                load_balancers: arns.map(|arn| (arn.parse().expect("an ARN"), keys())).into(),
                issuer: world.issuer(),
                client: CLIENT.to_owned(),
            });
        }
        Kind::Bearer => (world.issuer(), CLIENT, keys_at(world.issuer_keys())),
        Kind::Entra => (ENTRA_ISSUER.to_owned(), ENTRA_CLIENT, keys_at(world.entra_keys())),
    };
    Authenticator::bearer(BearerSettings {
        issuer,
        client: client.to_owned(),
        audience: AudienceClaim::Aud,
        keys,
    })
}
