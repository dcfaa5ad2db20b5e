//! What is done on a page, each step with a limit. Main type: [`Page`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::Domain;
use harness_core::secret::Secret;
use harness_core::wait::{Hint, Pace, Readiness, WaitError, until};
use serde_json::Value;
use thirtyfour::error::{WebDriverError, WebDriverErrorInner};
use thirtyfour::{By, WebDriver, WebElement};
use tokio::time::timeout;

use super::driver::in_one_line;
use super::error::PageError;
use super::landing::{Landing, SHOWN, Shown, landed, network_error};

/// How long a page may take until it is there, an app that is not ready included.
const OPEN: Duration = Duration::from_secs(80);

/// How long an element may take until it is there.
const ELEMENT: Duration = Duration::from_secs(30);

/// How often what is waited for is looked at.
const QUICK: Pace =
    Pace { quick: Duration::from_millis(15), slow: Duration::from_millis(100), limit: ELEMENT };

/// How long any other step may take.
const STEP: Duration = Duration::from_secs(30);

/// A page of the app in a browser of its own. Cloned, it is the same page.
///
/// Selectors are CSS. What needs an element waits until it is there, at most 30 s; nothing else is tried again.
#[derive(Clone, Debug)]
pub struct Page {
    driver: WebDriver,
    domain: Domain,
    /// The folder that is the browser's alone.
    profile: Utf8PathBuf,
    /// What was typed into fields for passwords: no picture may show it.
    typed: Arc<Mutex<Vec<Secret>>>,
}

impl Page {
    pub(super) fn new(driver: WebDriver, profile: Utf8PathBuf, domain: &Domain) -> Self {
        Self { driver, domain: domain.clone(), profile, typed: Arc::default() }
    }

    /// Opens a path of the app's domain and waits until it has loaded. It is asked for again while the app is not
    /// ready, within 80 s: nobody listens, a 5xx, a page of the router's own. A 4xx is an error at once, and so are
    /// redirects without end, a certificate that is not to be trusted, and another host.
    ///
    /// # Errors
    /// There is no page: what was seen instead is in the error.
    pub async fn goto(&self, path: &str) -> Result<(), PageError> {
        if !path.starts_with('/') || path.starts_with("//") {
            return Err(PageError::NoPath(path.to_owned()));
        }
        let url = format!("https://{}{path}", self.domain);
        let look = async || match self.attempt(&url).await {
            Ok(Landing::NotYet(what)) => Readiness::NotYet(what),
            Ok(Landing::Page) => Readiness::Ready(Ok(())),
            Ok(Landing::Refused) => Readiness::Ready(Err(self.refused(&url).await)),
            Ok(Landing::NoPage(reason)) => {
                Readiness::Ready(Err(PageError::NoPage { url: url.clone(), reason }))
            }
            Err(error) => Readiness::Ready(Err(error)),
        };
        match until(Pace::within(OPEN), &Hint::default(), look, |_| {}).await {
            Ok(landed) => landed,
            Err(error) => Err(PageError::NotReady { url, limit: OPEN, last: last(error) }),
        }
    }

    /// Waits until an element is there and can be seen, and returns it, for all that WebDriver can do with one.
    ///
    /// # Errors
    /// It was not there within 30 s.
    pub async fn wait_for(&self, css: &str) -> Result<WebElement, PageError> {
        self.element(css, "visible").await
    }

    /// Waits until a script (`return …`) returns `true`: for what no element shows.
    ///
    /// # Errors
    /// It did not within 30 s, or it fails.
    pub async fn wait_until(&self, script: &str) -> Result<(), PageError> {
        let look = async || match self.eval_json(script).await {
            Ok(Value::Bool(true)) => Readiness::Ready(Ok(())),
            Ok(other) => Readiness::NotYet(format!("the script returns {other}")),
            Err(error) => Readiness::Ready(Err(error)),
        };
        match until(QUICK, &Hint::default(), look, |_| {}).await {
            Ok(held) => held,
            Err(error) => {
                Err(self.missing(&format!("what `{script}` asks for"), "so", error).await)
            }
        }
    }

    /// Returns the text of the first such element, as one reads it on the page.
    ///
    /// # Errors
    /// It was not there within 30 s.
    pub async fn text(&self, css: &str) -> Result<String, PageError> {
        let element = self.wait_for(css).await?;
        self.step(&format!("read `{css}`"), element.text()).await
    }

    /// Types a text into a field, in place of what is in it.
    ///
    /// # Errors
    /// The field was not there within 30 s, or nothing can be typed into it.
    pub async fn fill(&self, css: &str, text: &str) -> Result<(), PageError> {
        let field = self.wait_for(css).await?;
        let what = format!("fill `{css}`");
        let kind = self.step(&what, field.prop("type")).await?;
        if kind.as_deref() == Some("password") {
            self.typed().push(Secret::new(text));
        }
        self.step(&what, field.clear()).await?;
        // A word of the driver's error may be a part of what was typed.
        let filled = self.step(&what, field.send_keys(text)).await;
        filled.map_err(|error| self.without_typed(error))
    }

    /// Clicks on an element, and waits until a page has loaded if that leads to one.
    ///
    /// # Errors
    /// It was not there within 30 s, or something lies over it.
    pub async fn click(&self, css: &str) -> Result<(), PageError> {
        let element = self.wait_for(css).await?;
        self.step(&format!("click on `{css}`"), element.click()).await
    }

    /// Returns the page's title.
    ///
    /// # Errors
    /// The browser does not answer.
    pub async fn title(&self) -> Result<String, PageError> {
        self.step("say the title", self.driver.title()).await
    }

