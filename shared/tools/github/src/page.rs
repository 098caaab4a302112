//! Lists that may not be whole: GitHub, "Using pagination in the REST API".

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::chosen::{Member, chosen_of_raw};

/// Which page of a list: 1 to 100.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(try_from = "u8")]
#[schemars(with = "u8")]
pub(crate) struct PageNumber(u8);

impl Default for PageNumber {
    fn default() -> Self {
        Self(1)
    }
}

impl TryFrom<u8> for PageNumber {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, &'static str> {
        (1..=100).contains(&number).then_some(Self(number)).ok_or("page is 1 to 100")
    }
}

impl std::fmt::Display for PageNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A list as far as GitHub has sent it.
#[derive(Debug)]
pub(crate) struct Page {
    /// As they were sent.
    pub(crate) items: Vec<Box<RawValue>>,
    /// Whether there is a next page.
    pub(crate) has_next: bool,
    /// How many there are in all, and whether GitHub has looked everywhere: searches say so.
    pub(crate) found: Option<(u64, bool)>,
    /// Of which organizations it has nothing, because they demand a single sign-on.
    pub(crate) missing: Option<Vec<u64>>,
}

impl Page {
    /// What the model sees: these members of each item, as `name`, and what is not there.
    pub(crate) fn shown(self, name: &str, members: &[Member]) -> Value {
        self.shown_by(name, |item| chosen_of_raw(item, members).into()).into()
    }

    /// The same with each item as `show` has it.
    pub(crate) fn shown_by(
        self,
        name: &str,
        show: impl Fn(&RawValue) -> Value,
    ) -> Map<String, Value> {
        let items = fitting(self.items.iter().map(|item| show(item)));
        let left_out = self.items.len() - items.len();
        let mut shown = Map::from_iter([(name.to_owned(), items.into())]);
        if left_out > 0 {
            let text = format!("the last {left_out} of this page, which is too long");
            shown.insert(format!("{name}LeftOut"), text.into());
        }
        shown.insert("more".to_owned(), self.has_next.into());
        if let Some((total, is_whole)) = self.found {
            shown.insert("total".to_owned(), total.into());
            if !is_whole {
                let text = "GitHub ended this search early: there may be more.";
                shown.insert("endedEarly".to_owned(), text.into());
            }
        }
        if let Some(organizations) = self.missing {
            let text = "This list is not whole: organizations that demand a single sign-on (SAML), which \
                        the user has not authorized for this app, are left out.";
            shown.insert("incomplete".to_owned(), text.into());
            shown.insert("missingOrganizationIds".to_owned(), organizations.into());
        }
        shown
    }
}

/// How much of a list is shown at a time, in bytes of JSON.
const MAX_LIST: usize = 48_000;

/// As many of `items`, from the first on, as are shown at a time.
pub(crate) fn fitting(items: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut length = 0;
    let fits = |item: &Value| {
        length += item.to_string().len();
        length <= MAX_LIST
    };
    items.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{json, value::to_raw_value};

    use super::{MAX_LIST, Page, PageNumber};

    #[test]
    fn a_list_that_is_too_long_says_what_it_leaves_out() {
        let items = vec![to_raw_value(&json!({ "id": "x".repeat(300) })).unwrap(); 200];
        let page = Page { items, has_next: true, found: None, missing: None };
        let shown = page.shown("items", &[("id", "/id")]);
        let items = shown["items"].as_array().unwrap().len();
        assert!(shown["items"].to_string().len() < MAX_LIST + 1_000 && items > 100, "{items}");
        let left_out = format!("the last {} of this page, which is too long", 200 - items);
        assert_eq!(shown["itemsLeftOut"], left_out);
    }

    #[test]
    fn what_is_missing_is_said_and_nothing_else() {
        let page = |has_next, missing, found| Page {
            items: vec![to_raw_value(&json!({ "id": 1, "node": 2 })).unwrap()],
            has_next,
            missing,
            found,
        };
        let shown = |page: Page| page.shown("items", &[("id", "/id")]);
        let seen = shown(page(true, None, None));
        assert_eq!(seen, json!({ "items": [{ "id": 1 }], "more": true }));
        let seen = shown(page(false, None, Some((9, true))));
        assert_eq!(seen, json!({ "items": [{ "id": 1 }], "more": false, "total": 9 }));
        assert!(shown(page(false, None, Some((9, false))))["endedEarly"].is_string());
        let shown = shown(page(false, Some(vec![7]), None));
        assert_eq!(
            (&shown["more"], &shown["missingOrganizationIds"]),
            (&json!(false), &json!([7]))
        );
        assert!(shown["incomplete"].as_str().unwrap().contains("not whole"));
    }

    #[test]
    fn a_page_is_1_to_100() {
        for wrong in [json!(0), json!(101), json!(-1), json!("2"), json!(1.5)] {
            assert!(serde_json::from_value::<PageNumber>(wrong.clone()).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::from_value::<PageNumber>(json!(100)).unwrap().to_string(), "100");
    }
}
