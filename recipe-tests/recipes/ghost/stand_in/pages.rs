//! What everyone sees: pages, the feed, the content API.

use serde_json::{Value, json};

use super::admin::{Given, Refused, missing, refusal, sent};
use super::database::{Unanswered, quoted};
use super::{Ghost, response};
use crate::world::{Inside, Response};

/// The admin's program, as small as it can be: it asks for a session and shows where it is in its address.
const ADMIN: &str = r##"<div id="ember-app"><form>
<input name="identification"><input type="password" name="password"><p class="main-error"></p>
<button type="submit">Sign in</button></form></div><script>
location.hash = "#/signin";
document.querySelector("form").onsubmit = event => {
  event.preventDefault();
  const value = name => document.querySelector(`input[name=${name}]`).value;
  const body = JSON.stringify({username: value("identification"), password: value("password")});
  const headers = {"content-type": "application/json"};
  fetch("/ghost/api/admin/session/", {method: "POST", headers, body}).then(answer => {
    if (answer.ok) location.hash = "#/dashboard";
    else document.querySelector(".main-error").textContent = "Your password is incorrect.";
  });
};</script>"##;

/// A post that is published.
struct Post {
    title: String,
    slug: String,
    html: String,
}

impl Ghost {
    fn html(&self, status: u16, title: &str, body: &str) -> Response {
        let text = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><title>{title}</title><meta name=\"generator\" content=\"Ghost {}\"></head><body>{body}</body></html>\n",
            self.short()
        );
        response(status, "text/html; charset=utf-8", text)
    }

    fn published(&self, inside: &mut Inside<'_>) -> Result<(String, Vec<Post>), Unanswered> {
        let site = "SELECT value FROM settings WHERE `key` = 'title'";
        let site = self.first(inside, site)?.unwrap_or_default();
        let posts = "SELECT title, slug, html FROM posts WHERE status = 'published'";
        let post = |row: Vec<String>| {
            let mut cells = row.into_iter();
            let mut next = || cells.next().unwrap_or_default();
            Post { title: next(), slug: next(), html: next() }
        };
        Ok((site, self.ask(inside, posts)?.into_iter().map(post).collect()))
    }

    /// Answers outside of the APIs.
    pub(super) fn page(&self, inside: &mut Inside<'_>, path: &str) -> Response {
        if path == "/ghost/" {
            return self.html(200, "Ghost Admin", ADMIN);
        }
        let Ok((title, posts)) = self.published(inside) else {
            let text = "<h1>500</h1><p>An unexpected error occurred, please try again.</p>";
            return self.html(500, "500", text);
        };
        match path {
            "/" => {
                let link = |p: &Post| format!("<h2><a href=\"/{}/\">{}</a></h2>", p.slug, p.title);
                let list: String = posts.iter().map(link).collect();
                self.html(200, &title, &format!("<h1>{title}</h1>{list}"))
            }
            "/rss/" => {
                let item = |p: &Post| {
                    format!(
                        "<item><title><![CDATA[{}]]></title><link>/{}/</link><content:encoded><![CDATA[{}]]></content:encoded></item>",
                        p.title, p.slug, p.html
                    )
                };
                let items: String = posts.iter().map(item).collect();
                let text = format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title><![CDATA[{title}]]></title>{items}</channel></rss>"
                );
                response(200, "application/rss+xml; charset=utf-8", text)
            }
            _ => match posts.iter().find(|p| path == format!("/{}/", p.slug)) {
                Some(post) => {
                    let body = format!("<h1>{}</h1>{}", post.title, post.html);
                    self.html(200, &post.title, &body)
                }
                None => {
                    let text = "<h1>404</h1><p>Page not found</p>";
                    self.html(404, "404 — Page not found", text)
                }
            },
        }
    }

    /// Answers below `/ghost/api/content/`.
    pub(super) fn content(&self, inside: &mut Inside<'_>, name: &str, whole: &str) -> Response {
        self.content_for(inside, name, whole).unwrap_or_else(refusal)
    }

    fn content_for(&self, inside: &mut Inside<'_>, name: &str, whole: &str) -> Given {
        let query = whole.split_once('?').map_or("", |(_, query)| query);
        let key = query.split('&').find_map(|pair| pair.strip_prefix("key="));
        let Some(key) = key else {
            let text = "Authorization failed".to_owned();
            return Err(Refused(403, "NoPermissionError", "", text));
        };
        let known = format!("SELECT id FROM integrations WHERE content_key = {}", quoted(key));
        if self.first(inside, &known)?.is_none() {
            let text = "Unknown Content API Key".to_owned();
            return Err(Refused(401, "UnauthorizedError", "UNKNOWN_CONTENT_API_KEY", text));
        }
        let (title, posts) = self.published(inside)?;
        let shown = |p: &Post| json!({"title": p.title, "slug": p.slug, "html": p.html});
        let parts: Vec<&str> = name.split('/').filter(|p| !p.is_empty()).collect();
        let given = match parts.as_slice() {
            ["settings"] => json!({"settings": {"title": title}}),
            ["posts"] => json!({"posts": posts.iter().map(shown).collect::<Vec<Value>>()}),
            ["posts", "slug", slug] => {
                let post = posts.iter().find(|p| p.slug == *slug);
                json!({"posts": [shown(post.ok_or_else(|| missing("Post"))?)]})
            }
            _ => return Err(missing("Resource")),
        };
        Ok(sent(200, &given))
    }
}
