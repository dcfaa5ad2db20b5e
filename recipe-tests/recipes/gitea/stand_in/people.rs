//! Accounts and their tokens. Main type: [`User`].

use serde_json::{Value, json};

use super::api::{Asker, Given, Refused, body, sent};
use super::database::{Unanswered, digest, flag, quoted};
use super::{Gitea, header};
use crate::world::{Inside, Request};

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) is_admin: bool,
}

impl User {
    /// Returns an account as the API shows it.
    pub(super) fn shown(&self) -> Value {
        let id: u64 = self.id.parse().unwrap_or(0);
        json!({"id": id, "login": self.name, "username": self.name, "email": self.email,
            "is_admin": self.is_admin})
    }
}

/// An account to be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    pub(super) email: &'a str,
    pub(super) password: &'a str,
    pub(super) is_admin: bool,
}

/// How short a password may be.
const SHORTEST: usize = 8;

fn hash(name: &str, password: &str) -> String {
    digest(&format!("{} {password}", name.to_lowercase()))
}

impl Gitea {
    /// Returns the account for which a condition holds.
    pub(super) fn user_where(
        &self,
        inside: &mut Inside<'_>,
        condition: &str,
    ) -> Result<Option<User>, Unanswered> {
        let sql = format!("SELECT id, name, email, is_admin FROM `user` WHERE {condition}");
        let row = self.row(inside, &sql)?.and_then(|row| <[String; 4]>::try_from(row).ok());
        Ok(row.map(|[id, name, email, admin]| User { id, name, email, is_admin: admin == "1" }))
    }

    pub(super) fn user_named(
        &self,
        inside: &mut Inside<'_>,
        name: &str,
    ) -> Result<Option<User>, Unanswered> {
        self.user_where(inside, &format!("lower_name = {}", quoted(&name.to_lowercase())))
    }

    /// Returns whose password it is.
    pub(super) fn by_password(
        &self,
        inside: &mut Inside<'_>,
        name: &str,
        password: &str,
    ) -> Result<Option<User>, Unanswered> {
        let (lower, hash) = (quoted(&name.to_lowercase()), hash(name, password));
        self.user_where(inside, &format!("lower_name = {lower} AND passwd = '{hash}'"))
    }

    /// Makes an account.
    pub(super) fn make_person(
        &self,
        inside: &mut Inside<'_>,
        wanted: &Wanted<'_>,
    ) -> Result<User, Refused> {
        let Wanted { name, email, password, is_admin } = *wanted;
        if self.user_named(inside, name)?.is_some() {
            return Err(Refused(422, format!("user already exists [name: {name}]")));
        }
        if password.len() < SHORTEST {
            return Err(Refused(400, "PasswordIsTooShort".to_owned()));
        }
        let columns = [
            ("lower_name", quoted(&name.to_lowercase())),
            ("name", quoted(name)),
            ("email", quoted(email)),
            ("passwd", quoted(&hash(name, password))),
            ("is_admin", flag(is_admin)),
        ];
        let id = self.insert(inside, "`user`", &columns)?;
        Ok(User { id, name: name.to_owned(), email: email.to_owned(), is_admin })
    }

    /// Makes an account that has no password: somebody whom a provider lets in.
    pub(super) fn make_external(
        &self,
        inside: &mut Inside<'_>,
        name: &str,
        email: &str,
    ) -> Result<User, Refused> {
        let columns = [
            ("lower_name", quoted(&name.to_lowercase())),
            ("name", quoted(name)),
            ("email", quoted(email)),
            ("passwd", quoted("")),
            ("is_admin", flag(false)),
        ];
        let id = self.insert(inside, "`user`", &columns)?;
        Ok(User { id, name: name.to_owned(), email: email.to_owned(), is_admin: false })
    }

