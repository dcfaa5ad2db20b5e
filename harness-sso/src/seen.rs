//! What of an answer may be shown: answers of a provider hold tokens, secrets and one-time codes.

use harness_core::http::Answer;
use serde_json::Value;

/// Fields in which providers say what went wrong. What they hold was written for people to read.
const TOLD: [&str; 4] = ["error", "error_description", "errorMessage", "message"];

/// Returns the status, and the words in which the provider says what went wrong; of a body without such words only its
/// kind and its length.
pub(crate) fn seen(answer: &Answer) -> String {
    let told = told(&answer.body);
    if !told.is_empty() {
        return format!("status {}: {}", answer.status, told.join(": "));
    }
    let kind = answer.media_type().unwrap_or_else(|| "no media type".to_owned());
    format!("status {}, {} bytes, {kind}", answer.status, answer.body.len())
}

fn told(body: &[u8]) -> Vec<String> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return Vec::new() };
    let texts = TOLD.iter().filter_map(|name| fields.get(*name)?.as_str());
    texts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Answer { status, headers, body: body.as_bytes().to_vec(), certificate: None }
    }

    #[test]
    fn what_went_wrong_is_shown_and_tokens_are_not() {
        let refused = r#"{"error":"invalid_grant","error_description":"Account disabled"}"#;
        assert_eq!(seen(&answer(400, refused)), "status 400: invalid_grant: Account disabled");
        let conflict = r#"{"errorMessage":"Realm R already exists"}"#;
        assert_eq!(seen(&answer(409, conflict)), "status 409: Realm R already exists");
        let tokens = r#"{"access_token":"hunter22"}"#;
        assert_eq!(seen(&answer(200, tokens)), "status 200, 27 bytes, application/json");
        assert_eq!(seen(&answer(502, "hunter22")), "status 502, 8 bytes, application/json");
    }
}
