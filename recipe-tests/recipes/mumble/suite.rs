//! Mumble: who connects is welcomed as the settings say, SuperUser has the password of the secret, and what is in the
//! database survives. Channels live in the server's memory: the database is read when it starts.

mod client;
mod protocol;

use std::time::Duration;

use harness_core::wait::{Hint, Pace, Readiness, until};
use recipe_tests::{Check, Ctx, Failure, Suite, Tier, ensure, ensure_eq, skip};

use client::{Answer, Client};
use protocol::PORT;

const DATABASE: &str = "/data/mumble-server.sqlite";

/// What the backup's hook makes of it.
const COPY: &str = "/data/mumble-server.backup.sqlite";

/// Where the password of SuperUser lies in the container.
const PASSWORD: &str = "/run/secrets/MUMBLE_SUPERUSER_PASSWORD";

/// What `recipe.toml` sets, before the domain, and what everyone must be told.
const WELCOME_TEXT: &str = "ccci welcomes you to";
const USERS: u64 = 42;

/// Mumble's own number for a wrong password.
const WRONG_PASSWORD: u64 = 3;

/// A channel number that no server gives by itself in a run.
const PLANTED: u64 = 7700;

/// How long a step may take: one starts the server again and waits for it.
const LIMIT: Duration = Duration::from_secs(120);

/// How long it may take until Swarm says that it runs.
const START: Duration = Duration::from_secs(40);

/// How long the server may take to end when it is told to.
const END: Duration = Duration::from_secs(20);

/// Returns what is asked of Mumble beyond the floor.
pub fn suite() -> Suite {
    Suite::new()
        .limit(LIMIT)
        .check(Tier::Install, "page_is_mumbles", page_is_mumbles)
        .check(Tier::Install, "visitors_are_welcomed", visitors_are_welcomed)
        .seed(Tier::Upgrade, "rows", plant_upgrade_rows)
        .seed(Tier::Upgrade, "channel", plant_upgrade_channel)
        .check(Tier::Upgrade, "runs_its_version", runs_its_version)
        .check(Tier::Upgrade, "rows_survive", upgrade_rows_survive)
        .check(Tier::Upgrade, "channel_survives", upgrade_channel_survives)
        .seed(Tier::Backup, "rows", plant_original_rows)
        .seed(Tier::Backup, "channel", make_original_channel)
        .check(Tier::Backup, "rows_are_in_the_copy", rows_are_in_the_copy)
        .seed(Tier::Restore, "rows", mutate_rows)
        .seed(Tier::Restore, "channel", remove_original_channel)
        .check(Tier::Restore, "rows_are_original", rows_are_original)
        .check(Tier::Restore, "server_goes_on", visitors_are_welcomed)
        .check(Tier::Restore, "superuser_has_the_secret", superuser_has_the_secret)
        .seed(Tier::Custom, "restart", start_again)
        .seed(Tier::Custom, "channel", make_channel)
        .check(Tier::Custom, "restored_channel_is_there", restored_channel_is_there)
        .check(Tier::Custom, "channel_is_seen_by_another", channel_is_seen_by_another)
        .check(Tier::Custom, "visitors_are_welcomed", visitors_are_welcomed)
        .check(Tier::Custom, "welcome_text", welcome_text)
        .check(Tier::Custom, "user_limit", user_limit)
        .check(Tier::Custom, "superuser_has_the_secret", superuser_has_the_secret)
        .check(Tier::Custom, "wrong_password_is_rejected", wrong_password_is_rejected)
        .check(Tier::Custom, "page_is_mumbles", page_is_mumbles)
        .check(Tier::Custom, "missing_page_is_404", missing_page_is_404)
}

async fn page_is_mumbles(ctx: Ctx) -> Check {
    let answer = ctx.get("/").await?;
    ensure_eq!(answer.status, 200, "the status of /");
    ensure_eq!(answer.media_type().unwrap_or_default(), "text/html", "the media type of /");
    for part in ["<!DOCTYPE html>", "Mumble", "config.js", "</html>"] {
        ensure!(
            answer.text().contains(part),
            expected: format!("a page with {part:?}"),
            seen: answer.summary(),
        );
    }
    let script = ctx.get("/config.js").await?;
    ensure_eq!(script.status, 200, "the status of /config.js");
    let kind = script.media_type().unwrap_or_default();
    ensure!(kind.ends_with("/javascript"), expected: "a script", seen: script.summary());
    Ok(())
}

async fn missing_page_is_404(ctx: Ctx) -> Check {
    let path = format!("/{}", ctx.unique("not-there"));
    let answer = ctx.get(&path).await?;
    ensure_eq!(answer.status, 404, "the status of {path}, which is not there");
    Ok(())
}

async fn visitors_are_welcomed(ctx: Ctx) -> Check {
    reachable(&ctx)?;
    let (_client, welcome) = Client::guest(&ctx).await?;
    ensure!(welcome.session > 0, expected: "a session", seen: welcome.session);
    ensure_eq!(welcome.channels.get(&0).map(String::as_str), Some("Root"), "the first channel");
    Ok(())
}

