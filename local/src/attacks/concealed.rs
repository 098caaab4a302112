//! Secrets as they are shown: a mark by which a value can be followed, and not known.

use aws_lc_rs::digest::{SHA256, digest};
use url::Url;

/// The parameters of an address whose values are shown.
const SHOWN: [&str; 1] = ["result"];

/// Stands for a secret: a dot and four hex digits of its SHA-256.
pub(super) fn concealed(secret: &str) -> String {
    let hash = digest(&SHA256, secret.as_bytes());
    let digits: String = hash.as_ref().iter().take(2).map(|byte| format!("{byte:02x}")).collect();
    format!("●{digits}")
}

/// An address without its secrets, and of this world's origins without the origin.
pub(super) fn shown(address: &Url) -> String {
    let pairs = address.query_pairs().map(|(name, value)| match SHOWN.contains(&&*name) {
        true => format!("{name}={value}"),
        false => format!("{name}={}", concealed(&value)),
    });
    let query: Vec<String> = pairs.collect();
    match query.is_empty() {
        true => address.path().to_owned(),
        false => format!("{}?{}", address.path(), query.join("&")),
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::shown;

    #[test]
    fn an_address_keeps_its_path_and_hides_every_value_that_is_not_known_to_be_harmless() {
        let address =
            "http://localhost:1/oauth2/session-binding?session_id=urn%3Aone&result=no_flow";
        let shown = shown(&Url::parse(address).unwrap());
        // printf urn:one | sha256sum
        assert_eq!(shown, "/oauth2/session-binding?session_id=●8e6c&result=no_flow");
    }
}
