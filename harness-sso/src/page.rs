//! Pages as far as a login needs them: their title, their forms, and what they say went wrong. Main type: [`Page`].
//!
//! Tolerant as browsers are: unclosed and unknown elements, attributes without quotes, scripts. It builds no tree.

use std::collections::BTreeMap;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// Words in an id or a class by which the two providers mark what they say went wrong.
const NOTICES: [&str; 5] =
    ["input-error", "kc-feedback-text", "kc-error-message", "flash-error", "kc-info-message"];

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// What stands on its tab.
    pub(crate) title: String,
    /// The first heading.
    pub(crate) heading: String,
    /// The one below it: where Gitea says why it does not even ask about an app.
    pub(crate) below: String,
    /// Its forms.
    pub(crate) forms: Vec<Form>,
    /// What it says went wrong.
    pub(crate) notices: Vec<String>,
}

/// A form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// Where it is sent, as it stands there; nothing: to the page itself.
    pub(crate) action: String,
    /// Whether it is posted.
    pub(crate) is_post: bool,
    /// What is filled in, ticked or hidden.
    pub(crate) fields: Vec<Field>,
    /// What it can be sent by, as name and value.
    pub(crate) buttons: Vec<(String, String)>,
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: String,
    /// What stands in it.
    pub(crate) value: String,
    /// What it is for, in lower case: `text`, `password`, `hidden` …
    pub(crate) kind: String,
}

impl Page {
    /// Reads a page.
    pub(crate) fn read(html: &str) -> Self {
        let mut reader = Reader::default();
        let mut emitter = DefaultEmitter::<()>::default();
        // What a script or a title holds is text, whatever it looks like.
        emitter.naively_switch_states(true);
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            match token {
                Token::StartTag(tag) => reader.begin(&tag),
                Token::EndTag(tag) => reader.end(&text(&tag.name)),
                Token::String(found) => reader.text(&text(&found)),
                Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
        }
        reader.finish()
    }

    /// Returns what the page is about, for a reader who does not see it.
    pub(crate) fn about(&self) -> String {
        let words = [&self.title, &self.heading, &self.below].into_iter().chain(&self.notices);
        let mut said: Vec<&str> = Vec::new();
        for word in words.map(String::as_str).filter(|word| !word.is_empty()) {
            if !said.contains(&word) {
                said.push(word);
            }
        }
        said.join(": ")
    }
}

impl Form {
    /// Returns what is sent when nobody touches the form.
    pub(crate) fn untouched(&self) -> Vec<(String, String)> {
        self.fields.iter().map(|field| (field.name.clone(), field.value.clone())).collect()
    }

    /// Returns the form filled in with a name and a password; none if it is no form to log in by. Of one that already
    /// knows who logs in, the password alone is asked for.
    pub(crate) fn with_login(&self, user: &str, password: &str) -> Option<Vec<(String, String)>> {
        let secret = self.fields.iter().position(|field| field.kind == "password")?;
        let is_open = |field: &Field| matches!(field.kind.as_str(), "text" | "email");
        let name = self.fields.iter().position(is_open);
        let fill = |(at, field): (usize, &Field)| {
            let value = if at == secret {
                password
            } else if Some(at) == name {
                user
            } else {
                &field.value
            };
            (field.name.clone(), value.to_owned())
        };
        Some(self.fields.iter().enumerate().map(fill).collect())
    }

    /// Returns the form as who agrees sends it; none if it asks for no agreement. Keycloak's button is `accept`,
    /// Gitea's is `granted` with the value `true`.
    pub(crate) fn with_consent(&self) -> Option<Vec<(String, String)>> {
        let agrees = |(name, value): &&(String, String)| {
            name == "accept" || (name == "granted" && value == "true")
        };
        let button = self.buttons.iter().find(agrees)?;
        Some(self.untouched().into_iter().chain([button.clone()]).collect())
    }
}

/// A place whose text is collected: the elements that are open in it.
#[derive(Debug)]
struct Collected {
    element: String,
    depth: usize,
    text: String,
    into: Into,
}

