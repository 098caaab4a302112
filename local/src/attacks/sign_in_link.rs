//! RFC 6819, section 4.4.1.8 (login CSRF) at the sign-in itself: the victim opens the end of a sign-in that the
//! attacker has begun.

use reqwest::Method;

use super::{
    Attack,
    checks::SIGN_IN,
    ending::{AttackError, Ending},
    people::{CAROL, MALLORY, Person},
    scene::Scene,
};

pub(super) const ATTACK: Attack = Attack {
    name: "sign-in-link",
    title: "Mallory sends carol the end of mallory's sign-in",
    story: "Mallory signs in at the identity provider, stops before the last address, and sends that to carol. \
            Her browser would be signed in as mallory, without anybody touching it.",
    row: "M1",
    run: |scene| Box::pin(run(scene)),
};

/// Where the identity provider sends people back to.
const CALLBACK: &str = "/oauth2/idpresponse";

async fn run(scene: &mut Scene) -> Result<Ending, AttackError> {
    let application = scene.addresses.application.clone();
    // Neither has signed in: carol signs in by mallory's link, or not at all.
    let (mallory, carol) = (Person::new(MALLORY, &application)?, Person::new(CAROL, &application)?);
    let page = scene.opens(&mallory, &application, "opens the application").await?;
    let choice = ("user", MALLORY.name);
    let last = mallory.browser.choose_until(&page, choice, |at| at.path() == CALLBACK).await?;
    let last = scene.noted(&mallory, "signs in, up to the last address", last).address;
    let page = scene.opens(&carol, &last, "opens that address").await?;
    let answer = carol.fetch(Method::GET, "/sessions", None).await?;
    scene.tell(&carol, "asks for the conversations of the person who is signed in", answer.told());
    let is_in = answer.status.is_success();
    let gained = is_in.then(|| "Carol's browser is signed in as mallory.".to_owned());
    let code = page.code();
    Ending::by((code == "401").then_some(SIGN_IN), &code, gained)
}
