//! The programs that a browser page takes, and where they are on this machine. Main type: [`Programs`].

use camino::{Utf8Path, Utf8PathBuf};

use crate::process::BaseEnv;

/// The programs, each with the Debian package that it is in.
const PROGRAMS: [(&str, &str); 3] =
    [("chromium", "chromium"), ("chromedriver", "chromium-driver"), ("certutil", "libnss3-tools")];

/// The Debian packages that bring them.
pub const PACKAGES: [&str; 3] = [PROGRAMS[0].1, PROGRAMS[1].1, PROGRAMS[2].1];

/// Where the programs are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    /// The browser.
    pub chromium: Utf8PathBuf,
    /// What drives it.
    pub chromedriver: Utf8PathBuf,
    /// What makes its database of certificates.
    pub certutil: Utf8PathBuf,
}

impl Programs {
    /// Looks for them in the environment's `PATH`.
    ///
    /// # Errors
    /// One is missing: its name.
    pub fn find(base: &BaseEnv) -> Result<Self, &'static str> {
        let folders = base.get("PATH").unwrap_or("/usr/bin:/bin");
        let find = |(program, _): (&'static str, &str)| {
            let mut paths = folders.split(':').map(|dir| Utf8Path::new(dir).join(program));
            paths.find(|path| path.is_file()).ok_or(program)
        };
        let [chromium, chromedriver, certutil] = PROGRAMS;
        Ok(Self {
            chromium: find(chromium)?,
            chromedriver: find(chromedriver)?,
            certutil: find(certutil)?,
        })
    }
}

/// Returns how the programs are installed, as one types it on Debian.
pub fn how_to_install() -> String {
    format!("apt-get install {}", PACKAGES.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let guard = tempfile::tempdir().unwrap();
        let base = BaseEnv::default().with("PATH", guard.path());
        assert_eq!(Programs::find(&base), Err("chromium"));
        for program in ["chromium", "certutil"] {
            std::fs::write(guard.path().join(program), "").unwrap();
        }
        assert_eq!(Programs::find(&base), Err("chromedriver"));
        std::fs::write(guard.path().join("chromedriver"), "").unwrap();
        let found = Programs::find(&base).unwrap();
        assert_eq!(found.certutil.as_std_path(), guard.path().join("certutil"));
        assert_eq!(how_to_install(), "apt-get install chromium chromium-driver libnss3-tools");
    }
}
