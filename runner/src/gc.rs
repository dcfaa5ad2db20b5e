//! Removes what killed runs left, and never touches a live one nor anything that is not ours: only what a lease
//! names whose lock nobody holds.

use std::time::Duration;

use harness_core::chain::Chain;
use harness_core::name::{Domain, RunId};
use harness_core::wait::{Hint, Pace, Readiness, until};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::artefacts::RunFolder;
use crate::disk::Disk;
use crate::lease::{Attempt, Claim, Lease, Leases};
use crate::machine::Machine;
use crate::sweep::Sweep;

/// What became of one lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Its run is alive; it was left alone.
    Live(Domain),
    /// Its deployment is kept on purpose, until then.
    Kept(Box<Claim>),
    /// It is kept warm for other runs.
    Warm(Box<Claim>),
    /// Its run is dead, and all that it made was removed.
    Removed(Box<Claim>),
    /// Its run was dead, and another process removed all that it made while we waited.
    RemovedByOther(Domain),
    /// Its run is dead before it made anything.
    Empty(Domain),
    /// Its run is dead, and not all that it made could be removed.
    Stuck(Box<Claim>, String),
    /// Whether anything is left cannot be said: its file cannot be used, or another process did not end.
    Unusable(Domain, String),
    /// The leases could not be listed.
    Unlisted(String),
}

/// Whether to wait for another process that is removing what a dead run left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Leave it to that process.
    Never,
    /// Wait that long at most.
    Within(Duration),
}

impl Patience {
    /// Returns the patience of one who must know that nothing is left: all limits of a sweep, and a little.
    pub const fn for_a_sweep() -> Self {
        Self::Within(Duration::from_secs(150))
    }
}

/// What becomes of deployments that are kept on purpose while their time is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptOnes {
    /// They stand.
    Stay,
    /// The one of this run is removed.
    OfRunGo(RunId),
    /// All are removed.
    Go,
}

impl KeptOnes {
    /// Returns whether a kept deployment is removed. What is kept warm is none of them: it has a command of its own.
    fn go(&self, claim: &Claim) -> bool {
        match self {
            _ if claim.warm.is_some() => false,
            Self::Stay => false,
            Self::OfRunGo(only) => *only == claim.app.run,
            Self::Go => true,
        }
    }
}

/// Removes what dead runs left; kept deployments only after their time, or as `kept` says.
///
/// What is free is removed first; what another process is removing is waited for afterwards, as far as `patience` goes.
pub async fn collect<L: Leases, D: Disk, S: Sweep>(
    machine: &Machine<L, D, S>,
    now: Timestamp,
    kept: &KeptOnes,
    patience: Patience,
) -> Vec<Found> {
    let collector = Collector { machine, now, kept };
    let domains = match machine.leases.list() {
        Ok(domains) => domains,
        Err(error) => return vec![Found::Unlisted(Chain(&error).to_string())],
    };
    let mut found = Vec::new();
    let mut held = Vec::new();
    for domain in domains {
        match machine.leases.try_take(&domain, false) {
            Ok(Attempt::Held) => held.push(domain),
            Ok(Attempt::Taken(lease)) => found.push(collector.reap(lease, domain).await),
            Err(error) if error.is_gone() => {}
            Err(error) => found.push(Found::Unusable(domain, Chain(&error).to_string())),
        }
    }
    for domain in held {
        found.push(match patience {
            Patience::Never => Found::Live(domain),
            Patience::Within(limit) => collector.await_end(domain, limit).await,
        });
    }
    found
}

/// How long a lease may be held by nobody known before its holder counts as a live run: the moment between taking a
/// lock and saying what for.
const UNCLEAR: Duration = Duration::from_secs(5);

struct Collector<'a, L, D, S> {
    machine: &'a Machine<L, D, S>,
    now: Timestamp,
    kept: &'a KeptOnes,
}

/// What a lease that was held has become.
enum Became<T> {
    Free(T),
    Gone,
    Live,
    Unusable(String),
}

