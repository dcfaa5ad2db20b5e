//! Taking an app down. Every step may be done again.

use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::platform::{App, OpError};

use super::server::Server;

impl Server {
    pub(super) async fn take_down(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        let op = format!("undeploy {}", app.domain);
        self.shared.with(|w| w.remove_stack(&app.stack));
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

    pub(super) fn take_away(&self, app: &App) -> Result<Vec<String>, OpError> {
        let op = format!("remove the data of {}", app.domain);
        self.shared.with(|w| {
            let holders = w.holders(&app.stack);
            for holder in &holders {
                w.remove_container(&holder.name);
            }
            let volumes = w.volumes_of(&app.stack);
            let mut failed = volumes.iter().find_map(|v| w.remove_volume(v).err());
            for secret in w.secrets_named(&format!("{}_", app.stack)) {
                failed = failed.or(w.remove_secret(&secret).err());
            }
            for config in w.configs_of(&app.stack) {
                failed = failed.or(w.remove_config(&config).err());
            }
            match failed {
                Some(error) => Err(OpError::from_source(op, CauseClass::Host, error)),
                None => Ok(holders.iter().map(ToString::to_string).collect()),
            }
        })
    }
}
