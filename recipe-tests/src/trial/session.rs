//! One process's work: a worker thread with one runtime, opened when the first trial is run. Main type: [`Session`].

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use harness_core::chain::Chain;
use harness_core::run_file::RunFile;
use harness_core::tier::Status;
use libtest_mimic::{Completion, Failed};

use super::one::{self, Ending, Outcome};
use crate::ctx::Ctx;
use crate::notes::Notes;
use crate::page::EVIDENCE;
use crate::suite::Step;

/// How much longer than its limit a step may take before its thread is given up: it should end by itself there.
const GRACE: Duration = Duration::from_secs(1);

/// Runs steps one after another on one thread, and reports each. A thread that a step blocks is left behind and the
/// next step gets a new one.
pub(super) struct Session {
    run: Arc<RunFile>,
    notes: OnceLock<Arc<Notes>>,
    worker: Mutex<Option<Worker>>,
}

struct Worker {
    jobs: Sender<Job>,
}

struct Job {
    step: Step,
    reply: Sender<Told>,
}

/// What a worker says of a step.
enum Told {
    /// How it ended.
    Ended(Ending),
    /// Its pages are closed; what was kept of them.
    Closed(Vec<String>),
}

impl Session {
    pub(super) const fn new(run: Arc<RunFile>) -> Self {
        Self { run, notes: OnceLock::new(), worker: Mutex::new(None) }
    }

    /// Runs a step, appends how it ended to the run file's `out`, and returns it as libtest-mimic wants it.
    pub(super) fn run(&self, step: Step) -> Result<Completion, Failed> {
        let notes = self.notes()?;
        let name = step.name.clone();
        let began = Instant::now();
        let (ending, kept) = self.ending(step, &notes);
        let end = one::report(name, ending, &kept, began.elapsed(), &notes);
        let Outcome { status, message, cause } = end.map_err(|e| Chain(&e).to_string())?;
        let message = message.unwrap_or_default();
        match status {
            Status::Pass => Ok(Completion::Completed),
            Status::Skip | Status::Unver => Ok(Completion::ignored_with(message)),
            Status::Fail => {
                let cause = cause.map(|c| format!(" [cause: {c}]")).unwrap_or_default();
                Err(Failed::from(format!("{message}{cause}")))
            }
        }
    }

    fn notes(&self) -> Result<Arc<Notes>, Failed> {
        if let Some(notes) = self.notes.get() {
            return Ok(Arc::clone(notes));
        }
        let opened = Notes::open(&self.run.out, self.run.facts.clone());
        let opened = opened.map_err(|e| Chain(&e).to_string())?;
        Ok(Arc::clone(self.notes.get_or_init(|| Arc::new(opened))))
    }

    fn ending(&self, step: Step, notes: &Arc<Notes>) -> (Ending, Vec<String>) {
        // Held for the whole step: trials are run one after another even when several threads ask.
        let mut slot = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let worker = match slot.take() {
            Some(worker) => worker,
            None => match Worker::start(Arc::clone(&self.run), Arc::clone(notes)) {
                Ok(worker) => worker,
                Err(error) => return lost(&format!("failed to start a thread: {error}")),
            },
        };
        let limit = step.limit;
        let (reply, answer) = channel();
        if worker.jobs.send(Job { step, reply }).is_err() {
            return lost("what runs the trials ended before this one");
        }
        let ending = match answer.recv_timeout(limit + GRACE) {
            Ok(Told::Ended(ending)) => ending,
            Err(RecvTimeoutError::Timeout) => return (Ending::Stuck(limit), Vec::new()),
            Ok(Told::Closed(_)) | Err(RecvTimeoutError::Disconnected) => {
                return lost("what runs the trials ended during this one");
            }
        };
        // A thread that does not come to the end of this is left behind; the step has ended all the same.
        let Ok(Told::Closed(kept)) = answer.recv_timeout(EVIDENCE + GRACE) else {
            return (ending, vec!["its pages could not be closed".to_owned()]);
        };
        *slot = Some(worker);
        (ending, kept)
    }
}

fn lost(why: &str) -> (Ending, Vec<String>) {
    (Ending::Lost(why.to_owned()), Vec::new())
}

impl Worker {
    fn start(run: Arc<RunFile>, notes: Arc<Notes>) -> std::io::Result<Self> {
        let (jobs, received) = channel();
        std::thread::Builder::new()
            .name("trials".to_owned())
            .spawn(move || work(&received, run, notes))?;
        Ok(Self { jobs })
    }
}

fn work(jobs: &Receiver<Job>, run: Arc<RunFile>, notes: Arc<Notes>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let lost = Ending::Lost(format!("failed to start the async runtime: {error}"));
            // The session sees the channel close if it is gone already.
            drop(jobs.recv().map(|job| {
                job.reply
                    .send(Told::Ended(lost))
                    .and_then(|()| job.reply.send(Told::Closed(vec![])))
            }));
            return;
        }
    };
    let ctx = Ctx::new(run, notes);
    while let Ok(Job { step, reply }) = jobs.recv() {
        let name = step.name.clone();
        let ending = runtime.block_on(one::run(step, ctx.clone()));
        let failed = ending.is_failure().then_some(name.as_str());
        if reply.send(Told::Ended(ending)).is_err() {
            return;
        }
        let kept = runtime.block_on(ctx.close_pages(failed));
        if reply.send(Told::Closed(kept)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
