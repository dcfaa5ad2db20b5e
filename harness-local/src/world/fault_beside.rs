//! What goes wrong with apps that another one needs: they are slow, their clock is wrong, and while they are asked
//! something is done to them. Main types: [`Beside`], [`Blow`].

use std::collections::BTreeSet;
use std::time::Duration;

use harness_core::name::StackName;
use jiff::SignedDuration;

use super::fault::{Act, Deed, FaultId};
use super::image::{Mishap, Ran, Request};
use super::inside::Purpose;
use super::state::World;

/// How long an app takes for each answer, so many times as it is slow.
const ANSWER: Duration = Duration::from_millis(250);

/// What is wrong with the apps that another one needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beside {
    /// Their stacks.
    stacks: BTreeSet<StackName>,
    slow: Option<(FaultId, u32)>,
    clock: Option<(FaultId, SignedDuration)>,
    strikes: Vec<Strike>,
}

/// Something that is to be done to one of them.
#[derive(Clone, Debug)]
struct Strike {
    id: FaultId,
    /// Before it answers the request that comes after so many.
    left: u32,
    blow: Blow,
}

/// What is done to an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Blow {
    /// What it runs ends, and so does whatever is started in its place.
    Dies,
    /// What it runs ends, and is started again as its restart policy says.
    Restarts,
    /// Something that only what plays it can do.
    Suffers(Mishap),
}

impl Beside {
    /// Takes the app of a stack for one that another needs.
    pub(crate) fn attend(&mut self, stack: &StackName) {
        self.stacks.insert(stack.clone());
    }

    /// Makes them boot so many times as slow, and answer slowly.
    pub(crate) const fn slow_down(&mut self, id: FaultId, times: u32) {
        self.slow = Some((id, times));
    }

    /// Lets their clock be so far ahead of the engine's.
    pub(crate) const fn set_clock(&mut self, id: FaultId, ahead: SignedDuration) {
        self.clock = Some((id, ahead));
    }

    /// Lets something be done to the first of them that is asked, after so many requests.
    pub(crate) fn strike_after(&mut self, id: FaultId, requests: u32, blow: Blow) {
        self.strikes.push(Strike { id, left: requests, blow });
    }
}

impl World {
    /// Returns how far the clock of a stack's containers is ahead of the engine's.
    pub(super) fn clock_of(&mut self, stack: Option<&StackName>) -> SignedDuration {
        let beside = &self.trouble.beside;
        match beside.clock {
            Some((id, ahead)) if stack.is_some_and(|stack| beside.stacks.contains(stack)) => {
                self.trouble.came_to_something(id);
                ahead
            }
            Some(_) | None => SignedDuration::ZERO,
        }
    }

    /// Returns whether a container is one of an app that boots slowly.
    pub(super) fn boots_slowly(&self, container: &str) -> Option<(FaultId, u32)> {
        let slow = self.trouble.beside.slow?;
        let stack = self.containers.get(container)?.stack.as_ref()?;
        self.trouble.beside.stacks.contains(stack).then_some(slow)
    }

    /// Returns how a container's main program goes on where the app is slow.
    pub(super) fn slowly_booting(&mut self, container: &str, ran: Option<Ran>) -> Option<Ran> {
        let (Some(Ran::Serves { boot }), Some((id, times))) = (&ran, self.boots_slowly(container))
        else {
            return ran;
        };
        let boot = boot.saturating_mul(times);
        self.trouble.came_to_something(id);
        Some(Ran::Serves { boot })
    }

    /// Returns how long the app that a request leads to lets one wait for its answer.
    pub(crate) fn delay(&mut self, host: &str, request: &Request) -> Duration {
        let Some((id, times)) = self.trouble.beside.slow else { return Duration::ZERO };
        if self.stack_beside(host, request).is_none() {
            return Duration::ZERO;
        }
        self.trouble.came_to_something(id);
        ANSWER.saturating_mul(times)
    }

    /// Does what is due to the app that a request leads to, before it answers.
    pub(super) fn strike(&mut self, host: &str, request: &Request) {
        if self.trouble.beside.strikes.is_empty() {
            return;
        }
        let Some(stack) = self.stack_beside(host, request) else { return };
        let mut strikes = std::mem::take(&mut self.trouble.beside.strikes);
        strikes.retain_mut(|strike| match strike.left.checked_sub(1) {
            Some(less) => {
                strike.left = less;
                true
            }
            None => !self.blow(strike.id, &stack, &strike.blow),
        });
        self.trouble.beside.strikes = strikes;
    }

    /// Does what was to be done at requests that have not come.
    pub(crate) fn strike_now(&mut self) {
        for strike in std::mem::take(&mut self.trouble.beside.strikes) {
            self.strike_first(strike.id, &strike.blow);
        }
    }

    /// Does something to the first app to which it can be done; returns whether there was one.
    pub(crate) fn strike_first(&mut self, id: FaultId, blow: &Blow) -> bool {
        let stacks: Vec<StackName> = self.trouble.beside.stacks.iter().cloned().collect();
        stacks.iter().any(|stack| self.blow(id, stack, blow))
    }

    /// Returns whether the app of a stack serves: its service runs, and has booted.
    pub(crate) fn serves(&self, stack: &StackName) -> bool {
        let container = self.running_main(stack);
        container.and_then(|id| self.containers.get(&id)).is_some_and(|c| c.serves)
    }

    /// Returns the stack that a request leads to, if its app is one that another needs.
    fn stack_beside(&self, host: &str, request: &Request) -> Option<StackName> {
        let (service, _) = self.led_to(host, request)?;
        let stack = &self.services.get(&service)?.stack;
        self.trouble.beside.stacks.contains(stack).then(|| stack.clone())
    }

    /// Does something to an app; returns whether it could be done.
    fn blow(&mut self, id: FaultId, stack: &StackName, blow: &Blow) -> bool {
        match blow {
            Blow::Restarts => self.kill_main(id, stack),
            Blow::Dies => {
                if !self.kill_main(id, stack) {
                    return false;
                }
                if let Some(service) = self.main_service(stack) {
                    let deed = Deed::Crash { left: None };
                    self.trouble.acts.push(Act { id, service, spec: None, deed });
                }
                true
            }
            Blow::Suffers(mishap) => {
                let suffered = self.running_main(stack).and_then(|container| {
                    self.with_inside(&container, Purpose::Exec, |inside, player| {
                        inside.serves && player.suffer(inside, mishap)
                    })
                });
                let suffered = suffered.unwrap_or(false);
                if suffered {
                    self.trouble.came_to_something(id);
                }
                suffered
            }
        }
    }
}