/// Where a collected text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Into {
    Title,
    Heading,
    Below,
    Notice,
}

#[derive(Debug, Default)]
struct Reader {
    page: Page,
    form: Option<Form>,
    collected: Vec<Collected>,
}

impl Reader {
    fn begin(&mut self, tag: &StartTag<()>) {
        let name = text(&tag.name);
        let attributes: BTreeMap<String, String> =
            tag.attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
        let of = |name: &str| attributes.get(name).cloned().unwrap_or_default();
        for open in self.collected.iter_mut().filter(|open| open.element == name) {
            open.depth += 1;
        }
        match name.as_str() {
            "form" => {
                self.close_form();
                let is_post = of("method").eq_ignore_ascii_case("post");
                self.form = Some(Form { action: of("action"), is_post, ..Form::default() });
            }
            "input" | "button" => self.control(&name, &attributes),
            _ => {}
        }
        let into = match name.as_str() {
            "title" if self.page.title.is_empty() => Some(Into::Title),
            "h1" | "h3" if self.page.heading.is_empty() => Some(Into::Heading),
            "h3" if self.page.below.is_empty() => Some(Into::Below),
            _ if is_notice(&of("id")) || is_notice(&of("class")) => Some(Into::Notice),
            _ => None,
        };
        // What is said inside of a notice is part of it.
        let is_inside = self.collected.iter().any(|open| open.into == Into::Notice);
        if let Some(into) = into.filter(|into| *into != Into::Notice || !is_inside)
            && !matches!(name.as_str(), "input" | "br" | "img" | "hr" | "meta" | "link")
        {
            self.collected.push(Collected { element: name, depth: 1, text: String::new(), into });
        }
    }

    fn control(&mut self, element: &str, attributes: &BTreeMap<String, String>) {
        let Some(form) = &mut self.form else { return };
        let of = |name: &str| attributes.get(name).cloned().unwrap_or_default();
        let kind = match (element, of("type").to_ascii_lowercase()) {
            ("button", kind) if kind.is_empty() => "submit".to_owned(),
            (_, kind) if kind.is_empty() => "text".to_owned(),
            (_, kind) => kind,
        };
        let (name, value) = (of("name"), of("value"));
        match kind.as_str() {
            "submit" => form.buttons.push((name, value)),
            "button" | "reset" | "image" | "file" => {}
            "checkbox" | "radio" if !attributes.contains_key("checked") => {}
            _ if name.is_empty() || attributes.contains_key("disabled") => {}
            _ => form.fields.push(Field { name, value, kind }),
        }
    }

    fn text(&mut self, found: &str) {
        for open in &mut self.collected {
            open.text.push_str(found);
        }
    }

    fn end(&mut self, name: &str) {
        if name == "form" {
            self.close_form();
        }
        for open in self.collected.iter_mut().filter(|open| open.element == name) {
            open.depth -= 1;
        }
        while let Some(at) = self.collected.iter().position(|open| open.depth == 0) {
            let closed = self.collected.remove(at);
            self.keep(&closed);
        }
    }

    fn keep(&mut self, collected: &Collected) {
        let text = collected.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return;
        }
        match collected.into {
            Into::Title => self.page.title = text,
            Into::Heading => self.page.heading = text,
            Into::Below => self.page.below = text,
            Into::Notice if self.page.notices.contains(&text) => {}
            Into::Notice => self.page.notices.push(text),
        }
    }

    fn close_form(&mut self) {
        self.page.forms.extend(self.form.take());
    }

    fn finish(mut self) -> Page {
        self.close_form();
        for open in std::mem::take(&mut self.collected) {
            self.keep(&open);
        }
        self.page
    }
}

fn is_notice(words: &str) -> bool {
    let marks = |word: &str| NOTICES.iter().any(|notice| word.starts_with(notice));
    words.split_whitespace().any(|word| marks(word) && !word.starts_with("input-error-container"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
