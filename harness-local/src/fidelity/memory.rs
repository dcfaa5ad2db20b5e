//! The engine in memory as a side of a scenario. Main type: [`Memory`].

use std::sync::Arc;
use std::time::Duration;

use harness_core::name::{ServiceName, StackName};
use harness_core::observation::Observation;
use harness_core::recipe::Compose;
use jiff::Timestamp;

use super::images::Scripts;
use super::play::{PlayError, Side, outcome};
use super::scenario::{Act, Scenario};
use crate::embedded::stack_spec;
use crate::world::{ImageSource, Io, World};

/// Time between looks when nothing is due.
const LOOK: Duration = Duration::from_millis(250);

/// The seeds with which scenarios are played: what hangs on a moment goes one way with some and another with others,
/// as it does on a real engine from one time to the next. The table has what the first one gives.
pub const SEEDS: std::ops::RangeInclusive<u64> = 1..=8;

/// The engine in memory.
#[derive(Debug)]
pub struct Memory {
    world: World,
    stack: StackName,
    files: &'static [(&'static str, &'static str)],
}

impl Memory {
    /// Returns an engine on which nothing is.
    pub fn new(scenario: &Scenario, stack: StackName, seed: u64) -> Self {
        let mut world = World::new(seed, Timestamp::UNIX_EPOCH, Arc::new(Scripts));
        for image in ["nginx:1.22.1", "nginx:1.26.3"] {
            world.set_image(image, ImageSource::Present);
        }
        Self { world, stack, files: scenario.files }
    }

    fn do_it(&mut self, act: &Act, container: Option<&str>) -> Result<String, String> {
        let full = |name: &str| format!("{}_{name}", self.stack);
        let world = &mut self.world;
        let failed = |e: &dyn std::error::Error| e.to_string();
        match act {
            Act::Deploy(text) => {
                let text = text.replace("STACK", self.stack.as_str());
                let compose = Compose::effective(&[("compose.yml".to_owned(), text)], &[])
                    .map_err(|e| failed(&e))?;
                let read = |name: &str| {
                    let file = self.files.iter().find(|(known, _)| *known == name);
                    file.map(|(_, text)| (*text).to_owned())
                };
                let spec = stack_spec(&compose, &self.stack, &[], read)?;
                world.deploy_stack(spec).map_err(|e| failed(&e))?;
            }
            Act::Exec(service, argv) => {
                let argv: Vec<String> = argv.iter().map(|a| (*a).to_owned()).collect();
                let (mut out, mut err) = (Vec::new(), Vec::new());
                let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
                let code = world.exec(&self.stack, &name(service)?, &argv, &mut io);
                return code.map(|code| format!("exit {code}")).map_err(|e| failed(&e));
            }
            Act::ExecEnded(_) => {
                let (mut out, mut err) = (Vec::new(), Vec::new());
                let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
                let argv = ["true".to_owned()];
                let code = world.exec_in_container(container.unwrap_or_default(), &argv, &mut io);
                return code.map(|code| format!("exit {code}")).map_err(|e| failed(&e));
            }
            Act::Kill(service) => {
                world.kill(&self.stack, &name(service)?).map_err(|e| failed(&e))?;
            }
            Act::MakeSecret(name) => {
                world.create_secret(&full(name), b"s3cret".to_vec()).map_err(|e| failed(&e))?;
            }
            Act::RemoveSecret(name) => {
                world.remove_secret(&full(name)).map_err(|e| failed(&e))?;
            }
            Act::RemoveConfig(name) => {
                world.remove_config(&full(name)).map_err(|e| failed(&e))?;
            }
            Act::RemoveNetwork(name) => {
                world.remove_network(&full(name)).map_err(|e| failed(&e))?;
            }
            Act::FindNetwork(name) => {
                let there = world.networks_of(&self.stack).contains(&full(name));
                return Ok(if there { "there" } else { "not there" }.to_owned());
            }
            Act::RemoveService(service) => world.remove_service(&self.stack, &name(service)?),
            Act::RemoveStack => world.remove_stack(&self.stack),
        }
        Ok("done".to_owned())
    }
}

fn name(text: &str) -> Result<ServiceName, String> {
    ServiceName::try_from(text.to_owned()).map_err(|e| e.to_string())
}

impl Side for Memory {
    async fn look(&mut self) -> Result<Observation, PlayError> {
        Ok(self.world.observe(&self.stack))
    }

    async fn pass(&mut self) {
        let soon = self.world.now() + LOOK;
        let next = self.world.next_step_at().map_or(soon, |at| at.min(soon));
        self.world.advance_to(next);
    }

    async fn act(&mut self, act: &Act, container: Option<&str>) -> String {
        self.do_it(act, container).unwrap_or_else(|said| outcome(&said))
    }

    async fn is_gone(&mut self) -> Result<bool, PlayError> {
        Ok(!self.world.has_running(&self.stack))
    }
}
