//! What was written for a new suite, as `cc-ci new` prints it.

use camino::Utf8Path;

use crate::scaffold::Proposal;
use crate::target::SourceKind;

/// Returns what was found in the recipe and written, and what to do next.
pub fn scaffold(proposal: &Proposal, source: Option<&SourceKind>, out: &Utf8Path) -> String {
    let recipe = match source {
        Some(source) => format!("{} --source {source}", proposal.recipe),
        None => proposal.recipe.to_string(),
    };
    let listed = |items: Vec<String>| {
        if items.is_empty() { "none".to_owned() } else { items.join(", ") }
    };
    let backed_up = |yes: bool| if yes { "" } else { " (not in the backup)" };
    let volumes = proposal.volumes.iter();
    let volumes = volumes
        .map(|v| format!("{} at {}:{}{}", v.key, v.service, v.path, backed_up(v.backed_up)))
        .collect();
    let databases = proposal.databases.iter();
    let databases = databases
        .map(|d| format!("{} in {}{}", d.product, d.service, backed_up(d.backed_up)))
        .collect();
    let health = match (&proposal.routed, &proposal.health) {
        (None, _) => "none: no service is routed".to_owned(),
        (Some(service), Some(path)) => format!("{path}, by the health check of {service}"),
        (Some(_), None) => "/, for want of a better one".to_owned(),
    };
    [
        format!("wrote {out}: recipe.toml, suite.rs, PARITY.md"),
        format!("  health      {health}"),
        format!("  volumes     {}", listed(volumes)),
        format!("  databases   {}", listed(databases)),
        "  custom      no check yet: the level is 3 at most until suite.rs has one".to_owned(),
        "next:".to_owned(),
        format!(
            "  cargo xtask ci --recipe {recipe} --platform embedded   builds it in and runs it"
        ),
        format!(
            "  cargo xtask ci --recipe {recipe} --platform swarm      the same on a real engine"
        ),
        format!("  then what a user does, in {out}/suite.rs"),
    ]
    .join("\n")
}
