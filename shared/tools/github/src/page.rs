//! Lists that may not be whole: GitHub, "Using pagination in the REST API".

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

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
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// Whether there is a next page.
    pub(crate) has_next: bool,
    /// Of which organizations it has nothing, because they demand a single sign-on.
    pub(crate) missing: Option<Vec<u64>>,
}

impl<T> Page<T> {
    /// What the model sees: the items as `name`, and what is not there.
    pub(crate) fn shown(self, name: &str, show: impl Fn(T) -> Option<Value>) -> Value {
        let items: Vec<Value> = self.items.into_iter().filter_map(show).collect();
        let mut shown = Map::from_iter([(name.to_owned(), items.into())]);
        shown.insert("more".to_owned(), self.has_next.into());
        if let Some(organizations) = self.missing {
            let text = "This list is not whole: organizations that demand a single sign-on (SAML), which \
                        the user has not authorized for this app, are left out.";
            shown.insert("incomplete".to_owned(), text.into());
            shown.insert("missingOrganizationIds".to_owned(), organizations.into());
        }
        shown.into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Page, PageNumber};

    #[test]
    fn what_is_missing_is_said_and_nothing_else() {
        let page = |has_next, missing| Page { items: vec![1, 2], has_next, missing };
        let shown = page(true, None).shown("items", |item| (item > 1).then(|| item.into()));
        assert_eq!(shown, json!({ "items": [2], "more": true }));
        let shown = page(false, Some(vec![7])).shown("items", |item| Some(item.into()));
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
