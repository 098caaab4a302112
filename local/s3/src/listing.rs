//! A page of a listing. Source: Amazon S3 API Reference, "ListObjectsV2".

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Included, Unbounded},
};

use super::file::Stored;

/// A request for a page.
#[derive(Debug)]
pub(super) struct ListRequest {
    pub(super) prefix: String,
    pub(super) delimiter: Option<String>,
    /// The last entry of the page before.
    pub(super) after: Option<String>,
    pub(super) at_most: usize,
}

/// Objects and common prefixes, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct ListPage {
    pub(super) objects: Vec<Stored>,
    pub(super) prefixes: Vec<String>,
    /// The last entry, if there are more.
    pub(super) next: Option<String>,
}

impl ListPage {
    fn len(&self) -> usize {
        self.objects.len() + self.prefixes.len()
    }
}

pub(super) fn page(objects: &BTreeMap<String, Stored>, request: &ListRequest) -> ListPage {
    let mut page = ListPage::default();
    let mut last = None;
    let start = match &request.after {
        Some(after) if *after >= request.prefix => Excluded(after.as_str()),
        _ => Included(request.prefix.as_str()),
    };
    let below = objects.range::<str, _>((start, Unbounded));
    for (key, stored) in below.take_while(|(key, _)| key.starts_with(&request.prefix)) {
        let group =
            request.delimiter.as_deref().and_then(|delimiter| group(key, request, delimiter));
        let entry = group.unwrap_or(key);
        let is_known =
            last == Some(entry) || request.after.as_deref().is_some_and(|it| entry <= it);
        if is_known {
            continue;
        }
        if page.len() == request.at_most {
            page.next = last.map(str::to_owned);
            break;
        }
        match group {
            Some(group) => page.prefixes.push(group.to_owned()),
            None => page.objects.push(stored.clone()),
        }
        last = Some(entry);
    }
    page
}

/// The part of a key up to the first delimiter after the prefix.
fn group<'a>(key: &'a str, request: &ListRequest, delimiter: &str) -> Option<&'a str> {
    let at = key[request.prefix.len()..].find(delimiter)?;
    Some(&key[..request.prefix.len() + at + delimiter.len()])
}
