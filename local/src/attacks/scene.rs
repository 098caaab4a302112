//! One run of an attack: who takes part, what they did, and what has to be taken away afterwards.

use reqwest::Method;
use url::Url;

use crate::{browser::Visit, environment::GITHUB_PROVIDER, parts::Addresses, signing_in::sign_in};

use super::{
    ending::AttackError,
    outcome::Step,
    people::{CAROL, MALLORY, Person, Role},
    told::{Answer, BINDING},
};

/// What needs a consent, and says whose it was.
const WHO_AM_I: &str = "Who am I at GitHub?";

/// One run.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) addresses: Addresses,
    steps: Vec<Step>,
    /// Whose they are, and their ids.
    conversations: Vec<(Role, String)>,
    /// Whether something may have been bound.
    may_be_bound: bool,
}

impl Scene {
    pub(super) fn new(addresses: &Addresses) -> Self {
        let (steps, conversations) = Default::default();
        Self { addresses: addresses.clone(), steps, conversations, may_be_bound: false }
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    /// Notes what somebody did, and what they were answered. No secret may be in either.
    pub(super) fn tell(&mut self, person: &Person, does: &str, result: String) {
        self.steps.push(Step { who: person.role.name, does: does.to_owned(), result });
    }

    /// Notes what something did that is no person, and what it was answered.
    pub(super) fn tell_of(&mut self, who: &'static str, does: &str, answer: &Answer) {
        self.steps.push(Step { who, does: does.to_owned(), result: answer.told() });
    }

    /// Somebody signs in in a browser of their own.
    pub(super) async fn enter(&mut self, role: Role) -> Result<Person, AttackError> {
        let person = Person::new(role, &self.addresses.application)?;
        sign_in(&person.browser, &self.addresses.application, role.name).await?;
        Ok(person)
    }

    /// A new conversation of `of`, which is deleted in the end.
    pub(super) fn conversation(&mut self, of: Role) -> String {
        let id = format!("attack-{}", &stand_in::random_token()[..8]);
        self.conversations.push((of, id.clone()));
        id
    }

    /// Somebody asks what needs a consent. Returns the link to it.
    pub(super) async fn asks_for_a_link(&mut self, person: &Person) -> Result<Url, AttackError> {
        let mut answer = self.asks_who_they_are(person).await?;
        if answer.code() == "completed" {
            // An earlier run did not come to its end.
            disconnect(person).await?;
            answer = self.asks_who_they_are(person).await?;
        }
        self.tell(person, &format!("asks “{WHO_AM_I}”"), answer.told());
        let link = answer.body["interrupts"][0]["url"].as_str().and_then(|link| link.parse().ok());
        link.ok_or_else(|| {
            AttackError::unexpected(person, "asked for a consent link", &answer.told())
        })
    }

    async fn asks_who_they_are(&mut self, person: &Person) -> Result<Answer, AttackError> {
        let conversation = self.conversation(person.role);
        person.say(&conversation, WHO_AM_I).await
    }

    /// Somebody opens an address, and follows it to its end.
    pub(super) async fn opens(
        &mut self,
        person: &Person,
        address: &Url,
        does: &str,
    ) -> Result<Visit, AttackError> {
        let visit = person.browser.open(address).await?;
        Ok(self.noted(person, does, visit))
    }

    /// As [`opens`](Self::opens), but stops before the first address that is not the application's.
    pub(super) async fn opens_until_elsewhere(
        &mut self,
        person: &Person,
        address: &Url,
        does: &str,
    ) -> Result<Visit, AttackError> {
        let visit = person.browser.open_until(address, |at| self.is_elsewhere(at)).await?;
        Ok(self.noted(person, does, visit))
    }

    /// Somebody lets the app use their account on GitHub's page `page`.
    pub(super) async fn consents(
        &mut self,
        person: &Person,
        page: &Visit,
    ) -> Result<Visit, AttackError> {
        self.consents_until(person, page, |_| false).await
    }

    /// As [`consents`](Self::consents), but stops before the first address that `stop` names.
    pub(super) async fn consents_until(
        &mut self,
        person: &Person,
        page: &Visit,
        stop: impl Fn(&Url) -> bool + Send,
    ) -> Result<Visit, AttackError> {
        if !self.is_consent_page(page) {
            return Err(AttackError::unexpected(person, "on GitHub's consent page", &page.told()));
        }
        let choice = ("account", person.role.account);
        let visit = person.browser.choose_until(page, choice, stop).await?;
        let does = format!("lets the agent use {} on GitHub's page", person.role.account);
        Ok(self.noted(person, &does, visit))
    }

    /// Whether somebody can consent on this page.
    pub(super) fn is_consent_page(&self, page: &Visit) -> bool {
        self.is_elsewhere(&page.address) && page.status.is_success()
    }

    /// Whether an address is not the application's.
    fn is_elsewhere(&self, address: &Url) -> bool {
        address.origin() != self.addresses.application.origin()
    }

    /// Somebody takes AgentCore Identity's own address out of the way of their link.
    pub(super) async fn takes_provider_link(
        &mut self,
        person: &Person,
        link: &Url,
    ) -> Result<Url, AttackError> {
        let does = "opens their own link, and copies the address that it leads to";
        let visit = self.opens_until_elsewhere(person, link, does).await?;
        match self.is_elsewhere(&visit.address) {
            true => Ok(visit.address),
            false => {
                Err(AttackError::unexpected(person, "sent to AgentCore Identity", &visit.told()))
            }
        }
    }

    /// Returns the address by which a browser came back from a consent, with session and state.
    pub(super) fn return_address(&self, visit: &Visit) -> Result<Url, AttackError> {
        let is_return = |at: &&Url| at.path() == BINDING && !self.is_elsewhere(at);
        let back = visit.way.iter().find(is_return).cloned();
        back.ok_or_else(|| AttackError::Unexpected(format!("no way back: {}", visit.told())))
    }

    /// Asks what needs a consent, to see whether there is one. Returns what was gained: `None` if the consent is still missing.
    pub(super) async fn gain_of(&mut self, person: &Person) -> Result<Option<String>, AttackError> {
        let answer = self.asks_who_they_are(person).await?;
        let does = format!("asks “{WHO_AM_I}”, to see whether a token is there");
        self.tell(person, &does, answer.told());
        match answer.code().as_str() {
            "authorization_required" => Ok(None),
            "completed" => {
                self.may_be_bound = true;
                let told = answer.body["message"].as_str().unwrap_or_default();
                Ok(Some(format!("{} is told: “{told}”", person.role.name)))
            }
            _ => Err(AttackError::unexpected(
                person,
                "told whether they are connected",
                &answer.told(),
            )),
        }
    }

    /// Deletes the conversations, and disconnects who was connected.
    pub(super) async fn clean_up(&mut self) {
        for role in [CAROL, MALLORY] {
            if let Err(error) = self.clean_up_after(role).await {
                tracing::warn!(%error, person = role.name, "an attack has left something behind");
            }
        }
    }

    async fn clean_up_after(&mut self, role: Role) -> Result<(), AttackError> {
        let of_role = |(of, id): &(Role, String)| (*of == role).then(|| id.clone());
        let conversations: Vec<String> = self.conversations.iter().filter_map(of_role).collect();
        if conversations.is_empty() && !self.may_be_bound {
            return Ok(());
        }
        // A browser of the attack may be somebody else's by now.
        let person = self.enter(role).await?;
        for id in conversations {
            person.fetch(Method::DELETE, &format!("/sessions/{id}"), None).await?;
        }
        if self.may_be_bound { disconnect(&person).await } else { Ok(()) }
    }

    /// Notes a visit.
    pub(super) fn noted(&mut self, person: &Person, does: &str, visit: Visit) -> Visit {
        self.may_be_bound |= visit.address.path() == BINDING && visit.status.is_success();
        self.tell(person, does, visit.told());
        visit
    }
}

async fn disconnect(person: &Person) -> Result<(), AttackError> {
    let path = format!("/connections/{GITHUB_PROVIDER}");
    let answer = person.fetch(Method::DELETE, &path, None).await?;
    match answer.status.is_success() {
        true => Ok(()),
        false => Err(AttackError::unexpected(person, "disconnected", &answer.told())),
    }
}
