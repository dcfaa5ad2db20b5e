//! People in a realm. Main type: [`Person`].

use harness_core::http::Method;
use harness_core::secret::Secret;
use serde_json::{Value, json};

use crate::admin::{AdminError, done, given, made};
use crate::encoded::encoded;
use crate::realm::Realm;

/// Somebody who can log in. The profile is complete: a Keycloak takes an account without an email, a first or a last
/// name, shows nothing amiss in it, and refuses every login ("Account is not fully set up").
#[derive(Clone, Debug)]
pub struct Person {
    /// The name to log in with.
    pub user: String,
    /// The password, which is not temporary.
    pub password: Secret,
    /// The address.
    pub email: String,
    /// The first name.
    pub first: String,
    /// The last name.
    pub last: String,
    /// The groups that the person is in; they are made where there are none.
    pub groups: Vec<String>,
    /// The roles of the realm that the person has; they are made where there are none.
    pub roles: Vec<String>,
}

impl Person {
    /// Returns somebody with a name made from the user's, and an address where no mail arrives.
    pub fn new(user: impl Into<String>, password: Secret) -> Self {
        let user = user.into();
        Self {
            email: format!("{user}@example.org"),
            first: "Test".to_owned(),
            last: user.clone(),
            user,
            password,
            groups: Vec::new(),
            roles: Vec::new(),
        }
    }
}

impl Realm {
    /// Makes an account for somebody, with the groups and roles; returns its id, which is the `sub` of its tokens.
    ///
    /// # Errors
    /// The Keycloak did not, also because there is such a user.
    pub async fn create_person(&self, person: &Person) -> Result<String, AdminError> {
        for group in &person.groups {
            self.create_if_missing(&format!("make the group {group}"), "/groups", group).await?;
        }
        for role in &person.roles {
            self.create_if_missing(&format!("make the role {role}"), "/roles", role).await?;
        }
        let act = format!("make the user {}", person.user);
        let groups: Vec<String> = person.groups.iter().map(|group| format!("/{group}")).collect();
        let wanted = json!({
            "username": person.user, "email": person.email, "emailVerified": true, "enabled": true,
            "firstName": person.first, "lastName": person.last, "requiredActions": [],
            "groups": groups,
            "credentials": [
                {"type": "password", "value": person.password.expose(), "temporary": false}
            ],
        });
        let id = made(&act, &self.call(&act, Method::POST, "/users", Some(&wanted)).await?)?;
        self.give_roles(&id, person).await?;
        Ok(id)
    }

    /// Looks a user up by the exact name; returns the id.
    ///
    /// # Errors
    /// The Keycloak does not say.
    pub async fn find_person(&self, user: &str) -> Result<Option<String>, AdminError> {
        let act = format!("look for the user {user}");
        let path = format!("/users?{}", encoded([("username", user), ("exact", "true")]));
        let found = given(&act, &self.call(&act, Method::GET, &path, None).await?)?;
        Ok(found[0]["id"].as_str().map(str::to_owned))
    }

    /// Lets an account log in no more, or again.
    ///
    /// # Errors
    /// There is no such user, or the Keycloak did not.
    pub async fn set_enabled(&self, id: &str, is_enabled: bool) -> Result<(), AdminError> {
        let act = format!("{} a user", if is_enabled { "enable" } else { "disable" });
        let path = format!("/users/{id}");
        // Sent back whole: what is left out of it may be taken away.
        let mut user = given(&act, &self.call(&act, Method::GET, &path, None).await?)?;
        user["enabled"] = json!(is_enabled);
        done(&act, &self.call(&act, Method::PUT, &path, Some(&user)).await?, &[204])
    }

    async fn give_roles(&self, id: &str, person: &Person) -> Result<(), AdminError> {
        let mut roles = Vec::new();
        for role in &person.roles {
            let act = format!("look for the role {role}");
            let path = format!("/roles/{}", part(role));
            roles.push(given(&act, &self.call(&act, Method::GET, &path, None).await?)?);
        }
        if roles.is_empty() {
            return Ok(());
        }
        let act = format!("give roles to the user {}", person.user);
        let path = format!("/users/{id}/role-mappings/realm");
        let roles = Value::Array(roles);
        done(&act, &self.call(&act, Method::POST, &path, Some(&roles)).await?, &[204])
    }

    async fn create_if_missing(&self, act: &str, path: &str, name: &str) -> Result<(), AdminError> {
        let answer = self.call(act, Method::POST, path, Some(&json!({ "name": name }))).await?;
        done(act, &answer, &[201, 409])
    }
}

/// Writes a text as one part of a path.
fn part(text: &str) -> String {
    encoded([(text, "")]).trim_end_matches('=').replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_made_without_a_whole_profile() {
        let person = Person::new("alice", Secret::new("hunter22"));
        assert_eq!((person.email.as_str(), person.last.as_str()), ("alice@example.org", "alice"));
        assert!(!person.first.is_empty() && !format!("{person:?}").contains("hunter22"));
    }

    #[test]
    fn a_name_is_one_part_of_a_path() {
        assert_eq!(part("team a/b"), "team%20a%2Fb");
    }
}
