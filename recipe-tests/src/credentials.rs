//! Who the suite is towards the app: accounts of its own, and secrets that the platform generated. Main type:
//! [`Credentials`].

use harness_core::cause::CauseClass;
use harness_core::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::check::Failure;
use crate::ctx::Ctx;

/// Where an app's container has its secrets.
const FOLDER: &str = "/run/secrets";

/// An account of this run alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Its name: lower-case letters and digits.
    pub user: String,
    /// Its address, where no mail ever arrives.
    pub email: String,
    /// Its password: 36 characters with capitals, small letters, digits and a dash. It appears in no artefact.
    pub password: Secret,
}

/// What is kept of an account from phase to phase, beside what every other fact is.
#[derive(Debug, Deserialize, Serialize)]
struct Kept {
    user: String,
    email: String,
    password: String,
}

impl Ctx {
    /// Returns the run's account of a role, such as `admin`: made up when it is first asked for, the same from then on,
    /// in seeds and checks of all tiers. To make it known to the app is the suite's.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn credentials(&self, role: &str) -> Result<Credentials, Failure> {
        let key = format!("credentials.{role}");
        let kept = if self.has_fact(&key) {
            self.fact(&key)?
        } else {
            let made = made_up(role, &self.unique("account"), &self.unique("Ccci"));
            // It is hidden before it is said anywhere.
            self.secret(made.password.clone())?;
            self.keep(&key, &made)?;
            made
        };
        let Kept { user, email, password } = kept;
        Ok(Credentials { user, email, password: self.secret(password)? })
    }

    /// Reads a secret back from a service's running container, which must have `cat`; from `/run/secrets/` unless the
    /// name is a whole path. It appears in no artefact.
    ///
    /// # Errors
    /// There is no such service, container or secret, or it is empty.
    pub async fn service_secret(&self, service: &str, name: &str) -> Result<Secret, Failure> {
        let path = if name.starts_with('/') { name.to_owned() } else { format!("{FOLDER}/{name}") };
        let printed = self.exec(service, &["cat", &path]).await?.stdout;
        let value = printed.trim_end_matches(['\n', '\r']);
        if value.is_empty() {
            let text = format!("{path} in service `{service}` is empty: expected a secret");
            return Err(Failure::error(CauseClass::Recipe, text));
        }
        self.secret(value)
    }
}

/// Makes up an account from two random texts, each a word, a dash and 32 hexadecimal digits.
fn made_up(role: &str, name: &str, password: &str) -> Kept {
    let plain: String = role.chars().filter(char::is_ascii_alphanumeric).collect();
    let digits: String = name.chars().rev().take(8).collect();
    let user = format!("{}{digits}", plain.to_ascii_lowercase());
    let email = format!("{user}@example.org");
    Kept { user, email, password: password.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_plain_enough_for_any_app() {
        let random = "account-0123456789abcdef0123456789abcdef";
        let made = made_up("Site-Admin", random, "Ccci-0123456789abcdef0123456789abcdef");
        assert_eq!(made.user, "siteadminfedcba98");
        assert_eq!(made.email, "siteadminfedcba98@example.org");
        assert!(made.password.len() > 32);
    }
}