async fn plant_upgrade_rows(ctx: Ctx) -> Check {
    write_rows(&ctx, "mumble.upgrade.rows", "before-the-upgrade").await
}

/// The base may publish no port, so the channel is put where the server finds it when it starts.
async fn plant_upgrade_channel(ctx: Ctx) -> Check {
    let name = ctx.unique("before-the-upgrade");
    let insert = format!(
        "INSERT INTO channels (server_id, channel_id, parent_id, name, inheritacl) VALUES (1, {PLANTED}, 0, '{name}', 1)"
    );
    sql(&ctx, DATABASE, &insert).await?;
    ctx.keep("mumble.upgrade.channel", &name)
}

/// What the service names and what answers are two things: an image under a new name may hold the old program.
async fn runs_its_version(ctx: Ctx) -> Check {
    reachable(&ctx)?;
    let after = ctx.run().upgrade.as_ref().map(|upgrade| &upgrade.after);
    let app = after.and_then(|o| o.services.iter().find(|s| s.name.as_str() == "app"));
    let image = app.map(|service| service.image.clone()).unwrap_or_default();
    let tag = image.split('@').next().and_then(|name| name.rsplit_once(':'));
    let named: String = tag
        .map(|(_, tag)| tag.trim_start_matches('v').chars())
        .map(|tag| tag.take_while(|c| c.is_ascii_digit() || *c == '.').collect())
        .unwrap_or_default();
    if named.split('.').count() != 3 {
        return skip(format!("the image {image} does not name a version of Mumble"));
    }
    let (_client, welcome) = Client::guest(&ctx).await?;
    // A distribution adds its own number to the release.
    let runs = welcome.release.split('-').next().unwrap_or_default();
    ensure_eq!(runs, named, "the release of Mumble that {image} runs");
    Ok(())
}

async fn upgrade_rows_survive(ctx: Ctx) -> Check {
    rows_are(&ctx, DATABASE, "mumble.upgrade.rows").await
}

async fn upgrade_channel_survives(ctx: Ctx) -> Check {
    let name: String = ctx.fact("mumble.upgrade.channel")?;
    reachable(&ctx)?;
    has_channel(&ctx, PLANTED, &name).await
}

async fn plant_original_rows(ctx: Ctx) -> Check {
    write_rows(&ctx, "mumble.backup.rows", "original").await
}

async fn make_original_channel(ctx: Ctx) -> Check {
    reachable(&ctx)?;
    let name = ctx.unique("original");
    let mut superuser = Client::superuser(&ctx, &password(&ctx).await?).await?;
    let id = superuser.make_channel(&name).await?;
    has_channel(&ctx, id, &name).await?;
    ctx.keep("mumble.backup.channel", &(id, name))
}

async fn rows_are_in_the_copy(ctx: Ctx) -> Check {
    rows_are(&ctx, COPY, "mumble.backup.rows").await
}

async fn mutate_rows(ctx: Ctx) -> Check {
    write_rows(&ctx, "mumble.restore.rows", "mutated").await?;
    // Proof that it differs now: otherwise finding the original proves nothing.
    rows_are(&ctx, DATABASE, "mumble.restore.rows").await
}

async fn remove_original_channel(ctx: Ctx) -> Check {
    reachable(&ctx)?;
    let (id, _): (u64, String) = ctx.fact("mumble.backup.channel")?;
    let mut superuser = Client::superuser(&ctx, &password(&ctx).await?).await?;
    superuser.remove_channel(id).await?;
    let (_client, welcome) = Client::guest(&ctx).await?;
    ensure!(
        !welcome.channels.contains_key(&id),
        expected: format!("no channel {id} any more"),
        seen: format!("{:?}", welcome.channels),
    );
    ctx.keep("mumble.restore.removed", &true)
}

async fn rows_are_original(ctx: Ctx) -> Check {
    rows_are(&ctx, DATABASE, "mumble.backup.rows").await
}

/// What a restore brings back the server sees when it starts, so it is started again.
async fn start_again(ctx: Ctx) -> Check {
    reachable(&ctx)?;
    let (watch, _) = Client::guest(&ctx).await?;
    // The container may end before the command's own end is told.
    let told = ctx.exec("app", &["sh", "-c", "kill 1"]).await;
    let ended = watch.ended(END).await;
    if let (Err(error), Err(_)) = (&told, &ended) {
        return Err(error.clone());
    }
    ended?;
    let (_client, _) = Client::guest(&ctx).await?;
    // It takes connections before Swarm has heard that it is healthy.
    let look = async || match ctx.exec("app", &["true"]).await {
        Ok(_) => Readiness::Ready(()),
        Err(error) => Readiness::NotYet(error.to_string()),
    };
    Ok(until(Pace::within(START), &Hint::default(), look, |_| {}).await?)
}

