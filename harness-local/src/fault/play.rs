//! A small run for tests: what a lifecycle asks of a platform, with what came of each step.

use std::sync::OnceLock;
use std::time::Duration;

use harness_core::converge::{Before, decide};
use harness_core::name::{Commit, Domain, RecipeName, RunId, ServiceName, StackName};
use harness_core::observation::Observation;
use harness_core::platform::{App, OpError, Platform, Revision, Snapshot};
use harness_core::process::BaseEnv;
use harness_core::recipe::Repository;
use harness_core::suite::Laid;
use harness_core::wait::{Pace, Readiness, WaitError, until};
use tokio::time::Instant;

use super::{Fault, Faulty};
use crate::embedded::{Embedded, InProcess, InProcessSettings, RecipeFiles};

const LIMIT: Duration = Duration::from_mins(2);
const DEPLOY: Duration = Duration::from_mins(20);
const HTTP: Duration = Duration::from_mins(5);

/// The bundled custom-html, with hooks, a secret and a network, and the commits of base and head.
pub(super) struct Recipe {
    pub(super) files: RecipeFiles,
    pub(super) base: Revision,
    pub(super) head: Revision,
}

/// Reads the recipe once; it takes a git and so a runtime of its own, in real time.
pub(super) fn recipe() -> &'static Recipe {
    static READ: OnceLock<Recipe> = OnceLock::new();
    READ.get_or_init(|| {
        let read = std::thread::spawn(|| {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_all().build().unwrap().block_on(read())
        });
        read.join().unwrap()
    })
}

async fn read() -> Recipe {
    let (base_env, dir) = (BaseEnv::capture(), tempfile::tempdir().unwrap());
    let name = RecipeName::try_from("custom-html".to_owned()).unwrap();
    let into = camino::Utf8Path::from_path(dir.path()).unwrap();
    let path = crate::bundle::build(&name, into, &base_env).await.unwrap();
    let repository = Repository::at(&path, &base_env);
    let tags = repository.tags().await.unwrap();
    let tag = tags.iter().find(|t| t.name == "1.11.0+1.22.1").unwrap();
    let base = Revision { commit: tag.commit.clone(), version: tag.version.clone() };
    let commit = repository.resolve("main").await.unwrap();
    let head = Revision { commit, version: None };
    let commits = [base.commit.clone(), head.commit.clone()];
    let mut files = RecipeFiles::read(&repository, &commits).await.unwrap();
    for commit in &commits {
        let text = files.text(commit, "compose.yml").unwrap();
        files = files.with(commit, "compose.yml", &with_more(&text));
        let sample = files.text(commit, ".env.sample").unwrap();
        files = files.with(commit, ".env.sample", &format!("{sample}\nSECRET_TOKEN_VERSION=v1\n"));
    }
    Recipe { files, base, head }
}

/// Adds hooks, a secret and a network, so that there is something to break.
fn with_more(compose: &str) -> String {
    let label = "        - \"backupbot.backup=${ENABLE_BACKUPS:-true}\"\n";
    let dump = "/usr/share/nginx/html/dump.sql";
    let hooks = format!(
        "{label}        - \"backupbot.backup.pre-hook=echo dumped > {dump}\"\n        - \"backupbot.restore.post-hook=echo restored > /tmp/restored\"\n"
    );
    let secret = "secrets:\n  token:\n    external: true\n    name: ${STACK_NAME}_token_${SECRET_TOKEN_VERSION}\n";
    let more = compose.replace(label, &hooks).replace(
        "    configs:\n      - source: default_conf\n",
        "    secrets:\n      - token\n    configs:\n      - source: default_conf\n",
    );
    let more = more
        .replace("      - proxy\n", "      - proxy\n      - internal\n")
        .replace("networks:\n  proxy:\n", "networks:\n  internal:\n  proxy:\n");
    format!("{more}\n{secret}")
}

pub(super) fn app() -> App {
    let domain = Domain::try_from("cust-123456.ccci.test".to_owned()).unwrap();
    App {
        recipe: RecipeName::try_from("custom-html".to_owned()).unwrap(),
        stack: StackName::from(&domain),
        domain,
        run: RunId::try_from("r1".to_owned()).unwrap(),
    }
}

