//! The disaster tier: everything that the app had is destroyed, and the backup alone brings it back; then what a backup
//! of base is worth in head. Main function: [`Job::disaster`].

use tokio::time::Instant;

use crate::cause::{Cause, CauseClass};
use crate::converge::Before;
use crate::event::{Happened, WaitedOn};
use crate::plan::Across;
use crate::platform::{Platform, Revision, Snapshot};
use crate::run_file::Phase;
use crate::tier::{Status, Tier};

use super::job::{Job, State};
use super::ops::to_restore;
use super::tiers::{Judged, TierEnd, Trouble};
use super::trials::Trials;

/// The check that stands for the restore of base's backup into head, where that is judged.
pub const ACROSS_VERSIONS: &str = "restored_across_versions";

impl<P: Platform, T: Trials> Job<'_, P, T> {
    /// Destroys all that the app had, deploys head anew, and restores the backup into it.
    pub(super) async fn disaster(&self, state: &mut State) -> Result<TierEnd, Trouble> {
        let snapshot = to_restore(state)?;
        self.destroy(state).await?;
        let (app, head) = (&self.plan.app, &self.plan.head);
        let deploy = self.platform.deploy(app, head, self.limits.command);
        self.step(Tier::Disaster, "deploy", "deployed", deploy).await?;
        self.log.say(Happened::DeployDone);
        let seen = self.ready_step(Tier::Disaster, state, &Before::nothing()).await?;
        self.is_deployed(Tier::Disaster, head, self.recipe.head_label.as_ref(), &seen)?;
        self.seed(Tier::Disaster, state).await?;
        self.put_back(Tier::Disaster, &snapshot).await?;
        self.restart(state).await?;
        let end = self.check(Tier::Disaster, state).await;
        match end.status {
            Status::Pass | Status::Skip => self.across_versions(state).await?,
            Status::Fail | Status::Unver => {}
        }
        Ok(end)
    }

    /// Restarts the app: what runs has looked at an empty app and may remember it, and whoever rebuilds a server restarts
    /// what was restored. Whether a restore needs that is the restore tier's question.
    async fn restart(&self, state: &mut State) -> Result<(), Trouble> {
        let before = Before::from_observation(&self.observe_once().await?);
        let restart = self.platform.restart(&self.plan.app, self.limits.deploy);
        self.step(Tier::Disaster, "restart", "restarted", restart).await?;
        self.ready_step(Tier::Disaster, state, &before).await?;
        Ok(())
    }

    /// Undeploys the app and removes every volume of it; its env file and its secrets are its operator's, and stay.
    async fn destroy(&self, state: &State) -> Result<(), Trouble> {
        let (app, limit) = (&self.plan.app, self.limits.teardown_step);
        let undeploy = self.platform.undeploy(app, limit);
        self.step(Tier::Disaster, "undeploy", "undeployed", undeploy).await?;
        let remove = self.platform.remove_volumes(app, limit);
        let removed = self.step(Tier::Disaster, "remove volumes", "destroyed", remove).await?;
        let has_volumes = state.services.iter().any(|s| !s.volumes.is_empty());
        if removed.is_empty() && has_volumes {
            let text = "the app has volumes, and there was none to remove: nothing was destroyed";
            return Err(Trouble::new("destroyed", Cause::new(CauseClass::Harness, text)));
        }
        self.note(format!("destroyed: volumes {}", removed.join(", ")));
        Ok(())
    }

    /// Backs base up before the upgrade, where that backup is to be restored into head. That it cannot be made is told
    /// at the end, and is no verdict.
    pub(super) async fn back_up_base(&self, state: &mut State) -> Result<(), Trouble> {
        if self.plan.across_versions.is_none() || self.plan.base.is_none() {
            return Ok(());
        }
        self.settled(Tier::Upgrade, state).await?;
        let into = self.dir.join("work");
        let made = self.platform.back_up(&self.plan.app, &into, self.limits.backup);
        let made =
            self.phase("backup of base", Some(Tier::Upgrade), WaitedOn::Platform, made).await;
        state.older =
            Some(made.map_err(|e| format!("base could not be backed up: {}", e.cause.evidence)));
        Ok(())
    }

    /// Restores base's backup into head and looks at what it brought back.
    async fn across_versions(&self, state: &mut State) -> Result<(), Trouble> {
        let (Some(worth), Some(base)) = (self.plan.across_versions, &self.plan.base) else {
            return Ok(());
        };
        let Some(older) = state.older.take() else { return Ok(()) };
        let began = Instant::now();
        let restored = match older {
            Ok(snapshot) => self.restore_older(&snapshot, state).await,
            Err(why) => Err(why),
        };
        state.not_across = restored.err();
        let looked = self.trials(Tier::Disaster, Phase::Across, state).await;
        let seen = summed_up(base, state.not_across.as_deref(), &looked.judged, looked.trouble);
        self.note(seen.text.clone());
        match worth {
            Across::Reported => Ok(()),
            Across::Judged => match seen.cause() {
                Some(cause) => Err(Trouble::new(ACROSS_VERSIONS, cause)),
                None => {
                    self.step_done(Tier::Disaster, ACROSS_VERSIONS, began.elapsed());
                    Ok(())
                }
            },
        }
    }

    /// Restores an older snapshot into head, and waits until the app has settled. What does not succeed is told.
    async fn restore_older(&self, snapshot: &Snapshot, state: &State) -> Result<(), String> {
        let told = |trouble: Trouble| trouble.cause.evidence;
        let restore = self.platform.restore(&self.plan.app, snapshot, self.limits.backup);
        let restored =
            self.phase("restore of base", Some(Tier::Disaster), WaitedOn::Platform, restore).await;
        restored.map_err(|e| format!("{e}: {}", e.cause.evidence))?;
        let restart = self.platform.restart(&self.plan.app, self.limits.deploy);
        let restarted =
            self.phase("restart", Some(Tier::Disaster), WaitedOn::Platform, restart).await;
        restarted.map_err(|e| format!("{e}: {}", e.cause.evidence))?;
        self.settled(Tier::Disaster, state).await.map_err(told)
    }
}

