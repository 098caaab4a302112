//! The header that a token is sent in.

use http::{HeaderMap, HeaderName};

use crate::error::Refusal;

/// The only value of the header `name`. Of several, a proxy may have checked another one than we.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, Refusal> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(Refusal::Missing)?;
    if values.next().is_some() {
        return Err(Refusal::Repeated);
    }
    value.to_str().map_err(|_| Refusal::Malformed)
}