pub(super) fn service() -> ServiceName {
    ServiceName::try_from("app".to_owned()).unwrap()
}

fn server() -> Embedded<InProcess> {
    Embedded::start_in_process(InProcessSettings {
        seed: 1,
        start: "2026-11-21T12:00:00Z".parse().unwrap(),
        files: recipe().files.clone(),
        laid: Laid::default(),
        others: Vec::new(),
    })
    .unwrap()
}

/// A run that was played.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// Each step, with its time since the run began and what came of it.
    pub(super) steps: Vec<(&'static str, Duration, String)>,
    pub(super) took_effect: Vec<String>,
    pub(super) deployed: Vec<Commit>,
    pub(super) before: Option<Observation>,
    pub(super) after: Option<Observation>,
    pub(super) snapshot: Option<Snapshot>,
    /// How often the harness was told to look.
    pub(super) left: usize,
}

impl Played {
    /// Returns what came of a step; `ok` if it went well.
    pub(super) fn came(&self, step: &str) -> &str {
        let found = self.steps.iter().find(|(name, ..)| *name == step);
        found.map_or("never done", |(_, _, text)| text.as_str())
    }

    pub(super) fn took(&self, step: &str) -> Duration {
        let at = self.steps.iter().position(|(name, ..)| *name == step).unwrap();
        let before = at.checked_sub(1).map(|b| self.steps[b].1).unwrap_or_default();
        self.steps[at].1 - before
    }

    pub(super) fn failed(&self) -> Vec<&'static str> {
        let failed = self.steps.iter().filter(|(_, _, text)| text != "ok");
        failed.map(|(name, ..)| *name).collect()
    }
}

/// What plays a run: the platform and what came of it so far.
pub(super) struct Player {
    pub(super) platform: Faulty<InProcess>,
    began: Instant,
    pub(super) played: Played,
}

impl Player {
    pub(super) fn new(faults: &[&str]) -> Self {
        let faults: Vec<Fault> = faults.iter().map(|f| f.parse().unwrap()).collect();
        let platform = Faulty::new(server(), &faults, 1);
        Self { platform, began: Instant::now(), played: Played::default() }
    }

    fn note<V>(&mut self, step: &'static str, done: Result<V, String>) -> Option<V> {
        let text = done.as_ref().err().cloned().unwrap_or_else(|| "ok".to_owned());
        self.played.steps.push((step, self.began.elapsed(), text));
        done.ok()
    }

