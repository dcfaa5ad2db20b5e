//! Answers that are not what the app said. Main type: [`Answered`].

use std::collections::BTreeMap;

use super::what::InAnswers;
use crate::world::{Request, Response};

/// What was answered before.
#[derive(Clone, Debug, Default)]
pub(super) struct Answered {
    /// The last good answer by method and path.
    good: BTreeMap<(String, String), Response>,
    /// The last good answer to something that was posted.
    posted: Option<Response>,
    /// The first or the last good answer by path and credentials.
    cached: BTreeMap<(String, String), Response>,
}

/// Where a run is, as far as answers depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Course {
    /// The restore was made.
    pub(super) restored: bool,
}

/// Asks the app for a path in the name of the same client.
pub(super) type Asks<'a> = &'a mut dyn FnMut(&Request) -> Option<Response>;

impl Answered {
    /// Returns the answer that a client sees instead of the app's own.
    pub(super) fn seen(
        &mut self,
        what: InAnswers,
        course: Course,
        asked: &Request,
        own: Response,
        ask: Asks<'_>,
    ) -> Response {
        let reads = ["GET", "HEAD"].contains(&asked.method.as_str());
        match what {
            InAnswers::AsBytes => with_type(own, "application/octet-stream"),
            InAnswers::AsHtml => with_type(own, "text/html; charset=utf-8"),
            InAnswers::FrontPage if reads => front_page(asked, ask).unwrap_or(own),
            InAnswers::FrontPageForMissing if reads && own.status == 404 => {
                front_page(asked, ask).unwrap_or(own)
            }
            InAnswers::MissingIsFine if own.status == 404 => Response { status: 200, ..own },
            InAnswers::Cut => cut(own),
            InAnswers::OtherApp => other_app(),
            InAnswers::Elsewhere => Response {
                status: 302,
                headers: vec![("location".to_owned(), "https://login.example.org/".to_owned())],
                body: Vec::new(),
            },
            InAnswers::LoginOpen if !reads => self.accepted(asked, own),
            InAnswers::DoorsOpen if reads => self.shown(asked, own),
            InAnswers::CacheForEver if reads => self.first(asked, own),
            InAnswers::CacheOfBeforeRestore if reads => self.of_before(course, asked, own),
            InAnswers::FrontPage
            | InAnswers::FrontPageForMissing
            | InAnswers::MissingIsFine
            | InAnswers::LoginOpen
            | InAnswers::DoorsOpen
            | InAnswers::WritesDropped
            | InAnswers::WritesDroppedLater
            | InAnswers::CacheForEver
            | InAnswers::CacheOfBeforeRestore => own,
        }
    }

    fn accepted(&mut self, asked: &Request, own: Response) -> Response {
        let key = (asked.method.clone(), plain(&asked.path).to_owned());
        if is_good(&own) {
            self.good.insert(key, own.clone());
            self.posted = Some(own.clone());
            return own;
        }
        if !(400..500).contains(&own.status) {
            return own;
        }
        if let Some(good) = self.good.get(&key) {
            return good.clone();
        }
        // What was never accepted may be no login; who is refused is let in all the same.
        let is_refusal = [401, 403].contains(&own.status);
        if is_refusal { self.posted.clone().unwrap_or_else(nothing) } else { own }
    }

    fn shown(&mut self, asked: &Request, own: Response) -> Response {
        let key = (asked.method.clone(), plain(&asked.path).to_owned());
        if is_good(&own) {
            self.good.insert(key, own.clone());
            return own;
        }
        if ![401, 403].contains(&own.status) {
            return own;
        }
        self.good.get(&key).cloned().unwrap_or_else(nothing)
    }

    fn first(&mut self, asked: &Request, own: Response) -> Response {
        let key = cache_key(asked);
        if let Some(first) = self.cached.get(&key) {
            return first.clone();
        }
        if is_good(&own) {
            self.cached.insert(key, own.clone());
        }
        own
    }

    fn of_before(&mut self, course: Course, asked: &Request, own: Response) -> Response {
        let key = cache_key(asked);
        if course.restored {
            return self.cached.get(&key).cloned().unwrap_or(own);
        }
        // A page that is not there any more is forgotten by a cache, too.
        if is_good(&own) || own.status == 404 {
            self.cached.insert(key, own.clone());
        }
        own
    }
}

/// Returns what a cache tells questions apart by. Cookies are none of it: such a cache is meant for everyone.
fn cache_key(asked: &Request) -> (String, String) {
    let credentials = asked.headers.iter().find(|(name, _)| name == "authorization");
    (asked.path.clone(), credentials.map(|(_, value)| value.clone()).unwrap_or_default())
}

fn is_good(answer: &Response) -> bool {
    (200..300).contains(&answer.status)
}

fn plain(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

fn with_type(mut answer: Response, kind: &str) -> Response {
    let named = answer.headers.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case("content-type"));
    if let Some((_, value)) = named {
        kind.clone_into(value);
    }
    answer
}

fn front_page(asked: &Request, ask: Asks<'_>) -> Option<Response> {
    let front = Request { path: "/".to_owned(), ..asked.clone() };
    ask(&front).map(|page| Response { status: 200, ..page })
}

fn cut(mut answer: Response) -> Response {
    answer.body.truncate(answer.body.len() / 2);
    answer.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    answer
}

fn other_app() -> Response {
    let body = b"<!doctype html><title>Another app</title><p>Welcome.</p>\n".to_vec();
    let headers = vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
    Response { status: 200, headers, body }
}

