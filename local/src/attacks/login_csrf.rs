//! RFC 6819, section 4.4.1.8 (login CSRF): the victim's browser is signed in as the attacker, who lets the
//! victim consent there.

use super::{
    Attack,
    ending::{AttackError, Ending},
    people::{CAROL, FLOW_COOKIES, MALLORY, SESSION_COOKIES},
    scene::Scene,
};

pub(super) const ATTACK: Attack = Attack {
    name: "login-csrf",
    title: "Mallory signs carol's browser in as mallory",
    story: "Mallory's session is put into carol's browser, which she does not notice, and she is shown a link \
            to consent that mallory asked for. The person who asked and the person who is signed in are \
            the same now. Her token would land in mallory's vault.",
    row: "M9",
    run: |scene| Box::pin(run(scene)),
};

async fn run(scene: &mut Scene) -> Result<Ending, AttackError> {
    let (mallory, carol) = (scene.enter(MALLORY).await?, scene.enter(CAROL).await?);
    let link = scene.asks_for_a_link(&mallory).await?;
    let at_provider = scene.takes_provider_link(&mallory, &link).await?;
    carol.take_cookies_of(&mallory, SESSION_COOKIES);
    let does = "puts the cookie of their own session into carol's browser";
    scene.tell(&mallory, does, "her browser is signed in as mallory".to_owned());

    let mut page = scene.opens(&carol, &link, "opens mallory's link").await?;
    if scene.is_consent_page(&page) {
        page = scene.consents(&carol, &page).await?;
        return Ending::new(&page.code(), scene.gain_of(&mallory).await?);
    }
    // Sent straight to the provider, she consents, and comes back as mallory with the right state.
    let consent =
        scene.opens(&carol, &at_provider, "opens the provider's own link instead").await?;
    let back = scene.consents(&carol, &consent).await?;
    let back = scene.return_address(&back)?;
    carol.take_cookies_of(&mallory, FLOW_COOKIES);
    let does = "puts the cookie of their flow into carol's browser, too";
    scene.tell(&mallory, does, "her browser has it".to_owned());
    let page = scene.opens(&carol, &back, "reloads the page after her consent").await?;
    Ending::new(&page.code(), scene.gain_of(&mallory).await?)
}
