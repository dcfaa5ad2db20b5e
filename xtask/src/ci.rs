//! `cargo xtask ci`: builds what a run needs, makes sure of the test server, then is `cc-ci run`.

use anyhow::Context as _;

use crate::machine::Machine;
use crate::{stream, up};

/// Builds cc-ci and takes a recipe through its tiers; every flag of `cc-ci run` may follow.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Flags of `cc-ci run`, such as --recipe custom-html --platform swarm.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
    flags: Vec<String>,
}

/// Runs it. On success this process has become `cc-ci` and does not return.
pub(crate) async fn run(machine: &Machine, args: Args) -> anyhow::Result<()> {
    build(machine)?;
    if wants_server(&args.flags) {
        up::run(machine, up::Args { only: images_for(&args.flags), mark: false }).await?;
    }
    let own = std::env::current_exe().context("failed to find xtask's own folder")?;
    let own = camino::Utf8PathBuf::try_from(own).context("xtask's own path is not UTF-8")?;
    let program = own.with_file_name("cc-ci");
    let mut flags = vec!["run".to_owned()];
    flags.extend(args.flags);
    Err(stream::become_program(&program, &flags))
}

/// Builds what a run needs.
pub(crate) fn build(machine: &Machine) -> anyhow::Result<()> {
    // The workspace's features, so that `cargo xtask test` builds nothing twice; without xtask, which is running.
    let bins = ["cc-ci", "recipe-tests", "abra", "cc-ci-router", "cc-ci-backup"];
    let of = bins.iter().flat_map(|bin| ["--bin", bin]);
    let build: Vec<&str> = ["build", "--quiet", "--workspace"].into_iter().chain(of).collect();
    stream::cargo(machine, &build, &[])
}

/// The local test server is brought up for runs that are asked to be on the swarm, unless they name another engine.
fn wants_server(flags: &[String]) -> bool {
    let value = |name: &str| value_of(flags, name);
    let help = flags.iter().any(|f| f == "--help" || f == "-h");
    value("--platform").is_some_and(|v| v == "swarm") && value("--docker-host").is_none() && !help
}

/// The images that the recipe needs; all that need no name for one that is not known here.
fn images_for(flags: &[String]) -> Option<Vec<String>> {
    images_of(value_of(flags, "--recipe")?)
}

/// The images that these recipes need; all of them if one is not known here.
pub(crate) fn images_for_all(recipes: &[String]) -> Option<Vec<String>> {
    let each: Option<Vec<Vec<String>>> = recipes.iter().map(|recipe| images_of(recipe)).collect();
    each.map(|images| images.concat())
}

fn images_of(recipe: &str) -> Option<Vec<String>> {
    let names: &[&str] = match recipe {
        "custom-html" => &["nginx"],
        "custom-html-tiny" => &["static-web-server"],
        "ghost" => &["ghost", "mariadb"],
        "gitea" => &["gitea/gitea", "keycloak/keycloak", "mariadb"],
        "keycloak" => &["keycloak/keycloak", "mariadb"],
        "matrix-synapse" => &["nginx", "postgres", "matrixdotorg/synapse"],
        "oidc-page" => &["cc-ci/oidc-page", "keycloak/keycloak", "mariadb"],
        "postgres-page" => &["nginx", "postgres"],
        "mumble" => &["mumblevoip/mumble-server", "cc-ci/mumble-web"],
        _ => return None,
    };
    Some(names.iter().map(|n| (*n).to_owned()).collect())
}

fn value_of<'a>(flags: &'a [String], name: &str) -> Option<&'a str> {
    let at = flags.iter().position(|f| f == name || f.starts_with(&format!("{name}=")))?;
    match flags[at].split_once('=') {
        Some((_, value)) => Some(value),
        None => flags.get(at + 1).map(String::as_str),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_server_is_brought_up_for_the_swarm_alone() {
        assert!(wants_server(&flags("--recipe ghost --platform swarm")));
        assert!(wants_server(&flags("--recipe ghost --platform=swarm")));
        assert!(!wants_server(&flags("--recipe ghost")));
        assert!(!wants_server(&flags("--recipe ghost --platform swarm --docker-host unix:///x")));
    }

    #[test]
    fn an_unknown_recipe_gets_every_image() {
        assert_eq!(images_for(&flags("--recipe x")), None);
        assert_eq!(images_for(&flags("--recipe=custom-html")), Some(vec!["nginx".to_owned()]));
    }
}
