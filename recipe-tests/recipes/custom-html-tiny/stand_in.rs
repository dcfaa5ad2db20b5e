//! Plays static-web-server: one program that serves a folder. Nothing else can be run in its image.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::app::StandIn;
use crate::world::{Image, Inside, Io, Ran, Request, Response};

/// Returns the images that this recipe brings.
pub(crate) fn stand_ins() -> Vec<StandIn> {
    let make: fn(&str) -> Arc<dyn Image> = |_| Arc::new(StaticWebServer);
    ["joseluisq/static-web-server", "docker.io/joseluisq/static-web-server"]
        .map(|image| StandIn { image, make })
        .to_vec()
}

#[derive(Debug)]
struct StaticWebServer;

/// The one program.
const PROGRAM: &str = "/static-web-server";

/// How long it boots.
const BOOT: Duration = Duration::from_millis(20);

/// Its own pages for errors.
const ERROR: &str = "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>{}</title></head><body><center><h1>{}</h1></center></body></html>";

/// Media types by the ends of names; all else is a download.
const TYPES: [(&str, &str); 9] = [
    (".html", "text/html"),
    (".txt", "text/plain"),
    (".css", "text/css"),
    (".js", "text/javascript"),
    (".json", "application/json"),
    (".svg", "image/svg+xml"),
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".ico", "image/x-icon"),
];

fn root(inside: &Inside<'_>) -> String {
    inside.env.get("SERVER_ROOT").cloned().unwrap_or_else(|| "/public".to_owned())
}

fn port(inside: &Inside<'_>) -> u16 {
    inside.env.get("SERVER_PORT").and_then(|p| p.parse().ok()).unwrap_or(80)
}

fn response(status: u16, kind: &str, body: Vec<u8>) -> Response {
    let headers = vec![
        ("content-length".to_owned(), body.len().to_string()),
        ("content-type".to_owned(), kind.to_owned()),
    ];
    Response { status, headers, body }
}

fn error(status: u16, words: &str) -> Response {
    let text = ERROR.replace("{}", &format!("{status} {words}"));
    response(status, "text/html", text.into_bytes())
}

fn media_type(name: &str) -> &'static str {
    let known = TYPES.iter().find(|(end, _)| name.ends_with(end));
    known.map_or("application/octet-stream", |(_, kind)| kind)
}

impl Image for StaticWebServer {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::new()
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        (vec![PROGRAM.to_owned()], Vec::new())
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        let program = argv.first().map(String::as_str).unwrap_or_default();
        if program != PROGRAM {
            let text = format!(
                "OCI runtime exec failed: exec failed: unable to start container process: exec: \"{program}\": executable file not found in $PATH: unknown\n"
            );
            io.err.extend(text.bytes());
            return Ran::Ended(127);
        }
        if inside.is_folder(&root(inside)) {
            return Ran::Serves { boot: BOOT };
        }
        let text = format!("Error: root path is not a directory: {}\n", root(inside));
        io.err.extend(text.bytes());
        Ran::Ended(1)
    }

    fn answer(&self, inside: &mut Inside<'_>, at: u16, request: &Request) -> Option<Response> {
        if at != port(inside) {
            return None;
        }
        if !["GET", "HEAD", "OPTIONS"].contains(&request.method.as_str()) {
            return Some(error(405, "Method Not Allowed"));
        }
        let path = request.path.split('?').next().unwrap_or_default();
        let name = if path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
        let file = format!("{}{name}", root(inside));
        if let Some(body) = inside.read(&file) {
            return Some(response(200, media_type(&name), body.to_vec()));
        }
        if inside.is_folder(&file) {
            let mut moved = response(308, "text/html", Vec::new());
            moved.headers.push(("location".to_owned(), format!("{path}/")));
            return Some(moved);
        }
        Some(error(404, "Not Found"))
    }

    fn listens(&self, inside: &Inside<'_>, at: u16) -> bool {
        at == port(inside)
    }
}
