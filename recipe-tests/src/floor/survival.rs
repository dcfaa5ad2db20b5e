//! Upgrade: what was in a volume before is in it after.

use std::time::Duration;

use harness_core::name::ServiceName;
use harness_core::run_file::DefinedService;

use super::markers::{Marker, instead, planted, read_settled, unplanted};
use super::{Finding, upgrade};
use crate::check::{Check, skip};
use crate::ctx::Ctx;

/// For a container that is being replaced.
const PATIENCE: Duration = Duration::from_secs(5);

/// Every marker is still in its volume.
pub(super) async fn volumes_survive(ctx: Ctx) -> Check {
    let markers: Vec<Marker> = ctx.fact(upgrade::MARKERS)?;
    let unasked = unplanted(&markers);
    let markers = match planted(&markers) {
        Ok(markers) => markers,
        Err(reason) => return skip(reason),
    };
    let mut lost = Vec::new();
    let mut dropped = Vec::new();
    let total = markers.len();
    let announced = &upgrade::facts(&ctx)?.announced;
    for marker in markers {
        match place(marker, &ctx.run().services, announced) {
            Place::At { service, target } => {
                let path = marker.path_below(&target);
                let seen = read_settled(&ctx, &service, &path, PATIENCE).await?;
                if seen.as_deref() != marker.content().map(str::as_bytes) {
                    lost.push(format!(
                        "volume `{}`: {path} in service `{service}`: {}",
                        marker.volume,
                        instead(seen.as_deref())
                    ));
                }
            }
            Place::NotMounted { instead } => {
                lost.push(format!("volume `{}`: head mounts it nowhere; {instead}", marker.volume));
            }
            Place::ServiceAnnounced => dropped.push(format!("`{}`", marker.service)),
        }
    }
    judge(&lost, &dropped, &unasked, total).into_check()
}

/// Where a marker's volume is to be found after the upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    At {
        service: ServiceName,
        target: String,
    },
    NotMounted {
        instead: String,
    },
    /// The service is gone with the volume, as announced.
    ServiceAnnounced,
}

/// Decides where to look: the same service and path if head mounts the volume there, else wherever it mounts it. A
/// service that is gone with its volume is a loss unless its end was announced.
fn place(marker: &Marker, services: &[DefinedService], announced: &[ServiceName]) -> Place {
    let at = |service: &DefinedService, target: &str| Place::At {
        service: service.name.clone(),
        target: target.to_owned(),
    };
    let own = services.iter().find(|s| s.name == marker.service);
    let others = services.iter().filter(|s| s.name != marker.service && s.stays);
    let mut mounts = own.into_iter().chain(others).flat_map(|s| {
        s.volumes.iter().filter(|(v, _)| *v == marker.volume).map(move |(_, t)| (s, t))
    });
    let same = own.filter(|s| s.volumes.contains(&(marker.volume.clone(), marker.target.clone())));
    if let Some(service) = same {
        return at(service, &marker.target);
    }
    if let Some((service, target)) = mounts.next() {
        return at(service, target);
    }
    let Some(own) = own else {
        if announced.contains(&marker.service) {
            return Place::ServiceAnnounced;
        }
        let instead = format!(
            "service `{}` is gone; if that is meant, announce it in recipe.toml under `[upgrade] drops`",
            marker.service
        );
        return Place::NotMounted { instead };
    };
    let instead = match own.volumes.iter().find(|(_, t)| *t == marker.target) {
        Some((volume, _)) => {
            format!("at {} in service `{}` is `{volume}` instead", marker.target, own.name)
        }
        None => format!("nothing is at {} in service `{}`", marker.target, own.name),
    };
    Place::NotMounted { instead }
}

fn judge(lost: &[String], dropped: &[String], unasked: &[String], total: usize) -> Finding {
    let unasked = (!unasked.is_empty())
        .then(|| format!("not looked at, as no marker could be planted: {}", unasked.join("; ")));
    if !lost.is_empty() {
        let seen: Vec<_> = lost.iter().cloned().chain(unasked).collect();
        return Finding::wrong(
            "every volume to hold after the upgrade what was written to it before",
            seen.join("; "),
        );
    }
    if dropped.len() == total {
        return Finding::Nothing(format!(
            "head drops every service that had a marker, as announced: {}",
            dropped.join(", ")
        ));
    }
    // What was looked at is right, and that is no pass for what was not.
    unasked.map_or(Finding::Right, Finding::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::sample::{defined, marker, name};

    #[test]
    fn the_same_service_and_path_come_first() {
        let marker = marker("data", "app", "/data", "x");
        let services = [
            defined("web", &[("data", "/srv")]),
            defined("app", &[("data", "/other"), ("data", "/data")]),
        ];
        let expected = Place::At { service: name("app"), target: "/data".to_owned() };
        assert_eq!(place(&marker, &services, &[]), expected);
    }

    #[test]
    fn a_volume_that_moved_is_looked_for_where_head_mounts_it() {
        let marker = marker("data", "app", "/data", "x");
        let moved = [defined("app", &[("data", "/var/data")])];
        let expected = Place::At { service: name("app"), target: "/var/data".to_owned() };
        assert_eq!(place(&marker, &moved, &[]), expected);
        let handed_over = [defined("app", &[]), defined("db", &[("data", "/db")])];
        let expected = Place::At { service: name("db"), target: "/db".to_owned() };
        assert_eq!(place(&marker, &handed_over, &[]), expected);
    }

    #[test]
    fn a_renamed_volume_is_lost_and_so_is_a_dropped_service_unless_announced() {
        let marker = marker("data", "app", "/data", "x");
        let renamed = place(&marker, &[defined("app", &[("data2", "/data")])], &[]);
        assert!(matches!(&renamed, Place::NotMounted { instead } if instead.contains("`data2`")));
        let web = [defined("web", &[])];
        let gone = place(&marker, &web, &[name("web")]);
        assert!(
            matches!(&gone, Place::NotMounted { instead } if instead.contains("`app` is gone"))
        );
        assert_eq!(place(&marker, &web, &[name("app")]), Place::ServiceAnnounced);
    }

    #[test]
    fn a_volume_that_nobody_looked_at_is_named_and_is_no_pass() {
        let unasked = ["`cache` (read-only)".to_owned()];
        let end = judge(&[], &[], &unasked, 2);
        assert!(matches!(end, Finding::Nothing(reason) if reason.contains("`cache` (read-only)")));
        let lost = ["volume `data`: gone".to_owned()];
        let end = judge(&lost, &[], &unasked, 2);
        assert!(matches!(end, Finding::Wrong { seen, .. } if seen.contains("`cache`")));
    }

    #[test]
    fn a_loss_fails_and_nothing_but_dropped_services_is_a_skip() {
        let one = ["volume `data`: gone".to_owned()];
        assert!(
            matches!(judge(&one, &[], &[], 2), Finding::Wrong { seen, .. } if seen.contains("`data`"))
        );
        assert!(matches!(judge(&[], &one, &[], 1), Finding::Nothing(_)));
        assert_eq!(judge(&[], &one, &[], 2), Finding::Right);
    }
}
