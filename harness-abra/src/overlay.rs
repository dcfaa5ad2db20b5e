//! Files that are laid over a recipe's checkout so that it runs on this host. Main type: [`Overlays`].

use std::fmt::Write as _;

use camino::Utf8Path;
use harness_core::recipe::{Compose, EnvFile};
use harness_core::suite::{OVERLAY, PREVIOUS_OVERLAY};

use crate::names::{AUTHORITIES, Names};

/// The overlay that the host's quirks make necessary.
pub const HOST_OVERLAY: &str = "compose.ccci-host.yml";

/// Every overlay of ours.
const OURS: [&str; 3] = [PREVIOUS_OVERLAY, OVERLAY, HOST_OVERLAY];

/// Overlays for one revision, by file name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlays {
    files: Vec<(&'static str, String)>,
    /// What the host's overlay makes a config from.
    beside: Option<String>,
}

impl Overlays {
    /// Returns what the suite lays over a revision, by name and in order. `recipe` is the revision itself.
    pub fn of_suite(laid: &[(&'static str, &str)], recipe: &Compose) -> Self {
        let version = recipe.version.as_deref();
        let files = laid.iter().map(|(name, text)| (*name, with_version(text, version)));
        Self { files: files.collect(), beside: None }
    }

    /// Returns the same with one that keeps services off virtual addresses, where there are none, and tells them the
    /// names of a local server. `compose` is the revision with all that is laid over it until here.
    #[must_use]
    pub(crate) fn with_host(
        mut self,
        compose: &Compose,
        lacks_ipvs: bool,
        names: Option<&Names>,
    ) -> Self {
        if let Some(text) = host_overlay(compose, lacks_ipvs, names) {
            self.files.push((HOST_OVERLAY, with_version(&text, compose.version.as_deref())));
            self.beside = names.map(|names| names.authorities.clone());
        }
        self
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
        if let Some(text) = &self.beside {
            std::fs::write(checkout.join(AUTHORITIES), text)?;
        }
        self.files.iter().try_for_each(|(name, text)| std::fs::write(checkout.join(name), text))
    }

    /// Takes all of our overlays out of a checkout. A recipe's own file of such a name comes back with the next
    /// checkout.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn strip(checkout: &Utf8Path) -> std::io::Result<()> {
        for name in OURS.into_iter().chain([AUTHORITIES]) {
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
        let theirs = |file: &&String| !OURS.contains(&file.as_str());
        let mut wanted: Vec<String> = before.iter().filter(theirs).cloned().collect();
        wanted.extend(self.files.iter().map(|(name, _)| (*name).to_owned()));
        if wanted != before {
            env.set("COMPOSE_FILE", &wanted.join(":"));
        }
    }
}

/// Returns an overlay that sets `endpoint_mode: dnsrr` on every service that has no mode of its own and publishes no
/// port through the ingress network, which needs a virtual address; and that tells the names of a local server to every
/// service from which they can be reached.
fn host_overlay(compose: &Compose, lacks_ipvs: bool, names: Option<&Names>) -> Option<String> {
    let mut text = String::from("services:\n");
    let (mut any, mut is_told) = (false, false);
    for service in &compose.services {
        let is_off = lacks_ipvs
            && service.endpoint_mode.is_none()
            && service.ports.iter().all(|p| p.mode == "host");
        let told = names.filter(|names| names.reaches(compose, service));
        if !is_off && told.is_none() {
            continue;
        }
        any = true;
        writeln!(text, "  {}:", service.name).expect("writing to a string does not fail");
        if is_off {
            text.push_str("    deploy:\n      endpoint_mode: dnsrr\n");
        }
        if let Some(names) = told {
            is_told = true;
            names.add_to(&mut text);
        }
    }
    if is_told {
        text.push_str(&Names::definitions());
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
    use harness_core::name::Domain;

    use super::*;
    use crate::engine::Router;

    const RECIPE: &str = "version: \"3.8\"\nservices:\n  app:\n    image: nginx:1.22.1\n  mail:\n    image: x:1\n    ports: [\"25:25\"]\n  turn:\n    image: x:1\n    ports: [{target: 1, published: 1, mode: host}]\n  vip:\n    image: x:1\n    deploy: {endpoint_mode: vip}\n";

    fn recipe() -> Compose {
        Compose::parse("compose.yml", RECIPE).unwrap()
    }

    #[test]
    fn only_services_that_can_do_without_a_virtual_address_lose_it() {
        let text = host_overlay(&recipe(), true, None).unwrap();
        let overlay = Compose::parse(HOST_OVERLAY, &text).unwrap();
        let names: Vec<_> = overlay.services.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["app", "turn"]);
        assert!(overlay.services.iter().all(|s| s.endpoint_mode.as_deref() == Some("dnsrr")));
    }

    #[test]
    fn services_on_the_routers_network_are_told_the_names_of_a_local_server() {
        let recipe = "services:\n  app:\n    image: a\n    networks: [proxy, internal]\n  db:\n    image: b\n    networks: [internal]\nnetworks:\n  proxy:\n    external: true\n  internal:\n";
        let recipe = Compose::parse("compose.yml", recipe).unwrap();
        let names = Names {
            router: Router { network: "proxy".to_owned(), address: "10.0.1.2".parse().unwrap() },
            domains: vec![Domain::try_from("keyc-123456.ccci.test".to_owned()).unwrap()],
            authorities: "A".to_owned(),
        };
        let text = host_overlay(&recipe, false, Some(&names)).unwrap();
        assert!(text.contains("- \"keyc-123456.ccci.test:10.0.1.2\""), "{text}");
        let overlay = Compose::parse(HOST_OVERLAY, &text).unwrap();
        let [app] = overlay.services.as_slice() else { panic!("{text}") };
        assert_eq!(app.configs, ["ccci_authorities"]);
        assert!(app.environment.iter().any(|(name, _)| name == "SSL_CERT_FILE"));
        assert_eq!(overlay.configs[0].file.as_deref(), Some(AUTHORITIES));
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        Overlays::default().with_host(&recipe, false, Some(&names)).lay(dir).unwrap();
        assert_eq!(std::fs::read_to_string(dir.join(AUTHORITIES)).unwrap(), "A");
        Overlays::strip(dir).unwrap();
        assert!(!dir.join(AUTHORITIES).exists());
        assert_eq!(host_overlay(&recipe, false, None), None);
    }

    fn both() -> Overlays {
        Overlays::of_suite(&[(OVERLAY, "services: {}\n")], &recipe()).with_host(
            &recipe(),
            true,
            None,
        )
    }

    #[test]
    fn an_overlay_takes_the_recipes_compose_version() {
        let suite = "version: '3.3'\nservices:\n  app:\n    environment: [A=1]\n";
        let laid = [(PREVIOUS_OVERLAY, suite), (OVERLAY, suite)];
        let overlays = Overlays::of_suite(&laid, &recipe()).with_host(&recipe(), true, None);
        for (name, text) in &overlays.files {
            assert_eq!(Compose::parse(name, text).unwrap().version.as_deref(), Some("3.8"));
        }
        assert_eq!(overlays.files.len(), 3);
        assert!(Overlays::of_suite(&[], &recipe()).is_empty());
    }

    #[test]
    fn the_env_file_names_our_overlays_once_and_only_while_they_are_there() {
        let laid = [(PREVIOUS_OVERLAY, "services: {}\n"), (OVERLAY, "services: {}\n")];
        let at_base = Overlays::of_suite(&laid, &recipe()).with_host(&recipe(), true, None);
        let mut env = EnvFile::parse(
            "COMPOSE_FILE=compose.yml\nCOMPOSE_FILE=\"$COMPOSE_FILE:compose.pg.yml\"\n",
        );
        at_base.name_in(&mut env);
        at_base.name_in(&mut env);
        let own = ["compose.yml", "compose.pg.yml"];
        assert_eq!(env.compose_files(), [&own[..], &OURS].concat());
        both().name_in(&mut env);
        assert_eq!(env.compose_files(), [&own[..], &[OVERLAY, HOST_OVERLAY]].concat());
        Overlays::default().name_in(&mut env);
        assert_eq!(env.compose_files(), own);
    }

    #[test]
    fn an_env_file_without_the_line_stays_as_it_is_until_there_is_an_overlay() {
        let mut env = EnvFile::parse("DOMAIN=a.b\n");
        Overlays::default().name_in(&mut env);
        assert_eq!(env.to_string(), "DOMAIN=a.b\n");
        Overlays::default().with_host(&recipe(), true, None).name_in(&mut env);
        assert_eq!(env.compose_files(), ["compose.yml", HOST_OVERLAY]);
    }

    #[test]
    fn stripping_takes_away_what_was_laid() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let laid = [(PREVIOUS_OVERLAY, "services: {}\n")];
        Overlays::of_suite(&laid, &recipe()).lay(dir).unwrap();
        both().lay(dir).unwrap();
        assert!(OURS.iter().all(|name| dir.join(name).exists()));
        Overlays::strip(dir).unwrap();
        Overlays::strip(dir).unwrap();
        assert!(OURS.iter().all(|name| !dir.join(name).exists()));
    }
}
