//! Plays Gitea over MariaDB or MySQL: people, tokens, issues and hooks are rows of its database, repositories and what is
//! attached are files of its volume. A repository is what git would read: loose objects and references.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::app::StandIn;
use crate::world::{EngineCall, Image, Inside, Io, Ran, Request, Response};

#[path = "stand_in/access.rs"]
mod access;
#[path = "stand_in/api.rs"]
mod api;
#[path = "stand_in/applications.rs"]
mod applications;
#[path = "stand_in/authorize.rs"]
mod authorize;
#[path = "stand_in/base64.rs"]
mod base64;
#[path = "stand_in/database.rs"]
mod database;
#[path = "git.rs"]
mod git;
#[cfg(test)]
#[path = "stand_in/git_tests.rs"]
mod git_tests;
#[path = "stand_in/hooks.rs"]
mod hooks;
#[path = "stand_in/issues.rs"]
mod issues;
#[path = "stand_in/landing.rs"]
mod landing;
#[path = "stand_in/oauth.rs"]
mod oauth;
#[path = "stand_in/pages.rs"]
mod pages;
#[path = "stand_in/people.rs"]
mod people;
#[path = "stand_in/program.rs"]
mod program;
#[cfg(test)]
#[path = "stand_in/provider_tests.rs"]
mod provider_tests;
#[path = "stand_in/pulls.rs"]
mod pulls;
#[path = "stand_in/repositories.rs"]
mod repositories;
#[path = "stand_in/schema.rs"]
mod schema;
#[path = "stand_in/smart.rs"]
mod smart;
#[path = "stand_in/store.rs"]
mod store;
#[cfg(test)]
#[path = "stand_in/tests.rs"]
mod tests;

/// Returns the images that this recipe brings.
pub(crate) fn stand_ins() -> Vec<StandIn> {
    let one = |image| StandIn { image, make: |tag| Arc::new(Gitea::new(tag)) };
    ["gitea/gitea", "docker.io/gitea/gitea"].map(one).to_vec()
}

/// Plays Gitea of one version.
#[derive(Clone, Debug)]
struct Gitea {
    version: String,
}

/// The port that it listens on.
const PORT: u16 = 3000;

/// How long it boots: with all tables to make, and as it is. Measured as 4 s with SQLite.
const FIRST: Duration = Duration::from_secs(6);
const LATER: Duration = Duration::from_secs(3);

/// How long one change of the tables takes.
const CHANGE: Duration = Duration::from_millis(80);

/// How long it waits for its database before it tries again.
const AGAIN: Duration = Duration::from_secs(3);

/// Where its files lie, and where its settings do.
const DATA: &str = "/var/lib/gitea";
const SETTINGS: &str = "/etc/gitea/app.ini";

impl Gitea {
    fn new(tag: &str) -> Self {
        let version = tag.split('-').next().unwrap_or_default();
        let version = if version.is_empty() { "1.26.0" } else { version };
        Self { version: version.to_owned() }
    }

    /// Returns what the environment sets, directly or by the file that it names.
    fn setting(inside: &Inside<'_>, section: &str, key: &str) -> Option<String> {
        let name = format!("GITEA__{section}__{key}");
        if let Some(value) = inside.env.get(&name) {
            return Some(value.clone());
        }
        let file = inside.env.get(&format!("{name}__FILE"))?;
        Some(String::from_utf8_lossy(inside.read(file)?).trim_end().to_owned())
    }

    /// Returns its own address, without a slash at the end.
    fn url(inside: &Inside<'_>) -> String {
        let url = Self::setting(inside, "server", "ROOT_URL").unwrap_or_default();
        url.trim_end_matches('/').to_owned()
    }

    fn name(inside: &Inside<'_>) -> String {
        let name = Self::setting(inside, "__", "APP_NAME").filter(|name| !name.is_empty());
        name.unwrap_or_else(|| "Gitea: Git with a cup of tea".to_owned())
    }
}

fn response(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Response {
    let headers = vec![
        ("content-type".to_owned(), kind.to_owned()),
        ("x-content-type-options".to_owned(), "nosniff".to_owned()),
    ];
    Response { status, headers, body: body.into() }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

impl Image for Gitea {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let template = b"; Where everything lies\nRUN_USER = git\nWORK_PATH = /var/lib/gitea\n";
        BTreeMap::from([("/etc/templates/app.ini".to_owned(), template.to_vec())])
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        let words = ["/usr/bin/dumb-init", "--", "/usr/local/bin/docker-entrypoint.sh"];
        (words.map(str::to_owned).to_vec(), Vec::new())
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        let program = argv.first().map(String::as_str).unwrap_or_default();
        let rest = argv.get(1..).unwrap_or_default();
        match program.rsplit('/').next().unwrap_or_default() {
            "dumb-init" => {
                let flags = rest.iter().take_while(|word| word.starts_with('-')).count();
                self.run(inside, &rest[flags..], io)
            }
            "docker-entrypoint.sh" => {
                self.write_settings(inside);
                let web = ["gitea".to_owned(), "web".to_owned()];
                self.run(inside, if rest.is_empty() { &web } else { rest }, io)
            }
            "gitea" => self.program(inside, rest, io),
            _ => crate::app::run_program(self, inside, argv, io),
        }
    }

    fn answer(&self, inside: &mut Inside<'_>, port: u16, request: &Request) -> Option<Response> {
        if port != PORT {
            return None;
        }
        let path = request.path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        Some(match parts.as_slice() {
            ["api", "healthz"] => self.health(inside),
            ["api", "v1", parts @ ..] => self.api(inside, parts, request),
            ["login", "oauth", endpoint] if *endpoint != "keys" => {
                self.provide(inside, endpoint, request)
            }
            [owner, name, "info", "refs"] => self.references(inside, owner, name, request),
            [owner, name, service @ ("git-upload-pack" | "git-receive-pack")] => {
                self.serve_git(inside, owner, name, service, request)
            }
            parts => self.page(inside, parts, request),
        })
    }

    fn booted(&self, inside: &mut Inside<'_>) {
        // It gives up when its database goes away now, and is started again.
        if self.migrate(inside).is_err() {
            inside.call_engine(EngineCall::Terminate);
        }
    }

    fn listens(&self, _inside: &Inside<'_>, port: u16) -> bool {
        port == PORT
    }
}
