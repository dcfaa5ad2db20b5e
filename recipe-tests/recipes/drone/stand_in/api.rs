//! The API, as far as it is about accounts.

use serde_json::{Value, json};

use super::coded::query;
use super::database::Broken;
use super::{Drone, refused, response, sent};
use crate::world::{Inside, Request, Response};

impl Drone {
    /// Answers below `/api/`.
    pub(super) fn api(
        &self,
        inside: &mut Inside<'_>,
        parts: &[&str],
        request: &Request,
    ) -> Result<Response, Broken> {
        let is_about_people = matches!(parts.first(), Some(&("user" | "users")));
        if !is_about_people {
            return Ok(response(404, "text/plain; charset=utf-8", "404 page not found\n"));
        }
        let Some(asker) = self.asker(inside, request)? else {
            return Ok(refused(401, "Unauthorized"));
        };
        Ok(match (request.method.as_str(), parts) {
            ("GET", ["user"]) => sent(200, &asker.shown()),
            ("POST", ["user", "token"]) => {
                let rotates = query(&request.path).get("rotate").is_some_and(|r| r == "true");
                let token =
                    if rotates { self.rotate(inside, &asker)? } else { asker.token.clone() };
                let mut shown = asker.shown();
                shown["token"] = json!(token);
                sent(200, &shown)
            }
            (_, ["users", ..]) if !asker.is_admin => refused(403, "Forbidden"),
            ("GET", ["users"]) => {
                let all = self.accounts_where(inside, "user_id > 0")?;
                sent(200, &all.iter().map(|one| one.shown()).collect::<Value>())
            }
            ("GET", ["users", login]) => match self.account(inside, login)? {
                Some(account) => sent(200, &account.shown()),
                None => refused(404, "sql: no rows in result set"),
            },
            _ => response(404, "text/plain; charset=utf-8", "404 page not found\n"),
        })
    }
}
