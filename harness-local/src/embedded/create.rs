//! Making an app and placing a revision, as abra does it.

use harness_core::cause::CauseClass;
use harness_core::name::Commit;
use harness_core::platform::{App, OpError, Revision};
use harness_core::recipe::{Compose, EnvFile, Tag};
use harness_core::secret::Secret;

use super::apps::Known;
use super::recipe::{Checkout, ReadError};
use super::server::Server;
use crate::abra::from_sample;
use crate::abra::secrets::{SecretsError, check_names, of_app, value};

impl Server {
    pub(super) fn make(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
    ) -> Result<(), OpError> {
        let op = format!("create app {}", app.domain);
        self.shared.with(|w| w.mind(&app.stack));
        let checkout = self.check_out(at, &op)?;
        let Some(sample) = checkout.text(".env.sample") else {
            let text = "unable to read .env.sample: a recipe needs an .env.sample";
            return Err(OpError::new(op, CauseClass::Recipe, text));
        };
        let mut made = EnvFile::parse(&from_sample(sample, &app.recipe, &app.domain));
        made.set_type(&format!("{}:{}", app.recipe, at.commit.short()));
        let known = Known { env: made, checkout };
        self.apps().known.insert(app.domain.clone(), known);
        self.put(app, at, env)?;
        self.make_secrets(app, &op)
    }

    fn make_secrets(&self, app: &App, op: &str) -> Result<(), OpError> {
        let known = self.apps().known(app, op)?;
        let compose = read(&known, app, op)?;
        let refused = |e| OpError::from_source(op, CauseClass::Recipe, e);
        check_names(&compose, &app.stack).map_err(refused)?;
        for secret in of_app(&compose, &known.env, &app.stack).into_iter().filter(|s| s.generate) {
            let made = self.shared.with(|w| {
                let text = value(secret.length, &secret.charset, w.random())
                    .map_err(|e| OpError::from_source(op, CauseClass::Harness, e))?;
                let made = w.create_secret(&secret.full_name, text.clone().into_bytes());
                made.map_err(|e| OpError::from_source(op, CauseClass::Recipe, e))?;
                Ok(text)
            })?;
            self.apps().secrets.push(Secret::new(made));
        }
        Ok(())
    }

    /// Puts values in for secrets that abra does not generate.
    pub(super) fn insert(&self, app: &App, given: &[(String, Secret)]) -> Result<(), OpError> {
        let op = format!("insert the secrets of {}", app.domain);
        let known = self.apps().known(app, &op)?;
        let secrets = of_app(&read(&known, app, &op)?, &known.env, &app.stack);
        for (key, value) in given {
            let Some(secret) = secrets.iter().find(|secret| secret.key == *key) else {
                let unknown =
                    SecretsError::Unknown { name: key.clone(), app: app.domain.to_string() };
                return Err(OpError::from_source(op, CauseClass::Suite, unknown));
            };
            let bytes = value.expose().to_owned().into_bytes();
            let made = self.shared.with(|w| w.create_secret(&secret.full_name, bytes));
            made.map_err(|e| OpError::from_source(op.as_str(), CauseClass::Suite, e))?;
            self.apps().secrets.push(value.clone());
        }
        Ok(())
    }

    pub(super) fn put(
        &self,
        app: &App,
        at: &Revision,
        vars: &[(String, String)],
    ) -> Result<(), OpError> {
        let op = format!("place commit {} of {}", at.commit.short(), app.recipe);
        let checkout = self.check_out(at, &op)?;
        let release = self.release(at, &checkout);
        let mut known = self.apps().known(app, &op)?;
        // An empty resolver asks nobody for a certificate.
        let ours = [("DOMAIN", app.domain.as_str()), ("LETS_ENCRYPT_ENV", "")];
        let given = vars.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in ours.into_iter().chain(given) {
            if known.env.get(name).as_deref() != Some(value) {
                known.env.set(name, value);
            }
        }
        known.env.set_type(&match release {
            Some(tag) => format!("{}:{tag}", app.recipe),
            None => app.recipe.to_string(),
        });
        known.checkout = checkout;
        read(&known, app, &op)?;
        self.apps().known.insert(app.domain.clone(), known);
        Ok(())
    }

    pub(super) fn check_out(&self, at: &Revision, op: &str) -> Result<Checkout, OpError> {
        let recipe = self.recipe(&at.commit);
        let read = recipe.and_then(|(files, laid)| Checkout::at(files, &at.commit, laid));
        read.ok_or_else(|| not_read(op, &at.commit))
    }

    /// Returns the tag by which abra would deploy a revision as a release: an annotated one at this very commit, in a
    /// clone whose tags are all annotated, with nothing laid over it.
    pub(super) fn release(&self, at: &Revision, checkout: &Checkout) -> Option<String> {
        let tags = self.recipe(&at.commit).map(|(files, _)| files.tags()).unwrap_or_default();
        if checkout.is_dirty() || tags.iter().any(|t| !t.annotated) {
            return None;
        }
        let here = tags.iter().filter(|t| t.commit == at.commit && t.version.is_some());
        let newest: Option<&Tag> = here.max_by(|a, b| a.version.cmp(&b.version));
        newest.map(|t| t.name.clone())
    }
}

/// Says that a commit was not read before the server started.
pub(super) fn not_read(op: &str, commit: &Commit) -> OpError {
    let text = format!("the files at {} were not read when the server started", commit.short());
    OpError::new(op, CauseClass::Harness, text)
}

/// Reads the compose files of an app as they are placed.
pub(super) fn read(known: &Known, app: &App, op: &str) -> Result<Compose, OpError> {
    let read = known.checkout.compose(&known.env, &app.stack);
    read.map_err(|error: ReadError| OpError::from_source(op, CauseClass::Recipe, error))
}