impl<L: Leases, D: Disk, S: Sweep> Collector<'_, L, D, S> {
    /// Waits while another process removes what the lease names; a live run is not waited for.
    async fn await_end(&self, domain: Domain, limit: Duration) -> Found {
        let leases = &self.machine.leases;
        let began = Instant::now();
        let look = async || match leases.try_take(&domain, false) {
            Ok(Attempt::Taken(lease)) => Readiness::Ready(Became::Free(lease)),
            Ok(Attempt::Held) => {
                match holder(leases.peek(&domain).as_ref(), |pid| leases.is_alive(pid)) {
                    Holder::Run => Readiness::Ready(Became::Live),
                    Holder::Unclear if began.elapsed() > UNCLEAR => Readiness::Ready(Became::Live),
                    Holder::Unclear => Readiness::NotYet(format!("{domain} has just been taken")),
                    Holder::Collector(pid) => Readiness::NotYet(format!(
                        "process {pid} is removing what is left on {domain}"
                    )),
                }
            }
            Err(error) if error.is_gone() => Readiness::Ready(Became::Gone),
            Err(error) => Readiness::Ready(Became::Unusable(Chain(&error).to_string())),
        };
        let hint = Hint::default();
        let say = |status: &str| (self.machine.say)(&format!("waiting: {status}"));
        match until(Pace::within(limit), &hint, look, say).await {
            Ok(Became::Free(lease)) => self.reap(lease, domain).await,
            Ok(Became::Gone) => Found::RemovedByOther(domain),
            Ok(Became::Live) => Found::Live(domain),
            Ok(Became::Unusable(text)) => Found::Unusable(domain, text),
            Err(error) => Found::Unusable(domain, error.to_string()),
        }
    }

    async fn reap(&self, mut lease: L::Lease, domain: Domain) -> Found {
        let Some(claim) = lease.claim() else {
            lease.release();
            return Found::Empty(domain);
        };
        if claim.stands_until(self.now).is_some() && !self.kept.go(&claim) {
            let claim = Box::new(claim);
            return if claim.warm.is_some() { Found::Warm(claim) } else { Found::Kept(claim) };
        }
        match remove(self.machine, &mut lease, &claim).await {
            Ok(()) => {
                lease.release();
                Found::Removed(Box::new(claim))
            }
            Err(text) => Found::Stuck(Box::new(claim), text),
        }
    }
}

/// Who holds a lease that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    /// The run that claims it.
    Run,
    /// A process that removes what a dead run left.
    Collector(u32),
    /// One that has not said yet: the claim is that of a process that is no more, or there is none.
    Unclear,
}

/// Decides who holds a held lease by what its file says.
fn holder(claim: Option<&Claim>, is_alive: impl Fn(u32) -> bool) -> Holder {
    match claim {
        Some(Claim { collector: Some(pid), .. }) => Holder::Collector(*pid),
        Some(claim) if is_alive(claim.pid) => Holder::Run,
        Some(_) | None => Holder::Unclear,
    }
}

/// Removes all that a claim's run made: its processes, its app, what was made for it at what is kept warm, its private
/// files. The lease says meanwhile that this process is doing so: it is held, but not by a live run.
pub(crate) async fn remove<L: Leases, D: Disk, S: Sweep>(
    machine: &Machine<L, D, S>,
    lease: &mut L::Lease,
    claim: &Claim,
) -> Result<(), String> {
    // What is half removed is no deployment that stands on purpose any more.
    let collector = Some(machine.leases.pid());
    let marked = Claim { collector, kept_until: None, warm: None, ..claim.clone() };
    if let Err(error) = lease.write(&marked) {
        // A full disk must not keep anything from being removed.
        tracing::warn!(error = %Chain(&error), "a lease could not be marked");
    }
    let mut failed: Vec<String> =
        machine.sweep.remove_everything(claim).await.err().into_iter().collect();
    for domain in &claim.attached {
        // What is kept warm no more went with all that was in it.
        if let Some(warm) = machine.leases.peek(domain).filter(|warm| warm.warm.is_some()) {
            failed.extend(machine.sweep.take_back(claim, &warm).await.err());
        }
    }
    if !failed.is_empty() {
        return Err(failed.join("; "));
    }
    RunFolder::of_dead_run(machine.disk.clone(), &claim.run_dir).remove_work();
    Ok(())
}

/// Does [`collect`] at the start of a run, and says only what is worth a line.
pub async fn collect_dead<L: Leases, D: Disk, S: Sweep>(
    machine: &Machine<L, D, S>,
    now: Timestamp,
) {
    for found in collect(machine, now, &KeptOnes::Stay, Patience::Never).await {
        let text = match found {
            Found::Removed(claim) => {
                format!("removed what run {} left on {}", claim.app.run, claim.app.domain)
            }
            Found::Stuck(claim, text) => format!(
                "what run {} left on {} could not be removed: {text}",
                claim.app.run, claim.app.domain
            ),
            Found::Unusable(domain, text) => format!("{domain}: {text}"),
            Found::Unlisted(text) => text,
            Found::Live(_)
            | Found::Kept(_)
            | Found::Warm(_)
            | Found::RemovedByOther(_)
            | Found::Empty(_) => continue,
        };
        (machine.say)(&text);
    }
}

#[cfg(test)]
#[path = "gc_tests.rs"]
mod tests;
