//! What the router itself answers: texts and statuses like Traefik's.

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue, LOCATION, X_CONTENT_TYPE_OPTIONS};
use hyper::{Response, StatusCode};

/// The body of every answer.
pub(crate) type Body = BoxBody<Bytes, hyper::Error>;

/// No router takes this request.
pub(crate) fn not_found() -> Response<Body> {
    page(StatusCode::NOT_FOUND, "404 page not found\n")
}

/// A router takes it, and nothing runs behind it.
pub(crate) fn no_available_server() -> Response<Body> {
    page(StatusCode::SERVICE_UNAVAILABLE, "no available server\n")
}

/// What runs behind it does not take the connection, or breaks it.
pub(crate) fn bad_gateway() -> Response<Body> {
    page(StatusCode::BAD_GATEWAY, "Bad Gateway")
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

fn page(status: StatusCode, text: &'static str) -> Response<Body> {
    let body =
        Full::new(Bytes::from_static(text.as_bytes())).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
