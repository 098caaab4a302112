//! NumericDate (RFC 7519, section 2) against the clock.
//!
//! Times are seconds since the Unix epoch as JSON has them: any finite number, a fraction or a
//! negative one included. What JSON can't hold (NaN, infinities) never gets here.

use std::time::Duration;

use crate::{error::Refusal, mismatch::Mismatch};

/// How far another clock may differ from ours, either way.
const LEEWAY: Duration = Duration::from_secs(10);

/// Refuses an `exp` that has passed.
pub(crate) fn check_expiry(exp: f64, now: Duration) -> Result<(), Refusal> {
    if !has_passed(exp, now) {
        return Ok(());
    }
    let (now, least) = (now.as_secs(), now.saturating_sub(LEEWAY).as_secs());
    let expected = format!("exp after {least}, because it is {now} here");
    Err(Refusal::Expired(Mismatch::new(expected, exp)))
}

/// Refuses an `nbf` that is still to come.
pub(crate) fn check_beginning(nbf: f64, now: Duration) -> Result<(), Refusal> {
    if !is_to_come(nbf, now) {
        return Ok(());
    }
    let (now, most) = (now.as_secs(), now.saturating_add(LEEWAY).as_secs());
    let expected = format!("nbf by {most}, because it is {now} here");
    Err(Refusal::NotYet(Mismatch::new(expected, nbf)))
}

/// Whether `exp` is over ("on or after which", RFC 7519, section 4.1.4).
fn has_passed(exp: f64, now: Duration) -> bool {
    exp + LEEWAY.as_secs_f64() <= now.as_secs_f64()
}

/// Whether `nbf` is still to come ("before which", RFC 7519, section 4.1.5).
fn is_to_come(nbf: f64, now: Duration) -> bool {
    nbf > now.as_secs_f64() + LEEWAY.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{has_passed, is_to_come};

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    #[test]
    fn a_token_ends_ten_seconds_after_its_expiry_and_not_later() {
        assert!(!has_passed(1_799_999_990.001, NOW));
        assert!(has_passed(1_799_999_990.0, NOW));
    }

    #[test]
    fn a_token_begins_ten_seconds_before_its_time_and_not_earlier() {
        assert!(!is_to_come(1_800_000_010.0, NOW));
        assert!(is_to_come(1_800_000_010.001, NOW));
    }

    #[test]
    fn huge_and_negative_times_are_only_far_away() {
        assert!(!has_passed(f64::MAX, NOW) && is_to_come(f64::MAX, NOW));
        assert!(has_passed(f64::MIN, NOW) && !is_to_come(f64::MIN, NOW));
        assert!(has_passed(-0.0, NOW) && has_passed(f64::MIN_POSITIVE, NOW));
    }
}
