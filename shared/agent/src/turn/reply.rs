//! What a provider's reply means for a call.
//!
//! A token that the provider does not accept any more, or that turns out to allow less than the call
//! needs, leads to another token of the vault's, if it has one, and else to one forced consent. Another
//! refusal after that is an error, which the model is told, and never a third consent. A token that is
//! known to allow too little may have brought a partial result, so that what it brought is discarded.
//!
//! What a provider does not show may not exist. Then more is asked for only if the user has named it
//! in words of their own. The model's words don't count, and neither do results of tools: who can
//! write a description or an issue could otherwise lead the user to a wider consent.

use std::time::SystemTime;

use serde_json::Value;
use session::{Confirmation, ToolOutput, ToolResult, ToolStatus};
use vault::TokenFingerprint;

use super::{
    Turn,
    call::{Stage, TokenNeed},
    texts,
};
use crate::{
    provider::MAX_SETS,
    scopes::Scopes,
    tool::{Failure, Preview, Reply, TokenVerdict},
};

/// The token that a call was tried with, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownToken {
    pub(crate) fingerprint: TokenFingerprint,
    /// What it allows, if the provider has said so.
    pub(crate) allows: Option<Scopes>,
}

/// A token that can't be used for a call. Nothing was done with it.
#[derive(Debug)]
pub(super) struct TokenRefusal {
    pub(super) token: TokenFingerprint,
    /// What another one must allow.
    pub(super) scopes: Scopes,
    /// What to tell the model if a consent has been forced for this call before.
    pub(super) otherwise: ToolResult,
}

/// The audit trail's names of an outcome.
const OK: &str = "ok";
const TOO_WEAK: &str = "too_weak";

impl Turn {
    /// Whether the call may be tried with `token`: it is not known to allow too little. If it is,
    /// the call needs another one from here on.
    pub(crate) fn may_be_tried_with(&mut self, id: &str, token: &KnownToken) -> bool {
        match self.too_weak(id, token) {
            Some(refusal) => {
                self.refused(id, refusal);
                false
            }
            None => true,
        }
    }

