//! A browser without a screen: keeps cookies, follows redirects one by one, and says of each request what
//! a browser says of it (W3C, "Fetch Metadata Request Headers").
//!
//! It sends its cookies with a request from any site: an attack here does not fail for `SameSite` alone.

use std::{sync::Arc, time::Duration};

use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode,
    cookie::{CookieStore, Jar},
    header::{ACCEPT, LOCATION, ORIGIN},
    redirect::Policy,
};
use stand_in::error_chain;
use url::Url;

const MAX_REDIRECTS: usize = 20;
/// Longer than a turn may take.
const PATIENCE: Duration = Duration::from_secs(150);

/// A server that does not answer, or not as it should.
#[derive(Debug, thiserror::Error)]
#[error("{origin} does not answer as it should: {cause}")]
pub struct BrowsingError {
    origin: String,
    cause: String,
}

impl BrowsingError {
    /// Without the path and the query, which can hold secrets.
    pub(crate) fn new(address: &Url, cause: impl Into<String>) -> Self {
        Self { origin: address.origin().ascii_serialization(), cause: cause.into() }
    }

    pub(crate) fn http(address: &Url, error: reqwest::Error) -> Self {
        Self::new(address, error_chain(&error.without_url()))
    }
}

/// A person's browser.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    client: Client,
    jar: Arc<Jar>,
}

/// Where a navigation ended.
#[derive(Debug)]
pub(crate) struct Visit {
    /// The address that the browser now shows, or that it was stopped before.
    pub(crate) address: Url,
    /// The addresses that led there.
    pub(crate) way: Vec<Url>,
    /// The status of the last answer.
    pub(crate) status: StatusCode,
    /// The last page; empty if the browser was stopped before it.
    pub(crate) text: String,
}

impl Browser {
    /// A browser without any cookie, for the world around `application`.
    pub(crate) fn new(application: &Url) -> Result<Self, BrowsingError> {
        let jar = Arc::new(Jar::default());
        let client = Client::builder().cookie_provider(Arc::clone(&jar)).redirect(Policy::none());
        let client = client.no_proxy().timeout(PATIENCE).build();
        let client = client.map_err(|error| BrowsingError::http(application, error))?;
        Ok(Self { client, jar })
    }

    /// Opens `address` as a person who enters it or clicks on it in a message.
    pub(crate) async fn open(&self, address: &Url) -> Result<Visit, BrowsingError> {
        self.open_until(address, |_| false).await
    }

    /// As [`open`](Self::open), but stops before the first redirect to an address that `stop` names.
    pub(crate) async fn open_until(
        &self,
        address: &Url,
        stop: impl Fn(&Url) -> bool + Send,
    ) -> Result<Visit, BrowsingError> {
        self.navigate(self.client.get(address.clone()), address, None, stop).await
    }

    /// Presses the button `choice` of the form in `page`, which sends the parameters of the page's address
    /// to the same path, as the forms of the stand-ins for an identity provider and for GitHub do.
    pub(crate) async fn choose(
        &self,
        page: &Visit,
        choice: (&str, &str),
    ) -> Result<Visit, BrowsingError> {
        self.choose_until(page, choice, |_| false).await
    }

    /// As [`choose`](Self::choose), but stops before the first redirect to an address that `stop` names.
    pub(crate) async fn choose_until(
        &self,
        page: &Visit,
        choice: (&str, &str),
        stop: impl Fn(&Url) -> bool + Send,
    ) -> Result<Visit, BrowsingError> {
        let mut action = page.address.clone();
        let mut form: Vec<(String, String)> = action.query_pairs().into_owned().collect();
        form.push((choice.0.to_owned(), choice.1.to_owned()));
        action.set_query(None);
        let request = self.client.post(action.clone()).form(&form);
        let request = request.header(ORIGIN, page.address.origin().ascii_serialization());
        self.navigate(request, &action, Some(&page.address), stop).await
    }

