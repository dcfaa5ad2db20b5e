//! A repository as it lies in the volume of data: loose objects and references, as git writes them. Main type:
//! [`Store`].

use std::collections::BTreeMap;

use super::DATA;
use super::git::{Commit, Kind, NotGit, Object, Pack, deflate, inflate};
use crate::world::Inside;

/// Where one repository lies.
#[derive(Clone, Debug)]
pub(super) struct Store {
    folder: String,
}

impl Store {
    /// Returns the place of a repository.
    pub(super) fn of(owner: &str, name: &str) -> Self {
        let (owner, name) = (owner.to_lowercase(), name.to_lowercase());
        Self { folder: format!("{DATA}/git/repositories/{owner}/{name}.git") }
    }

    /// Makes an empty one.
    pub(super) fn init(&self, inside: &mut Inside<'_>, branch: &str) {
        let config =
            "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n".to_owned();
        self.write(inside, "config", config.into_bytes());
        self.write(inside, "HEAD", format!("ref: refs/heads/{branch}\n").into_bytes());
    }

    /// Removes all of it.
    pub(super) fn remove(&self, inside: &mut Inside<'_>) {
        for path in inside.below(&self.folder) {
            let removed = inside.remove(&path);
            debug_assert!(removed.is_ok(), "the volume of data can be written");
        }
    }

    /// Returns an object; none if it is not there or is not what its name says.
    pub(super) fn object(&self, inside: &Inside<'_>, id: &str) -> Option<Object> {
        let (folder, file) = id.split_at_checked(2)?;
        let packed = inside.read(&format!("{}/objects/{folder}/{file}", self.folder))?;
        let (stored, _) = inflate(packed).ok()?;
        let end = stored.iter().position(|byte| *byte == 0)?;
        let head = String::from_utf8_lossy(&stored[..end]).into_owned();
        let word = head.split(' ').next().unwrap_or_default();
        let kinds = [Kind::Commit, Kind::Tree, Kind::Blob, Kind::Tag];
        let kind = kinds.into_iter().find(|kind| kind.word() == word)?;
        let object = Object { kind, content: stored[end + 1..].to_vec() };
        (object.id() == id).then_some(object)
    }

    /// Keeps an object; returns its name.
    pub(super) fn add(&self, inside: &mut Inside<'_>, object: &Object) -> String {
        let id = object.id();
        let (folder, file) = id.split_at(2);
        self.write(inside, &format!("objects/{folder}/{file}"), deflate(&object.stored()));
        id
    }

    /// Returns what a reference names.
    pub(super) fn reference(&self, inside: &Inside<'_>, name: &str) -> Option<String> {
        let bytes = inside.read(&format!("{}/{name}", self.folder))?;
        Some(String::from_utf8_lossy(bytes).trim().to_owned()).filter(|id| id.len() == 40)
    }

    /// Makes a reference name an object.
    pub(super) fn set_reference(&self, inside: &mut Inside<'_>, name: &str, id: &str) {
        self.write(inside, name, format!("{id}\n").into_bytes());
    }

    /// Returns all references with what they name.
    pub(super) fn references(&self, inside: &Inside<'_>) -> BTreeMap<String, String> {
        let paths = inside.below(&format!("{}/refs", self.folder)).into_iter();
        let names = paths
            .filter_map(|path| Some(path.strip_prefix(&format!("{}/", self.folder))?.to_owned()));
        names.filter_map(|name| Some((name.clone(), self.reference(inside, &name)?))).collect()
    }

    /// Returns a commit; an annotated tag leads to one.
    pub(super) fn commit(&self, inside: &Inside<'_>, id: &str) -> Option<Commit> {
        let object = self.object(inside, id)?;
        match object.kind {
            Kind::Commit => Commit::of(&object).ok(),
            Kind::Tag => self.commit(inside, &peeled(&object)?),
            Kind::Tree | Kind::Blob => None,
        }
    }

    /// Returns the files of a commit: the names of blobs by the files' names.
    pub(super) fn files(&self, inside: &Inside<'_>, id: &str) -> Option<BTreeMap<String, String>> {
        let commit = self.commit(inside, id)?;
        self.object(inside, &commit.tree)?.files().ok()
    }

    /// Returns all that an object leads to, itself too.
    pub(super) fn reachable(&self, inside: &Inside<'_>, id: &str) -> Result<Pack, NotGit> {
        let mut pack = Pack::default();
        let mut left = vec![id.to_owned()];
        while let Some(id) = left.pop() {
            if pack.0.contains_key(&id) {
                continue;
            }
            let object = self.object(inside, &id).ok_or(NotGit("an object that is missing"))?;
            match object.kind {
                Kind::Commit => {
                    let commit = Commit::of(&object)?;
                    left.extend(commit.parents);
                    left.push(commit.tree);
                }
                Kind::Tree => left.extend(object.files()?.into_values()),
                Kind::Tag => left.extend(peeled(&object)),
                Kind::Blob => {}
            }
            pack.add(object);
        }
        Ok(pack)
    }

    fn write(&self, inside: &mut Inside<'_>, name: &str, bytes: Vec<u8>) {
        let written = inside.write_new(&format!("{}/{name}", self.folder), bytes);
        debug_assert!(written.is_ok(), "the volume of data can be written");
    }
}

/// Returns what an annotated tag names.
pub(super) fn peeled(tag: &Object) -> Option<String> {
    let text = String::from_utf8_lossy(&tag.content).into_owned();
    text.lines().find_map(|line| line.strip_prefix("object ")).map(str::to_owned)
}
