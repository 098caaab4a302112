//! From a vector to the headers of a request.

use base64::{
    Engine,
    engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use crate::{
    keys::{SigningKey, unreachable_in_vectors},
    vector::{Base64, Kind, Vector},
    world::{CLIENT, ENTRA_CLIENT, ENTRA_ISSUER, KEY_ID, LOAD_BALANCER, World},
};

/// The order of P-256's base point (FIPS 186-4, D.1.2.3).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// One kind's plain good token, and what stands for the trusted names in it.
struct Plain {
    header: Value,
    payload: Value,
    key: &'static str,
    alg: &'static str,
    base64: Base64,
    issuer: String,
    client: &'static str,
}

impl Vector {
    /// The headers of a request with this token, as of `now` (seconds since the Unix epoch).
    ///
    /// # Panics
    /// When the vector says something that means nothing.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a vector that can't be built must fail the tests")]
    pub fn headers(&self, world: &World, now: u64) -> HeaderMap {
        let token = self.token(world, now);
        let usual = || match self.kind {
            Kind::Alb => vec![("x-amzn-oidc-data".to_owned(), "{token}".to_owned())],
            Kind::Bearer | Kind::Entra => {
                vec![("authorization".to_owned(), "Bearer {token}".to_owned())]
            }
        };
        let mut headers = HeaderMap::new();
        for (name, value) in self.send.clone().unwrap_or_else(usual) {
            let name: HeaderName = name.parse().expect("a header's name");
            let value = HeaderValue::from_bytes(value.replace("{token}", &token).as_bytes());
            headers.append(name, value.expect("a header's value"));
        }
        headers
    }

    /// Whether it is sent as its kind is usually sent, so that the token alone tells all.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.send.is_none()
    }

    /// The token alone.
    #[must_use]
    pub fn token(&self, world: &World, now: u64) -> String {
        let plain = plain(self.kind, world);
        let encode = |bytes: &[u8]| match self.base64.unwrap_or(plain.base64) {
            Base64::Padded => URL_SAFE.encode(bytes),
            Base64::Plain => URL_SAFE_NO_PAD.encode(bytes),
        };
        let names = Names { issuer: &plain.issuer, client: plain.client, now };
        let header = match &self.header_hex {
            Some(hex) => unhex(hex),
            None => {
                let members = self.merge("header.", plain.header, &self.header, &names);
                let text = self.header_text.clone().unwrap_or_else(|| members.to_string());
                names.resolve(&suffixed(text, &self.header_suffix)).into_bytes()
            }
        };
        let members = |over: &Map<String, Value>| {
            self.merge("payload.", plain.payload.clone(), over, &names).to_string()
        };
        let payload = match &self.payload_hex {
            Some(hex) => unhex(hex),
            None => {
                let text = self.payload_text.clone().unwrap_or_else(|| members(&self.payload));
                names.resolve(&suffixed(text, &self.payload_suffix)).into_bytes()
            }
        };
        let signed = self.signed_payload.as_ref().map(|over| members(over).into_bytes());
        let message =
            format!("{}.{}", encode(&header), encode(signed.as_ref().unwrap_or(&payload)));
        let key = SigningKey::named(self.key.as_deref().unwrap_or(plain.key));
        let alg = self.alg.as_deref().unwrap_or(plain.alg);
        let signature = self.sign(key, alg, message.as_bytes());

        let segment = |name: &str, bytes: &[u8]| match self.edit.get(name) {
            Some(edit) => edited(encode(bytes), edit),
            None => encode(bytes),
        };
        let form = self.form.as_deref().unwrap_or("{header}.{payload}.{signature}");
        form.replace("{header}", &segment("header", &header))
            .replace("{payload}", &segment("payload", &payload))
            .replace("{signature}", &segment("signature", &signature))
    }

    fn merge(
        &self,
        part: &str,
        mut plain: Value,
        over: &Map<String, Value>,
        names: &Names<'_>,
    ) -> Value {
        for (name, value) in over {
            plain[name] = value.clone();
        }
        if let Value::Object(members) = &mut plain {
            members.retain(|name, _| !self.without.contains(&format!("{part}{name}")));
            members.values_mut().for_each(|value| names.resolve_value(value));
        }
        plain
    }

    fn sign(&self, key: SigningKey, alg: &str, message: &[u8]) -> Vec<u8> {
        let form = self.signature.as_deref();
        if form == Some("der") {
            return key.sign("ES256-der", message);
        }
        let mut signature = key.sign(alg, message);
        match form {
            None => {}
            Some("other-s") => negate(&mut signature[32..]),
            Some("short") => signature.truncate(signature.len() - 1),
            Some("long") => signature.push(0),
            Some("zero") => signature.fill(0),
            Some("empty") => signature.clear(),
            Some(other) => unreachable_in_vectors(other),
        }
        signature
    }
}

struct Names<'a> {
    issuer: &'a str,
    client: &'a str,
    now: u64,
}

