//! Databases and users: statements that each database writes in its own way.

use std::sync::LazyLock;

use regex::Regex;

use super::error::SqlError;
use super::session::{Done, Flavor, Outcome, Session};

static DATABASE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?is)^(CREATE|DROP)\s+(?:DATABASE|SCHEMA)\s+(IF\s+(?:NOT\s+)?EXISTS\s+)?[`"]?([^`"\s;]+)[`"]?"#)
        .expect("the pattern is valid")
});
static USER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?is)^(CREATE|ALTER|DROP)\s+(?:USER|ROLE)\s+(IF\s+(?:NOT\s+)?EXISTS\s+)?[`"']?([^`"'@\s;]+)[`"']?"#)
        .expect("the pattern is valid")
});
static PASSWORD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?is)(?:PASSWORD|BY)\s+'((?:[^']|'')*)'").expect("the pattern is valid")
});

impl Session<'_> {
    /// Does what makes or removes databases and users; none when the statement is another.
    pub(super) fn account(&mut self, text: &str) -> Option<Outcome> {
        let is_schema = text.to_ascii_uppercase().split_whitespace().nth(1) == Some("SCHEMA");
        if is_schema && self.flavor != Flavor::MySql {
            return None;
        }
        if let Some(found) = DATABASE.captures(text) {
            let tolerant = found.get(2).is_some();
            return Some(self.database_statement(&found[1], tolerant, &found[3]));
        }
        let found = USER.captures(text)?;
        let password = PASSWORD.captures(text).map(|p| p[1].replace("''", "'"));
        Some(self.user_statement(&found[1], found.get(2).is_some(), &found[3], password))
    }

    fn database_statement(&mut self, verb: &str, tolerant: bool, name: &str) -> Outcome {
        let there = self.server.databases.contains_key(name);
        let makes = verb.eq_ignore_ascii_case("create");
        if makes {
            if there && !tolerant {
                return Err(SqlError::DatabaseExists(name.to_owned()));
            }
            self.server.databases.entry(name.to_owned()).or_default();
        } else {
            if !there && !tolerant {
                return Err(SqlError::NoDatabase(name.to_owned()));
            }
            self.server.databases.remove(name);
        }
        Ok(Done::Other { word: format!("{} DATABASE", verb.to_ascii_uppercase()) })
    }

    fn user_statement(
        &mut self,
        verb: &str,
        tolerant: bool,
        name: &str,
        password: Option<String>,
    ) -> Outcome {
        let verb = verb.to_ascii_uppercase();
        let users = &mut self.server.users;
        match (verb.as_str(), users.contains_key(name)) {
            ("CREATE", true) if !tolerant => return Err(SqlError::UserExists(name.to_owned())),
            ("CREATE", true) => {}
            ("CREATE", false) => drop(users.insert(name.to_owned(), password.unwrap_or_default())),
            (_, false) if !tolerant => return Err(SqlError::NoUser(name.to_owned())),
            ("ALTER", true) => {
                if let Some(password) = password {
                    users.insert(name.to_owned(), password);
                }
            }
            _ => drop(users.remove(name)),
        }
        Ok(Done::Other { word: format!("{verb} ROLE") })
    }
}