/// What became of base's backup in head.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    text: String,
    /// Whose fault it is that not everything is back; none if everything is.
    class: Option<CauseClass>,
}

impl Seen {
    fn cause(&self) -> Option<Cause> {
        self.class.map(|class| Cause::new(class, self.text.clone()))
    }
}

/// Says what became of base's backup in head: pure.
fn summed_up(
    base: &Revision,
    not_restored: Option<&str>,
    looked: &[Judged],
    trouble: Option<Cause>,
) -> Seen {
    let version = base.version.as_ref().map(ToString::to_string);
    let version = version.unwrap_or_else(|| base.commit.short().to_owned());
    let of = |text: String, class| Seen {
        text: format!("a backup of {version} restored into head: {text}"),
        class,
    };
    if let Some(why) = not_restored {
        return of(why.to_owned(), Some(CauseClass::Recipe));
    }
    if let Some(trouble) = trouble {
        return of(trouble.evidence, Some(trouble.class));
    }
    let wrong = looked.iter().find(|judged| judged.status != Status::Pass);
    match (wrong, looked.is_empty()) {
        (Some(wrong), _) => {
            let text = wrong.message.clone().unwrap_or_else(|| wrong.status.to_string());
            let nobody =
                if wrong.status == Status::Fail { CauseClass::Recipe } else { CauseClass::Harness };
            of(text, Some(wrong.cause.unwrap_or(nobody)))
        }
        (None, true) => of("nobody looked".to_owned(), Some(CauseClass::Harness)),
        (None, false) => of("everything that was planted before it is back".to_owned(), None),
    }
}

#[cfg(test)]
#[path = "disaster_tests.rs"]
mod tests;
