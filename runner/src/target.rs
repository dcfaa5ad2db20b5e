//! What is asked to be tested, before anything is looked up. Main type: [`Target`].

use std::fmt;

use harness_core::name::{RecipeName, Version};
use harness_core::tier::Tier;
use thiserror::Error;

/// Where a recipe comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// The recipes that come with cc-ci: its own name, or another bundled one that plays it.
    Bundled(Option<RecipeName>),
    /// The catalogue's repository.
    Catalogue,
    /// A folder with a git repository.
    Path(camino::Utf8PathBuf),
    /// A git URL.
    Url(String),
}

impl SourceKind {
    /// Returns the word that results show.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Bundled(_) => "bundled",
            Self::Catalogue => "catalogue",
            Self::Path(_) => "path",
            Self::Url(_) => "url",
        }
    }
}

/// As `--source` takes it.
impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundled(None) => f.write_str("bundled"),
            Self::Bundled(Some(name)) => write!(f, "bundled:{name}"),
            Self::Catalogue => f.write_str("catalogue"),
            Self::Path(path) => write!(f, "{path}"),
            Self::Url(url) => f.write_str(url),
        }
    }
}

/// What is asked to be tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The recipe.
    pub recipe: RecipeName,
    /// Where it comes from; none: bundled if there is one, else the catalogue.
    pub source: Option<SourceKind>,
    /// A pull request's repository, `OWNER/REPO`.
    pub src: Option<String>,
    /// A pull request's number.
    pub pr: Option<u64>,
    /// A branch, tag or commit.
    pub reference: Option<String>,
    /// A release.
    pub version: Option<Version>,
    /// The tiers.
    pub stages: Vec<Tier>,
}

/// A target that does not fit together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidTarget {
    /// Half of a pull request: the published recipe would be tested in its place.
    #[error(
        "half of a pull request: {given} given, {missing} missing; give --src OWNER/REPO and --ref SHA together (--pr N with both), or none of them"
    )]
    HalfPullRequest {
        /// What was given.
        given: &'static str,
        /// What is missing.
        missing: &'static str,
    },
    /// Two ways of saying what to test.
    #[error("both --ref and --version name what to test; give one")]
    RefAndVersion,
    /// A pull request's repository besides another source.
    #[error("both --src and --source name where the recipe comes from; give one")]
    SrcAndSource,
    /// A repository that is no `OWNER/REPO`.
    #[error("`{0}` is no repository: expected OWNER/REPO")]
    Src(String),
    /// A source that is nothing known.
    #[error(
        "`{0}` is no source: expected bundled, bundled:NAME, catalogue, a folder with a git repository, or a git URL"
    )]
    Source(String),
    /// No stage.
    #[error(
        "no stage is selected: expected a comma-separated list of install, upgrade, backup, restore, custom"
    )]
    NoStage,
}

/// Reads `--source`.
///
/// # Errors
/// It is nothing known: also a folder that does not exist.
pub fn parse_source(text: &str) -> Result<SourceKind, InvalidTarget> {
    let refused = || InvalidTarget::Source(text.to_owned());
    if text == "bundled" {
        return Ok(SourceKind::Bundled(None));
    }
    if let Some(name) = text.strip_prefix("bundled:") {
        return RecipeName::try_from(name.to_owned())
            .map(|n| SourceKind::Bundled(Some(n)))
            .map_err(|_| refused());
    }
    if text == "catalogue" {
        return Ok(SourceKind::Catalogue);
    }
    let is_url =
        ["https://", "http://", "ssh://", "git://", "file://"].iter().any(|p| text.starts_with(p));
    if is_url || (text.contains('@') && text.contains(':')) {
        return Ok(SourceKind::Url(text.to_owned()));
    }
    if std::path::Path::new(text).is_dir() {
        Ok(SourceKind::Path(text.into()))
    } else {
        Err(refused())
    }
}

