//! Files that are laid over a recipe's checkout so that it runs on this host. Main type: [`Overlays`].

use std::fmt::Write as _;

use camino::Utf8Path;
use harness_core::recipe::{Compose, ComposeError, EnvFile};
use thiserror::Error;

/// The overlay that the host's quirks make necessary.
pub const HOST_OVERLAY: &str = "compose.ccci-host.yml";

/// The overlay of the recipe's suite.
pub const SUITE_OVERLAY: &str = "compose.ccci.yml";

/// Overlays for one revision, by file name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlays {
    files: Vec<(&'static str, String)>,
}

/// An overlay is not to be used.
#[derive(Debug, Error)]
pub enum OverlayError {
    /// It is no compose file.
    #[error("the suite's overlay cannot be read")]
    Broken(#[from] ComposeError),
    /// It names an image: what is tested would no longer be the recipe.
    #[error(
        "the suite's {SUITE_OVERLAY} pins an image for service `{service}`: an overlay must not change what is tested, so take the line out"
    )]
    PinsImage {
        /// The service.
        service: String,
    },
}

/// Checks that a suite's overlay changes the surroundings and not what is tested.
///
/// # Errors
/// It cannot be read, or it names an image.
pub fn check_suite_overlay(text: &str) -> Result<(), OverlayError> {
    let compose = Compose::parse(SUITE_OVERLAY, text)?;
    match compose.services.iter().find(|s| s.image.is_some()) {
        Some(service) => Err(OverlayError::PinsImage { service: service.name.to_string() }),
        None => Ok(()),
    }
}

