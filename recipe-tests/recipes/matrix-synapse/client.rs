//! What the suite asks of Synapse. Main types: [`Session`], [`Room`].

use std::time::Duration;

use harness_core::wait::{Hint, Pace, Readiness, until};
use hmac::{Hmac, KeyInit as _, Mac as _};
use recipe_tests::{Answer, CauseClass, Check, Credentials, Ctx, Failure, Method, Visitor, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha1::Sha1;

/// After a restore each request uses up a connection that the restore cut, and says 500: so long may it do that.
const RECOVERS: Duration = Duration::from_secs(90);

/// The API that nobody reaches from outside.
const REGISTER: &str = "http://127.0.0.1:8008/_synapse/admin/v1/register";

/// Somebody who has an access token.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Session {
    pub(super) user_id: String,
    pub(super) access_token: String,
}

/// A room and the message in it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Room {
    pub(super) room_id: String,
    pub(super) event_id: String,
    pub(super) said: String,
}

/// What the registration API said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Registered {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Session {
    /// Returns the session of a role, made by an earlier seed.
    pub(super) fn of(ctx: &Ctx, role: &str) -> Result<Self, Failure> {
        let session: Self = ctx.fact(&format!("session.{role}"))?;
        ctx.secret(session.access_token.clone())?;
        Ok(session)
    }

    /// Reads a session out of an answer of the app.
    pub(super) fn read(ctx: &Ctx, body: Value) -> Result<Self, Failure> {
        if let Some(token) = body.get("access_token").and_then(Value::as_str) {
            ctx.secret(token)?;
        }
        let fields: Vec<&String> = body.as_object().into_iter().flat_map(|o| o.keys()).collect();
        let seen = format!("an object with {fields:?}");
        serde_json::from_value(body).map_err(|_| Failure::new("`user_id` and `access_token`", seen))
    }

    /// Returns a visitor with the session's token.
    pub(super) fn visitor(&self, ctx: &Ctx) -> Result<Visitor, Failure> {
        Ok(ctx.visitor()?.with_bearer(&self.access_token))
    }

    /// Asks for a path; a 5xx of a server that is coming back is asked again.
    pub(super) async fn get(&self, ctx: &Ctx, path: &str) -> Result<Answer, Failure> {
        self.visitor(ctx)?.when_ready(RECOVERS, |v| v.request(Method::GET, path)).await
    }

    /// Posts or puts something that must be taken; a 5xx of a server that is coming back is asked again.
    pub(super) async fn tell(
        &self,
        ctx: &Ctx,
        (method, path): (Method, &str),
        body: &Value,
    ) -> Result<Value, Failure> {
        let visitor = self.visitor(ctx)?;
        let make = |v: &Visitor| v.request(method.clone(), path).json(body);
        let answer = visitor.when_ready(RECOVERS, make).await?;
        taken(&answer, path)?;
        Ok(answer.json()?)
    }

    /// Returns the texts that the session sees in a room, with who said them, newest first.
    pub(super) async fn read_room(
        &self,
        ctx: &Ctx,
        room_id: &str,
    ) -> Result<Vec<(String, String)>, Failure> {
        let path = format!("{}/messages?dir=b&limit=20", in_room(room_id));
        let answer = self.get(ctx, &path).await?;
        taken(&answer, &path)?;
        let body = answer.json()?;
        let events = body.get("chunk").and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |event: &Value| {
            let of = |pointer: &str| event.pointer(pointer)?.as_str().map(str::to_owned);
            Some((of("/sender")?, of("/content/body")?))
        };
        Ok(events.iter().filter_map(text).collect())
    }

    /// Says whose token it is.
    pub(super) async fn whoami(&self, ctx: &Ctx) -> Result<Answer, Failure> {
        self.get(ctx, "/_matrix/client/v3/account/whoami").await
    }

    /// Uploads a text file; returns its id.
    pub(super) async fn upload(&self, ctx: &Ctx, content: &str) -> Result<String, Failure> {
        let path = "/_matrix/media/v3/upload?filename=ccci.txt";
        let visitor = self.visitor(ctx)?;
        let content = content.to_owned();
        let make = |v: &Visitor| {
            v.request(Method::POST, path).header("content-type", "text/plain").body(content.clone())
        };
        let answer = visitor.when_ready(RECOVERS, make).await?;
        taken(&answer, path)?;
        let body = answer.json()?;
        let uri = body.get("content_uri").and_then(Value::as_str).unwrap_or_default();
        let (place, id) = uri.rsplit_once('/').unwrap_or_default();
        let own = format!("mxc://{}", ctx.domain());
        ensure!(place == own && id.len() > 4, expected: format!("`{own}/<id>`"), seen: uri);
        Ok(id.to_owned())
    }

    /// Asks for an uploaded file.
    pub(super) async fn download(&self, ctx: &Ctx, id: &str) -> Result<Answer, Failure> {
        let path = format!("/_matrix/client/v1/media/download/{}/{id}", ctx.domain());
        self.get(ctx, &path).await
    }
}

/// Makes an account by the shared secret and keeps its session under the role.
pub(super) async fn register(ctx: &Ctx, role: &str) -> Result<Session, Failure> {
    let account = ctx.credentials(role)?;
    let secret = ctx.service_secret("app", "registration").await?;
    let look = async || match ask_to_register(ctx, &account, secret.expose()).await {
        Ok(Registered { status, body }) if status >= 500 => {
            Readiness::NotYet(format!("status {status} for the registration: {body}"))
        }
        ended => Readiness::Ready(ended),
    };
    let ended = until(Pace::within(RECOVERS), &Hint::default(), look, |_| {}).await??;
    ensure!(ended.status == 200, expected: "status 200 for the registration", seen: format!("{} {}", ended.status, code_of(&ended.body)));
    let session = Session::read(ctx, ended.body)?;
    let id = format!("@{}:{}", account.user, ctx.domain());
    ensure!(session.user_id == id, expected: format!("the user `{id}`"), seen: session.user_id);
    ctx.keep(&format!("session.{role}"), &session)?;
    Ok(session)
}