    /// Returns the page's address.
    ///
    /// # Errors
    /// The browser does not answer.
    pub async fn url(&self) -> Result<String, PageError> {
        let url = self.step("say the address", self.driver.current_url()).await?;
        Ok(url.to_string())
    }

    /// Runs a script in the page and returns what it returns (`return …`), as JSON.
    ///
    /// # Errors
    /// The script fails or does not end.
    pub async fn eval_json(&self, script: &str) -> Result<Value, PageError> {
        self.run("run a script", script, Vec::new()).await
    }

    /// Returns a picture of what can be seen of the page now: a PNG. Nothing is left out of it, secrets neither.
    ///
    /// # Errors
    /// The browser does not answer.
    pub async fn screenshot(&self) -> Result<Vec<u8>, PageError> {
        self.step("take a picture", self.driver.screenshot_as_png()).await
    }

    /// Returns the driver, for what has no method here: frames, windows, keys, cookies. Its calls have limits of its
    /// own. The browser reaches the app's hosts and no other, whatever it is told.
    pub const fn driver(&self) -> &WebDriver {
        &self.driver
    }

    pub(super) fn profile(&self) -> &Utf8Path {
        &self.profile
    }

    pub(super) async fn run(
        &self,
        what: &str,
        script: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, PageError> {
        let ran = self.step(what, self.driver.execute(script, arguments)).await?;
        Ok(ran.json().clone())
    }

    /// Does a step of the browser's within its limit.
    pub(super) async fn step<V>(
        &self,
        what: &str,
        step: impl Future<Output = Result<V, WebDriverError>>,
    ) -> Result<V, PageError> {
        let late = |_| PageError::TimedOut { what: what.to_owned(), limit: STEP };
        timeout(STEP, step).await.map_err(late)?.map_err(|error| browser(what, &error))
    }

    pub(super) fn typed(&self) -> std::sync::MutexGuard<'_, Vec<Secret>> {
        self.typed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn without_typed(&self, error: PageError) -> PageError {
        let PageError::Browser { what, reason, is_suites } = error else { return error };
        let mut reason = reason;
        for typed in self.typed().iter().filter(|t| !t.expose().is_empty()) {
            reason = reason.replace(typed.expose(), harness_core::secret::PLACEHOLDER);
        }
        PageError::Browser { what, reason, is_suites }
    }

    async fn attempt(&self, url: &str) -> Result<Landing, PageError> {
        let what = format!("open {url}");
        // The driver has a limit of its own for a load, which is shorter than the one around all attempts.
        match self.driver.goto(url).await {
            Ok(()) => {}
            Err(error) => {
                return network_error(&error.to_string()).ok_or_else(|| browser(&what, &error));
            }
        }
        Ok(landed(&self.shown().await?))
    }

    async fn shown(&self) -> Result<Shown, PageError> {
        let shown = self.run("say what it shows", SHOWN, Vec::new()).await?;
        serde_json::from_value(shown).map_err(|e| PageError::Browser {
            what: "say what it shows".to_owned(),
            reason: e.to_string(),
            is_suites: false,
        })
    }

    async fn refused(&self, url: &str) -> PageError {
        match self.shown().await {
            Ok(Shown { status, text, .. }) => {
                PageError::Refused { url: url.to_owned(), status, text }
            }
            Err(error) => error,
        }
    }

    async fn element(&self, css: &str, what: &'static str) -> Result<WebElement, PageError> {
        let look = async || {
            let found = self.driver.find(By::Css(css)).await;
            let element = match found {
                Ok(element) => element,
                Err(error) if is_absent(&error) => {
                    return Readiness::NotYet("no such element".to_owned());
                }
                Err(error) => {
                    return Readiness::Ready(Err(browser(&format!("look for `{css}`"), &error)));
                }
            };
            match element.is_displayed().await {
                Ok(true) => Readiness::Ready(Ok(element)),
                Ok(false) => Readiness::NotYet("it is there and cannot be seen".to_owned()),
                Err(error) if is_absent(&error) => {
                    Readiness::NotYet("it went away again".to_owned())
                }
                Err(error) => Readiness::Ready(Err(browser(&format!("look at `{css}`"), &error))),
            }
        };
        match until(QUICK, &Hint::default(), look, |_| {}).await {
            Ok(found) => found,
            Err(error) => Err(self.missing(&format!("`{css}`"), what, error).await),
        }
    }

    /// Says what did not come, and what the page shows in its place.
    async fn missing(&self, wanted: &str, what: &'static str, error: WaitError) -> PageError {
        let (url, text) = match self.shown().await {
            Ok(Shown { url, text, .. }) => (url, text),
            Err(error) => (String::from("the page"), error.to_string()),
        };
        let seen = format!("{}; the page begins {text:?}", last(error));
        PageError::NotThere { wanted: wanted.to_owned(), what, limit: ELEMENT, url, seen }
    }
}

/// What a wait saw last.
fn last(error: WaitError) -> String {
    match error {
        WaitError::TimedOut { last, .. } => last,
        WaitError::Hopeless(cause) => cause.evidence,
    }
}

/// Returns whether an error says that an element is not there, or not any more.
fn is_absent(error: &WebDriverError) -> bool {
    matches!(
        error.as_inner(),
        WebDriverErrorInner::NoSuchElement(_) | WebDriverErrorInner::StaleElementReference(_)
    )
}

fn browser(what: &str, error: &WebDriverError) -> PageError {
    let is_suites = matches!(
        error.as_inner(),
        WebDriverErrorInner::InvalidSelector(_)
            | WebDriverErrorInner::JavascriptError(_)
            | WebDriverErrorInner::InvalidArgument(_)
    );
    let reason = in_one_line(&error.to_string());
    PageError::Browser { what: what.to_owned(), reason, is_suites }
}
