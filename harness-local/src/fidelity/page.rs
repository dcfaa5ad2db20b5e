//! The table of scenarios, for the reference.

use harness_core::name::StackName;

use super::history::{DECISION, History};
use super::memory::{Memory, SEEDS};
use super::play::{PlayError, play};
use super::scenario::Scenario;

/// The Docker Engine on which every scenario was last shown to go as the table says: major and minor version.
pub const SHOWN_ON: &str = "20.10";

/// Returns a scenario's row. Of what was seen it has what was stable.
pub fn row(scenario: &Scenario, history: &History) -> String {
    let mut cells = Vec::new();
    let services = history.tracks.keys().filter(|n| *n != DECISION);
    for name in
        services.chain(history.tracks.contains_key(DECISION).then_some(&DECISION.to_owned()))
    {
        let states: Vec<String> = history
            .stable(name)
            .iter()
            .map(|s| format!("`{}`", s.replace('|', "/").replace('`', "'")))
            .collect();
        cells.push(format!("**{name}** {}", states.join(" → ")));
    }
    if !history.said.is_empty() {
        cells.push(format!("**answers** {}", history.said.join(", ")));
    }
    format!("| {} | {} | {} |\n", scenario.name, scenario.about, cells.join("<br>"))
}

/// Returns the page: what is compared, and a row for each scenario as the engine in memory plays it.
///
/// # Errors
/// A scenario cannot be played to its end.
pub async fn page() -> Result<String, PlayError> {
    let mut text = format!(
        "# The engine in memory beside a Docker Engine\n\n\
         Each scenario is played by the engine in memory and by a real Docker Engine, and what a harness could observe is compared:\n\
         the services, the states of their tasks, updates with their messages, errors, exit codes, the answers to commands, and what the harness would decide.\n\
         Ids are ordinals, times are left out.\n\
         What one engine shows for a second or longer the other must show too, in the same order; what goes sooner may be missed by anyone who looks.\n\
         Both must end alike, and no task may go back to an earlier state.\n\
         A task that is told to end before it ever ran is left out: whether Swarm makes one is a race within it.\n\
         What hangs on a moment goes one way or another with the seed of the engine in memory: the real one must do what one of eight seeds does.\n\n\
         `cargo xtask test` plays them all where there is a test server; last shown equal on Docker Engine {SHOWN_ON}.\n\n\
         | scenario | what it shows | states that stood for a second or longer |\n| --- | --- | --- |\n"
    );
    for scenario in super::scenarios() {
        let history = play(&scenario, &mut Memory::new(&scenario, stack(), *SEEDS.start())).await?;
        text.push_str(&row(&scenario, &history));
    }
    Ok(text)
}

/// Returns the name of the table's stack; it shows nowhere.
fn stack() -> StackName {
    StackName::try_from("fidelity".to_owned()).expect("the name is short and plain")
}
