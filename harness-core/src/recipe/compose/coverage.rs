//! What the backup labels take of a volume: the one rule, for both generations of labels. Main item:
//! [`Compose::coverage`].

use super::backup::V1_PATH;
use super::file::Compose;
use crate::store::Coverage;

impl Compose {
    /// Returns what the labels say that a backup takes of a volume of the stack.
    ///
    /// Labels hold for the whole stack, whichever service has them: each of its own volumes is taken whole unless
    /// `backupbot.backup.volumes.<volume>=false` leaves it out, or paths narrow it:
    /// `backupbot.backup.volumes.<volume>.path`, relative to the volume, and those of `backupbot.backup.path` that lie
    /// below its mount in the service with that label. A path that leads to the volume's root is the whole volume.
    pub fn coverage(&self, volume: &str) -> Coverage {
        let nothing = |reason: String| Coverage::Nothing { reason };
        let Some(definition) = self.volumes.iter().find(|v| v.key == volume) else {
            return nothing(format!("the stack has no volume `{volume}`"));
        };
        if definition.external {
            return nothing(format!("volume `{volume}` is external, not one of the stack's own"));
        }
        if !self.backup().enabled {
            return nothing("no label turns backups on".to_owned());
        }
        let label = format!("backupbot.backup.volumes.{volume}");
        let own = |name: &str| {
            let values = self.services.iter().filter_map(|s| s.label(name)).map(str::to_owned);
            values.collect::<Vec<_>>()
        };
        if own(&label).iter().any(|value| value == "false") {
            return nothing(format!("label `{label}=false` leaves it out"));
        }
        let mut narrowed = false;
        let mut paths = Vec::new();
        for value in own(&format!("{label}.path")) {
            narrowed = true;
            // An empty one is the volume's root.
            paths.extend(value.split(',').map(inside));
        }
        for path in self.first_generation(volume) {
            narrowed = true;
            paths.push(path);
        }
        if !narrowed || paths.iter().any(String::is_empty) {
            return Coverage::Whole;
        }
        let mut seen = std::collections::BTreeSet::new();
        paths.retain(|path| seen.insert(path.clone()));
        Coverage::Paths { paths }
    }

    /// Returns the paths of first-generation labels that lie in a volume, relative to its root. They name paths in the
    /// container: the innermost mount of that service counts.
    fn first_generation(&self, volume: &str) -> Vec<String> {
        let mut found = Vec::new();
        for service in &self.services {
            let label = service.label(V1_PATH).unwrap_or_default();
            for path in label.split(',').map(str::trim).filter(|p| !p.is_empty()) {
                let mounts = service.mounts.iter().filter(|m| m.volume.is_some());
                let below = mounts.filter_map(|m| Some((m, below(path, &m.target)?)));
                let nearest = below.max_by_key(|(m, _)| m.target.trim_end_matches('/').len());
                if let Some((mount, rest)) = nearest
                    && mount.volume.as_deref() == Some(volume)
                {
                    found.push(inside(rest));
                }
            }
        }
        found
    }
}

/// Returns what is left of a path below a folder; an empty text for the folder itself, none if it lies elsewhere.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let rest = path.trim_end_matches('/').strip_prefix(folder.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/'))
}

/// Returns a path in a volume without what leads nowhere or out of it.
fn inside(path: &str) -> String {
    let parts = path.trim().split('/').filter(|part| !matches!(*part, "" | "." | ".."));
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn of(labels: &str, mounts: &str) -> Coverage {
        let text = format!(
            "version: '3.8'\nservices:\n  db:\n    image: pg:1\n    volumes: [{mounts}]\n    deploy:\n      labels: {{{labels}}}\nvolumes:\n  data:\n  spare:\n  theirs: {{external: true}}\n"
        );
        Compose::parse("compose.yml", &text).expect("a compose file").coverage("data")
    }

    const ON: &str = "backupbot.backup: 'true'";

    fn paths(paths: &[&str]) -> Coverage {
        Coverage::Paths { paths: paths.iter().map(|p| (*p).to_owned()).collect() }
    }

    #[rstest]
    #[case::second("backupbot.backup.volumes.data.path: 'backup.sql'", paths(&["backup.sql"]))]
    #[case::several("backupbot.backup.volumes.data.path: './a, b/, a'", paths(&["a", "b"]))]
    #[case::root("backupbot.backup.volumes.data.path: '/'", Coverage::Whole)]
    #[case::empty("backupbot.backup.volumes.data.path: ''", Coverage::Whole)]
    #[case::other("backupbot.backup.volumes.spare.path: 'x'", Coverage::Whole)]
    #[case::first("backupbot.backup.path: '/data/backup.sql'", paths(&["backup.sql"]))]
    #[case::first_root("backupbot.backup.path: '/data/,/data/dump'", Coverage::Whole)]
    #[case::first_elsewhere("backupbot.backup.path: '/srv/dump.sql'", Coverage::Whole)]
    #[case::first_alike("backupbot.backup.path: '/database/dump'", Coverage::Whole)]
    #[case::both(
        "backupbot.backup.volumes.data.path: 'a', backupbot.backup.path: '/data/b'",
        paths(&["a", "b"])
    )]
    fn labels_of_both_generations_mean_the_same(#[case] labels: &str, #[case] coverage: Coverage) {
        assert_eq!(of(&format!("{ON}, {labels}"), "'data:/data'"), coverage);
    }

    #[test]
    fn a_volume_that_is_not_taken_says_why() {
        let reason = |coverage| match coverage {
            Coverage::Nothing { reason } => reason,
            Coverage::Whole | Coverage::Paths { .. } => String::new(),
        };
        let left_out =
            format!("{ON}, backupbot.backup.volumes.data: 'false', backupbot.backup.path: /data/x");
        assert!(reason(of(&left_out, "'data:/data'")).contains("volumes.data=false` leaves it"));
        assert!(reason(of("a: b", "'data:/data'")).contains("no label turns backups on"));
        let text = format!(
            "version: '3.8'\nservices:\n  db:\n    image: x:1\n    deploy:\n      labels: {{{ON}}}\nvolumes:\n  theirs: {{external: true}}\n"
        );
        let compose = Compose::parse("compose.yml", &text).unwrap();
        assert!(reason(compose.coverage("theirs")).contains("external"));
        assert!(reason(compose.coverage("none")).contains("no volume `none`"));
    }

    #[test]
    fn the_innermost_mount_counts() {
        let label = format!("{ON}, backupbot.backup.path: '/data/inner/x'");
        assert_eq!(of(&label, "'data:/data', 'spare:/data/inner'"), Coverage::Whole);
        assert_eq!(of(&label, "'spare:/data', 'data:/data/inner/'"), paths(&["x"]));
    }
}
