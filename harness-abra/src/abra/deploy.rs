//! `abra app deploy`.

use std::time::Duration;

use harness_core::name::Domain;

use super::driver::Abra;
use super::error::AbraError;

/// What is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeployAs {
    /// The checkout as it is: any commit, with files that git does not know; also over what runs.
    Chaos,
    /// A release tag, from a clean checkout that abra moves itself.
    Release(String),
}

impl Abra {
    /// Deploys and returns once the stack is applied: whether it converges is decided elsewhere. `--force` is never
    /// used.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started.
    pub async fn deploy(
        &self,
        domain: &Domain,
        what: &DeployAs,
        limit: Duration,
    ) -> Result<(), AbraError> {
        self.run("app deploy", &arguments(domain, what), limit).await.map(drop)
    }
}

fn arguments<'a>(domain: &'a Domain, what: &'a DeployAs) -> Vec<&'a str> {
    let mut args = vec![
        "app",
        "deploy",
        "--no-input",
        "--offline",
        "--no-converge-checks",
        "--no-domain-checks",
    ];
    match what {
        DeployAs::Chaos => args.extend(["--chaos", domain.as_str()]),
        DeployAs::Release(tag) => args.extend([domain.as_str(), tag]),
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chaos_names_no_version_and_a_release_is_no_chaos() {
        let domain = Domain::try_from("a.example.com".to_owned()).unwrap();
        let chaos = arguments(&domain, &DeployAs::Chaos);
        assert!(chaos.ends_with(&["--chaos", "a.example.com"]));
        let tag = DeployAs::Release("1.0.0+1.27".to_owned());
        let release = arguments(&domain, &tag);
        assert!(release.ends_with(&["a.example.com", "1.0.0+1.27"]));
        assert!(!release.contains(&"--chaos") && !release.contains(&"--force"));
    }
}
