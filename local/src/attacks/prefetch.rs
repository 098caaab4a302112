//! W3C, "Nav Speculation": a preview or a prefetch opens an address that no person has opened.

use super::{
    Attack,
    ending::{AttackError, Ending},
    people::CAROL,
    scene::Scene,
    told::{Answer, BINDING},
};

pub(super) const ATTACK: Attack = Attack {
    name: "prefetch",
    title: "A program opens the page after consent before carol does",
    story: "A preview of a link, or a browser that fetches ahead, opens the address after the consent with \
            carol's cookies. Her token would be bound although she has not come back.",
    row: "M9",
    run: |scene| Box::pin(run(scene)),
};

async fn run(scene: &mut Scene) -> Result<Ending, AttackError> {
    let carol = scene.enter(CAROL).await?;
    let link = scene.asks_for_a_link(&carol).await?;
    let page = scene.opens(&carol, &link, "opens her link").await?;
    let back = scene.consents_until(&carol, &page, |at| at.path() == BINDING).await?.address;
    let mut code = String::new();
    for (name, value) in [("sec-purpose", "prefetch;prerender"), ("sec-fetch-dest", "iframe")] {
        let request = carol.browser.request(reqwest::Method::GET, &back);
        let answer = Answer::to(request.header(name, value), &back).await?;
        scene.tell_of("a program", &format!("opens that address ({name}: {value})"), &answer);
        code = answer.code();
    }
    Ending::new(&code, scene.gain_of(&carol).await?)
}
