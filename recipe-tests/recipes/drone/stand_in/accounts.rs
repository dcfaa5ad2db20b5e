//! Accounts: rows of the table `users`. Main type: [`Account`].

use serde_json::{Value, json};

use super::Drone;
use super::coded::digest;
use super::database::{Broken, quoted};
use super::settings::Settings;
use crate::world::Inside;

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    id: String,
    pub(super) login: String,
    email: String,
    pub(super) is_admin: bool,
    avatar: String,
    created: i64,
    updated: i64,
    last_login: i64,
    /// What opens the account without a login.
    pub(super) token: String,
}

/// Somebody as the Gitea knows them, with what it gave for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) login: String,
    pub(super) email: String,
    pub(super) avatar: String,
    pub(super) access: String,
    pub(super) refresh: String,
    pub(super) expires: i64,
}

const COLUMNS: &str = "user_id, user_login, user_email, user_admin, user_avatar, user_created, user_updated, user_last_login, user_hash";

impl Account {
    fn read(row: [String; 9]) -> Self {
        let [id, login, email, admin, avatar, created, updated, last_login, token] = row;
        let number = |text: String| text.parse().unwrap_or(0);
        Self {
            id,
            login,
            email,
            is_admin: admin == "1",
            avatar,
            created: number(created),
            updated: number(updated),
            last_login: number(last_login),
            token,
        }
    }

    /// Returns an account as the API shows it.
    pub(super) fn shown(&self) -> Value {
        let id: u64 = self.id.parse().unwrap_or(0);
        json!({"id": id, "login": self.login, "email": self.email, "machine": false,
            "admin": self.is_admin, "active": true, "avatar": self.avatar, "syncing": false,
            "synced": self.last_login, "created": self.created, "updated": self.updated,
            "last_login": self.last_login})
    }
}

impl Drone {
    /// Returns the accounts that have a condition, in the order in which they were made.
    pub(super) fn accounts_where(
        &self,
        inside: &mut Inside<'_>,
        condition: &str,
    ) -> Result<Vec<Account>, Broken> {
        let sql = format!("SELECT {COLUMNS} FROM users WHERE {condition} ORDER BY user_id");
        let rows = self.ask(inside, &sql)?.into_iter();
        let rows = rows.filter_map(|row| <[String; 9]>::try_from(row).ok());
        Ok(rows.map(Account::read).collect())
    }

    /// Returns the account of a name, whatever the letters' case.
    pub(super) fn account(
        &self,
        inside: &mut Inside<'_>,
        login: &str,
    ) -> Result<Option<Account>, Broken> {
        let condition = format!("LOWER(user_login) = {}", quoted(&login.to_lowercase()));
        Ok(self.accounts_where(inside, &condition)?.into_iter().next())
    }

    /// Makes the account that the settings name, or makes it what they say.
    pub(super) fn bootstrap(
        &self,
        inside: &mut Inside<'_>,
        settings: &Settings,
    ) -> Result<(), Broken> {
        let of = |name: &str| settings.create.get(name).map(String::as_str).unwrap_or_default();
        if of("username").is_empty() {
            return Ok(());
        }
        let admin = u8::from(of("admin") == "true");
        match self.account(inside, of("username"))? {
            Some(account) => {
                let sql =
                    format!("UPDATE users SET user_admin = {admin} WHERE user_id = {}", account.id);
                self.ask(inside, &sql).map(drop)
            }
            None => {
                let known = Known { login: of("username").to_owned(), ..Known::default() };
                self.make(inside, &known, admin == 1)
            }
        }
    }

    fn make(&self, inside: &mut Inside<'_>, known: &Known, is_admin: bool) -> Result<(), Broken> {
        let now = inside.now.as_second();
        let token = self.drawn(inside, &known.login)?;
        let sql = format!(
            "INSERT INTO users (user_login, user_email, user_admin, user_machine, user_active, user_avatar, user_syncing, user_synced, user_created, user_updated, user_last_login, user_oauth_token, user_oauth_refresh, user_oauth_expiry, user_hash) VALUES ({}, {}, {}, 0, 1, {}, 0, 0, {now}, {now}, 0, '', '', 0, {})",
            quoted(&known.login),
            quoted(&known.email),
            u8::from(is_admin),
            quoted(&known.avatar),
            quoted(&token),
        );
        self.ask(inside, &sql).map(drop)
    }

    /// Returns a token that nobody has yet, the same in the same run.
    fn drawn(&self, inside: &mut Inside<'_>, login: &str) -> Result<String, Broken> {
        let known = self.ask(inside, "SELECT user_hash FROM users ORDER BY user_id")?;
        Ok(digest(&format!("{login} {} {known:?}", inside.now))[..32].to_owned())
    }

    /// Lets somebody in whom the Gitea knows: the first time that makes the account.
    pub(super) fn admit(
        &self,
        inside: &mut Inside<'_>,
        known: &Known,
    ) -> Result<Option<Account>, Broken> {
        if self.account(inside, &known.login)?.is_none() {
            self.make(inside, known, false)?;
        }
        let sql = format!(
            "UPDATE users SET user_email = {}, user_avatar = {}, user_oauth_token = {}, user_oauth_refresh = {}, user_oauth_expiry = {}, user_last_login = {} WHERE LOWER(user_login) = {}",
            quoted(&known.email),
            quoted(&known.avatar),
            quoted(&known.access),
            quoted(&known.refresh),
            known.expires,
            inside.now.as_second(),
            quoted(&known.login.to_lowercase()),
        );
        self.ask(inside, &sql)?;
        self.account(inside, &known.login)
    }

    /// Gives an account another token.
    pub(super) fn rotate(
        &self,
        inside: &mut Inside<'_>,
        account: &Account,
    ) -> Result<String, Broken> {
        let token = self.drawn(inside, &account.login)?;
        let sql = format!(
            "UPDATE users SET user_hash = {} WHERE user_id = {}",
            quoted(&token),
            account.id
        );
        self.ask(inside, &sql)?;
        Ok(token)
    }
}
