//! `GET /` and `GET /c/{sessionId}`: the page to talk to the agent with.
//!
//! It is the same page for every conversation: which one it shows, it reads from its address. Its scripts
//! and its style are files of this site ([`assets`]); nothing is loaded from elsewhere, and
//! no image at all, because an address of an image can carry out what the model was told.

use edge::{Named, PersonMark, Reply, page::escape, reply};
use http::{HeaderValue, StatusCode, header};
use identity::User;

use crate::{assets, settings::Suggestion, state::Service};

const BODY: &str = include_str!("page/chat.html");
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page for `user`.
pub(crate) fn page(service: &Service, user: &User) -> Reply {
    let name = Named::new(user);
    let mark = PersonMark::new(user, &service.settings.inbound.consent_keys);
    let (agent, texts) = (service.settings.inbound.agent.as_str(), &service.settings.presentation);
    let html = filled(
        BODY,
        &[
            ("mark", mark.as_str()),
            ("agent", &escape(agent)),
            ("welcome", &escape(&texts.welcome)),
            ("example", &escape(&texts.example)),
            ("suggestions", &suggestions(&texts.suggestions)),
            ("name", &escape(&name.text())),
            ("user", &name.html()),
            ("style", &assets::address("chat.css")),
            ("script", &assets::address("main.js")),
        ],
    );
    let mut page = reply::body(StatusCode::OK, "text/html; charset=utf-8", html);
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    page
}

/// What one may ask, each as a button.
fn suggestions(all: &[Suggestion]) -> String {
    let button = |it: &Suggestion| {
        let (ask, needs) = (escape(&it.ask), escape(&it.needs));
        format!("<button type=\"button\"><span>{ask}</span><small>{needs}</small></button>")
    };
    all.iter().map(button).collect()
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
    use super::{BODY, filled};

    #[test]
    fn a_value_can_not_name_another_place() {
        let page = filled("<i>{{a}}</i> {{b}} {{a}}", &[("a", "{{b}}"), ("b", "2")]);
        assert_eq!(page, "<i>{{b}}</i> 2 {{b}}");
    }

    #[test]
    fn every_place_of_the_page_has_a_value() {
        let places = [
            "mark",
            "agent",
            "welcome",
            "example",
            "suggestions",
            "name",
            "user",
            "style",
            "script",
        ];
        let page = filled(BODY, &places.map(|place| (place, "x")));
        assert_eq!(page.matches("\"\"").count(), 0, "{page}");
        assert!(!page.contains("{{") && page.contains("<title>x</title>"), "{page}");
    }
}
