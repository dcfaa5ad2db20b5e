//! `app upgrade` and `app rollback`: to a newer or an older release.

use harness_core::name::Version;

use super::lint::stop_on_errors;
use super::prepare::deployed;
use super::rollout::{DeployError, Rollout, release_note};
use crate::abra::cli::MoveArgs;
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;
use crate::abra::stamp::Stamp;
use crate::abra::version::Choice;

/// Which way a release is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// Deploys a newer release.
pub(in crate::abra) async fn upgrade(abra: &mut Abra, args: &MoveArgs) -> Result<(), Fatal> {
    go(abra, args, Direction::Up).await
}

/// Deploys an older release.
pub(in crate::abra) async fn rollback(abra: &mut Abra, args: &MoveArgs) -> Result<(), Fatal> {
    go(abra, args, Direction::Down).await
}

async fn go(abra: &mut Abra, args: &MoveArgs, direction: Direction) -> Result<(), Fatal> {
    let mut app = abra.find_app(&args.domain)?;
    let checkout = abra.checkout_of(&app).await?;
    checkout.clean_and_current(abra.global.offline).await?;
    stop_on_errors(&abra.settings.dir, &checkout).await?;
    let engine = abra.engine().await?;
    let services = engine.services(&app.stack).await?;
    let Some(running) = deployed(&app.stack, &services) else {
        return Err(DeployError::NotDeployed(app.domain.to_string()).into());
    };
    let tags = checkout.tags().await?;
    let releases: Vec<Version> = tags.into_iter().filter_map(|tag| tag.version).collect();
    let current = running.version.and_then(|text| Version::try_from(text).ok());
    let target = match &args.version {
        Some(version) => version.clone(),
        None => match offered(&releases, current.as_ref(), direction) {
            Some(version) => version.to_string(),
            None => {
                let word = if direction == Direction::Up { "upgrades" } else { "downgrades" };
                abra.screen.info(format!("no available {word}"));
                return Ok(());
            }
        },
    };
    if args.releasenotes {
        let note = release_note(&checkout.dir, &target);
        abra.screen.line(note.unwrap_or_else(|| format!("no release notes for {target}")));
        return Ok(());
    }
    checkout.move_to(&Choice::Named(target.clone())).await?;
    let rollout = Rollout {
        stamp: Stamp::Version(target),
        check_domain: !args.no_domain_checks,
        wait: !args.no_converge_checks,
        commands: if direction == Direction::Up {
            "POST_UPGRADE_CMDS"
        } else {
            "POST_ROLLBACK_CMDS"
        },
    };
    abra.roll_out(&engine, &mut app, &checkout, &services, &rollout).await
}

/// Returns the release that is offered: the newest of the newer ones, or the newest of the older ones.
fn offered<'a>(
    releases: &'a [Version],
    current: Option<&Version>,
    direction: Direction,
) -> Option<&'a Version> {
    let fits = |release: &&Version| match (current, direction) {
        (None, _) => true,
        (Some(current), Direction::Up) => *release > current,
        (Some(current), Direction::Down) => *release < current,
    };
    releases.iter().filter(fits).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_newer_one_and_the_newest_older_one_are_offered() {
        let version = |text: &str| Version::try_from(text.to_owned()).unwrap();
        let releases = ["1.0.0+1", "1.1.0+1", "1.2.0+2", "1.10.0+2"].map(version);
        let current = version("1.2.0+2");
        assert_eq!(offered(&releases, Some(&current), Direction::Up), Some(&releases[3]));
        assert_eq!(offered(&releases, Some(&current), Direction::Down), Some(&releases[1]));
        assert_eq!(offered(&releases, Some(&releases[3]), Direction::Up), None);
    }
}
