//! The control plane: workload identities and OAuth credential providers.
//!
//! Source: the service model of `bedrock-agentcore-control`.

mod client;
pub(crate) mod identities;
pub(crate) mod providers;

use std::{
    collections::BTreeMap,
    ops::Bound,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    AgentCore,
    limits::ProviderName,
    refusal::{ApiRefusal, OperationResult},
};

/// The operations.
pub(super) fn routes() -> Router<AgentCore> {
    identities::routes().merge(providers::routes())
}

/// The name of a credential provider.
#[derive(Deserialize)]
pub(super) struct Name {
    pub(super) name: ProviderName,
}

/// The input of the List… operations.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listing {
    next_token: Option<String>,
    max_results: Option<usize>,
}

/// Returns one page of a list of at most `limit` entries as the member `member`, each made by
/// `describe`. The token of the next page is the last name on this one.
pub(super) fn list<T>(
    entries: &BTreeMap<String, T>,
    listing: &Listing,
    limit: usize,
    member: &str,
    describe: impl Fn(&str, &T) -> Value,
) -> OperationResult {
    let length = listing.max_results.unwrap_or(limit);
    if !(1..=limit).contains(&length) {
        return Err(ApiRefusal::validation(format!("maxResults is between 1 and {limit}")));
    }
    let after = listing.next_token.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
    let mut rest = entries.range::<str, _>((after, Bound::Unbounded));
    let page: Vec<(&String, &T)> = rest.by_ref().take(length).collect();
    let last = page.last().map(|(name, _)| name.as_str());
    let next = last.filter(|_| rest.next().is_some());
    let described: Vec<Value> = page.iter().map(|(name, entry)| describe(name, entry)).collect();
    let mut answer = json!({ member: described });
    if let (Some(next), Some(answer)) = (next, answer.as_object_mut()) {
        answer.insert("nextToken".to_owned(), next.into());
    }
    Ok(Json(answer))
}

/// A time in the protocol's format: seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
