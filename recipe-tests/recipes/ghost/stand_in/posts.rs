//! Posts, as those who write them see them.

use serde_json::{Value, json};

use super::Ghost;
use super::admin::{Given, Refused, body, invalid, missing, sent};
use super::database::quoted;
use super::response;
use crate::world::{Inside, Request};

/// What is asked of the database about a post.
const COLUMNS: &str = "id, title, slug, html, status, updated_at";

impl Ghost {
    /// Answers below `/ghost/api/admin/posts/`.
    pub(super) fn posts(
        &self,
        inside: &mut Inside<'_>,
        parts: &[&str],
        request: &Request,
    ) -> Given {
        match (request.method.as_str(), parts) {
            ("POST", []) => self.write(inside, request),
            ("GET", []) => {
                let rows = self.ask(inside, &format!("SELECT {COLUMNS} FROM posts"))?;
                let posts: Vec<Value> = rows.iter().map(|r| shown(inside, r, request)).collect();
                Ok(sent(200, &json!({"posts": posts})))
            }
            ("GET", ["slug", slug]) => self.post(inside, "slug", slug, request, 200),
            ("GET", [id]) => self.post(inside, "id", id, request, 200),
            ("PUT", [id]) => self.rewrite(inside, id, request),
            ("DELETE", [id]) => {
                self.post(inside, "id", id, request, 200)?;
                self.ask(inside, &format!("DELETE FROM posts WHERE id = {}", quoted(id)))?;
                Ok(response(204, "text/plain; charset=utf-8", ""))
            }
            _ => Err(missing("Resource")),
        }
    }

    fn post(
        &self,
        inside: &mut Inside<'_>,
        by: &str,
        value: &str,
        request: &Request,
        status: u16,
    ) -> Given {
        let sql = format!("SELECT {COLUMNS} FROM posts WHERE {by} = {}", quoted(value));
        let rows = self.ask(inside, &sql)?;
        let row = rows.first().ok_or_else(|| missing("Post"))?;
        Ok(sent(status, &json!({"posts": [shown(inside, row, request)]})))
    }

    fn write(&self, inside: &mut Inside<'_>, request: &Request) -> Given {
        let body = body(request)?;
        let post = &body["posts"][0];
        let title = post["title"].as_str().filter(|t| !t.is_empty());
        let title = title.ok_or_else(|| invalid("Value in [posts.title] cannot be blank."))?;
        let wanted = post["slug"].as_str().unwrap_or(title);
        let token = self.token(inside, "posts", title)?;
        let (id, slug) = (&token[..24], self.free_slug(inside, wanted)?);
        let sql = format!(
            "INSERT INTO posts ({COLUMNS}) VALUES ('{id}', {}, {}, {}, {}, '{}')",
            quoted(title),
            quoted(&slug),
            quoted(post["html"].as_str().unwrap_or_default()),
            quoted(post["status"].as_str().unwrap_or("draft")),
            now(inside),
        );
        self.ask(inside, &sql)?;
        self.post(inside, "id", id, request, 201)
    }

    /// Returns the address that a post gets: what it asks for, with a number if that is taken.
    fn free_slug(&self, inside: &mut Inside<'_>, wanted: &str) -> Result<String, Refused> {
        let plain: String = wanted
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let plain = plain.split('-').filter(|p| !p.is_empty()).collect::<Vec<_>>().join("-");
        let taken = self.ask(inside, "SELECT slug FROM posts")?;
        let is_free = |slug: &String| !taken.iter().any(|row| row[0] == *slug);
        let numbered = (2..).map(|n| format!("{plain}-{n}"));
        Ok(std::iter::once(plain.clone()).chain(numbered).find(is_free).unwrap_or_default())
    }

    /// Changes a post, if it is still what the writer has seen.
    fn rewrite(&self, inside: &mut Inside<'_>, id: &str, request: &Request) -> Given {
        let body = body(request)?;
        let post = &body["posts"][0];
        let sql = format!("SELECT {COLUMNS} FROM posts WHERE id = {}", quoted(id));
        let rows = self.ask(inside, &sql)?;
        let row = rows.first().ok_or_else(|| missing("Post"))?;
        if post["updated_at"].as_str() != Some(&row[5]) {
            let text = "Saving failed! Someone else is editing this post.".to_owned();
            return Err(Refused(409, "UpdateCollisionError", "UPDATE_COLLISION", text));
        }
        let or = |name: &str, before: &str| quoted(post[name].as_str().unwrap_or(before));
        let sql = format!(
            "UPDATE posts SET title = {}, html = {}, status = {}, updated_at = '{}' WHERE id = {}",
            or("title", &row[1]),
            or("html", &row[3]),
            or("status", &row[4]),
            now(inside),
            quoted(id),
        );
        self.ask(inside, &sql)?;
        self.post(inside, "id", id, request, 200)
    }
}

fn now(inside: &Inside<'_>) -> String {
    inside.now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Returns a post as the API shows it; its text only where it is asked for.
fn shown(inside: &Inside<'_>, row: &[String], request: &Request) -> Value {
    let url = Ghost::setting(inside, "url").unwrap_or_default();
    let mut post = json!({
        "id": row[0], "title": row[1], "slug": row[2], "status": row[4], "updated_at": row[5],
        "url": format!("{url}/{}/", row[2]),
    });
    if request.path.contains("formats=html") || request.path.contains("source=html") {
        post["html"] = json!(row[3]);
    }
    post
}
