//! Values that nobody can guess: codes, tokens, names of sessions.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

/// Returns a new one: 32 bytes, of which 244 bits are random, in base64url.
#[must_use]
pub fn random_token() -> String {
    let bytes = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()];
    URL_SAFE_NO_PAD.encode(bytes.as_flattened())
}
