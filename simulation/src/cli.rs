//! The command line.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use clap::{Parser, Subcommand};
use harness_core::chain::Chain;
use harness_core::process::BaseEnv;
use harness_core::suite::Span;
use harness_local::fault::Fault;
use harness_local::sabotage::Sabotage;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::campaign::{Campaign, Found, Tally, one, played};
use crate::everywhere;
use crate::figures::{Figures, figures, quantile};
use crate::invariant::judge;
use crate::kept;
use crate::sabotage;
use crate::scenario::Scenario;
use crate::subject::{Library, Subject};

/// Plays whole runs in virtual time, with faults, and says which invariants were not kept.
#[derive(Debug, Parser)]
#[command(
    name = "cc-ci-sim",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true
)]
struct Args {
    #[command(subcommand)]
    task: Option<Task>,
    /// How many seeds to play.
    #[arg(long, default_value_t = 2000)]
    seeds: u64,
    /// The first seed; unless given, one that nobody played yet is drawn and printed.
    #[arg(long)]
    base: Option<u64>,
    /// How many threads; unless given, one for each core.
    #[arg(long)]
    jobs: Option<usize>,
    /// After what time to begin no more seeds, such as 10m.
    #[arg(long)]
    within: Option<Span>,
    /// Measure over so many seeds how soon readiness and doom are noticed, and how many runs a minute are played.
    #[arg(long, value_name = "SEEDS", conflicts_with = "seed")]
    figures: Option<u64>,
    /// Play only the seeds that stand for this recipe.
    #[arg(long, value_name = "RECIPE", conflicts_with = "seed")]
    only: Option<String>,
    /// Play this one seed, and say all about it.
    #[arg(long)]
    seed: Option<u64>,
    /// The recipe for --seed, instead of the one that the seed stands for.
    #[arg(long, requires = "seed")]
    recipe: Option<String>,
    /// What goes wrong for --seed, instead of what the seed stands for. May be given again and again.
    #[arg(long, requires = "seed")]
    fault: Vec<Fault>,
    /// With --seed: the app is sabotaged so.
    #[arg(long, requires = "seed")]
    sabotage: Option<Sabotage>,
    /// With --seed: nothing goes wrong.
    #[arg(long, requires = "seed", conflicts_with = "fault")]
    no_fault: bool,
    /// With --seed: the run dies in the middle of this step on the disk.
    #[arg(long, requires = "seed", value_name = "STEP")]
    dies_in_step: Option<u64>,
    /// With --seed: print its event log instead.
    #[arg(long, requires = "seed")]
    log: bool,
    /// Leave out what is always played besides the seeds: those that found something once, and a kill at every event
    /// of every recipe's run.
    #[arg(long)]
    seeds_only: bool,
}

/// What else the program does.
#[derive(Debug, Subcommand)]
enum Task {
    /// Breaks a recipe's app on purpose, in one way at a time, and says which of them its suite catches.
    Sabotage(sabotage::Args),
}

