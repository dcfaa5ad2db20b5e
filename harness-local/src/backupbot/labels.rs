//! What the labels of a stack's services ask for. Pure; main function: [`plan`].

use std::collections::BTreeMap;

use crate::engine::{ServiceFacts, VolumeFacts};

const ENABLED: &str = "backupbot.backup";

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before a backup.
    BackupPre,
    /// After a backup.
    BackupPost,
    /// Before a restore.
    RestorePre,
    /// After a restore.
    RestorePost,
}

impl Moment {
    /// Returns the label that holds such a hook.
    pub const fn label(self) -> &'static str {
        match self {
            Self::BackupPre => "backupbot.backup.pre-hook",
            Self::BackupPost => "backupbot.backup.post-hook",
            Self::RestorePre => "backupbot.restore.pre-hook",
            Self::RestorePost => "backupbot.restore.post-hook",
        }
    }

    /// Returns whether it belongs to a restore.
    pub const fn is_restore(self) -> bool {
        matches!(self, Self::RestorePre | Self::RestorePost)
    }

    const ALL: [Self; 4] = [Self::BackupPre, Self::BackupPost, Self::RestorePre, Self::RestorePost];
}

/// A command that a label wants to run in a service's container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedHook {
    /// The service's full name.
    pub service: String,
    /// When it runs.
    pub moment: Moment,
    /// The command, for bash.
    pub command: String,
}

/// What is backed up of a stack, and which hooks run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Whether any service turns backups on.
    pub enabled: bool,
    /// Paths on the host, sorted, each once.
    pub paths: Vec<String>,
    /// Hooks in the order of services.
    pub hooks: Vec<PlannedHook>,
    /// Paths of first-generation labels that lie in no volume and so cannot be reached.
    pub out_of_reach: Vec<String>,
}

impl Plan {
    /// Returns the hooks of a moment.
    pub fn hooks_at(&self, moment: Moment) -> impl Iterator<Item = &PlannedHook> {
        self.hooks.iter().filter(move |hook| hook.moment == moment)
    }
}

/// Reads the labels of all services of a stack: whole volumes, unless a label leaves one out or names paths in it.
/// Any non-empty value turns backups on, `"false"` too, as with the real bot.
pub fn plan(stack: &str, services: &[ServiceFacts], volumes: &[VolumeFacts]) -> Plan {
    let enabled =
        services.iter().any(|s| s.labels.get(ENABLED).is_some_and(|value| !value.is_empty()));
    let mut wanted: BTreeMap<&str, Option<Vec<String>>> =
        volumes.iter().map(|v| (v.name.as_str(), None)).collect();
    for (key, value) in services.iter().flat_map(|service| &service.labels) {
        let Some(rest) = key.strip_prefix("backupbot.backup.volumes.") else { continue };
        match rest.strip_suffix(".path") {
            Some(volume) => {
                if let Some(Some(paths)) =
                    wanted.get_mut(format!("{stack}_{volume}").as_str()).map(restricted)
                {
                    // An empty one is the volume's root.
                    paths.extend(value.split(',').map(|path| path.trim().to_owned()));
                }
            }
            None if value == "false" => drop(wanted.remove(format!("{stack}_{rest}").as_str())),
            None => {}
        }
    }
    let mut out_of_reach = Vec::new();
    for service in services {
        for path in
            service.labels.get("backupbot.backup.path").iter().flat_map(|value| split(value))
        {
            match in_volume(service, &path)
                .and_then(|(volume, rest)| Some((wanted.get_mut(volume)?, rest)))
            {
                Some((paths, rest)) => {
                    restricted(paths).into_iter().for_each(|paths| paths.push(rest.clone()));
                }
                None => out_of_reach.push(path),
            }
        }
    }
    let root =
        |name: &str| volumes.iter().find(|v| v.name == name).map_or("", |v| v.mountpoint.as_str());
    let mut paths: Vec<String> = wanted
        .iter()
        .flat_map(|(volume, paths)| match paths {
            None => vec![root(volume).to_owned()],
            Some(paths) => paths.iter().map(|path| joined(root(volume), path)).collect(),
        })
        .collect();
    paths.sort();
    paths.dedup();
    let hooks = services.iter().flat_map(hooks_of).collect();
    Plan { enabled, paths, hooks, out_of_reach }
}