impl Names<'_> {
    fn resolve(&self, text: &str) -> String {
        let named = text
            .replace("{issuer}", self.issuer)
            .replace("{client}", self.client)
            .replace("{signer}", LOAD_BALANCER)
            .replace("{kid}", KEY_ID);
        let mut text = named;
        while let Some(longer) = repeated(&text) {
            text = longer;
        }
        text
    }

    fn resolve_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.resolve(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.resolve_value(item)),
            Value::Object(members) => match members.get("now") {
                Some(Value::Number(offset)) if offset.is_i64() => {
                    let offset = offset.as_i64().unwrap_or_default();
                    *value = self.now.saturating_add_signed(offset).into();
                }
                _ => members.values_mut().for_each(|member| self.resolve_value(member)),
            },
            _ => {}
        }
    }
}

fn plain(kind: Kind, world: &World) -> Plain {
    let soon = json!({ "now": 120 });
    match kind {
        Kind::Alb => Plain {
            header: json!({ "typ": "JWT", "kid": "{kid}", "alg": "ES256", "iss": "{issuer}",
                "client": "{client}", "signer": "{signer}", "exp": soon }),
            payload: json!({ "sub": "alice", "name": "Alice Example", "email": "alice@example.com",
                "email_verified": "true", "username": "alice", "exp": soon, "iss": "{issuer}" }),
            key: "load-balancer",
            alg: "ES256",
            base64: Base64::Padded,
            issuer: world.issuer(),
            client: CLIENT,
        },
        Kind::Bearer => Plain {
            header: json!({ "alg": "ES256", "typ": "JWT", "kid": "p256" }),
            payload: json!({ "iss": "{issuer}", "aud": "{client}", "sub": "alice",
                "name": "Alice Example", "email": "alice@example.com",
                "iat": { "now": 0 }, "exp": soon }),
            key: "p256",
            alg: "ES256",
            base64: Base64::Plain,
            issuer: world.issuer(),
            client: CLIENT,
        },
        Kind::Entra => Plain {
            header: json!({ "typ": "JWT", "alg": "RS256",
                "kid": "Xk9_pC3zV0iR7mQaLw2-TnYbE4s" }),
            payload: entra_payload(),
            key: "rsa",
            alg: "RS256",
            base64: Base64::Plain,
            issuer: ENTRA_ISSUER.to_owned(),
            client: ENTRA_CLIENT,
        },
    }
}

/// The claims of a v2.0 access token (Microsoft, "Access token claims reference").
fn entra_payload() -> Value {
    json!({
        "aud": "{client}", "iss": "{issuer}",
        "iat": { "now": -5 }, "nbf": { "now": -5 }, "exp": { "now": 4200 },
        "aio": "AXQAi/8WAAAA1y2x", "azp": "00000000-5555-6666-7777-000000000000", "azpacr": "1",
        "name": "Alice Example", "oid": "3f0a4c1e-1111-4222-8333-944445555666",
        "preferred_username": "alice@contoso.example", "rh": "1.AAAA.", "scp": "access_as_user",
        "sid": "00aa00aa-0000-4000-8000-000000000001",
        "sub": "rZ0pJqB6p0mBz2bW1S4oKcU3Q8e5gk1v2Yd7TtXxA9c",
        "tid": "72f988bf-0000-4000-8000-2d7cd011db47",
        "uti": "h1_Kq0Uq1Eu8aaBbCcDdAA", "ver": "2.0"
    })
}

/// `{x*3}` in a text becomes `xxx`.
fn repeated(text: &str) -> Option<String> {
    let star = text.find('*')?;
    let open = text[..star].rfind('{')?;
    let close = star + text[star..].find('}')?;
    let times: usize = text[star + 1..close].parse().ok()?;
    let many = text[open + 1..star].repeat(times);
    Some(format!("{}{many}{}", &text[..open], &text[close + 1..]))
}

fn suffixed(mut text: String, suffix: &str) -> String {
    if !suffix.is_empty() && text.ends_with('}') {
        text.pop();
        text.push_str(suffix);
        text.push('}');
    }
    text
}

fn edited(segment: String, edit: &str) -> String {
    let middle = segment.len() / 2;
    match edit {
        "no-padding" => segment.trim_end_matches('=').to_owned(),
        "half-padding" => segment.strip_suffix('=').unwrap_or(&segment).to_owned(),
        "extra-padding" => segment + "=",
        "percent" => segment.replace('=', "%3D"),
        "space" => format!("{} {}", &segment[..middle], &segment[middle..]),
        "flip" => {
            let other = if &segment[middle..=middle] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &segment[..middle], &segment[middle + 1..])
        }
        "loose-bits" => {
            let text = segment.trim_end_matches('=');
            let padding = &segment[text.len()..];
            // The last symbol of 64 bytes carries four bits that mean nothing: A, Q, g or w.
            let next = |symbol: char| char::from(symbol as u8 + 1);
            let last = text.chars().last().map(next).unwrap_or_default();
            format!("{}{last}{padding}", &text[..text.len() - 1])
        }
        other => unreachable_in_vectors(other),
    }
}

/// The order less `s`: ECDSA accepts both (r, s) and (r, n − s).
fn negate(s: &mut [u8]) {
    let mut borrow = 0;
    for (byte, of_order) in s.iter_mut().zip(P256_ORDER).rev() {
        let difference = i16::from(of_order) - i16::from(*byte) - borrow;
        borrow = i16::from(difference < 0);
        *byte = difference.rem_euclid(256).to_le_bytes()[0];
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16);
    (0..hex.len()).step_by(2).map(|at| digit(at).unwrap_or_default()).collect()
}