    /// Answers what is about accounts.
    pub(super) fn people(
        &self,
        inside: &mut Inside<'_>,
        asker: &Asker,
        parts: &[&str],
        request: &Request,
    ) -> Given {
        match (request.method.as_str(), parts) {
            ("GET", ["user"]) => {
                asker.may("read", "user")?;
                Ok(sent(200, &asker.somebody()?.shown()))
            }
            ("GET", ["users", name]) => {
                asker.may("read", "user")?;
                let user = self.user_named(inside, name)?.ok_or_else(Refused::missing)?;
                Ok(sent(200, &user.shown()))
            }
            ("POST", ["users", name, "tokens"]) => self.make_token(inside, asker, name, request),
            ("GET", ["admin", "users"]) => {
                is_admin(asker)?;
                let rows = self.ask(inside, "SELECT lower_name FROM `user` ORDER BY id")?;
                let mut shown = Vec::new();
                for name in rows.into_iter().flatten() {
                    shown.extend(self.user_named(inside, &name)?.map(|user| user.shown()));
                }
                Ok(sent(200, &json!(shown)))
            }
            ("POST", ["admin", "users"]) => {
                is_admin(asker)?;
                let body = body(request)?;
                let of = |field: &str| body[field].as_str().unwrap_or_default();
                let (name, email, password) = (of("username"), of("email"), of("password"));
                let wanted = Wanted { name, email, password, is_admin: false };
                Ok(sent(201, &self.make_person(inside, &wanted)?.shown()))
            }
            ("PATCH", ["admin", "users", name]) => {
                is_admin(asker)?;
                let user = self.user_named(inside, name)?.ok_or_else(Refused::missing)?;
                if let Some(password) = body(request)?["password"].as_str() {
                    let hash = hash(&user.name, password);
                    let sql = format!("UPDATE `user` SET passwd = '{hash}' WHERE id = {}", user.id);
                    self.ask(inside, &sql)?;
                }
                Ok(sent(200, &user.shown()))
            }
            _ => Err(Refused::missing()),
        }
    }

    /// Makes a token. It takes a password: a token makes no others.
    fn make_token(
        &self,
        inside: &mut Inside<'_>,
        asker: &Asker,
        name: &str,
        request: &Request,
    ) -> Given {
        let user = asker.somebody()?;
        let is_basic = header(request, "authorization").is_some_and(|h| h.starts_with("Basic "));
        if !is_basic {
            return Err(Refused(401, "auth required".to_owned()));
        }
        if !user.name.eq_ignore_ascii_case(name) && !user.is_admin {
            return Err(Refused(403, "doer should be the owner or a site admin".to_owned()));
        }
        let body = body(request)?;
        let scopes: Vec<&str> =
            body["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if scopes.is_empty() {
            return Err(Refused(400, "access token must have a scope".to_owned()));
        }
        let label = body["name"].as_str().unwrap_or_default();
        let (id, token) = self.store_token(inside, user, label, &scopes)?;
        let made = json!({"id": id, "name": label, "sha1": token, "scopes": scopes,
            "token_last_eight": &token[32..]});
        Ok(sent(201, &made))
    }
}

impl Gitea {
    /// Makes a token of somebody; returns its number, and the token, which is known to nobody else.
    pub(super) fn store_token(
        &self,
        inside: &mut Inside<'_>,
        user: &User,
        label: &str,
        scopes: &[&str],
    ) -> Result<(u64, String), Unanswered> {
        let mut token = self.token(inside, "access_token", label)?;
        token.truncate(40);
        let columns = [
            ("uid", user.id.clone()),
            ("name", quoted(label)),
            ("token_hash", quoted(&digest(&token))),
            ("scope", quoted(&scopes.join(","))),
        ];
        let id = self.insert(inside, "access_token", &columns)?.parse().unwrap_or(0);
        Ok((id, token))
    }
}

fn is_admin(asker: &Asker) -> Result<(), Refused> {
    let user = asker.somebody()?;
    asker.may("write", "admin")?;
    if user.is_admin {
        return Ok(());
    }
    Err(Refused(403, "user should be the site admin".to_owned()))
}
