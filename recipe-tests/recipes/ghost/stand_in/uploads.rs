//! Files that are uploaded: in the content folder, served from there.

use serde_json::json;

use super::admin::{Given, header, invalid, missing, refusal, sent};
use super::{CONTENT, Ghost, response};
use crate::world::{Inside, Request, Response};

/// What may be uploaded as an image, and how it is served.
const TYPES: [(&str, &str); 5] = [
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".gif", "image/gif"),
    (".svg", "image/svg+xml"),
    (".webp", "image/webp"),
];

impl Ghost {
    /// Takes the file of a form.
    pub(super) fn upload(&self, inside: &mut Inside<'_>, request: &Request) -> Given {
        let kind = header(request, "content-type").unwrap_or_default();
        let (name, content) = kind
            .split_once("boundary=")
            .and_then(|(_, boundary)| file_of(&request.body, boundary))
            .ok_or_else(|| invalid("Please select an image."))?;
        if media_type(&name).is_none() {
            return Err(invalid("Please select a valid image."));
        }
        let path = format!("images/{}/{name}", inside.now.strftime("%Y/%m"));
        inside
            .write_new(&format!("{CONTENT}/{path}"), content)
            .map_err(|_| invalid("The image cannot be stored."))?;
        let url = Self::setting(inside, "url").unwrap_or_default();
        Ok(sent(201, &json!({"images": [{"url": format!("{url}/content/{path}"), "ref": null}]})))
    }

    /// Serves what was uploaded.
    pub(super) fn uploaded(&self, inside: &Inside<'_>, path: &str) -> Response {
        let file = path.strip_prefix("/content/images/").map(|p| format!("{CONTENT}/images/{p}"));
        let content = file.and_then(|f| inside.read(&f).map(<[u8]>::to_vec));
        match (content, media_type(path)) {
            (Some(content), Some(kind)) => response(200, kind, content),
            (Some(_) | None, _) => refusal(missing("Image")),
        }
    }
}

fn media_type(name: &str) -> Option<&'static str> {
    TYPES.iter().find(|(end, _)| name.ends_with(end)).map(|(_, kind)| *kind)
}

/// Returns the name and the content of the file in a form.
fn file_of(body: &[u8], boundary: &str) -> Option<(String, Vec<u8>)> {
    let find = |from: usize, what: &[u8]| {
        body.get(from..)?.windows(what.len()).position(|w| w == what).map(|at| from + at)
    };
    let begin = find(0, b"filename=\"")? + b"filename=\"".len();
    let name = String::from_utf8_lossy(&body[begin..find(begin, b"\"")?]).into_owned();
    let content = find(begin, b"\r\n\r\n")? + 4;
    let end = find(content, format!("\r\n--{boundary}").as_bytes())?;
    let plain = name.rsplit('/').next().unwrap_or_default().to_owned();
    Some((plain, body[content..end].to_vec()))
}