/// Turns "the whole volume" into a list of paths to add to.
fn restricted(paths: &mut Option<Vec<String>>) -> Option<&mut Vec<String>> {
    paths.get_or_insert_with(Vec::new);
    paths.as_mut()
}

fn split(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

/// Joins without letting a label lead out of the volume.
fn joined(root: &str, path: &str) -> String {
    let inside: Vec<&str> =
        path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    if inside.is_empty() { root.to_owned() } else { format!("{root}/{}", inside.join("/")) }
}

/// Returns the volume that a path in a container lies in, and the path in that volume.
fn in_volume<'a>(service: &'a ServiceFacts, path: &str) -> Option<(&'a str, String)> {
    let path = path.trim_end_matches('/');
    let below = |target: &str| {
        let rest = path.strip_prefix(target.trim_end_matches('/'))?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/').to_owned())
    };
    let mounts = service.mounts.iter().filter(|mount| mount.is_volume);
    let found = mounts.filter_map(|mount| Some((mount, below(&mount.target)?)));
    found
        .max_by_key(|(mount, _)| mount.target.len())
        .map(|(mount, rest)| (mount.source.as_str(), rest))
}

fn hooks_of(service: &ServiceFacts) -> Vec<PlannedHook> {
    let hook = |moment: Moment| {
        let command =
            service.labels.get(moment.label()).filter(|command| !command.is_empty())?.clone();
        Some(PlannedHook { service: service.name.clone(), moment, command })
    };
    Moment::ALL.into_iter().filter_map(hook).collect()
}

#[cfg(test)]
mod tests {
    use harness_core::recipe::{Compose, Service};
    use harness_core::store::Coverage;
    use rstest::rstest;

    use super::*;
    use crate::engine::MountFacts;

    fn service(name: &str, labels: &[(&str, &str)]) -> ServiceFacts {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let mounts = vec![MountFacts {
            source: "s_content".into(),
            target: "/usr/share/nginx/html".into(),
            is_volume: true,
        }];
        ServiceFacts { name: format!("s_{name}"), labels, mounts, ..ServiceFacts::default() }
    }

    fn planned(labels: &[(&str, &str)]) -> Plan {
        let volume = |name: &str| VolumeFacts {
            name: format!("s_{name}"),
            mountpoint: format!("/v/s_{name}/_data"),
        };
        plan("s", &[service("app", labels)], &[volume("content"), volume("mysql")])
    }

    /// What the bot takes of volume `data`, as the rule of compose files says it.
    fn taken(compose: &Compose) -> Coverage {
        let label = |s: &Service| s.labels.iter().cloned().collect();
        let mounts = |s: &Service| {
            let named = s.mounts.iter().filter_map(|m| Some((m.volume.clone()?, m.target.clone())));
            let of = |(volume, target)| MountFacts {
                source: format!("s_{volume}"),
                target,
                is_volume: true,
            };
            named.map(of).collect()
        };
        let services: Vec<_> = compose
            .services
            .iter()
            .map(|s| ServiceFacts {
                name: format!("s_{}", s.name),
                labels: label(s),
                mounts: mounts(s),
                ..ServiceFacts::default()
            })
            .collect();
        let own = compose.volumes.iter().filter(|v| !v.external);
        let volumes: Vec<_> = own
            .map(|v| VolumeFacts {
                name: format!("s_{}", v.key),
                mountpoint: format!("/v/{}", v.key),
            })
            .collect();
        let planned = plan("s", &services, &volumes);
        let of_data = planned.paths.iter().filter_map(|p| p.strip_prefix("/v/data"));
        let paths: Vec<_> = of_data.map(|p| p.trim_start_matches('/').to_owned()).collect();
        match paths.as_slice() {
            _ if !planned.enabled => Coverage::Nothing { reason: String::new() },
            [] => Coverage::Nothing { reason: String::new() },
            paths if paths.iter().any(String::is_empty) => Coverage::Whole,
            paths => Coverage::Paths { paths: paths.to_vec() },
        }
    }

