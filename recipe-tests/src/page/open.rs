//! How a seed or a check comes by a page.

use harness_core::browser::{Programs, how_to_install};
use harness_core::name::Domain;
use harness_core::platform::Attachment;
use harness_core::process::BaseEnv;

use super::browser::Browser;
use super::driver::Setting;
use super::error::PageError;
use super::visit::Page;
use crate::check::Failure;
use crate::ctx::Ctx;

impl Ctx {
    /// Returns a browser page of a visitor whom the app has never seen. Nothing is opened in it yet; it is closed at
    /// the end of the seed or check. One that fails leaves a picture of the page and what was said in its console among
    /// the run's artefacts.
    ///
    /// ```no_run
    /// # use recipe_tests::{Check, Ctx, ensure, ensure_eq};
    /// # async fn check(ctx: Ctx) -> Check {
    /// if let Some(why) = ctx.without_page() {
    ///     return recipe_tests::skip(why);
    /// }
    /// let account = ctx.credentials("reader")?;
    /// let page = ctx.page().await?;
    /// page.goto("/login").await?;
    /// page.fill("input[name=user]", &account.user).await?;
    /// page.fill("input[name=password]", account.password.expose()).await?;
    /// page.click("button[type=submit]").await?;
    /// ensure_eq!(page.text("h1").await?, "Welcome", "the heading after the login");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The app cannot be reached by a browser, or there is none.
    pub async fn page(&self) -> Result<Page, Failure> {
        let (https, ca) = match &self.run().attachment {
            Attachment::Swarm { https, ca, .. } => (*https, ca.as_deref()),
            Attachment::Embedded { https, ca, .. } => (*https, Some(ca.as_path())),
            Attachment::InProcess | Attachment::Instant => {
                return Err(PageError::NoNetwork.into());
            }
        };
        crate::ctx::install_tls();
        let work = self.run().out.parent().unwrap_or("".into());
        let others: Vec<&Domain> = self.run().deps.values().map(|dep| &dep.app.domain).collect();
        let (run, domain) = (&self.app().run, self.domain());
        let setting = Setting { run, domain, others: &others, https, ca, work };
        Ok(self.browser().page(setting).await?)
    }

    /// Returns why a check may leave out what only a page shows, if so: in virtual time there is nowhere for a browser
    /// to go, and a simulated server is tested without one too. On a real engine a browser has to be there, and
    /// [`Ctx::page`] says how to get one.
    pub fn without_page(&self) -> Option<String> {
        match &self.run().attachment {
            Attachment::Swarm { .. } => None,
            Attachment::Embedded { .. } => Programs::find(&BaseEnv::capture()).err().map(missing),
            Attachment::InProcess | Attachment::Instant => {
                Some("there is no browser in virtual time".to_owned())
            }
        }
    }

    pub(super) fn opened_pages(&self) -> Vec<Page> {
        self.browser().take_pages()
    }

    pub(super) async fn end_browser(&self) {
        Browser::end(self.browser()).await;
    }
}

fn missing(program: &str) -> String {
    format!("there is no browser here (no `{program}`): `{}`", how_to_install())
}
