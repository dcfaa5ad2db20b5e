//! A stand-in for any image, from the compose file alone: it boots, is healthy, and says what it plays.

use std::collections::BTreeMap;
use std::time::Duration;

use super::programs::{self, Machine};
use crate::world::{Image, Inside, Io, Purpose, Ran, Request, Response};

/// Plays any image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Generic;

/// The name under which its main program runs.
const MAIN: &str = "/stand-in";

/// How long it boots.
const BOOT: Duration = Duration::from_millis(300);

impl Image for Generic {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::new()
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        (vec![MAIN.to_owned()], Vec::new())
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        let known = programs::is_known(inside, argv);
        match inside.purpose {
            // What an unknown image calls healthy cannot be known: it is, once it serves.
            Purpose::Health => Ran::Ended(i64::from(!inside.serves)),
            Purpose::Main if known => match (Machine { image: self, inside }).run(argv, io) {
                // The script goes beyond what is played: it does what such scripts do, and starts the app.
                Ran::Ended(2 | 126 | 127) => {
                    io.err.clear();
                    Ran::Serves { boot: BOOT }
                }
                played @ (Ran::Ended(_) | Ran::Serves { .. } | Ran::Idles | Ran::Waits { .. }) => {
                    played
                }
            },
            Purpose::Main => Ran::Serves { boot: BOOT },
            Purpose::Exec if known => Machine { image: self, inside }.run(argv, io),
            Purpose::Exec => {
                let text = format!("{}: not played by a stand-in\n", argv.join(" "));
                inside.note_refusal(text.as_bytes());
                io.err.extend(text.bytes());
                Ran::Ended(127)
            }
        }
    }

    fn answer(&self, inside: &mut Inside<'_>, port: u16, request: &Request) -> Option<Response> {
        if inside.routed_port.is_some_and(|known| known != port) {
            return None;
        }
        let path = request.path.replace(['<', '>', '&'], "");
        let body = format!(
            "<!doctype html><title>{0}</title><p>A stand-in for the image {0} answers {path}.</p>\n",
            inside.image
        );
        let headers = vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
        Some(Response { status: 200, headers, body: body.into_bytes() })
    }
}
