//! Which request is answered how.

use serde_json::{Value, json};

use super::home::{Home, Refused, Told, digest, quoted};
use super::{response, response_of};
use crate::world::{Request, Response};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) user: String,
    pub(super) device: String,
}

impl Home<'_, '_> {
    /// Answers a request.
    pub(super) fn answer(&mut self, request: &Request) -> Response {
        let path = request.path.split('?').next().unwrap_or_default();
        let words: Vec<String> = path.trim_start_matches('/').split('/').map(decoded).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if let ["_matrix", "client", "v1", "media", "download", server, id, ..] = words[..] {
            return match self.caller(request).and_then(|_| self.download(server, id)) {
                Ok((kind, bytes)) => response(200, &kind, bytes),
                Err(refused) => response_of(refused.status, &refused.body),
            };
        }
        let told = match words.as_slice() {
            ["_synapse", "admin", "v1", "register"] => self.shared_secret(request),
            ["_synapse", "admin", ..] => self.admin(request),
            ["_matrix", "key", "v2", "server"] => self.keys(),
            ["_matrix", "media", "v3", "upload"] => self.upload(request),
            ["_matrix", "client", "v3" | "r0", rest @ ..] => self.client(request, rest),
            _ => Err(unrecognized()),
        };
        match told {
            Ok(body) => response_of(200, &body),
            Err(Refused { status, body }) => response_of(status, &body),
        }
    }

    fn client(&mut self, request: &Request, words: &[&str]) -> Told {
        match (request.method.as_str(), words) {
            ("GET", ["login"]) => {
                Ok(json!({"flows": [{"type": "m.login.password"}, {"type": "m.login.token"}]}))
            }
            ("POST", ["login"]) => self.login(request),
            ("POST", ["register"]) => Err(Refused::forbidden("Registration has been disabled")),
            ("GET", ["profile", user] | ["profile", user, "displayname"]) => self.profile(user),
            ("PUT", ["profile", user, "displayname"]) => {
                let caller = self.caller(request)?;
                self.name(&caller, user, &body(request)?)
            }
            ("GET", ["account", "whoami"]) => {
                let Caller { user, device } = self.caller(request)?;
                Ok(json!({"user_id": user, "is_guest": false, "device_id": device}))
            }
            ("POST", ["createRoom"]) => {
                let caller = self.caller(request)?;
                self.create_room(&caller, &body(request)?)
            }
            ("POST", ["join", room] | ["rooms", room, "join"]) => {
                let caller = self.caller(request)?;
                self.join(&caller, room)
            }
            ("POST", ["rooms", room, "invite"]) => {
                let caller = self.caller(request)?;
                self.invite(&caller, room, &body(request)?)
            }
            ("PUT", ["rooms", room, "send", kind, transaction]) => {
                let caller = self.caller(request)?;
                self.send(&caller, room, (*kind, *transaction), &body(request)?)
            }
            ("GET", ["rooms", room, "messages"]) => {
                let caller = self.caller(request)?;
                self.messages(&caller, room, &request.path)
            }
            _ => Err(unrecognized()),
        }
    }

    /// Says by which key other servers know this one.
    fn keys(&mut self) -> Told {
        let read = self.inside.read(&self.config.signing_key_path).unwrap_or_default();
        let line = String::from_utf8_lossy(read).into_owned();
        let words: Vec<&str> = line.split_whitespace().collect();
        let [kind, id, key] = words[..] else {
            return Err(Refused::new(500, "M_UNKNOWN", "Internal server error"));
        };
        // What is shown is another half than what is kept.
        let shown = json!({"key": digest(key)});
        let server = self.config.server_name.as_str();
        Ok(json!({"server_name": server, "verify_keys": {format!("{kind}:{id}"): shown}}))
    }

    /// The admin API says no to everyone whom these suites know.
    fn admin(&mut self, request: &Request) -> Told {
        self.caller(request)?;
        Err(Refused::forbidden("You are not a server admin"))
    }

    /// Returns whose token a request carries.
    pub(super) fn caller(&mut self, request: &Request) -> Result<Caller, Refused> {
        let header = request.headers.iter().find(|(name, _)| name == "authorization");
        let Some(token) = header.and_then(|(_, value)| value.strip_prefix("Bearer ")) else {
            return Err(Refused::new(401, "M_MISSING_TOKEN", "Missing access token"));
        };
        let token = quoted(token);
        let found = self
            .ask(&format!("SELECT user_id, device_id FROM access_tokens WHERE token = {token}"))?;
        let mut found = found.into_iter().next().unwrap_or_default().into_iter();
        match (found.next(), found.next()) {
            (Some(user), Some(device)) => Ok(Caller { user, device }),
            _ => Err(Refused::new(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.")),
        }
    }
}

/// Reads a body.
pub(super) fn body(request: &Request) -> Result<Value, Refused> {
    let read = serde_json::from_slice::<Value>(&request.body).ok().filter(Value::is_object);
    read.ok_or_else(|| Refused::new(400, "M_NOT_JSON", "Content not JSON."))
}

/// Returns a text of a body.
pub(super) fn text<'v>(body: &'v Value, pointer: &str) -> Option<&'v str> {
    body.pointer(pointer).and_then(Value::as_str)
}

fn unrecognized() -> Refused {
    Refused::new(404, "M_UNRECOGNIZED", "Unrecognized request")
}

/// Replaces `%21` and the like by what they stand for.
pub(super) fn decoded(word: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.bytes());
        match after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend(rest.bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}
