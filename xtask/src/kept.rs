//! Keeping a deployment, looking into it, checking it again and ending it, as a suite's author does: each with the
//! command that the docs name.

use std::time::Duration;

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};

use crate::machine::Machine;
use crate::progress::say;
use crate::stream;

/// How long the run may take; it is one of the quickest.
const RUN: Duration = Duration::from_mins(5);

/// How long it may take to look inside or to remove it.
const QUICK: Duration = Duration::from_mins(2);

/// Takes custom-html through its install and keeps it; whatever happens then, it is removed at the end.
pub(crate) async fn run(machine: &Machine) -> anyhow::Result<()> {
    let own = std::env::current_exe().context("failed to find xtask's own folder")?;
    let own = Utf8PathBuf::try_from(own).context("xtask's own path is not UTF-8")?;
    let author = Author {
        machine,
        program: own.with_file_name("cc-ci"),
        run: format!("kept-{}", std::process::id()),
        out: machine.root.join("target/kept"),
    };
    let looked = author.looks().await;
    let ended = author.cc_ci(&["gc", "--kept", &author.run], QUICK, 0).await;
    looked?;
    ended?;
    // There is nothing left to look at, and nothing left to end.
    author.cc_ci(&["shell", author.folder().as_str(), "app", "--", "true"], QUICK, 2).await?;
    author.cc_ci(&["gc", "--kept", &author.run], QUICK, 2).await
}

/// A suite's author with a run.
struct Author<'a> {
    machine: &'a Machine,
    program: Utf8PathBuf,
    run: String,
    out: Utf8PathBuf,
}

impl Author<'_> {
    async fn looks(&self) -> anyhow::Result<()> {
        let (out, folder) = (self.out.as_str(), self.folder());
        let wanted = ["run", "--recipe", "custom-html", "--platform", "swarm"];
        let keep = ["--stages", "install", "--keep", "always", "--out", out, "--run-id", &self.run];
        self.cc_ci(&[&wanted[..], &keep].concat(), RUN, 0).await?;
        let shell = ["shell", folder.as_str(), "app", "--"];
        self.cc_ci(&[&shell[..], &["true"]].concat(), QUICK, 0).await?;
        self.cc_ci(&[&shell[..], &["sh", "-c", "exit 7"]].concat(), QUICK, 7).await?;
        // As `cargo test -p recipe-tests`, with what is built already.
        let again = ["test", "--workspace", "--locked", "--quiet", "--test", "recipes", "--"];
        let run = [("CCCI_RUN", folder.as_str())];
        stream::cargo(self.machine, &[&again[..], &["custom_html::install"]].concat(), &run)
    }

    fn folder(&self) -> Utf8PathBuf {
        self.out.join(&self.run)
    }

    /// Runs cc-ci, which must end with this code.
    async fn cc_ci(&self, args: &[&str], limit: Duration, code: i32) -> anyhow::Result<()> {
        say(&format!("$ cc-ci {}", args.join(" ")));
        let program: &Utf8Path = &self.program;
        let cmd = self.machine.cmd(program.as_str(), limit).args(args.iter().copied());
        let output = cmd.cwd(&self.machine.root).output().await?;
        anyhow::ensure!(
            output.status.code() == Some(code),
            "expected `cc-ci {}` to end with {code}, it ended with {}: {}{}",
            args.join(" "),
            output.status,
            output.stdout,
            output.stderr
        );
        Ok(())
    }
}