    /// A request of any kind, with this browser's cookies and nothing that says where it comes from.
    pub(crate) fn request(&self, method: Method, address: &Url) -> RequestBuilder {
        self.client.request(method, address.clone())
    }

    /// The cookies for `address`, each `name=value`.
    pub(crate) fn cookies(&self, address: &Url) -> Vec<String> {
        let cookies = self.jar.cookies(address);
        let cookies = cookies.and_then(|cookies| cookies.to_str().ok().map(str::to_owned));
        cookies.iter().flat_map(|all| all.split("; ")).map(str::to_owned).collect()
    }

    /// Puts a cookie, `name=value`, into this browser.
    pub(crate) fn add_cookie(&self, cookie: &str, address: &Url) {
        self.jar.add_cookie_str(&format!("{cookie}; Path=/"), address);
    }

    /// Removes the cookies whose names begin with `prefix`.
    pub(crate) fn forget_cookies(&self, prefix: &str, address: &Url) {
        for cookie in self.cookies(address).iter().filter(|cookie| cookie.starts_with(prefix)) {
            let name = cookie.split('=').next().unwrap_or_default();
            self.jar.add_cookie_str(&format!("{name}=; Path=/; Max-Age=0"), address);
        }
    }

    async fn navigate(
        &self,
        mut request: RequestBuilder,
        first: &Url,
        from: Option<&Url>,
        stop: impl Fn(&Url) -> bool + Send,
    ) -> Result<Visit, BrowsingError> {
        let mut way = Vec::new();
        let mut address = first.clone();
        for _ in 0..MAX_REDIRECTS {
            let site = site(from, way.iter().chain([&address]));
            let answer = as_a_navigation(request, site).send().await;
            let answer = answer.map_err(|error| BrowsingError::http(&address, error))?;
            let status = answer.status();
            let Some(next) = redirect(&answer, &address) else {
                let text = answer.text().await;
                let text = text.map_err(|error| BrowsingError::http(&address, error))?;
                return Ok(Visit { address, way, status, text });
            };
            way.push(std::mem::replace(&mut address, next));
            if stop(&address) {
                return Ok(Visit { address, way, status, text: String::new() });
            }
            request = self.client.get(address.clone());
        }
        Err(BrowsingError::new(&address, "there are too many redirects"))
    }
}

fn as_a_navigation(request: RequestBuilder, site: &str) -> RequestBuilder {
    request
        .header("sec-fetch-site", site)
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document")
        .header("sec-fetch-user", "?1")
        .header(ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")
}

fn redirect(answer: &Response, from: &Url) -> Option<Url> {
    let location = answer.headers().get(LOCATION)?.to_str().ok()?;
    answer.status().is_redirection().then(|| from.join(location).ok())?
}

/// `Sec-Fetch-Site` of a navigation that began on the page `from`, or with a person, and went through
/// `way`. Of the addresses here, those on one host are one site.
fn site<'a>(from: Option<&Url>, way: impl Iterator<Item = &'a Url>) -> &'static str {
    let Some(from) = from else { return "none" };
    let mut site = "same-origin";
    for address in way {
        if address.host() != from.host() {
            return "cross-site";
        }
        if address.origin() != from.origin() {
            site = "same-site";
        }
    }
    site
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::site;

    #[test]
    fn a_navigation_is_as_foreign_as_the_most_foreign_address_on_its_way() {
        let [app, provider, vault] =
            ["http://localhost:1/", "http://127.0.0.1:2/", "http://127.0.0.1:3/"]
                .map(|address| Url::parse(address).unwrap());
        assert_eq!(site(None, [&app, &provider].into_iter()), "none");
        assert_eq!(site(Some(&provider), [&provider].into_iter()), "same-origin");
        assert_eq!(site(Some(&provider), [&provider, &vault].into_iter()), "same-site");
        assert_eq!(site(Some(&provider), [&provider, &vault, &app].into_iter()), "cross-site");
        assert_eq!(site(Some(&provider), [&app, &provider].into_iter()), "cross-site");
    }
}
