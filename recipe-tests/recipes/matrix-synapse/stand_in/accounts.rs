//! Accounts: registering by the shared secret, logging in, names.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;

use super::api::{Caller, body, text};
use super::home::{Home, Refused, Told, Unanswered, digest, quoted};
use crate::world::Request;

/// How long a nonce is good, in seconds.
const NONCE_LASTS: i64 = 60;

/// So many logins may come at once from one address; then one every so many seconds.
const LOGINS: i64 = 5;
const SECONDS_PER_LOGIN: i64 = 333;

impl Home<'_, '_> {
    /// Registers whoever proves to know the shared secret.
    pub(super) fn shared_secret(&mut self, request: &Request) -> Told {
        if request.method == "GET" {
            let nonce = format!("{}{}", self.fresh(), self.fresh());
            let now = self.inside.now.as_second().to_string();
            self.remember(&format!("nonce-{nonce}"), &now);
            return Ok(json!({ "nonce": nonce }));
        }
        let unknown = |status, error: &str| Refused::new(status, "M_UNKNOWN", error);
        let Some(secret) = self.config.registration_shared_secret.clone() else {
            return Err(unknown(400, "Shared secret registration is not enabled"));
        };
        let given = body(request)?;
        let of = |name: &str| {
            let missing = Refused::new(400, "M_BAD_JSON", &format!("{name} must be specified"));
            text(&given, &format!("/{name}")).ok_or(missing)
        };
        let nonce = of("nonce")?;
        let kept = format!("nonce-{nonce}");
        let made = self.remembered(&kept).and_then(|m| m.parse::<i64>().ok());
        let is_good = made.is_some_and(|m| self.inside.now.as_second() - m <= NONCE_LASTS);
        // It is used up even by a request that fails.
        if !self.forget(&kept) || !is_good {
            return Err(unknown(400, "unrecognised nonce"));
        }
        let (user, password, mac) = (of("username")?, of("password")?, of("mac")?);
        let admin = given.get("admin").and_then(Value::as_bool).unwrap_or(false);
        if !is_right(
            &secret,
            &[nonce, user, password, if admin { "admin" } else { "notadmin" }],
            mac,
        ) {
            return Err(unknown(403, "HMAC incorrect"));
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._=-/+".contains(c);
        let local = user.to_lowercase();
        if local.is_empty() || !local.chars().all(plain) {
            let said = "User ID can only contain characters a-z, 0-9, or '=_-./+'";
            return Err(Refused::new(400, "M_INVALID_USERNAME", said));
        }
        let name = text(&given, "/displayname").unwrap_or(&local).to_owned();
        self.add_user(&local, &name, password, admin)
    }

    fn add_user(&mut self, local: &str, name: &str, password: &str, admin: bool) -> Told {
        let server = self.config.server_name.clone();
        let id = format!("@{local}:{server}");
        let user = quoted(&id);
        let there = self.value(&format!("SELECT name FROM users WHERE name = {user}"))?;
        if there.is_some() {
            return Err(Refused::new(400, "M_USER_IN_USE", "User ID already taken."));
        }
        let hash = quoted(&hashed(&id, password));
        self.ask(&format!("INSERT INTO users VALUES ({user}, {hash}, {})", i32::from(admin)))?;
        self.ask(&format!("INSERT INTO profiles VALUES ({}, {})", quoted(local), quoted(name)))?;
        let (token, device) = self.session(&id)?;
        Ok(
            json!({"access_token": token, "user_id": id, "home_server": server, "device_id": device}),
        )
    }

    /// Makes a token for a user.
    fn session(&mut self, user: &str) -> Result<(String, String), Unanswered> {
        let token = format!("syt_{}", &self.fresh()[..40]);
        let device = self.letters(10).to_uppercase();
        let (kept, owner) = (quoted(&token), quoted(user));
        self.ask(&format!("INSERT INTO access_tokens VALUES ({kept}, {owner}, '{device}')"))?;
        Ok((token, device))
    }

    /// Logs in by a password, if not too many did before.
    pub(super) fn login(&mut self, request: &Request) -> Told {
        let given = body(request)?;
        if text(&given, "/type") != Some("m.login.password") {
            return Err(Refused::new(400, "M_UNKNOWN", "Unknown login type"));
        }
        self.count_login()?;
        let user = text(&given, "/identifier/user").or_else(|| text(&given, "/user"));
        let local = user.unwrap_or_default().trim_start_matches('@');
        let local = local.split(':').next().unwrap_or_default().to_lowercase();
        let id = format!("@{local}:{}", self.config.server_name);
        let hash = hashed(&id, text(&given, "/password").unwrap_or_default());
        let sql = format!("SELECT password_hash FROM users WHERE name = {}", quoted(&id));
        if self.value(&sql)?.is_none_or(|known| known != hash) {
            return Err(Refused::forbidden("Invalid username or password"));
        }
        let (token, device) = self.session(&id)?;
        let server = self.config.server_name.clone();
        Ok(json!({
            "user_id": id, "access_token": token, "home_server": server, "device_id": device,
            "well_known": {"m.homeserver": {"base_url": format!("https://{server}/")}},
        }))
    }

    fn count_login(&mut self) -> Result<(), Refused> {
        let now = self.inside.now.as_second();
        let kept = self.remembered("logins").unwrap_or_default();
        let mut times: Vec<i64> = kept.split(' ').filter_map(|t| t.parse().ok()).collect();
        times.retain(|t| now - t < LOGINS * SECONDS_PER_LOGIN);
        if i64::try_from(times.len()).unwrap_or(i64::MAX) >= LOGINS {
            let wait = times.first().map_or(0, |t| t + SECONDS_PER_LOGIN - now).max(1) * 1000;
            let mut refused = Refused::new(429, "M_LIMIT_EXCEEDED", "Too Many Requests");
            refused.body["retry_after_ms"] = json!(wait);
            return Err(refused);
        }
        times.push(now);
        let kept: Vec<String> = times.iter().map(ToString::to_string).collect();
        self.remember("logins", &kept.join(" "));
        Ok(())
    }

    /// Says how somebody is called.
    pub(super) fn profile(&mut self, user: &str) -> Told {
        let local = quoted(local_part(user));
        let name =
            self.value(&format!("SELECT displayname FROM profiles WHERE user_id = {local}"))?;
        match name {
            Some(name) => Ok(json!({ "displayname": name })),
            None => Err(Refused::new(404, "M_NOT_FOUND", "Profile was not found")),
        }
    }

    /// Changes how the caller is called.
    pub(super) fn name(&mut self, caller: &Caller, user: &str, given: &Value) -> Told {
        if caller.user != user {
            return Err(Refused::forbidden("Cannot set another user's displayname"));
        }
        let name = quoted(text(given, "/displayname").unwrap_or_default());
        let local = quoted(local_part(user));
        self.ask(&format!("UPDATE profiles SET displayname = {name} WHERE user_id = {local}"))?;
        Ok(json!({}))
    }
}

fn local_part(user: &str) -> &str {
    user.trim_start_matches('@').split(':').next().unwrap_or_default()
}

fn hashed(user: &str, password: &str) -> String {
    digest(&format!("{user}/{password}"))
}

/// Returns whether a code was made with the secret from these words.
pub(super) fn is_right(secret: &str, words: &[&str], code: &str) -> bool {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(words.join("\0").as_bytes());
    let made: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    made == code
}
