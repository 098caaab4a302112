//! What S3's failures mean, and how long to wait after one.
//!
//! Amazon S3 API Reference, "Error responses", and "How to prevent object overwrites with
//! conditional writes". The SDK's own retries are off: they can't read back whether a write whose
//! answer was lost has happened.

use std::{error::Error, time::Duration};

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use crate::error::SessionError;

type Cause = Box<dyn Error + Send + Sync>;

/// Why one request did not succeed.
#[derive(Debug)]
pub(crate) enum S3Failure {
    /// 412: the object is not the version that the condition names.
    ConditionFailed,
    /// 409: another conditional write of the object is running.
    ConflictingWrite,
    /// 404 for the key: there is no such object.
    NotFound,
    /// 429 or 503: S3 did nothing, and may do it later.
    Busy(Cause),
    /// 500, a time-out, or no answer at all: it may have happened or not.
    Unknown(Cause),
    /// The object has more bytes than are read.
    TooLarge,
    /// Anything else: a retry would not change it.
    Refused(Cause),
}

impl<E> From<SdkError<E>> for S3Failure
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
        match (status, code) {
            (Some(412), _) => Self::ConditionFailed,
            (Some(409), _) => Self::ConflictingWrite,
            (Some(404), code) if code != Some("NoSuchBucket") => Self::NotFound,
            (Some(429 | 503), _) => Self::Busy(Box::new(error)),
            (Some(400), Some("RequestTimeout")) | (Some(200..=299 | 500..), _) | (None, _) => {
                Self::Unknown(Box::new(error))
            }
            _ => Self::Refused(Box::new(error)),
        }
    }
}

/// Retries an idempotent request. `None` if S3 returns 404.
pub(crate) async fn retry<T, E, F>(request: impl Fn() -> F) -> Result<Option<T>, SessionError>
where
    S3Failure: From<E>,
    F: Future<Output = Result<T, E>>,
{
    let mut budget = RetryBudget::default();
    loop {
        match request().await.map_err(S3Failure::from) {
            Ok(answer) => return Ok(Some(answer)),
            Err(S3Failure::NotFound) => return Ok(None),
            Err(S3Failure::TooLarge) => return Err(SessionError::TooLarge),
            Err(S3Failure::Refused(cause)) => return Err(SessionError::Misconfigured(cause)),
            Err(S3Failure::Busy(cause) | S3Failure::Unknown(cause)) => {
                budget.after_failure(cause).await?;
            }
            Err(S3Failure::ConditionFailed | S3Failure::ConflictingWrite) => {
                let cause = "S3 reports a condition for a request without one".into();
                budget.after_failure(cause).await?;
            }
        }
    }
}

/// How often one operation may still be tried, and the waits between the tries. They double, and are
/// random so that writers that collided once do not collide again. They are our own because the wait
/// comes before the winner's object is read, which is no retry of the SDK's.
#[derive(Debug, Default)]
pub(crate) struct RetryBudget {
    failures: u32,
    races: u32,
}

impl RetryBudget {
    const MAX_FAILURES: u32 = 4;
    /// Enough for the last of 50 concurrent writers.
    const MAX_RACES: u32 = 24;

    /// Waits after a failure. Returns its cause as an error if it was the last one allowed.
    pub(crate) async fn after_failure(&mut self, cause: Cause) -> Result<(), SessionError> {
        self.failures += 1;
        if self.failures >= Self::MAX_FAILURES {
            return Err(SessionError::Unavailable(cause));
        }
        let first = Duration::from_millis(100);
        tokio::time::sleep(pause(first, self.failures, fastrand::f64())).await;
        Ok(())
    }

    /// Waits after a lost race, before the winner's object is read: the shorter the time from that
    /// read to the next try, the smaller the chance to lose again.
    pub(crate) async fn after_race(&mut self) {
        self.races += 1;
        let first = Duration::from_millis(20);
        tokio::time::sleep(pause(first, self.races, fastrand::f64())).await;
    }

    /// Whether all races that are allowed have been run.
    pub(crate) fn has_no_more_races(&self) -> bool {
        self.races >= Self::MAX_RACES
    }
}

/// The wait before another try, the part `random` (0 to 1) of the longest.
fn pause(first: Duration, tries: u32, random: f64) -> Duration {
    const LONGEST: Duration = Duration::from_secs(2);
    let doubled = first * 2_u32.pow(tries.saturating_sub(1).min(16));
    doubled.min(LONGEST).mul_f64(random)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::pause;

    #[test]
    fn waits_double_up_to_a_limit() {
        let first = Duration::from_millis(20);
        let longest = [1, 2, 3, 20, 1_000].map(|tries| pause(first, tries, 1.0).as_millis());
        assert_eq!(longest, [20, 40, 80, 2_000, 2_000]);
        assert_eq!(pause(first, 3, 0.0), Duration::ZERO);
    }
}
