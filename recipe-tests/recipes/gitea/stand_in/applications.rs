//! Applications that people may log in to by this Gitea: what the API makes, lists and deletes. Main type:
//! [`Application`].

use serde_json::{Value, json};

use super::Gitea;
use super::api::{Asker, Given, Refused, body, sent};
use super::database::{Unanswered, digest, flag, quoted};
use super::response;
use crate::world::{Inside, Request};

/// How many the list has on a page unless it is asked, and at most.
const USUAL: usize = 30;
const MOST: usize = 50;

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Application {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) client: String,
    /// What stands for its secret.
    hash: String,
    pub(super) is_confidential: bool,
    redirects: Vec<String>,
    created: i64,
}

impl Application {
    fn read(row: [String; 8]) -> Self {
        let [id, owner, name, client, hash, confidential, redirects, created] = row;
        Self {
            id,
            owner,
            name,
            client,
            hash,
            is_confidential: confidential == "1",
            redirects: serde_json::from_str(&redirects).unwrap_or_default(),
            created: created.parse().unwrap_or(0),
        }
    }

    /// Returns whether a text is its secret.
    pub(super) fn has_secret(&self, secret: &str) -> bool {
        digest(secret) == self.hash
    }

    /// Returns whether a login may lead back to an address: one that it named, whatever the letters' case and whether
    /// or not a slash stands at the end. Observed with 1.25.5 and 1.26.0.
    pub(super) fn leads_to(&self, address: &str) -> bool {
        let even = |text: &str| {
            let lower = text.to_lowercase();
            lower.strip_suffix('/').unwrap_or(&lower).to_owned()
        };
        self.redirects.iter().any(|known| even(known) == even(address))
    }

    /// Returns it as the API shows it; its secret is shown once.
    fn shown(&self, secret: &str) -> Value {
        let id: u64 = self.id.parse().unwrap_or(0);
        let created = jiff::Timestamp::from_second(self.created).unwrap_or_default();
        json!({"id": id, "name": self.name, "client_id": self.client, "client_secret": secret,
            "confidential_client": self.is_confidential, "skip_secondary_authorization": false,
            "redirect_uris": self.redirects,
            "created": created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()})
    }
}

impl Gitea {
    fn applications_where(
        &self,
        inside: &mut Inside<'_>,
        condition: &str,
    ) -> Result<Vec<Application>, Unanswered> {
        let sql = format!(
            "SELECT id, uid, name, client_id, client_secret, confidential_client, redirect_uris, created_unix FROM oauth2_application WHERE {condition} ORDER BY id"
        );
        let rows = self.ask(inside, &sql)?.into_iter();
        let rows = rows.filter_map(|row| <[String; 8]>::try_from(row).ok());
        Ok(rows.map(Application::read).collect())
    }

    /// Returns the application that has a condition.
    pub(super) fn application_where(
        &self,
        inside: &mut Inside<'_>,
        condition: &str,
    ) -> Result<Option<Application>, Unanswered> {
        Ok(self.applications_where(inside, condition)?.into_iter().next())
    }

    /// Returns the application of a client's id.
    pub(super) fn application(
        &self,
        inside: &mut Inside<'_>,
        client: &str,
    ) -> Result<Option<Application>, Unanswered> {
        self.application_where(inside, &format!("client_id = {}", quoted(client)))
    }

    /// Answers below `/user/applications/oauth2`.
    pub(super) fn applications(
        &self,
        inside: &mut Inside<'_>,
        asker: &Asker,
        parts: &[&str],
        request: &Request,
    ) -> Given {
        let user = asker.somebody()?;
        asker.may(if request.method == "GET" { "read" } else { "write" }, "user")?;
        match (request.method.as_str(), parts) {
            ("POST", []) => self.make_application(inside, &user.id, request),
            ("GET", []) => {
                let all = self.applications_where(inside, &format!("uid = {}", user.id))?;
                let query = request.path.split_once('?').map(|(_, q)| q).unwrap_or_default();
                let query = super::pages::fields(query);
                let number = |name: &str| query.get(name).and_then(|n| n.parse::<usize>().ok());
                let size = number("limit").unwrap_or(USUAL).clamp(1, MOST);
                let before = number("page").unwrap_or(1).saturating_sub(1) * size;
                let page = all.iter().skip(before).take(size);
                Ok(sent(200, &page.map(|one| one.shown("")).collect()))
            }
            ("DELETE", [id]) if id.bytes().all(|b| b.is_ascii_digit()) => {
                let owned = format!("id = {id} AND uid = {}", user.id);
                let found = self.application_where(inside, &owned)?.ok_or_else(Refused::missing)?;
                self.forget_application(inside, &found.id)?;
                Ok(response(204, "application/json;charset=utf-8", ""))
            }
            _ => Err(Refused::missing()),
        }
    }

    /// Deletes an application with all that people granted it.
    fn forget_application(&self, inside: &mut Inside<'_>, id: &str) -> Result<(), Unanswered> {
        let sql = format!("SELECT id FROM oauth2_grant WHERE application_id = {id}");
        for grant in self.ask(inside, &sql)?.into_iter().flatten() {
            let sql = format!("DELETE FROM oauth2_authorization_code WHERE grant_id = {grant}");
            self.ask(inside, &sql)?;
        }
        let sql = format!(
            "DELETE FROM oauth2_grant WHERE application_id = {id}; DELETE FROM oauth2_application WHERE id = {id}"
        );
        self.ask(inside, &sql).map(drop)
    }

    fn make_application(&self, inside: &mut Inside<'_>, owner: &str, request: &Request) -> Given {
        let body = body(request)?;
        let name = body["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            return Err(Refused(422, "[Name]: Required".to_owned()));
        }
        let redirects = body["redirect_uris"].as_array().cloned().unwrap_or_default();
        let redirects: Vec<&str> = redirects.iter().filter_map(Value::as_str).collect();
        let drawn = self.token(inside, "oauth2_application", name)?;
        let secret = format!("gto_{}", &digest(&drawn)[..52]);
        let parts = [&drawn[..8], &drawn[8..12], &drawn[12..16], &drawn[16..20], &drawn[20..32]];
        let created = inside.now.as_second();
        let columns = [
            ("uid", owner.to_owned()),
            ("name", quoted(name)),
            ("client_id", quoted(&parts.join("-"))),
            ("client_secret", quoted(&digest(&secret))),
            ("confidential_client", flag(body["confidential_client"] == true)),
            ("redirect_uris", quoted(&json!(redirects).to_string())),
            ("created_unix", created.to_string()),
        ];
        let id = self.insert(inside, "oauth2_application", &columns)?;
        let made = self.application_where(inside, &format!("id = {id}"))?;
        Ok(sent(201, &made.ok_or_else(Refused::missing)?.shown(&secret)))
    }
}
