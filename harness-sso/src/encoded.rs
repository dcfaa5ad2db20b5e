//! Texts as parts of addresses and forms.

use harness_core::http::RequestBuilder;
use url::form_urlencoded::Serializer;

/// Writes fields as a form and as a query have them.
pub(crate) fn encoded<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Gives a request a form as its body.
pub(crate) fn with_form<'a>(
    request: RequestBuilder,
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> RequestBuilder {
    request.header("content-type", "application/x-www-form-urlencoded").body(encoded(fields))
}
