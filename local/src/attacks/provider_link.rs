//! As the forwarded link, but past the page that looks at who opens it.

use super::{
    Attack,
    ending::{AttackError, Ending},
    people::{CAROL, MALLORY},
    scene::Scene,
};

pub(super) const ATTACK: Attack = Attack {
    name: "provider-link",
    title: "Mallory sends carol the provider's own link",
    story: "Mallory follows their own link just far enough to learn the address of the consent at the \
            provider, and sends that to carol. She sees nothing but GitHub, and consents.",
    row: "M9",
    run: |scene| Box::pin(run(scene)),
};

async fn run(scene: &mut Scene) -> Result<Ending, AttackError> {
    let (mallory, carol) = (scene.enter(MALLORY).await?, scene.enter(CAROL).await?);
    let link = scene.asks_for_a_link(&mallory).await?;
    let at_provider = scene.takes_provider_link(&mallory, &link).await?;
    let page = scene.opens(&carol, &at_provider, "opens the address that mallory sent").await?;
    let page = scene.consents(&carol, &page).await?;
    Ending::new(&page.code(), scene.gain_of(&mallory).await?)
}
