//! Sending one request of a file, and following where it leads within the app. Main function: [`send`].

use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::http::Answer;
use harness_core::hurl::{Entry, OwnUrl, Pair, RenderError, Template, Variables, own_url};
use harness_core::name::Domain;
use reqwest::Method;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION,
};

use super::jar::Clients;
use crate::check::Failure;

/// How long an answer may take, unless the file says otherwise.
const USUAL_LIMIT: Duration = Duration::from_secs(30);

/// How many redirects are followed, unless the file says otherwise.
const USUAL_REDIRECTS: usize = 10;

/// A request with all its variables filled in.
struct Filled {
    method: Method,
    url: OwnUrl,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Sends a request and returns the last answer, with the URL that gave it. Every URL is one of the app's own.
pub(super) async fn send(
    entry: &Entry,
    variables: &Variables<'_>,
    domain: &Domain,
    clients: &mut Clients<'_>,
) -> Result<(Answer, String), Failure> {
    let mut filled = fill(entry, variables, domain)?;
    let limit = entry.options.max_time.unwrap_or(USUAL_LIMIT);
    let most = entry.options.max_redirects.unwrap_or(USUAL_REDIRECTS);
    let mut followed = 0;
    loop {
        let client = clients.of(&filled.url.host)?;
        let mut request = client.request(filled.method.clone(), &filled.url.path);
        request = request.headers(filled.headers.clone());
        if !filled.body.is_empty() {
            request = request.body(filled.body.clone());
        }
        let answer = client.send(request, limit).await?;
        let url = filled.url.text();
        let location = location(&answer).filter(|_| entry.options.follow);
        let Some(location) = location else { return Ok((answer, url)) };
        if followed == most {
            return Err(Failure::new(
                format!("an end after {most} redirects"),
                format!("another one, to {}", harness_core::hurl::shown(location)),
            ));
        }
        followed += 1;
        let next = own_url(location, Some(&filled.url), domain);
        let next =
            next.map_err(|e| Failure::new("a redirect that stays with the app", e.to_string()))?;
        filled.lead(next, answer.status);
    }
}

fn location(answer: &Answer) -> Option<&str> {
    let leads = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
    answer.header(LOCATION.as_str()).filter(|_| leads)
}

impl Filled {
    /// Becomes the request that a redirect asks for.
    fn lead(&mut self, next: OwnUrl, status: u16) {
        let keeps_method = matches!(status, 307 | 308);
        if !keeps_method && self.method != Method::HEAD {
            self.method = Method::GET;
            self.body.clear();
            self.headers.remove(CONTENT_TYPE);
        }
        if next.host != self.url.host {
            self.headers.remove(AUTHORIZATION);
            self.headers.remove(COOKIE);
        }
        self.url = next;
    }
}

fn fill(entry: &Entry, variables: &Variables<'_>, domain: &Domain) -> Result<Filled, Failure> {
    let render = |t: &Template| variables.render(t).map_err(|e| unfilled(&e));
    let mut url = own_url(&render(&entry.url)?, None, domain)
        .map_err(|e| Failure::error(CauseClass::Suite, e.to_string()))?;
    let pairs = |pairs: &[Pair]| -> Result<Vec<(String, String)>, Failure> {
        pairs.iter().map(|p| Ok((render(&p.key)?, render(&p.value)?))).collect()
    };
    let query = encoded(&pairs(&entry.query)?);
    if !query.is_empty() {
        url.path.push(if url.path.contains('?') { '&' } else { '?' });
        url.path.push_str(&query);
    }
    let mut headers = HeaderMap::new();
    for (name, text) in pairs(&entry.headers)? {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Failure::error(CauseClass::Suite, "a header's name cannot be sent"))?;
        headers.append(name.clone(), value(name.as_str(), &text)?);
    }
    let cookies: Vec<_> = pairs(&entry.cookies)?.iter().map(|(n, v)| format!("{n}={v}")).collect();
    if !cookies.is_empty() {
        headers.insert(COOKIE, value("cookie", &cookies.join("; "))?);
    }
    if let Some(pair) = &entry.basic_auth {
        let pair = format!("{}:{}", render(&pair.key)?, render(&pair.value)?);
        headers.insert(
            AUTHORIZATION,
            value("authorization", &format!("Basic {}", base64(pair.as_bytes())))?,
        );
    }
    let form = encoded(&pairs(&entry.form)?);
    let (body, content_type) = match &entry.body {
        Some(body) => (render(&body.text)?, body.content_type),
        None if entry.form.is_empty() => (String::new(), None),
        None => (form, Some("application/x-www-form-urlencoded")),
    };
    if let Some(content_type) = content_type {
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
    }
    let method = Method::from_bytes(entry.method.as_bytes())
        .map_err(|_| Failure::error(CauseClass::Suite, "the method cannot be sent"))?;
    Ok(Filled { method, url, headers, body: body.into_bytes() })
}

fn value(name: &str, text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text).map_err(|_| {
        let text = format!(
            "the header `{name}` cannot be sent: a line break or a control character is in it"
        );
        Failure::error(CauseClass::Suite, text)
    })
}

fn unfilled(error: &RenderError) -> Failure {
    Failure::error(CauseClass::Suite, error.to_string())
}

/// Returns names and values as they stand in a query or a form.
fn encoded(pairs: &[(String, String)]) -> String {
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    out.extend_pairs(pairs).finish()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let sum =
            (0..3).fold(0_u32, |sum, i| sum << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
        for digit in 0..4_usize {
            let index = (sum >> (18 - 6 * digit)) & 63;
            let is_there = digit <= chunk.len();
            let c = DIGITS.get(index as usize).filter(|_| is_there);
            out.push(c.map_or('=', |c| char::from(*c)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_everywhere() {
        for (plain, coded) in [
            ("", ""),
            ("a", "YQ=="),
            ("ab", "YWI="),
            ("abc", "YWJj"),
            ("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
