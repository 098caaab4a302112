//! Signs in without a browser, as a person does on the sign-in page, so that a program can go on with
//! the cookies.

use std::sync::Arc;

use reqwest::{
    Client,
    cookie::{CookieStore, Jar},
    header::ACCEPT,
};
use url::Url;

/// Why the sign-in failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// No response, or an unexpected one.
    #[error(
        "{application} does not answer as it should: {error}; does `cargo run -p local` run there?"
    )]
    Unreachable {
        /// The address of the application.
        application: Url,
        /// What went wrong.
        error: reqwest::Error,
    },
    /// People sign in at another provider.
    #[error("people sign in at {0}, which only a browser can do")]
    OtherProvider(Url),
}

/// Signs `person` in at the local `application`. Returns the browser's cookies, `name=value; …`.
///
/// # Errors
/// See [`SignInError`].
pub async fn cookies(application: &Url, person: &str) -> Result<String, SignInError> {
    let failed = |error: reqwest::Error| {
        let error = error.without_url();
        SignInError::Unreachable { application: application.clone(), error }
    };
    let jar = Arc::new(Jar::default());
    let client = Client::builder().cookie_provider(Arc::clone(&jar)).no_proxy().build();
    let client = client.map_err(failed)?;
    let open = |request: reqwest::RequestBuilder| async {
        let answer = request.header(ACCEPT, "text/html").send().await?;
        answer.error_for_status()
    };
    let page = open(client.get(application.clone())).await.map_err(failed)?;
    // The page's form sends the parameters of its address, and the chosen person.
    let mut address = page.url().clone();
    let mut form: Vec<(String, String)> = address.query_pairs().into_owned().collect();
    form.push(("user".to_owned(), person.to_owned()));
    address.set_query(None);
    let provider = address.clone();
    let home = open(client.post(address).form(&form)).await;
    let home = home.map_err(|_| SignInError::OtherProvider(provider.clone()))?;
    let cookies = jar.cookies(application);
    let cookies = cookies.and_then(|cookies| cookies.to_str().ok().map(str::to_owned));
    match cookies {
        Some(cookies) if home.url().origin() == application.origin() => Ok(cookies),
        _ => Err(SignInError::OtherProvider(provider)),
    }
}
