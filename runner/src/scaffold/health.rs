//! The path that proves that the app serves, as its own health check asks for it.

use harness_core::recipe::Service;

/// Returns the path that a service's health check asks its own web server for; nothing if it asks otherwise.
pub(super) fn path(service: &Service) -> Option<String> {
    let words = service.runtime.healthcheck.as_ref().map(|h| h.test.join(" ")).unwrap_or_default();
    let is_end = |c: char| c.is_whitespace() || "\"'|;&)>".contains(c);
    words.split(is_end).find_map(path_of)
}

/// Returns the path of a URL of the container's own.
fn path_of(word: &str) -> Option<String> {
    let rest = word.strip_prefix("http://").or_else(|| word.strip_prefix("https://"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let own = ["localhost", "127.0.0.1", "0.0.0.0", "[::1]", "$HOSTNAME"].contains(&host);
    // What is asked for as this very path must mean the same outside: no variables, no fragments.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./~%?=+,@:".contains(c);
    (own && path.chars().all(plain)).then(|| format!("/{path}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1:2368/", Some("/"))]
    #[case("http://localhost:8080/api/health", Some("/api/health"))]
    #[case("https://localhost", Some("/"))]
    #[case("http://localhost/status?full=1", Some("/status?full=1"))]
    #[case("http://db:8080/health", None)]
    #[case("http://localhost/$BASE/health", None)]
    #[case("localhost:3000", None)]
    fn a_path_is_that_of_a_url_of_the_container_s_own(
        #[case] url: &str,
        #[case] path: Option<&str>,
    ) {
        assert_eq!(path_of(url).as_deref(), path);
    }
}
