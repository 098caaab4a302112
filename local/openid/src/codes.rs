//! Authorization codes, each used once, and access tokens.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use stand_in::random_token;

use super::people::Person;

const CODE_LIFETIME: Duration = Duration::from_secs(60);
pub(super) const TOKEN_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// A sign-in whose code was not exchanged yet.
pub(super) struct SignIn {
    pub(super) person: &'static Person,
    pub(super) nonce: Option<String>,
    pub(super) code_challenge: Option<String>,
}

/// All codes and tokens.
#[derive(Default)]
pub(super) struct Codes {
    codes: HashMap<String, (SignIn, SystemTime)>,
    tokens: HashMap<String, (&'static Person, SystemTime)>,
}

impl Codes {
    pub(super) fn issue_code(&mut self, sign_in: SignIn, now: SystemTime) -> String {
        self.codes.retain(|_, (_, expires)| now < *expires);
        let code = random_token();
        self.codes.insert(code.clone(), (sign_in, now + CODE_LIFETIME));
        code
    }

    /// Returns the sign-in of `code`. Any attempt uses the code up.
    pub(super) fn redeem(
        &mut self,
        code: &str,
        code_verifier: Option<&str>,
        now: SystemTime,
    ) -> Option<SignIn> {
        let (sign_in, expires) = self.codes.remove(code)?;
        let challenge = code_verifier.map(|verifier| {
            URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()))
        });
        (now < expires && sign_in.code_challenge == challenge).then_some(sign_in)
    }

    pub(super) fn issue_token(&mut self, person: &'static Person, now: SystemTime) -> String {
        self.tokens.retain(|_, (_, expires)| now < *expires);
        let token = random_token();
        self.tokens.insert(token.clone(), (person, now + TOKEN_LIFETIME));
        token
    }

    pub(super) fn person(&self, token: &str, now: SystemTime) -> Option<&'static Person> {
        self.tokens.get(token).filter(|(_, expires)| now < *expires).map(|(person, _)| *person)
    }
}
