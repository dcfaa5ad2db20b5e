//! Reading a file: requests and what is asked of their answers. Main function: [`parse_file`].

use super::body::{Body, body};
use super::confine;
use super::cursor::{Cursor, Stop};
use super::error::HurlError;
use super::file::{Entry, HurlFile, Options, Pair, Response};
use super::lines::{Kind, Lines};
use super::place::Place;
use super::section;
use super::template::{Template, template, unquoted};

/// So many requests a file may make.
const MOST_ENTRIES: usize = 100;

/// A file that is being read.
pub(super) struct Parser<'a> {
    pub(super) lines: Lines<'a>,
    /// The variables that are set at this point of the file.
    pub(super) variables: Vec<String>,
}

impl HurlFile {
    /// Reads a file. `known` are the variables that are set before it is run.
    ///
    /// # Errors
    /// Something in it cannot be understood, or can be and is refused: what, where, and what to write instead.
    pub fn parse(name: &str, text: &str, known: &[&str]) -> Result<Self, HurlError> {
        let variables = known.iter().map(|k| (*k).to_owned()).collect();
        let mut parser = Parser { lines: Lines::new(text), variables };
        let entries = parser.entries();
        let entries = entries.map_err(|stop| HurlError {
            file: super::shown(name),
            place: stop.place,
            what: stop.what,
            source_line: parser.lines.line(stop.place.line).to_owned(),
        })?;
        Ok(Self { name: name.to_owned(), entries })
    }
}

impl Parser<'_> {
    fn entries(&mut self) -> Result<Vec<Entry>, Stop> {
        let mut entries = Vec::new();
        while let Some((kind, _)) = self.lines.peek() {
            let place = self.lines.place();
            match kind {
                Kind::Request if entries.len() == MOST_ENTRIES => {
                    let what = format!(
                        "expected at most {MOST_ENTRIES} requests in one file: make several files"
                    );
                    return Err(Stop::new(place, what));
                }
                Kind::Request => entries.push(self.entry()?),
                Kind::Response | Kind::Section | Kind::Body | Kind::Plain => {
                    return Err(Stop::new(
                        place,
                        "expected a request here, such as `GET {{base_url}}/`",
                    ));
                }
            }
        }
        if entries.is_empty() {
            return Err(Stop::new(
                self.lines.end(),
                "there is no request in this file: expected one, such as `GET {{base_url}}/`",
            ));
        }
        if !entries.iter().any(asks) {
            return Err(Stop::new(
                entries[0].place,
                "nothing is asked of any answer, so this file cannot fail: add `HTTP 200` after a request",
            ));
        }
        Ok(entries)
    }

    fn entry(&mut self) -> Result<Entry, Stop> {
        // Variables of [Options] are set before the request above them is made.
        for name in self.lines.variables_ahead() {
            if !self.variables.contains(&name) {
                self.variables.push(name);
            }
        }
        let mut entry = self.request_line()?;
        let mut sections = Vec::new();
        while let Some((kind, _)) = self.lines.peek() {
            let place = self.lines.place();
            match kind {
                Kind::Request => break,
                Kind::Response => {
                    entry.response = Some(self.response()?);
                    break;
                }
                Kind::Section => section::of_request(self, &mut entry, &mut sections)?,
                Kind::Body if entry.body.is_some() => {
                    return Err(Stop::new(place, "expected one body: this is a second one"));
                }
                Kind::Body => entry.body = Some(body(&mut self.lines, &self.variables)?),
                Kind::Plain if !sections.is_empty() || entry.body.is_some() => {
                    return Err(Stop::new(
                        place,
                        "expected a request, a section or `HTTP …` here; headers stand right below the request",
                    ));
                }
                Kind::Plain => {
                    let mut cursor = self.lines.take(&self.variables);
                    let header = key_value(&mut cursor)?;
                    may_be_sent(&header)?;
                    entry.headers.push(header);
                }
            }
        }
        if entry.body.is_some() && !entry.form.is_empty() {
            return Err(Stop::new(entry.place, "expected a body or a form: this request has both"));
        }
        Ok(entry)
    }

    fn request_line(&mut self) -> Result<Entry, Stop> {
        let mut cursor = self.lines.take(&self.variables);
        let place = cursor.place();
        let method = cursor.take_while(|c| c.is_ascii_uppercase());
        if method == "CONNECT" || method == "TRACE" {
            let what = format!(
                "`{method}` is refused: expected a method for apps, such as `GET` or `POST`"
            );
            return Err(Stop::new(place, what));
        }
        cursor.blanks();
        let at = cursor.place();
        let url = template(&mut cursor, |c| c == ' ' || c == '\t')?;
        cursor.end()?;
        if let Some(what) = confine::refusal_of_template(&url) {
            return Err(Stop::new(at, what));
        }
        Ok(Entry {
            place,
            method,
            url,
            headers: Vec::new(),
            query: Vec::new(),
            form: Vec::new(),
            cookies: Vec::new(),
            basic_auth: None,
            options: Options::default(),
            body: None,
            response: None,
        })
    }

    fn response(&mut self) -> Result<Response, Stop> {
        let (place, status) = self.status_line()?;
        let mut response = Response {
            place,
            status,
            headers: Vec::new(),
            captures: Vec::new(),
            asserts: Vec::new(),
            body: None,
        };
        let mut sections = Vec::new();
        while let Some((kind, _)) = self.lines.peek() {
            let place = self.lines.place();
            match kind {
                Kind::Request => break,
                Kind::Response => {
                    return Err(Stop::new(place, "expected a request before this second `HTTP`"));
                }
                Kind::Section => section::of_response(self, &mut response, &mut sections)?,
                Kind::Body if response.body.is_some() => {
                    return Err(Stop::new(place, "expected one body: this is a second one"));
                }
                Kind::Body => response.body = Some(self.expected_body()?),
                Kind::Plain if !sections.is_empty() || response.body.is_some() => {
                    return Err(Stop::new(
                        place,
                        "expected a request or a section here; headers stand right below `HTTP …`",
                    ));
                }
                Kind::Plain => {
                    let mut cursor = self.lines.take(&self.variables);
                    response.headers.push(key_value(&mut cursor)?);
                }
            }
        }
        Ok(response)
    }

    fn status_line(&mut self) -> Result<(Place, Option<u16>), Stop> {
        let mut cursor = self.lines.take(&self.variables);
        let place = cursor.place();
        if !cursor.keyword("HTTP") || cursor.starts_with("/") {
            return Err(Stop::new(
                place,
                "the version of HTTP cannot be asserted here: the router decides it; write `HTTP` alone",
            ));
        }
        cursor.blanks();
        let at = cursor.place();
        let word = cursor.take_while(|c| c.is_ascii_digit() || c == '*');
        let status =
            match word.as_str() {
                "*" => None,
                digits => Some(digits.parse().ok().filter(|s| (100..600).contains(s)).ok_or_else(
                    || Stop::new(at, "expected a status such as `200`, or `*` for any"),
                )?),
            };
        cursor.end()?;
        Ok((place, status))
    }

    fn expected_body(&mut self) -> Result<Template, Stop> {
        let place = self.lines.place();
        let Body { text, is_json, .. } = body(&mut self.lines, &self.variables)?;
        if is_json {
            return Err(Stop::new(
                place,
                "a JSON body as a whole is not compared by cc-ci: assert its parts with `jsonpath` in [Asserts]",
            ));
        }
        Ok(text)
    }
}

