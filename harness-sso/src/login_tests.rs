//! Steps of a login, one by one.

use rstest::rstest;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn answer(status: u16, location: Option<&str>) -> Answer {
    let headers = location.map(|value| ("location".to_owned(), value.to_owned()));
    let headers = headers.into_iter().collect();
    Answer { status, headers, body: Vec::new(), certificate: None }
}

fn posted() -> Step {
    let fields = vec![("password".to_owned(), Secret::new("hunter22"))];
    Step { method: Method::POST, url: url("https://kc.test/a/in"), fields }
}

#[rstest]
#[case(302, "/x", "https://kc.test/x")]
#[case(303, "x", "https://kc.test/a/x")]
#[case(301, "https://app.test/x", "https://app.test/x")]
fn after_a_form_a_redirect_is_a_question(
    #[case] status: u16,
    #[case] location: &str,
    #[case] to: &str,
) {
    let step = redirect(&posted(), &answer(status, Some(location))).unwrap().unwrap();
    assert_eq!((step.method, step.url, step.fields.len()), (Method::GET, url(to), 0));
}

#[rstest]
#[case(307)]
#[case(308)]
fn a_password_is_handed_on_to_no_other_host(#[case] status: u16) {
    let step = redirect(&posted(), &answer(status, Some("/again"))).unwrap().unwrap();
    assert_eq!((step.method, step.fields.len()), (Method::POST, 1));
    let error = redirect(&posted(), &answer(status, Some("https://app.test/x"))).unwrap_err();
    assert!(error.to_string().contains("expected a redirect that hands no form on"), "{error}");
    let get = Step::get(url("https://kc.test/"));
    let step = redirect(&get, &answer(status, Some("https://app.test/x"))).unwrap().unwrap();
    assert_eq!((step.method, step.url), (Method::GET, url("https://app.test/x")));
}

#[test]
fn what_is_no_redirect_leads_nowhere() {
    for status in [200, 204, 304, 400, 500] {
        assert!(redirect(&posted(), &answer(status, Some("/x"))).unwrap().is_none(), "{status}");
    }
    for location in [None, Some(""), Some("https://")] {
        assert!(redirect(&posted(), &answer(302, location)).is_err(), "{location:?}");
    }
}

#[rstest]
#[case("https://app.test/cb?code=1", true)]
#[case("https://app.test/cb?code=1#x", true)]
#[case("https://app.test/cb", true)]
#[case("https://app.test/cb2?code=1", false)]
#[case("https://app.test/cb/2", false)]
#[case("https://other.test/cb?code=1", false)]
fn the_redirect_uri_is_known_with_its_parameters(#[case] to: &str, #[case] is: bool) {
    assert_eq!(is_at(&url(to), "https://app.test/cb"), is);
}

fn attempt() -> Attempt {
    let secret = |text: &str| Secret::new(text);
    Attempt { state: secret("s1"), nonce: secret("n1"), verifier: secret("v1") }
}

#[rstest]
#[case("state=s1&code=c1", Ok("c1"))]
#[case("state=s1&code=c1&iss=https%3A%2F%2Fkc.test%2Frealms%2Fr", Ok("c1"))]
#[case(
    "state=s2&code=c1",
    Err("expected the `state` of this attempt to come back, seen another one")
)]
#[case("code=c1", Err("expected the `state` of this attempt to come back, seen none"))]
#[case("state=s1", Err("expected the `code` of this attempt to come back, seen none"))]
#[case("state=s1&code=", Err("expected the `code` of this attempt to come back, seen none"))]
#[case(
    "state=s1&code=c1&iss=https%3A%2F%2Fother.test",
    Err(
        "expected the `iss` of this attempt to come back, seen `https://other.test` in place of `https://kc.test/realms/r`"
    )
)]
#[case(
    "state=s1&error=access_denied&error_description=no",
    Err("the provider sends the app an error: access_denied: no")
)]
fn a_code_is_this_attempts(#[case] query: &str, #[case] expected: Result<&str, &str>) {
    let issuer = Issuer::try_from("https://kc.test/realms/r".to_owned()).unwrap();
    let read = code_of(&url(&format!("https://app.test/cb?{query}")), &attempt(), &issuer);
    let read = read.map(|code| code.expose().to_owned()).map_err(|error| error.to_string());
    assert_eq!(read.as_deref().map_err(String::as_str), expected);
}

fn judged(html: &str, url: &Url) -> Result<Filled, LoginFailure> {
    let (user, password) = ("alice", &Secret::new("hunter22"));
    let known =
        Known { url, status: 200, was_sent: false, consent: Consent::Given, user, password };
    next(&Page::read(html), known)
}

#[rstest]
#[case(
    "<form method=post action='https://elsewhere.test/'><input type=password name=p></form>",
    "elsewhere.test"
)]
#[case("<form action='/in'><input type=password name=p></form>", "into an address")]
#[case("<form method=post action='https://['><input type=password name=p></form>", "no address")]
#[case("<title>Busy</title>", "status 200: Busy")]
fn a_password_is_sent_to_the_provider_alone_and_never_in_an_address(
    #[case] html: &str,
    #[case] said: &str,
) {
    let at = url("https://kc.test/auth");
    let error = judged(html, &at).unwrap_err().to_string();
    assert!(error.contains(said) && !error.contains("hunter22"), "{error}");
}

#[test]
fn a_form_without_an_action_is_sent_to_its_own_page() {
    let at = url("https://kc.test/auth?a=b");
    let html = "<form method=post><input name=u><input type=password name=p></form>";
    let filled = judged(html, &at).unwrap();
    assert_eq!((filled.to, filled.has_password), (at, true));
}

#[test]
fn a_result_in_a_form_is_handed_over_and_a_search_is_not() {
    let at = url("https://kc.test/auth");
    let html = "<form method=post action='https://app.test/cb'><input type=hidden name=code value=c></form>";
    let filled = judged(html, &at).unwrap();
    assert_eq!((filled.to, filled.has_password), (url("https://app.test/cb"), false));
    let html = "<form method=post action='/search'><input type=hidden name=code value=c></form>";
    assert!(judged(html, &at).is_err());
}

#[rstest]
#[case("Invalid parameter: redirect_uri", "RedirectRefused")]
#[case("Unregistered Redirect URI", "RedirectRefused")]
#[case("Client not found.", "UnknownClient")]
#[case("Client ID not registered", "UnknownClient")]
#[case("Account is disabled, contact your administrator.", "AccountDisabled")]
#[case("Restart login cookie not found.", "ProviderPage")]
fn pages_of_both_providers_are_understood(#[case] said: &str, #[case] meant: &str) {
    let at = url("https://kc.test/auth");
    let error = format!("{:?}", judged(&format!("<h1>{said}</h1>"), &at).unwrap_err());
    assert!(error.starts_with(meant), "{error}");
}
