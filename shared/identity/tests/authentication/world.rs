//! Authenticators that trust the vectors' keys.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use identity::{
    AlbSettings, AuthenticationError, Authenticator, BearerSettings, KeySetPlace, User,
};
use identity_vectors::{
    CLIENT, ENTRA_CLIENT, ENTRA_ISSUER, Kind, LOAD_BALANCER, SECOND_LOAD_BALANCER, World,
};

/// When everything happens, in seconds since the Unix epoch.
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn authenticator(kind: Kind, world: &World) -> Authenticator {
    match kind {
        Kind::Alb => Authenticator::alb(AlbSettings {
            load_balancers: [LOAD_BALANCER, SECOND_LOAD_BALANCER]
                .map(|arn| (arn.parse().unwrap(), world.load_balancer_keys().parse().unwrap()))
                .into(),
            issuer: world.issuer(),
            client: CLIENT.to_owned(),
        }),
        Kind::Bearer => Authenticator::bearer(BearerSettings {
            issuer: world.issuer(),
            client: CLIENT.to_owned(),
            keys: KeySetPlace::Discovered(world.issuer().parse().unwrap()),
        }),
        Kind::Entra => Authenticator::bearer(BearerSettings {
            issuer: ENTRA_ISSUER.to_owned(),
            client: ENTRA_CLIENT.to_owned(),
            keys: KeySetPlace::At(world.entra_keys().parse().unwrap()),
        }),
    }
}

/// A verdict in a vector's words.
pub(crate) fn word(verdict: &Result<User, AuthenticationError>) -> String {
    match verdict {
        Ok(_) => "User".to_owned(),
        Err(AuthenticationError::Refused(reason)) => format!("{reason:?}"),
        Err(AuthenticationError::KeysUnavailable(_)) => "Unavailable".to_owned(),
    }
}
