//! Plays what goes wrong with Keycloak from within: what a killed run left, administrators whose sessions end.

use harness_core::name::Domain;
use serde_json::json;

use super::play::{Play, with_password};
use super::rows::{By, Kind, Unavailable};
use crate::realm::MADE_FOR;
use crate::realm_name::RealmName;

/// Who is in a realm that was left, and nobody's password.
const PERSON: &str = "left-over";

impl Play<'_> {
    /// Makes the realm of an app with what a run leaves in it that is killed: the app's client, with a secret that nobody
    /// knows any more, and a person. One that is there stays as it is.
    ///
    /// # Errors
    /// What it keeps cannot be reached.
    pub fn leave_realm(&mut self, app: &Domain) -> Result<(), Unavailable> {
        let name = RealmName::for_app(app);
        if self.rows.find(Kind::Realm, By::Name("", name.as_str()))?.is_some() {
            return Ok(());
        }
        let data = json!({"enabled": true, "attributes": { MADE_FOR: app }});
        let realm = self.add_realm(name.as_str(), data)?;
        let client = json!({"enabled": true, "publicClient": false, "redirectUris": [],
            "secret": self.fresh("secret of a client that was left")?});
        let row = self.row(Kind::Client, &realm.id, app.as_str(), client)?;
        self.rows.put(Kind::Client, &row)?;
        let person = json!({"enabled": true, "email": format!("{PERSON}@example.org")});
        let row = self.row(Kind::User, &realm.id, PERSON, person)?;
        self.rows.put(Kind::User, &with_password(row, PERSON, false))
    }

    /// Ends the sessions of all administrators; returns whether there were any.
    ///
    /// # Errors
    /// What it keeps cannot be reached.
    pub fn log_administrators_out(&mut self) -> Result<bool, Unavailable> {
        let Some(master) = self.rows.find(Kind::Realm, By::Name("", "master"))? else {
            return Ok(false);
        };
        let sessions = self.rows.list(Kind::Session, &master.id)?;
        for session in &sessions {
            self.rows.remove(Kind::Session, &session.id)?;
        }
        Ok(!sessions.is_empty())
    }
}