    #[rstest]
    #[case("")]
    #[case("backupbot.backup.volumes.data: 'false'")]
    #[case("backupbot.backup.volumes.data: 'true'")]
    #[case("backupbot.backup.volumes.data.path: 'backup.sql'")]
    #[case("backupbot.backup.volumes.data.path: './a, b/, a'")]
    #[case("backupbot.backup.volumes.data.path: '/'")]
    #[case("backupbot.backup.volumes.data.path: ''")]
    #[case("backupbot.backup.volumes.spare.path: 'x'")]
    #[case("backupbot.backup.volumes.data: 'false', backupbot.backup.path: '/data/x'")]
    #[case("backupbot.backup.path: '/data/backup.sql'")]
    #[case("backupbot.backup.path: '/data/,/data/dump'")]
    #[case("backupbot.backup.path: '/srv/dump.sql'")]
    #[case("backupbot.backup.path: '/database/dump'")]
    #[case("backupbot.backup.path: '/data/inner/x'")]
    #[case("backupbot.backup.volumes.data.path: 'a', backupbot.backup.path: '/data/b'")]
    fn it_takes_what_the_rule_of_compose_files_says(#[case] labels: &str) {
        let of = |mounts: &str| {
            let text = format!(
                "services:\n  db:\n    image: x:1\n    volumes: [{mounts}]\n    deploy:\n      labels: {{backupbot.backup: 'true', {labels}}}\nvolumes: {{data: , spare: }}\n"
            );
            Compose::parse("compose.yml", &text).expect("a compose file")
        };
        for mounts in ["'data:/data'", "'data:/data', 'spare:/data/inner'"] {
            let compose = of(mounts);
            let (said, taken) = (compose.coverage("data"), taken(&compose));
            let is_nothing = |c: &Coverage| matches!(c, Coverage::Nothing { .. });
            let agree = said == taken || (is_nothing(&said) && is_nothing(&taken));
            assert!(agree, "{mounts}: the rule says {said:?}, the bot takes {taken:?}");
        }
    }

    #[test]
    fn all_volumes_unless_one_is_left_out() {
        assert_eq!(
            planned(&[("backupbot.backup", "true")]).paths,
            ["/v/s_content/_data", "/v/s_mysql/_data"]
        );
        let less =
            planned(&[("backupbot.backup", "true"), ("backupbot.backup.volumes.content", "false")]);
        assert_eq!(less.paths, ["/v/s_mysql/_data"]);
    }

    #[test]
    fn any_value_but_an_empty_one_turns_backups_on() {
        assert!(planned(&[("backupbot.backup", "true")]).enabled);
        assert!(planned(&[("backupbot.backup", "false")]).enabled);
        assert!(!planned(&[("backupbot.backup", "")]).enabled);
        assert!(!planned(&[]).enabled);
    }

    #[test]
    fn paths_restrict_a_volume_and_never_lead_out_of_it() {
        let plan = planned(&[
            ("backupbot.backup.volumes.mysql.path", "backup.sql.gz, /conf/../../etc"),
            ("backupbot.backup", "1"),
        ]);
        assert_eq!(
            plan.paths,
            ["/v/s_content/_data", "/v/s_mysql/_data/backup.sql.gz", "/v/s_mysql/_data/conf/etc"]
        );
    }

    #[test]
    fn a_label_about_an_unknown_volume_covers_nothing() {
        let plan =
            planned(&[("backupbot.backup.volumes.none.path", "x"), ("backupbot.backup", "1")]);
        assert_eq!(plan.paths.len(), 2);
    }

    #[test]
    fn a_path_of_the_first_generation_is_found_through_the_mounts() {
        let plan = planned(&[
            ("backupbot.backup", "true"),
            ("backupbot.backup.path", "/usr/share/nginx/html/sub,/etc/x"),
        ]);
        assert_eq!(plan.paths, ["/v/s_content/_data/sub", "/v/s_mysql/_data"]);
        assert_eq!(plan.out_of_reach, ["/etc/x"]);
        let whole = planned(&[
            ("backupbot.backup", "true"),
            ("backupbot.backup.path", "/usr/share/nginx/html/"),
        ]);
        assert_eq!(whole.paths[0], "/v/s_content/_data");
    }

    #[test]
    fn hooks_are_picked_by_their_moment() {
        let plan = planned(&[
            ("backupbot.backup.pre-hook", "/dump.sh"),
            ("backupbot.restore.post-hook", "/load.sh"),
            ("backupbot.backup.post-hook", ""),
        ]);
        let commands =
            |moment| plan.hooks_at(moment).map(|h| h.command.as_str()).collect::<Vec<_>>();
        assert_eq!(commands(Moment::BackupPre), ["/dump.sh"]);
        assert_eq!(commands(Moment::RestorePost), ["/load.sh"]);
        assert!(commands(Moment::BackupPost).is_empty() && commands(Moment::RestorePre).is_empty());
    }
}
