//! Services that run and that the recipe no longer defines: a stack deploy does not prune.

use crate::name::ServiceName;
use crate::observation::Observation;

/// Returns the services of the stack that are not among the defined ones.
pub fn orphans(observation: &Observation, defined: &[ServiceName]) -> Vec<ServiceName> {
    observation.services.iter().map(|s| &s.name).filter(|n| !defined.contains(n)).cloned().collect()
}
