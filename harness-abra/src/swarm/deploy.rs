//! Deploying the placed revision: as a release where abra would take it for one and its lint lets it, else in chaos.

use std::sync::Arc;
use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::name::RecipeName;
use harness_core::platform::{App, OpError, Revision};
use harness_core::recipe::{Repository, Tag};

use super::blame;
use super::connect::Swarm;
use super::placed::{Placed, read_placed};
use crate::abra::{AbraError, DeployAs};

impl Swarm {
    pub(super) async fn put_up(
        &self,
        app: &App,
        at: &Revision,
        limit: Duration,
    ) -> Result<(), OpError> {
        let op = format!("deploy commit {} as {}", at.commit.short(), app.domain);
        self.watch.mind(app.stack.as_str());
        let placed = self.placed_at(app, at, &op)?;
        let observed = self.engine.observe(&app.stack).await.map_err(blame::engine(&op))?;
        let tags = self.tags(&app.recipe, &op).await?;
        let release = release_tag(at, &tags);
        let fits = placed.overlays.is_empty() && observed.services.is_empty();
        let what = match release.filter(|_| fits) {
            Some(tag) => DeployAs::Release(tag.to_owned()),
            None => DeployAs::Chaos,
        };
        let began = tokio::time::Instant::now();
        self.hold_still(app, at, &placed, &op).await?;
        let mut deployed = self.abra.deploy(&app.domain, &what, limit).await;
        if let Some(error) = deployed.as_ref().err().filter(|e| goes_in_chaos(&what, e)) {
            tracing::warn!(domain = %app.domain, %error, "the release is deployed in chaos instead");
            // abra has moved the checkout to the tag.
            self.hold_still(app, at, &placed, &op).await?;
            let left = limit.saturating_sub(began.elapsed());
            deployed = self.abra.deploy(&app.domain, &DeployAs::Chaos, left).await;
        }
        match deployed {
            Ok(()) => Ok(()),
            Err(error) => Err(self.blame(op, error).await),
        }
    }

    fn placed_at(&self, app: &App, at: &Revision, op: &str) -> Result<Placed, OpError> {
        let placed = self.known().placed.get(&app.domain).cloned();
        placed.filter(|p| p.commit == at.commit).ok_or_else(|| {
            OpError::new(
                op,
                CauseClass::Harness,
                "another revision is placed, or none: place it first",
            )
        })
    }

    /// Makes sure that the checkout is at the commit right before it is deployed: abra's plain commands move it.
    async fn hold_still(
        &self,
        app: &App,
        at: &Revision,
        placed: &Placed,
        op: &str,
    ) -> Result<(), OpError> {
        let dir = self.dir.checkout(&app.recipe);
        let repository = Repository::at(&dir, &self.settings.base_env);
        self.check_out(app, at, op).await?;
        placed.overlays.lay(&dir).map_err(blame::io(op))?;
        let head = repository.head().await.map_err(blame::git(op))?;
        if head == at.commit {
            return Ok(());
        }
        let evidence = format!("the checkout is at {head} and not at {}", at.commit);
        Err(OpError::new(op, CauseClass::Harness, evidence))
    }

    /// Returns the tags of a recipe; read once.
    pub(super) async fn tags(&self, recipe: &RecipeName, op: &str) -> Result<Arc<[Tag]>, OpError> {
        if let Some(tags) = self.known().tags.get(recipe) {
            return Ok(Arc::clone(tags));
        }
        let (repository, _) = self.settings.recipe(recipe);
        let tags: Arc<[Tag]> = repository.tags().await.map_err(blame::git(op))?.into();
        self.known().tags.insert(recipe.clone(), Arc::clone(&tags));
        Ok(tags)
    }

    pub(super) async fn pull_missing(
        &self,
        app: &App,
        limit: Duration,
    ) -> Result<Vec<String>, OpError> {
        let op = blame::op("pull the images of", &app.domain);
        let began = tokio::time::Instant::now();
        let env = self.dir.read_env(&app.domain).map_err(blame::files(&op))?;
        let dir = self.dir.checkout(&app.recipe);
        let compose = read_placed(&dir, &env, &app.stack).map_err(blame::placed(&op))?;
        let mut images: Vec<String> =
            compose.services.into_iter().filter_map(|s| s.image).collect();
        images.sort();
        images.dedup();
        let mut pulled = Vec::new();
        for image in images {
            if self.engine.has_image(&image).await.map_err(blame::engine(&op))? {
                continue;
            }
            let left = limit.saturating_sub(began.elapsed());
            self.engine.pull(&image, left).await.map_err(blame::pull(&op))?;
            pulled.push(image);
        }
        Ok(pulled)
    }
}

/// Returns the tag by which abra would deploy a revision as a release: an annotated one at this very commit, in a
/// clone whose tags are all annotated (a single other one makes abra refuse, R014).
pub(super) fn release_tag<'a>(at: &Revision, tags: &'a [Tag]) -> Option<&'a str> {
    if tags.iter().any(|t| !t.annotated) {
        return None;
    }
    let here = tags.iter().filter(|t| t.commit == at.commit && t.version.is_some());
    here.max_by(|a, b| a.version.cmp(&b.version)).map(|t| t.name.as_str())
}

/// Returns whether a failed deploy is done again in chaos: abra lints releases alone, before anything is applied, and
/// a lint is judged by itself and changes no other verdict.
fn goes_in_chaos(what: &DeployAs, error: &AbraError) -> bool {
    matches!(what, DeployAs::Release(_)) && error.is_lint()
}

#[cfg(test)]
mod tests {
    use harness_core::name::{Commit, Version};

    use super::*;

    fn commit(digit: char) -> Commit {
        Commit::try_from(digit.to_string().repeat(40)).unwrap()
    }

    fn tag(name: &str, digit: char, annotated: bool) -> Tag {
        let version = Version::try_from(name.to_owned()).ok();
        Tag { name: name.to_owned(), version, commit: commit(digit), annotated }
    }

    #[test]
    fn only_an_annotated_tag_at_this_commit_is_a_release() {
        let at = Revision { commit: commit('a'), version: None };
        let tags = [tag("1.0.0+1", 'b', true), tag("1.1.0+1", 'a', true), tag("stray", 'a', true)];
        assert_eq!(release_tag(&at, &tags), Some("1.1.0+1"));
        assert_eq!(release_tag(&at, &tags[..1]), None);
    }

    #[test]
    fn one_lightweight_tag_anywhere_makes_every_deploy_chaos() {
        let at = Revision { commit: commit('a'), version: None };
        let tags = [tag("1.1.0+1", 'a', true), tag("next", 'b', false)];
        assert_eq!(release_tag(&at, &tags), None);
    }

    #[test]
    fn only_a_release_that_the_lint_stops_is_done_again_in_chaos() {
        let release = DeployAs::Release("1.1.0+1".to_owned());
        let fatal = |said: &str| AbraError::Fatal {
            verb: "app deploy",
            said: said.to_owned(),
            class: CauseClass::Recipe,
        };
        let lint = fatal(
            "lint error in custom-html configs: \"all services have images\" failed lint checks (R008)",
        );
        assert!(goes_in_chaos(&release, &lint));
        assert!(!goes_in_chaos(&DeployAs::Chaos, &lint));
        assert!(!goes_in_chaos(&release, &fatal("secret not generated: db_password")));
        let hung = AbraError::Hung {
            verb: "app deploy",
            limit: Duration::from_secs(1),
            last: "failed lint checks".to_owned(),
        };
        assert!(!goes_in_chaos(&release, &hung));
    }
}
