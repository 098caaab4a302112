//! A fault as it is written: `PART=KIND`, `PART=KIND:TIME`, and with a share of the requests at the end.

use std::{fmt, str::FromStr, time::Duration};

/// The parts that can have faults, and what each is called on the command line.
const PARTS: [(&str, FaultyPart); 7] = [
    ("agentcore", FaultyPart::AgentCore),
    ("bedrock", FaultyPart::Bedrock),
    ("calendar", FaultyPart::Calendar),
    ("github", FaultyPart::GitHub),
    ("issuer", FaultyPart::Issuer),
    ("load-balancer", FaultyPart::LoadBalancer),
    ("s3", FaultyPart::S3),
];

/// What the command line says about all this.
pub(crate) const HELP: &str = "\
Let a part fail, as PART=KIND, PART=KIND:TIME or PART=KIND:SHARE%; may be given again.

PART: agentcore, bedrock, calendar, github, issuer, load-balancer (its public keys), s3

KIND: latency:TIME, each answer is that late; \
slow-down, too many requests, in the words of that part; \
error, a failure of the part's own; \
reset, the connection ends and nothing has arrived; \
lost, the request has arrived and its answer is lost; \
cut, the answer ends in the middle; \
garbage, the answer is nonsense; \
trickle:TIME, 64 bytes of the answer arrive in each TIME; \
expired, workload access tokens have expired (agentcore); \
rotation:TIME, the signing key is replaced that often (issuer, load-balancer)

TIME: as 200ms or 2s. SHARE: of the requests, at random, 100% if it is left out. Pages that a person \
opens are left alone.

For example: --fault github=latency:200ms --fault s3=slow-down:20% --fault agentcore=reset:5%";

/// A part that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultyPart {
    /// AgentCore Identity.
    AgentCore,
    /// The model.
    Bedrock,
    /// The calendar.
    Calendar,
    /// GitHub.
    GitHub,
    /// The OIDC issuer.
    Issuer,
    /// The load balancer's public keys.
    LoadBalancer,
    /// S3.
    S3,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An answer is this late.
    Latency(Duration),
    /// Too many requests, in the words of the part.
    SlowDown,
    /// A failure of the part's own (5xx).
    Error,
    /// The connection ends, and the request has not arrived.
    Reset,
    /// The request arrives, and the connection ends without an answer.
    Lost,
    /// The answer ends in the middle.
    Cut,
    /// The answer's body is nonsense.
    Garbage,
    /// A piece of the answer arrives in each of these times.
    Trickle(Duration),
    /// Workload access tokens have expired.
    Expired,
    /// The signing key is replaced this often.
    Rotation(Duration),
}

/// One fault of one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub part: FaultyPart,
    /// What.
    pub kind: Kind,
    /// How many requests of a hundred.
    pub percent: u8,
}

/// Why a text is no fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedFault {
    /// Without an equals sign.
    #[error("PART=KIND is expected")]
    Form,
    /// An unknown part.
    #[error(
        "the part is one of agentcore, bedrock, calendar, github, issuer, load-balancer and s3"
    )]
    Part,
    /// An unknown kind.
    #[error(
        "the kind is one of latency:TIME, slow-down, error, reset, lost, cut, garbage, trickle:TIME, \
         expired and rotation:TIME"
    )]
    Kind,
    /// The kind needs a time.
    #[error("this kind needs a time, as 200ms or 2s, of at most 10 minutes")]
    Time,
    /// No share of the requests.
    #[error("a share is a number from 1% to 100%, at the end")]
    Share,
    /// The kind is not one of this part.
    #[error("only agentcore has expired tokens; only issuer and load-balancer rotate keys")]
    NotHere,
}

impl FromStr for Fault {
    type Err = MalformedFault;

