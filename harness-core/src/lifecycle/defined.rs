//! What a recipe's files define, as checks need it. Main items: [`defined_services`], [`claims`].

use crate::name::ServiceName;
use crate::recipe::Compose;
use crate::run_file::{Claims, DefinedService};
use crate::store::Coverage;

/// Returns the services whose labels name hooks of the backup.
pub(super) fn hooked(compose: &Compose) -> Vec<ServiceName> {
    let mut services: Vec<_> = compose.backup().hooks.into_iter().map(|h| h.service).collect();
    services.sort();
    services.dedup();
    services
}

/// Returns what the labels claim to back up and a check can prove: a volume that no running service can write to holds
/// no marker, and one that no service mounts is never made.
pub(super) fn claims(compose: &Compose, defined: &[DefinedService]) -> Claims {
    let mut claims = Claims::default();
    let labels = compose.backup();
    if !labels.enabled {
        return claims;
    }
    let named = labels.hooks.into_iter().map(|hook| (hook.service, hook.when.label().to_owned()));
    claims.hooks.extend(named);
    let provable = |volume: &str| {
        defined.iter().any(|s| s.stays && s.volumes.iter().any(|(name, _)| name == volume))
    };
    for volume in compose.volumes.iter().filter(|v| !v.external).map(|v| v.key.clone()) {
        match compose.coverage(&volume) {
            Coverage::Paths { paths } if provable(&volume) => {
                claims.paths.extend(paths.into_iter().map(|path| (volume.clone(), path)));
            }
            Coverage::Whole if provable(&volume) => claims.volumes.push(volume),
            Coverage::Nothing { .. } if provable(&volume) => claims.excluded.push(volume),
            Coverage::Whole | Coverage::Paths { .. } | Coverage::Nothing { .. } => {}
        }
    }
    claims
}

/// Returns the services that a compose file defines, as checks need them. One that is started again only after a
/// failure may be a server or a job: it counts as one that stays until it is seen to have ended.
pub fn defined_services(compose: &Compose) -> Vec<DefinedService> {
    let of = |service: &crate::recipe::Service| {
        let writable = service.mounts.iter().filter(|m| !m.read_only);
        let volumes =
            writable.filter_map(|m| Some((m.volume.clone()?, m.target.clone()))).collect();
        let one_shot = service.restart_condition.as_deref() == Some("none");
        DefinedService {
            name: service.name.clone(),
            volumes,
            stays: service.replicas != Some(0) && !one_shot,
            ports: published(service),
        }
    };
    compose.services.iter().map(of).collect()
}

/// Returns the TCP ports of the host that a service publishes under a number of its choice.
fn published(service: &crate::recipe::Service) -> Vec<u16> {
    let tcp = service.ports.iter().filter(|p| p.protocol == "tcp");
    tcp.filter_map(|p| p.published.as_ref()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(labels: &str, mounts: &str) -> Claims {
        let text = format!(
            "version: '3.8'\nservices:\n  db:\n    image: pg:1\n    volumes: [{mounts}]\n    deploy:\n      labels:\n        backupbot.backup: 'true'\n{labels}volumes:\n  data:\n  spare:\n"
        );
        let compose = Compose::parse("compose.yml", &text).unwrap();
        claims(&compose, &defined_services(&compose))
    }

    #[test]
    fn a_volume_that_nothing_writes_to_is_not_claimed() {
        assert_eq!(claimed("", "'data:/var/lib/pg'").volumes, ["data"]);
        assert_eq!(claimed("", "'data:/var/lib/pg:ro'").volumes, Vec::<String>::new());
    }

    #[test]
    fn a_first_generation_path_below_a_mount_narrows_its_volume() {
        let label = "        backupbot.backup.path: /var/lib/pg/dumps/backup.sql\n";
        let narrowed = claimed(label, "'data:/var/lib/pg'");
        assert_eq!(narrowed.paths, [("data".to_owned(), "dumps/backup.sql".to_owned())]);
        assert!(narrowed.volumes.is_empty());
        let whole = claimed("        backupbot.backup.path: /var/lib/pg\n", "'data:/var/lib/pg'");
        assert_eq!((whole.volumes.len(), whole.paths.len()), (1, 0));
    }

    #[test]
    fn what_ends_by_itself_or_asks_for_nothing_does_not_stay() {
        let stays = |deploy: &str| {
            let text = format!(
                "version: '3.8'\nservices:\n  app:\n    image: x:1\n    deploy:\n      {deploy}\n"
            );
            defined_services(&Compose::parse("compose.yml", &text).unwrap())[0].stays
        };
        assert!(stays("replicas: 2"));
        assert!(stays("restart_policy: {condition: any}"));
        assert!(!stays("replicas: 0"));
        assert!(!stays("restart_policy: {condition: none}"));
        assert!(stays("restart_policy: {condition: on-failure}"));
    }

    #[test]
    fn only_volumes_that_can_be_written_to_are_told_to_checks() {
        let text = "version: '3.8'\nservices:\n  app:\n    image: x:1\n    volumes: ['data:/data', 'conf:/etc/app:ro', '/srv:/srv']\nvolumes:\n  data:\n  conf:\n";
        let defined = defined_services(&Compose::parse("compose.yml", text).unwrap());
        assert_eq!(defined[0].volumes, [("data".to_owned(), "/data".to_owned())]);
    }

    #[test]
    fn services_with_hooks_are_named_once() {
        let service = |name: &str, hook: &str| {
            format!(
                "  {name}:\n    image: x:1\n    deploy:\n      labels:\n        backupbot.backup: 'true'\n{hook}"
            )
        };
        let both =
            "        backupbot.backup.pre-hook: dump\n        backupbot.backup.post-hook: clean\n";
        let text = format!(
            "version: '3.8'\nservices:\n{}{}{}",
            service("web", both),
            service("db", both),
            service("plain", "")
        );
        let services = hooked(&Compose::parse("compose.yml", &text).unwrap());
        assert_eq!(services.iter().map(ServiceName::as_str).collect::<Vec<_>>(), ["db", "web"]);
    }
}
