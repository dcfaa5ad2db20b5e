//! What is done with a page of a provider. Main item: [`next`].

use harness_core::secret::Secret;
use url::Url;

use crate::login_error::LoginFailure;
use crate::page::{Form, Page};

/// Whether an app that a provider asks about may know who logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// It may: Gitea asks at the first login to each app.
    Given,
    /// Nobody said so: a page that asks ends the login.
    Withheld,
}

/// What is known when a page of the provider comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    /// Where the page is.
    pub(crate) url: &'a Url,
    /// The status that it came with.
    pub(crate) status: u16,
    /// Whether user and password were sent already.
    pub(crate) was_sent: bool,
    /// Whether the app may know who logs in.
    pub(crate) consent: Consent,
    /// Who logs in.
    pub(crate) user: &'a str,
    /// With what.
    pub(crate) password: &'a Secret,
}

/// A form that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    /// Where to.
    pub(crate) to: Url,
    /// What.
    pub(crate) fields: Vec<(String, Secret)>,
    /// Whether the password is in it.
    pub(crate) has_password: bool,
}

/// Decides what is done with a page of the provider: a form to send, or why the login ends.
pub(crate) fn next(page: &Page, known: Known<'_>) -> Result<Filled, LoginFailure> {
    let said = page.about();
    let consent = page.forms.iter().find_map(|form| Some((form, form.with_consent()?)));
    if let Some((form, fields)) = consent {
        return match known.consent {
            Consent::Given => filled(form, fields, known.url, false),
            Consent::Withheld => Err(LoginFailure::ConsentNeeded { said }),
        };
    }
    // A form for a new password has fields for passwords too.
    if known.url.path().contains("/login-actions/required-action") {
        return Err(LoginFailure::AccountUnfinished { said });
    }
    let login = page
        .forms
        .iter()
        .find_map(|form| Some((form, form.with_login(known.user, known.password.expose())?)));
    if let Some((form, fields)) = login {
        if known.was_sent {
            return Err(refused(&page.notices.join(": "), said));
        }
        return filled(form, fields, known.url, true);
    }
    if let Some(form) = page.forms.iter().find(|form| hands_over(form, known.url)) {
        return filled(form, form.untouched(), known.url, false);
    }
    Err(shown(known.status, said))
}

/// Returns whether a form hands the login's result over to another host, as with `response_mode=form_post`.
fn hands_over(form: &Form, page: &Url) -> bool {
    let leaves = page.join(&form.action).is_ok_and(|to| to.origin() != page.origin());
    let is_result = |name: &str| form.fields.iter().any(|field| field.name == name);
    leaves && form.is_post && (is_result("code") || is_result("error"))
}

fn filled(
    form: &Form,
    fields: Vec<(String, String)>,
    page: &Url,
    has_password: bool,
) -> Result<Filled, LoginFailure> {
    let broken = |seen: String| LoginFailure::Broken {
        url: crate::shown::shown(page),
        expected: "a form that is posted",
        seen,
    };
    if !form.is_post {
        return Err(broken("one that puts what is filled in into an address".to_owned()));
    }
    let to = page.join(&form.action).map_err(|e| broken(format!("no address: {e}")))?;
    if has_password && to.origin() != page.origin() {
        return Err(LoginFailure::OtherHost { host: to.origin().ascii_serialization() });
    }
    let fields = fields.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
    Ok(Filled { to, fields, has_password })
}

/// Says why the form came back.
fn refused(notices: &str, about: String) -> LoginFailure {
    let said = if notices.is_empty() { about } else { notices.to_owned() };
    if is_disabled(&said) {
        return LoginFailure::AccountDisabled { said };
    }
    LoginFailure::WrongPassword { said }
}

/// Says what a page without any form to send means.
fn shown(status: u16, said: String) -> LoginFailure {
    let lower = said.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&["redirect_uri", "redirect uri"]) {
        LoginFailure::RedirectRefused { said }
    } else if has(&["client not found", "client disabled", "client id not registered"]) {
        LoginFailure::UnknownClient { said }
    } else if is_disabled(&said) {
        LoginFailure::AccountDisabled { said }
    } else {
        LoginFailure::ProviderPage { status, said }
    }
}

/// Keycloak says "disabled", Gitea "prohibited".
fn is_disabled(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    said.contains("disabled") || said.contains("prohibited")
}
