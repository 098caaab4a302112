//! Amazon Bedrock AgentCore, "OAuth 2.0 authorization URL session binding": after the victim's consent, which
//! was refused to her, the attacker completes it, in the right browser and as the right person.

use super::{
    Attack,
    ending::{AttackError, Ending},
    people::{CAROL, MALLORY},
    scene::Scene,
    told::BINDING,
};

pub(super) const ATTACK: Attack = Attack {
    name: "someone-elses-consent",
    title: "Mallory completes the consent that carol gave",
    story: "Mallory sends carol the provider's own link, she consents, and our page refuses her. But the \
            provider's code is at AgentCore Identity now, on mallory's session, and mallory knows its name \
            from the link. So mallory opens the page after consent in their own browser.",
    row: "M9",
    run: |scene| Box::pin(run(scene)),
};

async fn run(scene: &mut Scene) -> Result<Ending, AttackError> {
    let (mallory, carol) = (scene.enter(MALLORY).await?, scene.enter(CAROL).await?);
    let link = scene.asks_for_a_link(&mallory).await?;
    let at_provider = scene.takes_provider_link(&mallory, &link).await?;
    let session = at_provider.query_pairs().find(|(name, _)| name == "request_uri");
    let session = session.map(|(_, value)| value.into_owned()).unwrap_or_default();
    let page = scene.opens(&carol, &at_provider, "opens the address that mallory sent").await?;
    scene.consents(&carol, &page).await?;

    let mut address = mallory.address(BINDING)?;
    address.query_pairs_mut().append_pair("session_id", &session);
    let does = "opens the page after consent, with the session from their link";
    let page = scene.opens(&mallory, &address, does).await?;
    if !page.is_refusal() {
        return Ending::new(&page.code(), scene.gain_of(&mallory).await?);
    }
    address.query_pairs_mut().append_pair("state", &stand_in::random_token());
    let page = scene.opens(&mallory, &address, "opens it with a state that they made up").await?;
    Ending::new(&page.code(), scene.gain_of(&mallory).await?)
}
