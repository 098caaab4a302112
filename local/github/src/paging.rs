//! Pages of a list: GitHub, "Using pagination in the REST API".

use axum::http::{HeaderMap, HeaderValue, header::LINK};
use serde::Deserialize;
use url::Url;

/// The parameters of a list. Invalid numbers are ignored, as GitHub does.
#[derive(Deserialize)]
pub(super) struct Paging {
    per_page: Option<String>,
    page: Option<String>,
}

impl Paging {
    /// Takes its page out of `all`, and links to the others in `headers`. `list` is the address of the
    /// list with its other parameters.
    pub(super) fn page<T>(&self, all: Vec<T>, mut list: Url, headers: &mut HeaderMap) -> Vec<T> {
        let per_page = number(self.per_page.as_deref()).unwrap_or(30).min(100);
        let page = number(self.page.as_deref()).unwrap_or(1);
        let pages = all.len().div_ceil(per_page).max(1);
        if let Some(per_page) = &self.per_page {
            list.query_pairs_mut().append_pair("per_page", per_page);
        }
        if let Some(links) = links(&list, page, pages) {
            headers.insert(LINK, links);
        }
        all.into_iter().skip(per_page.saturating_mul(page - 1)).take(per_page).collect()
    }
}

/// Parses a positive number.
fn number(text: Option<&str>) -> Option<usize> {
    text?.parse().ok().filter(|number| *number > 0)
}

/// Returns the `Link` header, or `None` if there is one page only.
fn links(list: &Url, page: usize, pages: usize) -> Option<HeaderValue> {
    let link = |relation: &str, page: usize| {
        let mut url = list.clone();
        url.query_pairs_mut().append_pair("page", &page.to_string());
        format!("<{url}>; rel=\"{relation}\"")
    };
    let has_previous = page > 1;
    let has_next = page < pages;
    let all = [
        has_previous.then(|| link("prev", (page - 1).min(pages))),
        has_next.then(|| link("next", page + 1)),
        has_next.then(|| link("last", pages)),
        has_previous.then(|| link("first", 1)),
    ];
    let all: Vec<String> = all.into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(", ").parse().ok())?
}
