//! The rules, one table. Each is a pure function of a [`LintSubject`].

use harness_core::recipe::Service;

use super::subject::LintSubject;

/// How much a rule matters: the verdict of a lint rests on its error rules alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Good manners.
    Warn,
    /// A recipe that breaks it is not deployed without chaos.
    Error,
}

impl Severity {
    /// Returns the word in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct LintRule {
    /// Its number.
    pub reference: &'static str,
    /// What it asks for.
    pub text: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What to do about it.
    pub resolve: &'static str,
    /// Whether it is satisfied.
    pub holds: fn(&LintSubject) -> bool,
    /// Whether it does not apply.
    pub skipped: fn(&LintSubject) -> bool,
}

const fn never(_subject: &LintSubject) -> bool {
    false
}

const fn rule(
    reference: &'static str,
    severity: Severity,
    text: &'static str,
    resolve: &'static str,
    holds: fn(&LintSubject) -> bool,
) -> LintRule {
    LintRule { reference, text, severity, resolve, holds, skipped: never }
}

/// All rules by number.
pub const RULES: &[LintRule] = &[
    rule(
        "R001",
        Severity::Warn,
        "compose config has expected version",
        "ensure 'version: \"3.8\"' in compose configs",
        |s| s.compose.version.as_deref() == Some("3.8"),
    ),
    rule(
        "R002",
        Severity::Warn,
        "healthcheck enabled for all services",
        "wire up healthchecks",
        |s| s.compose.services.iter().all(|service| service.has_healthcheck),
    ),
    rule("R003", Severity::Warn, "all images use a tag", "use a tag for all images", |s| {
        images(s).all(|image| tag_of(image).is_some())
    }),
    rule("R004", Severity::Warn, "no unstable tags", "tag all images with stable tags", |s| {
        images(s).all(|image| tag_of(image).is_none_or(|tag| tag != "latest"))
    }),
    rule("R005", Severity::Warn, "tags use semver-like format", "use semver-like tags", |s| {
        images(s).filter_map(tag_of).all(is_semver_like)
    }),
    LintRule {
        skipped: |s| s.published.is_none(),
        ..rule(
            "R006",
            Severity::Warn,
            "has published catalogue version",
            "publish a recipe version to the catalogue",
            |s| s.published == Some(true),
        )
    },
    rule(
        "R007",
        Severity::Warn,
        "README.md metadata filled in",
        "fill out all the metadata",
        |s| has_metadata(&s.readme),
    ),
    rule("R008", Severity::Error, ".env.sample provided", "create an example .env.sample", |s| {
        s.sample.is_some()
    }),
    rule("R009", Severity::Error, "one service named 'app'", "name a service 'app'", |s| {
        s.compose.service("app").is_some()
    }),
    LintRule {
        skipped: |s| s.sample.as_ref().is_some_and(|sample| sample.get("DOMAIN").is_none()),
        ..rule(
            "R010",
            Severity::Error,
            "traefik routing enabled",
            "include \"traefik.enable=true\" deploy label",
            |s| {
                s.compose
                    .services
                    .iter()
                    .any(|service| service.label("traefik.enable") == Some("true"))
            },
        )
    },
    rule(
        "R011",
        Severity::Error,
        "all services have images",
        "ensure \"image: ...\" set on all services",
        |s| {
            s.compose.services.iter().all(|service: &Service| {
                service.image.as_deref().is_some_and(|image| !image.is_empty())
            })
        },
    ),
    rule(
        "R012",
        Severity::Error,
        "config version are vendored",
        "vendor config versions in an abra.sh",
        |s| {
            s.raw_configs
                .iter()
                .flat_map(|config| variables(config.name.as_deref().unwrap_or_default()))
                .all(|variable| variable == "STACK_NAME" || s.exported.contains(&variable))
        },
    ),
    LintRule {
        // It asks a server on the network; nothing that this stand-in could answer.
        skipped: |_| true,
        ..rule(
            "R013",
            Severity::Warn,
            "git.coopcloud.tech repo exists",
            "upload your recipe to git.coopcloud.tech/coop-cloud/...",
            |_| false,
        )
    },
    rule(
        "R014",
        Severity::Error,
        "only annotated tags used for recipe version",
        "replace lightweight tag with annotated tag",
        |s| s.tags.iter().all(|tag| tag.annotated),
    ),
    rule(
        "R015",
        Severity::Warn,
        "long secret names",
        "reduce length of secret names to 12 chars",
        |s| s.compose.secrets.iter().all(|secret| secret.key.len() <= 12),
    ),
];

fn images(subject: &LintSubject) -> impl Iterator<Item = &str> {
    subject.compose.services.iter().filter_map(|service| service.image.as_deref())
}

/// Returns the tag of an image; a port of a registry is none.
fn tag_of(image: &str) -> Option<&str> {
    let name = image.split('@').next().unwrap_or_default();
    let last = name.rsplit('/').next().unwrap_or_default();
    last.split_once(':').map(|(_, tag)| tag).filter(|tag| !tag.is_empty())
}

/// Returns whether a tag begins, after an optional `v`, with a number, as `1.27`, `v10.2.1-alpine` do.
fn is_semver_like(tag: &str) -> bool {
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let number = tag.split(['-', '+', '_']).next().unwrap_or_default();
    !number.is_empty()
        && number
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns whether the README's metadata block says at least a category and a status.
fn has_metadata(readme: &str) -> bool {
    let block = readme
        .split_once("<!-- metadata -->")
        .and_then(|(_, rest)| rest.split_once("<!-- endmetadata -->"));
    let says = |key: &str| {
        let line = format!("**{key}**:");
        block.is_some_and(|(block, _)| {
            block
                .lines()
                .any(|l| l.split_once(&line).is_some_and(|(_, value)| !value.trim().is_empty()))
        })
    };
    says("Category") && says("Status")
}

/// Returns the names in `${NAME}`, `${NAME:-default}` and `$NAME`.
fn variables(text: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let names = text.split('$').skip(1).map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        rest.chars().take_while(|c| is_name(*c)).collect::<String>()
    });
    names.filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
