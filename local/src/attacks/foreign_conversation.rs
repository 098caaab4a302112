//! Somebody who knows the id of another person's conversation reads it, goes on in it, or deletes it.

use reqwest::Method;

use super::{
    Attack,
    checks::OWNER,
    ending::{AttackError, Ending},
    people::{CAROL, MALLORY},
    scene::Scene,
};

pub(super) const ATTACK: Attack = Attack {
    name: "foreign-conversation",
    title: "Mallory asks for carol's conversation by its id",
    story: "An id of a conversation is no secret: it is in the address of the page. Mallory has seen carol's, and \
            tries to read and to delete what she has said.",
    row: "M12",
    run: |scene| Box::pin(run(scene)),
};

const SECRET: &str = "xyzzy";

async fn run(scene: &mut Scene) -> Result<Ending, AttackError> {
    let (carol, mallory) = (scene.enter(CAROL).await?, scene.enter(MALLORY).await?);
    let conversation = scene.conversation(CAROL);
    let said = carol.say(&conversation, &format!("My secret word is {SECRET}.")).await?;
    scene.tell(&carol, "tells the agent a secret word", said.told());
    let path = format!("/sessions/{conversation}");
    let read = mallory.fetch(Method::GET, &path, None).await?;
    scene.tell(&mallory, "asks for that conversation", read.told());
    let deleted = mallory.fetch(Method::DELETE, &path, None).await?;
    scene.tell(&mallory, "deletes it", deleted.told());
    let kept = carol.fetch(Method::GET, &path, None).await?;
    scene.tell(&carol, "looks for it", kept.told());

    let is_read = read.body.to_string().contains(SECRET);
    let is_gone = !kept.body.to_string().contains(SECRET);
    let gained = match (is_read, is_gone) {
        (false, false) => None,
        (true, _) => Some("Mallory has read what carol said.".to_owned()),
        (false, true) => Some("Mallory has deleted what carol said.".to_owned()),
    };
    let code = read.code();
    Ending::by((code == "not_found").then_some(OWNER), &code, gained)
}
