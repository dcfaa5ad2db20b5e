//! Taking secrets out of what a page shows, before a picture of it is kept. Pure but for the page's own methods.

use serde_json::{Value, json};

use super::error::PageError;
use super::visit::Page;

/// Which of a page's texts are to be others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tidied {
    /// By their number: what to write in their place.
    pub(super) replaced: Vec<(usize, String)>,
}

/// Decides which texts hold what must not be seen.
pub(super) fn tidied(shown: &[String], scrub: impl Fn(&str) -> String) -> Tidied {
    let replaced = shown.iter().enumerate().filter_map(|(number, text)| {
        let clean = scrub(text);
        (clean != *text).then_some((number, clean))
    });
    Tidied { replaced: replaced.collect() }
}

/// Empties fields for passwords and hides frames of other sites; then returns all other texts that can be seen, in
/// shadow trees and frames of the page's own site too.
const TEXTS: &str = "
    const found = [];
    const walk = root => {
        const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) found.push(texts.currentNode);
        for (const element of root.querySelectorAll('*')) {
            if (element.shadowRoot) walk(element.shadowRoot);
            const name = element.localName;
            if (name === 'input' && element.type === 'password') element.value = '';
            else if (name === 'input' && element.type !== 'file' || name === 'textarea') found.push(element);
            else if (name === 'iframe' || name === 'frame') {
                if (element.contentDocument) walk(element.contentDocument);
                else element.style.visibility = 'hidden';
            }
        }
    };
    walk(document);
    window.ccciTexts = found;
    return found.map(one => (one.nodeType === 3 ? one.nodeValue : one.value) || '');";

const REPLACE: &str = "
    for (const [number, text] of arguments[0]) {
        const one = window.ccciTexts[number];
        if (one.nodeType === 3) one.nodeValue = text; else one.value = text;
    }";

impl Page {
    /// Returns the texts that can be seen.
    pub(super) async fn texts(&self) -> Result<Vec<String>, PageError> {
        let texts = self.run("say what can be seen", TEXTS, Vec::new()).await?;
        serde_json::from_value(texts).map_err(|error| PageError::Browser {
            what: "say what can be seen".to_owned(),
            reason: error.to_string(),
            is_suites: false,
        })
    }

    /// Puts other texts in the place of some.
    pub(super) async fn replace(&self, replaced: &[(usize, String)]) -> Result<(), PageError> {
        let arguments: Value = json!(replaced);
        self.run("take secrets away", REPLACE, vec![arguments]).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_with_a_secret_are_replaced() {
        let shown = ["hello", "the key is s3cret!", ""].map(str::to_owned);
        let Tidied { replaced } = tidied(&shown, |text| text.replace("s3cret", "***"));
        assert_eq!(replaced, [(1, "the key is ***!".to_owned())]);
    }
}
