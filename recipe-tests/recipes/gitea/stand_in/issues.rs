//! Issues, what is said about them, and what is attached to them.

use serde_json::{Value, json};

use super::api::{Asker, Given, Refused, body, sent};
use super::database::{digest, quoted};
use super::people::User;
use super::repositories::Found;
use super::{DATA, Gitea, header};
use crate::world::{Inside, Request};

/// An issue as its table has it.
pub(super) struct Issue {
    pub(super) id: String,
    pub(super) number: String,
    poster: String,
    pub(super) title: String,
    text: String,
}

impl Issue {
    pub(super) fn shown(&self, attached: &[Value]) -> Value {
        let (id, number): (u64, u64) =
            (self.id.parse().unwrap_or(0), self.number.parse().unwrap_or(0));
        json!({"id": id, "number": number, "title": self.title, "body": self.text,
            "state": "open", "user": {"login": self.poster}, "assets": attached})
    }
}

impl Gitea {
    pub(super) fn issue(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        number: &str,
    ) -> Result<Issue, Refused> {
        let number: u64 = number.parse().map_err(|_| Refused::missing())?;
        let sql = format!(
            "SELECT id, number, poster, name, content FROM issue WHERE repo_id = {} AND number = {number}",
            found.id
        );
        let row = self.row(inside, &sql)?.and_then(|row| <[String; 5]>::try_from(row).ok());
        let [id, number, poster, title, text] = row.ok_or_else(Refused::missing)?;
        Ok(Issue { id, number, poster, title, text })
    }

    /// Answers below `/repos/OWNER/NAME/issues`. Who sees a repository may say something about it.
    pub(super) fn issues(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        asker: &Asker,
        parts: &[&str],
        request: &Request,
    ) -> Given {
        match (request.method.as_str(), parts) {
            ("POST", []) => self.open_issue(inside, found, asker, request),
            ("GET", [number]) => {
                let issue = self.issue(inside, found, number)?;
                let attached = self.attached(inside, &issue)?;
                Ok(sent(200, &issue.shown(&attached)))
            }
            ("PATCH", [number]) => {
                found.writer(asker)?;
                let issue = self.issue(inside, found, number)?;
                if let Some(title) = body(request)?["title"].as_str() {
                    let (title, id) = (quoted(title), &issue.id);
                    self.ask(inside, &format!("UPDATE issue SET name = {title} WHERE id = {id}"))?;
                }
                Ok(sent(201, &self.issue(inside, found, number)?.shown(&[])))
            }
            ("GET", [number, "comments"]) => {
                let issue = self.issue(inside, found, number)?;
                let sql = format!(
                    "SELECT poster, content FROM comment WHERE issue_id = {} ORDER BY id",
                    issue.id
                );
                let shown = |row: Vec<String>| json!({"user": {"login": row[0]}, "body": row[1]});
                let comments: Vec<Value> = self.ask(inside, &sql)?.into_iter().map(shown).collect();
                Ok(sent(200, &json!(comments)))
            }
            ("POST", [number, "comments"]) => {
                let user = asker.somebody()?.clone();
                let issue = self.issue(inside, found, number)?;
                let body = body(request)?;
                let text = body["body"].as_str().unwrap_or_default();
                let columns = [
                    ("issue_id", issue.id),
                    ("poster", quoted(&user.name)),
                    ("content", quoted(text)),
                ];
                let id: u64 = self.insert(inside, "comment", &columns)?.parse().unwrap_or(0);
                Ok(sent(201, &json!({"id": id, "user": {"login": user.name}, "body": text})))
            }
            ("POST", [number, "assets"]) => self.attach(inside, found, asker, number, request),
            _ => Err(Refused::missing()),
        }
    }

    fn open_issue(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        asker: &Asker,
        request: &Request,
    ) -> Given {
        let user = asker.somebody()?.clone();
        let body = body(request)?;
        let of = |name: &str| body[name].as_str().unwrap_or_default();
        let issue = self.new_issue(inside, found, &user, of("title"), of("body"))?;
        Ok(sent(201, &issue.shown(&[])))
    }

