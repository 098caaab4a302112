//! Workload identities, and the tokens with which a workload acts for a user.
//!
//! Source: `GetWorkloadAccessTokenForUserId` and its siblings. AWS does not document how long the
//! tokens last. Here it is 15 minutes (unless the settings say otherwise), or as long as the user's
//! JWT.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use stand_in::random_token;
use url::Url;

use super::{
    limits::{ReturnUrl, UserId, UserToken},
    refusal::{ApiRefusal, Kind},
};

/// A registered workload.
pub(super) struct WorkloadIdentity {
    pub(super) allowed_return_urls: Vec<String>,
    pub(super) created: SystemTime,
    pub(super) updated: SystemTime,
}

impl WorkloadIdentity {
    /// A workload that may send browsers to these URLs.
    pub(super) fn new(allowed_return_urls: Vec<String>, now: SystemTime) -> Self {
        Self { allowed_return_urls, created: now, updated: now }
    }

    /// Returns the return URL of a flow, if this workload may use it. `default` are the URLs of a
    /// workload that has none of its own.
    pub(super) fn check_return_url(
        &self,
        url: Option<ReturnUrl>,
        default: &[Url],
    ) -> Result<ReturnUrl, ApiRefusal> {
        let own = self.allowed_return_urls.iter().map(String::as_str);
        let default =
            default.iter().map(Url::as_str).filter(|_| self.allowed_return_urls.is_empty());
        let allowed: Vec<&str> = own.chain(default).collect();
        let Some(url) = url.filter(|_| !allowed.is_empty()) else {
            return Err(ApiRefusal::validation(
                "You must register and use at least one ResourceOauth2ReturnUrl on your workload \
                 identity to use this flow",
            ));
        };
        if allowed.contains(&&*url) {
            Ok(url)
        } else {
            Err(ApiRefusal::validation(
                "resourceOauth2ReturnUrl is not one of the workload identity's \
                 allowedResourceOauth2ReturnUrls",
            ))
        }
    }
}

/// The identity that begins a flow and has to complete it. It is compared as text, so another JWT of
/// the same person does not match.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum UserIdentifier {
    UserId(UserId),
    UserToken(UserToken),
}

impl UserIdentifier {
    /// The user's name in logs, which must not contain a token.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::UserId(id) => id,
            Self::UserToken(_) => "the subject of a token",
        }
    }
}

/// The user whose tokens the vault stores: the same for every JWT of a person.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum VaultUser {
    Id(UserId),
    Subject { issuer: String, subject: String },
}

/// A user as named in a request.
#[derive(Clone)]
pub(super) struct User {
    pub(super) identifier: UserIdentifier,
    pub(super) vault_user: VaultUser,
    expires: Option<SystemTime>,
}

impl User {
    /// A user named by the workload.
    pub(super) fn from_id(id: UserId) -> Self {
        let identifier = UserIdentifier::UserId(id.clone());
        Self { identifier, vault_user: VaultUser::Id(id), expires: None }
    }

    /// A user named by a token of their identity provider. The JWT's signature is not verified: this
    /// stand-in knows no identity provider.
    pub(super) fn from_token(token: UserToken, now: SystemTime) -> Result<Self, ApiRefusal> {
        #[derive(Deserialize)]
        struct Claims {
            iss: String,
            sub: String,
            exp: u64,
        }
        let claims: Option<Claims> = token
            .split('.')
            .nth(1)
            .and_then(|payload| URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok())
            .and_then(|payload| serde_json::from_slice(&payload).ok());
        let invalid = || {
            ApiRefusal::new(Kind::Unauthorized, "The user token is not a valid JWT, or has expired")
        };
        let claims = claims.ok_or_else(invalid)?;
        let expires = UNIX_EPOCH.checked_add(Duration::from_secs(claims.exp));
        let expires = expires.filter(|it| now < *it).ok_or_else(invalid)?;
        let vault_user = VaultUser::Subject { issuer: claims.iss, subject: claims.sub };
        let identifier = UserIdentifier::UserToken(token);
        Ok(Self { identifier, vault_user, expires: Some(expires) })
    }
}

/// The workload and user of a workload access token.
#[derive(Clone)]
pub(super) struct Bearer {
    pub(super) workload: String,
    pub(super) user: Option<User>,
    expires: SystemTime,
}

/// All workload access tokens.
#[derive(Default)]
pub(super) struct WorkloadTokens(HashMap<String, Bearer>);

impl WorkloadTokens {
    /// Issues a token for `workload`, which has to exist.
    pub(super) fn issue(
        &mut self,
        workload: &str,
        user: Option<User>,
        lifetime: Duration,
        now: SystemTime,
    ) -> String {
        self.0.retain(|_, bearer| now < bearer.expires);
        let expires = user.as_ref().and_then(|it| it.expires).unwrap_or(now + lifetime);
        let token = random_token();
        let workload = workload.to_owned();
        self.0.insert(token.clone(), Bearer { workload, user, expires });
        token
    }

    /// Returns the workload and user of a token that has not expired. AWS does not document the error.
    pub(super) fn bearer(&self, token: &str, now: SystemTime) -> Result<Bearer, ApiRefusal> {
        self.0.get(token).filter(|bearer| now < bearer.expires).cloned().ok_or_else(|| {
            ApiRefusal::new(Kind::Unauthorized, "The workload access token is invalid or expired")
        })
    }

    /// Removes the tokens of a workload.
    pub(super) fn forget(&mut self, workload: &str) {
        self.0.retain(|_, bearer| bearer.workload != workload);
    }
}

/// The registered workloads by name.
pub(super) type WorkloadIdentities = BTreeMap<String, WorkloadIdentity>;
