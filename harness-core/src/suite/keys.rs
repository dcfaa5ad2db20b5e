//! Every key of `recipe.toml`: what errors and the reference in `docs/` say of it. Main items: [`KEYS`], [`EXAMPLE`].

/// A key of `recipe.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The table in which it stands; empty for the top of the file.
    pub section: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// What its value is.
    pub kind: &'static str,
    /// Its default as TOML; none where leaving it out is a value of its own.
    pub default: Option<&'static str>,
    /// A value as TOML.
    pub example: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// What the earlier system called it.
    pub formerly: Option<&'static str>,
}

/// A table of `recipe.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// Whether there may be several: `[[name]]`.
    pub repeated: bool,
    /// What it is about.
    pub about: &'static str,
}

/// Every table of `recipe.toml`, in the order of the reference. The first is the top of the file.
pub const SECTIONS: &[Section] = &[
    Section { name: "", repeated: false, about: "The top of the file" },
    Section { name: "health", repeated: false, about: "What must answer, and how" },
    Section { name: "timeouts", repeated: false, about: "How long things may take" },
    Section { name: "upgrade", repeated: false, about: "The upgrade" },
    Section { name: "as-dependency", repeated: false, about: "When another recipe needs this one" },
    Section {
        name: "client",
        repeated: false,
        about: "The app as a client of an identity provider that it depends on",
    },
    Section { name: "backup", repeated: false, about: "Backups" },
    Section {
        name: "store",
        repeated: true,
        about: "What keeps data and cannot be seen in the compose files",
    },
    Section { name: "ready", repeated: true, about: "What else must be ready" },
    Section { name: "screenshot", repeated: false, about: "The screenshot" },
    Section { name: "canonical", repeated: false, about: "The last version known good" },
];

