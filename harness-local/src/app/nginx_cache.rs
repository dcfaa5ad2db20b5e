//! What nginx keeps of what it served, and the log of that. Both are files: they last as long as what holds them.

use super::nginx_conf::Location;
use crate::world::{Inside, Request, Response};

/// Where answers are kept: in the container, whatever the configuration names.
const PAGES: &str = "/tmp/nginx-pages";

/// Returns a kept answer, unless the request is one of those that are to be fresh.
pub(super) fn kept(
    inside: &Inside<'_>,
    location: &Location,
    request: &Request,
) -> Option<Response> {
    if !location.caches || asks_for_fresh(location, request) {
        return None;
    }
    read(inside.read(&place(request))?)
}

/// Keeps an answer that is good.
pub(super) fn keep(
    inside: &mut Inside<'_>,
    location: &Location,
    request: &Request,
    answer: &Response,
) {
    if !location.caches || answer.status != 200 || request.method != "GET" {
        return;
    }
    let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    let mut bytes = headers.collect::<String>().into_bytes();
    bytes.push(b'\n');
    bytes.extend_from_slice(&answer.body);
    // What cannot be kept is asked for again, as with nginx.
    inside.write_new(&place(request), bytes).unwrap_or_default();
}

/// Adds a line to the log of a site.
pub(super) fn log(inside: &mut Inside<'_>, file: &str, request: &Request, status: u16) {
    let mut lines = inside.read(file).unwrap_or_default().to_vec();
    let line = format!("\"{} {}\" {status}\n", request.method, request.path);
    lines.extend_from_slice(line.as_bytes());
    // A log that cannot be written keeps nobody from being served.
    inside.write(file, lines).unwrap_or_default();
}

fn asks_for_fresh(location: &Location, request: &Request) -> bool {
    let is_it =
        |name: &str| location.bypass.as_deref().is_some_and(|b| b.eq_ignore_ascii_case(name));
    request.headers.iter().any(|(name, value)| is_it(name) && !value.is_empty() && value != "0")
}

fn place(request: &Request) -> String {
    let name: String = request.path.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{PAGES}/{name}")
}

fn read(bytes: &[u8]) -> Option<Response> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Some(Response { status: 200, headers, body: bytes[end + 2..].to_vec() })
}
