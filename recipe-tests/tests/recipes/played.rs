//! One run of a recipe that was read, wherever its app and its checks are. Main item: [`play`].

use camino::Utf8Path;
use harness_core::event::{Event, EventLog};
use harness_core::lifecycle::{Job, Keep, Limits, StopSignal, Trials};
use harness_core::platform::Platform;
use harness_core::suite::Settings;

use crate::prepared::Subject;

/// Takes a recipe through its plan, what it needs before it, with the limits that `of` makes of settings unless they are
/// given; returns all that was said.
pub(crate) async fn play<P: Platform, T: Trials>(
    subject: &Subject,
    platform: &P,
    trials: &T,
    (limits, of): (Option<Limits>, impl Fn(&Settings) -> Limits),
    dir: &Utf8Path,
) -> Vec<Event> {
    let prepared = &subject.prepared;
    let deps = prepared.all_needed(&of);
    let log = EventLog::new(Vec::new());
    let job = Job {
        plan: &prepared.plan,
        settings: &prepared.suite_settings,
        recipe: &prepared.states,
        platform,
        trials,
        log: &log,
        limits: limits.unwrap_or_else(|| of(&prepared.suite_settings)),
        stop: StopSignal::default(),
        dir: dir.to_owned(),
        keep: Keep::Never,
        deps: &deps,
        consumer: None,
    };
    job.run().await;
    log.events()
}