/// Every key of `recipe.toml`, in the order of the reference.
pub const KEYS: &[Key] = &[
    Key {
        section: "",
        name: "deps",
        kind: "a list of recipes",
        default: Some("[]"),
        example: "[\"keycloak\"]",
        about: "Recipes that are deployed, or attached, before this one.",
        formerly: Some("DEPS"),
    },
    Key {
        section: "",
        name: "env",
        kind: "a table of variables, each value a text in quotes",
        default: Some("{}"),
        example: "{ COMPOSE_FILE = \"compose.yml:compose.mariadb.yml\" }",
        about: "Variables of the app, written when it is created. `{domain}`, `{base_url}`, `{dep.RECIPE.domain}` and `{dep.RECIPE.KEY}`, which is what that recipe's suite provides, are filled in; a brace that is meant is written twice.",
        formerly: Some("EXTRA_ENV"),
    },
    Key {
        section: "",
        name: "secrets",
        kind: "a table of secrets, each value a text in quotes",
        default: Some("{}"),
        example: "{ client_secret = \"known to nobody\" }",
        about: "Secrets that abra does not generate (`generate=false` in `.env.sample`), by their names in the compose files, with their values: put in before the first deploy. Places as in `env`; what a dependency provides as `{dep.RECIPE.KEY}` is what they are for.",
        formerly: None,
    },
    Key {
        section: "",
        name: "not-applicable",
        kind: "a table of rungs (`upgrade`, `backup_restore`, `functional`), each with a reason in quotes",
        default: Some("{}"),
        example: "{ upgrade = \"no published release deploys any more\" }",
        about: "Rungs of the ladder that do not apply to this recipe: they are left out on purpose and block no level. A real result is never overridden.",
        formerly: Some("EXPECTED_NA"),
    },
    Key {
        section: "health",
        name: "path",
        kind: "a path that begins with `/`",
        default: Some("\"/\""),
        example: "\"/api/health\"",
        about: "The path that proves that the app serves: asked after the install, the upgrade and the restore.",
        formerly: Some("HEALTH_PATH"),
    },
    Key {
        section: "health",
        name: "ok",
        kind: "a list of HTTP statuses",
        default: Some("[200, 301, 302]"),
        example: "[200]",
        about: "The statuses that are fine. The router's own pages never are.",
        formerly: Some("HEALTH_OK"),
    },
    Key {
        section: "timeouts",
        name: "deploy",
        kind: "a length of time in quotes",
        default: Some("\"10m\""),
        example: "\"15m\"",
        about: "A deploy and its convergence, also after an upgrade.",
        formerly: Some("DEPLOY_TIMEOUT"),
    },
    Key {
        section: "timeouts",
        name: "http",
        kind: "a length of time in quotes",
        default: Some("\"5m\""),
        example: "\"90s\"",
        about: "From convergence until the app answers.",
        formerly: Some("HTTP_TIMEOUT"),
    },
    Key {
        section: "upgrade",
        name: "base",
        kind: "a release in quotes",
        default: None,
        example: "\"3.0.1+v2.0.0\"",
        about: "The release that is upgraded from, instead of the newest one that is older than head.",
        formerly: Some("UPGRADE_BASE_VERSION"),
    },
    Key {
        section: "upgrade",
        name: "env",
        kind: "a table of variables, each value a text in quotes",
        default: Some("{}"),
        example: "{ COMPOSE_FILE = \"compose.yml:compose.host-ports.yml\" }",
        about: "Variables that are set once head is checked out: what only head understands. Places as in `env`.",
        formerly: Some("UPGRADE_EXTRA_ENV"),
    },
    Key {
        section: "upgrade",
        name: "drops",
        kind: "a list of services",
        default: Some("[]"),
        example: "[\"cache\"]",
        about: "Services that head drops and whose removal its release notes ask for.",
        formerly: None,
    },
    Key {
        section: "as-dependency",
        name: "env",
        kind: "a table of variables, each value a text in quotes",
        default: Some("{}"),
        example: "{ GITEA_DISABLE_REGISTRATION = \"false\" }",
        about: "Variables instead of `env` when another recipe needs this one.",
        formerly: None,
    },
    Key {
        section: "as-dependency",
        name: "deps",
        kind: "a list of recipes",
        default: Some("[]"),
        example: "[\"keycloak\"]",
        about: "Recipes that this one needs also when another recipe needs it: `deps` are not taken along.",
        formerly: None,
    },
    Key {
        section: "client",
        name: "redirects",
        kind: "a list of paths",
        default: Some("[]"),
        example: "[\"/oauth/callback\"]",
        about: "The paths of the app to which the provider sends people back.",
        formerly: None,
    },
    Key {
        section: "backup",
        name: "capable",
        kind: "`true` or `false`",
        default: None,
        example: "true",
        about: "Whether the recipe can be backed up, instead of what its `backupbot.backup` labels say.",
        formerly: Some("BACKUP_CAPABLE"),
    },
    Key {
        section: "backup",
        name: "unprotected",
        kind: "a table of stores, each with a reason in quotes",
        default: Some("{}"),
        example: "{ \"cache\" = \"thumbnails, made again from the originals\" }",
        about: "Stores that no backup needs to hold, by the names that `cc-ci plan` and the results use: `VOLUME` for files, `SERVICE:PRODUCT` for a database. What changed there since the install is listed with the reason, and does not fail the backup.",
        formerly: None,
    },
    Key {
        section: "backup",
        name: "disaster",
        kind: "`true` or `false`",
        default: Some("false"),
        example: "true",
        about: "Whether the run ends with the disaster tier: the app is undeployed, every volume is removed, head is deployed anew, and the backup alone must bring everything back. It takes one more deploy; `--stages all,disaster` asks for it once.",
        formerly: None,
    },
    Key {
        section: "backup",
        name: "across-versions",
        kind: "one of `report`, `judge`, `off`, in quotes",
        default: Some("\"report\""),
        example: "\"judge\"",
        about: "What it is worth in the disaster tier that a backup of the release before, restored into head, brings back what was planted: `report` tells it, `judge` fails the tier for a loss, `off` leaves it out.",
        formerly: None,
    },
    Key {
        section: "store",
        name: "product",
        kind: "one of `files`, `postgres`, `mysql`, `mariadb`, `sqlite`, `redis`, `mongodb`, `clickhouse`, `s3`, in quotes",
        default: None,
        example: "\"sqlite\"",
        about: "What keeps the data. Databases with an image of their own, SQLite files that a variable names and the files of volumes are found without it.",
        formerly: None,
    },
    Key {
        section: "store",
        name: "service",
        kind: "a service in quotes",
        default: None,
        example: "\"app\"",
        about: "The service through which it is reached. What was found there of the same kind is corrected, not doubled.",
        formerly: None,
    },
    Key {
        section: "store",
        name: "at",
        kind: "a path in the service's container, in quotes",
        default: None,
        example: "\"/data/app.db\"",
        about: "SQLite: the file. Files: where the volume is mounted. A server: its data directory, where its image does not say it.",
        formerly: None,
    },
    Key {
        section: "store",
        name: "volume",
        kind: "the name of a volume in the compose file, in quotes",
        default: None,
        example: "\"data\"",
        about: "The volume whose backup holds it, where that is not the one that is mounted there: one for dumps, for example.",
        formerly: None,
    },
    Key {
        section: "ready",
        name: "http",
        kind: "a URL of the app in quotes",
        default: None,
        example: "\"https://collabora-{domain}/hosting/discovery\"",
        about: "Must answer 200. The host is the app's own: `{domain}`, below it, or `NAME-{domain}`.",
        formerly: Some("READY_PROBE"),
    },
    Key {
        section: "ready",
        name: "tcp",
        kind: "a port of the app in quotes",
        default: None,
        example: "\"{domain}:64738\"",
        about: "Must take connections.",
        formerly: Some("READY_PROBE"),
    },
    Key {
        section: "ready",
        name: "stable",
        kind: "a number",
        default: None,
        example: "5",
        about: "So many connections in a row; three where it is left out. Only with `tcp`.",
        formerly: None,
    },
    Key {
        section: "ready",
        name: "when-compose-file",
        kind: "the name of a compose file in quotes",
        default: None,
        example: "\"compose.host-ports.yml\"",
        about: "Only if the app's `COMPOSE_FILE` names this file.",
        formerly: None,
    },
    Key {
        section: "screenshot",
        name: "path",
        kind: "a path that begins with `/`",
        default: None,
        example: "\"/login\"",
        about: "The page to show, instead of `health.path`.",
        formerly: Some("SCREENSHOT"),
    },
    Key {
        section: "screenshot",
        name: "wait-for",
        kind: "a CSS selector in quotes",
        default: None,
        example: "\"main h1\"",
        about: "What the page must show before the picture is taken.",
        formerly: Some("SCREENSHOT"),
    },
    Key {
        section: "canonical",
        name: "enrol",
        kind: "`true` or `false`",
        default: Some("false"),
        example: "true",
        about: "Whether the recipe's last good version is kept to upgrade from.",
        formerly: Some("WARM_CANONICAL"),
    },
];