impl Overlays {
    /// Returns what a revision needs on this host: the suite's overlay, and one that keeps services off virtual
    /// addresses where those do not work.
    pub fn for_revision(compose: &Compose, suite: Option<&str>, lacks_ipvs: bool) -> Self {
        let version = compose.version.as_deref();
        let mut files = Vec::new();
        if let Some(text) = suite {
            files.push((SUITE_OVERLAY, with_version(text, version)));
        }
        if let Some(text) = lacks_ipvs.then(|| host_overlay(compose)).flatten() {
            files.push((HOST_OVERLAY, with_version(&text, version)));
        }
        Self { files }
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Writes the files into the checkout.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn lay(&self, checkout: &Utf8Path) -> std::io::Result<()> {
        self.files.iter().try_for_each(|(name, text)| std::fs::write(checkout.join(name), text))
    }

    /// Takes all of our overlays out of a checkout. A recipe's own file of such a name comes back with the next
    /// checkout.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn strip(checkout: &Utf8Path) -> std::io::Result<()> {
        for name in [SUITE_OVERLAY, HOST_OVERLAY] {
            match std::fs::remove_file(checkout.join(name)) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Names the files at the end of the env file's `COMPOSE_FILE`, and no longer those that are not wanted.
    pub fn name_in(&self, env: &mut EnvFile) {
        let before = env.compose_files();
        let ours = |file: &&String| file.as_str() != SUITE_OVERLAY && file.as_str() != HOST_OVERLAY;
        let mut wanted: Vec<String> = before.iter().filter(ours).cloned().collect();
        wanted.extend(self.files.iter().map(|(name, _)| (*name).to_owned()));
        if wanted != before {
            env.set("COMPOSE_FILE", &wanted.join(":"));
        }
    }
}

/// Returns an overlay that sets `endpoint_mode: dnsrr` on every service that has no mode of its own and publishes no
/// port through the ingress network, which needs a virtual address.
fn host_overlay(compose: &Compose) -> Option<String> {
    let fits = compose
        .services
        .iter()
        .filter(|s| s.endpoint_mode.is_none() && s.ports.iter().all(|p| p.mode == "host"));
    let mut text = String::from("services:\n");
    let mut any = false;
    for service in fits {
        any = true;
        let name = &service.name;
        writeln!(text, "  {name}:\n    deploy:\n      endpoint_mode: dnsrr")
            .expect("writing to a string does not fail");
    }
    any.then_some(text)
}

/// Returns the overlay with the recipe's own compose version: Docker refuses files whose versions differ.
fn with_version(text: &str, version: Option<&str>) -> String {
    let rest = text.lines().filter(|l| !l.starts_with("version:"));
    let body = rest.flat_map(|l| [l, "\n"]).collect::<String>();
    match version {
        Some(version) => format!("version: \"{version}\"\n{body}"),
        None => body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: &str = "version: \"3.8\"\nservices:\n  app:\n    image: nginx:1.22.1\n  mail:\n    image: x:1\n    ports: [\"25:25\"]\n  turn:\n    image: x:1\n    ports: [{target: 1, published: 1, mode: host}]\n  vip:\n    image: x:1\n    deploy: {endpoint_mode: vip}\n";

    fn recipe() -> Compose {
        Compose::parse("compose.yml", RECIPE).unwrap()
    }

    #[test]
    fn only_services_that_can_do_without_a_virtual_address_lose_it() {
        let text = host_overlay(&recipe()).unwrap();
        let overlay = Compose::parse(HOST_OVERLAY, &text).unwrap();
        let names: Vec<_> = overlay.services.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["app", "turn"]);
        assert!(overlay.services.iter().all(|s| s.endpoint_mode.as_deref() == Some("dnsrr")));
    }

    #[test]
    fn an_overlay_takes_the_recipes_compose_version() {
        let suite = "version: '3.3'\nservices:\n  app:\n    environment: [A=1]\n";
        let overlays = Overlays::for_revision(&recipe(), Some(suite), true);
        for (name, text) in &overlays.files {
            assert_eq!(Compose::parse(name, text).unwrap().version.as_deref(), Some("3.8"));
        }
        assert_eq!(overlays.files.len(), 2);
        assert!(Overlays::for_revision(&recipe(), None, false).is_empty());
    }

    #[test]
    fn the_env_file_names_our_overlays_once_and_only_while_they_are_there() {
        let both = Overlays::for_revision(&recipe(), Some("services: {}\n"), true);
        let mut env = EnvFile::parse(
            "COMPOSE_FILE=compose.yml\nCOMPOSE_FILE=\"$COMPOSE_FILE:compose.pg.yml\"\n",
        );
        both.name_in(&mut env);
        both.name_in(&mut env);
        let wanted = ["compose.yml", "compose.pg.yml", SUITE_OVERLAY, HOST_OVERLAY];
        assert_eq!(env.compose_files(), wanted);
        Overlays::default().name_in(&mut env);
        assert_eq!(env.compose_files(), ["compose.yml", "compose.pg.yml"]);
    }

    #[test]
    fn an_env_file_without_the_line_stays_as_it_is_until_there_is_an_overlay() {
        let mut env = EnvFile::parse("DOMAIN=a.b\n");
        Overlays::default().name_in(&mut env);
        assert_eq!(env.to_string(), "DOMAIN=a.b\n");
        Overlays::for_revision(&recipe(), None, true).name_in(&mut env);
        assert_eq!(env.compose_files(), ["compose.yml", HOST_OVERLAY]);
    }

    #[test]
    fn an_image_pin_is_refused() {
        let error = check_suite_overlay("services:\n  app:\n    image: nginx:1\n").unwrap_err();
        assert!(error.to_string().contains("`app`"), "{error}");
        check_suite_overlay("services:\n  app:\n    environment: [A=1]\n").unwrap();
    }

    #[test]
    fn stripping_takes_away_what_was_laid() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        Overlays::for_revision(&recipe(), Some("services: {}\n"), true).lay(dir).unwrap();
        assert!(dir.join(SUITE_OVERLAY).exists() && dir.join(HOST_OVERLAY).exists());
        Overlays::strip(dir).unwrap();
        Overlays::strip(dir).unwrap();
        assert!(!dir.join(SUITE_OVERLAY).exists() && !dir.join(HOST_OVERLAY).exists());
    }
}
