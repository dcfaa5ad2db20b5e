//! Which images are missing or outdated, and building those. Main function: [`ensure_images`].

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use camino::Utf8PathBuf;

use super::build::build;
use super::recipe_hash::recipe_hash;
use super::table::{IMAGES, Image, Source, select};
use crate::binaries::{self, Binary};
use crate::docker::{Docker, Labels};
use crate::machine::Machine;
use crate::progress::say;

/// The label of every image that was built here.
pub(super) const BUILT_LOCALLY: &str = "cc-ci.built-locally";

/// The label with the hash of an image's ingredients.
pub(super) const RECIPE_HASH: &str = "cc-ci.recipe-hash";

/// What is there of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is there and made from the same ingredients.
    Current,
    /// It is there and made from others.
    Outdated,
    /// It is not there.
    Missing,
    /// An image of that name is there that was not built here.
    Foreign,
}

/// An image, its state, and what it takes to build it.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) image: Image,
    pub(super) state: State,
    hash: String,
    folder: Option<Utf8PathBuf>,
    program: Option<Binary>,
}

/// Builds what is missing or outdated of the named images and all that they are built on. No name means all but
/// those that are built by name only.
pub(crate) async fn ensure_images(machine: &Machine, names: &[String]) -> anyhow::Result<()> {
    let _lock = machine.lock("images", "another build of images")?;
    let mut has_replaced = false;
    for planned in plan(machine, names).await? {
        let Planned { image, state, hash, folder, program } = planned;
        match state {
            State::Current => {}
            State::Foreign => say(&format!("image    {} was not built here, kept", image.tag)),
            State::Outdated | State::Missing => {
                say(&format!("image    {} …", image.tag));
                let began = Instant::now();
                let built =
                    build(machine, &image, folder.as_deref(), &hash, program.as_ref()).await;
                built.with_context(|| format!("failed to build the image {}", image.tag))?;
                say(&format!(
                    "image    {} built in {:.1} s",
                    image.tag,
                    began.elapsed().as_secs_f32()
                ));
                has_replaced |= state == State::Outdated;
            }
        }
    }
    if has_replaced { remove_replaced(&Docker::new(machine)).await } else { Ok(()) }
}

/// Removes images of ours that lost their tag to a newer one and that nothing uses.
async fn remove_replaced(docker: &Docker<'_>) -> anyhow::Result<()> {
    let ours = format!("label={BUILT_LOCALLY}=true");
    docker.quick(["image", "prune", "--force", "--filter", &ours]).await?;
    Ok(())
}

/// Looks at the named images and all that they are built on.
pub(super) async fn plan(machine: &Machine, names: &[String]) -> anyhow::Result<Vec<Planned>> {
    let mut images = select(names).map_err(|unknown| {
        let known: Vec<_> = IMAGES.iter().map(|i| i.tag).collect();
        anyhow!("no image `{unknown}`; expected one of {}", known.join(", "))
    })?;
    images.retain(|i| program_of(i).is_none_or(|name| binaries::exists(machine, name)));
    let mut programs = programs(machine, &images).await?;
    let tags: Vec<String> = images.iter().map(|i| i.tag.to_owned()).collect();
    let found = Docker::new(machine).image_labels(&tags).await?;
    let mut hashes: BTreeMap<&str, String> = BTreeMap::new();
    let mut planned = Vec::new();
    for image in images {
        let folder = image.folder.map(|f| machine.root.join("harness-local/images").join(f));
        let parent = image.parent.and_then(|p| hashes.get(p)).cloned().unwrap_or_default();
        let program = program_of(&image).and_then(|name| programs.remove(name));
        let content = program.as_ref().map_or("", |p| p.sha256.as_str());
        let hash = recipe_hash(&image, folder.as_deref(), &parent, content)?;
        hashes.insert(image.tag, hash.clone());
        let state = state(found.get(image.tag), &hash);
        planned.push(Planned { image, state, hash, folder, program });
    }
    Ok(planned)
}

fn program_of(image: &Image) -> Option<&'static str> {
    match image.source {
        Source::Program { name } => Some(name),
        Source::Debian { .. }
        | Source::Packages { .. }
        | Source::Node
        | Source::Ghost { .. }
        | Source::Synapse { .. }
        | Source::Gitea { .. }
        | Source::Drone { .. }
        | Source::Keycloak { .. }
        | Source::Crate { .. } => None,
    }
}

async fn programs(
    machine: &Machine,
    images: &[Image],
) -> anyhow::Result<BTreeMap<&'static str, Binary>> {
    let names: Vec<_> = images.iter().filter_map(program_of).collect();
    let built = binaries::build(machine, &names).await?;
    Ok(names.into_iter().zip(built).collect())
}

/// Decides by an image's labels; none means that there is no image.
fn state(labels: Option<&Labels>, hash: &str) -> State {
    match labels {
        None => State::Missing,
        Some(labels) if !labels.contains_key(BUILT_LOCALLY) => State::Foreign,
        Some(labels) if labels.get(RECIPE_HASH).is_some_and(|h| h == hash) => State::Current,
        Some(_) => State::Outdated,
    }
}

/// Removes every image of the table that was built here.
pub(crate) async fn remove_images(machine: &Machine) -> anyhow::Result<()> {
    let docker = Docker::new(machine);
    let tags: Vec<String> = IMAGES.iter().rev().map(|i| i.tag.to_owned()).collect();
    let found = docker.image_labels(&tags).await?;
    for tag in tags.iter().filter(|t| found.get(*t).is_some_and(|l| l.contains_key(BUILT_LOCALLY)))
    {
        docker.find(["image", "rm", tag]).await?;
        say(&format!("image    {tag} removed"));
    }
    remove_replaced(&docker).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn only_our_own_images_are_ever_outdated() {
        let check = |pairs: Option<&[(&str, &str)]>, expected| {
            assert_eq!(state(pairs.map(labels).as_ref(), "h"), expected, "{pairs:?}");
        };
        check(None, State::Missing);
        check(Some(&[]), State::Foreign);
        check(Some(&[("maintainer", "x"), (RECIPE_HASH, "h")]), State::Foreign);
        check(Some(&[(BUILT_LOCALLY, "true"), (RECIPE_HASH, "h")]), State::Current);
        check(Some(&[(BUILT_LOCALLY, "true"), (RECIPE_HASH, "g")]), State::Outdated);
        check(Some(&[(BUILT_LOCALLY, "true")]), State::Outdated);
    }
}