impl Target {
    /// Checks that what was asked for fits together.
    ///
    /// # Errors
    /// It does not: what was given and what is missing.
    pub fn validate(&self) -> Result<(), InvalidTarget> {
        let half = |given, missing| Err(InvalidTarget::HalfPullRequest { given, missing });
        let own_repository = matches!(
            self.source,
            Some(SourceKind::Path(_) | SourceKind::Url(_) | SourceKind::Bundled(Some(_)))
        );
        match (&self.src, &self.reference, self.pr) {
            (Some(_), None, Some(_)) => return half("--src and --pr", "--ref"),
            (Some(_), None, None) => return half("--src", "--ref"),
            (None, Some(_), Some(_)) => return half("--ref and --pr", "--src"),
            (None, None, Some(_)) => return half("--pr", "--src and --ref"),
            (None, Some(_), None) if !own_repository => return half("--ref", "--src"),
            (Some(_), Some(_), _) | (None, _, None) => {}
        }
        if self.reference.is_some() && self.version.is_some() {
            return Err(InvalidTarget::RefAndVersion);
        }
        if self.src.is_some() && self.source.is_some() {
            return Err(InvalidTarget::SrcAndSource);
        }
        if let Some(src) = &self.src
            && !is_owner_and_repository(src)
        {
            return Err(InvalidTarget::Src(src.clone()));
        }
        if self.stages.is_empty() { Err(InvalidTarget::NoStage) } else { Ok(()) }
    }
}

fn is_owner_and_repository(text: &str) -> bool {
    let part = |p: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !p.is_empty() && !p.starts_with(['.', '-']) && p.chars().all(plain)
    };
    text.split_once('/').is_some_and(|(owner, name)| part(owner) && part(name))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn target(src: Option<&str>, pr: Option<u64>, reference: Option<&str>) -> Target {
        Target {
            recipe: RecipeName::try_from("ghost".to_owned()).unwrap(),
            source: None,
            src: src.map(str::to_owned),
            pr,
            reference: reference.map(str::to_owned),
            version: None,
            stages: Tier::USUAL.to_vec(),
        }
    }

    #[rstest]
    #[case(Some("a/b"), None, None, "--ref missing")]
    #[case(Some("a/b"), Some(1), None, "--ref missing")]
    #[case(None, Some(1), None, "--src and --ref missing")]
    #[case(None, Some(1), Some("abc"), "--src missing")]
    #[case(None, None, Some("abc"), "--src missing")]
    fn half_a_pull_request_is_refused(
        #[case] src: Option<&str>,
        #[case] pr: Option<u64>,
        #[case] reference: Option<&str>,
        #[case] text: &str,
    ) {
        let error = target(src, pr, reference).validate().unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }

    #[test]
    fn a_whole_pull_request_and_none_are_fine() {
        target(Some("a/b"), Some(1), Some("abc")).validate().unwrap();
        target(Some("a/b"), None, Some("abc")).validate().unwrap();
        target(None, None, None).validate().unwrap();
    }

    #[test]
    fn a_reference_in_ones_own_repository_needs_no_src() {
        let source = Some(SourceKind::Url("https://example.org/ghost.git".to_owned()));
        Target { source, ..target(None, None, Some("main")) }.validate().unwrap();
    }

    #[test]
    fn sources_are_told_apart() {
        assert_eq!(parse_source("bundled"), Ok(SourceKind::Bundled(None)));
        assert!(matches!(parse_source("bundled:broken-x"), Ok(SourceKind::Bundled(Some(_)))));
        assert!(matches!(parse_source("git@example.org:a/b.git"), Ok(SourceKind::Url(_))));
        assert!(matches!(parse_source("/tmp"), Ok(SourceKind::Path(_))));
        assert!(parse_source("no-such-folder").is_err());
        assert!(parse_source("bundled:../x").is_err());
    }

    #[test]
    fn a_repository_is_owner_and_name() {
        for text in ["a", "a/b/c", "/b", "a/", "../b", "-a/b", "a b/c"] {
            assert!(!is_owner_and_repository(text), "{text}");
        }
        assert!(is_owner_and_repository("coop-cloud/ghost.v2"));
    }
}
