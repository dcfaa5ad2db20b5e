//! What Gitea says of itself, and how it is asked.

use std::time::Duration;

use recipe_tests::{Answer, Check, Ctx, Failure, ensure, ensure_eq, skip};
use serde_json::Value;

/// How long a Gitea that is starting, or that still works at what was pushed, is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The service with the database.
pub(super) const DATABASE: &str = "db";

/// What an answer of the API holds, which must have this status and be JSON.
pub(super) fn taken(answer: &Answer, status: u16, what: &str) -> Result<Value, Failure> {
    let kind = answer.media_type().unwrap_or_default();
    if answer.status != status || kind != "application/json" {
        return Err(Failure::new(format!("{what}: status {status}, JSON"), answer.summary()));
    }
    answer.json().map_err(Failure::from)
}

/// The API refuses with one of these statuses, and says why.
pub(super) fn refused(answer: &Answer, statuses: &[u16], what: &str) -> Check {
    let said = answer.json().ok();
    let says_why = said.is_some_and(|said| said["message"].is_string());
    ensure!(
        statuses.contains(&answer.status) && says_why,
        expected: format!("{what} to be refused with one of {statuses:?} and a message"),
        seen: answer.summary(),
    );
    Ok(())
}

/// The health check names its database and has pinged it.
pub(super) async fn database_is_there(ctx: Ctx) -> Check {
    let said = taken(&ctx.get("/api/healthz").await?, 200, "the health of Gitea")?;
    ensure_eq!(said["status"].as_str(), Some("pass"), "the health of Gitea");
    let database = &said["checks"]["database:ping"][0]["status"];
    ensure_eq!(database.as_str(), Some("pass"), "the health of its database");
    let version = version(&ctx).await?;
    ensure!(
        version.split('.').count() >= 3,
        expected: "a version with three numbers",
        seen: version,
    );
    Ok(())
}

async fn version(ctx: &Ctx) -> Result<String, Failure> {
    let said = taken(&ctx.get("/api/v1/version").await?, 200, "the version of Gitea")?;
    Ok(said["version"].as_str().unwrap_or_default().to_owned())
}

/// What the service names and what answers are two things: an image under a new name may hold the old program.
pub(super) async fn says_its_version(ctx: Ctx) -> Check {
    let named = ctx.head().version.as_ref().map(|v| v.upstream().to_owned()).unwrap_or_default();
    let wanted = named.split('-').next().unwrap_or_default().trim_start_matches('v').to_owned();
    if wanted.split('.').count() < 3 {
        return skip(format!("head names no version of Gitea with three numbers: {named:?}"));
    }
    ensure_eq!(version(&ctx).await?, wanted, "the version that Gitea says");
    Ok(())
}