    /// Makes an issue, with the next number of its repository.
    pub(super) fn new_issue(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        by: &User,
        title: &str,
        text: &str,
    ) -> Result<Issue, Refused> {
        if title.is_empty() {
            return Err(Refused(422, "[Title]: Required".to_owned()));
        }
        let count = format!("SELECT COUNT(*) FROM issue WHERE repo_id = {}", found.id);
        let count: u64 = self.first(inside, &count)?.and_then(|n| n.parse().ok()).unwrap_or(0);
        let number = (count + 1).to_string();
        let columns = [
            ("repo_id", found.id.clone()),
            ("number", number.clone()),
            ("poster", quoted(&by.name)),
            ("name", quoted(title)),
            ("content", quoted(text)),
            ("is_closed", "0".to_owned()),
        ];
        self.insert(inside, "issue", &columns)?;
        self.issue(inside, found, &number)
    }

    fn attached(&self, inside: &mut Inside<'_>, issue: &Issue) -> Result<Vec<Value>, Refused> {
        let sql = format!("SELECT uuid, name FROM attachment WHERE issue_id = {}", issue.id);
        let rows = self.ask(inside, &sql)?;
        let url = Self::url(inside);
        let shown = |row: &Vec<String>| {
            let at = format!("{url}/attachments/{}", row[0]);
            json!({"uuid": row[0], "name": row[1], "browser_download_url": at})
        };
        Ok(rows.iter().map(shown).collect())
    }

    fn attach(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        asker: &Asker,
        number: &str,
        request: &Request,
    ) -> Given {
        found.writer(asker)?;
        let issue = self.issue(inside, found, number)?;
        let kind = header(request, "content-type").unwrap_or_default();
        let (name, content) = kind
            .split_once("boundary=")
            .and_then(|(_, boundary)| file_of(&request.body, boundary))
            .ok_or_else(|| Refused(400, "http: no such file".to_owned()))?;
        let uuid = uuid(&self.token(inside, "attachment", &name)?);
        let columns = [
            ("uuid", quoted(&uuid)),
            ("repo_id", found.id.clone()),
            ("issue_id", issue.id.clone()),
            ("name", quoted(&name)),
        ];
        self.insert(inside, "attachment", &columns)?;
        let written = inside.write_new(&place(&uuid), content);
        written.map_err(|_| Refused(500, "Create: permission denied".to_owned()))?;
        let attached = self.attached(inside, &issue)?;
        let made = attached.into_iter().find(|one| one["uuid"] == uuid);
        Ok(sent(201, &made.ok_or_else(Refused::missing)?))
    }

    /// Returns what was attached under a name, with the name of the file, to who sees the repository.
    pub(super) fn attachment(
        &self,
        inside: &mut Inside<'_>,
        asker: &Asker,
        uuid: &str,
    ) -> Result<Option<(String, Vec<u8>)>, Refused> {
        let sql = format!("SELECT repo_id, name FROM attachment WHERE uuid = {}", quoted(uuid));
        let Some(attached) = self.row(inside, &sql)? else { return Ok(None) };
        let sql = format!("SELECT owner_name, name FROM repository WHERE id = {}", attached[0]);
        let Some(of) = self.row(inside, &sql)? else { return Ok(None) };
        let found = self.find(inside, &of[0], &of[1])?;
        let content = inside.read(&place(uuid)).map(<[u8]>::to_vec);
        let seen = found.is_some_and(|found| found.is_seen_by(asker));
        Ok(content.filter(|_| seen).map(|content| (attached[1].clone(), content)))
    }
}

/// Returns where an attachment lies.
fn place(uuid: &str) -> String {
    let mut letters = uuid.chars();
    let mut next = || letters.next().map(String::from).unwrap_or_default();
    format!("{DATA}/data/attachments/{}/{}/{uuid}", next(), next())
}

/// Writes a text of digits as a UUID.
pub(super) fn uuid(of: &str) -> String {
    let digits = digest(of);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    parts.map(|part| digits.get(part).unwrap_or_default().to_owned()).join("-")
}

/// Returns the name and the content of the file in a form.
fn file_of(body: &[u8], boundary: &str) -> Option<(String, Vec<u8>)> {
    let find = |from: usize, what: &[u8]| {
        body.get(from..)?.windows(what.len()).position(|w| w == what).map(|at| from + at)
    };
    let begin = find(0, b"filename=\"")? + b"filename=\"".len();
    let name = String::from_utf8_lossy(&body[begin..find(begin, b"\"")?]).into_owned();
    let content = find(begin, b"\r\n\r\n")? + 4;
    let end = find(content, format!("\r\n--{boundary}").as_bytes())?;
    Some((name, body[content..end].to_vec()))
}
