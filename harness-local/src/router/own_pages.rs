//! What the router itself answers: texts and statuses like Traefik's.

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{HeaderValue, LOCATION};
use hyper::{Response, StatusCode};

/// The body of every answer.
pub(crate) type Body = BoxBody<Bytes, hyper::Error>;

/// A page of the router's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnPage {
    pub(crate) status: u16,
    pub(crate) text: &'static str,
}

/// No router takes this request.
pub(crate) const NOT_FOUND: OwnPage = OwnPage { status: 404, text: "404 page not found\n" };

/// A router takes it, and nothing runs behind it.
pub(crate) const NO_AVAILABLE_SERVER: OwnPage =
    OwnPage { status: 503, text: "no available server\n" };

/// What runs behind it does not take the connection, or breaks it.
pub(crate) const BAD_GATEWAY: OwnPage = OwnPage { status: 502, text: "Bad Gateway" };

/// The headers of every page of the router's own.
pub(crate) const HEADERS: [(&str, &str); 2] =
    [("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff")];

/// No router takes this request.
pub(crate) fn not_found() -> Response<Body> {
    of(NOT_FOUND)
}

/// A router takes it, and nothing runs behind it.
pub(super) fn no_available_server() -> Response<Body> {
    of(NO_AVAILABLE_SERVER)
}

/// What runs behind it does not take the connection, or breaks it.
pub(crate) fn bad_gateway() -> Response<Body> {
    of(BAD_GATEWAY)
}

/// What runs behind it did not answer in time.
pub(super) fn gateway_timeout() -> Response<Body> {
    page(StatusCode::GATEWAY_TIMEOUT, "Gateway Timeout")
}

/// Plain HTTP goes to HTTPS, whatever it asks for.
pub(super) fn redirect(location: &str) -> Response<Body> {
    let Ok(location) = HeaderValue::from_str(location) else {
        return page(StatusCode::BAD_REQUEST, "Bad Request");
    };
    let mut response = page(StatusCode::MOVED_PERMANENTLY, "Moved Permanently");
    response.headers_mut().insert(LOCATION, location);
    response
}

fn of(own: OwnPage) -> Response<Body> {
    page(StatusCode::from_u16(own.status).expect("the statuses above are statuses"), own.text)
}

fn page(status: StatusCode, text: &'static str) -> Response<Body> {
    let body =
        Full::new(Bytes::from_static(text.as_bytes())).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
