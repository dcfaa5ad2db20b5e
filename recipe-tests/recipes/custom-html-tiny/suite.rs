//! static-web-server in an image without a shell: what is put into its volume comes out, byte by byte.

use recipe_tests::{Answer, Check, Ctx, Suite, Tier, ensure, ensure_eq};

/// The folder that is served.
const ROOT: &str = "/public";

/// Files that the custom tier plants, with the media type that each must be served as.
const TYPED: [(&str, &str); 3] = [
    ("ccci-typed.html", "text/html"),
    ("ccci-typed.css", "text/css"),
    ("ccci-typed.json", "application/json"),
];

/// Returns what is asked of custom-html-tiny beyond the floor.
pub fn suite() -> Suite {
    Suite::new()
        .seed(Tier::Upgrade, "page", plant_page)
        .check(Tier::Upgrade, "page_survives", page_survives)
        .seed(Tier::Custom, "files", plant_files)
        .check(Tier::Custom, "index_is_served", index_is_served)
        .check(Tier::Custom, "bytes_are_exact", bytes_are_exact)
        .check(Tier::Custom, "content_types", content_types)
        .check(Tier::Custom, "change_is_seen_at_once", change_is_seen_at_once)
        .check(Tier::Custom, "missing_page_is_the_servers_404", missing_page_is_the_servers_404)
}

async fn plant_page(ctx: Ctx) -> Check {
    let body = ctx.unique("before-the-upgrade");
    put(&ctx, "ccci-upgrade.txt", body.as_bytes()).await?;
    serves(&ctx, "/ccci-upgrade.txt", body.as_bytes()).await?;
    ctx.keep("custom-html-tiny.upgrade", &body)
}

async fn page_survives(ctx: Ctx) -> Check {
    let body: String = ctx.fact("custom-html-tiny.upgrade")?;
    serves(&ctx, "/ccci-upgrade.txt", body.as_bytes()).await
}

async fn plant_files(ctx: Ctx) -> Check {
    let body = ctx.unique("index");
    put(&ctx, "index.html", page(&body).as_bytes()).await?;
    put(&ctx, "ccci-bytes.bin", &every_byte(&body)).await?;
    for (file, _) in TYPED {
        put(&ctx, file, b"{}").await?;
    }
    // What is served once must not be served for ever.
    put(&ctx, "ccci-changed.txt", b"the first text").await?;
    serves(&ctx, "/ccci-changed.txt", b"the first text").await?;
    put(&ctx, "ccci-changed.txt", body.as_bytes()).await?;
    ctx.keep("custom-html-tiny.body", &body)
}

async fn index_is_served(ctx: Ctx) -> Check {
    let body: String = ctx.fact("custom-html-tiny.body")?;
    serves(&ctx, "/", page(&body).as_bytes()).await
}

async fn bytes_are_exact(ctx: Ctx) -> Check {
    let body: String = ctx.fact("custom-html-tiny.body")?;
    serves(&ctx, "/ccci-bytes.bin", &every_byte(&body)).await
}

async fn content_types(ctx: Ctx) -> Check {
    for (file, media_type) in TYPED {
        let answer = ctx.get(&format!("/{file}")).await?;
        ensure_eq!(answer.status, 200, "the status of /{file}");
        let seen = answer.media_type().unwrap_or_default();
        ensure_eq!(seen, media_type, "the media type of /{file}");
    }
    Ok(())
}

async fn change_is_seen_at_once(ctx: Ctx) -> Check {
    let body: String = ctx.fact("custom-html-tiny.body")?;
    serves(&ctx, "/ccci-changed.txt", body.as_bytes()).await
}

async fn missing_page_is_the_servers_404(ctx: Ctx) -> Check {
    let path = format!("/{}", ctx.unique("not-there"));
    let answer = ctx.get(&path).await?;
    ensure_eq!(answer.status, 404, "the status of {path}, which is not there");
    // The router's own page is plain text.
    ensure!(
        answer.media_type().as_deref() == Some("text/html") && answer.text().contains("404"),
        expected: "a 404 that static-web-server makes",
        seen: answer.summary(),
    );
    Ok(())
}

fn page(body: &str) -> String {
    format!("<!doctype html><title>{body}</title>\n")
}

/// Returns content that no change of encoding, line ends or length survives.
fn every_byte(body: &str) -> Vec<u8> {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    [body.as_bytes(), &all, b"\r\n\n\r", body.as_bytes()].concat()
}

async fn put(ctx: &Ctx, file: &str, body: &[u8]) -> Check {
    ctx.write_file("app", &format!("{ROOT}/{file}"), body).await
}

async fn serves(ctx: &Ctx, path: &str, body: &[u8]) -> Check {
    let answer = ctx.get(path).await?;
    ensure_eq!(answer.status, 200, "the status of {path}");
    ensure!(
        answer.body == body,
        expected: format!("{path} to be exactly the {} bytes that were put there", body.len()),
        seen: answer.summary(),
    );
    says_its_length(path, &answer)
}

fn says_its_length(path: &str, answer: &Answer) -> Check {
    let length = answer.header("content-length").and_then(|l| l.parse::<usize>().ok());
    ensure_eq!(length, Some(answer.body.len()), "the Content-Length of {path}");
    Ok(())
}
