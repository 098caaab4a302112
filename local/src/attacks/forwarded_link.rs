//! RFC 9700, section 4.4.1.4 and Amazon Bedrock AgentCore, "OAuth 2.0 authorization URL session binding": a
//! link to consent reaches another person than the one who asked.

use super::{
    Attack,
    ending::{AttackError, Ending},
    people::{CAROL, MALLORY},
    scene::Scene,
};

pub(super) const ATTACK: Attack = Attack {
    name: "forwarded-link",
    title: "Mallory sends carol their link to consent",
    story: "Mallory asks the agent for something and is shown a link to consent at GitHub. Mallory sends it \
            to carol, who opens it and consents. Her token would land in mallory's vault.",
    row: "M9",
    run: |scene| Box::pin(run(scene)),
};

async fn run(scene: &mut Scene) -> Result<Ending, AttackError> {
    let (mallory, carol) = (scene.enter(MALLORY).await?, scene.enter(CAROL).await?);
    let link = scene.asks_for_a_link(&mallory).await?;
    let mut page = scene.opens(&carol, &link, "opens mallory's link").await?;
    if scene.is_consent_page(&page) {
        page = scene.consents(&carol, &page).await?;
    }
    Ending::new(&page.code(), scene.gain_of(&mallory).await?)
}
