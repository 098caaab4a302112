//! `GET /`: a plain page to talk to the agent with.

use edge::{
    Named, PersonMark, Reply,
    page::{Page, escape},
};
use http::StatusCode;
use identity::User;

use crate::state::Service;

const MAIN: &str = include_str!("chat.html");
const SCRIPT: &str = include_str!("chat.js");

/// The page for `user`.
pub(crate) fn page(service: &Service, user: &User) -> Reply {
    let name = Named::new(user);
    let mark = PersonMark::new(user, &service.settings.inbound.consent_keys);
    let (agent, texts) = (service.settings.inbound.agent.as_str(), &service.settings.presentation);
    let main = filled(
        MAIN,
        &[
            ("mark", mark.as_str()),
            ("agent", &escape(agent)),
            ("welcome", &escape(&texts.welcome)),
            ("example", &escape(&texts.example)),
            ("name", &escape(&name.text())),
            ("user", &name.html()),
        ],
    );
    Page { title: agent, main: &main, script: SCRIPT }.into_reply(StatusCode::OK)
}

/// The page with a value for each `{{place}}`, in one pass: what a value says is no place.
fn filled(page: &str, values: &[(&str, &str)]) -> String {
    let mut parts = page.split("{{");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (place, rest) = part.split_once("}}").unwrap_or((part, ""));
        let value = values.iter().find(|(name, _)| *name == place);
        filled.push_str(value.map_or("", |(_, value)| value));
        filled.push_str(rest);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::{MAIN, filled};

    #[test]
    fn a_value_can_not_name_another_place() {
        let page = filled("<i>{{a}}</i> {{b}} {{a}}", &[("a", "{{b}}"), ("b", "2")]);
        assert_eq!(page, "<i>{{b}}</i> 2 {{b}}");
    }

    #[test]
    fn every_place_of_the_page_has_a_value() {
        let places = ["mark", "agent", "welcome", "example", "name", "user"];
        let page = filled(MAIN, &places.map(|place| (place, "x")));
        assert_eq!(page.matches("\"\"").count(), 0, "{page}");
        assert!(!page.contains("{{") && page.contains("<h1>x</h1>"), "{page}");
    }
}
