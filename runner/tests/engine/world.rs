//! What a trial has: a folder of its own, `cc-ci`, the engine's own client, and git.

use std::collections::BTreeSet;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::process::{BaseEnv, Cmd, Deadline, Output};
use harness_core::wait::{Hint, Pace, Readiness, until};
use libtest_mimic::Failed;
use serde_json::Value;

/// No run here may take longer.
const RUN: Duration = Duration::from_secs(20 * 60);

/// What a trial has.
pub(crate) struct World {
    pub(crate) base: BaseEnv,
    pub(crate) dir: Utf8PathBuf,
    unique: String,
    _folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

/// How a `cc-ci` ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
    pub(crate) results: Option<Value>,
    pub(crate) dir: Option<Utf8PathBuf>,
}

impl World {
    /// Returns a trial's world, or why there is none.
    #[expect(clippy::disallowed_methods, reason = "a test binary reads its own switch")]
    pub(crate) fn new(unique: &str) -> Result<Self, String> {
        if std::env::var_os("CCCI_ENGINE_TESTS").is_none() {
            return Err("CCCI_ENGINE_TESTS is unset: `cargo xtask test` sets it where there is a test server".to_owned());
        }
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let dir = Utf8PathBuf::from_path_buf(folder.path().to_owned())
            .map_err(|p| p.display().to_string())?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|e| e.to_string())?;
        Ok(Self {
            base: BaseEnv::capture(),
            dir,
            unique: unique.to_owned(),
            _folder: folder,
            runtime,
        })
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Describes a `cc-ci`, with runs written below the trial's own folder.
    pub(crate) fn cc_ci(&self, args: &[&str]) -> Cmd {
        let cmd = Cmd::new(
            env!("CARGO_BIN_EXE_cc-ci"),
            &self.base,
            Deadline { limit: RUN, grace: Duration::from_secs(60) },
        );
        cmd.args(args).cwd(self.dir.clone())
    }

    /// Describes a `cc-ci run` with a name of its own, so that its folder is known while it runs.
    pub(crate) fn run_cmd(&self, args: &[&str]) -> (Cmd, Utf8PathBuf) {
        let out = self.dir.join("runs");
        let cmd = self.cc_ci(&[
            "run",
            "--platform",
            "swarm",
            "--run-id",
            &self.unique,
            "--out",
            out.as_str(),
        ]);
        (cmd.args(args), out.join(&self.unique))
    }

    /// Does one run and reads what it left.
    pub(crate) fn run(&self, args: &[&str]) -> Result<Ended, Failed> {
        let (cmd, dir) = self.run_cmd(args);
        let output = self.block_on(cmd.output())?;
        Ok(ended(&output, &dir))
    }

    /// Runs a program to its end and returns what it printed.
    pub(crate) fn tool(&self, program: &str, args: &[&str]) -> Result<String, Failed> {
        self.block_on(self.ask(program, args))
    }

    /// As [`World::tool`], for what waits for something.
    pub(crate) async fn ask(&self, program: &str, args: &[&str]) -> Result<String, Failed> {
        let deadline = Deadline::after(Duration::from_secs(60));
        let cmd = Cmd::new(program, &self.base, deadline).args(args.iter().copied());
        Ok(cmd.run().await?.stdout)
    }

    /// Returns the names of everything on the engine that carries this text, as the engine's own client lists it.
    pub(crate) fn on_engine(&self, part: &str) -> Result<BTreeSet<String>, Failed> {
        let lists: [(&str, &[&str]); 6] = [
            ("service", &["service", "ls", "--format", "{{.Name}}"]),
            ("container", &["ps", "--all", "--format", "{{.Names}}"]),
            ("network", &["network", "ls", "--format", "{{.Name}}"]),
            ("volume", &["volume", "ls", "--format", "{{.Name}}"]),
            ("secret", &["secret", "ls", "--format", "{{.Name}}"]),
            ("config", &["config", "ls", "--format", "{{.Name}}"]),
        ];
        let mut found = BTreeSet::new();
        for (kind, args) in lists {
            let names = self.tool(docker(), args)?;
            found.extend(names.lines().filter(|n| n.contains(part)).map(|n| format!("{kind} {n}")));
        }
        Ok(found)
    }

    /// Checks that nothing on the engine belongs to the run's stack, and no app env file of it is left.
    pub(crate) fn nothing_is_left_of(&self, dir: &Utf8Path) -> Result<(), Failed> {
        let Some(app) = planned_app(dir) else { return Ok(()) };
        let stack = app["stack"].as_str().unwrap_or("no stack").to_owned();
        let left = self.on_engine(&stack)?;
        if !left.is_empty() {
            return Err(format!("left behind of {stack}: {left:?}").into());
        }
        let env = self.state_dir().join(format!(
            "abra/servers/default/{}.env",
            app["domain"].as_str().unwrap_or_default()
        ));
        if env.exists() { Err(format!("{env} was left behind").into()) } else { Ok(()) }
    }

