//! `cargo xtask mutants`: makes small changes to the code that decides, one at a time, and counts those that no test
//! notices. Which code, and how it is tested, is in `.cargo/mutants.toml`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use camino::Utf8Path;

use crate::machine::Machine;
use crate::progress::say;
use crate::stream;

/// So many of a hundred mutants must be caught.
const WANTED: usize = 90;

/// Which mutants to make.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only those of files or functions that match this expression, such as `lifecycle/` or `lease.rs`; may be
    /// repeated.
    #[arg(long, value_name = "EXPRESSION")]
    file: Vec<String>,
    /// Only those that the last time were not caught.
    #[arg(long)]
    survivors: bool,
}

/// Makes them, one after the other: a quarter of a minute each.
pub(crate) async fn run(machine: &Machine, args: &Args) -> anyhow::Result<()> {
    let version = machine.cmd("cargo", Duration::from_secs(30)).args(["mutants", "--version"]);
    version.run().await.context(
        "cargo-mutants does not answer; install it with `cargo install cargo-mutants --locked`, then run this again",
    )?;
    let out = machine.root.join("target/mutants");
    std::fs::create_dir_all(&out).with_context(|| format!("failed to make {out}"))?;
    let mut all = vec!["mutants", "--workspace", "--output", out.as_str()];
    for expression in &args.file {
        all.extend(["--re", expression.as_str()]);
    }
    if args.survivors {
        all.push("--iterate");
    }
    // The mutants are made in a copy of the workspace; what it depends on is built once.
    let build = out.join("build");
    let status = stream::cargo_status(machine, &all, &[("CARGO_TARGET_DIR", build.as_str())])?;
    // 2: some were missed; 3: some ran out of time. Anything else is no result.
    ensure!(
        matches!(status.code(), Some(0 | 2 | 3)),
        "cargo-mutants ended with {status}: do the tests pass without mutants?"
    );
    let counts = count(&out.join("mutants.out"))?;
    let whole = counts.values().fold(Count::default(), |sum, c| sum.plus(*c));
    for (area, count) in &counts {
        say(&count.shown(area));
    }
    say(&whole.shown("all"));
    ensure!(
        whole.percent() >= WANTED,
        "{} of 100 mutants are caught, and {WANTED} should be; those that were missed are in {out}/mutants.out/missed.txt",
        whole.percent()
    );
    Ok(())
}

/// What became of the mutants of an area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    caught: usize,
    missed: usize,
    timed_out: usize,
    unviable: usize,
}

impl Count {
    const fn plus(self, other: Self) -> Self {
        Self {
            caught: self.caught + other.caught,
            missed: self.missed + other.missed,
            timed_out: self.timed_out + other.timed_out,
            unviable: self.unviable + other.unviable,
        }
    }

    /// Of those that could be built and whose tests ended, how many of a hundred were caught.
    const fn percent(self) -> usize {
        match self.caught + self.missed {
            0 => 100,
            judged => self.caught * 100 / judged,
        }
    }

    fn shown(self, area: &str) -> String {
        format!(
            "mutants  {area:<10} {:>3} % caught: {} of {}; {} ran out of time, {} did not compile",
            self.percent(),
            self.caught,
            self.caught + self.missed,
            self.timed_out,
            self.unviable
        )
    }
}

fn count(out: &Utf8Path) -> anyhow::Result<BTreeMap<String, Count>> {
    let mut counts = BTreeMap::new();
    let one = Count::default();
    let lists = [
        ("caught.txt", Count { caught: 1, ..one }),
        ("missed.txt", Count { missed: 1, ..one }),
        ("timeout.txt", Count { timed_out: 1, ..one }),
        ("unviable.txt", Count { unviable: 1, ..one }),
    ];
    for (file, one) in lists {
        let path = out.join(file);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("failed to read {path}"))?;
        for area in text.lines().filter_map(area) {
            let count: &mut Count = counts.entry(area.to_owned()).or_default();
            *count = count.plus(one);
        }
    }
    Ok(counts)
}

/// Returns the folder or file below `src` that a mutant is in.
fn area(mutant: &str) -> Option<&str> {
    let (file, _) = mutant.split_once(".rs:")?;
    let (_, below) = file.split_once("/src/")?;
    below.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_is_a_folder_or_a_file() {
        assert_eq!(area("a/src/lifecycle/run.rs:1:2: replace x"), Some("lifecycle"));
        assert_eq!(area("runner/src/lease.rs:1:2: replace a.rs: with b"), Some("lease"));
        assert_eq!(area("no mutant"), None);
    }

    #[test]
    fn only_what_was_judged_counts() {
        let count = Count { caught: 9, missed: 1, timed_out: 50, unviable: 50 };
        assert_eq!(count.percent(), 90);
        assert_eq!(count.plus(Count { missed: 1, ..Count::default() }).percent(), 81);
        assert_eq!(Count::default().percent(), 100);
    }

    #[test]
    fn the_lists_of_a_run_are_counted_by_area() {
        let folder = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(folder.path()).unwrap();
        let write = |name: &str, text: &str| std::fs::write(out.join(name), text).unwrap();
        write("caught.txt", "a/src/x/y.rs:1:1: m\na/src/x/z.rs:1:1: m\nb/src/w.rs:1:1: m\n");
        write("missed.txt", "b/src/w.rs:2:1: m\n");
        write("timeout.txt", "");
        assert!(count(out).is_err(), "a list is missing");
        write("unviable.txt", "a/src/x/y.rs:3:1: m\n");
        let counts = count(out).unwrap();
        assert_eq!(counts["x"], Count { caught: 2, unviable: 1, ..Count::default() });
        assert_eq!(counts["w"], Count { caught: 1, missed: 1, ..Count::default() });
    }
}
