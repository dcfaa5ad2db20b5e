//! Addresses as they may be shown: a login's addresses hold one-time codes and sessions. Main item: [`shown`].

use url::Url;

use crate::encoded::encoded;

/// Parameters whose values say nothing that is worth anything. All others are hidden, whatever they are called.
const PLAIN: [&str; 12] = [
    "client_id",
    "response_type",
    "response_mode",
    "scope",
    "code_challenge_method",
    "error",
    "error_description",
    "kc_locale",
    "prompt",
    "grant_type",
    "iss",
    "max_age",
];

/// What stands in the place of a value.
const HIDDEN: &str = "…";

/// Returns an address with its host and path, the values of harmless parameters, and the names of all others; of an
/// address within it (`redirect_uri`) host and path.
pub fn shown(url: &Url) -> String {
    let mut text = bare(url);
    let mut marks = ["?"].into_iter().chain(std::iter::repeat("&"));
    for (name, value) in url.query_pairs() {
        text.push_str(marks.next().unwrap_or_default());
        text.push_str(encoded([(name.as_ref(), "")]).trim_end_matches('='));
        text.push('=');
        if PLAIN.contains(&name.as_ref()) {
            text.push_str(&value);
        } else if let Some(inner) = Url::parse(&value).ok().filter(|_| name == "redirect_uri") {
            text.push_str(&bare(&inner));
        } else {
            text.push_str(HIDDEN);
        }
    }
    text
}

fn bare(url: &Url) -> String {
    let origin = match url.origin() {
        url::Origin::Opaque(_) => format!("{}:", url.scheme()),
        tuple @ url::Origin::Tuple(..) => tuple.ascii_serialization(),
    };
    format!("{origin}{}", url.path())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "https://kc.test/realms/r/login-actions/authenticate?session_code=hunter22&execution=e1&client_id=app&tab_id=t1",
        "https://kc.test/realms/r/login-actions/authenticate?session_code=…&execution=…&client_id=app&tab_id=…"
    )]
    #[case(
        "https://app.test/callback?state=hunter22&session_state=s1&iss=https%3A%2F%2Fkc.test%2Frealms%2Fr&code=hunter22#x",
        "https://app.test/callback?state=…&session_state=…&iss=https://kc.test/realms/r&code=…"
    )]
    #[case(
        "https://kc.test/auth?redirect_uri=https%3A%2F%2Fapp.test%2Fcb%3Ftoken%3Dhunter22&response_type=code",
        "https://kc.test/auth?redirect_uri=https://app.test/cb&response_type=code"
    )]
    #[case("https://admin:hunter22@kc.test:8443/x", "https://kc.test:8443/x")]
    #[case("https://kc.test/?hunter%3D22=1", "https://kc.test/?hunter%3D22=…")]
    #[case("https://kc.test/", "https://kc.test/")]
    fn what_opens_something_is_hidden(#[case] url: &str, #[case] seen: &str) {
        assert_eq!(shown(&Url::parse(url).unwrap()), seen);
    }
}