/// Names of the earlier system that are no key any more, and what to do instead.
pub const GONE: &[(&str, &str)] = &[
    ("BACKUP_VERIFY", "write a check of the backup tier in `suite.rs` instead"),
    ("CHAOS_BASE_DEPLOY", "take it out, a deploy with an overlay is a chaos deploy by itself"),
    ("OIDC_AT_INSTALL", "take it out, dependencies are always wired before the deploy"),
    ("SKIP_GENERIC", "take it out, every recipe is held to the generic floor"),
];

/// A file with every key.
pub const EXAMPLE: &str = r#"deps = ["keycloak"]

[health]
path = "/api/health"
ok = [200]

[timeouts]
deploy = "15m"
http = "90s"

[env]
COMPOSE_FILE = "compose.yml:compose.mariadb.yml"
SANDBOX_DOMAIN = "sandbox-{domain}"
OIDC_ISSUER = "https://{dep.keycloak.domain}/realms/test"

[secrets]
client_secret = "{dep.keycloak.client_secret}"

[upgrade]
base = "3.0.1+v2.0.0"
env = { COMPOSE_FILE = "compose.yml:compose.mariadb.yml:compose.host-ports.yml" }
drops = ["cache"]

[as-dependency]
env = { COMPOSE_FILE = "compose.yml" }
deps = ["mariadb"]

[client]
redirects = ["/oauth/callback"]

[backup]
capable = true
unprotected = { "cache" = "thumbnails, made again from the originals" }
disaster = true
across-versions = "judge"

[[store]]
product = "sqlite"
service = "app"
at = "/data/app.db"
volume = "data"

