//! RFC 6819, section 4.4.1.1 and RFC 9700, section 4.2: the address after a consent leaks, from a history or a
//! log, and is opened again.

use super::{
    Attack,
    ending::{AttackError, Ending},
    people::{CAROL, MALLORY},
    scene::Scene,
    told::BINDING,
};

pub(super) const ATTACK: Attack = Attack {
    name: "replay",
    title: "The address after carol's consent is opened again",
    story: "Carol consents and is connected. The whole address by which she came back, with session and state, \
            is opened once more: by mallory, who has found it, by her, and by her with her flow's cookie \
            put back.",
    row: "M9",
    run: |scene| Box::pin(run(scene)),
};

async fn run(scene: &mut Scene) -> Result<Ending, AttackError> {
    let (carol, mallory) = (scene.enter(CAROL).await?, scene.enter(MALLORY).await?);
    let link = scene.asks_for_a_link(&carol).await?;
    let page = scene.opens(&carol, &link, "opens her link").await?;
    let back = scene.consents_until(&carol, &page, |at| at.path() == BINDING).await?.address;
    let page = scene.opens(&carol, &back, "comes back").await?;
    if page.code() != "connected" {
        return Err(AttackError::unexpected(&carol, "connected", &page.told()));
    }

    let stolen = scene.opens(&mallory, &back, "opens the same address").await?;
    scene.opens(&carol, &back, "opens it again").await?;
    scene.opens_until_elsewhere(&carol, &link, "opens her old link, for its cookie").await?;
    let again = scene.opens(&carol, &back, "opens the address again with that cookie").await?;
    let mut gained = scene.gain_of(&mallory).await?;
    for (page, who) in [(&stolen, "Mallory"), (&again, "Carol")] {
        if page.code() == "connected" {
            gained = Some(format!("{who} was connected by a consent that was used before."));
        }
    }
    Ending::new(&again.code(), gained)
}
