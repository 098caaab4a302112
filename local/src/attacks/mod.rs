//! The attacks that shape the checks, run against the services that are running, over HTTP, by two people
//! with browsers of their own. Nothing here knows a secret that such a person would not know.
//!
//! Carol is the victim and mallory the attacker. They exist for this alone, so that no attack has to do
//! with what alice and bob have connected.

mod another_sites_post;
mod approve_by_the_model;
mod checks;
mod ending;
mod foreign_conversation;
mod forged_token;
mod forwarded_link;
mod login_csrf;
mod one_at_a_time;
mod outcome;
mod people;
mod prefetch;
mod provider_link;
mod replay;
pub(crate) mod routes;
mod scene;
mod sign_in_link;
mod someone_elses_consent;
mod stale_tab;
mod told;

use futures_util::future::BoxFuture;
use serde::Serialize;

pub use self::{
    ending::AttackError,
    outcome::{Outcome, Step, StoppedBy},
    routes::router,
};
use self::{ending::Ending, one_at_a_time::Turn, scene::Scene};
use crate::parts::Addresses;

/// An attack.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Attack {
    /// Names it in an address and on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub title: &'static str,
    /// Who does what, and what they hope for.
    pub story: &'static str,
    /// The row of the table in `CONTRIBUTING.md` that it would break.
    pub row: &'static str,
    #[serde(skip)]
    run: for<'a> fn(&'a mut Scene) -> BoxFuture<'a, Result<Ending, AttackError>>,
}

/// Every attack.
pub const ATTACKS: &[Attack] = &[
    forwarded_link::ATTACK,
    provider_link::ATTACK,
    someone_elses_consent::ATTACK,
    login_csrf::ATTACK,
    replay::ATTACK,
    stale_tab::ATTACK,
    prefetch::ATTACK,
    another_sites_post::ATTACK,
    sign_in_link::ATTACK,
    forged_token::ATTACK,
    foreign_conversation::ATTACK,
    approve_by_the_model::ATTACK,
];

/// Runs the attack `name` at the services at `addresses`, and takes away what it has left behind. Only one
/// attack runs at a time, also if another program runs the other.
///
/// # Errors
/// See [`AttackError`].
pub async fn run(name: &str, addresses: &Addresses) -> Result<Outcome, AttackError> {
    let attack = ATTACKS.iter().find(|attack| attack.name == name);
    let attack = attack.ok_or_else(|| AttackError::Unknown(name.to_owned()))?;
    let _turn = Turn::wait_for(&addresses.application).await?;
    let mut scene = Scene::new(addresses);
    let ending = (attack.run)(&mut scene).await;
    scene.clean_up().await;
    Ok(Outcome::new(attack, ending?, scene.into_steps()))
}