/// Asks once, with a nonce of its own, from inside the app's container.
pub(super) async fn ask_to_register(
    ctx: &Ctx,
    account: &Credentials,
    secret: &str,
) -> Result<Registered, Failure> {
    let given = curl(ctx, &[REGISTER]).await?;
    let nonce = given.body.get("nonce").and_then(Value::as_str).unwrap_or_default().to_owned();
    ensure!(given.status == 200 && !nonce.is_empty(), expected: "a nonce", seen: format!("{} {}", given.status, given.body));
    let password = account.password.expose();
    let words = [nonce.as_str(), &account.user, password, "notadmin"];
    let asked = json!({
        "nonce": nonce, "username": account.user, "password": password, "admin": false,
        "mac": code(secret, &words),
    });
    let asked = asked.to_string();
    curl(ctx, &["--header", "Content-Type: application/json", "--data", &asked, REGISTER]).await
}

async fn curl(ctx: &Ctx, words: &[&str]) -> Result<Registered, Failure> {
    let argv =
        ["curl", "--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}"];
    let printed = ctx.exec("app", &[&argv[..], words].concat()).await?.stdout;
    let (body, status) = printed.rsplit_once('\n').unwrap_or_default();
    let unread = || Failure::new("a status and a body in JSON", format!("{} bytes", printed.len()));
    let status = status.trim().parse().map_err(|_| unread())?;
    Ok(Registered { status, body: serde_json::from_str(body).map_err(|_| unread())? })
}

/// Makes a room, brings a guest in, and lets the host say something.
pub(super) async fn talk(
    ctx: &Ctx,
    host: &Session,
    guest: &Session,
    said: &str,
) -> Result<Room, Failure> {
    let asked = json!({"preset": "private_chat", "name": "ccci"});
    let made = host.tell(ctx, (Method::POST, "/_matrix/client/v3/createRoom"), &asked).await?;
    let room_id = text_of(&made, "room_id")?;
    let path = in_room(&room_id);
    let invited = json!({"user_id": guest.user_id});
    host.tell(ctx, (Method::POST, &format!("{path}/invite")), &invited).await?;
    guest.tell(ctx, (Method::POST, &format!("{path}/join")), &json!({})).await?;
    let message = json!({"msgtype": "m.text", "body": said});
    // The same transaction twice is one message: it may be sent again.
    let send = format!("{path}/send/m.room.message/ccci-1");
    let sent = host.tell(ctx, (Method::PUT, &send), &message).await?;
    Ok(Room { room_id, event_id: text_of(&sent, "event_id")?, said: said.to_owned() })
}

/// Returns a room's path. Its id begins with `!`, and of older rooms it holds a `:`.
pub(super) fn in_room(room_id: &str) -> String {
    format!("/_matrix/client/v3/rooms/{}", encoded(room_id))
}

/// Returns a user's path to its name.
pub(super) fn name_of(user_id: &str) -> String {
    format!("/_matrix/client/v3/profile/{}/displayname", encoded(user_id))
}

fn encoded(id: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let one = |b: u8| {
        if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }
    };
    id.bytes().map(one).collect()
}

/// Ends the check unless the app took the request. Too many requests are the suite's own fault.
pub(super) fn taken(answer: &Answer, path: &str) -> Check {
    if answer.status == 429 {
        let text = format!("Synapse asks for fewer requests at {path}: {}", answer.summary());
        return Err(Failure::error(CauseClass::Suite, text));
    }
    ensure!(answer.status == 200, expected: format!("status 200 for {path}"), seen: answer.summary());
    Ok(())
}

/// Ends the check unless the app refused with this status and code.
pub(super) fn refused(answer: &Answer, status: u16, code: &str, what: &str) -> Check {
    let seen = answer.json().unwrap_or_default();
    ensure!(
        answer.status == status && code_of(&seen) == code,
        expected: format!("status {status} and {code} for {what}"),
        seen: answer.summary(),
    );
    Ok(())
}

/// Returns the code of an error.
pub(super) fn code_of(body: &Value) -> &str {
    body.get("errcode").and_then(Value::as_str).unwrap_or("no errcode")
}

fn text_of(body: &Value, field: &str) -> Result<String, Failure> {
    let found = body.get(field).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| Failure::new(format!("a text `{field}`"), body.to_string()))
}

/// Returns the code that proves that one knows the secret.
fn code(secret: &str, words: &[&str]) -> String {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key may have any length");
    mac.update(words.join("\0").as_bytes());
    mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_one_that_others_compute() {
        let of = |admin| code("k1", &["n1", "alice", "pw", admin]);
        assert_eq!(of("notadmin"), "9b15f863caf29efe303a8b824493b4354a3b1750");
        assert_eq!(of("admin"), "fb420874921a7911119b2be90f8d312ec594c241");
    }

    #[test]
    fn an_id_is_one_word_of_a_path() {
        assert_eq!(encoded("!aZ0:x.y"), "%21aZ0%3Ax.y");
        assert_eq!(encoded("!aZ0-_"), "%21aZ0-_");
    }
}
