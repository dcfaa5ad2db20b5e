//! Upgrades an app of one's own with abra, waits until it has converged, and counts what exists: without cc-ci's runner.
//!
//! `importer APP_DOMAIN` on a machine with abra and its Docker Engine.

use std::error::Error;
use std::time::Duration;

use camino::Utf8Path;
use harness_abra::abra::{Abra, DeployAs};
use harness_abra::engine::{Engine, Stacks, Watch};
use harness_core::converge::{Before, decide};
use harness_core::name::{Domain, ServiceName, StackName};
use harness_core::process::BaseEnv;
use harness_core::recipe::EnvFile;
use harness_core::wait::{Pace, Readiness, until};

/// Where abra keeps its apps and recipes.
const ABRA_DIR: &str = "/root/.abra";

/// The engine on which the app runs.
const ENGINE: &str = "unix:///var/run/docker.sock";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let domain = std::env::args().nth(1).ok_or("which app? `importer blog.example.org`")?;
    let domain = Domain::try_from(domain)?;
    let stack = StackName::from(&domain);
    let home = Utf8Path::new(ABRA_DIR);

    // What the operator wrote, byte for byte, with comments and modifiers.
    let env = std::fs::read_to_string(home.join(format!("servers/default/{domain}.env")))?;
    println!("recipe: {}", EnvFile::parse(&env).recipe_and_version().unwrap_or_default());

    // What runs now, and what is heard of it from here on.
    let engine = Engine::connect(ENGINE).await?;
    let before = engine.observe(&stack).await?;
    let services: Vec<ServiceName> = before.services.iter().map(|s| s.name.clone()).collect();
    let watch = Watch::begin(&engine);
    watch.mind(stack.as_str());

    let abra = Abra::new(Utf8Path::new("abra"), &BaseEnv::capture(), home);
    abra.deploy(&domain, &DeployAs::Chaos, Duration::from_secs(120)).await?;

    // An old task that still serves is no success, and a rollback is none either.
    let before = Before::from_observation(&before);
    let look = async || match engine.observe(&stack).await {
        Ok(seen) => decide(&seen, &services, &before),
        Err(error) => Readiness::NotYet(error.to_string()),
    };
    let limit = Pace::within(Duration::from_secs(600));
    until(limit, watch.hint(), look, |status| println!("{status}")).await?;

    let census = engine.census(&home.join("servers"), Stacks::new()).await?;
    println!("{} things exist", census.items.len());
    Ok(())
}
