//! Backups and restores that lose something, on purpose. Main type: [`Spoiled`].

use super::fault::Trouble;

/// What a backup or a restore does that it should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoiled {
    /// Backup hooks end with an error.
    HookFails,
    /// Backup hooks do nothing.
    HookSilent,
    /// Files are in the backup with the first half of their content.
    Truncated,
    /// Files are in the backup without content.
    Empty,
    /// The first volume is not in the backup.
    VolumeMissed,
    /// Nothing comes back.
    NothingBack,
    /// Files come back with the first half of their content.
    HalfBack,
    /// Restore hooks end with an error.
    RestoreHookFails,
}

/// How a hook ends instead of being run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HookEnd {
    /// With an error.
    Error,
    /// As if all were well.
    Well,
}

/// A file of a backup: volume, path below its root, content.
pub(crate) type Kept = (String, String, Vec<u8>);

impl Trouble {
    /// Returns how a hook ends instead of being run; none: it is run.
    pub(crate) fn hook_end(&mut self, is_restore: bool) -> Option<HookEnd> {
        let ends = |spoiled: Spoiled| match spoiled {
            Spoiled::HookFails if !is_restore => Some(HookEnd::Error),
            Spoiled::HookSilent if !is_restore => Some(HookEnd::Well),
            Spoiled::RestoreHookFails if is_restore => Some(HookEnd::Error),
            Spoiled::HookFails
            | Spoiled::HookSilent
            | Spoiled::RestoreHookFails
            | Spoiled::Truncated
            | Spoiled::Empty
            | Spoiled::VolumeMissed
            | Spoiled::NothingBack
            | Spoiled::HalfBack => None,
        };
        let (id, end) = self.spoiled.iter().find_map(|(id, s)| Some((*id, ends(*s)?)))?;
        self.came_to_something(id);
        Some(end)
    }

    /// Takes from a backup what it is to lose.
    pub(crate) fn spoil_backup(&mut self, files: &mut Vec<Kept>) {
        for (id, spoiled) in self.spoiled.clone() {
            let before = files.clone();
            match spoiled {
                Spoiled::Truncated => halve(files),
                Spoiled::Empty => files.iter_mut().for_each(|(_, _, bytes)| bytes.clear()),
                Spoiled::VolumeMissed => {
                    let first = files.first().map(|(volume, ..)| volume.clone());
                    files.retain(|(volume, ..)| Some(volume) != first.as_ref());
                }
                Spoiled::HookFails
                | Spoiled::HookSilent
                | Spoiled::RestoreHookFails
                | Spoiled::NothingBack
                | Spoiled::HalfBack => {}
            }
            if *files != before {
                self.came_to_something(id);
            }
        }
    }

    /// Notes that a backup was made: what spoils so many of them spoils one fewer from now on.
    pub(crate) fn backup_made(&mut self) {
        for left in self.spoils.values_mut() {
            *left = left.saturating_sub(1);
        }
        let spoils = &self.spoils;
        self.spoiled.retain(|(id, _)| spoils.get(id) != Some(&0));
    }

    /// Takes from what is to come back what a restore is to lose.
    pub(crate) fn spoil_restore(&mut self, files: &mut Vec<Kept>) {
        for (id, spoiled) in self.spoiled.clone() {
            let before = files.clone();
            match spoiled {
                Spoiled::NothingBack => files.clear(),
                Spoiled::HalfBack => halve(files),
                Spoiled::HookFails
                | Spoiled::HookSilent
                | Spoiled::RestoreHookFails
                | Spoiled::Truncated
                | Spoiled::Empty
                | Spoiled::VolumeMissed => {}
            }
            if *files != before {
                self.came_to_something(id);
            }
        }
    }
}

fn halve(files: &mut [Kept]) {
    for (_, _, bytes) in files {
        bytes.truncate(bytes.len() / 2);
    }
}
