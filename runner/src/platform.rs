//! Where a run takes place. Main type: [`Choice`].

use harness_abra::engine::Engine;
use harness_core::chain::Chain;

use crate::settings::Settings;

/// Where a run takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// On a Docker Engine in Swarm mode.
    Swarm,
    /// On a server simulated in process.
    Embedded,
}

/// Takes the engine if one answers that apps may be tested on, else the simulated server; the text says why.
pub async fn choose(settings: &Settings) -> (Choice, String) {
    let engine = &settings.docker_host.value;
    let connected = match Engine::connect(engine).await {
        Ok(connected) => connected,
        Err(error) => return (Choice::Embedded, Chain(&error).to_string()),
    };
    match connected.check_test_server().await {
        Ok(()) => (Choice::Swarm, "it is marked as a test server".to_owned()),
        Err(error) => (Choice::Embedded, Chain(&error).to_string()),
    }
}
