//! What a recipe's labels say about backups, in both generations of labels.

use super::file::Compose;
use super::service::Service;
use crate::name::ServiceName;

const ENABLED: &str = "backupbot.backup";
pub(super) const V1_PATH: &str = "backupbot.backup.path";

/// What a stack's labels claim about its backups. A claim, not a proof.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupClaims {
    /// Whether some service turns backups on. Any text but `false` and nothing does.
    pub enabled: bool,
    /// The stack's own volumes, each with what the labels say about it.
    pub volumes: Vec<VolumeClaim>,
    /// The commands to run around backup and restore.
    pub hooks: Vec<Hook>,
    /// Container paths from the first generation of labels (`backupbot.backup.path`).
    pub v1_paths: Vec<String>,
}

/// What the labels say about one volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeClaim {
    /// The key of the volume.
    pub volume: String,
    /// Whether a backup takes anything of it.
    pub covered: bool,
    /// The only paths that a backup takes, relative to the volume's root; none means all.
    pub paths: Vec<String>,
}

/// A command that runs in a service's container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// The service.
    pub service: ServiceName,
    /// When it runs.
    pub when: HookMoment,
    /// The command.
    pub command: String,
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HookMoment {
    /// Before the volumes are backed up: dumps are made here.
    BeforeBackup,
    /// After they were backed up.
    AfterBackup,
    /// Before the volumes are restored.
    BeforeRestore,
    /// After they were restored: dumps are read back here.
    AfterRestore,
}

impl HookMoment {
    const ALL: [(Self, &'static str); 4] = [
        (Self::BeforeBackup, "backupbot.backup.pre-hook"),
        (Self::AfterBackup, "backupbot.backup.post-hook"),
        (Self::BeforeRestore, "backupbot.restore.pre-hook"),
        (Self::AfterRestore, "backupbot.restore.post-hook"),
    ];

    /// Returns the label that says the command.
    pub fn label(self) -> &'static str {
        Self::ALL.iter().find(|(moment, _)| *moment == self).map_or("", |(_, label)| label)
    }
}

impl Compose {
    /// Returns what the labels claim about backups.
    pub fn backup(&self) -> BackupClaims {
        let enabled = self
            .services
            .iter()
            .filter_map(|s| s.label(ENABLED))
            .any(|v| !v.is_empty() && v != "false");
        let hooks = self.services.iter().flat_map(hooks_of).collect();
        let v1_paths =
            self.services.iter().filter_map(|s| s.label(V1_PATH)).flat_map(list).collect();
        let own = self.volumes.iter().filter(|v| !v.external);
        let volumes = own.map(|v| self.claim(&v.key, enabled)).collect();
        BackupClaims { enabled, volumes, hooks, v1_paths }
    }

    fn claim(&self, volume: &str, enabled: bool) -> VolumeClaim {
        let label =
            |name: String| self.services.iter().find_map(|s| s.label(&name).map(str::to_owned));
        let left_out =
            label(format!("backupbot.backup.volumes.{volume}")).is_some_and(|v| v == "false");
        let paths = label(format!("backupbot.backup.volumes.{volume}.path"));
        VolumeClaim {
            volume: volume.to_owned(),
            covered: enabled && !left_out,
            paths: paths.iter().flat_map(|p| list(p)).collect(),
        }
    }
}

fn hooks_of(service: &Service) -> impl Iterator<Item = Hook> {
    HookMoment::ALL.iter().filter_map(|(when, label)| {
        let command = service.label(label)?.to_owned();
        Some(Hook { service: service.name.clone(), when: *when, command })
    })
}

fn list(text: &str) -> impl Iterator<Item = String> {
    text.split(',').map(str::trim).filter(|path| !path.is_empty()).map(str::to_owned)
}
