//! What Drone says of itself, and how it is asked.

use recipe_tests::{Answer, Check, Ctx, Failure, ensure, ensure_eq, skip};
use serde_json::Value;

/// What an answer of the API holds, which must have status 200 and be JSON.
pub(super) fn taken(answer: &Answer, what: &str) -> Result<Value, Failure> {
    if answer.status != 200 || answer.media_type().unwrap_or_default() != "application/json" {
        return Err(Failure::new(format!("{what}: status 200, JSON"), answer.summary()));
    }
    answer.json().map_err(Failure::from)
}

/// The API refuses with this status, and says why.
pub(super) fn refused(answer: &Answer, status: u16, what: &str) -> Check {
    let said = answer.json().ok();
    ensure!(
        answer.status == status && said.is_some_and(|said| said["message"].is_string()),
        expected: format!("{what} to be refused with {status} and a message"),
        seen: answer.summary(),
    );
    Ok(())
}

pub(super) async fn is_healthy(ctx: Ctx) -> Check {
    let answer = ctx.get("/healthz").await?;
    let kind = answer.media_type().unwrap_or_default();
    ensure!(
        answer.status == 200 && kind == "text/plain" && answer.text() == "OK",
        expected: "`OK` as plain text",
        seen: answer.summary(),
    );
    let version = version(&ctx).await?;
    ensure!(
        version.split('.').count() >= 3,
        expected: "a version with three numbers",
        seen: version,
    );
    Ok(())
}

/// The page for browsers says whose it is, and not that of another app.
pub(super) async fn page_is_drones(ctx: Ctx) -> Check {
    let page = ctx.get("/welcome").await?;
    ensure!(
        page.status == 200
            && page.media_type().unwrap_or_default() == "text/html"
            && page.text().contains("<title>Drone"),
        expected: "Drone's page",
        seen: page.summary(),
    );
    Ok(())
}

async fn version(ctx: &Ctx) -> Result<String, Failure> {
    let said = taken(&ctx.get("/version").await?, "the version of Drone")?;
    Ok(said["version"].as_str().unwrap_or_default().to_owned())
}

/// What the service names and what answers are two things: an image under a new name may hold the old program.
pub(super) async fn says_its_version(ctx: Ctx) -> Check {
    let named = ctx.head().version.as_ref().map(|v| v.upstream().to_owned()).unwrap_or_default();
    let wanted = named.trim_start_matches('v').to_owned();
    if wanted.split('.').count() < 3 {
        return skip(format!("head names no version of Drone with three numbers: {named:?}"));
    }
    ensure_eq!(version(&ctx).await?, wanted, "the version that Drone says");
    Ok(())
}
