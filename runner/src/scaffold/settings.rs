//! The text of `recipe.toml`.

use std::time::Duration;

use harness_core::suite::{Health, Span, Timeouts};

use super::proposal::Proposal;

/// Returns `recipe.toml`: what differs from the defaults, and what may have to.
pub(super) fn text(proposal: &Proposal) -> String {
    let mut lines = vec![
        format!(
            "# What a run of {} should know. Every key: docs/reference/settings.md.",
            proposal.recipe
        ),
        String::new(),
    ];
    lines.extend(health(proposal));
    lines.extend(timeouts(proposal.timeout));
    lines.extend(env(&proposal.unset));
    lines.extend(ready(proposal));
    if !proposal.has_backups {
        lines.push(
            "# No `backupbot.backup` label: the backup and restore tiers do not apply.".to_owned(),
        );
        lines.push("# Is there data to lose? Then the recipe should have one.".to_owned());
        lines.push(String::new());
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines.join("\n") + "\n"
}

fn health(proposal: &Proposal) -> Vec<String> {
    let Some(service) = &proposal.routed else {
        return vec![
            "# No service has a `traefik.http.routers.….rule` label: nothing answers HTTP at the app's domain.".to_owned(),
            String::new(),
        ];
    };
    let default = Health::default();
    let mut lines = vec![match &proposal.health {
        Some(path) => format!("# Service `{service}` asks itself for {path} in its health check."),
        None => format!("# Which path of service `{service}` proves that the app serves?"),
    }];
    let path = proposal.health.clone().unwrap_or_else(|| default.path.clone());
    let is_default = path == default.path;
    lines.push(if is_default { "# [health]" } else { "[health]" }.to_owned());
    lines.push(format!("{}path = \"{path}\"", if is_default { "# " } else { "" }));
    lines.push(format!("# ok = {:?}", default.ok));
    lines.push(String::new());
    lines
}

/// The recipe's own time for a deploy counts where it is longer than ours.
fn timeouts(said: Option<Duration>) -> Vec<String> {
    let default = Timeouts::default().deploy.0;
    match said {
        Some(said) if said > default => vec![
            "# As the recipe's `timeout` label says.".to_owned(),
            "[timeouts]".to_owned(),
            format!("deploy = \"{}\"", Span(said)),
            String::new(),
        ],
        Some(_) | None => Vec::new(),
    }
}

fn env(unset: &[String]) -> Vec<String> {
    if unset.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![
        "# `.env.sample` leaves these empty. Does the app start and work without them?".to_owned(),
        "# [env]".to_owned(),
    ];
    lines.extend(unset.iter().map(|name| format!("# {name} = \"\"")));
    lines.push(String::new());
    lines
}

fn ready(proposal: &Proposal) -> Vec<String> {
    let mut lines = Vec::new();
    for port in &proposal.ports {
        let (service, published) = (&port.service, &port.published);
        if port.protocol == "tcp" && published.bytes().all(|b| b.is_ascii_digit()) {
            lines.push(format!(
                "# Service `{service}` is to be reached at this port, without the router."
            ));
            lines.push("# [[ready]]".to_owned());
            lines.push(format!("# tcp = \"{{domain}}:{published}\""));
            lines.push(String::new());
        }
    }
    lines
}
