//! nginx that serves a volume: what is put into the docroot comes out, as what it is, through all tiers.

use recipe_tests::{Answer, CauseClass, Check, Ctx, Failure, Suite, Tier, ensure, ensure_eq, skip};

const DOCROOT: &str = "/usr/share/nginx/html";

/// Files whose exact content must come back: one that is text, and one that a page for everything would shadow.
const ROUND_TRIP: [&str; 2] = ["ccci-round-trip.txt", "ccci-round-trip.html"];

/// Files that the custom tier plants, with the media type that each must be served as.
const TYPED: [(&str, &str); 4] = [
    ("ccci-typed.txt", "text/plain"),
    ("ccci-typed.html", "text/html"),
    ("ccci-typed.css", "text/css"),
    ("ccci-typed.json", "application/json"),
];

/// Returns what is asked of custom-html beyond the floor.
pub fn suite() -> Suite {
    Suite::new()
        .seed(Tier::Upgrade, "page", plant_upgrade_page)
        .check(Tier::Upgrade, "page_survives", page_survives)
        .check(Tier::Upgrade, "runs_its_version", runs_its_version)
        .seed(Tier::Backup, "page", plant_original_page)
        .seed(Tier::Restore, "page", mutate_page)
        .check(Tier::Restore, "page_is_original", page_is_original)
        .seed(Tier::Custom, "pages", plant_pages)
        .check(Tier::Custom, "content_round_trip", content_round_trip)
        .check(Tier::Custom, "index_is_served", index_is_served)
        .check(Tier::Custom, "content_types", content_types)
        .check(Tier::Custom, "missing_page_is_404", missing_page_is_404)
}

async fn plant_upgrade_page(ctx: Ctx) -> Check {
    let body = ctx.unique("before-the-upgrade");
    put(&ctx, "ccci-upgrade.txt", &body).await?;
    ctx.keep("custom-html.upgrade", &body)
}

async fn page_survives(ctx: Ctx) -> Check {
    let body: String = ctx.fact("custom-html.upgrade")?;
    serves(&ctx, "/ccci-upgrade.txt", &body).await
}

/// What the service names and what answers are two things: an image under a new name may hold the old program.
async fn runs_its_version(ctx: Ctx) -> Check {
    let upgraded = ctx
        .run()
        .upgrade
        .as_ref()
        .and_then(|u| u.after.services.iter().find(|service| service.name.as_str() == "app"));
    let image = upgraded.map(|service| service.image.clone()).unwrap_or_default();
    let tag = image.split('@').next().and_then(|name| name.rsplit_once(':'));
    let version: String = tag
        .map(|(_, tag)| tag.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect())
        .unwrap_or_default();
    if version.split('.').count() != 3 {
        return skip(format!("the image {image} does not name a version of nginx"));
    }
    let answer = ctx.get("/").await?;
    let server = answer.header("server").unwrap_or_default().to_owned();
    if server == "nginx" {
        return skip("this nginx does not say its version");
    }
    ensure_eq!(server, format!("nginx/{version}"), "the server that {image} runs");
    Ok(())
}

async fn plant_original_page(ctx: Ctx) -> Check {
    let body = ctx.unique("original");
    put(&ctx, "ccci-backup.txt", &body).await?;
    serves_afresh(&ctx, "/ccci-backup.txt", &body).await?;
    ctx.keep("custom-html.backup", &body)
}

async fn mutate_page(ctx: Ctx) -> Check {
    let body = ctx.unique("mutated");
    put(&ctx, "ccci-backup.txt", &body).await?;
    // Proof over HTTP that the page differs now: otherwise finding the original proves nothing.
    serves_afresh(&ctx, "/ccci-backup.txt", &body).await
}

async fn page_is_original(ctx: Ctx) -> Check {
    let body: String = ctx.fact("custom-html.backup")?;
    let answer = ctx.get("/ccci-backup.txt").await?;
    let kept = ctx.read_file("app", &format!("{DOCROOT}/ccci-backup.txt")).await?;
    if answer.text() != body && kept == body.as_bytes() {
        let seen = format!(
            "the volume holds it again, and what is served is a cache's: {}. Let a `backupbot.restore.post-hook` empty the cache or restart the app",
            answer.summary()
        );
        let stale = Failure::new(format!("/ccci-backup.txt to be exactly {body:?}"), seen);
        return Err(stale.with_cause(CauseClass::Recipe));
    }
    serves(&ctx, "/ccci-backup.txt", &body).await
}

async fn plant_pages(ctx: Ctx) -> Check {
    let body = ctx.unique("round-trip");
    for file in ROUND_TRIP {
        put(&ctx, file, &body).await?;
    }
    put(&ctx, "index.html", &body).await?;
    for (file, _) in TYPED {
        put(&ctx, file, "").await?;
    }
    ctx.keep("custom-html.round-trip", &body)
}

async fn content_round_trip(ctx: Ctx) -> Check {
    let body: String = ctx.fact("custom-html.round-trip")?;
    for file in ROUND_TRIP {
        serves(&ctx, &format!("/{file}"), &body).await?;
    }
    Ok(())
}

/// The first page is the site's, as what serves it (and its welcome page) would have it.
async fn index_is_served(ctx: Ctx) -> Check {
    let body: String = ctx.fact("custom-html.round-trip")?;
    serves(&ctx, "/", &body).await
}

async fn content_types(ctx: Ctx) -> Check {
    for (file, media_type) in TYPED {
        let answer = ctx.get(&format!("/{file}")).await?;
        ensure_eq!(answer.status, 200, "the status of /{file}");
        ensure_eq!(
            answer.media_type().unwrap_or_default(),
            media_type,
            "the media type of /{file}"
        );
    }
    Ok(())
}

async fn missing_page_is_404(ctx: Ctx) -> Check {
    let path = format!("/{}", ctx.unique("not-there"));
    let answer = ctx.get(&path).await?;
    ensure_eq!(answer.status, 404, "the status of {path}, which is not there");
    let by_nginx = answer.header("server").is_some_and(|s| s.starts_with("nginx"))
        || answer.text().contains("nginx");
    ensure!(by_nginx, expected: "a 404 that nginx makes", seen: answer.summary());
    Ok(())
}

async fn put(ctx: &Ctx, file: &str, body: &str) -> Check {
    ctx.write_file("app", &format!("{DOCROOT}/{file}"), body.as_bytes()).await
}

/// As [`serves`], as seen by somebody who reloads the page: past whatever keeps what it served.
async fn serves_afresh(ctx: &Ctx, path: &str, body: &str) -> Check {
    let visitor = ctx.visitor()?.with_header("cache-control", "no-cache");
    is_page(&visitor.get(path).await?, path, body)
}

async fn serves(ctx: &Ctx, path: &str, body: &str) -> Check {
    is_page(&ctx.get(path).await?, path, body)
}

fn is_page(answer: &Answer, path: &str, body: &str) -> Check {
    ensure_eq!(answer.status, 200, "the status of {path}");
    ensure!(
        answer.text() == body,
        expected: format!("{path} to be exactly {body:?}"),
        seen: answer.summary(),
    );
    Ok(())
}