    async fn deploy(&mut self, names: [&'static str; 5], at: &Revision, before: &Before) -> bool {
        let app = app();
        let placed = self.platform.place(&app, at, &[]).await.map_err(text);
        let pulled = match self.note(names[0], placed) {
            Some(()) => self.platform.pull(&app, DEPLOY).await.map_err(text),
            None => return false,
        };
        if self.note(names[1], pulled).is_none() {
            return false;
        }
        let deployed = self.platform.deploy(&app, at, LIMIT).await.map_err(text);
        if self.note(names[2], deployed).is_none() {
            return false;
        }
        let converged = self.converge(before).await;
        let converged = self.note(names[3], converged);
        if converged.is_none() {
            return false;
        }
        let answered = self.answer().await;
        self.note(names[4], answered).is_some()
    }

    async fn converge(&self, before: &Before) -> Result<(), String> {
        let defined = [service()];
        let look = async || match self.platform.observe(&app()).await {
            Ok(observation) => decide(&observation, &defined, before),
            Err(error) => Readiness::NotYet(text(error)),
        };
        let done = until(Pace::within(DEPLOY), self.platform.hint(), look, |_| {}).await;
        done.map_err(|e: WaitError| e.to_string())
    }

    async fn answer(&self) -> Result<(), String> {
        let look = async || match self.platform.get(&app(), "/", LIMIT).await {
            Ok(answer) if answer.status == 200 => Readiness::Ready(()),
            Ok(answer) => Readiness::NotYet(answer.summary()),
            Err(error) => Readiness::NotYet(error.to_string()),
        };
        let done = until(Pace::within(HTTP), self.platform.hint(), look, |_| {}).await;
        done.map_err(|e: WaitError| e.to_string())
    }

    async fn observed(&self) -> Option<Observation> {
        self.platform.inner().observe(&app()).await.ok()
    }

    async fn data(&mut self) {
        let app = app();
        let done = self.platform.back_up(&app, camino::Utf8Path::new("/run"), LIMIT).await;
        self.played.snapshot = self.note("backup", done.map_err(text));
        let Some(snapshot) = self.played.snapshot.clone() else { return };
        self.write("mutated").await;
        let done = self.platform.restore(&app, &snapshot, LIMIT).await.map_err(text);
        self.note("restore", done);
        let read = self.read().await;
        self.note("read", if read == "original" { Ok(()) } else { Err(read) });
    }

    pub(super) async fn write(&self, content: &str) {
        let attached = self.platform.inner().attached(&app());
        let path = camino::Utf8Path::new("/usr/share/nginx/html/marker");
        let retry = async || {
            let written = attached.write_file(&service(), path, content.as_bytes()).await;
            written.map_or_else(|e| Readiness::NotYet(e.to_string()), Readiness::Ready)
        };
        let hint = harness_core::wait::Hint::default();
        drop(until(Pace::within(Duration::from_secs(30)), &hint, retry, |_| {}).await);
    }

    async fn read(&self) -> String {
        let attached = self.platform.inner().attached(&app());
        let path = camino::Utf8Path::new("/usr/share/nginx/html/marker");
        match attached.read_file(&service(), path).await {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => error.to_string(),
        }
    }

    async fn tiers(&mut self) {
        let (recipe, app) = (recipe(), app());
        let done = self.platform.create(&app, &recipe.base, &[], LIMIT).await.map_err(text);
        if self.note("create", done).is_none() {
            return;
        }
        let names = ["place", "pull", "deploy", "converge", "answer"];
        if !self.deploy(names, &recipe.base, &Before::nothing()).await {
            return;
        }
        self.write("original").await;
        self.played.before = self.observed().await;
        let before = Before::from_observation(self.played.before.as_ref().unwrap());
        let names = ["place head", "pull head", "deploy head", "converge head", "answer head"];
        let went = self.deploy(names, &recipe.head, &before).await;
        self.played.after = self.observed().await;
        let read = self.read().await;
        self.note("survives", if read == "original" { Ok(()) } else { Err(read) });
        if went {
            self.data().await;
        }
    }

    /// Deploys base, and returns what it answers.
    pub(super) async fn answered(&self) -> harness_core::http::Answer {
        let (recipe, app) = (recipe(), app());
        self.platform.create(&app, &recipe.base, &[], LIMIT).await.unwrap();
        self.platform.place(&app, &recipe.base, &[]).await.unwrap();
        self.platform.pull(&app, DEPLOY).await.unwrap();
        self.platform.deploy(&app, &recipe.base, LIMIT).await.unwrap();
        self.converge(&Before::nothing()).await.unwrap();
        self.platform.get(&app, "/", LIMIT).await.unwrap()
    }

    /// Plays a whole run.
    pub(super) async fn play(mut self) -> Played {
        let app = app();
        let counted = self.platform.census().await.map_err(text);
        let before = self.note("census", counted);
        let linted = self.platform.lint(&app, &recipe().head, LIMIT).await.map_err(text);
        self.note("lint", linted);
        self.tiers().await;
        let logs = self.platform.logs(&app, &service(), 30).await.map_err(text);
        self.note("logs", logs);
        let done = self.platform.undeploy(&app, LIMIT).await.map_err(text);
        self.note("undeploy", done);
        let done = self.platform.remove_data(&app, LIMIT).await.map_err(text);
        self.note("remove", done);
        let done = self.platform.forget(&app).await.map_err(text);
        self.note("forget", done);
        let counted = self.platform.census().await.map_err(text);
        let after = self.note("census after", counted);
        if let (Some(before), Some(after)) = (before, after) {
            self.played.left = after.left_behind_since(&before, app.stack.as_str()).len();
        }
        let took = self.platform.took_effect();
        self.played.took_effect = took.iter().map(ToString::to_string).collect();
        self.played.deployed = self.platform.deployed();
        self.played
    }
}

/// Plays a whole run in which these faults happen.
pub(super) async fn play(faults: &[&str]) -> Played {
    Player::new(faults).play().await
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn text(error: OpError) -> String {
    format!("{}: {}", error.cause.class, error.cause.evidence)
}
