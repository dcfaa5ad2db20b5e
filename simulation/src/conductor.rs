//! What happens to the harness's own process: it is killed, told to end, its disk is full, its host's clock jumps.
//! Main type: [`Conductor`].

use std::sync::Arc;

use harness_core::event::{Event, Sink, Stop};
use harness_core::lifecycle::StopSignal;
use harness_local::fault::{At, Fault, What};
use jiff::SignedDuration;
use runner::disk::MemoryDisk;
use runner::lease::MemoryLeases;
use tokio::sync::Notify;

use crate::life::Life;
use crate::mortal::HostClock;

/// A process of the harness: what makes it more than its code.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) life: Life,
    pub(crate) clock: HostClock,
    pub(crate) stop: StopSignal,
    pub(crate) disk: MemoryDisk,
    pub(crate) leases: MemoryLeases,
}

impl Process {
    /// Ends the process as SIGKILL does.
    pub(crate) fn kill(&self) {
        self.disk.kill();
        self.leases.end_process(self.pid);
        self.life.end();
    }
}

/// Hears what the run says, and lets faults happen when it has said so many things.
pub(crate) struct Conductor {
    pub(crate) process: Process,
    pub(crate) faults: Vec<Fault>,
    /// The platform's true time.
    pub(crate) now: Box<dyn Fn() -> jiff::Timestamp + Send>,
    /// Says that a collection is to begin.
    pub(crate) gc: Arc<Notify>,
    pub(crate) happened: Happened,
    pub(crate) heard: u64,
}

/// The faults that happened.
pub(crate) type Happened = Arc<std::sync::Mutex<Vec<Fault>>>;

/// For how many steps a full disk stays full: long enough for every kind of file to meet it.
const FULL_FOR: u64 = 40;

impl Sink for Conductor {
    fn hear(&mut self, _: &Event) {
        self.heard += 1;
        if self.process.disk.is_dead() {
            self.process.kill();
        }
        if self.process.life.has_ended() {
            return;
        }
        let due: Vec<Fault> =
            self.faults.iter().filter(|f| f.at == At::Event(self.heard)).copied().collect();
        for fault in due {
            self.happen(fault);
        }
    }
}

impl Conductor {
    fn happen(&self, fault: Fault) {
        let process = &self.process;
        if fault.what == What::Kill {
            process.kill();
        } else if fault.what == What::Term {
            process.stop.stop(Stop::Terminate);
        } else if fault.what == What::Int {
            process.stop.stop(Stop::Interrupt);
        } else if fault.what == What::DiskFull {
            process.disk.full(process.disk.steps(), FULL_FOR);
        } else if fault.what == What::ClockJump {
            process.clock.jump((self.now)(), SignedDuration::from_millis(fault.jump()));
        } else if fault.what == What::Gc {
            self.gc.notify_one();
        } else {
            return;
        }
        self.happened.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(fault);
    }
}
