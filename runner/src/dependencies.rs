//! What a recipe needs, found before anything is made: an order in which each dependency finds what it needs itself.
//! Main type: [`DependencyError`].

use std::collections::BTreeMap;

use harness_core::name::RecipeName;
use harness_core::run_file::SuiteDescription;
use harness_core::suite::{InvalidSettings, Place, Settings};
use thiserror::Error;

use crate::trials::{DescribeError, Suites};

/// A recipe that another one needs, with its suite.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) recipe: RecipeName,
    pub(crate) suite: SuiteDescription,
    /// Its settings as a dependency.
    pub(crate) settings: Settings,
}

/// What a recipe needs cannot be had.
#[derive(Debug, Error)]
pub enum DependencyError {
    /// A suite cannot be asked for.
    #[error(transparent)]
    Describe(#[from] DescribeError),
    /// The settings of a dependency cannot be used.
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
    /// There is no suite that says how a recipe is a dependency.
    #[error(
        "`{by}` needs `{recipe}`, and there is no folder recipes/{recipe}: a dependency is deployed by its own suite; correct the name in `deps`, or add the folder (`cc-ci new {recipe}`)"
    )]
    Unknown {
        /// What is needed.
        recipe: String,
        /// By whom.
        by: String,
    },
    /// Recipes that need each other.
    #[error(
        "dependencies go round in a circle: {}; take one out of `deps` or `[as-dependency] deps`",
        circle.iter().map(RecipeName::as_str).collect::<Vec<_>>().join(" → ")
    )]
    Circle {
        /// From a recipe round to itself.
        circle: Vec<RecipeName>,
    },
    /// A variable names what a dependency does not provide.
    #[error(
        "recipes/{recipe}/recipe.toml: `{{dep.{dependency}.{key}}}` is nothing that the suite of `{dependency}` provides; it provides {provides}"
    )]
    NotProvided {
        /// The recipe.
        recipe: String,
        /// Its dependency.
        dependency: RecipeName,
        /// What was asked for.
        key: String,
        /// What there is.
        provides: String,
    },
    /// A check needs what the settings do not name.
    #[error(
        "recipes/{recipe}/suite.rs: `{check}` needs `{needed}`, which is not among `deps` in recipe.toml: add it there"
    )]
    Undeclared {
        /// The recipe.
        recipe: String,
        /// The check.
        check: String,
        /// What it needs.
        needed: RecipeName,
    },
}

/// Finds all that a recipe needs, in an order in which each finds what it needs itself.
///
/// # Errors
/// Something is unknown, or they need each other in a circle.
pub(crate) async fn find<S: Suites>(
    recipe: &RecipeName,
    suite: &SuiteDescription,
    settings: &Settings,
    suites: &S,
) -> Result<Vec<Found>, DependencyError> {
    for (check, needed) in &suite.needs {
        if let Some(needed) = needed.iter().find(|needed| !settings.deps.contains(needed)) {
            let (recipe, check, needed) = (recipe.to_string(), check.clone(), needed.clone());
            return Err(DependencyError::Undeclared { recipe, check, needed });
        }
    }
    let mut needs = BTreeMap::from([(recipe.clone(), settings.deps.clone())]);
    let mut found: BTreeMap<RecipeName, Found> = BTreeMap::new();
    let mut open: Vec<(RecipeName, RecipeName)> = pairs(recipe, &settings.deps);
    while let Some((by, name)) = open.pop() {
        if needs.contains_key(&name) {
            continue;
        }
        let suite = suites.describe(&name).await?;
        if !suite.has_folder {
            let (recipe, by) = (name.to_string(), by.to_string());
            return Err(DependencyError::Unknown { recipe, by });
        }
        let settings = match &suite.settings {
            Some(text) => as_dependency(Settings::parse(&name, text)?),
            None => Settings::default(),
        };
        open.extend(pairs(&name, &settings.deps));
        needs.insert(name.clone(), settings.deps.clone());
        found.insert(name.clone(), Found { recipe: name, suite, settings });
    }
    let order = order(recipe, &needs).map_err(|circle| DependencyError::Circle { circle })?;
    provided(recipe, settings, &found)?;
    for dependency in found.values() {
        provided(&dependency.recipe, &dependency.settings, &found)?;
    }
    Ok(order.iter().filter_map(|name| found.remove(name)).collect())
}

fn pairs(by: &RecipeName, deps: &[RecipeName]) -> Vec<(RecipeName, RecipeName)> {
    deps.iter().map(|name| (by.clone(), name.clone())).collect()
}

/// Returns settings as they hold when another recipe needs this one.
pub(crate) fn as_dependency(mut settings: Settings) -> Settings {
    if !settings.as_dependency.env.is_empty() {
        settings.env = settings.as_dependency.env.clone();
    }
    settings.deps = settings.as_dependency.deps.clone();
    settings
}