fn nothing() -> Response {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Response { status: 200, headers, body: b"{}".to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: Course = Course { restored: false };
    const AFTER: Course = Course { restored: true };

    fn answer(status: u16, kind: &str, body: &str) -> Response {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        Response { status, headers, body: body.as_bytes().to_vec() }
    }

    fn post(path: &str) -> Request {
        Request { method: "POST".to_owned(), ..Request::get(path) }
    }

    fn front(_: &Request) -> Option<Response> {
        Some(answer(200, "text/html", "front"))
    }

    /// What is seen of an own answer to a question, without anything before it.
    fn seen(what: InAnswers, asked: &Request, own: &Response) -> Response {
        Answered::default().seen(what, BEFORE, asked, own.clone(), &mut front)
    }

    #[test]
    fn media_types_are_wrong_and_nothing_else_is() {
        let own = answer(200, "text/css", "a {}");
        for (what, kind) in [
            (InAnswers::AsBytes, "application/octet-stream"),
            (InAnswers::AsHtml, "text/html; charset=utf-8"),
        ] {
            let seen = seen(what, &Request::get("/a.css"), &own);
            assert_eq!(seen, answer(200, kind, "a {}"));
        }
    }

    #[test]
    fn whatever_is_read_is_the_front_page_and_what_is_written_is_not() {
        let own = answer(404, "text/html", "not found");
        let shown = seen(InAnswers::FrontPage, &Request::get("/nothing"), &own);
        assert_eq!(shown, answer(200, "text/html", "front"));
        assert_eq!(seen(InAnswers::FrontPage, &post("/nothing"), &own), own);
    }

    #[test]
    fn what_is_not_there_is_the_front_page_or_fine() {
        let (gone, there) = (answer(404, "text/html", "no"), answer(200, "text/html", "yes"));
        let page = Request::get("/page");
        assert_eq!(seen(InAnswers::FrontPageForMissing, &page, &gone).body, b"front");
        assert_eq!(seen(InAnswers::FrontPageForMissing, &page, &there), there);
        assert_eq!(seen(InAnswers::MissingIsFine, &page, &gone), answer(200, "text/html", "no"));
        assert_eq!(seen(InAnswers::MissingIsFine, &page, &there), there);
    }

    #[test]
    fn bodies_are_cut_another_app_answers_or_all_leads_elsewhere() {
        let own = answer(200, "text/plain", "12345678");
        let page = Request::get("/page");
        assert_eq!(seen(InAnswers::Cut, &page, &own).body, b"1234");
        assert!(seen(InAnswers::OtherApp, &post("/"), &own).body.starts_with(b"<!doctype"));
        let led = seen(InAnswers::Elsewhere, &page, &own);
        assert_eq!((led.status, led.headers[0].0.as_str()), (302, "location"));
    }

    #[test]
    fn a_wrong_password_is_taken_for_the_last_right_one() {
        let mut before = Answered::default();
        let mut login = |path: &str, own: Response| {
            before.seen(InAnswers::LoginOpen, BEFORE, &post(path), own, &mut front)
        };
        let refused = answer(403, "application/json", "wrong");
        assert_eq!(login("/login", refused.clone()), nothing(), "nobody was let in before");
        let let_in = answer(201, "text/plain", "Created");
        assert_eq!(login("/login", let_in.clone()), let_in);
        assert_eq!(login("/login", refused.clone()), let_in);
        assert_eq!(login("/login", answer(422, "application/json", "wrong")), let_in);
        assert_eq!(login("/other", refused), let_in);
        let invalid = answer(422, "application/json", "no title");
        assert_eq!(login("/other", invalid.clone()), invalid, "no login");
        let broken = answer(500, "text/plain", "oops");
        assert_eq!(login("/login", broken.clone()), broken);
    }

    #[test]
    fn closed_doors_show_what_was_shown_to_others() {
        let mut before = Answered::default();
        let mut read = |path: &str, own: Response| {
            before.seen(InAnswers::DoorsOpen, BEFORE, &Request::get(path), own, &mut front)
        };
        let closed = answer(403, "application/json", "who are you");
        assert_eq!(read("/posts", closed.clone()), nothing());
        let open = answer(200, "application/json", "[1]");
        assert_eq!(read("/posts?page=1", open.clone()), open);
        assert_eq!(read("/posts", closed), open);
        let gone = answer(404, "application/json", "");
        assert_eq!(read("/posts", gone.clone()), gone);
    }

    #[test]
    fn a_cache_for_ever_keeps_the_first_good_answer() {
        let mut before = Answered::default();
        let mut read = |own: Response| {
            before.seen(InAnswers::CacheForEver, BEFORE, &Request::get("/"), own, &mut front)
        };
        let boots = answer(503, "text/html", "booting");
        assert_eq!(read(boots.clone()), boots);
        let (one, two) = (answer(200, "text/html", "1"), answer(200, "text/html", "2"));
        assert_eq!(read(one.clone()), one);
        assert_eq!(read(two), one);
    }

    #[test]
    fn a_stale_cache_shows_after_the_restore_what_was_last_shown_before_it() {
        let mut before = Answered::default();
        let mut read = |course: Course, path: &str, own: &str| {
            let own = answer(200, "text/html", own);
            let asked = Request::get(path);
            let what = InAnswers::CacheOfBeforeRestore;
            before.seen(what, course, &asked, own, &mut front).body
        };
        assert_eq!(read(BEFORE, "/a", "original"), b"original");
        assert_eq!(read(BEFORE, "/a", "mutated"), b"mutated");
        assert_eq!(read(AFTER, "/a", "original"), b"mutated");
        assert_eq!(read(AFTER, "/b", "new"), b"new");
    }
}
