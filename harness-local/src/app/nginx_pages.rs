//! nginx's own pages and media types.

use super::nginx_conf::Conf;

/// The page that a new site begins with.
pub(super) const WELCOME: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n</body>\n</html>\n";

/// Returns the page for a status.
pub(super) fn error_page(status: u16, version: &str) -> String {
    let reason = match status {
        301 => "Moved Permanently",
        403 => "Forbidden",
        404 => "Not Found",
        502 => "Bad Gateway",
        _ => "Internal Server Error",
    };
    format!(
        "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n<hr><center>nginx/{version}</center>\r\n</body>\r\n</html>\r\n"
    )
}

/// Returns the media type of a file, from the site's own types if it has some.
pub(super) fn media_type(conf: &Conf, name: &str) -> String {
    let extension = name.rsplit('/').next().and_then(|n| n.rsplit_once('.')).map(|(_, e)| e);
    let own = |extension: &str| match &conf.types {
        Some(types) => types.iter().find(|(e, _)| e == extension).map(|(_, t)| t.clone()),
        None => TYPES.iter().find(|(e, _)| *e == extension).map(|(_, t)| (*t).to_owned()),
    };
    let lower = extension.map(str::to_ascii_lowercase);
    lower.and_then(|e| own(&e)).unwrap_or_else(|| conf.default_type.clone())
}

/// The media types that nginx knows by itself, as far as sites use them.
const TYPES: &[(&str, &str)] = &[
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("xml", "text/xml"),
    ("txt", "text/plain"),
    ("js", "application/javascript"),
    ("json", "application/json"),
    ("gif", "image/gif"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("ico", "image/x-icon"),
    ("webp", "image/webp"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("pdf", "application/pdf"),
    ("zip", "application/zip"),
    ("wasm", "application/wasm"),
    ("mp4", "video/mp4"),
];
