//! Text of a suite's settings with places for what is known only once there is an app. Main types: [`Template`],
//! [`Coordinates`].

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::name::{Domain, InvalidRecipeName, RecipeName};
use crate::near::nearest;

/// A text with places such as `{domain}`. A brace that is meant is written twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Text(String),
    Place(Place),
}

/// What a place of a template stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `{domain}`: the app's host name.
    Domain,
    /// `{base_url}`: `https://` and the app's host name.
    BaseUrl,
    /// `{dep.RECIPE.domain}`: the host name of a dependency.
    DependencyDomain(RecipeName),
    /// `{dep.RECIPE.KEY}`: what the dependency's suite provides under a key.
    DependencyFact(RecipeName, String),
}

/// What a template is filled in from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coordinates {
    /// The app's host name.
    pub domain: Domain,
    /// The host name of each dependency.
    pub dependencies: BTreeMap<RecipeName, Domain>,
    /// What each dependency's suite provides, by key: known once the dependency is up.
    pub facts: BTreeMap<RecipeName, BTreeMap<String, String>>,
}

/// The text is no template.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidTemplate {
    /// A place that stands for nothing.
    #[error(
        "`{{{name}}}` stands for nothing: {}expected `{{domain}}`, `{{base_url}}`, `{{dep.RECIPE.domain}}` or `{{dep.RECIPE.KEY}}` with what that recipe's suite provides; a brace that is meant is written twice, `{{{{`",
        meant(near.as_deref())
    )]
    Unknown {
        /// What stands between the braces.
        name: String,
        /// The place that was most likely meant.
        near: Option<String>,
    },
    /// A dependency that cannot be a recipe.
    #[error("`{{{place}}}` names no recipe")]
    Dependency {
        /// What stands between the braces.
        place: String,
        /// What is wrong with the name.
        source: InvalidRecipeName,
    },
    /// A brace without its other half.
    #[error(
        "`{0}` stands alone: expected a place such as `{{domain}}`; a brace that is meant is written twice, `{0}{0}`"
    )]
    Alone(char),
    /// A character that an env file and a URL cannot hold.
    #[error("expected one line of text, seen the control character {0:?}: take it out")]
    Control(char),
}

fn meant(near: Option<&str>) -> String {
    near.map(|name| format!("did you mean `{{{name}}}`? ")).unwrap_or_default()
}

impl Coordinates {
    /// Returns the coordinates of an app without dependencies.
    pub fn of(domain: &Domain) -> Self {
        Self { domain: domain.clone(), dependencies: BTreeMap::new(), facts: BTreeMap::new() }
    }

    /// Returns `https://` and the app's host name.
    pub fn base_url(&self) -> String {
        format!("https://{}", self.domain)
    }
}

impl Template {
    /// Reads a text with places.
    ///
    /// # Errors
    /// A place that stands for nothing, or a brace that stands alone.
    pub fn parse(text: &str) -> Result<Self, InvalidTemplate> {
        if let Some(c) = text.chars().find(|c| c.is_control()) {
            return Err(InvalidTemplate::Control(c));
        }
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if let Some(tail) = from.strip_prefix("{{") {
                plain.push('{');
                rest = tail;
            } else if let Some(tail) = from.strip_prefix("}}") {
                plain.push('}');
                rest = tail;
            } else if from.starts_with('}') {
                return Err(InvalidTemplate::Alone('}'));
            } else {
                let inner = &from[1..];
                let end = inner.find(['{', '}']).filter(|end| inner[*end..].starts_with('}'));
                let end = end.ok_or(InvalidTemplate::Alone('{'))?;
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Place(Place::parse(&inner[..end])?));
                rest = &inner[end + 1..];
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Returns the text as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns its places, in order.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place(place) => Some(place),
            Part::Text(_) => None,
        })
    }

    /// Returns the text with every place filled in. What the coordinates do not have of a dependency stays as it was
    /// written: settings that name such a one are refused when they are read, and what a dependency provides is not
    /// known before it is up.
    pub fn fill(&self, at: &Coordinates) -> String {
        let filled = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Place(Place::Domain) => at.domain.to_string(),
            Part::Place(Place::BaseUrl) => at.base_url(),
            Part::Place(Place::DependencyDomain(name)) => at
                .dependencies
                .get(name)
                .map_or_else(|| format!("{{dep.{name}.domain}}"), ToString::to_string),
            Part::Place(Place::DependencyFact(name, key)) => {
                let fact = at.facts.get(name).and_then(|facts| facts.get(key));
                fact.cloned().unwrap_or_else(|| format!("{{dep.{name}.{key}}}"))
            }
        };
        self.parts.iter().map(filled).collect()
    }
}