/// Runs the program. Its exit code is 0, 1 when an invariant was not kept, or 2 when it could not be played.
pub fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(code) => code,
        Err(text) => {
            say(&format!("error: {text}"));
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<ExitCode, String> {
    let scratch = tempfile::tempdir().map_err(|e| format!("there is no folder to work in: {e}"))?;
    let dir = Utf8PathBuf::try_from(scratch.path().to_owned())
        .map_err(|e| format!("the folder for temporary files is not UTF-8: {e}"))?;
    if let Some(Task::Sabotage(sabotaged)) = &args.task {
        return sabotage::run(sabotaged, &dir, jobs(args), data);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("the async runtime cannot be started: {e}"))?;
    let library = runtime.block_on(Library::load(&dir, &BaseEnv::capture()));
    let library = library.map_err(|e| Chain(&e).to_string())?;
    drop(runtime);
    if let Some(seeds) = args.figures {
        measured(&figures(&library, seeds, jobs(args)), seeds);
        return Ok(ExitCode::SUCCESS);
    }
    match args.seed {
        Some(seed) => alone(args, seed, &library),
        None => {
            args.only.as_deref().map_or(Ok(()), |only| known(only, &library).map(drop))?;
            Ok(many(args, &library))
        }
    }
}

/// Plays one seed and says all about it.
fn alone(args: &Args, seed: u64, library: &Library) -> Result<ExitCode, String> {
    let mut scenario = Scenario::of_seed(seed, library);
    if let Some(name) = &args.recipe {
        scenario.subject = known(name, library)?;
        scenario.faults.clear();
    }
    if args.no_fault || !args.fault.is_empty() {
        scenario.faults.clone_from(&args.fault);
    }
    scenario.dies_in_step = args.dies_in_step;
    if let Some(sabotage) = args.sabotage {
        scenario = scenario.sabotaged(sabotage);
    }
    let run = played(&scenario).map_err(|violation| violation.to_string())?;
    if args.log {
        for event in &run.events {
            let line = serde_json::to_string(event).map_err(|e| e.to_string())?;
            data(&line);
        }
        return Ok(ExitCode::SUCCESS);
    }
    data(&format!("scenario  {scenario}"));
    data(&format!("happened  {}", words(&run.happened)));
    data(&format!("exit      {:?}, {} events, {:?}", run.exit, run.events.len(), run.took));
    if let Some(results) = &run.results {
        data(&runner::output::explain(results, &run.events, STORY));
    }
    let tally = one(&scenario);
    for violation in judge(&run) {
        data(&format!("violated  {violation}"));
    }
    let kept = tally.found.is_empty();
    data(if kept { "every invariant was kept" } else { "an invariant was not kept" });
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn known(name: &str, library: &Library) -> Result<Arc<Subject>, String> {
    library.find(name).ok_or_else(|| {
        let names = library.names().join(", ");
        format!("there is no recipe `{name}` to simulate; there are {names}")
    })
}

fn words(faults: &[Fault]) -> String {
    if faults.is_empty() {
        return "nothing".to_owned();
    }
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn many(args: &Args, library: &Library) -> ExitCode {
    let base = args.base.unwrap_or_else(fresh);
    let jobs = jobs(args);
    let mut found = 0;
    if !args.seeds_only {
        let kept = kept::play(library);
        data(&format!("kept seeds   {} played, {} violations", kept.seeds, kept.found.len()));
        let everywhere = everywhere::play(library, jobs);
        let points = everywhere.runs;
        let count = everywhere.found.len();
        data(&format!(
            "kill points  {points}, each event of each recipe's run, {count} violations"
        ));
        kept.found.iter().chain(&everywhere.found).for_each(tell);
        found += kept.found.len() + count;
    }
    let campaign = Campaign {
        library,
        first: base,
        count: args.seeds,
        jobs,
        within: args.within.map(|span| span.0),
        only: args.only.as_deref(),
    };
    let progress = Progress::new(args.seeds);
    let tally = campaign.run(&|done, violations, new| {
        progress.tell(done, violations);
        // At once: a campaign that is broken off has shown what it found.
        progress.bar.suspend(|| new.iter().for_each(tell));
    });
    progress.done();
    report(&tally, base, jobs);
    found += tally.found.len();
    data(&format!("violations   {found}"));
    if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn jobs(args: &Args) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    args.jobs.unwrap_or(cores).max(1)
}

fn measured(figures: &Figures, seeds: u64) {
    let line = |what: &str, times: &[Duration], goal: &str| {
        let share = |share: f64| quantile(times, share);
        data(&format!(
            "{what}: p50 {:.0} ms, p99 {:.0} ms, max {:.0} ms in {} runs (goal {goal})",
            share(0.5),
            share(0.99),
            share(1.0),
            times.len()
        ));
    };
    line("ready → noticed, with events", &figures.ready, "p50 50 ms, p99 300 ms");
    line(
        "ready → noticed, events late, twice, shuffled or lost",
        &figures.ready_unruly,
        "p99 300 ms",
    );
    line("ready → noticed, polling only", &figures.ready_polled, "250 ms");
    line("third exit → crash loop called", &figures.doom, "15 s");
    let (slow, killed) = figures.slow;
    data(&format!("slow but healthy starters, up to 25 min: {killed} of {slow} killed (goal 0)"));
    let rate = figures.runs as f64 / figures.busy.as_secs_f64() * 60.0;
    data(&format!("{rate:.0} watched runs a minute and thread, {seeds} seeds of each kind"));
}

/// A first seed that was most likely never played: the time.
fn fresh() -> u64 {
    jiff::Timestamp::now().as_millisecond().unsigned_abs() * 1_000
}

fn report(tally: &Tally, base: u64, jobs: usize) {
    data(&format!("seeds        {} from {base} on, {} runs", tally.seeds, tally.runs));
    let recipes: Vec<String> =
        tally.recipes.iter().map(|(name, count)| format!("{name} {count}")).collect();
    data(&format!("recipes      {}", recipes.join(", ")));
    let endings: Vec<String> =
        tally.endings.iter().map(|(word, count)| format!("{word} {count}")).collect();
    data(&format!("endings      {}", endings.join(", ")));
    let happened: Vec<String> =
        tally.happened.iter().map(|(class, count)| format!("{class} {count}")).collect();
    data(&format!("faults       {}", happened.join(", ")));
    let hours = tally.simulated.as_secs_f64() / 3600.0;
    let minutes = tally.took.as_secs_f64() / 60.0;
    let rate = tally.runs as f64 / minutes / jobs as f64;
    data(&format!(
        "time         {hours:.0} simulated hours in {:.1} s; {rate:.0} runs a minute and thread, {jobs} threads",
        tally.took.as_secs_f64()
    ));
    data(&format!("digest       {:032x}", tally.digest));
}

fn tell(found: &Found) {
    data(&format!("violated     {}", found.violation));
    data(&format!("  drawn      cargo xtask sim {}", found.drawn));
    data(&format!("  smallest   cargo xtask sim {}", found.smallest));
}

/// What a terminal shows while seeds are played; elsewhere a line now and then.
struct Progress {
    bar: ProgressBar,
    lines: Option<Mutex<Instant>>,
    total: u64,
}

/// How long the lines of a story may be.
const STORY: usize = 100;

/// Time between lines where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(30);

impl Progress {
    fn new(total: u64) -> Self {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {msg}, {eta} left");
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(4));
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let lines = (!std::io::stderr().is_terminal()).then(|| Mutex::new(Instant::now()));
        Self { bar, lines, total }
    }

    fn tell(&self, done: u64, violations: usize) {
        self.bar.set_position(done);
        self.bar.set_message(format!("{violations} violations"));
        if let Some(lines) = &self.lines
            && let Ok(mut last) = lines.try_lock()
            && last.elapsed() > LINE_EVERY
        {
            *last = Instant::now();
            say(&format!("{done} of {} seeds, {violations} violations", self.total));
        }
    }

    fn done(&self) {
        self.bar.finish_and_clear();
    }
}

fn data(text: &str) {
    // Nothing is left to do when standard output is closed.
    drop(writeln!(anstream::stdout(), "{text}"));
}

fn say(text: &str) {
    // Nothing is left to do when standard error is closed.
    drop(writeln!(anstream::stderr(), "{text}"));
}
