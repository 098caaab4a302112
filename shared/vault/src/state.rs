//! The state of one flow: what only the browser that consented brings back.
//!
//! RFC 6749, section 10.12, and the OAuth 2.0 Security Best Current Practice (RFC 9700, section
//! 4.7) ask for a value tied to the user agent; AgentCore Identity carries it as `customState`
//! and gives it to the return URL. Anyone may know a session URI (it is in the link that is
//! sent to GitHub); nobody but that browser ever sees this.

use std::fmt;

use aws_lc_rs::{constant_time, digest, rand};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// 256 random bits. Can't be printed or serialised.
pub struct FlowState(Zeroizing<String>);

impl FlowState {
    /// A new state.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn generate() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        rand::fill(bytes.as_mut_slice())?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))))
    }

    /// The state, for `customState` alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What a flow keeps of it.
    #[must_use]
    pub fn hash(&self) -> StateHash {
        StateHash::new(&self.0)
    }
}

impl fmt::Debug for FlowState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FlowState(…)")
    }
}

/// The SHA-256 of a state; compared in constant time.
#[derive(Debug, Clone, Copy, Eq, Serialize, Deserialize)]
pub struct StateHash([u8; 32]);

impl StateHash {
    /// The hash of what a browser brought.
    #[must_use]
    pub fn new(state: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, state.as_bytes()).as_ref());
        Self(hash)
    }
}

impl PartialEq for StateHash {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}
