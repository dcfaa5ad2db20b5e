//! Placing a revision: the checkout at the exact commit, our overlays over it, the env file to match.

use harness_core::platform::{App, OpError, Revision};
use harness_core::recipe::{EnvFile, Repository};

use super::blame;
use super::connect::Swarm;
use super::placed::{Placed, read_placed};
use crate::names::Names;
use crate::overlay::Overlays;

impl Swarm {
    pub(super) async fn put(
        &self,
        app: &App,
        at: &Revision,
        vars: &[(String, String)],
    ) -> Result<(), OpError> {
        let op = format!("place commit {} of {}", at.commit.short(), app.recipe);
        self.watch.mind(app.stack.as_str());
        self.check_out(app, at, &op).await?;
        let mut env = self.dir.read_env(&app.domain).map_err(blame::files(&op))?;
        let before = env.clone();
        set_variables(&mut env, app, vars);
        Overlays::default().name_in(&mut env);
        let dir = self.dir.checkout(&app.recipe);
        let compose = read_placed(&dir, &env, &app.stack).map_err(blame::placed(&op))?;
        let (_, laid) = self.settings.recipe(&app.recipe);
        let mut overlays = Overlays::of_suite(&laid.at(&at.commit), &compose);
        overlays.lay(&dir).map_err(blame::io(&op))?;
        overlays.name_in(&mut env);
        let names = self.names(&op).await?;
        if self.lacks_ipvs || names.is_some() {
            let compose = read_placed(&dir, &env, &app.stack).map_err(blame::placed(&op))?;
            overlays = overlays.with_host(&compose, self.lacks_ipvs, names.as_ref());
            overlays.lay(&dir).map_err(blame::io(&op))?;
            overlays.name_in(&mut env);
        }
        env.set_type(&self.pin(app, at, &overlays, &op).await?);
        if env != before {
            self.dir.write_env(&app.domain, &env).map_err(blame::files(&op))?;
        }
        let placed = Placed { commit: at.commit.clone(), overlays };
        self.known().placed.insert(app.domain.clone(), placed);
        Ok(())
    }

    /// Puts the checkout at the exact commit, free of what an earlier revision needed.
    pub(super) async fn check_out(
        &self,
        app: &App,
        at: &Revision,
        op: &str,
    ) -> Result<(), OpError> {
        let dir = self.dir.checkout(&app.recipe);
        Overlays::strip(&dir).map_err(blame::io(op))?;
        let repository = Repository::at(&dir, &self.settings.base_env);
        repository.checkout(&at.commit).await.map_err(blame::git(op))
    }

    /// Returns what apps of the run must be told to reach each other; nothing where they are alone, or where the public
    /// DNS has their names. Who the router is, is asked each time: it may have been made anew.
    async fn names(&self, op: &str) -> Result<Option<Names>, OpError> {
        let (domains, Some(ca)) = (&self.settings.domains, &self.settings.ca) else {
            return Ok(None);
        };
        if domains.len() < 2 {
            return Ok(None);
        }
        let Some(router) = self.engine.router().await.map_err(blame::engine(op))? else {
            return Ok(None);
        };
        let authorities = Names::authorities(ca).map_err(blame::io(op))?;
        Ok(Some(Names { router, domains: domains.clone(), authorities }))
    }

    /// Returns what the `TYPE` line says: the release's tag when it is deployed as such, else the recipe alone.
    async fn pin(
        &self,
        app: &App,
        at: &Revision,
        overlays: &Overlays,
        op: &str,
    ) -> Result<String, OpError> {
        let tags = self.tags(&app.recipe, op).await?;
        Ok(match super::deploy::release_tag(at, &tags).filter(|_| overlays.is_empty()) {
            Some(tag) => format!("{}:{tag}", app.recipe),
            None => app.recipe.to_string(),
        })
    }
}

fn set_variables(env: &mut EnvFile, app: &App, vars: &[(String, String)]) {
    // The sample names a host that abra replaces only when it is `<recipe>.example.com`; and an empty resolver asks
    // nobody for a certificate.
    let ours = [("DOMAIN", app.domain.as_str()), ("LETS_ENCRYPT_ENV", "")];
    let given = vars.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in ours.into_iter().chain(given) {
        if env.get(name).as_deref() != Some(value) {
            env.set(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> App {
        let domain = harness_core::name::Domain::try_from("a-000000.ccci.test".to_owned()).unwrap();
        App {
            recipe: harness_core::name::RecipeName::try_from("a".to_owned()).unwrap(),
            stack: (&domain).into(),
            run: harness_core::name::RunId::try_from("r".to_owned()).unwrap(),
            domain,
        }
    }

    #[test]
    fn the_domain_is_always_ours_and_given_variables_come_last() {
        let mut env =
            EnvFile::parse("DOMAIN=hotline.example.com\nLETS_ENCRYPT_ENV=production\nA=1\n");
        set_variables(&mut env, &app(), &[("A".to_owned(), "2".to_owned())]);
        assert_eq!(env.to_string(), "DOMAIN=a-000000.ccci.test\nLETS_ENCRYPT_ENV=\nA=2\n");
    }
}
