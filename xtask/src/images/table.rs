//! Every image: its tag, what it is made from, in the order of building. The one place for versions.

/// An image and how it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Image {
    /// Its name and tag.
    pub(super) tag: &'static str,
    /// The folder below `harness-local/images` with its Dockerfile; none for the base.
    pub(super) folder: Option<&'static str>,
    /// The image that it is built on.
    pub(super) parent: Option<&'static str>,
    /// What is put into it.
    pub(super) source: Source,
}

/// What is put into an image beside its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A minimal Debian of this suite.
    Debian { suite: &'static str },
    /// Debian packages: the folder's Dockerfile with these arguments.
    Packages { args: &'static [(&'static str, &'static str)] },
    /// Node from the npm registry.
    Node,
    /// Ghost from the npm registry.
    Ghost { version: &'static str },
    /// Synapse from the Python package index.
    Synapse { version: &'static str },
    /// Gitea from its Go module.
    Gitea { version: &'static str },
    /// Drone from its Go module.
    Drone { version: &'static str },
    /// Keycloak from Maven Central.
    Keycloak { version: &'static str },
    /// A program from the crates registry, linked statically.
    Crate { name: &'static str, version: &'static str },
    /// A program of harness-local.
    Program { name: &'static str },
}

/// The version of Node, for Ghost: both of its releases accept it.
pub(super) const NODE: &str = "22.23.3";

/// What installs Ghost's dependencies by the lock file that it ships.
pub(super) const PNPM: &str = "12.4.2";

/// The interpreter of the base image, whose wheels are taken.
pub(super) const PYTHON: &str = "3.11";

/// Synapse's driver for PostgreSQL.
pub(super) const PSYCOPG: &str = "2.9.13";

const BASE: &str = "cc-ci/base:bookworm";

/// All images, parents first, those that most tests need first.
pub(super) const IMAGES: &[Image] = &[
    Image { tag: BASE, folder: None, parent: None, source: Source::Debian { suite: "bookworm" } },
    Image {
        tag: "cc-ci/router:local",
        folder: Some("router"),
        parent: Some(BASE),
        source: Source::Program { name: "cc-ci-router" },
    },
    nginx("nginx:1.22.1", &[("SUITE", "bookworm"), ("VERSION", "1.22.1")]),
    nginx("nginx:1.26.3", &[("SUITE", "trixie"), ("VERSION", "1.26.3")]),
    Image {
        tag: "cc-ci/backupbot:local",
        folder: Some("backupbot"),
        parent: Some(BASE),
        source: Source::Program { name: "cc-ci-backup" },
    },
    Image {
        tag: "mariadb:10.11.18",
        folder: Some("mariadb"),
        parent: Some(BASE),
        source: Source::Packages { args: &[("VERSION", "10.11.18")] },
    },
    Image { tag: "cc-ci/node:22", folder: Some("node"), parent: Some(BASE), source: Source::Node },
    ghost("ghost:6.44.1", "6.44.1"),
    ghost("ghost:6.65.0", "6.65.0"),
    Image {
        tag: "postgres:15.18",
        folder: Some("postgres"),
        parent: Some(BASE),
        source: Source::Packages { args: &[("VERSION", "15.18")] },
    },
    synapse("matrixdotorg/synapse:v1.149.1", "1.149.1"),
    synapse("matrixdotorg/synapse:v1.163.2", "1.163.2"),
    Image {
        tag: "joseluisq/static-web-server:2.44.1",
        folder: Some("static-web-server"),
        parent: None,
        source: Source::Crate { name: "static-web-server", version: "2.44.1" },
    },
    gitea("gitea/gitea:1.25.5-rootless", "1.25.5"),
    gitea("gitea/gitea:1.26.0-rootless", "1.26.0"),
    drone("drone/drone:1.9.2", "1.9.2"),
    drone("drone/drone:1.10.1", "1.10.1"),
    keycloak("keycloak/keycloak:26.5.6", "26.5.6"),
    keycloak("keycloak/keycloak:26.7.3", "26.7.3"),
    oidc_page("cc-ci/oidc-page:2.4.12.3", &[("SUITE", "bookworm"), ("VERSION", "2.4.12.3")]),
    oidc_page("cc-ci/oidc-page:2.4.17", &[("SUITE", "trixie"), ("VERSION", "2.4.17")]),
    mumble("mumblevoip/mumble-server:v1.3.4-0", &[("SUITE", "bookworm"), ("VERSION", "1.3.4")]),
    mumble("mumblevoip/mumble-server:v1.5.735-0", &[("SUITE", "trixie"), ("VERSION", "1.5.735")]),
    Image {
        tag: "cc-ci/mumble-web:1",
        folder: Some("mumble-web"),
        parent: Some("nginx:1.22.1"),
        source: Source::Packages { args: &[] },
    },
];

const fn nginx(tag: &'static str, args: &'static [(&'static str, &'static str)]) -> Image {
    Image { tag, folder: Some("nginx"), parent: Some(BASE), source: Source::Packages { args } }
}

const fn oidc_page(tag: &'static str, args: &'static [(&'static str, &'static str)]) -> Image {
    Image { tag, folder: Some("oidc-page"), parent: Some(BASE), source: Source::Packages { args } }
}

const fn mumble(tag: &'static str, args: &'static [(&'static str, &'static str)]) -> Image {
    Image { tag, folder: Some("mumble"), parent: Some(BASE), source: Source::Packages { args } }
}

const fn ghost(tag: &'static str, version: &'static str) -> Image {
    Image {
        tag,
        folder: Some("ghost"),
        parent: Some("cc-ci/node:22"),
        source: Source::Ghost { version },
    }
}

const fn synapse(tag: &'static str, version: &'static str) -> Image {
    Image { tag, folder: Some("synapse"), parent: Some(BASE), source: Source::Synapse { version } }
}

const fn gitea(tag: &'static str, version: &'static str) -> Image {
    Image { tag, folder: Some("gitea"), parent: Some(BASE), source: Source::Gitea { version } }
}

const fn drone(tag: &'static str, version: &'static str) -> Image {
    Image { tag, folder: Some("drone"), parent: Some(BASE), source: Source::Drone { version } }
}

const fn keycloak(tag: &'static str, version: &'static str) -> Image {
    let source = Source::Keycloak { version };
    Image { tag, folder: Some("keycloak"), parent: Some(BASE), source }
}

impl Source {
    /// Returns whether it is built only where it is named: it takes a toolchain that not every machine has.
    const fn is_by_name_only(self) -> bool {
        match self {
            Self::Gitea { .. } | Self::Drone { .. } | Self::Keycloak { .. } => true,
            Self::Debian { .. }
            | Self::Packages { .. }
            | Self::Node
            | Self::Ghost { .. }
            | Self::Synapse { .. }
            | Self::Crate { .. }
            | Self::Program { .. } => false,
        }
    }
}

/// Returns the named images with all that they are built on, in the order of building. No name means all but those that
/// are built by name only.
///
/// # Errors
/// A name is no image's; it is the error.
pub(super) fn select(names: &[String]) -> Result<Vec<Image>, String> {
    let is_named = |image: &Image, name: &str| {
        let (repository, _) = image.tag.split_once(':').unwrap_or((image.tag, ""));
        let last = repository.rsplit('/').next();
        image.tag == name || repository == name || last == Some(name)
    };
    if let Some(unknown) = names.iter().find(|n| !IMAGES.iter().any(|i| is_named(i, n))) {
        return Err(unknown.clone());
    }
    let mut wanted: Vec<&str> = Vec::new();
    for image in IMAGES.iter().rev() {
        let asked_for = if names.is_empty() {
            !image.source.is_by_name_only()
        } else {
            names.iter().any(|n| is_named(image, n))
        };
        if asked_for || wanted.contains(&image.tag) {
            wanted.push(image.tag);
            wanted.extend(image.parent);
        }
    }
    Ok(IMAGES.iter().filter(|i| wanted.contains(&i.tag)).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(names: &[&str]) -> Vec<&'static str> {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        select(&names).unwrap().iter().map(|i| i.tag).collect()
    }

    #[test]
    fn parents_come_before_their_children() {
        for (i, image) in IMAGES.iter().enumerate() {
            let before =
                image.parent.is_none_or(|p| IMAGES[..i].iter().any(|other| other.tag == p));
            assert!(before, "{} before its parent", image.tag);
        }
    }

    #[test]
    fn a_selection_brings_what_it_is_built_on() {
        assert_eq!(selected(&["ghost:6.65.0"]), [BASE, "cc-ci/node:22", "ghost:6.65.0"]);
        assert_eq!(selected(&["nginx"]), [BASE, "nginx:1.22.1", "nginx:1.26.3"]);
        let tiny = ["joseluisq/static-web-server:2.44.1"];
        assert_eq!(selected(&["static-web-server"]), tiny);
        let apart =
            |tag: &str| ["gitea/", "drone/", "keycloak/"].iter().any(|p| tag.starts_with(p));
        let all: Vec<_> = IMAGES.iter().map(|i| i.tag).filter(|tag| !apart(tag)).collect();
        assert_eq!((selected(&[]), all.len()), (all, IMAGES.len() - 6));
        let gitea = [BASE, "gitea/gitea:1.25.5-rootless", "gitea/gitea:1.26.0-rootless"];
        assert_eq!(selected(&["gitea/gitea"]), gitea);
        assert_eq!(selected(&["drone"]), [BASE, "drone/drone:1.9.2", "drone/drone:1.10.1"]);
        assert_eq!(selected(&["keycloak/keycloak:26.7.3"]), [BASE, "keycloak/keycloak:26.7.3"]);
        assert_eq!(select(&["ngnix".to_owned()]), Err("ngnix".to_owned()));
    }
}
