//! What a file says, once it was read whole. Main type: [`HurlFile`].

use std::time::Duration;

use super::assert::{Assert, Capture};
use super::body::Body;
use super::place::Place;
use super::template::Template;

/// A file that was read and understood whole.
#[derive(Clone, Debug)]
pub struct HurlFile {
    /// The file's name, as errors show it.
    pub name: String,
    /// The requests with what is asked of their answers, in order.
    pub entries: Vec<Entry>,
}

/// A request, and what is asked of its answer.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it begins.
    pub place: Place,
    /// The method, in capitals.
    pub method: String,
    /// The URL.
    pub url: Template,
    /// Headers; their names are literal.
    pub headers: Vec<Pair>,
    /// What is added to the URL's query.
    pub query: Vec<Pair>,
    /// What is sent as a form.
    pub form: Vec<Pair>,
    /// Cookies that are sent besides those that the app set.
    pub cookies: Vec<Pair>,
    /// User and password of basic authentication.
    pub basic_auth: Option<Pair>,
    /// How it is sent.
    pub options: Options,
    /// What is sent.
    pub body: Option<Body>,
    /// What is asked of the answer.
    pub response: Option<Response>,
}

/// A name and its value.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Where it stands.
    pub place: Place,
    /// The name.
    pub key: Template,
    /// The value.
    pub value: Template,
}

/// How a request is sent.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether redirects are followed, to the app's own hosts.
    pub follow: bool,
    /// How many at most.
    pub max_redirects: Option<usize>,
    /// How long the answer may take.
    pub max_time: Option<Duration>,
    /// Variables that are set before it is sent.
    pub variables: Vec<(String, Template)>,
}

/// What is asked of an answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// Where it begins.
    pub place: Place,
    /// The status; none: any.
    pub status: Option<u16>,
    /// Headers that must be there with these values.
    pub headers: Vec<Pair>,
    /// What later requests may use.
    pub captures: Vec<Capture>,
    /// What must hold.
    pub asserts: Vec<Assert>,
    /// The body, exactly.
    pub body: Option<Template>,
}
