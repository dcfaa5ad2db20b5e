//! The runs behind the trials: each recipe once, some at a time, begun before the first trial asks. Main types:
//! [`Board`], [`Errand`], [`Ended`].

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

use camino::Utf8Path;
use futures_util::{FutureExt as _, StreamExt as _};
use harness_core::chain::Chain;
use harness_core::event::Event;
use harness_core::lifecycle::Limits;
use harness_core::name::RecipeName;
use harness_core::process::BaseEnv;
use harness_core::report::Results;
use harness_core::tier::Tier;
use harness_local::embedded::SPEED;
use runner::target::SourceKind;

use crate::{lifecycle, prepared};

/// A run that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Errand {
    pub(crate) recipe: RecipeName,
    pub(crate) source: Option<SourceKind>,
    /// The last tier that somebody asks about: the tiers up to it are run.
    pub(crate) up_to: Tier,
}

/// How a run ended, or why it could not begin.
pub(crate) type Ended = Result<(Results, Vec<Event>), String>;

/// Where trials find how the run of their recipe ended. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    ended: Arc<OnceLock<Ended>>,
}

impl Board {
    /// Waits until the recipe's run has ended. It must be one of those that [`begin`] was given.
    pub(crate) fn wait(&self) -> &Ended {
        self.ended.wait()
    }
}

/// Makes the runs, so many at a time, on a thread of their own.
pub(crate) fn begin(errands: Vec<(Errand, Board)>, at_once: usize, base: BaseEnv) {
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let all = async {
            let one = async |(errand, board): (Errand, Board)| {
                let ended = AssertUnwindSafe(run(&errand, &base)).catch_unwind().await;
                let ended = ended.unwrap_or_else(|_| Err("the run panicked".to_owned()));
                board.ended.set(ended).expect("each run ends once");
            };
            futures_util::stream::iter(errands).for_each_concurrent(at_once, one).await;
        };
        runtime.expect("a runtime can be made").block_on(all);
    };
    std::thread::spawn(work);
}

async fn run(errand: &Errand, base: &BaseEnv) -> Ended {
    let Errand { recipe, source, up_to } = errand;
    let folder = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let dir = Utf8Path::from_path(folder.path()).ok_or("the temporary folder is not UTF-8")?;
    let stages: Vec<_> = Tier::ALL.into_iter().filter(|tier| tier <= up_to).collect();
    let subject = prepared::read(recipe, source.clone(), &stages, dir, base).await;
    let subject = subject.map_err(|e| Chain(&e).to_string())?;
    let limits = Limits::for_suite(&subject.prepared.suite_settings).at_speed(SPEED);
    let ended = lifecycle::run(&subject, limits, dir, base).await;
    ended.map_err(|e| Chain(&e).to_string())
}
