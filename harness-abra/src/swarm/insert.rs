//! Putting in the secrets that abra makes none of.

use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::cause::CauseClass;
use harness_core::name::Domain;
use harness_core::platform::{App, OpError};
use harness_core::secret::Secret;

use super::blame;
use super::connect::Swarm;

impl Swarm {
    /// Puts values in, each through a file that is there no longer than abra reads it.
    pub(super) async fn insert(
        &self,
        app: &App,
        given: &[(String, Secret)],
        limit: Duration,
    ) -> Result<(), OpError> {
        let op = blame::op("insert the secrets of", &app.domain);
        let env = self.dir.read_env(&app.domain).map_err(blame::files(&op))?;
        for (name, value) in given {
            let specs = env.secrets();
            let Some(spec) = specs.iter().find(|spec| spec.name == *name) else {
                let text = format!(
                    "the app's env file has no version of the secret `{name}`: expected a line `SECRET_{}_VERSION=v1`, or no `{name}` under `[secrets]`",
                    name.to_uppercase()
                );
                return Err(OpError::new(op, CauseClass::Suite, text));
            };
            self.known().secrets.push(value.clone());
            let file = Kept::write(&self.settings.run_dir.join("work"), &app.domain, value);
            let file = file.map_err(blame::io(&op))?;
            let key = (name.as_str(), spec.version.as_str());
            let inserted = self.abra.insert_secret(&app.domain, key, &file.0, limit).await;
            if let Err(error) = inserted {
                return Err(self.blame(op, error).await);
            }
        }
        Ok(())
    }
}

/// A file with a secret, which goes with this.
struct Kept(Utf8PathBuf);

impl Kept {
    fn write(folder: &Utf8Path, of: &Domain, value: &Secret) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("secret-of-{of}"));
        let mut file = std::fs::OpenOptions::new();
        let mut file = file.write(true).create_new(true).mode(0o600).open(&path)?;
        let kept = Self(path);
        file.write_all(value.expose().as_bytes())?;
        Ok(kept)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The run's own folder: a file that cannot be removed there is found by the search for secrets.
        drop(std::fs::remove_file(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_lies_in_a_file_of_its_own_for_as_long_as_it_is_needed() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(temp.path()).unwrap().join("work");
        let app = Domain::try_from("a.example".to_owned()).unwrap();
        for _ in 0..2 {
            let kept = Kept::write(&folder, &app, &Secret::new("hunter22")).unwrap();
            let mode = std::fs::metadata(&kept.0).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            assert_eq!(std::fs::read_to_string(&kept.0).unwrap(), "hunter22");
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    }
}
