//! Webhooks: what is told, to whom, and what is kept of it. A hook is delivered at once, where the real one puts it in a
//! queue.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::api::{Asker, Given, Refused, body, sent};
use super::database::{Unanswered, flag, quoted};
use super::issues::uuid;
use super::repositories::Found;
use super::store::Store;
use super::{Gitea, PORT};
use crate::world::{Image as _, Inside, Request};

/// A hook as its table has it.
struct Hook {
    id: String,
    url: String,
    secret: String,
    authorization: String,
}

/// What became of a delivery.
struct Heard {
    status: u16,
    body: String,
}

impl Gitea {
    /// Answers below `/repos/OWNER/NAME/hooks`.
    pub(super) fn hooks(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        asker: &Asker,
        parts: &[&str],
        request: &Request,
    ) -> Given {
        found.writer(asker)?;
        match (request.method.as_str(), parts) {
            ("POST", []) => {
                let body = body(request)?;
                let config = &body["config"];
                let url = config["url"].as_str().unwrap_or_default();
                if url.is_empty() || config["content_type"] != "json" {
                    return Err(Refused(422, "Missing config option: url or content_type".into()));
                }
                let events = body["events"].as_array().into_iter().flatten();
                let events: Vec<&str> = events.filter_map(Value::as_str).collect();
                let columns = [
                    ("repo_id", found.id.clone()),
                    ("url", quoted(url)),
                    ("secret", quoted(config["secret"].as_str().unwrap_or_default())),
                    ("events", quoted(&events.join(","))),
                    (
                        "header_authorization",
                        quoted(body["authorization_header"].as_str().unwrap_or_default()),
                    ),
                ];
                let id: u64 = self.insert(inside, "webhook", &columns)?.parse().unwrap_or(0);
                let shown = json!({"id": id, "type": "gitea", "active": true, "events": events,
                    "config": {"url": url, "content_type": "json"}});
                Ok(sent(201, &shown))
            }
            _ => Err(Refused::missing()),
        }
    }

    /// Tells the hooks of a repository that a branch was moved.
    pub(super) fn tell_of_push(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        asker: &Asker,
        reference: &str,
        before: &str,
        after: &str,
    ) {
        let pusher = asker.user.as_ref().map(|user| user.name.clone()).unwrap_or_default();
        let commit = Store::of(&found.owner, &found.name).commit(inside, after);
        let message = commit.map(|commit| commit.message).unwrap_or_default();
        let commit = json!({"id": after, "message": format!("{message}\n")});
        let payload = json!({"ref": reference, "before": before, "after": after,
            "commits": [commit], "total_commits": 1, "head_commit": commit,
            "repository": found.shown(inside), "pusher": {"login": pusher},
            "sender": {"login": pusher}});
        let text = serde_json::to_string_pretty(&payload).unwrap_or_default();
        // A push is good whatever becomes of what is told of it.
        drop(self.tell(inside, found, "push", &text));
    }

    fn tell(
        &self,
        inside: &mut Inside<'_>,
        found: &Found,
        event: &str,
        payload: &str,
    ) -> Result<(), Unanswered> {
        let sql = format!(
            "SELECT id, url, secret, header_authorization, events FROM webhook WHERE repo_id = {} ORDER BY id",
            found.id
        );
        for row in self.ask(inside, &sql)? {
            let Ok([id, url, secret, authorization, events]) = <[String; 5]>::try_from(row) else {
                continue;
            };
            if events.split(',').any(|one| one == event) {
                let hook = Hook { id, url, secret, authorization };
                self.deliver(inside, &hook, event, payload)?;
            }
        }
        Ok(())
    }

    fn deliver(
        &self,
        inside: &mut Inside<'_>,
        hook: &Hook,
        event: &str,
        payload: &str,
    ) -> Result<(), Unanswered> {
        let uuid = uuid(&self.token(inside, "hook_task", &hook.id)?);
        let signature = signed(&hook.secret, payload);
        let mut headers = vec![
            ("Content-Type", "application/json".to_owned()),
            ("X-Gitea-Delivery", uuid.clone()),
            ("X-Gitea-Event", event.to_owned()),
            ("X-Gitea-Event-Type", event.to_owned()),
            ("X-Gitea-Signature", signature.clone()),
            ("X-Hub-Signature-256", format!("sha256={signature}")),
        ];
        let mut shown: serde_json::Map<String, Value> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        if !hook.authorization.is_empty() {
            shown.insert("Authorization".to_owned(), json!("******"));
            headers.push(("Authorization", hook.authorization.clone()));
        }
        let headers = headers.into_iter().map(|(name, value)| (name.to_lowercase(), value));
        let headers: Vec<(String, String)> = headers.collect();
        let heard = self.call(inside, &hook.url, headers, payload);
        let asked = json!({"url": hook.url, "http_method": "POST", "headers": shown,
            "body": payload});
        let answered = json!({"status": heard.status, "headers": {}, "body": heard.body});
        let columns = [
            ("hook_id", hook.id.clone()),
            ("uuid", quoted(&uuid)),
            ("payload_content", quoted(payload)),
            ("event_type", quoted(event)),
            ("is_delivered", flag(true)),
            ("is_succeed", flag((200..300).contains(&heard.status))),
            ("request_content", quoted(&asked.to_string())),
            ("response_content", quoted(&answered.to_string())),
        ];
        self.insert(inside, "hook_task", &columns).map(drop)
    }

    /// Posts a text to an address that hooks may go to: itself, or a service.
    fn call(
        &self,
        inside: &mut Inside<'_>,
        url: &str,
        headers: Vec<(String, String)>,
        text: &str,
    ) -> Heard {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (at, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = at.split_once(':').unwrap_or((at, "80"));
        let port: u16 = port.parse().unwrap_or(80);
        let allowed = Self::setting(inside, "webhook", "ALLOWED_HOST_LIST").unwrap_or_default();
        let is_own = ["127.0.0.1", "localhost"].contains(&host);
        let is_allowed = allowed.split(',').map(str::trim).any(|word| {
            word == "*" || word == host || word == if is_own { "loopback" } else { "private" }
        });
        if !is_allowed {
            let body = format!(
                "Delivery: Post \"{url}\": dial tcp {at}: webhook can only call allowed HTTP servers (check your webhook.ALLOWED_HOST_LIST setting), deny '{host}'"
            );
            return Heard { status: 0, body };
        }
        let request = Request {
            method: "POST".to_owned(),
            path: format!("/{path}"),
            headers,
            body: text.as_bytes().to_vec(),
        };
        let answer = if is_own && port == PORT {
            self.answer(inside, port, &request)
        } else {
            inside.ask(host, port, &request)
        };
        match answer {
            Some(answer) => Heard {
                status: answer.status,
                body: String::from_utf8_lossy(&answer.body).into_owned(),
            },
            None => {
                Heard { status: 0, body: format!("Delivery: Post \"{url}\": connection refused") }
            }
        }
    }
}

/// Returns the signature of a text: hexadecimal, with SHA-256; none without a secret.
fn signed(secret: &str, text: &str) -> String {
    let Some(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok() else {
        return String::new();
    };
    if secret.is_empty() {
        return String::new();
    }
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
