//! Recorded pages of Keycloak 26.5.6 and 26.7.3 (scripts replaced by one that looks like a form), and pages that no
//! parser should trip over.

use rstest::rstest;

use super::*;

macro_rules! recorded {
    ($version:literal, $page:literal) => {
        Page::read(include_str!(concat!("../fixtures/keycloak/", $version, "/", $page, ".html")))
    };
}

fn names(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[rstest]
#[case(recorded!("26.7.3", "login"))]
#[case(recorded!("26.5.6", "login"))]
fn a_login_page_is_filled_in(#[case] page: Page) {
    assert_eq!(page.about(), "Sign in to probe-abc123: Sign in to your account");
    let [form] = &page.forms[..] else { panic!("{:?}", page.forms) };
    assert!(form.is_post && form.action.contains("/login-actions/authenticate?session_code="));
    assert!(form.action.contains("&client_id=app&"), "entities are read: {}", form.action);
    let filled = form.with_login("alice", "hunter22").unwrap();
    assert_eq!(
        names(&filled),
        [("username", "alice"), ("password", "hunter22"), ("credentialId", "")]
    );
    assert_eq!(form.with_consent(), None);
}

#[rstest]
#[case(recorded!("26.7.3", "wrong"), "Invalid username or password.")]
#[case(recorded!("26.5.6", "wrong"), "Invalid username or password.")]
#[case(recorded!("26.7.3", "disabled"), "Account is disabled, contact your administrator.")]
#[case(recorded!("26.5.6", "disabled"), "Account is disabled, contact your administrator.")]
fn a_refusal_says_why(#[case] page: Page, #[case] said: &str) {
    assert_eq!(page.notices, [said]);
    assert!(page.forms[0].with_login("alice", "hunter22").is_some(), "the form is there again");
}

#[rstest]
#[case(recorded!("26.7.3", "redirect"), "Invalid parameter: redirect_uri")]
#[case(recorded!("26.5.6", "redirect"), "Invalid parameter: redirect_uri")]
#[case(recorded!("26.7.3", "client"), "Client not found.")]
#[case(recorded!("26.5.6", "client"), "Client not found.")]
fn an_error_page_says_why(#[case] page: Page, #[case] said: &str) {
    assert_eq!(page.notices, [said]);
    assert!(page.forms.is_empty() && page.about().contains("We are sorry"), "{page:?}");
}

#[rstest]
#[case(recorded!("26.7.3", "consent"))]
#[case(recorded!("26.5.6", "consent"))]
fn a_page_that_asks_for_consent_is_agreed_to(#[case] page: Page) {
    assert!(page.about().contains("Grant Access to asks"), "{}", page.about());
    let agreed = page.forms.iter().find_map(Form::with_consent).unwrap();
    let [(code, _), (button, _)] = names(&agreed)[..] else { panic!("{agreed:?}") };
    assert_eq!((code, button), ("code", "accept"));
}

#[rstest]
#[case(recorded!("26.7.3", "unfinished"))]
#[case(recorded!("26.5.6", "unfinished"))]
fn a_page_that_asks_for_more_is_no_login(#[case] page: Page) {
    assert!(page.about().contains("Update Account Information"), "{}", page.about());
    assert!(page.forms[0].with_login("alice", "hunter22").is_none());
}

#[test]
fn capitals_and_hidden_fields_are_read() {
    let page = recorded!("26.7.3", "form-post");
    let [form] = &page.forms[..] else { panic!("{:?}", page.forms) };
    assert_eq!((form.action.as_str(), form.is_post), ("http://app.test/cb", true));
    let untouched = form.untouched();
    let sent: Vec<&str> = names(&untouched).iter().map(|(name, _)| *name).collect();
    assert_eq!(sent, ["code", "iss", "state", "session_state"]);
}

/// Written after the templates of Gitea 1.26.0 (`templates/user/auth/`, MIT).
#[test]
fn giteas_pages_are_read() {
    let login = Page::read(
        r#"<form class="ui form" action="/user/login" method="post">
        <input id="user_name" type="text" name="user_name" value="" autofocus required>
        <input id="password" name="password" type="password" required>
        <input name="remember" type="checkbox"><button class="ui primary button">Sign In</button>
        </form><div class="ui negative message flash-message flash-error"><p>Username or password is incorrect.</p></div>"#,
    );
    let filled = login.forms[0].with_login("alice", "hunter22").unwrap();
    assert_eq!(names(&filled), [("user_name", "alice"), ("password", "hunter22")]);
    assert_eq!(login.notices, ["Username or password is incorrect."]);
    let grant = Page::read(
        r#"<form method="post" action="/login/oauth/grant"><input type="hidden" name="state" value="s">
        <button type="submit" id="authorize-app" name="granted" value="true">Authorize</button>
        <button type="submit" name="granted" value="false">Cancel</button></form>"#,
    );
    let agreed = grant.forms[0].with_consent().unwrap();
    assert_eq!(names(&agreed), [("state", "s"), ("granted", "true")]);
}

#[test]
fn a_form_that_is_never_closed_and_fields_without_quotes_are_read() {
    let page = Page::read(
        "<!doctype html><title>A &amp; B</title><form METHOD=POST action=/in><input name=a value=1>\
         <input name=b disabled value=2><input type=checkbox name=c value=3 checked>\
         <input type=radio name=d value=4><input name='' value=5><INPUT TYPE=PASSWORD NAME=e>",
    );
    assert_eq!(page.title, "A & B");
    assert_eq!(names(&page.forms[0].untouched()), [("a", "1"), ("c", "3"), ("e", "")]);
    let filled = page.forms[0].with_login("alice", "hunter22").unwrap();
    assert_eq!(names(&filled), [("a", "alice"), ("c", "3"), ("e", "hunter22")]);
}

#[test]
fn scripts_and_comments_are_no_forms_and_a_field_outside_of_one_is_no_field() {
    let page = Page::read(
        r#"<input name=x type=password><script>"<form><input type=password>"</script>
        <!-- <form> --><style>form { }</style><form action="/search"><input name=q></form>"#,
    );
    assert_eq!(page.forms.len(), 1);
    assert!(!page.forms[0].is_post && page.forms[0].with_login("a", "b").is_none());
}

#[rstest]
#[case("")]
#[case("<")]
#[case("<form")]
#[case("</form></div></p>")]
#[case("<p id=input-error>never closed <b>at all")]
fn any_text_is_a_page(#[case] html: &str) {
    let page = Page::read(html);
    assert!(page.forms.is_empty() && page.about().len() < 30, "{page:?}");
}

#[test]
fn nested_elements_of_the_same_kind_end_where_the_outer_one_does() {
    let page =
        Page::read("<div class=kc-feedback-text>a <div>b</div> <span>c</span></div><div>d</div>");
    assert_eq!(page.notices, ["a b c"]);
}
