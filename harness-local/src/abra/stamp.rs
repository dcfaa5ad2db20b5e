//! The labels that abra puts on the `app` service, as one more compose file that is laid over the recipe's.

use harness_core::name::{RecipeName, StackName};
use serde_json::{Map, Value, json};

/// What a deploy says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// A version was checked out: its label is set, whatever the compose file says.
    Version(String),
    /// What was checked out is deployed as it is: the compose file's own version label stays.
    Chaos(String),
}

impl Stamp {
    /// Returns what is written back to the settings.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Version(text) | Self::Chaos(text) => text,
        }
    }
}

/// Returns the labels of a deploy.
pub(crate) fn labels(
    stack: &StackName,
    recipe: &RecipeName,
    stamp: &Stamp,
) -> Vec<(String, String)> {
    let label = |name: &str, value: &str| (format!("coop-cloud.{stack}.{name}"), value.to_owned());
    let mut labels = vec![label("recipe", recipe.as_str())];
    match stamp {
        Stamp::Version(version) => {
            labels.extend([label("chaos", "false"), label("version", version)]);
        }
        Stamp::Chaos(version) => {
            labels.extend([label("chaos", "true"), label("chaos-version", version)]);
        }
    }
    labels
}

/// Returns a compose file (JSON is YAML) that adds labels to the `app` service and nothing else.
pub(super) fn overlay(compose_version: Option<&str>, labels: &[(String, String)]) -> String {
    // The client interpolates this file too.
    let escape = |text: &str| text.replace('$', "$$");
    let labels: Map<String, Value> =
        labels.iter().map(|(k, v)| (escape(k), Value::String(escape(v)))).collect();
    let mut file = Map::new();
    if let Some(version) = compose_version {
        file.insert("version".to_owned(), Value::String(version.to_owned()));
    }
    file.insert("services".to_owned(), json!({"app": {"deploy": {"labels": labels}}}));
    Value::Object(file).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(stamp: &Stamp) -> Vec<String> {
        let stack = StackName::try_from("a_ccci_test".to_owned()).unwrap();
        let recipe = RecipeName::try_from("custom-html".to_owned()).unwrap();
        labels(&stack, &recipe, stamp).into_iter().map(|(k, v)| format!("{k}={v}")).collect()
    }

    #[test]
    fn chaos_keeps_the_version_label_of_the_compose_file() {
        let labels = named(&Stamp::Chaos("eb96de94+U".to_owned()));
        assert!(labels.contains(&"coop-cloud.a_ccci_test.chaos=true".to_owned()));
        assert!(labels.contains(&"coop-cloud.a_ccci_test.chaos-version=eb96de94+U".to_owned()));
        assert!(!labels.iter().any(|l| l.starts_with("coop-cloud.a_ccci_test.version=")));
    }

    #[test]
    fn a_plain_deploy_says_the_version_and_that_it_is_no_chaos() {
        let labels = named(&Stamp::Version("1.0.0+1.22.1".to_owned()));
        assert!(labels.contains(&"coop-cloud.a_ccci_test.chaos=false".to_owned()));
        assert!(labels.contains(&"coop-cloud.a_ccci_test.version=1.0.0+1.22.1".to_owned()));
        assert!(!labels.iter().any(|l| l.contains("chaos-version")));
    }

    #[test]
    fn the_overlay_has_the_same_compose_version_and_only_labels() {
        let text = overlay(Some("3.8"), &[("a".to_owned(), "b$c".to_owned())]);
        assert_eq!(
            text,
            r#"{"version":"3.8","services":{"app":{"deploy":{"labels":{"a":"b$$c"}}}}}"#
        );
    }
}