impl Place {
    fn parse(name: &str) -> Result<Self, InvalidTemplate> {
        match name {
            "domain" => return Ok(Self::Domain),
            "base_url" => return Ok(Self::BaseUrl),
            _ => {}
        }
        let dependency = name.strip_prefix("dep.").and_then(|rest| rest.rsplit_once('.'));
        match dependency.filter(|(_, key)| is_key(key)) {
            Some((recipe, key)) => {
                let recipe = RecipeName::try_from(recipe.to_owned());
                let recipe = recipe.map_err(|source| InvalidTemplate::Dependency {
                    place: name.to_owned(),
                    source,
                })?;
                Ok(match key {
                    "domain" => Self::DependencyDomain(recipe),
                    _ => Self::DependencyFact(recipe, key.to_owned()),
                })
            }
            None => {
                let near = nearest(name, ["domain", "base_url"]).map(str::to_owned);
                Err(InvalidTemplate::Unknown { name: name.to_owned(), near })
            }
        }
    }
}

/// Returns whether a suite can provide something under this name.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

impl TryFrom<String> for Template {
    type Error = InvalidTemplate;

    fn try_from(text: String) -> Result<Self, InvalidTemplate> {
        Self::parse(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.text
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn coordinates() -> Coordinates {
        let name = |text: &str| Domain::try_from(text.to_owned()).expect("a host name");
        let keycloak = RecipeName::try_from("keycloak".to_owned()).expect("a recipe's name");
        let mut at = Coordinates::of(&name("ghos-123456.ci.example"));
        at.dependencies.insert(keycloak.clone(), name("keyc-654321.ci.example"));
        let fact = BTreeMap::from([("client_id".to_owned(), "blog".to_owned())]);
        at.facts.insert(keycloak, fact);
        at
    }

    #[rstest]
    #[case("", "")]
    #[case("plain $HOME", "plain $HOME")]
    #[case("{domain}", "ghos-123456.ci.example")]
    #[case("https://office-{domain}:1/x", "https://office-ghos-123456.ci.example:1/x")]
    #[case("{base_url}/a{domain}", "https://ghos-123456.ci.example/aghos-123456.ci.example")]
    #[case("{dep.keycloak.domain}", "keyc-654321.ci.example")]
    #[case("{dep.gitea.domain}", "{dep.gitea.domain}")]
    #[case("id={dep.keycloak.client_id}", "id=blog")]
    #[case("{dep.keycloak.not_known}", "{dep.keycloak.not_known}")]
    #[case("{{domain}} {{}}", "{domain} {}")]
    #[case("{{{domain}}}", "{ghos-123456.ci.example}")]
    fn places_are_filled_in(#[case] text: &str, #[case] filled: &str) {
        assert_eq!(Template::parse(text).unwrap().fill(&coordinates()), filled);
    }

    #[rstest]
    #[case("{domian}", "did you mean `{domain}`?")]
    #[case("{base-url}", "did you mean `{base_url}`?")]
    #[case("{secret}", "`{secret}` stands for nothing: expected `{domain}`")]
    #[case("{}", "`{}` stands for nothing")]
    #[case("${DOMAIN}/x", "did you mean `{domain}`?")]
    #[case("{dep.keycloak}", "stands for nothing")]
    #[case("{dep.Key/../cloak.domain}", "names no recipe")]
    #[case("{dep.keycloak.Client-Id}", "stands for nothing")]
    #[case("a {domain", "`{` stands alone")]
    #[case("{dom{ain}", "`{` stands alone")]
    #[case("domain}", "`}` stands alone")]
    #[case("a\nB=2", "control character '\\n'")]
    fn a_place_that_stands_for_nothing_is_refused(#[case] text: &str, #[case] said: &str) {
        let error = Template::parse(text).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }

    #[test]
    fn places_are_named_in_order() {
        let template = Template::parse("{domain} {{x}} {dep.a.domain}").unwrap();
        let a = RecipeName::try_from("a".to_owned()).unwrap();
        let places: Vec<_> = template.places().cloned().collect();
        assert_eq!(places, [Place::Domain, Place::DependencyDomain(a)]);
    }

    proptest! {
        #[test]
        fn text_whose_braces_are_doubled_comes_back(text in "[a-z{}$ /:.]{0,20}") {
            let doubled = text.replace('{', "{{").replace('}', "}}");
            let template = Template::parse(&doubled).unwrap();
            prop_assert_eq!(template.fill(&coordinates()), text);
            prop_assert_eq!(template.as_str(), doubled);
        }
    }
}
