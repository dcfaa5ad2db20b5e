//! The images of the scenarios: what the commands in them do, played.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::app::StandIns;
use crate::world::{Image, Inside, Io, Library, Purpose, Ran, Request, Response};

/// Plays the scenarios' images: their scripts wait, which those of other stand-ins do not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scripts;

impl Library for Scripts {
    fn image(&self, reference: &str) -> Arc<dyn Image> {
        Arc::new(Scripted(StandIns.image(reference)))
    }
}

#[derive(Clone, Debug)]
struct Scripted(Arc<dyn Image>);

impl Image for Scripted {
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.0.files()
    }

    fn argv(&self) -> (Vec<String>, Vec<String>) {
        self.0.argv()
    }

    fn run(&self, inside: &mut Inside<'_>, argv: &[String], io: &mut Io<'_>) -> Ran {
        let text = argv.last().map_or("", String::as_str);
        if inside.purpose == Purpose::Main
            && let Some(boot) = boots_in(text)
        {
            return Ran::Serves { boot };
        }
        if inside.purpose == Purpose::Health && text.contains("/tmp/up") {
            return Ran::Ended(i64::from(!inside.serves));
        }
        self.0.run(inside, argv, io)
    }

    fn answer(&self, inside: &mut Inside<'_>, port: u16, request: &Request) -> Option<Response> {
        self.0.answer(inside, port, request)
    }

    fn booted(&self, inside: &mut Inside<'_>) {
        self.0.booted(inside);
    }

    fn stopping(&self, inside: &mut Inside<'_>) {
        self.0.stopping(inside);
    }

    fn listens(&self, inside: &Inside<'_>, port: u16) -> bool {
        self.0.listens(inside, port)
    }
}

/// Returns after how long a script has made `/tmp/up`, if it does.
fn boots_in(script: &str) -> Option<Duration> {
    let (before, _) = script.split_once(" & wait $!; touch /tmp/up")?;
    let (_, seconds) = before.rsplit_once("sleep ")?;
    seconds.parse().ok().map(Duration::from_secs)
}
