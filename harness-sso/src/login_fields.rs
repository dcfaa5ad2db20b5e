//! What the login pages of providers are made of, for who fills them in: here, or in a browser.

/// The parts of a provider's login page, as selectors of CSS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginFields {
    /// The field for the user's name.
    pub user: &'static str,
    /// The field for the password.
    pub password: &'static str,
    /// The button.
    pub submit: &'static str,
    /// What shows why the login was refused.
    pub refused: &'static str,
}

/// Keycloak's login page.
pub const KEYCLOAK: LoginFields = LoginFields {
    user: "input[name=username]",
    password: "input[name=password]",
    submit: "#kc-login",
    refused: "#input-error, #input-error-username, .kc-feedback-text",
};

/// Gitea's login page.
pub const GITEA: LoginFields = LoginFields {
    user: "input[name=user_name]",
    password: "input[name=password]",
    submit: "form[action$='/user/login'] button",
    refused: ".flash-error",
};