[[ready]]
http = "https://collabora-{domain}/hosting/discovery"

[[ready]]
tcp = "{domain}:64738"
stable = 5
when-compose-file = "compose.host-ports.yml"

[screenshot]
path = "/login"
wait-for = "main h1"

[canonical]
enrol = true

[not-applicable]
functional = "the interface needs hardware that no test server has"
"#;

impl Key {
    /// Returns its name with the table's, such as `health.path`.
    pub fn path(&self) -> String {
        match self.section {
            "" => self.name.to_owned(),
            section => format!("{section}.{}", self.name),
        }
    }
}

impl Section {
    /// Returns its name as it is written in the file.
    pub fn header(&self) -> String {
        match (self.name, self.repeated) {
            ("", _) => "the top of the file".to_owned(),
            (name, true) => format!("`[[{name}]]`"),
            (name, false) => format!("`[{name}]`"),
        }
    }

    /// Returns its keys.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> {
        KEYS.iter().filter(|key| key.section == self.name)
    }
}

/// Returns the key of this path.
pub(super) fn key(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path() == path)
}

/// Returns the table of this name.
pub(super) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::name::RecipeName;
    use crate::suite::Settings;

    fn parse(text: &str) -> Settings {
        let recipe = RecipeName::try_from("ghost".to_owned()).expect("a recipe's name");
        Settings::parse(&recipe, text).expect("the text is a whole file")
    }

    /// The paths of a table's keys, those of open tables left out.
    fn paths(table: &toml::Table) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (name, value) in table {
            let items = value.as_array().into_iter().flatten().filter_map(toml::Value::as_table);
            let tables: Vec<&toml::Table> = value.as_table().into_iter().chain(items).collect();
            if tables.is_empty() || key(name).is_some_and(|key| key.kind.starts_with("a table")) {
                found.insert(name.clone());
            } else {
                found.extend(tables.iter().flat_map(|t| t.keys()).map(|k| format!("{name}.{k}")));
            }
        }
        found
    }

    #[test]
    fn the_keys_are_those_that_the_types_have() {
        // With every key set the types show all that they have.
        let typed = toml::Table::try_from(parse(EXAMPLE)).unwrap();
        let named: BTreeSet<String> = KEYS.iter().map(Key::path).collect();
        assert_eq!(paths(&typed), named);
        assert_eq!(KEYS.len(), named.len(), "a key is named twice");
        let sections: BTreeSet<_> = KEYS.iter().map(|key| key.section).collect();
        assert_eq!(sections, SECTIONS.iter().map(|section| section.name).collect());
    }

    #[test]
    fn the_defaults_are_those_of_the_types() {
        let typed = toml::Table::try_from(Settings::default()).unwrap();
        for key in KEYS.iter().filter(|key| !matches!(key.section, "ready" | "store")) {
            let table = match key.section {
                "" => Some(&typed),
                name => typed.get(name).and_then(toml::Value::as_table),
            };
            let real = table.and_then(|table| table.get(key.name)).cloned();
            let said = key.default.map(|text| {
                let file: toml::Table = format!("x = {text}").parse().unwrap();
                file["x"].clone()
            });
            assert_eq!(real, said, "{}", key.path());
        }
    }

    #[test]
    fn every_example_can_be_read() {
        for key in KEYS {
            let mut file = match (key.section, key.name) {
                ("", _) => String::new(),
                ("ready", "stable" | "when-compose-file") => {
                    "[[ready]]\ntcp = \"{domain}:1\"\n".to_owned()
                }
                ("ready", _) => "[[ready]]\n".to_owned(),
                ("store", name) => {
                    let whole = [("product", "redis"), ("service", "app")];
                    let rest = whole.iter().filter(|(other, _)| *other != name);
                    let rest: String = rest.map(|(k, v)| format!("{k} = \"{v}\"\n")).collect();
                    let at = if name == "product" { "at = \"/x\"\n" } else { "" };
                    format!("[[store]]\n{rest}{at}")
                }
                (section, _) => format!("[{section}]\n"),
            };
            file.push_str(&[key.name, " = ", key.example, "\n"].concat());
            assert_ne!(parse(&file), Settings::default(), "{file}");
        }
    }
}
