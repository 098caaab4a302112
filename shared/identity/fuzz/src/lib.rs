//! What the fuzz target and its corpus have to agree on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use identity::{
    AlbSettings, AudienceClaim, AuthenticationError, Authenticator, BearerSettings, KeySetPlace,
    User,
};
use identity_vectors::{
    CLIENT, ENTRA_CLIENT, ENTRA_ISSUER, Kind, LOAD_BALANCER, SECOND_LOAD_BALANCER, World, all,
};

/// When everything happens, in seconds since the Unix epoch.
pub const NOW: u64 = 1_800_000_000;
/// Who issues what Entra ID does not.
pub const ISSUER: &str = "https://issuer.example";
/// How many inputs one verifier judges. Each may name an invented key, and ten of those are fetched
/// at one time of the clock; one of the ten was the verifier's own key.
const INPUTS: u32 = 9;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A verifier that has its key, and may still ask for others.
pub struct Verifier {
    kind: Kind,
    good: HeaderMap,
    authenticator: Authenticator,
    left: u32,
}

impl Verifier {
    /// One for this kind of token.
    ///
    /// # Panics
    /// When the table has no good token of this kind.
    #[must_use]
    pub fn new(kind: Kind, world: &World) -> Self {
        let good = all().into_iter().find(|vector| vector.kind == kind && vector.expect == "User");
        let good = good.expect("a good token").headers(world, NOW);
        Self { kind, good, authenticator: authenticator(kind, world), left: 0 }
    }

    /// What it makes of a request.
    ///
    /// # Errors
    /// When it accepts nobody.
    ///
    /// # Panics
    /// When it does not accept the plain good token.
    pub async fn authenticate(
        &mut self,
        headers: &HeaderMap,
        world: &World,
    ) -> Result<User, AuthenticationError> {
        if self.left == 0 {
            self.authenticator = authenticator(self.kind, world);
            self.authenticator.authenticate(&self.good, at(NOW)).await.expect("a user");
            self.left = INPUTS;
        }
        self.left -= 1;
        self.authenticator.authenticate(headers, at(NOW)).await
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
