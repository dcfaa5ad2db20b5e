//! What several commands do first: find the app, get its recipe in place, read its compose files.

use std::collections::BTreeMap;

use harness_core::name::StackName;
use harness_core::recipe::{Compose, exports};

use super::rollout::DeployError;
use crate::abra::app::App;
use crate::abra::checkout::{Checkout, newest};
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;
use crate::abra::version::{Wish, choose};
use crate::engine::ServiceFacts;

/// An app's recipe as it is checked out, read for this app.
#[derive(Clone, Debug)]
pub(super) struct Prepared {
    /// The compose files that the app chooses, laid over each other, variables filled in.
    pub(super) compose: Compose,
    /// The names of those files.
    pub(super) files: Vec<String>,
    /// What they may interpolate.
    pub(super) vars: Vec<(String, String)>,
}

impl Abra {
    /// Finds an app.
    pub(super) fn find_app(&self, name: &str) -> Result<App, Fatal> {
        Ok(App::find(&self.settings.dir, name)?)
    }

    /// Gets the app's recipe in place: under chaos as it is, else clean, current and at the pinned version.
    pub(super) async fn ensure(&self, app: &App, chaos: bool) -> Result<Checkout, Fatal> {
        let checkout = self.checkout_of(app).await?;
        if chaos {
            return Ok(checkout);
        }
        checkout.clean_and_current(self.global.offline).await?;
        let (tags, head) = (checkout.tags().await?, checkout.head().await?);
        let wish = Wish { pinned: app.pinned.as_deref(), ..Wish::default() };
        checkout.move_to(&choose(&wish, newest(&tags), &head)?).await?;
        Ok(checkout)
    }

    /// Returns the checkout of the app's recipe, as it is.
    pub(super) async fn checkout_of(&self, app: &App) -> Result<Checkout, Fatal> {
        let Self { settings, global, .. } = self;
        Ok(Checkout::present(&settings.dir, &app.recipe, &settings.base, global.offline).await?)
    }
}

/// Reads the compose files that the app chooses from what is checked out.
pub(super) fn read_compose(app: &App, checkout: &Checkout) -> Result<Prepared, Fatal> {
    let vars = app.interpolation(&exports(&checkout.text("abra.sh").unwrap_or_default()));
    let files = app.env.compose_files();
    let mut texts = Vec::new();
    for file in &files {
        let path = checkout.dir.join(file);
        let text = std::fs::read_to_string(&path)
            .map_err(|source| DeployError::NoComposeFile { path, source })?;
        texts.push((file.clone(), text));
    }
    let compose = Compose::effective(&texts, &vars).map_err(DeployError::Compose)?;
    Ok(Prepared { compose, files, vars })
}

/// What runs, as the labels of the `app` service say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Deployed {
    /// The recipe's version.
    pub(super) version: Option<String>,
    /// Whether it was deployed by chaos.
    pub(super) chaos: bool,
    /// The chaos version.
    pub(super) chaos_version: Option<String>,
}

/// Reads what runs; none when the stack has no service.
pub(super) fn deployed(stack: &StackName, services: &[ServiceFacts]) -> Option<Deployed> {
    let empty = BTreeMap::new();
    let app = services.iter().find(|service| service.name == format!("{stack}_app"));
    let labels = match app {
        Some(app) => &app.labels,
        None if services.is_empty() => return None,
        None => &empty,
    };
    let label = |name: &str| labels.get(&format!("coop-cloud.{stack}.{name}")).cloned();
    Some(Deployed {
        version: label("version"),
        chaos: label("chaos").as_deref() == Some("true"),
        chaos_version: label("chaos-version"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, labels: &[(&str, &str)]) -> ServiceFacts {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        ServiceFacts { name: name.to_owned(), labels, ..ServiceFacts::default() }
    }

    #[test]
    fn what_runs_is_read_from_the_app_service() {
        let stack = StackName::try_from("s".to_owned()).unwrap();
        assert_eq!(deployed(&stack, &[]), None);
        let labels = [
            ("coop-cloud.s.version", "1.0.0+1"),
            ("coop-cloud.s.chaos", "true"),
            ("coop-cloud.s.chaos-version", "eb96de94"),
        ];
        let seen = deployed(&stack, &[service("s_db", &[]), service("s_app", &labels)]).unwrap();
        assert_eq!(seen.version.as_deref(), Some("1.0.0+1"));
        assert!(seen.chaos && seen.chaos_version.as_deref() == Some("eb96de94"));
        assert_eq!(deployed(&stack, &[service("s_web", &[])]), Some(Deployed::default()));
    }
}
