//! The text of `PARITY.md`.

use super::proposal::Proposal;

/// Returns `PARITY.md`: what is covered so far, and what nobody has decided yet.
pub(super) fn text(proposal: &Proposal) -> String {
    let recipe = &proposal.recipe;
    let mut lines = vec![
        format!("# {recipe}: what is covered"),
        String::new(),
        "| what | where |".to_owned(),
        "| --- | --- |".to_owned(),
    ];
    if proposal.routed.is_some() {
        let path = proposal.health.as_deref().unwrap_or("/");
        lines.push(format!("| `{path}` answers over HTTPS | floor, `install::serves` |"));
    }
    for volume in &proposal.volumes {
        lines.push(row(
            &format!("volume `{}`", volume.key),
            &format!("volume_{}", volume.name),
            volume.backed_up,
        ));
    }
    for database in proposal.databases.iter().filter(|d| d.product.is_sql_server()) {
        let what = format!("a row in the {} of service `{}`", database.product, database.service);
        lines.push(row(&what, &format!("database_{}", database.name), database.backed_up));
    }
    lines.extend(["".to_owned(), "Not covered yet:".to_owned(), String::new()]);
    lines.push("- TODO: what a user does with the app. There is no custom check, so the level is 3 at most.".to_owned());
    for database in proposal.databases.iter().filter(|d| !d.product.is_sql_server()) {
        lines.push(format!(
            "- TODO: what {} in service `{}` keeps.",
            database.product, database.service
        ));
    }
    for port in &proposal.ports {
        lines.push(format!(
            "- TODO: port {}/{} of service `{}`.",
            port.published, port.protocol, port.service
        ));
    }
    lines.extend(["".to_owned(), "Not covered, and why:".to_owned(), String::new()]);
    if proposal.optional.is_empty() {
        lines.push("- TODO: what is left out on purpose.".to_owned());
    }
    for file in &proposal.optional {
        lines.push(format!(
            "- `{file}`: `.env.sample` does not choose it. TODO: is that the reason?"
        ));
    }
    lines.join("\n") + "\n"
}

fn row(what: &str, name: &str, backed_up: bool) -> String {
    let restored = if backed_up {
        format!(" and the restore | `upgrade::{name}_survives`, `restore::{name}_is_back`")
    } else {
        format!(" | `upgrade::{name}_survives`")
    };
    format!("| {what} outlives the upgrade{restored} |")
}
