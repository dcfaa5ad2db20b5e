//! Whether a stack is deployed. Main trait: [`Witness`].

use harness_core::name::StackName;
use thiserror::Error;

/// Who looks whether anything of a stack runs. It is asked before anything is read and again before anything is
/// swapped.
pub trait Witness {
    /// The stack whose volumes they are.
    fn stack(&self) -> &StackName;

    /// Returns what there is of the stack, by name: tasks, and containers that have its volumes.
    ///
    /// # Errors
    /// Why that cannot be seen. It counts as deployed then.
    fn tasks(&self) -> Result<Vec<String>, String>;
}

/// The stack is deployed, or may be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StillDeployed {
    /// Something of it is there.
    #[error("stack `{stack}` is deployed ({}): its volumes are touched only while nothing of it runs, so undeploy it first", .tasks.join(", "))]
    Running {
        /// The stack.
        stack: StackName,
        /// What there is of it.
        tasks: Vec<String>,
    },
    /// It could not be seen.
    #[error("cannot see whether stack `{stack}` is deployed: {reason}")]
    Unseen {
        /// The stack.
        stack: StackName,
        /// Why.
        reason: String,
    },
}

/// Checks that nothing of the stack is there.
pub(super) fn undeployed(witness: &impl Witness) -> Result<(), StillDeployed> {
    let stack = witness.stack().clone();
    match witness.tasks() {
        Ok(tasks) if tasks.is_empty() => Ok(()),
        Ok(tasks) => Err(StillDeployed::Running { stack, tasks }),
        Err(reason) => Err(StillDeployed::Unseen { stack, reason }),
    }
}
