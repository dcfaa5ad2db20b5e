//! Which stand-in plays which image.

use std::sync::Arc;
use std::time::Duration;

use super::db::{DatabaseImage, Product, Redis};
use super::generic::Generic;
use super::nginx::Nginx;
use super::suites;
use crate::world::{Image, ImageSource, Library};

/// A stand-in that a suite brings.
#[derive(Clone, Copy, Debug)]
pub struct StandIn {
    /// The image that it plays, without a tag.
    pub image: &'static str,
    /// Makes the image of a tag, which may be empty.
    pub make: fn(&str) -> Arc<dyn Image>,
}

/// Returns what a suite brings for an image.
fn of_suite(name: &str) -> Option<StandIn> {
    let all = suites::all();
    #[cfg(test)]
    let all = [all, suites::fixture::all()].concat();
    all.into_iter().find(|s| s.image == name)
}

/// The stand-ins that there are.
#[derive(Clone, Copy, Debug, Default)]
pub struct StandIns;

impl Library for StandIns {
    fn image(&self, reference: &str) -> Arc<dyn Image> {
        let (name, tag) = split(reference);
        if let Some(own) = of_suite(name) {
            return (own.make)(tag.unwrap_or_default());
        }
        match name {
            "nginx" | "library/nginx" | "docker.io/library/nginx" => {
                Arc::new(Nginx::new(tag.unwrap_or("1")))
            }
            _ if ["redis", "valkey"].contains(&name.rsplit('/').next().unwrap_or_default()) => {
                Arc::new(Redis)
            }
            _ => match database(name) {
                Some(product) => Arc::new(DatabaseImage::new(product, tag.unwrap_or_default())),
                None => Arc::new(Generic),
            },
        }
    }
}

impl StandIns {
    /// Returns where an image comes from. A registry below `.invalid` is none (RFC 2606); an image with a stand-in of
    /// its own is there; any other is pulled.
    pub fn source(self, reference: &str) -> ImageSource {
        let registry = reference.split('/').next().unwrap_or_default();
        let host = registry.split(':').next().unwrap_or_default();
        if reference.contains('/') && (host == "invalid" || host.ends_with(".invalid")) {
            return ImageSource::Nowhere(format!(
                "Get \"https://{registry}/v2/\": dial tcp: lookup {host}: no such host"
            ));
        }
        match split(reference).0 {
            "nginx" => ImageSource::Present,
            _ => ImageSource::Registry(Duration::from_secs(1)),
        }
    }
}

/// Returns which database server an image is of, whoever made it.
fn database(name: &str) -> Option<Product> {
    match name.rsplit('/').next().unwrap_or_default() {
        "postgres" | "pgautoupgrade" | "pgvector" | "pgvecto-rs" => Some(Product::Postgres),
        "mysql" | "mysql-server" => Some(Product::MySql),
        "mariadb" => Some(Product::MariaDb),
        _ => None,
    }
}

/// Splits an image into its name and its tag.
fn split(reference: &str) -> (&str, Option<&str>) {
    let plain = reference.split('@').next().unwrap_or_default();
    let last = plain.rsplit('/').next().unwrap_or_default();
    match last.split_once(':') {
        Some((_, tag)) => (&plain[..plain.len() - tag.len() - 1], Some(tag)),
        None => (plain, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::play::Play;

    #[test]
    fn a_name_may_hold_a_port_and_a_digest() {
        assert_eq!(split("nginx:1.22.1"), ("nginx", Some("1.22.1")));
        assert_eq!(split("reg:5000/x/nginx"), ("reg:5000/x/nginx", None));
        assert_eq!(split("reg:5000/x:1@sha256:0"), ("reg:5000/x", Some("1")));
    }

    #[test]
    fn a_stand_in_in_a_suites_folder_is_found_by_its_place() {
        let mut play = Play::new().service("app", "fixture/echo:7", &[], &[]);
        play.up(3);
        assert_eq!(play.out("app", "curl -s http://127.0.0.1/a?b"), "7 /a?b");
    }

    #[test]
    fn an_invalid_registry_has_nothing() {
        assert!(matches!(StandIns.source("registry.invalid/a/b:1"), ImageSource::Nowhere(_)));
        assert_eq!(StandIns.source("nginx:1.22.1"), ImageSource::Present);
        assert!(matches!(StandIns.source("ghost:6"), ImageSource::Registry(_)));
    }
}
