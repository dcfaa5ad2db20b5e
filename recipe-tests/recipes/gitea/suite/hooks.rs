//! Webhooks: what a push tells, to whom, and signed with what. Nothing outside can be reached from the container, so a
//! hook goes to Gitea itself, which shows as a page what it was sent; and Gitea keeps a record of each delivery.

use harness_core::wait::{Hint, Pace, Readiness, until};
use hmac::{Hmac, KeyInit as _, Mac as _};
use recipe_tests::{Check, Ctx, Failure, Sql, ensure, ensure_eq};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use super::people::{WRITER, make_token, visitor};
use super::repositories::{self, Repository};
use super::server::{DATABASE, PATIENCE, taken};

/// Where Gitea shows a text that it is sent.
const MIRROR: &str = "http://127.0.0.1:3000/api/v1/markdown/raw";

/// A service that no hook may call: the settings name none but Gitea itself.
const FORBIDDEN: &str = "http://db:3306/";

/// Two hooks, and the push that they were told of.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Told {
    mirror: u64,
    forbidden: u64,
    secret: String,
    pushed: Repository,
}

/// A delivery as Gitea keeps it.
struct Delivery {
    succeeded: bool,
    request: Value,
    response: Value,
}

/// Makes the hooks, and pushes. Only for seeds.
pub(super) async fn plant(ctx: &Ctx) -> Check {
    let repository = repositories::make(ctx, "hooked", false).await?;
    let secret = ctx.secret(ctx.unique("secret"))?.expose().to_owned();
    let token = make_token(ctx, WRITER, &["write:misc"]).await?;
    let mut hooks = Vec::new();
    for url in [MIRROR, FORBIDDEN] {
        let wanted = json!({"type": "gitea", "active": true, "events": ["push"],
            "authorization_header": format!("token {}", token.expose()),
            "config": {"url": url, "content_type": "json", "secret": secret}});
        let path = format!("{}/hooks", repository.api());
        let made = taken(&visitor(ctx, WRITER)?.post(&path, &wanted).await?, 201, "a hook")?;
        hooks.push(made["id"].as_u64().unwrap_or_default());
    }
    let pushed = repositories::change(ctx, &repository).await?;
    for hook in &hooks {
        wait_for(ctx, *hook).await?;
    }
    let [mirror, forbidden] = hooks[..] else { return Ok(()) };
    ctx.keep("gitea.custom.told", &Told { mirror, forbidden, secret, pushed })
}

/// Hooks are delivered by a queue: waits until one of them has been.
async fn wait_for(ctx: &Ctx, hook: u64) -> Check {
    let look = async || match delivery(ctx, hook).await {
        Ok(Some(_)) => Readiness::Ready(()),
        Ok(None) => Readiness::NotYet(format!("nothing is known of a delivery of hook {hook}")),
        Err(error) => Readiness::NotYet(error.to_string()),
    };
    Ok(until(Pace::within(PATIENCE), &Hint::default(), look, |_| {}).await?)
}

/// Returns what Gitea keeps of the delivery of a hook, once it knows how it ended.
async fn delivery(ctx: &Ctx, hook: u64) -> Result<Option<Delivery>, Failure> {
    let sql = format!(
        "SELECT is_succeed, HEX(request_content), HEX(response_content) FROM hook_task WHERE hook_id = {hook} AND response_content <> ''"
    );
    let row = ctx.sql(&Sql::mysql(DATABASE), &sql).await?.into_iter().next();
    let Some([succeeded, request, response]) =
        row.and_then(|row| <[String; 3]>::try_from(row).ok())
    else {
        return Ok(None);
    };
    let (request, response) = (read(&request)?, read(&response)?);
    Ok(Some(Delivery { succeeded: succeeded == "1", request, response }))
}

fn read(digits: &str) -> Result<Value, Failure> {
    let pairs = (0..digits.len() / 2).map(|at| digits.get(2 * at..2 * at + 2).unwrap_or_default());
    let bytes: Vec<u8> = pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
    serde_json::from_slice(&bytes)
        .map_err(|e| Failure::new("a delivery as JSON", format!("{} bytes: {e}", bytes.len())))
}

async fn kept(ctx: &Ctx, hook: u64) -> Result<Delivery, Failure> {
    delivery(ctx, hook).await?.ok_or_else(|| Failure::new("a delivery", "none"))
}

/// A push is told with its commit, its signature is right, and who was called has got it.
pub(super) async fn is_delivered_and_signed(ctx: Ctx) -> Check {
    let Told { mirror, secret, pushed, .. } = ctx.fact("gitea.custom.told")?;
    let secret = ctx.secret(secret)?;
    let Delivery { succeeded, request, response } = kept(&ctx, mirror).await?;
    ensure_eq!(request["url"].as_str(), Some(MIRROR), "where the hook went");
    let header = |name: &str| request["headers"][name].as_str().unwrap_or_default().to_owned();
    ensure_eq!(header("X-Gitea-Event"), "push", "the event");
    let body = request["body"].as_str().unwrap_or_default();
    let signature = signed(secret.expose(), body)?;
    ensure_eq!(header("X-Gitea-Signature"), signature, "the signature of what was told");
    ensure_eq!(header("X-Hub-Signature-256"), format!("sha256={signature}"), "its twin");
    let told: Value = serde_json::from_str(body).unwrap_or_default();
    ensure_eq!(told["after"].as_str(), Some(pushed.commit.as_str()), "the commit that is told");
    let full = format!("{}/{}", pushed.owner, pushed.name);
    ensure_eq!(told["repository"]["full_name"].as_str(), Some(full.as_str()), "the repository");
    let shown = response["body"].as_str().unwrap_or_default();
    ensure!(
        succeeded && response["status"] == 200 && shown.contains(&pushed.message),
        expected: "who was called to show what it was sent, with status 200",
        seen: response,
    );
    Ok(())
}

/// What a hook may not call is not called, and the record says why.
pub(super) async fn keep_to_allowed_hosts(ctx: Ctx) -> Check {
    let Told { forbidden, .. } = ctx.fact("gitea.custom.told")?;
    let Delivery { succeeded, request, response } = kept(&ctx, forbidden).await?;
    ensure_eq!(request["url"].as_str(), Some(FORBIDDEN), "where the hook should have gone");
    let said = response["body"].as_str().unwrap_or_default();
    ensure!(
        !succeeded && said.contains("webhook can only call allowed HTTP servers"),
        expected: "a hook to another service to be refused by name",
        seen: said,
    );
    Ok(())
}

fn signed(secret: &str, text: &str) -> Result<String, Failure> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let mut mac = mac.map_err(|e| Failure::new("a secret to sign with", e.to_string()))?;
    mac.update(text.as_bytes());
    Ok(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}
