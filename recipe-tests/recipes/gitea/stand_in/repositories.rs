//! Repositories as the API shows them: making, reading, writing, tagging. Main type: [`Found`].

use serde_json::{Value, json};

use super::api::{Asker, Given, Refused, body, sent};
use super::database::{Unanswered, flag, quoted};
use super::git::{Commit, Kind, NONE, Object};
use super::people::User;
use super::store::Store;
use super::{Gitea, base64, response};
use crate::world::{Inside, Request};

/// A repository that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) is_private: bool,
    pub(super) branch: String,
}

impl Found {
    fn is_of(&self, user: &User) -> bool {
        user.is_admin || user.name.eq_ignore_ascii_case(&self.owner)
    }

    pub(super) fn is_seen_by(&self, asker: &Asker) -> bool {
        !self.is_private || asker.user.as_ref().is_some_and(|user| self.is_of(user))
    }

    pub(super) fn is_written_by(&self, asker: &Asker) -> bool {
        asker.user.as_ref().is_some_and(|user| self.is_of(user))
    }

    /// Returns who asks, who must be somebody that may write.
    pub(super) fn writer<'a>(&self, asker: &'a Asker) -> Result<&'a User, Refused> {
        let user = asker.somebody()?;
        let text = "user should have a permission to write to a repo";
        if self.is_of(user) { Ok(user) } else { Err(Refused(403, text.to_owned())) }
    }

    fn store(&self) -> Store {
        Store::of(&self.owner, &self.name)
    }

    /// Returns what the default branch names.
    pub(super) fn tip(&self, inside: &Inside<'_>) -> Option<String> {
        self.store().reference(inside, &format!("refs/heads/{}", self.branch))
    }

    /// Returns a file of the default branch: the name of its blob, and its content.
    pub(super) fn file(&self, inside: &Inside<'_>, name: &str) -> Option<(String, Vec<u8>)> {
        let files = self.store().files(inside, &self.tip(inside)?)?;
        let blob = files.get(name)?;
        Some((blob.clone(), self.store().object(inside, blob)?.content))
    }

    /// Returns it as the API shows it.
    pub(super) fn shown(&self, inside: &Inside<'_>) -> Value {
        let (id, url): (u64, _) = (self.id.parse().unwrap_or(0), Gitea::url(inside));
        let full = format!("{}/{}", self.owner, self.name);
        json!({"id": id, "name": self.name, "full_name": full, "private": self.is_private,
            "empty": self.tip(inside).is_none(), "default_branch": self.branch,
            "owner": {"login": self.owner}, "html_url": format!("{url}/{full}"),
            "clone_url": format!("{url}/{full}.git")})
    }
}

impl Gitea {
    /// Returns a repository, whoever asks.
    pub(super) fn find(
        &self,
        inside: &mut Inside<'_>,
        owner: &str,
        name: &str,
    ) -> Result<Option<Found>, Unanswered> {
        let sql = format!(
            "SELECT id, owner_name, name, is_private, default_branch FROM repository WHERE lower_name = {}",
            quoted(&name.to_lowercase())
        );
        let rows = self.ask(inside, &sql)?.into_iter();
        let found = rows.filter_map(|row| <[String; 5]>::try_from(row).ok()).map(
            |[id, owner, name, private, branch]| Found {
                id,
                owner,
                name,
                is_private: private == "1",
                branch,
            },
        );
        let found = found.into_iter().find(|found| found.owner.eq_ignore_ascii_case(owner));
        // Whose account is gone has nothing to be seen.
        let owner = self.user_named(inside, owner)?;
        Ok(found.filter(|_| owner.is_some()))
    }

    pub(super) fn make_repository(
        &self,
        inside: &mut Inside<'_>,
        asker: &Asker,
        request: &Request,
    ) -> Given {
        let user = asker.somebody()?;
        if request.method != "POST" {
            return Err(Refused::missing());
        }
        let body = body(request)?;
        let name = body["name"].as_str().unwrap_or_default();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
        if name.is_empty() || !name.chars().all(is_plain) {
            return Err(Refused(422, format!("[Name]: {name}")));
        }
        if self.find(inside, &user.name, name)?.is_some() {
            let text = "The repository with the same name already exists.".to_owned();
            return Err(Refused(409, text));
        }
        let branch = body["default_branch"].as_str().filter(|b| !b.is_empty()).unwrap_or("main");
        let columns = [
            ("owner_id", user.id.clone()),
            ("owner_name", quoted(&user.name)),
            ("lower_name", quoted(&name.to_lowercase())),
            ("name", quoted(name)),
            ("is_private", flag(body["private"].as_bool().unwrap_or(false))),
            ("default_branch", quoted(branch)),
        ];
        self.insert(inside, "repository", &columns)?;
        Store::of(&user.name, name).init(inside, branch);
        let made = self.find(inside, &user.name, name)?.ok_or_else(Refused::missing)?;
        Ok(sent(201, &made.shown(inside)))
    }