    pub(crate) fn state_dir(&self) -> Utf8PathBuf {
        runner::settings::state_dir(None, &self.base)
    }

    /// Returns a clone of a bundled recipe with one commit of this trial's own on top: an app domain of its own.
    pub(crate) fn own_clone(&self, recipe: &str) -> Result<Utf8PathBuf, Failed> {
        let name = harness_core::name::RecipeName::try_from(recipe.to_owned())?;
        let bundle = self.state_dir().join("bundle");
        let origin = self.block_on(harness_local::bundle::build(&name, &bundle, &self.base))?;
        let clone = self.dir.join(format!("{recipe}-clone"));
        self.tool("git", &["clone", "--quiet", origin.as_str(), clone.as_str()])?;
        self.commit(&clone, &format!("a head of {}", self.unique))?;
        Ok(clone)
    }

    /// Adds a commit to a clone that changes nothing.
    pub(crate) fn commit(&self, clone: &Utf8Path, message: &str) -> Result<(), Failed> {
        let author = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
        let commit = ["commit", "--quiet", "--allow-empty", "--message", message];
        let args = [&["-C", clone.as_str()], &author[..], &commit[..]].concat();
        self.tool("git", &args).map(drop)
    }

    /// Changes one place in a file of a clone and commits that.
    pub(crate) fn edit(
        &self,
        clone: &Utf8Path,
        file: &str,
        old: &str,
        new: &str,
    ) -> Result<(), Failed> {
        let path = clone.join(file);
        let text = std::fs::read_to_string(&path)?;
        if text.matches(old).count() != 1 {
            return Err(format!("{file} does not have this text once: {old}").into());
        }
        std::fs::write(&path, text.replace(old, new))?;
        let author = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
        let commit = ["commit", "--quiet", "--all", "--message", "change for a test"];
        let args = [&["-C", clone.as_str()], &author[..], &commit[..]].concat();
        self.tool("git", &args).map(drop)
    }

    /// Waits until a run's event log says that a phase has begun in a tier.
    pub(crate) fn wait_for_phase(
        &self,
        dir: &Utf8Path,
        phase: &str,
        nth: usize,
    ) -> Result<(), Failed> {
        let log = dir.join("events.jsonl");
        let wanted = format!("\"event\":\"phase-started\",\"phase\":\"{phase}\"");
        let look = async || {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            let seen = text.lines().filter(|l| l.contains(&wanted)).count();
            if seen >= nth {
                Readiness::Ready(())
            } else {
                Readiness::NotYet(format!("{seen} times `{phase}`"))
            }
        };
        let pace = Pace {
            quick: Duration::from_millis(5),
            slow: Duration::from_millis(5),
            limit: Duration::from_secs(120),
        };
        self.block_on(until(pace, &Hint::default(), look, |_| {}))?;
        Ok(())
    }
}

/// The engine's own client, where it is known to be.
pub(crate) fn docker() -> &'static str {
    if Utf8Path::new("/usr/bin/docker").exists() { "/usr/bin/docker" } else { "docker" }
}

fn planned_app(dir: &Utf8Path) -> Option<Value> {
    let text = std::fs::read_to_string(dir.join("plan.json")).ok()?;
    serde_json::from_str::<Value>(&text).ok().map(|plan| plan["app"].clone())
}

/// Reads what a run left.
pub(crate) fn ended(output: &Output, dir: &Utf8Path) -> Ended {
    let text = std::fs::read_to_string(dir.join("results.json")).ok();
    Ended {
        code: output.status.code(),
        text: format!("{}{}", output.stdout, output.stderr),
        results: text.and_then(|t| serde_json::from_str(&t).ok()),
        dir: dir.is_dir().then(|| dir.to_owned()),
    }
}

impl Ended {
    /// Checks the exit code; the error shows all that was printed.
    pub(crate) fn exits_with(&self, code: i32) -> Result<&Value, Failed> {
        if self.code != Some(code) {
            return Err(
                format!("expected exit code {code}, seen {:?}:\n{}", self.code, self.text).into()
            );
        }
        self.results.as_ref().ok_or_else(|| format!("no results.json:\n{}", self.text).into())
    }

    /// Checks a value in the results, by JSON pointer.
    pub(crate) fn says(&self, pointer: &str, expected: &Value) -> Result<(), Failed> {
        let seen = self.results.as_ref().and_then(|r| r.pointer(pointer)).unwrap_or(&Value::Null);
        if seen == expected {
            return Ok(());
        }
        Err(format!("expected {pointer} = {expected}, seen {seen}:\n{}", self.text).into())
    }
}