    /// A reading call has been made. Returns what the audit trail calls its outcome.
    pub(crate) fn was_read(
        &mut self,
        id: &str,
        token: Option<&KnownToken>,
        reply: Reply<Value>,
    ) -> &'static str {
        match self.brought(id, token, reply) {
            Ok(data) => {
                self.answered(success(id, data));
                OK
            }
            Err(code) => code,
        }
    }

    /// A writing call has been previewed. Returns what the user is to approve, or what the audit
    /// trail calls the failure.
    pub(crate) fn was_previewed(
        &mut self,
        id: &str,
        token: Option<&KnownToken>,
        reply: Reply<Preview>,
        interrupt: String,
        now: SystemTime,
    ) -> Result<Option<Confirmation>, &'static str> {
        let preview = self.brought(id, token, reply)?;
        Ok(self.previewed(id, preview, interrupt, now))
    }

    /// A claimed call has been made. Returns what the audit trail calls its outcome. Its result is
    /// kept even if the token turns out to be too weak, because the action was done.
    pub(crate) fn was_applied(
        &mut self,
        id: &str,
        token: Option<&KnownToken>,
        reply: Reply<Value>,
    ) -> &'static str {
        match reply.outcome {
            Ok(data) => {
                self.answered(success(id, data));
                OK
            }
            Err(failure) => self.failed(id, token, failure),
        }
    }

    fn brought<T>(
        &mut self,
        id: &str,
        token: Option<&KnownToken>,
        reply: Reply<T>,
    ) -> Result<T, &'static str> {
        if let Some(refusal) = token.and_then(|token| self.too_weak(id, token)) {
            self.refused(id, refusal);
            return Err(TOO_WEAK);
        }
        reply.outcome.map_err(|failure| self.failed(id, token, failure))
    }

    fn too_weak(&mut self, id: &str, token: &KnownToken) -> Option<TokenRefusal> {
        let need = self.open_mut(id)?.need.as_ref()?;
        let allows = token.allows.as_ref().filter(|it| !need.provider.allow(it, &need.scopes))?;
        Some(TokenRefusal {
            token: token.fingerprint.clone(),
            scopes: need.scopes.union(allows).cloned().collect(),
            otherwise: texts::too_weak(id, &need.scopes, allows),
        })
    }

    /// Tells the model of a failure, or makes the call need another token.
    fn failed(&mut self, id: &str, token: Option<&KnownToken>, failure: Failure) -> &'static str {
        let Failure { code, text, notice, token: verdict, inquiry: _ } = failure;
        // Nor is the user told what to change at the provider for a name that is not theirs.
        let is_meant = match &verdict {
            TokenVerdict::Hidden { said_as, .. } => self.user_said(said_as),
            _ => true,
        };
        let notice = notice.filter(|_| is_meant);
        self.notices.extend(notice.map(|notice| (notice.about, notice.text)));
        let otherwise = ToolResult::new(id, ToolStatus::Error, text);
        let more = match &verdict {
            TokenVerdict::Fine => None,
            TokenVerdict::NotAccepted => Some(Scopes::new()),
            TokenVerdict::Accepts(accepted) => self.more_scopes(id, token, accepted),
            TokenVerdict::Lacks(lacking) => self.lacking_scopes(id, lacking),
            TokenVerdict::Hidden { accepts, .. } if is_meant => {
                self.more_scopes(id, token, accepts)
            }
            TokenVerdict::Hidden { .. } => None,
        };
        match (more, token) {
            (Some(mut scopes), Some(token)) => {
                scopes.extend(token.allows.iter().flatten().cloned());
                let token = token.fingerprint.clone();
                self.refused(id, TokenRefusal { token, scopes, otherwise });
            }
            _ => self.answered(otherwise),
        }
        code
    }

    /// Which of the scopes that the provider would have accepted, and the token lacks, the tool may
    /// ask for.
    fn more_scopes(
        &mut self,
        id: &str,
        token: Option<&KnownToken>,
        accepted: &Scopes,
    ) -> Option<Scopes> {
        let open = self.open_mut(id)?;
        let needs = open.tool.spec().needs.as_ref()?;
        let has = token?.allows.as_ref()?;
        let allows = |one| needs.provider.allow(has, &Scopes::from([one]));
        let has_one = accepted.iter().cloned().any(allows);
        let wider: Scopes = needs.at_most.intersection(accepted).cloned().collect();
        (!has_one && !wider.is_empty()).then_some(wider)
    }

    /// The scopes that the token has to allow, if the tool may ask for all of them.
    fn lacking_scopes(&mut self, id: &str, lacking: &Scopes) -> Option<Scopes> {
        let open = self.open_mut(id)?;
        let needs = open.tool.spec().needs.as_ref()?;
        let may_ask: Scopes = needs.scopes.union(&needs.at_most).cloned().collect();
        needs.provider.allow(&may_ask, lacking).then(|| lacking.clone())
    }

    /// The token can't be used, and nothing was done. Once, that leads to a consent; an approval
    /// that was used on the way is used up.
    pub(super) fn refused(&mut self, id: &str, refusal: TokenRefusal) {
        let Some(open) = self.open_mut(id) else { return };
        let is_final = |need: &TokenNeed| {
            need.was_forced
                || need.refused.len() > MAX_SETS
                || need.refused.contains(&refusal.token)
        };
        let need = open.need.as_mut().filter(|need| !is_final(need));
        let Some(need) = need else { return self.answered(refusal.otherwise) };
        need.scopes.extend(need.provider.known(&refusal.scopes));
        need.refused.insert(refusal.token);
        open.stage = match &open.stage {
            Stage::Pending(approval) => Stage::Pending(approval.clone()),
            _ => Stage::Pending(None),
        };
    }
}

fn success(id: &str, data: Value) -> ToolResult {
    let content = vec![ToolOutput::Json(data)];
    ToolResult { tool_use_id: id.to_owned(), status: ToolStatus::Success, content, decision: None }
}
