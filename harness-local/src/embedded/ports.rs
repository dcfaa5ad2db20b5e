//! Connecting to the ports that an app publishes.

use harness_core::platform::{App, ConnectError};

use super::create::read;
use super::server::Server;

impl Server {
    /// Connects to a published port and hangs up.
    pub(super) fn try_port(&self, app: &App, port: u16) -> Result<(), ConnectError> {
        let unreachable = |reason: String| ConnectError::Unreachable { port, reason };
        let op = "look at the published ports";
        let known = self.apps().known(app, op);
        let compose = known.and_then(|known| read(&known, app, op));
        let compose = compose.map_err(|e| unreachable(e.cause.evidence))?;
        let found = compose.services.iter().find_map(|service| {
            let published = service.published_tcp();
            let (_, inside) = published.into_iter().find(|(outside, _)| *outside == port)?;
            Some((&service.name, inside))
        });
        let Some((service, inside)) = found else {
            return Err(ConnectError::not_published(port, &compose.published_tcp()));
        };
        if self.shared.with(|w| w.listens(&app.stack, service, inside)) {
            return Ok(());
        }
        let reason = format!("nothing in `{service}` listens on its port {inside}");
        Err(ConnectError::Refused { port, reason })
    }
}
