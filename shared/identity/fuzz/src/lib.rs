//! What the fuzz target and its corpus have to agree on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use identity::{AlbSettings, Authenticator, BearerSettings, KeySetPlace};
use identity_vectors::{
    CLIENT, ENTRA_CLIENT, ENTRA_ISSUER, Kind, LOAD_BALANCER, SECOND_LOAD_BALANCER, World,
};

/// When everything happens, in seconds since the Unix epoch.
pub const NOW: u64 = 1_800_000_000;
/// Who issues what Entra ID does not.
pub const ISSUER: &str = "https://issuer.example";

/// `seconds` since the Unix epoch as a time.
#[must_use]
pub fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// One that trusts the vectors' keys.
///
/// # Panics
/// When an address is none.
#[must_use]
pub fn authenticator(kind: Kind, world: &World) -> Authenticator {
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
    Authenticator::bearer(BearerSettings { issuer, client: client.to_owned(), keys })
}
