//! Sections of requests and answers.

use std::time::Duration;

use super::assert;
use super::cursor::{Cursor, Stop};
use super::entry::{Parser, key_value, may_be_sent};
use super::file::{Entry, Pair, Response};
use super::lines::Kind;
use super::place::Place;
use super::template::{Template, quoted, unquoted};

/// The longest that a file may wait for one answer.
const LONGEST: Duration = Duration::from_secs(60);

/// The most redirects that are followed.
const MOST_REDIRECTS: usize = 10;

/// Reads a section of a request; the next line begins it.
pub(super) fn of_request(
    parser: &mut Parser<'_>,
    entry: &mut Entry,
    seen: &mut Vec<String>,
) -> Result<(), Stop> {
    let (place, name) = heading(parser, seen)?;
    match name.as_str() {
        "QueryStringParams" | "Query" => entry.query = pairs(parser)?,
        "FormParams" | "Form" => entry.form = pairs(parser)?,
        "Cookies" => entry.cookies = pairs(parser)?,
        "BasicAuth" => {
            let mut pairs = pairs(parser)?;
            entry.basic_auth = pairs.pop();
            if entry.basic_auth.is_none() || !pairs.is_empty() {
                return Err(Stop::new(place, "expected one line `user: password` in [BasicAuth]"));
            }
        }
        "Options" => options(parser, entry)?,
        "MultipartFormData" | "Multipart" => {
            return Err(Stop::new(
                place,
                "[Multipart] is not known to cc-ci: send a [Form], or a body with its own Content-Type",
            ));
        }
        "Asserts" | "Captures" => {
            return Err(Stop::new(
                place,
                format!("[{name}] is about the answer: write `HTTP 200` before it"),
            ));
        }
        other => {
            return Err(Stop::new(
                place,
                format!(
                    "[{other}] is not known to cc-ci: expected [Query], [Form], [Cookies], [BasicAuth] or [Options]"
                ),
            ));
        }
    }
    Ok(())
}

/// Reads a section of what is asked of an answer; the next line begins it.
pub(super) fn of_response(
    parser: &mut Parser<'_>,
    response: &mut Response,
    seen: &mut Vec<String>,
) -> Result<(), Stop> {
    let (place, name) = heading(parser, seen)?;
    match name.as_str() {
        "Captures" => {
            while let Some(mut cursor) = line(parser) {
                let capture = assert::capture(&mut cursor)?;
                let name = capture.name.clone();
                response.captures.push(capture);
                if !parser.variables.contains(&name) {
                    parser.variables.push(name);
                }
            }
        }
        "Asserts" => {
            while let Some(mut cursor) = line(parser) {
                response.asserts.push(assert::assert(&mut cursor)?);
            }
        }
        other => {
            return Err(Stop::new(
                place,
                format!(
                    "[{other}] is not known to cc-ci after `HTTP`: expected [Captures] or [Asserts]"
                ),
            ));
        }
    }
    Ok(())
}

fn heading(parser: &mut Parser<'_>, seen: &mut Vec<String>) -> Result<(Place, String), Stop> {
    let mut cursor = parser.lines.take(&parser.variables);
    let place = cursor.place();
    cursor.skip(1);
    let name = cursor.word();
    if seen.contains(&name) {
        return Err(Stop::new(place, format!("expected one [{name}]: this is a second one")));
    }
    seen.push(name.clone());
    Ok((place, name))
}

/// Returns a cursor on the section's next line, until the section ends.
fn line<'v>(parser: &'v mut Parser<'_>) -> Option<Cursor<'v>> {
    match parser.lines.peek()? {
        (Kind::Plain, _) => Some(parser.lines.take(&parser.variables)),
        (Kind::Request | Kind::Response | Kind::Section | Kind::Body, _) => None,
    }
}

fn pairs(parser: &mut Parser<'_>) -> Result<Vec<Pair>, Stop> {
    let mut pairs = Vec::new();
    while let Some(mut cursor) = line(parser) {
        pairs.push(key_value(&mut cursor)?);
    }
    Ok(pairs)
}