    fn from_str(text: &str) -> Result<Self, MalformedFault> {
        let (part, rest) = text.split_once('=').ok_or(MalformedFault::Form)?;
        let part = PARTS.iter().find(|(name, _)| *name == part).ok_or(MalformedFault::Part)?.1;
        let (rest, percent) = match rest.rsplit_once(':') {
            Some((before, share)) if share.ends_with('%') => (before, percent(share)?),
            _ => (rest, 100),
        };
        let (name, value) = rest.split_once(':').map_or((rest, None), |(a, b)| (a, Some(b)));
        let timed = || value.and_then(time).ok_or(MalformedFault::Time);
        let kind = match name {
            "latency" => Kind::Latency(timed()?),
            "trickle" => Kind::Trickle(timed()?),
            "rotation" => Kind::Rotation(timed()?),
            _ => untimed(name).filter(|_| value.is_none()).ok_or(MalformedFault::Kind)?,
        };
        let has_keys = matches!(part, FaultyPart::Issuer | FaultyPart::LoadBalancer);
        let fits = match kind {
            Kind::Expired => part == FaultyPart::AgentCore,
            Kind::Rotation(_) => has_keys,
            _ => true,
        };
        if fits { Ok(Self { part, kind, percent }) } else { Err(MalformedFault::NotHere) }
    }
}

fn untimed(name: &str) -> Option<Kind> {
    Some(match name {
        "slow-down" => Kind::SlowDown,
        "error" => Kind::Error,
        "reset" => Kind::Reset,
        "lost" => Kind::Lost,
        "cut" => Kind::Cut,
        "garbage" => Kind::Garbage,
        "expired" => Kind::Expired,
        _ => return None,
    })
}

fn percent(text: &str) -> Result<u8, MalformedFault> {
    let number = text.trim_end_matches('%').parse().ok();
    number.filter(|it| (1..=100).contains(it)).ok_or(MalformedFault::Share)
}

fn time(text: &str) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(600);
    let time = match text.strip_suffix("ms") {
        Some(number) => Duration::from_millis(number.parse().ok()?),
        None => Duration::from_secs(text.strip_suffix('s')?.parse().ok()?),
    };
    (Duration::ZERO < time && time <= LONGEST).then_some(time)
}

impl fmt::Display for FaultyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = PARTS.iter().find(|(_, part)| part == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Fault, FaultyPart, HELP, Kind, MalformedFault, PARTS};

    #[test]
    fn a_fault_says_where_what_and_how_often() {
        let fault = |text: &str| text.parse::<Fault>().unwrap();
        let late = Kind::Latency(Duration::from_millis(200));
        let expected = Fault { part: FaultyPart::GitHub, kind: late, percent: 100 };
        assert_eq!(fault("github=latency:200ms"), expected);
        let expected = Fault { part: FaultyPart::S3, kind: Kind::SlowDown, percent: 20 };
        assert_eq!(fault("s3=slow-down:20%"), expected);
        let slow = Kind::Trickle(Duration::from_secs(2));
        let expected = Fault { part: FaultyPart::Bedrock, kind: slow, percent: 5 };
        assert_eq!(fault("bedrock=trickle:2s:5%"), expected);
        assert!(matches!(fault("issuer=rotation:3s").kind, Kind::Rotation(_)));
    }

    #[test]
    fn every_mistake_is_named() {
        use MalformedFault::{Form, Kind, NotHere, Part, Share, Time};
        for (text, why) in [
            ("github", Form),
            ("gitlab=reset", Part),
            ("github=explode", Kind),
            ("github=reset:1s", Kind),
            ("github=latency", Time),
            ("github=latency:fast", Time),
            ("github=latency:0ms", Time),
            ("github=latency:601s", Time),
            ("github=reset:0%", Share),
            ("github=reset:101%", Share),
            ("github=reset:%", Share),
            ("github=expired", NotHere),
            ("s3=rotation:1s", NotHere),
        ] {
            assert_eq!(text.parse::<Fault>(), Err(why), "{text}");
        }
    }

    #[test]
    fn the_help_names_every_part() {
        assert!(PARTS.iter().all(|(name, part)| HELP.contains(name) && part.to_string() == *name));
    }
}
