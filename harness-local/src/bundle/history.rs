//! A bundled recipe's history, worked out: every commit with all its files.

use std::collections::BTreeMap;

use harness_core::name::RecipeName;
use thiserror::Error;

use super::embedded::{file, in_folder};
use super::manifest::{CommitEntry, Edit, From, InvalidManifest, MAIN, Manifest};

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blob {
    pub(super) bytes: Vec<u8>,
    pub(super) executable: bool,
}

/// All files of a commit, by path.
pub(super) type Tree = BTreeMap<String, Blob>;

/// A commit with all its files.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) message: String,
    pub(super) branch: String,
    pub(super) tree: Tree,
    pub(super) releases: Vec<String>,
    pub(super) lightweight: Vec<String>,
}

/// A history that cannot be worked out: a defect of the bundled recipe.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// There is no such bundled recipe.
    #[error("there is no bundled recipe `{0}`")]
    Unknown(RecipeName),
    /// Its `repo.toml` cannot be read.
    #[error(transparent)]
    Manifest(#[from] InvalidManifest),
    /// It begins at a tag that the other recipe does not have.
    #[error(
        "the bundled recipe `{recipe}` begins at `{tag}` of `{other}`, which has no such release"
    )]
    NoSuchTag {
        /// The recipe.
        recipe: RecipeName,
        /// The other recipe.
        other: RecipeName,
        /// The tag.
        tag: String,
    },
    /// A commit changes a text that does not stand exactly once in its file.
    #[error(
        "the bundled recipe `{recipe}` changes `{old}` in `{file}`, which should have it once and has it {count} times"
    )]
    Edit {
        /// The recipe.
        recipe: RecipeName,
        /// The file.
        file: String,
        /// The text.
        old: String,
        /// How often it is there.
        count: usize,
    },
    /// A commit names a folder without files, or takes away a file that is not there.
    #[error("the bundled recipe `{recipe}` has a commit that names `{path}`, which is not there")]
    Missing {
        /// The recipe.
        recipe: RecipeName,
        /// The folder or file.
        path: String,
    },
}

/// Returns the commits of a bundled recipe, oldest first.
pub(super) fn history(recipe: &RecipeName) -> Result<Vec<Step>, HistoryError> {
    let text = file(recipe, "repo.toml").ok_or_else(|| HistoryError::Unknown(recipe.clone()))?;
    let manifest = Manifest::parse(recipe, &String::from_utf8_lossy(text))?;
    let (mut steps, start) = match &manifest.from {
        Some(from) => beginning(recipe, from)?,
        None => (Vec::new(), Tree::new()),
    };
    let mut tips = BTreeMap::from([(MAIN.to_owned(), start)]);
    for commit in manifest.commit {
        let before =
            tips.get(&commit.branch).or_else(|| tips.get(MAIN)).cloned().unwrap_or_default();
        let tree = next_tree(recipe, &commit, before)?;
        tips.insert(commit.branch.clone(), tree.clone());
        let CommitEntry { message, branch, releases, lightweight, .. } = commit;
        steps.push(Step { message, branch, tree, releases, lightweight });
    }
    Ok(steps)
}

/// Returns the commits that another recipe's history lends, and the files that the next commit starts from.
fn beginning(recipe: &RecipeName, from: &From) -> Result<(Vec<Step>, Tree), HistoryError> {
    let mut steps = history(&from.recipe)?;
    let end = steps.iter().position(|step| step.releases.contains(&from.tag)).ok_or_else(|| {
        HistoryError::NoSuchTag {
            recipe: recipe.clone(),
            other: from.recipe.clone(),
            tag: from.tag.clone(),
        }
    })?;
    steps.truncate(end + 1);
    if !from.keep_name {
        steps.iter_mut().for_each(|step| rename(&mut step.tree, &from.recipe, recipe));
    }
    let start = steps[end].tree.clone();
    if !from.history {
        steps.clear();
    }
    Ok((steps, start))
}

/// Makes `.env.sample` say another recipe's name.
fn rename(tree: &mut Tree, old: &RecipeName, new: &RecipeName) {
    if let Some(sample) = tree.get_mut(".env.sample") {
        sample.bytes =
            String::from_utf8_lossy(&sample.bytes).replace(old.as_str(), new.as_str()).into_bytes();
    }
}

fn next_tree(
    recipe: &RecipeName,
    commit: &CommitEntry,
    mut tree: Tree,
) -> Result<Tree, HistoryError> {
    let missing =
        |path: &str| HistoryError::Missing { recipe: recipe.clone(), path: path.to_owned() };
    for path in &commit.delete {
        tree.remove(path).ok_or_else(|| missing(path))?;
    }
    if let Some(folder) = &commit.folder {
        let mut files = in_folder(recipe, folder).peekable();
        files.peek().ok_or_else(|| missing(folder))?;
        tree.extend(files.map(|(path, file)| {
            (path.to_owned(), Blob { bytes: file.bytes.to_vec(), executable: file.executable })
        }));
    }
    for edit in &commit.edit {
        let blob = tree.get_mut(&edit.file).ok_or_else(|| missing(&edit.file))?;
        blob.bytes = edited(recipe, edit, &blob.bytes)?;
    }
    Ok(tree)
}

fn edited(recipe: &RecipeName, edit: &Edit, bytes: &[u8]) -> Result<Vec<u8>, HistoryError> {
    let text = String::from_utf8_lossy(bytes);
    match text.matches(&edit.old).count() {
        1 => Ok(text.replace(&edit.old, &edit.new).into_bytes()),
        count => Err(HistoryError::Edit {
            recipe: recipe.clone(),
            file: edit.file.clone(),
            old: edit.old.clone(),
            count,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_text_must_stand_there_exactly_once() {
        let recipe = RecipeName::try_from("x".to_owned()).unwrap();
        let edit = Edit { file: "f".to_owned(), old: "a".to_owned(), new: "b".to_owned() };
        assert_eq!(edited(&recipe, &edit, b"xay").unwrap(), b"xby");
        for (text, seen) in [(&b"xy"[..], 0), (b"aa", 2)] {
            assert!(
                matches!(edited(&recipe, &edit, text), Err(HistoryError::Edit { count, .. }) if count == seen)
            );
        }
    }

    #[test]
    fn a_history_can_begin_with_the_files_alone() {
        let recipe = |name: &str| RecipeName::try_from(name.to_owned()).unwrap();
        let own = history(&recipe("custom-html")).unwrap();
        let single = history(&recipe("broken-crash-loop")).unwrap();
        let longer = history(&recipe("broken-lost-volume")).unwrap();
        assert_eq!((single.len(), longer.len()), (1, 4));
        assert_eq!(longer[0].tree["compose.yml"], own[0].tree["compose.yml"]);
        assert_ne!(longer[0].tree[".env.sample"], own[0].tree[".env.sample"]);
    }
}