async fn make_channel(ctx: Ctx) -> Check {
    reachable(&ctx)?;
    let name = ctx.unique("custom");
    let mut superuser = Client::superuser(&ctx, &password(&ctx).await?).await?;
    let id = superuser.make_channel(&name).await?;
    ctx.keep("mumble.custom.channel", &(id, name))
}

async fn restored_channel_is_there(ctx: Ctx) -> Check {
    reachable(&ctx)?;
    if ctx.fact::<bool>("mumble.restore.removed").is_err() {
        return skip("no channel was removed before a restore in this run");
    }
    let (id, name): (u64, String) = ctx.fact("mumble.backup.channel")?;
    has_channel(&ctx, id, &name).await
}

async fn channel_is_seen_by_another(ctx: Ctx) -> Check {
    reachable(&ctx)?;
    let (id, name): (u64, String) = ctx.fact("mumble.custom.channel")?;
    has_channel(&ctx, id, &name).await
}

async fn welcome_text(ctx: Ctx) -> Check {
    reachable(&ctx)?;
    let (_client, welcome) = Client::guest(&ctx).await?;
    let expected = format!("{WELCOME_TEXT} {}", ctx.domain());
    ensure_eq!(welcome.text, expected, "the welcome text");
    Ok(())
}

async fn user_limit(ctx: Ctx) -> Check {
    reachable(&ctx)?;
    let (_client, welcome) = Client::guest(&ctx).await?;
    ensure_eq!(welcome.max_users, USERS, "the number of users at a time");
    Ok(())
}

async fn superuser_has_the_secret(ctx: Ctx) -> Check {
    reachable(&ctx)?;
    Client::superuser(&ctx, &password(&ctx).await?).await.map(drop)
}

async fn wrong_password_is_rejected(ctx: Ctx) -> Check {
    reachable(&ctx)?;
    match Client::enter(&ctx, "SuperUser", Some(&ctx.unique("wrong"))).await? {
        Answer::Rejected { kind, .. } => {
            ensure_eq!(kind, WRONG_PASSWORD, "why SuperUser with a wrong password is rejected");
            Ok(())
        }
        Answer::Welcome(..) => {
            Err(Failure::new("SuperUser with a wrong password to be rejected", "a welcome"))
        }
    }
}

/// Ends a step as skipped where the deployed revision publishes no port; after the upgrade it must.
fn reachable(ctx: &Ctx) -> Check {
    if ctx.publishes(PORT) {
        return Ok(());
    }
    if ctx.run().upgrade.is_some() {
        let seen = "compose.host-ports.yml is not among its compose files";
        return Err(Failure::new(format!("head to publish port {PORT}"), seen));
    }
    skip(format!("the deployed revision publishes no port {PORT}: voice cannot be reached"))
}

/// Fails unless a guest who comes in now is told of a channel.
async fn has_channel(ctx: &Ctx, id: u64, name: &str) -> Check {
    let (_client, welcome) = Client::guest(ctx).await?;
    ensure!(
        welcome.channels.get(&id).map(String::as_str) == Some(name),
        expected: format!("channel {id} to be {name:?}"),
        seen: format!("{:?}", welcome.channels),
    );
    Ok(())
}

/// Reads the password of SuperUser where the server reads it.
async fn password(ctx: &Ctx) -> Result<String, Failure> {
    let password = ctx.exec("app", &["cat", PASSWORD]).await?.stdout;
    ensure_secret(&password)?;
    ctx.secret(password.clone())?;
    Ok(password)
}

fn ensure_secret(password: &str) -> Check {
    ensure!(password.len() >= 16, expected: "a password of 16 characters or more", seen: password.len());
    Ok(())
}

async fn write_rows(ctx: &Ctx, fact: &str, word: &str) -> Check {
    let value = ctx.unique(word);
    // Two rows, so that half a table is no whole one.
    let write = format!(
        "CREATE TABLE IF NOT EXISTS ci_marker (v text); DELETE FROM ci_marker; INSERT INTO ci_marker VALUES ('{value}-1'), ('{value}-2')"
    );
    sql(ctx, DATABASE, &write).await?;
    ctx.keep(fact, &value)
}

async fn rows_are(ctx: &Ctx, file: &str, fact: &str) -> Check {
    let planted: String = ctx.fact(fact)?;
    let rows = sql(ctx, file, "SELECT v FROM ci_marker ORDER BY v").await?;
    ensure_eq!(rows.trim(), format!("{planted}-1\n{planted}-2"), "the rows of ci_marker in {file}");
    Ok(())
}

async fn sql(ctx: &Ctx, file: &str, statement: &str) -> Result<String, Failure> {
    // The server may be writing just now.
    let argv = ["sqlite3", "-bail", file, ".timeout 10000", statement];
    Ok(ctx.exec("app", &argv).await?.stdout)
}