fn provided(
    recipe: &RecipeName,
    settings: &Settings,
    found: &BTreeMap<RecipeName, Found>,
) -> Result<(), DependencyError> {
    let values = settings.env.iter().chain(settings.upgrade.env.iter());
    let values = values.chain(settings.secrets.iter());
    for place in values.flat_map(|(_, value)| value.places()) {
        let Place::DependencyFact(dependency, key) = place else { continue };
        let provides =
            found.get(dependency).map(|f| f.suite.provides.as_slice()).unwrap_or_default();
        if !provides.contains(key) {
            let shown =
                if provides.is_empty() { "nothing".to_owned() } else { provides.join(", ") };
            return Err(DependencyError::NotProvided {
                recipe: recipe.to_string(),
                dependency: dependency.clone(),
                key: key.clone(),
                provides: shown,
            });
        }
    }
    Ok(())
}

/// Returns what a recipe needs, each after what it needs itself; the recipe is not among it.
///
/// # Errors
/// They need each other: the circle, from a recipe round to itself.
pub(crate) fn order(
    root: &RecipeName,
    needs: &BTreeMap<RecipeName, Vec<RecipeName>>,
) -> Result<Vec<RecipeName>, Vec<RecipeName>> {
    let mut done = Vec::new();
    visit(root, needs, &mut Vec::new(), &mut done)?;
    done.retain(|name| name != root);
    Ok(done)
}

fn visit(
    name: &RecipeName,
    needs: &BTreeMap<RecipeName, Vec<RecipeName>>,
    path: &mut Vec<RecipeName>,
    done: &mut Vec<RecipeName>,
) -> Result<(), Vec<RecipeName>> {
    if done.contains(name) {
        return Ok(());
    }
    if let Some(at) = path.iter().position(|seen| seen == name) {
        let circle = path[at..].iter().chain([name]);
        return Err(circle.cloned().collect());
    }
    path.push(name.clone());
    for needed in needs.get(name).map(Vec::as_slice).unwrap_or_default() {
        visit(needed, needs, path, done)?;
    }
    path.pop();
    done.push(name.clone());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> RecipeName {
        RecipeName::try_from(text.to_owned()).unwrap()
    }

    fn ordered(needs: &[(&str, &[&str])]) -> Result<Vec<String>, Vec<String>> {
        let of = |(recipe, deps): &(&str, &[&str])| {
            (name(recipe), deps.iter().map(|d| name(d)).collect())
        };
        let shown = |names: Vec<RecipeName>| names.iter().map(ToString::to_string).collect();
        order(&name("a"), &needs.iter().map(of).collect()).map(shown).map_err(shown)
    }

    #[test]
    fn each_comes_once_and_after_what_it_needs() {
        assert_eq!(ordered(&[("a", &[])]), Ok(vec![]));
        let diamond: &[(&str, &[&str])] =
            &[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[])];
        assert_eq!(ordered(diamond).unwrap(), ["d", "b", "c"]);
    }

    #[test]
    fn a_circle_is_named() {
        let own: &[(&str, &[&str])] = &[("a", &["b"]), ("b", &["c"]), ("c", &["b"])];
        assert_eq!(ordered(own).unwrap_err(), ["b", "c", "b"]);
        let root: &[(&str, &[&str])] = &[("a", &["b"]), ("b", &["a"])];
        assert_eq!(ordered(root).unwrap_err(), ["a", "b", "a"]);
    }

    struct Known(BTreeMap<RecipeName, SuiteDescription>);

    impl Suites for Known {
        async fn describe(&self, recipe: &RecipeName) -> Result<SuiteDescription, DescribeError> {
            Ok(self.0.get(recipe).cloned().unwrap_or_default())
        }
    }

    async fn said(settings: &str, others: &[(&str, &str)]) -> String {
        let suite = |text: &str| SuiteDescription {
            has_folder: true,
            settings: Some(text.to_owned()),
            provides: vec!["client_id".to_owned()],
            needs: BTreeMap::from([("custom::login".to_owned(), vec![name("b")])]),
            ..SuiteDescription::default()
        };
        let known = others.iter().map(|(recipe, text)| (name(recipe), suite(text))).collect();
        let parsed = Settings::parse(&name("a"), settings).unwrap();
        match find(&name("a"), &suite(settings), &parsed, &Known(known)).await {
            Ok(found) => found.iter().map(|f| f.recipe.as_str()).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn a_dependency_is_taken_as_its_suite_says_it_is_one() {
        let b = "deps = [\"c\"]\n[as-dependency]\ndeps = [\"d\"]\n";
        assert_eq!(said("deps = [\"b\"]", &[("b", b), ("d", "")]).await, "d b");
    }

    #[tokio::test]
    async fn what_cannot_be_had_is_named_with_who_needs_it() {
        let deps = "deps = [\"b\"]\n";
        assert!(
            said(deps, &[]).await.starts_with("`a` needs `b`, and there is no folder recipes/b")
        );
        let circle = [("b", "[as-dependency]\ndeps = [\"a\"]\n")];
        assert!(said(deps, &circle).await.contains("a → b → a"));
        let env = format!("{deps}env = {{ ID = \"{{dep.b.client_id}}\" }}\n");
        assert_eq!(said(&env, &[("b", "")]).await, "b");
        let wrong = env.replace("client_id", "secret");
        assert!(said(&wrong, &[("b", "")]).await.ends_with("it provides client_id"));
        let secret = wrong.replace("env = ", "secrets = ");
        assert!(said(&secret, &[("b", "")]).await.ends_with("it provides client_id"));
        assert!(said("", &[]).await.contains("`custom::login` needs `b`, which is not among"));
    }
}
