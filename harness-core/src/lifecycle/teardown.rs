//! The teardown: always, all of it, each step with its own limit; then the census.

use std::time::Duration;

use crate::census::Census;
use crate::event::{CensusTime, Happened, WaitedOn};
use crate::platform::{App, OpError, Platform};

use super::bounded::{bounded, caught};
use super::job::Job;
use super::trials::Trials;

impl<P: Platform, T: Trials> Job<'_, P, T> {
    /// Removes everything that the run made, last to first. A step that fails does not stop the next.
    pub(super) async fn tear_down(&self) {
        let app = &self.plan.app;
        let limit = self.limits.teardown_step;
        self.undo("undeploy", limit, self.platform.undeploy(app, limit)).await;
        let holders = self.undo("remove data", limit, self.platform.remove_data(app, limit)).await;
        for holder in holders.unwrap_or_default() {
            self.note(format!("container {holder} is not part of the stack and held one of its volumes: it was removed"));
        }
        self.undo("forget", limit, self.platform.forget(app)).await;
    }

    async fn undo<V>(
        &self,
        name: &str,
        limit: Duration,
        work: impl Future<Output = Result<V, OpError>>,
    ) -> Option<V> {
        let work = bounded(name, limit, work);
        self.undone(name, self.phase(name, None, WaitedOn::Platform, work)).await
    }

    /// Does a step of the teardown that is a phase by itself, and says how it ended.
    pub(super) async fn undone<V>(
        &self,
        name: &str,
        work: impl Future<Output = Result<V, OpError>>,
    ) -> Option<V> {
        let (value, error) = match self.say_broken(caught(work).await) {
            Some(Ok(value)) => (Some(value), None),
            Some(Err(error)) => (None, Some(format!("{error}: {}", error.cause.evidence))),
            None => (None, Some("our own code broke in it".to_owned())),
        };
        self.log.say(Happened::TeardownStep { name: self.named(name), error });
        value
    }

    async fn census(&self) -> Result<Census, OpError> {
        let census = bounded("take the census", self.limits.teardown_step, self.platform.census());
        self.phase("census", None, WaitedOn::Platform, census).await
    }

    /// Counts what exists before anything is made.
    pub(super) async fn census_before(&self) -> Option<Census> {
        let taken = self.census().await;
        let (count, error) = match &taken {
            Ok(census) => (census.len(), None),
            Err(error) => (0, Some(error.cause.evidence.clone())),
        };
        self.log.say(Happened::CensusTaken {
            when: CensusTime::Before,
            count,
            left_behind: Vec::new(),
            error,
        });
        taken.ok()
    }

    /// Counts what exists after the teardown and says what this run left behind.
    pub(super) async fn census_after(&self, before: Option<&Census>) {
        let taken = self.census().await;
        let (count, left_behind, error) = match (taken, before) {
            (Ok(after), Some(before)) => {
                let of = |app: &App| after.left_behind_since(before, app.stack.as_str());
                let left = self.apps().flat_map(of).collect();
                (after.len(), left, None)
            }
            (Ok(after), None) => (
                after.len(),
                Vec::new(),
                Some("there is no census from before to compare with".to_owned()),
            ),
            (Err(error), _) => (0, Vec::new(), Some(error.cause.evidence)),
        };
        self.log.say(Happened::CensusTaken { when: CensusTime::After, count, left_behind, error });
    }
}
