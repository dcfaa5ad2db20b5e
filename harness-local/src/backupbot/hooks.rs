//! Hooks: commands by exec in the running containers of services.

use thiserror::Error;

use super::labels::{Moment, Plan};
use super::log::Log;
use crate::engine::{Docker, EngineError, ExecRequest};

/// A hook could not even be started, and everything behind it is skipped, as with the real bot.
#[derive(Debug, Error)]
#[error("failed to run the hook of {service}")]
pub struct HookError {
    service: String,
    source: EngineError,
}

/// Runs the hooks of a moment. One that fails is logged and the work goes on; a service without a running container is
/// passed over, silently but for a debug line. Both lose data without an exit code, as with the real bot.
///
/// # Errors
/// The engine refused: the container stopped between look-up and exec (409), or the engine did not answer.
pub(super) async fn run_hooks(
    engine: &Docker,
    plan: &Plan,
    moment: Moment,
    log: &mut Log,
) -> Result<(), HookError> {
    for hook in plan.hooks_at(moment) {
        let broken = |source| HookError { service: hook.service.clone(), source };
        let containers = engine.running_containers(&hook.service).await.map_err(broken)?;
        let Some(container) = containers.into_iter().next() else {
            log.debug(format!("no running container of {}, hook skipped", hook.service));
            continue;
        };
        let command = format!("set -o pipefail;{}", hook.command);
        let argv = ["bash", "-c", &command].map(str::to_owned).to_vec();
        let mut said = Vec::new();
        let request = ExecRequest { argv, ..ExecRequest::default() };
        let code = engine
            .exec(&container.id, &request, |_, bytes| said.extend_from_slice(bytes))
            .await
            .map_err(broken)?;
        let said = String::from_utf8_lossy(&said).trim().to_owned();
        if code == 0 {
            log.info(format!("{} ran for {}", moment.label(), hook.service));
            if !said.is_empty() {
                log.debug(said);
            }
        } else {
            log.error(format!(
                "failed to run {} in {}: exit code {code}: {said}",
                moment.label(),
                hook.service
            ));
        }
    }
    Ok(())
}
