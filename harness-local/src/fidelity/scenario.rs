//! What a scenario is made of. Main type: [`Scenario`].

use std::time::Duration;

use harness_core::observation::UpdatePhase;

/// Something that both engines play.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, a fact in few words.
    pub name: &'static str,
    /// What it is about, for the table.
    pub about: &'static str,
    /// Files beside the compose file, with their contents.
    pub files: &'static [(&'static str, &'static str)],
    /// What is done and waited for.
    pub steps: Vec<Step>,
}

/// A step of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Do something.
    Do(Act),
    /// Watch until it is so.
    Until(Goal),
}

/// Something that is done to an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Deploy a compose file as the stack. `STACK` in it is the stack's name.
    Deploy(String),
    /// Run a program in the running container of a service.
    Exec(&'static str, &'static [&'static str]),
    /// Run a program in the container of a service's newest ended task.
    ExecEnded(&'static str),
    /// Kill the container of a service's running task.
    Kill(&'static str),
    /// Make a secret of the stack.
    MakeSecret(&'static str),
    /// Remove a secret of the stack.
    RemoveSecret(&'static str),
    /// Remove a config of the stack.
    RemoveConfig(&'static str),
    /// Remove a network of the stack.
    RemoveNetwork(&'static str),
    /// Say whether a network of the stack is listed.
    FindNetwork(&'static str),
    /// Remove one service.
    RemoveService(&'static str),
    /// Remove the stack, as `docker stack rm` does.
    RemoveStack,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The harness would call it converged.
    Ready,
    /// The harness would give it up.
    Hopeless,
    /// A service's update has come so far.
    Phase(&'static str, UpdatePhase),
    /// So many tasks of a service have been made since the beginning.
    Made(&'static str, usize),
    /// So many tasks of a service that are shown have ended.
    Ended(&'static str, usize),
    /// A service runs this many tasks.
    Running(&'static str, usize),
    /// Nothing has changed for so long, and no task is on its way.
    Settled(Duration),
    /// No service is shown, and no task, container or network of the stack is there.
    Gone,
}