fn options(parser: &mut Parser<'_>, entry: &mut Entry) -> Result<(), Stop> {
    while let Some(mut cursor) = line(parser) {
        let place = cursor.place();
        let name = cursor.take_while(|c| c != ':' && c != '#' && c != ' ' && c != '\t');
        cursor.blanks();
        if cursor.peek() != Some(':') {
            return Err(Stop::new(place, "expected `name: value` here"));
        }
        cursor.skip(1);
        cursor.blanks();
        option(&name, place, &mut cursor, entry)?;
    }
    Ok(())
}

/// Reads an option's value.
fn option(
    name: &str,
    place: Place,
    cursor: &mut Cursor<'_>,
    entry: &mut Entry,
) -> Result<(), Stop> {
    let at = cursor.place();
    let refused = |why: &str| Err(Stop::new(place, format!("the option `{name}` {why}")));
    let options = &mut entry.options;
    match name {
        "location" => options.follow = switch(cursor)?,
        "max-redirs" => options.max_redirects = Some(count(cursor)?.min(MOST_REDIRECTS)),
        "max-time" => {
            let time = span(cursor)?;
            if time > LONGEST || time.is_zero() {
                return Err(Stop::new(at, "expected a time of at most 60s"));
            }
            options.max_time = Some(time);
        }
        // They change what Hurl prints, and nothing that is asked.
        "verbose" | "very-verbose" => drop(switch(cursor)?),
        "variable" => return variable(cursor, entry),
        "header" => {
            let header = key_value(cursor)?;
            may_be_sent(&header)?;
            entry.headers.push(header);
        }
        "retry" | "retry-interval" | "repeat" => {
            return refused(
                "is refused: a check that is asked again until it passes proves nothing; leave it out",
            );
        }
        "delay" => return refused("is refused: cc-ci waits for the app by itself; leave it out"),
        "skip" => {
            return refused(
                "is refused: a check that is not run proves nothing; take the request away",
            );
        }
        "insecure" => return refused("is refused: the app's certificate is checked; leave it out"),
        "output" => return refused("is refused: tests write no files; leave it out"),
        "cacert" | "cert" | "key" | "netrc" | "netrc-file" | "netrc-optional" | "unix-socket" => {
            return refused(
                "is refused: tests see no files of the machine that runs them; leave it out",
            );
        }
        "proxy" | "resolve" | "connect-to" => {
            return refused(
                "is refused: requests go to the app under test and nowhere else; leave it out",
            );
        }
        "location-trusted" => return refused("is refused: write `location: true`"),
        "user" => return refused("is not known to cc-ci: write the user in [BasicAuth]"),
        _ => {
            return refused(
                "is not known to cc-ci: expected location, max-redirs, max-time, header, variable or verbose",
            );
        }
    }
    cursor.end()
}

fn switch(cursor: &mut Cursor<'_>) -> Result<bool, Stop> {
    let at = cursor.place();
    match cursor.word().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Stop::new(at, "expected `true` or `false`")),
    }
}

fn count(cursor: &mut Cursor<'_>) -> Result<usize, Stop> {
    let at = cursor.place();
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    digits.parse().map_err(|_| Stop::new(at, "expected a number such as `3`"))
}

/// Reads `10s` or `500ms`; a number alone is seconds.
fn span(cursor: &mut Cursor<'_>) -> Result<Duration, Stop> {
    let at = cursor.place();
    let number = u64::try_from(count(cursor)?).unwrap_or(u64::MAX);
    match cursor.word().as_str() {
        "ms" => Ok(Duration::from_millis(number)),
        "s" | "" => Ok(Duration::from_secs(number)),
        _ => Err(Stop::new(at, "expected a time such as `10s` or `500ms`")),
    }
}

fn variable(cursor: &mut Cursor<'_>, entry: &mut Entry) -> Result<(), Stop> {
    let at = cursor.place();
    let name = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    cursor.blanks();
    if name.is_empty() || cursor.peek() != Some('=') {
        return Err(Stop::new(at, "expected `name=value` here"));
    }
    if super::variables::is_reserved(&name) {
        return Err(Stop::new(at, format!("`{name}` is given by cc-ci: choose another name")));
    }
    cursor.skip(1);
    cursor.blanks();
    let value: Template = match cursor.peek() {
        Some('"') => {
            let value = quoted(cursor, '"')?;
            cursor.end()?;
            value
        }
        Some(_) | None => unquoted(cursor)?,
    };
    entry.options.variables.push((name, value));
    Ok(())
}
