//! Plays Keycloak's pages: with the ids, names and classes of the real ones, and little else.

use harness_core::http::Answer;

use super::play::page;
use super::rows::Row;

/// Returns the page with the login form, with what was refused, if it comes again.
pub(super) fn login_page(realm: &Row, action: &str, user: &str, refused: Option<&str>) -> Answer {
    let action = escaped(action);
    let (user, said) = (escaped(user), refused.map(escaped).unwrap_or_default());
    let notice = if said.is_empty() {
        String::new()
    } else {
        format!(
            "<div id=\"input-error-username\"><span class=\"kc-feedback-text\">{said}</span></div>"
        )
    };
    let form = format!(
        "<form id=\"kc-form-login\" action=\"{action}\" method=\"post\" novalidate=\"novalidate\">\
         <input id=\"username\" name=\"username\" value=\"{user}\" type=\"text\" autocomplete=\"username\">{notice}\
         <input id=\"password\" name=\"password\" value=\"\" type=\"password\" autocomplete=\"current-password\">\
         <button type=\"button\" id=\"password-show-password\"></button>\
         <input type=\"hidden\" id=\"id-hidden-input\" name=\"credentialId\">\
         <button name=\"login\" id=\"kc-login\" type=\"submit\">Sign In</button></form>"
    );
    whole(200, realm, "Sign in to your account", &form)
}

/// Returns the page that asks whether an app may know who logs in.
pub(super) fn asks_for_consent(realm: &Row, action: &str, client: &str, code: &str) -> Answer {
    let (action, code) = (escaped(action), escaped(code));
    let form = format!(
        "<form action=\"{action}\" method=\"POST\"><input type=\"hidden\" name=\"code\" value=\"{code}\">\
         <button name=\"accept\" id=\"kc-login\" type=\"submit\">Yes</button>\
         <button name=\"cancel\" id=\"kc-cancel\" type=\"submit\">No</button></form>"
    );
    whole(200, realm, &format!("Grant Access to {client}"), &form)
}

/// Returns the page that asks for what an account lacks.
pub(super) fn asks_for_more(
    realm: &Row,
    action: &str,
    title: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let inputs: String = fields
        .iter()
        .map(|(name, kind)| {
            format!("<input id=\"{name}\" name=\"{name}\" value=\"\" type=\"{kind}\">")
        })
        .collect();
    let action = escaped(action);
    let form = format!(
        "<form action=\"{action}\" method=\"post\">{inputs}<input type=\"submit\" value=\"Submit\"></form>"
    );
    whole(200, realm, title, &form)
}

/// Returns the page on which a login ends before it began.
pub(super) fn error_page(realm: &Row, said: &str) -> Answer {
    let said = escaped(said);
    let body = format!("<div id=\"kc-error-message\"><p class=\"instruction\">{said}</p></div>");
    whole(400, realm, "We are sorry...", &body)
}

fn whole(status: u16, realm: &Row, heading: &str, body: &str) -> Answer {
    let (name, heading) = (escaped(&realm.name), escaped(heading));
    page(
        status,
        &format!(
            "<head><title>Sign in to {name}</title></head><body id=\"keycloak-bg\">\
             <h1 id=\"kc-page-title\">{heading}</h1>{body}</body>"
        ),
    )
}

fn escaped(text: &str) -> String {
    let mut out = text.replace('&', "&amp;");
    for (character, entity) in [('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;")] {
        out = out.replace(character, entity);
    }
    out
}