    /// Answers below `/repos/OWNER/NAME`.
    pub(super) fn repository(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        asker: &Asker,
        parts: &[&str],
        request: &Request,
    ) -> Given {
        let store = found.store();
        match (request.method.as_str(), parts) {
            ("GET", []) => Ok(sent(200, &found.shown(inside))),
            ("DELETE", []) => {
                found.writer(asker)?;
                let sql = format!("DELETE FROM repository WHERE id = {}", found.id);
                self.ask(inside, &sql)?;
                store.remove(inside);
                Ok(response(204, "text/plain; charset=utf-8", ""))
            }
            ("GET", ["branches", name]) => {
                let id = store.reference(inside, &format!("refs/heads/{name}"));
                let id = id.ok_or_else(Refused::missing)?;
                let commit = store.commit(inside, &id).ok_or_else(Refused::missing)?;
                let commit = json!({"id": id, "message": commit.message});
                Ok(sent(200, &json!({"name": name, "commit": commit})))
            }
            ("GET", ["commits"]) => {
                let mut next = found.tip(inside);
                let mut shown: Vec<Value> = Vec::new();
                while let Some(id) = next {
                    let commit = store.commit(inside, &id).ok_or_else(Refused::missing)?;
                    shown.push(json!({"sha": id, "commit": {"message": commit.message}}));
                    next = commit.parents.into_iter().next();
                }
                Ok(sent(200, &json!(shown)))
            }
            ("GET", ["contents", name]) => {
                let file = found.file(inside, name).ok_or_else(Refused::missing)?;
                Ok(sent(200, &file_shown(name, &file.0, &file.1)))
            }
            ("POST" | "PUT", ["contents", name]) => {
                self.write_file(inside, found, asker, name, request)
            }
            ("GET", ["tags"]) => {
                let tag = |(name, id): (String, String)| {
                    let name = name.strip_prefix("refs/tags/")?.to_owned();
                    let object = store.object(inside, &id)?;
                    let commit = match object.kind {
                        Kind::Tag => super::store::peeled(&object)?,
                        Kind::Commit | Kind::Tree | Kind::Blob => id.clone(),
                    };
                    Some(json!({"name": name, "id": id, "commit": {"sha": commit}}))
                };
                let tags = store.references(inside).into_iter().filter_map(tag);
                Ok(sent(200, &json!(tags.collect::<Vec<Value>>())))
            }
            _ => Err(Refused::missing()),
        }
    }

    /// Makes a commit with one more file or another content of one.
    fn write_file(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        asker: &Asker,
        name: &str,
        request: &Request,
    ) -> Given {
        let user = found.writer(asker)?;
        let (body, store) = (body(request)?, found.store());
        let parent = found.tip(inside);
        let files = parent.as_ref().and_then(|id| store.files(inside, id));
        let mut files = files.unwrap_or_default();
        let known = files.get(name).cloned();
        match (request.method.as_str(), &known) {
            ("POST", Some(_)) => {
                return Err(Refused(422, format!("repository file already exists [path: {name}]")));
            }
            ("PUT", Some(blob)) if body["sha"].as_str() != Some(blob) => {
                let given = body["sha"].as_str().unwrap_or_default();
                return Err(Refused(422, format!("sha does not match [given: {given}]")));
            }
            ("PUT", None) => return Err(Refused::missing()),
            _ => {}
        }
        let content = body["content"].as_str().and_then(base64::decode);
        let blob = Object::blob(&content.ok_or_else(|| Refused(422, "no base64".to_owned()))?);
        files.insert(name.to_owned(), store.add(inside, &blob));
        let tree = store.add(inside, &Object::tree(&files));
        let seconds = inside.now.as_second();
        let by = format!("{} <{}> {seconds} +0000", user.name, user.email);
        let message = body["message"].as_str().unwrap_or("Update").to_owned();
        let before = parent.clone().unwrap_or_else(|| NONE.to_owned());
        let commit = Commit { tree, parents: parent.into_iter().collect(), by, message };
        let id = store.add(inside, &commit.to_object());
        let reference = format!("refs/heads/{}", found.branch);
        store.set_reference(inside, &reference, &id);
        self.tell_of_push(inside, found, asker, &reference, &before, &id);
        let shown = json!({"content": file_shown(name, &blob.id(), &blob.content),
            "commit": {"sha": id, "message": commit.message}});
        Ok(sent(if known.is_some() { 200 } else { 201 }, &shown))
    }
}

fn file_shown(name: &str, blob: &str, content: &[u8]) -> Value {
    json!({"name": name, "path": name, "type": "file", "sha": blob, "size": content.len(),
        "encoding": "base64", "content": base64::encode(content)})
}
