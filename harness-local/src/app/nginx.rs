//! nginx: a server for the files of a folder, as its configuration says.

use std::collections::BTreeMap;
use std::time::Duration;

use super::nginx_cache;
use super::nginx_conf::{Conf, Location, Upstream};
use super::nginx_pages::{WELCOME, error_page, media_type};
use super::programs::{Machine, base_name};
use crate::world::{Image, Inside, Io, Ran, Request, Response};

/// Plays nginx of one version.
#[derive(Clone, Debug)]
pub(super) struct Nginx {
    version: String,
}

/// Where the site's configuration lies.
const SITE: &str = "/etc/nginx/conf.d/default.conf";

/// How long it boots.
const BOOT: Duration = Duration::from_millis(60);

impl Nginx {
    pub(super) fn new(tag: &str) -> Self {
        Self { version: tag.split('-').next().unwrap_or(tag).to_owned() }
    }

    fn start(inside: &Inside<'_>, io: &mut Io<'_>) -> Ran {
        let text = inside.read(SITE).unwrap_or_default();
        match Conf::parse(&String::from_utf8_lossy(text)) {
            Ok(_) => Ran::Serves { boot: BOOT },
            Err(problem) => {
                io.err.extend(format!("nginx: [emerg] {problem} in {SITE}\n").bytes());
                Ran::Ended(1)
            }
        }
    }

    fn file(&self, inside: &Inside<'_>, conf: &Conf, path: &str) -> Response {
        let plain = path.split('?').next().unwrap_or_default();
        let name =
            if plain.ends_with('/') { format!("{plain}{}", conf.index) } else { plain.to_owned() };
        let file = format!("{}{name}", conf.root);
        if let Some(body) = inside.read(&file) {
            let kind = media_type(conf, &name);
            return self.response(conf, 200, &kind, body.to_vec());
        }
        if inside.is_folder(&file) && !plain.ends_with('/') {
            let mut moved = self.error(conf, 301);
            moved.headers.push(("location".to_owned(), format!("{plain}/")));
            return moved;
        }
        self.error(conf, if plain.ends_with('/') && inside.is_folder(&file) { 403 } else { 404 })
    }

    /// Asks the server behind it.
    fn pass_on(
        &self,
        inside: &mut Inside<'_>,
        conf: &Conf,
        upstream: &Upstream,
        request: &Request,
    ) -> Response {
        let mut asked = request.clone();
        for (name, value) in conf.told.iter().filter(|(_, v)| !v.contains('$')) {
            asked.headers.retain(|(n, _)| n != name);
            asked.headers.push((name.clone(), value.clone()));
        }
        let answer = match upstream.host.as_str() {
            "127.0.0.1" | "localhost" => self.answer(inside, upstream.port, &asked),
            host => inside.ask(host, upstream.port, &asked),
        };
        let Some(mut answer) = answer else {
            return self.error(conf, 502);
        };
        answer.headers.retain(|(name, _)| name != "server");
        answer.headers.insert(0, ("server".to_owned(), format!("nginx/{}", self.version)));
        answer
    }

    fn error(&self, conf: &Conf, status: u16) -> Response {
        self.response(conf, status, "text/html", error_page(status, &self.version).into_bytes())
    }

    fn response(&self, conf: &Conf, status: u16, kind: &str, body: Vec<u8>) -> Response {
        let mut headers = vec![
            ("server".to_owned(), format!("nginx/{}", self.version)),
            ("content-type".to_owned(), conf.with_charset(kind)),
        ];
        for (name, value, always) in &conf.headers {
            if *always || status < 400 {
                headers.push((name.to_ascii_lowercase(), value.clone()));
            }
        }
        Response { status, headers, body }
    }
}

impl Image for Nginx {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let error = error_page(500, &self.version);
        let conf =
            "server {\n    listen 80;\n    root /usr/share/nginx/html;\n    index index.html;\n}\n";
        BTreeMap::from([
            ("/usr/share/nginx/html/index.html".to_owned(), WELCOME.as_bytes().to_vec()),
            ("/usr/share/nginx/html/50x.html".to_owned(), error.into_bytes()),
            (SITE.to_owned(), conf.as_bytes().to_vec()),
        ])
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        (words(&["/docker-entrypoint.sh"]), words(&["nginx", "-g", "daemon off;"]))
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        let program = argv.first().map(String::as_str).unwrap_or_default();
        match base_name(program) {
            "/docker-entrypoint.sh" => self.run(inside, &argv[1..], io),
            "nginx" => Self::start(inside, io),
            _ => Machine { image: self, inside }.run(argv, io),
        }
    }

    fn answer(&self, inside: &mut Inside<'_>, port: u16, request: &Request) -> Option<Response> {
        let text = String::from_utf8_lossy(inside.read(SITE)?).into_owned();
        let conf = Conf::of_port(&text, port)?;
        let answer = self.answer_of(inside, &conf, request);
        if let Some(file) = &conf.access_log {
            nginx_cache::log(inside, file, request, answer.status);
        }
        Some(answer)
    }

    fn listens(&self, inside: &Inside<'_>, port: u16) -> bool {
        let text = String::from_utf8_lossy(inside.read(SITE).unwrap_or_default());
        Conf::of_port(&text, port).is_some()
    }
}

impl Nginx {
    fn answer_of(&self, inside: &mut Inside<'_>, conf: &Conf, request: &Request) -> Response {
        match conf.location_of(&request.path) {
            Some(Location { answer: Some((status, text)), .. })
                if text.is_empty() && *status >= 400 =>
            {
                self.error(conf, *status)
            }
            Some(Location { answer: Some((status, text)), default_type, .. }) => {
                let kind = default_type.as_deref().unwrap_or(&conf.default_type);
                self.response(conf, *status, kind, text.clone().into_bytes())
            }
            Some(location @ Location { upstream: Some(upstream), .. }) => {
                if let Some(kept) = nginx_cache::kept(inside, location, request) {
                    return kept;
                }
                let answer = self.pass_on(inside, conf, upstream, request);
                nginx_cache::keep(inside, location, request, &answer);
                answer
            }
            Some(Location { .. }) | None => self.file(inside, conf, &request.path),
        }
    }
}
