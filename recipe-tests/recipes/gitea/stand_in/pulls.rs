//! Pull requests: issues that ask for one branch to be merged into another.

use serde_json::json;

use super::api::{Asker, Given, Refused, body, sent};
use super::database::{flag, quoted};
use super::git::Commit;
use super::issues::Issue;
use super::repositories::Found;
use super::store::Store;
use super::{Gitea, response};
use crate::world::{Inside, Request};

/// What its table has beside the issue's.
struct Pull {
    id: String,
    issue: Issue,
    head: String,
    base: String,
    merged_by: String,
    merged_commit: String,
}

impl Pull {
    /// Returns the commits of both branches.
    fn tips(&self, inside: &Inside<'_>, found: &Found) -> Option<(String, String)> {
        let store = Store::of(&found.owner, &found.name);
        let head = store.reference(inside, &format!("refs/pull/{}/head", self.issue.number))?;
        Some((store.reference(inside, &format!("refs/heads/{}", self.base))?, head))
    }
}

impl Gitea {
    /// Answers below `/repos/OWNER/NAME/pulls`.
    pub(super) fn pulls(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        asker: &Asker,
        parts: &[&str],
        request: &Request,
    ) -> Given {
        match (request.method.as_str(), parts) {
            ("POST", []) => self.open_pull(inside, found, asker, request),
            ("GET", [number]) => {
                let pull = self.pull(inside, found, number)?;
                self.shown_pull(inside, found, &pull, 200)
            }
            ("POST", [number, "merge"]) => {
                let pull = self.pull(inside, found, number)?;
                self.merge(inside, found, asker, &pull, request)
            }
            _ => Err(Refused::missing()),
        }
    }

    fn pull(&self, inside: &mut Inside<'_>, found: &Found, number: &str) -> Result<Pull, Refused> {
        let issue = self.issue(inside, found, number)?;
        let sql = format!(
            "SELECT id, head_branch, base_branch, merged_by, merged_commit FROM pull_request WHERE issue_id = {}",
            issue.id
        );
        let row = self.row(inside, &sql)?.and_then(|row| <[String; 5]>::try_from(row).ok());
        let [id, head, base, merged_by, merged_commit] = row.ok_or_else(Refused::missing)?;
        Ok(Pull { id, issue, head, base, merged_by, merged_commit })
    }

    fn shown_pull(&self, inside: &Inside<'_>, found: &Found, pull: &Pull, status: u16) -> Given {
        let (base, head) = pull.tips(inside, found).ok_or_else(Refused::missing)?;
        let is_merged = !pull.merged_by.is_empty();
        let merger = is_merged.then(|| json!({"login": pull.merged_by}));
        let commit = is_merged.then_some(&pull.merged_commit);
        let mut shown = pull.issue.shown(&[]);
        let more = json!({"mergeable": !is_merged, "merged": is_merged, "merged_by": merger,
            "merge_commit_sha": commit, "head": {"ref": pull.head, "sha": head},
            "base": {"ref": pull.base, "sha": base}});
        if let (Some(shown), Some(more)) = (shown.as_object_mut(), more.as_object()) {
            shown.extend(more.clone());
        }
        Ok(sent(status, &shown))
    }

    fn open_pull(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        asker: &Asker,
        request: &Request,
    ) -> Given {
        let user = asker.somebody()?.clone();
        let body = body(request)?;
        let of = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (head, base, store) = (of("head"), of("base"), Store::of(&found.owner, &found.name));
        let tip = store.reference(inside, &format!("refs/heads/{head}"));
        let tip = tip.ok_or_else(Refused::missing)?;
        let issue = self.new_issue(inside, found, &user, &of("title"), &of("body"))?;
        store.set_reference(inside, &format!("refs/pull/{}/head", issue.number), &tip);
        let columns = [
            ("issue_id", issue.id.clone()),
            ("head_branch", quoted(&head)),
            ("base_branch", quoted(&base)),
            ("has_merged", flag(false)),
            ("merged_by", quoted("")),
            ("merged_commit", quoted("")),
        ];
        self.insert(inside, "pull_request", &columns)?;
        let pull = self.pull(inside, found, &issue.number)?;
        self.shown_pull(inside, found, &pull, 201)
    }

    /// Makes the commit that has both branches behind it; branches that went apart are not played.
    fn merge(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        asker: &Asker,
        pull: &Pull,
        request: &Request,
    ) -> Given {
        let user = found.writer(asker)?.clone();
        if body(request)?["Do"] != "merge" || !pull.merged_by.is_empty() {
            return Err(Refused(405, "only a merge is played by a stand-in, once".to_owned()));
        }
        let store = Store::of(&found.owner, &found.name);
        let (base, head) = pull.tips(inside, found).ok_or_else(Refused::missing)?;
        let behind = store.reachable(inside, &head).map_err(|e| Refused(500, e.to_string()))?;
        let tree = store.commit(inside, &head).map(|commit| commit.tree);
        let tree = tree.filter(|_| behind.0.contains_key(&base));
        let tree = tree.ok_or_else(|| Refused(409, "a conflict is not played".to_owned()))?;
        let (title, number) = (&pull.issue.title, &pull.issue.number);
        let message = format!(
            "Merge pull request '{title}' (#{number}) from {} into {}",
            pull.head, pull.base
        );
        let by = format!("{} <{}> {} +0000", user.name, user.email, inside.now.as_second());
        let commit = Commit { tree, parents: vec![base.clone(), head], by, message };
        let id = store.add(inside, &commit.to_object());
        let reference = format!("refs/heads/{}", pull.base);
        store.set_reference(inside, &reference, &id);
        let sql = format!(
            "UPDATE pull_request SET has_merged = 1, merged_by = {}, merged_commit = '{id}' WHERE id = {}",
            quoted(&user.name),
            pull.id
        );
        self.ask(inside, &sql)?;
        self.tell_of_push(inside, found, asker, &reference, &base, &id);
        Ok(response(200, "text/plain; charset=utf-8", ""))
    }
}
