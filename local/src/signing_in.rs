//! Signs in without a screen, as a person does on the sign-in page, so that a program can go on with the
//! cookies.

use url::Url;

use crate::browser::{Browser, BrowsingError, Visit};

/// Why the sign-in failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// No response, or an unexpected one.
    #[error("{0}; does `cargo run -p local` run there?")]
    Unreachable(#[from] BrowsingError),
    /// People sign in at another provider.
    #[error("people sign in at {0}, which only a browser can do")]
    OtherProvider(Url),
}

/// Signs `person` in at the local `application`. Returns the browser's cookies, `name=value; …`.
///
/// # Errors
/// See [`SignInError`].
pub async fn cookies(application: &Url, person: &str) -> Result<String, SignInError> {
    let browser = Browser::new(application)?;
    sign_in(&browser, application, person).await?;
    Ok(browser.cookies(application).join("; "))
}

/// Signs `person` in in `browser`, in which nobody is signed in. Returns the page of the application on
/// which that ends.
pub(crate) async fn sign_in(
    browser: &Browser,
    application: &Url,
    person: &str,
) -> Result<Visit, SignInError> {
    let page = browser.open(application).await?;
    if !page.status.is_success() {
        return Err(BrowsingError::new(application, page.status.to_string()).into());
    }
    let mut provider = page.address.clone();
    provider.set_query(None);
    match browser.choose(&page, ("user", person)).await {
        Ok(home) if home.address.origin() != application.origin() => {
            Err(SignInError::OtherProvider(provider))
        }
        Ok(home) if !home.status.is_success() => {
            Err(BrowsingError::new(application, home.status.to_string()).into())
        }
        Ok(home) => Ok(home),
        Err(_) => Err(SignInError::OtherProvider(provider)),
    }
}
