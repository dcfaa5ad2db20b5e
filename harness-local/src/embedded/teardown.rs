//! Taking an app down. Every step may be done again.

use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::name::StackName;
use harness_core::platform::{App, OpError};

use super::server::Server;
use crate::world::{RemovalError, World};

impl Server {
    pub(super) async fn take_down(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        let op = format!("undeploy {}", app.domain);
        self.shared.with(|w| {
            w.remove_stack(&app.stack);
            w.hurry(&app.stack);
        });
        let gone = self.shared.comes(limit, |w| {
            for network in w.networks_of(&app.stack) {
                // Busy for a moment: it is tried again.
                drop(w.remove_network(&network));
            }
            !w.has_running(&app.stack)
        });
        if gone.await {
            return Ok(());
        }
        let text = format!("tasks, containers or networks are left after {limit:?}");
        Err(OpError::new(op, CauseClass::Host, text))
    }

    /// Scales each service to nothing and back, waiting for both.
    pub(super) async fn restart(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        let deadline = tokio::time::Instant::now() + limit;
        for service in self.shared.with(|w| w.replicated_of(&app.stack)) {
            let left = || deadline.saturating_duration_since(tokio::time::Instant::now());
            self.shared.with(|w| w.scale_to_nothing(&service));
            let gone = self.shared.comes(left(), |w| !w.has_tasks(&service)).await;
            self.shared.with(|w| w.scale_back(&service));
            if !gone || !self.shared.comes(left(), |w| w.is_whole(&service)).await {
                let text = format!("service {service} is not back after {limit:?}");
                let op = format!("restart {}", app.domain);
                return Err(OpError::new(op, CauseClass::App, text));
            }
        }
        Ok(())
    }

    pub(super) async fn take_volumes(
        &self,
        app: &App,
        limit: Duration,
    ) -> Result<Vec<String>, OpError> {
        let there = self.shared.with(|w| w.volumes_of(&app.stack));
        let mut failed = None;
        // Swarm may hold a volume for a moment after the last container went.
        let gone = self.shared.comes(limit, |w| {
            let removed = w.volumes_of(&app.stack).into_iter().map(|v| w.remove_volume(&v).err());
            failed = removed.fold(None, Option::or);
            failed.is_none()
        });
        match (gone.await, failed) {
            (false, Some(error)) => {
                let op = format!("remove the volumes of {}", app.domain);
                Err(OpError::from_source(op, CauseClass::Host, error))
            }
            (true, _) | (false, None) => Ok(there.iter().map(ToString::to_string).collect()),
        }
    }

    pub(super) async fn take_away(
        &self,
        app: &App,
        limit: Duration,
    ) -> Result<Vec<String>, OpError> {
        let op = format!("remove the data of {}", app.domain);
        let holders = self.shared.with(|w| {
            let holders = w.holders(&app.stack);
            for holder in &holders {
                w.remove_container(&holder.name);
            }
            holders
        });
        let mut failed = None;
        // Swarm may hold a volume for a moment after the last container went.
        let gone = self.shared.comes(limit, |w| {
            failed = remove_kept(w, &app.stack);
            failed.is_none()
        });
        let gone = gone.await;
        match failed {
            Some(error) if !gone => Err(OpError::from_source(op, CauseClass::Host, error)),
            Some(_) | None => Ok(holders.iter().map(ToString::to_string).collect()),
        }
    }
}

/// Removes what a stack kept, as far as that is possible now; returns what is first in the way.
fn remove_kept(world: &mut World, stack: &StackName) -> Option<RemovalError> {
    let mut failed = Vec::new();
    for volume in world.volumes_of(stack) {
        failed.extend(world.remove_volume(&volume).err());
    }
    for secret in world.secrets_named(&format!("{stack}_")) {
        failed.extend(world.remove_secret(&secret).err());
    }
    for config in world.configs_of(stack) {
        failed.extend(world.remove_config(&config).err());
    }
    failed.into_iter().next()
}