fn asks(entry: &Entry) -> bool {
    entry.response.as_ref().is_some_and(|r| {
        r.status.is_some()
            || !r.headers.is_empty()
            || !r.asserts.is_empty()
            || !r.captures.is_empty()
            || r.body.is_some()
    })
}

/// Reads `name: value`.
pub(super) fn key_value(cursor: &mut Cursor<'_>) -> Result<Pair, Stop> {
    let place = cursor.place();
    let mut key = template(cursor, |c| c == ':' || c == '#')?;
    key.trim_end();
    if cursor.peek() != Some(':') || key.parts.is_empty() {
        return Err(Stop::new(place, "expected `name: value` here"));
    }
    cursor.skip(1);
    Ok(Pair { place, key, value: unquoted(cursor)? })
}

/// Headers that steer the request to another app, or break it up on its way.
const STEERING: [&str; 10] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "keep-alive",
    "proxy-connection",
];

/// Says whether a header may be sent.
pub(super) fn may_be_sent(header: &Pair) -> Result<(), Stop> {
    let stop = |what: String| Err(Stop::new(header.place, what));
    let Some(name) = header.key.as_literal() else {
        return stop("expected a header's name without variables".to_owned());
    };
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_|~".contains(&b);
    if name.is_empty() || !name.bytes().all(token) {
        return stop("expected a header's name: letters, digits and `-`".to_owned());
    }
    if STEERING.contains(&name.to_ascii_lowercase().as_str()) {
        return stop(format!(
            "the header `{name}` is refused: where a request goes, and how, is cc-ci's; leave it out"
        ));
    }
    Ok(())
}
